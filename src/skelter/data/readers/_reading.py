"""Steps that readers share: take arrays and numbers, and check the joints of a clip."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from skelter._files import SkeletonFormatError, describe, format_error, translate_errors
from skelter.data._clip import Clip, NobodyError, Reading

Item = TypeVar("Item")


def try_each(make: Callable[[Item], Clip], items: Iterable[Item]) -> Reading:
    """Yield the clip made of each item, or the error that says why there is none."""
    for item in items:
        try:
            made: Clip | SkeletonFormatError = make(item)
        except SkeletonFormatError as error:
            made = error
        yield made


def load_json(path: Path) -> Any:
    """Return the content of a JSON file."""
    with translate_errors(path, "JSON"):
        return json.loads(path.read_bytes())


def to_numbers(path: Path, what: str, values: Any) -> npt.NDArray[np.float64]:
    """Return nested lists of numbers as an array."""
    expected = f"lists of numbers of equal lengths for {what}"
    try:
        array = np.array(values, dtype=object)  # text, as a type of NumPy, may need any memory
        if not set(map(type, array.ravel().tolist())) <= {int, float}:
            raise TypeError
        return array.astype(np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        raise format_error(path, expected, describe(values)) from error


def to_float32(array: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Return a copy in the machine's float32. Numbers too large for it become infinite."""
    with np.errstate(all="ignore"):
        return np.array(array, dtype=np.float32, order="C")


def cut_padding(joints: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return frames (T, M, V, C) up to the last with any value, or all if there is none."""
    filled = np.flatnonzero((joints != 0).any((1, 2, 3)))
    return joints[: filled[-1] + 1] if len(filled) else joints


def nobody_error(path: Path, expected: str, found: object) -> NobodyError:
    """Return the error that a clip shows nobody."""
    return NobodyError(str(format_error(path, expected, found)))


def check_joints(path: Path, what: str, joints: npt.NDArray[Any]) -> npt.NDArray[np.floating]:
    """Return the joints (T, M, V, C) of a clip with frames, finite numbers, and a body."""
    if len(joints) == 0:
        raise nobody_error(path, f"frames in {what}", "none")
    finite = np.isfinite(joints)
    if not finite.all():
        broken = np.flatnonzero(~finite.reshape(len(joints), -1).all(1))
        found = f"{len(broken)} broken frames of {len(joints)}, the first number {broken[0]}"
        raise format_error(path, f"finite coordinates in {what}", found)
    if not joints.any():
        raise nobody_error(path, f"a body in {what}", "only zeros")
    return joints


def find_most_moving(bodies: Sequence[npt.NDArray[Any]], persons: int) -> list[int]:
    """Return the numbers of the bodies that move most, the most energetic first.

    Args:
        bodies: Each of shape (T, V, C), where T may differ. Empty ones are left out.
        persons: How many to return at most.
    """
    energy = [motion_energy(body) for body in bodies]
    seen = [number for number, body in enumerate(bodies) if body.any()]
    return sorted(seen, key=lambda number: -energy[number])[:persons]


def motion_energy(body: npt.NDArray[Any]) -> float:
    """Return how much a body (T, V, C) moves: the spread of each coordinate, added up.

    The standard deviation of a coordinate is that over all joints of the frames in which the body
    is there, that is, in which any value is not zero.

    References:
        The body choice of 2s-AGCN (Shi et al., CVPR 2019), which the reference method uses.
    """
    present = body[(body != 0).any((1, 2))].reshape(-1, body.shape[-1])
    coordinates = present.T.astype(np.float64, order="C")  # one after another: much faster
    return float(coordinates.std(1).sum()) if len(present) else 0.0
