"""The pickles of pyskl and mmaction2: a dictionary with all clips and all splits of a set.

It holds ``split``, the names of clips by the name of the split, and ``annotations``, a dictionary a
clip: ``frame_dir`` or ``filename``, its name; ``label``; ``total_frames``; ``keypoint``
(M, T, V, C); and for poses in the plane ``keypoint_score`` (M, T, V), ``img_shape`` and
``original_shape``, height and width. Other forms are the list of annotations alone, and a single
annotation. A field that is None is unknown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from skelter import _checks
from skelter._files import (
    SkeletonFormatError,
    describe,
    format_error,
    shorten,
    write_whole,
)
from skelter.data._clip import Clip, Clips, Reading, raise_errors
from skelter.data.files._pickle import dump_pickle, load_pickle
from skelter.data.readers._names import (
    Entry,
    check_positions,
    list_clips,
    require_distinct,
    subject_and_view,
    to_label,
    to_list,
    to_text,
)
from skelter.data.readers._paths import require_file
from skelter.data.readers._reading import (
    check_joints,
    find_most_moving,
    nobody_error,
    to_float32,
    try_each,
)

MAX_SIDE = 2**31 - 1  # of an image, in pixels


def read_pyskl(path: str | Path, *, persons: int | None = None) -> Iterator[Clip]:
    """Yield the clips of a pickle in their order, without running anything in it.

    The file is read as a whole, since pickles cannot be read in parts. A detector's scores, where
    there are any, become the last coordinate. Subject and view are known where the names are those
    of NTU RGB+D. The label is -1 where there is none. A clip of no persons (M = 0) is an error in
    its place, and a build leaves it out. A single annotation without a name has that of the file.

    Args:
        path: The ``.pkl`` file.
        persons: Persons M of every clip; as many as the largest clip has if None. Where there are
            more, those of largest mean score are kept, or of largest motion energy if there are no
            scores; where there are fewer, zeros follow.

    Returns:
        Clips with joints (T, M, V, C), float32. ``extra`` has a 1 under the name of each split that
        lists the clip, and ``height`` and ``width`` in pixels where they are known.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: `persons` is not positive.
        SkeletonFormatError: While iterating: the file or a clip is damaged, asks for anything but
            arrays and plain containers, or its parts disagree.

    References:
        Duan et al., PYSKL: Towards Good Practices for Skeleton Action Recognition, ACM MM 2022, and
        the data format that its released code documents.

    Example:
        >>> clips = [Clip(np.ones((9, 2, 25, 3)), label, name=f"clip{label}") for label in (0, 1)]
        >>> file = getfixture("tmp_path") / "set.pkl"
        >>> write_pyskl(file, clips, {"train": [0], "val": [1]})
        >>> [(clip.name, clip.extra, clip.joints.shape) for clip in read_pyskl(file)]
        [('clip0', {'train': 1}, (9, 2, 25, 3)), ('clip1', {'val': 1}, (9, 2, 25, 3))]
    """
    if persons is not None:
        _checks.positive_int("persons", persons)
    return raise_errors(read_file(require_file(path, ".pkl", ".pickle"), persons=persons))


def read_file(path: Path, *, persons: int | None = None) -> Reading:
    """Yield the clips of a pickle."""
    annotations, splits = _open_parts(path, load_pickle(path))
    names = [_require_name(path, row, annotation) for row, annotation in enumerate(annotations)]
    require_distinct(path, names, "frame_dir")
    known = set(names)
    members = {split: _list_members(path, split, listed, known) for split, listed in splits.items()}
    read: list[Annotation | SkeletonFormatError] = []
    for name, annotation in zip(names, annotations, strict=True):
        listed_in = {split: 1 for split, listed in members.items() if name in listed}
        try:
            read.append(_read_annotation(path, name, annotation, listed_in))
        except SkeletonFormatError as error:
            read.append(error)
    forms = Counter(one.joint_form for one in read if isinstance(one, Annotation))
    form = max(forms, key=forms.__getitem__, default=(0, 0))
    fitting = (one for one in read if isinstance(one, Annotation) and one.joint_form == form)
    most = persons or max((len(one.keypoint) for one in fitting), default=1)
    yield from try_each(partial(_clip, path, form, most), read)


class Annotation(NamedTuple):
    """A clip before its numbers are looked at."""

    name: str
    label: int
    keypoint: npt.NDArray[Any]  # (M, T, V, C)
    score: npt.NDArray[Any] | None  # (M, T, V)
    extra: dict[str, int]

    @property
    def joint_form(self) -> tuple[int, int]:
        """Joints V, and the values of a joint, its score included."""
        return self.keypoint.shape[2], self.keypoint.shape[3] + (self.score is not None)


def _open_parts(path: Path, value: Any) -> tuple[list[Any], dict[str, Any]]:
    """Return the annotations and the splits in a pickle's contents."""
    if isinstance(value, list):
        value = {"annotations": value}
    elif isinstance(value, dict) and "keypoint" in value:
        value = {"annotations": [{**value, "frame_dir": _find_name(value) or path.stem}]}
    if not isinstance(value, dict) or not isinstance(value.get("annotations"), list):
        expected = "a dictionary with a list of `annotations`, and with `split`"
        raise format_error(path, expected, describe(value, keys=True))
    splits = {} if value.get("split") is None else value["split"]
    if not isinstance(splits, dict):
        raise format_error(path, "`split` to be a dictionary", describe(splits))
    if not value["annotations"]:
        raise format_error(path, "at least one annotation", "none")
    return value["annotations"], {to_text(path, name, "a split"): splits[name] for name in splits}


