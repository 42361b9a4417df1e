"""Which clips train and which test: functions from a store to two lists of indices."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from skelter import _checks
from skelter.data.store import SkeletonStore

__all__ = ["Split", "cross_subject", "cross_view"]

IntArray = npt.NDArray[np.int64]


class Split(NamedTuple):
    """The two sides of a protocol, as indices into a store."""

    train: IntArray
    test: IntArray


def cross_subject(train: Collection[int] | None = None) -> Callable[[SkeletonStore], Split]:
    """Return the protocol that trains on some subjects and tests on the others.

    Args:
        train: Subjects that train; the odd ones if None, as for UTD-MHAD.

    Raises:
        ValueError: In a call, no clip is left on one side.

    Example:
        >>> from skelter.data import synthetic
        >>> split = cross_subject()(synthetic.generate(clips_per_class=20))
        >>> len(split.train) == len(split.test)
        True
    """

    def protocol(store: SkeletonStore) -> Split:
        subjects = store.subjects
        training = subjects % 2 == 1 if train is None else np.isin(subjects, list(train))
        return _split(store, training & (subjects >= 0), subjects >= 0, "subjects", subjects)

    return protocol


def cross_view(test: Collection[int] = (1,)) -> Callable[[SkeletonStore], Split]:
    """Return the protocol that tests on some views and trains on the others.

    Args:
        test: Views that test; the first if not given, as for NTU RGB+D.

    Raises:
        ValueError: In a call, no clip is left on one side.

    Example:
        >>> from skelter.data import synthetic
        >>> split = cross_view()(synthetic.generate(clips_per_class=30))
        >>> len(split.train) == 2 * len(split.test)
        True
    """

    def protocol(store: SkeletonStore) -> Split:
        views = store.views
        return _split(store, ~np.isin(views, list(test)), views >= 0, "views", views)

    return protocol


def _split(
    store: SkeletonStore,
    training: npt.NDArray[np.bool_],
    known: npt.NDArray[np.bool_],
    what: str,
    values: IntArray,
) -> Split:
    train, test = np.flatnonzero(training & known), np.flatnonzero(~training & known)
    _checks.require(
        len(train) > 0 and len(test) > 0,
        f"the {what} of {store!r}",
        "fall on both sides of the split",
        f"{what} {np.unique(values).tolist()}, {len(train)} clips to train and {len(test)} to test",
        "Name others, or take another protocol.",
    )
    return Split(train, test)
