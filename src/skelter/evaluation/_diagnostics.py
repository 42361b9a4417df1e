"""Measures of features that need no labels and show a collapsed encoder."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from skelter import _checks
from skelter.evaluation._features import read_features, unit_rows
from skelter.evaluation._precision import full_precision
from skelter.evaluation._results import Result

__all__ = ["Diagnostics", "alignment", "diagnose", "effective_rank", "uniformity"]


@torch.no_grad()
@full_precision()
def alignment(x: Tensor, y: Tensor, *, alpha: float = 2.0) -> float:
    """Return how far apart two views of the same clips are, mean of ||x_i - y_i||^alpha.

    Rows are L2-normalised first, so it lies between 0 (views agree) and 2^alpha.

    Args:
        x: Features of one view, shape (N, D).
        y: Features of the other view, in the same order, shape (N, D).
        alpha: The power.

    Returns:
        The mean.

    Raises:
        TypeError: The features are not floating.
        ValueError: Shapes differ, a row is not finite, or `alpha` is not above 0.

    References:
        Wang, Isola, ICML 2020.

    Example:
        >>> alignment(torch.eye(3), 2 * torch.eye(3)), alignment(torch.eye(3), -torch.eye(3))
        (0.0, 4.0)
    """
    _checks.embeddings(x=x, y=y)
    _checks.positive("alpha", alpha)
    apart = unit_rows(read_features("x", x)) - unit_rows(read_features("y", y))
    return float(apart.norm(dim=1).pow(alpha).mean())


@torch.no_grad()
@full_precision()
def uniformity(x: Tensor, *, t: float = 2.0, chunk: int = 1024) -> float:
    """Return how evenly features spread, log mean of exp(-t ||x_i - x_j||^2) over pairs i < j.

    Rows are L2-normalised first, so it lies between 0 (all alike) and -4t.

    Args:
        x: Features of shape (N, D), at least two rows.
        t: The sharpness.
        chunk: Rows compared with all others at once. It bounds memory.

    Returns:
        The logarithm of the mean.

    Raises:
        TypeError: The features are not floating.
        ValueError: There are fewer than two rows, a row is not finite, or `t` is not above 0.

    References:
        Wang, Isola, ICML 2020.

    Example:
        >>> uniformity(torch.ones(5, 4)), round(uniformity(torch.eye(3)), 4)
        (0.0, -4.0)
    """
    rows = unit_rows(read_features("x", x))
    N = len(rows)
    _checks.require(N > 1, "`x`", "have at least two rows to compare", _checks.shape_of(x))
    _checks.positive("t", t)
    _checks.positive_int("chunk", chunk)
    sums, squares = [], rows.any(1).to(rows)  # rows of zeros have no direction, and stay zero
    for start in range(0, N, chunk):
        some = slice(start, start + chunk)
        apart = (squares[some, None] + squares) / 2 - rows[some] @ rows.T
        scores = -2 * t * apart.clamp(min=0)
        scores.diagonal(start).fill_(-math.inf)  # a row is not a pair with itself
        sums.append(scores.double().flatten().logsumexp(0))
    return float(torch.stack(sums).logsumexp(0)) - math.log(N * (N - 1))


@torch.no_grad()
@full_precision()
def effective_rank(x: Tensor) -> float:
    """Return how many directions features use, exp of the entropy of the singular values.

    Of the features as they are: neither centred nor normalised. With a mean far from zero, that
    mean is one large direction. Pass ``x - x.mean(0)`` to leave it out.

    Args:
        x: Features of shape (N, D).

    Returns:
        A number from 1 to min(N, D); 1 if all features are zero.

    Raises:
        TypeError: The features are not floating.
        ValueError: They have no shape (N, D), or a row is not finite.

    References:
        Roy, Vetterli, EUSIPCO 2007. As a measure of encoders: Garrido et al., ICML 2023 (RankMe).

    Example:
        >>> round(effective_rank(torch.eye(4)), 4), round(effective_rank(torch.ones(4, 4)), 4)
        (4.0, 1.0)
    """
    values = torch.linalg.svdvals(read_features("x", x).double())
    share = values / values.sum().clamp(min=torch.finfo(torch.float64).tiny)
    return float(torch.special.entr(share).sum().exp())


@dataclass(frozen=True, eq=False)
class Diagnostics(Result):
    """Result of `diagnose`, all of it on L2-normalised features.

    Args:
        alignment: Distance between two views, None where there is only one.
        uniformity: How evenly features spread. Lower is more even.
        effective_rank: How many directions they use, of features that are not centred.
        deviation: Mean over the columns of their standard deviation, times sqrt(D): near 1 where
            features spread over the sphere, 0 where all are alike.
    """

    number_format: ClassVar[str] = ".3f"

    alignment: float | None
    uniformity: float
    effective_rank: float
    deviation: float


@torch.no_grad()
@full_precision()
def diagnose(view1: Tensor, view2: Tensor | None = None) -> Diagnostics:
    """Measure the health of features: of one view, and between two.

    Args:
        view1: Features of shape (N, D), at least two rows.
        view2: Features of another view of the same clips, in the same order.

    Returns:
        Alignment, uniformity, effective rank and deviation, all but the first of `view1`.

    Raises:
        TypeError: The features are not floating.
        ValueError: Shapes differ, a row is not finite, or there are fewer than two rows.

    References:
        Wang, Isola, ICML 2020; Roy, Vetterli, EUSIPCO 2007; Chen, He, CVPR 2021 (deviation).

    Example:
        >>> print(diagnose(torch.ones(6, 4)))
        | None | 0.000 | 1.000 | 0.000 |
    """
    first = read_features("view1", view1)
    rows, other = unit_rows(first), None
    if view2 is not None:
        _checks.embeddings(view1=first, view2=view2)
        other = alignment(first, read_features("view2", view2))
    return Diagnostics(
        alignment=other,
        uniformity=uniformity(rows),
        effective_rank=effective_rank(rows),
        deviation=float(rows.std(0, correction=0).mean()) * math.sqrt(rows.shape[1]),
    )
