"""Clips out of arrays of foreign types, one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from skelter._files import SkeletonFormatError
from skelter.data._clip import Clip
from skelter.data.readers._reading import Reading

Item = TypeVar("Item")


def attempts(make: Callable[[Item], Clip], items: Iterable[Item]) -> Reading:
    """Yield a clip made of each item, or what is wrong with it."""
    for item in items:
        try:
            made: Clip | SkeletonFormatError = make(item)
        except SkeletonFormatError as error:
            made = error
        yield made


def as_float32(array: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Return a copy in the machine's float32; numbers too large for it become infinite."""
    with np.errstate(all="ignore"):
        return np.array(array, dtype=np.float32, order="C")


def without_padding(joints: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return frames (T, M, V, C) up to the last with any value; all of them if there is none."""
    filled = np.flatnonzero((joints != 0).any((1, 2, 3)))
    return joints[: filled[-1] + 1] if len(filled) else joints
