"""The rule of a split, which tells training clips from test clips."""

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
    """The number of clips that a split found on each side, beside those of the full set.

    Args:
        split: The name of the split.
        found: Training and test clips.
        expected: Training and test clips of the full set, None if not known.
        absent: In words, the recordings that the split names and the store lacks.
    """

    split: str
    found: tuple[int, int]
    expected: tuple[int, int] | None = None
    absent: str = ""

    @property
    def complete(self) -> bool:
        """True if the counts are those of the full set, or if these are not known."""
        return not self.absent and self.expected in (None, self.found)

    def __str__(self) -> str:
        expected = self.expected or self.found
        sides = zip(("train", "test"), self.found, expected, strict=True)
        counts = ", ".join(_count(*side) for side in sides)
        return f"{self.split}: {counts}{'; ' * bool(self.absent)}{self.absent}"


def _check_mask(split: str, side: Mask, clips: int) -> Mask:
    mask = np.asarray(side)
    _checks.require(
        mask.dtype == bool and mask.shape == (clips,) and not isinstance(side, np.ma.MaskedArray),
        f"each side of split {split}",
        f"be a mask of shape ({clips},), one truth value a clip",
        f"{mask.dtype} of shape {mask.shape}",
        "Numbers of clips become one by np.isin(np.arange(len(index)), numbers).",
        error=TypeError,
    )
    return mask


def _range(values: IntArray) -> str:
    return f"{values.min()} to {values.max()}"


def _count(side: str, found: int, expected: int) -> str:
    text = f"{found:,} {side}"
    if found < expected:
        return f"{text} ({expected - found:,} of {expected:,} missing)"
    return text if found == expected else f"{text} ({found - expected:,} more than {expected:,})"


@dataclass(frozen=True)
class SplitRule:
    """A rule that divides clips. Called with a store, it returns the indices of both sides.

    Clips may be on neither side. A split of your own is one call.

    Args:
        name: The name of the split in reports.
        sides: From the index of a store (its ``labels``, ``subjects``, ``views``, ``names`` and
            ``extra``, arrays with one entry a clip) to two masks: training clips, test clips.
        expected: Training and test clips of the full data set.
        absent: From the index to a sentence on recordings that the store lacks.
        hint: A sentence on what to do if a side is empty.

    Raises:
        TypeError: In a call, `sides` returned no masks.
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
        """Return the clips of both sides in the order of the store, and warn of absent ones."""
        split = self.find(store.index)
        _checks.require(
            len(split.train) > 0 and len(split.test) > 0,
            f"split {self.name}",
            f"find clips of both sides in {store!r}",
            f"{_checks.plural(len(split.train), 'clip')} to train and {len(split.test)} to test; "
            f"subjects {_range(store.subjects)}, views {_range(store.views)}",
            self.hint,
        )
        if self.absent is not None and (absent := self.absent(store.index)):
            warnings.warn(f"{self.name}: {absent}.", stacklevel=2)
        return split

    def find(self, index: ClipIndex) -> Split:
        """Return the clips of both sides, of which one may be empty."""
        train, test = (_check_mask(self.name, side, len(index)) for side in self.sides(index))
        return Split(np.flatnonzero(train), np.flatnonzero(test))

    def count(self, store: SkeletonStore) -> CountCheck:
        """Count the clips of each side of a store."""
        return self.count_index(store.index)

    def count_index(self, index: ClipIndex) -> CountCheck:
        """Count the clips of each side by an index alone, before any frame has been read."""
        train, test = self.find(index)
        absent = "" if self.absent is None else self.absent(index)
        return CountCheck(self.name, (len(train), len(test)), self.expected, absent)
