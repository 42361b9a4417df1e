"""The annotations and splits of pyskl's pickles, checked before their numbers are looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from skelter._files import damaged, described, several
from skelter.data.readers._listing import class_index, entries, text

MAX_SIDE = 2**31 - 1  # of an image, in pixels


class Annotation(NamedTuple):
    """What is known of a clip before its numbers are looked at."""

    name: str
    label: int
    keypoint: npt.NDArray[Any]  # (M, T, V, C)
    score: npt.NDArray[Any] | None  # (M, T, V)
    extra: dict[str, int]

    @property
    def joint_form(self) -> tuple[int, int]:
        """Joints V, and the values of a joint, its score included."""
        return self.keypoint.shape[2], self.keypoint.shape[3] + (self.score is not None)


def parts(path: Path, value: Any) -> tuple[list[Any], dict[str, Any]]:
    """Return the annotations and the splits in a pickle's contents.

    Raises:
        SkeletonFormatError: There are none.
    """
    if isinstance(value, list):
        value = {"annotations": value}
    if not isinstance(value, dict) or not isinstance(value.get("annotations"), list):
        expected = "a dictionary with a list of `annotations`, and with `split`"
        keys = (
            f" with {several([ascii(str(key))[1:-1] for key in value])}"
            if isinstance(value, dict)
            else ""
        )
        raise damaged(path, None, expected, described(value) + keys)
    splits = {} if value.get("split") is None else value["split"]
    if not isinstance(splits, dict):
        raise damaged(path, None, "`split` to be a dictionary", described(splits))
    if not value["annotations"]:
        raise damaged(path, None, "at least one annotation", "none")
    return value["annotations"], {text(path, name, "a split"): splits[name] for name in splits}


def name_of(path: Path, row: int, annotation: Any) -> str:
    """Return the name of a clip.

    Raises:
        SkeletonFormatError: It has none.
    """
    if not isinstance(annotation, dict):
        raise damaged(path, None, f"a dictionary as annotation {row}", described(annotation))
    return text(path, annotation.get("frame_dir"), f"`frame_dir` of annotation {row}")


def members_of(path: Path, split: str, listed: Any, names: set[str]) -> set[str]:
    """Return the names in a split.

    Raises:
        SkeletonFormatError: It is no list of names, or some have no annotation.
    """
    what = f"names in split {split[:80]}"
    members = [text(path, name, what) for name in entries(path, listed, what)]
    unknown = sorted(set(members) - names)
    if unknown:
        raise damaged(path, None, f"annotations for all {what}", f"none for {several(unknown)}")
    return set(members)


def read_annotation(
    path: Path, name: str, annotation: dict[str, Any], listed_in: dict[str, int]
) -> Annotation:
    """Return what an annotation says, its arrays as they are.

    Raises:
        SkeletonFormatError: It lacks something, or its parts disagree.
    """
    of = f"of {name[:80]}"
    keypoint = _floats(path, annotation.get("keypoint"), f"`keypoint` {of}", None)
    M, T, V, _ = keypoint.shape
    score = annotation.get("keypoint_score")
    if score is not None:
        score = _floats(path, score, f"`keypoint_score` {of}", (M, T, V))
    frames = annotation.get("total_frames", T)
    if not isinstance(frames, (int, np.integer)) or frames != T:
        expected = f"`total_frames` {of} to be the {T} of `keypoint`"
        raise damaged(path, None, expected, described(frames))
    label = class_index(path, annotation.get("label"), f"`label` {of}")
    extra = _image_size(path, annotation.get("img_shape"), f"`img_shape` {of}") | listed_in
    return Annotation(name, label, keypoint, score, extra)


def _floats(path: Path, value: Any, what: str, shape: tuple[int, ...] | None) -> npt.NDArray[Any]:
    """Return floats of a given shape, or of any shape (M, T, V, C) of which nothing is empty."""
    expected = f"{what} to be floats {shape or '(M, T, V, C)'}"
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or value.size == 0:
        raise damaged(path, None, expected, described(value))
    if value.shape != shape if shape else value.ndim != 4:
        raise damaged(path, None, expected, described(value))
    return value


def _image_size(path: Path, shape: Any, what: str) -> dict[str, int]:
    if shape is None:
        return {}
    sizes = entries(path, shape, what)
    whole = all(isinstance(size, (int, np.integer)) and 0 < size <= MAX_SIDE for size in sizes)
    if len(sizes) != 2 or not whole:
        raise damaged(path, None, f"{what} to be height and width", described(shape))
    return {"height": int(sizes[0]), "width": int(sizes[1])}
