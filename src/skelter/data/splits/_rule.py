"""What a split is: a rule that tells training clips from test clips."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from skelter import _checks
from skelter.data.store._index import ClipIndex, IntArray
from skelter.data.store._store import SkeletonStore

Mask = npt.NDArray[np.bool_]
Sides = Callable[[ClipIndex], tuple[Mask, Mask]]


class Split(NamedTuple):
    """The two sides of a split, as indices into a store."""

    train: IntArray
    test: IntArray


@dataclass(frozen=True)
class CountCheck:
    """How many clips a split found on each side, and how many a full set has.

    Args:
        split: Its name.
        found: Training and test clips.
        expected: Training and test clips of the full set, None if not known.
        absent: What the split names and the store has not, in words.
    """

    split: str
    found: tuple[int, int]
    expected: tuple[int, int] | None = None
    absent: str = ""

    @property
    def complete(self) -> bool:
        """Whether the counts are those of the full set, as far as they are known."""
        return not self.absent and self.expected in (None, self.found)

    def __str__(self) -> str:
        expected = self.expected or self.found
        sides = zip(("train", "test"), self.found, expected, strict=True)
        counts = ", ".join(_count(*side) for side in sides)
        return f"{self.split}: {counts}{'; ' * bool(self.absent)}{self.absent}"


def _range(values: IntArray) -> str:
    return f"{values.min()} to {values.max()}"


def _count(side: str, found: int, expected: int) -> str:
    text = f"{found:,} {side}"
    if found < expected:
        return f"{text} ({expected - found:,} of {expected:,} missing)"
    return text if found == expected else f"{text} ({found - expected:,} more than {expected:,})"


@dataclass(frozen=True)
class SplitRule:
    """Which clips train and which test; called with a store, it returns their indices.

    Clips may be on neither side. A split of your own is one call.

    Args:
        name: What reports call it.
        sides: From the index of a store (its ``labels``, ``subjects``, ``views``, ``names`` and
            ``extra``, arrays with one entry a clip) to two masks: training clips, test clips.
        expected: Training and test clips of the full data set.
        absent: From the index to a sentence on what the split names and the store has not.
        hint: What to do where a side comes out empty.

    Raises:
        ValueError: In a call, no clip is left on one side.

    Example:
        >>> from skelter.data import synthetic
        >>> halves = SplitRule("halves", lambda index: (index.subjects < 5, index.subjects >= 5))
        >>> split = halves(synthetic.generate(clips_per_class=20))
        >>> len(split.train) > 0 and len(split.test) > 0
        True
    """

    name: str
    sides: Sides = field(repr=False)
    expected: tuple[int, int] | None = field(default=None, kw_only=True)
    absent: Callable[[ClipIndex], str] | None = field(default=None, kw_only=True, repr=False)
    hint: str = field(default="", kw_only=True, repr=False)

    def __call__(self, store: SkeletonStore) -> Split:
        """Return the clips of both sides, in the order of the store; warn of what is absent."""
        split = self.find(store.index)
        _checks.require(
            len(split.train) > 0 and len(split.test) > 0,
            f"split {self.name}",
            f"find clips of both sides in {store!r}",
            f"{len(split.train)} clips to train and {len(split.test)} to test; subjects "
            f"{_range(store.subjects)}, views {_range(store.views)}",
            self.hint,
        )
        if self.absent is not None and (absent := self.absent(store.index)):
            warnings.warn(f"{self.name}: {absent}.", stacklevel=2)
        return split

    def find(self, index: ClipIndex) -> Split:
        """Return the clips of both sides, unchecked: a side may be empty."""
        train, test = (np.flatnonzero(side) for side in self.sides(index))
        return Split(train, test)

    def count(self, store: SkeletonStore) -> CountCheck:
        """Return how many clips of each side a store has, beside those of the full set."""
        return self.count_index(store.index)

    def count_index(self, index: ClipIndex) -> CountCheck:
        """Return the same from an index alone, before any frame has been read."""
        train, test = self.find(index)
        absent = "" if self.absent is None else self.absent(index)
        return CountCheck(self.name, (len(train), len(test)), self.expected, absent)
