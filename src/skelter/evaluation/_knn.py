"""Retrieval: the nearest training clips of a test clip, and their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from skelter import _checks
from skelter.evaluation._features import count_classes, read_features
from skelter.evaluation._nearest import METRICS, distances, distances_to, first, search
from skelter.evaluation._precision import full_precision
from skelter.evaluation._results import Result, Scored

__all__ = ["KNNResult", "RetrievalResult", "knn", "retrieval"]

WEIGHTS = ("uniform", "inverse_distance", "exponential")
VOTERS = 64  # test rows whose neighbours are looked at in float64 at once


@dataclass(frozen=True, eq=False)
class KNNResult(Scored):
    """Result of `knn`.

    Args:
        k: Neighbours that voted.
        metric: How near was measured.
        predictions: The class of each test row, shape (N,).
        accuracy: Share of correct predictions, None where the labels are unknown.
        scores: The share of each class in the votes, shape (N, classes). The prediction has the
            largest: among equal shares, it is raised by the smallest step. They are what
            `ensemble` adds, and what `top` ranks. There, a class without a vote does not count.
        labels: The class of each test row, shape (N,), None where unknown.
    """

    k: int
    metric: str
    predictions: Tensor
    accuracy: float | None
    scores: Tensor
    labels: Tensor | None

    def _ranked(self) -> Tensor:
        return self.scores.where(self.scores > 0, -torch.inf)


@torch.no_grad()
@full_precision()
def knn(
    train: Tensor,
    train_labels: Tensor,
    test: Tensor,
    k: int = 1,
    *,
    metric: str = "cosine",
    weights: str = "uniform",
    temperature: float = 0.1,
    test_labels: Tensor | None = None,
    num_classes: int | None = None,
    chunk: int = 1024,
) -> KNNResult:
    """Classify by a vote of the k nearest training rows.

    The class with most votes wins. Among equals, the one whose nearest member is nearer. Of rows
    equally near, the earlier training row is nearer. Distances are compared in float32, and an
    autocast around the call has no effect.

    A neighbour of distance d has one vote, or 1 / d, or exp(-d / temperature) votes. With
    ``"cosine"``, d is 1 - cosine.

    Args:
        train: Features of shape (N, D), finite. Arrays and lists are taken, too.
        train_labels: Class indices of shape (N,), from 0, all of them known.
        test: Features of shape (L, D).
        k: Neighbours that vote, from 1 to N. The paper's retrieval has 1.
        metric: ``"cosine"`` or ``"euclidean"``.
        weights: ``"uniform"`` for one vote each. ``"inverse_distance"`` for 1 / d votes, which
            scikit-learn calls "distance": where rows are equal to the test row, they alone vote.
            ``"exponential"`` for exp(-d / temperature) votes.
        temperature: Of exponential votes. The smaller, the more votes the nearer ones have.
        test_labels: Class indices of shape (L,), to measure accuracy. All of them are known, or
            this is None. A class that no training row has counts as wrong.
        num_classes: The number of classes. One more than the largest label if None.
        chunk: Test rows compared at once, with a few times as many training rows. It bounds memory.

    Returns:
        Predictions, scores, and the accuracy if `test_labels` were given.

    Raises:
        TypeError: Features are not floating or labels are not integers.
        ValueError: Shapes do not match, a feature is not finite, a label is not a class or
            unknown, or `k`, `metric`, `weights` or `temperature` is out of range.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021, "skeleton retrieval". Exponential: Wu et al., CVPR
        2018, and the monitor of SkeleMixCLR (Chen et al., 2022), with k of 10, 20 and 40 at 0.1.

    Example:
        >>> train, labels = torch.eye(3), torch.tensor([0, 1, 2])
        >>> found = knn(train, labels, torch.tensor([[0.1, 0.9, 0.0]]), k=2)
        >>> found.predictions, found.scores
        (tensor([1]), tensor([[0.5000, 0.5000, 0.0000]]))
    """
    train, test, known, truth = _read(train, train_labels, test, test_labels)
    classes = count_classes(num_classes, known, *([] if truth is None else [truth]))
    _check_classes(known, truth, classes)
    _checks.choice("metric", metric, METRICS)
    _checks.positive_int("k", k)
    _checks.between("k", k, 1, len(train), "There are not more training rows.")
    _checks.positive_int("chunk", chunk)
    _check_weights(weights)
    _checks.positive("temperature", temperature)
    predictions, scores = [], []
    for rows, nearest in search(train, test, k, metric, chunk):
        shares = torch.ones_like(nearest, dtype=torch.float64)
        if weights != "uniform":
            parts = zip(torch.split(rows, VOTERS), torch.split(nearest, VOTERS), strict=True)
            apart = torch.cat([distances_to(some, train[near], metric) for some, near in parts])
            shares = _shares(apart, weights, temperature)
        winners, votes = _vote(known[nearest], shares, classes)
        predictions.append(winners)
        scores.append(votes)
    found = torch.cat(predictions)
    accuracy = None if truth is None else float((found == truth).double().mean())
    return KNNResult(int(k), metric, found, accuracy, torch.cat(scores), truth)


@dataclass(frozen=True, eq=False)
class RetrievalResult(Result):
    """Result of `retrieval`.

    Args:
        top: For each k, the share of queries with a clip of their class among the k nearest.
        mean_average_precision: The mean over queries of the average precision of their ranking.
    """

    top: dict[int, float]
    mean_average_precision: float


@torch.no_grad()
@full_precision()
def retrieval(
    train: Tensor,
    train_labels: Tensor,
    test: Tensor,
    test_labels: Tensor,
    *,
    top: Sequence[int] = (1, 5),
    metric: str = "cosine",
    chunk: int = 256,
) -> RetrievalResult:
    """Rank the training rows for every test row, and measure how early its class comes.

    Average precision is the mean, over the training rows of the query's class, of the share of
    that class among all rows that are as near or nearer. A query whose class does not occur in
    training counts as 0. The order of the gallery does not matter to it. Among the k nearest, of
    rows equally near the earlier training row is nearer. Distances are compared in float32, and an
    autocast around the call has no effect.

    Args:
        train: Gallery features of shape (N, D), finite. Arrays and lists are taken, too.
        train_labels: Class indices of shape (N,), all of them known.
        test: Query features of shape (L, D).
        test_labels: Class indices of shape (L,), all of them known.
        top: The k's to report.
        metric: ``"cosine"`` or ``"euclidean"``.
        chunk: Queries ranked at once. It bounds memory to a few times chunk x N.

    Returns:
        Top-k accuracies and mean average precision.

    Raises:
        TypeError: Features are not floating or labels are not integers.
        ValueError: Shapes do not match, a feature is not finite, a label is unknown, or one of
            `top` or `metric` is out of range.

    References:
        Average precision is scikit-learn's ``average_precision_score``.

    Example:
        >>> x, labels = torch.eye(4), torch.tensor([0, 0, 1, 1])
        >>> retrieval(x, labels, x, labels, top=(1,)).top
        {1: 1.0}
    """
    train, test, known, truth = _read(train, train_labels, test, test_labels)
    if truth is None:
        raise TypeError("`test_labels` must be class indices; got None. `knn` needs none.")
    _check_classes(known, truth, count_classes(None, known, truth))
    _checks.choice("metric", metric, METRICS)
    _checks.positive_int("chunk", chunk)
    ks = _checks.integers("top", top).reshape(-1).tolist()
    for k in ks:
        _checks.between("top", k, 1, len(train), "There are not more training rows.")
    hits, precision = dict.fromkeys(ks, 0), 0.0
    members = _Members(known, truth)
    for rows, asked in zip(torch.split(test, chunk), torch.split(truth, chunk), strict=True):
        apart = distances(rows, train, metric)
        right = known[first(apart, max(ks, default=1))] == asked[:, None]
        for k in ks:
            hits[k] += int(right[:, :k].any(1).sum())
        precision += float(members.average_precision(apart, asked).sum())
    return RetrievalResult({k: hits[k] / len(test) for k in ks}, precision / len(test))


class _Members:
    """The training rows of each class, as a table with as many columns as the largest has rows."""

    def __init__(self, known: Tensor, truth: Tensor) -> None:
        self.counts = known.bincount(minlength=int(truth.max()) + 1)
        places = torch.arange(int(self.counts.max()), device=known.device)
        starts = self.counts.cumsum(0) - self.counts
        order = known.argsort(stable=True)
        self.filled = places < self.counts[:, None]
        self.rows = order[(starts[:, None] + places).clamp(max=len(known) - 1)]

    def average_precision(self, apart: Tensor, asked: Tensor) -> Tensor:
        """Return the average precision (n,) of queries at some distances (n, N).

        Each row of the query's class has as its precision the share of that class among all rows
        that are as near or nearer.
        """
        filled, counts = self.filled[asked], self.counts[asked]
        own = apart.gather(1, self.rows[asked]).where(filled, torch.inf).sort(dim=1).values
        beyond = torch.searchsorted(own, apart)  # how many of the class are nearer than each row
        nearer = own.new_zeros(len(own), own.shape[1] + 1, dtype=torch.float64)
        nearer.scatter_add_(1, beyond, nearer.new_ones(()).expand_as(beyond))
        found = torch.searchsorted(own, own, right=True)
        precision = (found / nearer.cumsum(1)[:, :-1]).where(filled, 0)
        return precision.sum(1) / counts.clamp(min=1)


def _shares(apart: Tensor, weights: str, temperature: float) -> Tensor:
    """Return what part of the votes of a row (n, k) its neighbours have, the nearest first."""
    if weights == "exponential":
        return (-apart / temperature).softmax(1)
    nearest = apart.amin(1, keepdim=True)
    return (apart == 0).double().where(nearest == 0, nearest / apart)


def _vote(labels: Tensor, shares: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """Return the winner of each row (n, k) of votes, and the scores (n, classes)."""
    votes = shares.new_zeros(len(labels), classes).scatter_add_(1, labels, shares)
    scores = (votes / votes.sum(1, keepdim=True)).float()
    ahead = scores.gather(1, labels).argmax(1, keepdim=True)  # the first among equals
    winners = labels.gather(1, ahead)
    largest, raised = scores.amax(1, keepdim=True), scores.new_full((), torch.inf)
    first = scores.argmax(1, keepdim=True) == winners
    scores.scatter_(1, winners, largest.where(first, largest.nextafter(raised)))
    return winners.squeeze(1), scores


def _read(
    train: Any, train_labels: Any, test: Any, test_labels: Any
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """Return features and labels, all on the device of the training features."""
    gallery, queries = read_features("train", train), read_features("test", test)
    _checks.same_columns(gallery, queries)
    known = _checks.labels("train_labels", train_labels, gallery).to(gallery.device)
    truth = None
    if test_labels is not None:
        truth = _checks.labels("test_labels", test_labels, queries).to(gallery.device)
    return gallery, queries.to(gallery.device), known, truth


def _check_classes(known: Tensor, truth: Tensor | None, classes: int) -> None:
    _checks.class_indices("train_labels", known, classes)
    if truth is not None:
        _checks.class_indices("test_labels", truth, classes)


def _check_weights(weights: str) -> None:
    if weights == "distance":
        raise ValueError(
            "`weights` must say which distance rule it means; got 'distance'. Take "
            "'inverse_distance' for 1 / d, which scikit-learn calls 'distance', or 'exponential' "
            "for exp(-d / temperature)."
        )
    _checks.choice("weights", weights, WEIGHTS)
