"""Test clips that are training clips."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from skelter.data._index import IntArray
from skelter.data.protocols._protocol import Split
from skelter.data.store import SkeletonStore


@dataclass(frozen=True, eq=False)
class Duplicates:
    """Test clips whose coordinates are exactly those of a training clip.

    Args:
        test: Their indices in the store.
        train: For each, the first training clip of the same coordinates.
        tested: How many test clips there are.
    """

    test: IntArray
    train: IntArray
    tested: int

    def __len__(self) -> int:
        """Return the number of such clips."""
        return len(self.test)

    def __str__(self) -> str:
        return f"{len(self)} of {self.tested} test clips repeat the coordinates of training clips"


def find_duplicates(store: SkeletonStore, split: Split) -> Duplicates:
    """Find the test clips that repeat a training clip, coordinate by coordinate.

    A figure that counts them is too good: give it together with that of the others,
    ``np.setdiff1d(split.test, find_duplicates(store, split).test)``.

    Args:
        store: Where the clips are.
        split: Its two sides.

    Example:
        >>> from skelter.layouts import KINECT20
        >>> a, b = np.random.default_rng(0).normal(size=(2, 9, 20, 3))
        >>> store = SkeletonStore.from_clips([a, b, a], layout=KINECT20)
        >>> print(find_duplicates(store, Split(np.array([0, 1]), np.array([2]))))
        1 of 1 test clips repeat the coordinates of training clips
    """
    seen: dict[bytes, int] = {}
    for index in split.train.tolist():
        seen.setdefault(_digest(store, index), index)
    pairs = [(index, seen.get(_digest(store, index), -1)) for index in split.test.tolist()]
    found = [(test, train) for test, train in pairs if train >= 0]
    test, train = np.array(found, dtype=np.int64).reshape(-1, 2).T
    return Duplicates(test, train, len(split.test))


def _digest(store: SkeletonStore, index: int) -> bytes:
    """Return a number for the coordinates of a clip that no other coordinates have."""
    start, end = store.index.offsets[index : index + 2]
    return blake2b(np.ascontiguousarray(store.frames[start:end]).tobytes()).digest()
