"""One-shot recognition: novel classes, each known from a single clip."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from skelter import _checks
from skelter.evaluation._features import FeatureSet, require_set
from skelter.evaluation._knn import knn
from skelter.evaluation._results import Result

__all__ = ["NTU120_EXEMPLARS", "NTU120_NOVEL", "OneShotResult", "one_shot"]

NTU120_NOVEL = tuple(range(0, 120, 6))
"""The 20 novel classes of NTU RGB+D 120, A1, A7, ..., A115, as indices from 0. The other 100 are
for training (Liu et al., TPAMI 2019)."""

NTU120_EXEMPLARS = tuple(
    f"S{1 if label < 60 else 18:03}C003P008R001A{label + 1:03}" for label in NTU120_NOVEL
)
"""The names of the clips that the data set gives as exemplars, in the order of `NTU120_NOVEL`."""


@dataclass(frozen=True, eq=False)
class OneShotResult(Result):
    """Result of `one_shot`.

    Args:
        metric: How near was measured.
        accuracy: Share of correct predictions.
        predictions: The class of each query, shape (N,).
        classes: The classes that have an exemplar, ascending.
        per_class: Share of correct predictions among the queries of each of `classes`. NaN for a
            class without queries.
    """

    metric: str
    accuracy: float
    predictions: Tensor
    classes: Tensor
    per_class: Tensor


@torch.no_grad()
def one_shot(
    exemplars: FeatureSet, queries: FeatureSet, *, metric: str = "cosine"
) -> OneShotResult:
    """Give each query the class of the nearest exemplar.

    The exemplars themselves do not belong among the queries.

    Args:
        exemplars: One clip of each novel class.
        queries: The other clips of these classes.
        metric: ``"cosine"`` or ``"euclidean"``.

    Returns:
        Accuracy, over all queries and by class, and predictions.

    Raises:
        TypeError: `exemplars` or `queries` is not a `FeatureSet`.
        ValueError: A class has more than one exemplar, a query's class has none or is unknown,
            features differ in size, or the metric is unknown.

    References:
        Liu et al., TPAMI 2019 (NTU RGB+D 120), "one-shot recognition".

    Example:
        >>> exemplars = FeatureSet(torch.eye(2), torch.tensor([0, 6]))
        >>> queries = FeatureSet(torch.tensor([[0.9, 0.1], [0.2, 0.8]]), torch.tensor([0, 6]))
        >>> one_shot(exemplars, queries).accuracy
        1.0
    """
    exemplars, queries = require_set("exemplars", exemplars), require_set("queries", queries)
    _checks.known_labels("exemplars.labels", exemplars.labels)
    _checks.known_labels("queries.labels", queries.labels)
    counts = exemplars.labels.bincount()
    classes, repeated = counts.nonzero()[:, 0], (counts > 1).nonzero()[:, 0].tolist()
    hint = "Choose one clip of each, or average the clips of a class yourself."
    _checks.require(
        not repeated, "`exemplars`", "have one row a class", f"several of {repeated}", hint
    )
    unknown = sorted({*queries.labels.tolist()} - {*classes.tolist()})
    _checks.require(
        not unknown,
        "`queries`",
        f"have the classes of `exemplars`, {classes.tolist()}",
        unknown,
        "Leave other classes out.",
    )
    found = knn(exemplars.features, exemplars.labels, queries.features, metric=metric)
    right = (found.predictions == queries.labels).double()
    shares = [right[queries.labels == label].mean() for label in classes]
    return OneShotResult(
        metric=metric,
        accuracy=float(right.mean()),
        predictions=found.predictions,
        classes=classes,
        per_class=torch.stack(shares),
    )
