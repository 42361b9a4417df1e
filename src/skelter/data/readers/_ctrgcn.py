"""The archives of CTR-GCN and what followed it (InfoGCN, MAMP and others): one ``.npz`` a split.

It holds, for each of the sides ``train`` and ``test``, ``x_<side>`` of shape (N, T, M * V * C), a
frame in the order person, joint, coordinate, padded with frames of zeros, and ``y_<side>``, one-hot
labels (N, classes) or class indices (N,). Without it, labels are unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skelter import _checks
from skelter._files import format_error
from skelter.data._clip import Clip, Reading, raise_errors
from skelter.data.files._npz import has_array, header_of, rows
from skelter.data.readers._names import to_label
from skelter.data.readers._paths import require_file
from skelter.data.readers._reading import check_joints, cut_padding, to_float32, try_each

SIDES = ("train", "test")


def read_ctrgcn(
    path: str | Path, side: str = "train", *, persons: int = 2, coordinates: int = 3
) -> Iterator[Clip]:
    """Yield the clips of one side. The archive, often of several gigabytes, is not loaded.

    A clip ends with its last frame that is not all zeros. The files have neither names, subjects
    nor views. Clips are named after their row. Labels are -1 where the side has no ``y_<side>``,
    or -1 there as a class index. A one-hot row has a single 1: another one is damage.

    Args:
        path: The ``.npz`` file.
        side: ``"train"`` or ``"test"``.
        persons: Persons M in a frame.
        coordinates: Coordinates C of a joint. The joints follow from the size of a frame.

    Returns:
        Clips with joints (T, M, V, C), float32, and ``extra[side] == 1``.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: An argument is out of its range.
        SkeletonFormatError: While iterating: the archive or a clip is damaged, or a frame cannot
            be divided.

    References:
        Chen et al., Channel-wise Topology Refinement Graph Convolution for Skeleton-Based Action
        Recognition, ICCV 2021, and its released code.

    Example:
        >>> file = getfixture("tmp_path") / "NTU60_CS.npz"
        >>> np.savez(file, x_test=np.ones((1, 300, 150), np.float32), y_test=np.eye(60)[[7]])
        >>> [(clip.name, clip.label, clip.joints.shape) for clip in read_ctrgcn(file, "test")]
        [('test_000000', 7, (300, 2, 25, 3))]
    """
    _checks.choice("side", side, SIDES)
    _checks.positive_int("persons", persons)
    _checks.positive_int("coordinates", coordinates)
    return raise_errors(
        read_side(require_file(path, ".npz"), side, persons=persons, coordinates=coordinates)
    )


def read_side(path: Path, side: str, *, persons: int = 2, coordinates: int = 3) -> Reading:
    """Yield the clips of one side."""
    x = f"x_{side}"
    shape = header_of(path, x, "f").shape
    if len(shape) != 3 or shape[2] % (persons * coordinates):
        bodies = _checks.plural(persons, "person")
        width = f"a multiple of {bodies} x {_checks.plural(coordinates, 'coordinate')}"
        raise format_error(path, f"{x} of shape (N, T, {width})", shape)
    pairs = zip(rows(path, x, "f"), _rows_of_labels(path, side, shape[0]), strict=True)
    form = (persons, shape[2] // (persons * coordinates), coordinates)
    yield from try_each(partial(_clip, path, side, form), enumerate(pairs))


def _rows_of_labels(path: Path, side: str, count: int) -> Iterator[Any]:
    """Return the labels of a side row by row, None where it has none."""
    y = f"y_{side}"
    if not has_array(path, y):
        return repeat(None, count)
    labels = header_of(path, y, "fiub")
    if labels.shape[:1] != (count,) or len(labels.shape) > 2:
        expected = f"{y} of shape ({count}, classes), one row for each of x_{side}"
        raise format_error(path, expected, labels.shape)
    return rows(path, y, "fiub")


def _clip(
    path: Path,
    side: str,
    form: tuple[int, int, int],
    numbered: tuple[int, tuple[npt.NDArray[Any], npt.NDArray[Any] | None]],
) -> Clip:
    row, (x, y) = numbered
    what = f"{side} clip {row}"
    label = _label(path, y, f"the label of {what}")
    joints = check_joints(path, what, cut_padding(to_float32(x).reshape(len(x), *form)))
    return Clip(joints, label, name=f"{side}_{row:06}", extra={side: 1})


def _label(path: Path, y: npt.NDArray[Any] | None, what: str) -> int:
    if y is None:
        return -1
    if y.ndim == 0:
        return to_label(path, y, what)
    hot = np.flatnonzero(y)
    if len(hot) != 1 or y[hot[0]] != 1:
        raise format_error(path, f"{what} to be a 1 among zeros", f"{y[hot[:4]].tolist()}")
    return int(hot[0])
