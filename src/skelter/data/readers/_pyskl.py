"""The pickles of pyskl and mmaction2: a dictionary with all clips and all splits of a set.

It holds ``split``, the names of clips by the name of the split, and ``annotations``, a dictionary a
clip: ``frame_dir``, its name; ``label``; ``total_frames``; ``keypoint`` (M, T, V, C); and for poses
in the plane ``keypoint_score`` (M, T, V), ``img_shape`` and ``original_shape``, height and width.
An older form is the list of annotations alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skelter import _checks
from skelter._files import SkeletonFormatError, damaged, replacing
from skelter.data._clip import Clip
from skelter.data.files._pickle import dump_pickle, load_pickle
from skelter.data.readers._annotations import (
    Annotation,
    members_of,
    name_of,
    parts,
    read_annotation,
)
from skelter.data.readers._arrays import as_float32, attempts
from skelter.data.readers._bodies import choose_bodies
from skelter.data.readers._listing import distinct, performer_and_camera, require_listable
from skelter.data.readers._reading import Reading, checked, existing, strict
from skelter.data.store._store import SkeletonStore

__all__ = ["read_pyskl", "write_pyskl"]


def read_pyskl(path: str | Path, *, persons: int | None = None) -> Iterator[Clip]:
    """Yield the clips of a pickle, in their order; nothing in it is run.

    The file is read as a whole, since pickles cannot be read in parts. A detector's scores, where
    there are any, become the last coordinate. Subject and view are known where the names are those
    of NTU RGB+D.

    Args:
        path: The ``.pkl`` file.
        persons: Persons M of every clip; as many as the largest clip has if None. Where there are
            more, those of largest mean score are kept, or of largest motion energy if there are no
            scores; where there are fewer, zeros follow.

    Returns:
        Clips with joints (T, M, V, C), float32. ``extra`` has a 1 under the name of each split that
        lists the clip, and ``height`` and ``width`` in pixels where they are known.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: `persons` is no positive number.
        SkeletonFormatError: While iterating: the file or a clip is damaged, asks for anything but
            arrays and plain containers, or its parts disagree.

    References:
        Duan et al., PYSKL: Towards Good Practices for Skeleton Action Recognition, ACM MM 2022, and
        the data format that its released code documents.

    Example:
        >>> from skelter.layouts import NTU25
        >>> clips = [Clip(np.ones((9, 2, 25, 3)), label, name=f"clip{label}") for label in (0, 1)]
        >>> store = SkeletonStore.from_clips(clips, layout=NTU25)
        >>> file = getfixture("tmp_path") / "set.pkl"
        >>> write_pyskl(file, store, {"train": [0], "val": [1]})
        >>> [(clip.name, clip.extra, clip.joints.shape) for clip in read_pyskl(file)]
        [('clip0', {'train': 1}, (9, 2, 25, 3)), ('clip1', {'val': 1}, (9, 2, 25, 3))]
    """
    if persons is not None:
        _checks.positive_int("persons", persons)
    return strict(clips(existing(path), persons=persons))


def clips(path: Path, *, persons: int | None = None) -> Reading:
    """Yield the clips of a pickle."""
    annotations, splits = parts(path, load_pickle(path))
    names = [name_of(path, row, annotation) for row, annotation in enumerate(annotations)]
    distinct(path, names, "frame_dir")
    known = set(names)
    members = {name: members_of(path, name, listed, known) for name, listed in splits.items()}
    read: list[Annotation | SkeletonFormatError] = []
    for row, name in enumerate(names):
        listed_in = {split: 1 for split, listed in members.items() if name in listed}
        try:
            read.append(read_annotation(path, name, annotations[row], listed_in))
        except SkeletonFormatError as error:
            read.append(error)
    forms = Counter(one.joint_form for one in read if isinstance(one, Annotation))
    form = max(forms, key=forms.__getitem__, default=(0, 0))
    fitting = (one for one in read if isinstance(one, Annotation) and one.joint_form == form)
    wanted = persons or max((len(one.keypoint) for one in fitting), default=1)
    yield from attempts(partial(_clip, path, form, wanted), read)


def _clip(
    path: Path, form: tuple[int, int], persons: int, read: Annotation | SkeletonFormatError
) -> Clip:
    if isinstance(read, SkeletonFormatError):
        raise read
    if read.joint_form != form:
        expected = f"{form[0]} joints of {form[1]} values in {read.name[:80]}, as in most clips"
        raise damaged(path, None, expected, f"{read.joint_form[0]} of {read.joint_form[1]}")
    joints = as_float32(read.keypoint.swapaxes(0, 1))
    checked(path, read.name[:80], joints)
    if read.score is not None:
        score = as_float32(read.score.swapaxes(0, 1))[..., None]
        joints = np.concatenate([joints, score], axis=-1)
        if not np.isfinite(score).all():
            raise damaged(path, None, f"finite scores in {read.name[:80]}", "others")
    joints = _of_persons(joints, persons, scored=read.score is not None)
    return Clip(joints, read.label, *performer_and_camera(read.name), read.name, read.extra)


def _of_persons(
    joints: npt.NDArray[np.float32], persons: int, *, scored: bool
) -> npt.NDArray[np.float32]:
    """Return joints (T, M, V, C) with a given number of persons."""
    missing = persons - joints.shape[1]
    if missing >= 0:
        return np.pad(joints, ((0, 0), (0, missing), (0, 0), (0, 0)))
    if scored:
        best = np.argsort(-joints[..., -1].mean((0, 2)), kind="stable")
        return joints[:, best[:persons]]
    bodies: npt.NDArray[np.float32] = choose_bodies(joints.swapaxes(0, 1), persons)
    return bodies.swapaxes(0, 1)


def write_pyskl(
    path: str | Path,
    store: SkeletonStore,
    splits: Mapping[str, Sequence[int]],
    *,
    scores: bool = False,
) -> None:
    """Write all clips of a store as a pickle, under a temporary name first.

    Args:
        path: The ``.pkl`` file; one that is there is replaced when the new one is complete.
        store: What to write.
        splits: Numbers of clips by the name of the split.
        scores: Whether the last coordinate is a detector's score.

    Raises:
        ValueError: A clip has no label or shares its name with another one, a number is none of a
            clip, or there is no coordinate beside the score. Nothing has been written then.

    Example:
        >>> from skelter.layouts import COCO17
        >>> poses = [Clip(np.ones((9, 17, 3)), 0, name="a")]
        >>> store = SkeletonStore.from_clips(poses, layout=COCO17)
        >>> write_pyskl(getfixture("tmp_path") / "set.pkl", store, {"all": [0]}, scores=True)
    """
    require_listable("store", range(len(store)), store.names, store.labels)
    chosen = {
        split: require_listable(f"splits[{split!r}]", positions, store.names, store.labels)
        for split, positions in splits.items()
    }
    _checks.require(
        store.channels > 1 or not scores,
        "`store`",
        "have coordinates beside the score",
        f"{store.channels} channels",
    )
    content = {
        "split": {
            split: [str(store.names[position]) for position in positions]
            for split, positions in chosen.items()
        },
        "annotations": [_written(store, position, scores) for position in range(len(store))],
    }
    with replacing(Path(path)) as file:
        dump_pickle(file, content)


def _written(store: SkeletonStore, position: int, scores: bool) -> dict[str, Any]:
    """Return the annotation of a clip; its arrays stay where they are until they are written."""
    start, end = store.index.offsets[position : position + 2]
    joints = store.frames[start:end].swapaxes(0, 1)
    annotation = {
        "frame_dir": str(store.names[position]),
        "label": int(store.labels[position]),
        "total_frames": int(end - start),
        "keypoint": joints[..., :-1] if scores else joints,
    }
    if scores:
        annotation["keypoint_score"] = joints[..., -1]
    known = store.index.extra_of(position)
    if {"height", "width"} <= set(known):
        annotation["img_shape"] = annotation["original_shape"] = (known["height"], known["width"])
    return annotation
