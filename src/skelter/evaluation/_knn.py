"""Retrieval: the nearest training clips of a test clip, and their labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from skelter import _checks
from skelter.evaluation._features import FeatureSet
from skelter.evaluation._results import Result

__all__ = ["KNNResult", "RetrievalResult", "knn", "retrieval"]

METRICS = ("cosine", "euclidean")
WEIGHTS = ("uniform", "distance")
GALLERY = 4096  # training rows in a tile of scores


@dataclass(frozen=True, eq=False)
class KNNResult(Result):
    """Result of `knn`.

    Args:
        k: Neighbours that voted.
        metric: How near was measured.
        predictions: The class of each test row, shape (N,).
        accuracy: Share of correct predictions, None where the labels are unknown.
    """

    k: int
    metric: str
    predictions: Tensor
    accuracy: float | None


@torch.no_grad()
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
    chunk: int = 1024,
) -> KNNResult:
    """Classify by a vote of the k nearest training rows.

    The class with most votes wins. Among equals, the one whose nearest member is nearer. A
    neighbour has one vote, or exp(s / temperature) votes, with s its cosine or its negative
    euclidean distance.

    Args:
        train: Features of shape (N, D).
        train_labels: Class indices of shape (N,), from 0.
        test: Features of shape (L, D).
        k: Neighbours that vote, from 1 to N. The paper's retrieval has 1.
        metric: ``"cosine"`` or ``"euclidean"``.
        weights: ``"uniform"`` for one vote each, ``"distance"`` for more votes of the nearer.
        temperature: How much more, where they differ: the smaller, the more.
        test_labels: Class indices of shape (L,), to measure accuracy.
        chunk: Test rows compared at once, with a few times as many training rows. It bounds memory.

    Returns:
        Predictions, and their accuracy if `test_labels` were given.

    Raises:
        TypeError: Features are not floating or labels are not integers.
        ValueError: Shapes do not match, or `k`, `metric`, `weights` or `temperature` is out of
            range.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021, "skeleton retrieval". Weighted: Wu et al., CVPR 2018,
        and the monitor of SkeleMixCLR (Chen et al., 2022), with k of 10, 20 and 40 at 0.1.

    Example:
        >>> train, labels = torch.eye(3), torch.tensor([0, 1, 2])
        >>> knn(train, labels, torch.tensor([[0.1, 0.9, 0.0]])).predictions
        tensor([1])
    """
    _check_pair(train, train_labels, test, test_labels)
    _checks.choice("metric", metric, METRICS)
    _checks.positive_int("k", k)
    _checks.between("k", k, 1, len(train), "There are not more training rows.")
    _checks.positive_int("chunk", chunk)
    _checks.choice("weights", weights, WEIGHTS)
    _checks.positive("temperature", temperature)
    votes = [
        _vote(train_labels[nearest], None if weights == "uniform" else scores / temperature)
        for nearest, scores in _nearest(train, test, k, metric, chunk)
    ]
    predictions = torch.cat(votes)
    accuracy = None
    if test_labels is not None:
        accuracy = float((predictions == test_labels).double().mean())
    return KNNResult(k, metric, predictions, accuracy)


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
    that class among all rows ranked up to them. A query whose class does not occur in training
    counts as 0.

    Args:
        train: Gallery features of shape (N, D).
        train_labels: Class indices of shape (N,).
        test: Query features of shape (L, D).
        test_labels: Class indices of shape (L,).
        top: The k's to report.
        metric: ``"cosine"`` or ``"euclidean"``.
        chunk: Queries ranked at once. It bounds memory to a few times chunk x N.

    Returns:
        Top-k accuracies and mean average precision.

    Raises:
        TypeError: Features are not floating or labels are not integers.
        ValueError: Shapes do not match, or one of `top` or `metric` is out of range.

    Example:
        >>> x, labels = torch.eye(4), torch.tensor([0, 0, 1, 1])
        >>> retrieval(x, labels, x, labels, top=(1,)).top
        {1: 1.0}
    """
    _check_pair(train, train_labels, test, test_labels)
    _checks.choice("metric", metric, METRICS)
    for k in top:
        _checks.positive_int("top", k)
        _checks.between("top", k, 1, len(train), "There are not more training rows.")
    hits = dict.fromkeys(top, 0)
    precision = 0.0
    ranks = torch.arange(1, len(train) + 1, device=train.device, dtype=torch.float64)
    queries = torch.split(test_labels, chunk)
    for nearness, asked in zip(_nearness(train, test, metric, chunk), queries, strict=True):
        order = nearness.argsort(dim=1, descending=True, stable=True)
        relevant = train_labels[order] == asked[:, None]
        for k in top:
            hits[k] += int(relevant[:, :k].any(1).sum())
        found = relevant.cumsum(1) / ranks
        count = relevant.sum(1).clamp(min=1)
        precision += float(((found * relevant).sum(1) / count).sum())
    return RetrievalResult({k: hits[k] / len(test) for k in top}, precision / len(test))


def _nearest(
    train: Tensor, test: Tensor, k: int, metric: str, chunk: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield numbers and scores (chunk, k) of the nearest training rows, the nearest first.

    Scores are looked at in tiles that fit the cache, and the best of every tile compared.
    """
    train, test = _normalise_for(train, test, metric)
    width = max(k, GALLERY)
    for rows in torch.split(test, chunk):
        best = [_scores(rows, tile, metric).topk(min(k, len(tile)), dim=1)
                for tile in torch.split(train, width)]  # fmt: skip
        scores = torch.cat([tile.values for tile in best], dim=1)
        places = [tile.indices + width * number for number, tile in enumerate(best)]
        nearest = scores.topk(k, dim=1)
        yield torch.cat(places, dim=1).gather(1, nearest.indices), nearest.values


def _nearness(train: Tensor, test: Tensor, metric: str, chunk: int) -> Iterator[Tensor]:
    """Yield (chunk, N) scores of test rows against all training rows. Larger is nearer."""
    train, test = _normalise_for(train, test, metric)
    for rows in torch.split(test, chunk):
        yield _scores(rows, train, metric)


def _normalise_for(train: Tensor, test: Tensor, metric: str) -> tuple[Tensor, Tensor]:
    if metric == "cosine":
        return F.normalize(train, dim=1), F.normalize(test, dim=1)
    return train, test


def _scores(rows: Tensor, train: Tensor, metric: str) -> Tensor:
    return rows @ train.T if metric == "cosine" else -torch.cdist(rows, train)


def _vote(labels: Tensor, logits: Tensor | None) -> Tensor:
    """Return the label of each row (L, k) with most votes, the earliest among equals.

    Neighbours have one vote each, or the exponential of their logit.
    """
    alike = labels[:, :, None] == labels[:, None, :]
    votes = alike.sum(2) if logits is None else (alike * logits.softmax(1)[:, None, :]).sum(2)
    return labels.gather(1, votes.argmax(1, keepdim=True)).squeeze(1)


def _check_pair(
    train: Tensor, train_labels: Tensor, test: Tensor, test_labels: Tensor | None
) -> None:
    FeatureSet(train, train_labels)
    _checks.same_columns(train, test)
    if test_labels is not None:
        _checks.labels("test_labels", test_labels, test)
