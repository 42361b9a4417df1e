"""Splits for any store."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from skelter import _checks
from skelter.data.splits._rule import Mask, SplitRule
from skelter.data.store._index import ClipIndex, IntArray

OTHERS = "Name others, or take another split."


def cross_subject(train: Collection[int] | None = None) -> SplitRule:
    """Split by subject: some train, all others test.

    Args:
        train: Subjects that train; the odd ones if None, as for UTD-MHAD.

    Raises:
        TypeError: They are not integers.

    Example:
        >>> from skelter.data import synthetic
        >>> split = cross_subject()(synthetic.generate(clips_per_class=20))
        >>> len(split.train) == len(split.test)
        True
    """
    chosen = None if train is None else _numbers("train", train)

    def sides(index: ClipIndex) -> tuple[Mask, Mask]:
        odd = index.subjects % 2 == 1
        training = odd if chosen is None else np.isin(index.subjects, chosen)
        return _divide(index.subjects, training)

    return SplitRule("cross-subject", sides, hint=OTHERS)


def cross_view(test: Collection[int] = (1,)) -> SplitRule:
    """Split by view: some test, all others train.

    Args:
        test: Views that test; the first if not given, as for NTU RGB+D.

    Raises:
        TypeError: They are not integers.

    Example:
        >>> from skelter.data import synthetic
        >>> split = cross_view()(synthetic.generate(clips_per_class=30))
        >>> len(split.train) == 2 * len(split.test)
        True
    """
    chosen = _numbers("test", test)

    def sides(index: ClipIndex) -> tuple[Mask, Mask]:
        return _divide(index.views, ~np.isin(index.views, chosen))

    return SplitRule("cross-view", sides, hint=OTHERS)


def leave_one_subject_out(subject: int) -> SplitRule:
    """Split by subject: one tests, all others train.

    Report the mean over ``leave_one_subject_out(s)`` for all subjects s.

    Args:
        subject: The subject that tests.

    Raises:
        TypeError: It is not an integer.

    Example:
        >>> from skelter.data import synthetic
        >>> store = synthetic.generate(clips_per_class=20)
        >>> splits = [leave_one_subject_out(s)(store) for s in np.unique(store.subjects)]
        >>> sum(len(split.test) for split in splits) == len(store)
        True
    """
    number = _checks.whole("subject", subject)

    def sides(index: ClipIndex) -> tuple[Mask, Mask]:
        return _divide(index.subjects, index.subjects != number)

    return SplitRule(f"subject {number} left out", sides, hint="Name a subject of the store.")


def recorded(train: str = "train", test: str = "test") -> SplitRule:
    """Split as the source of a store recorded it.

    Files made for other projects list their clips on sides: ``train`` and ``val`` in those of
    2s-AGCN, CrosSCLR and Kinetics, ``train`` and ``test`` in those of CTR-GCN, names such as
    ``xsub_train`` and ``xsub_val`` in those of pyskl. The readers keep them as `extra` fields of
    the clips.

    Args:
        train: The list that trains.
        test: The list that tests.

    Example:
        >>> from skelter.data import Clip, SkeletonStore
        >>> from skelter.layouts import KINECT20
        >>> clips = [Clip(np.ones((9, 1, 20, 3)), extra={side: 1}) for side in ("train", "val")]
        >>> recorded("train", "val")(SkeletonStore.from_clips(clips, layout=KINECT20))
        Split(train=array([0]), test=array([1]))
    """

    def sides(index: ClipIndex) -> tuple[Mask, Mask]:
        nowhere = np.zeros_like(index.labels)
        return index.extra.get(train, nowhere) == 1, index.extra.get(test, nowhere) == 1

    hint = "`store.extra` has the lists that the source came with."
    return SplitRule(f"{train} / {test}, as recorded", sides, hint=hint)


def _numbers(name: str, values: Collection[int]) -> IntArray:
    """Return the numbers of a collection, which may be a set or an array."""
    listed = values if hasattr(values, "__array__") or isinstance(values, str) else list(values)
    return np.atleast_1d(_checks.integers(name, listed))


def _divide(numbers: IntArray, training: Mask) -> tuple[Mask, Mask]:
    """Return both sides, without the clips of unknown subject or view."""
    return training & (numbers >= 0), ~training & (numbers >= 0)
