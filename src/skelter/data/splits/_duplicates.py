"""Test clips that are training clips."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np

from skelter import _checks
from skelter.data.splits._rule import Split
from skelter.data.store._index import Frames, IntArray
from skelter.data.store._store import SkeletonStore


@dataclass(frozen=True, eq=False)
class Duplicates:
    """Test clips whose coordinates are exactly those of a training clip.

    Args:
        test: Their indices in the store.
        train: For each, the first training clip of the same coordinates.
        tested: The number of all test clips.
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

    Raises:
        TypeError: A side does not have numbers of clips.
        IndexError: A side has clips that the store does not have.

    Example:
        >>> from skelter.layouts import KINECT20
        >>> a, b = np.random.default_rng(0).normal(size=(2, 9, 20, 3))
        >>> store = SkeletonStore.from_clips([a, b, a], layout=KINECT20)
        >>> print(find_duplicates(store, Split(np.array([0, 1]), np.array([2]))))
        1 of 1 test clips repeat the coordinates of training clips
    """
    sides = zip(("split.train", "split.test"), split, strict=True)
    training, testing = (_checks.indices(name, side, len(store)) for name, side in sides)
    seen: dict[bytes, int] = {}
    for index, digest in _digests(store, training):
        seen.setdefault(digest, index)
    pairs = [(index, seen.get(digest, -1)) for index, digest in _digests(store, testing)]
    found = [(test, train) for test, train in pairs if train >= 0]
    test, train = np.array(found, dtype=np.int64).reshape(-1, 2).T
    return Duplicates(test, train, len(testing))


def _digests(store: SkeletonStore, indices: IntArray) -> Iterator[tuple[int, bytes]]:
    """Yield, for each clip, a digest of its coordinates.

    The file of a store is read, not mapped, since mapped pages count as memory of this process.
    """
    frames, offsets = store.frames, store.index.offsets
    bounds = ((index, *offsets[index : index + 2].tolist()) for index in indices.tolist())
    mapped = _whole_file(frames)
    if mapped is None:
        for index, start, end in bounds:
            yield index, blake2b(frames[start:end].tobytes()).digest()
        return
    path, behind = mapped
    size = frames[0].nbytes
    with path.open("rb") as file:
        for index, start, end in bounds:
            file.seek(behind + start * size)
            yield index, blake2b(file.read((end - start) * size)).digest()


def _whole_file(frames: Frames) -> tuple[Path, int] | None:
    """Return the file that frames are the whole rest of, and the bytes before them.

    A stretch of a map has the offset of the whole, so that its place in the file is not known.
    """
    if not isinstance(frames, np.memmap) or frames.filename is None:
        return None
    path = Path(frames.filename)
    return (path, frames.offset) if path.stat().st_size == frames.offset + frames.nbytes else None