def _require_name(path: Path, row: int, annotation: Any) -> str:
    """Return the name of a clip."""
    if not isinstance(annotation, dict):
        raise format_error(path, f"a dictionary as annotation {row}", describe(annotation))
    return to_text(path, _find_name(annotation), f"`frame_dir` of annotation {row}")


def _find_name(annotation: dict[str, Any]) -> Any:
    """Return what names a clip. As in pyskl, a ``filename`` goes before a ``frame_dir``."""
    filename = annotation.get("filename")
    return annotation.get("frame_dir") if filename is None else filename


def _list_members(path: Path, split: str, listed: Any, names: set[str]) -> set[str]:
    """Return the names in a split."""
    what = f"names in split {split[:80]}"
    members = [to_text(path, name, what) for name in to_list(path, listed, what)]
    unknown = sorted(set(members) - names)
    if unknown:
        raise format_error(path, f"annotations for all {what}", f"none for {shorten(unknown)}")
    return set(members)


def _read_annotation(
    path: Path, name: str, annotation: dict[str, Any], listed_in: dict[str, int]
) -> Annotation:
    """Return the fields of an annotation, its arrays as they are."""
    of = f"of {name[:80]}"
    keypoint = annotation.get("keypoint")
    if keypoint is None and "raw_file" in annotation:  # as in mmaction2's Kinetics-400
        found = f"the name of another file, {describe(annotation['raw_file'])}, that holds it"
        raise format_error(path, f"`keypoint` {of}", found)
    keypoint = _floats(path, keypoint, f"`keypoint` {of}", None)
    M, T, V, _ = keypoint.shape
    score = annotation.get("keypoint_score")
    if score is not None:
        score = _floats(path, score, f"`keypoint_score` {of}", (M, T, V))
    frames = annotation.get("total_frames")
    if frames is not None and (not isinstance(frames, (int, np.integer)) or frames != T):
        expected = f"`total_frames` {of} to be the {T} of `keypoint`"
        raise format_error(path, expected, describe(frames))
    label = annotation.get("label")
    label = -1 if label is None else to_label(path, label, f"`label` {of}")
    extra = _image_size(path, annotation.get("img_shape"), f"`img_shape` {of}") | listed_in
    return Annotation(name, label, keypoint, score, extra)


def _floats(path: Path, value: Any, what: str, shape: tuple[int, ...] | None) -> npt.NDArray[Any]:
    """Return floats of a given shape, or of any shape (M, T, V, C) of which nothing is empty."""
    expected = f"{what} to be floats {shape or '(M, T, V, C)'}"
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
        raise format_error(path, expected, describe(value))
    if value.size == 0 and shape is None:
        raise nobody_error(path, expected, describe(value))
    if value.shape != shape if shape else value.ndim != 4:
        raise format_error(path, expected, describe(value))
    return value


def _image_size(path: Path, shape: Any, what: str) -> dict[str, int]:
    sizes = [None, None] if shape is None else to_list(path, shape, what)
    if len(sizes) == 2 and all(size is None for size in sizes):
        return {}
    whole = [int(size) for size in sizes
             if isinstance(size, (int, np.integer)) and 0 < size <= MAX_SIDE]  # fmt: skip
    if len(sizes) != 2 or len(whole) != 2:
        raise format_error(path, f"{what} to be height and width", describe(shape))
    return {"height": whole[0], "width": whole[1]}


def _clip(
    path: Path, form: tuple[int, int], persons: int, read: Annotation | SkeletonFormatError
) -> Clip:
    if isinstance(read, SkeletonFormatError):
        raise read
    if read.joint_form != form:
        expected = f"{form[0]} joints of {form[1]} values in {read.name[:80]}, as in most clips"
        raise format_error(path, expected, f"{read.joint_form[0]} of {read.joint_form[1]}")
    joints = to_float32(read.keypoint.swapaxes(0, 1))
    check_joints(path, read.name[:80], joints)
    if read.score is not None:
        score = to_float32(read.score.swapaxes(0, 1))[..., None]
        joints = np.concatenate([joints, score], axis=-1)
        if not np.isfinite(score).all():
            raise format_error(path, f"finite scores in {read.name[:80]}", "others")
    joints = _fit_persons(joints, persons, scored=read.score is not None)
    return Clip(joints, read.label, *subject_and_view(read.name), read.name, read.extra)


def _fit_persons(
    joints: npt.NDArray[np.float32], persons: int, *, scored: bool
) -> npt.NDArray[np.float32]:
    """Return joints (T, M, V, C) with a given number of persons."""
    missing = persons - joints.shape[1]
    if missing >= 0:
        return np.pad(joints, ((0, 0), (0, missing), (0, 0), (0, 0)))
    if scored:
        best = np.argsort(-joints[..., -1].mean((0, 2)), kind="stable")
        return joints[:, best[:persons]]
    order = find_most_moving(list(joints.swapaxes(0, 1)), persons)
    moving = np.zeros((len(joints), persons, *joints.shape[2:]), dtype=joints.dtype)
    moving[:, : len(order)] = joints[:, order]
    return moving


def write_pyskl(
    path: str | Path,
    clips: Clips,
    splits: Mapping[str, Sequence[int]],
    *,
    scores: bool = False,
) -> None:
    """Write clips as a pickle, under a temporary name first.

    Args:
        path: The ``.pkl`` file. One that is there is replaced when the new one is complete.
        clips: A store, or a list of clips. Not more than one is held in memory.
        splits: Numbers of clips by the name of the split.
        scores: True if the last coordinate is a detector's score.

    Raises:
        ValueError: A clip has no label or shares its name with another one, a number does not
            belong to a clip, or there is no coordinate beside the score. Nothing has been written
            then.

    Example:
        >>> poses = [Clip(np.ones((9, 1, 17, 3)), 0, name="a")]
        >>> write_pyskl(getfixture("tmp_path") / "set.pkl", poses, {"all": [0]}, scores=True)
    """
    entries = list_clips(clips, check_positions(range(len(clips)), clips, "clips"))
    chosen = {
        split: [entries[n].name for n in check_positions(positions, clips, f"splits[{split!r}]")]
        for split, positions in splits.items()
    }
    fewest = min(entry.shape[-1] for entry in entries)
    _checks.require(
        fewest > 1 or not scores,
        "`clips`",
        "have coordinates beside the score",
        f"{fewest} channels",
    )
    content = {
        "split": chosen,
        "annotations": [_to_annotation(clips, entry, scores) for entry in entries],
    }
    with write_whole(Path(path)) as file:
        dump_pickle(file, content)


def _to_annotation(clips: Clips, entry: Entry, scores: bool) -> dict[str, Any]:
    """Return the annotation of a clip. Its arrays are read when they are written."""

    def values(channels: int | slice) -> npt.NDArray[Any]:
        return clips[entry.position].joints.swapaxes(0, 1)[..., channels]

    annotation = {
        "frame_dir": entry.name,
        "label": entry.label,
        "total_frames": entry.shape[0],
        "keypoint": partial(values, slice(-1 if scores else None)),
    }
    if scores:
        annotation["keypoint_score"] = partial(values, -1)
    if {"height", "width"} <= set(entry.extra):
        size = entry.extra["height"], entry.extra["width"]
        annotation["img_shape"] = annotation["original_shape"] = size
    return annotation
