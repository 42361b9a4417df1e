"""Losses against negatives from elsewhere, such as a queue."""

from __future__ import annotations

import torch
from einops import einsum
from torch import Tensor
from torch.nn import functional as F

from skelter import _checks, _kernels
from skelter.losses._rows import REDUCTIONS, common_dtype, reduce, widen


def info_nce_logits(
    query: Tensor,
    key: Tensor,
    negatives: Tensor,
    temperature: float = 0.07,
    *,
    normalize: bool = True,
) -> Tensor:
    """Return the similarities ``[q.k, q.n_1, ..., q.n_K] / temperature``, the positive first.

    Args:
        query: Embeddings of shape (N, D).
        key: Their positives, shape (N, D).
        negatives: Shape (K, D), at least one row.
        temperature: Above 0.
        normalize: Whether to L2-normalise the rows first; without, cosines become dot products.

    Returns:
        Logits of shape (N, 1 + K), float32 or wider. The class to predict is 0.

    Raises:
        TypeError: An argument is not of a floating dtype.
        ValueError: Shapes do not match, the batch or the negatives are empty, or the temperature
            is not above 0.

    References:
        He et al., Momentum Contrast, CVPR 2020, equation 1.

    Example:
        >>> info_nce_logits(torch.randn(8, 128), torch.randn(8, 128), torch.randn(50, 128)).shape
        torch.Size([8, 51])
    """
    query, key = _checks.embeddings(query=query, key=key)
    negatives = _checks.negatives(negatives, query)
    _checks.positive("temperature", temperature, "The paper has 0.07.")
    with torch.autocast(query.device.type, enabled=False):
        query, key, negatives = widen(query, key, negatives, normalize=normalize)
        return _logits(query, key, negatives, temperature)


def info_nce(
    query: Tensor,
    key: Tensor,
    negatives: Tensor,
    temperature: float = 0.07,
    *,
    normalize: bool = True,
    reduction: str = "mean",
) -> Tensor:
    """Return the cross-entropy of telling the positive key from the negatives.

    ``-log(exp(q.k / t) / (exp(q.k / t) + sum_i exp(q.n_i / t)))``, averaged over the batch.

    Args:
        query: Embeddings of shape (N, D).
        key: Their positives, shape (N, D).
        negatives: Shape (K, D), at least one row. A `MemoryQueue` gives them by ``snapshot()``.
        temperature: Above 0.
        normalize: Whether to L2-normalise the rows first.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        A scalar, or the loss of each query (N,).

    Raises:
        TypeError: An argument is not of a floating dtype.
        ValueError: Shapes do not match, the batch or the negatives are empty, or the temperature
            is not above 0.

    References:
        van den Oord et al., Representation Learning with Contrastive Predictive Coding, 2018;
        He et al., Momentum Contrast, CVPR 2020, equation 1.

    Example:
        >>> same = torch.ones(4, 8)
        >>> torch.isclose(info_nce(same, same, torch.ones(9, 8)), torch.tensor(10.0).log())
        tensor(True)
    """
    logits = info_nce_logits(query, key, negatives, temperature, normalize=normalize)
    return _tell_first(logits, reduction)


def queue_contrast(
    query: Tensor,
    key: Tensor,
    negatives: Tensor,
    temperature: float = 0.07,
    *,
    normalize: bool = True,
    reduction: str = "mean",
) -> tuple[Tensor, Tensor]:
    """Return `info_nce` with constant negatives, and the logits that it comes from.

    The gradient is computed on the way, and no copy is kept of the negatives: those of a queue
    may change before ``backward``. Only a gradient that is itself to be differentiated
    (``create_graph=True``) needs them as they were. The logits are the only matrix (N, 1 + K).

    Args:
        query: Embeddings of shape (N, D).
        key: Their positives, shape (N, D).
        negatives: Constants of shape (K, D), at least one row: ``queue.rows()``.
        temperature: Above 0.
        normalize: Whether to L2-normalise the rows first.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        A scalar, or the loss of each query (N,); the logits of `info_nce_logits`, (N, 1 + K),
        without a gradient.

    Raises:
        TypeError: An argument is not of a floating dtype.
        ValueError: Shapes do not match, the batch or the negatives are empty, the temperature is
            not above 0, or the negatives require a gradient.

    References:
        He et al., Momentum Contrast, CVPR 2020, equation 1.

    Example:
        >>> same = torch.ones(4, 8)
        >>> loss, logits = queue_contrast(same, same, torch.ones(9, 8))
        >>> torch.isclose(loss, torch.tensor(10.0).log()), logits.shape
        (tensor(True), torch.Size([4, 10]))
    """
    query, key = _checks.embeddings(query=query, key=key)
    negatives = _checks.negatives(negatives, query)
    _checks.positive("temperature", temperature, "The paper has 0.07.")
    _checks.choice("reduction", reduction, REDUCTIONS)
    _checks.require(
        not negatives.requires_grad,
        "`negatives`",
        "be constants",
        "a tensor that requires a gradient",
        "Detach them, or use info_nce.",
    )
    learned = isinstance(temperature, Tensor)
    with torch.autocast(query.device.type, enabled=False):
        if learned or not _kernels.is_fused(query, key, negatives):
            query, key, constants = widen(query, key, negatives.clone(), normalize=normalize)
            logits = _logits(query, key, constants, temperature)
            return _tell_first(logits, reduction), logits.detach()
        dtype = common_dtype(query, key, negatives)
        query, key = widen(query, key, normalize=normalize, dtype=dtype)
        losses, logits = _kernels.queue_contrast(
            query, key, negatives, float(temperature), normalize=normalize
        )
        return reduce(losses, reduction), logits


@_kernels.plain_form("queue_contrast")
def _queue_losses(
    query: Tensor, key: Tensor, negatives: Tensor, *, temperature: float, normalize: bool
) -> Tensor:
    """Return the loss of each query. Only the negatives are yet to be normalised."""
    (negatives,) = widen(negatives, normalize=normalize, dtype=query.dtype)
    return _tell_first(_logits(query, key, negatives, temperature), "none")


def cross_contrastive(
    query_a: Tensor,
    query_b: Tensor,
    key_a: Tensor,
    key_b: Tensor,
    negatives_a: Tensor,
    negatives_b: Tensor,
    temperature: float = 0.07,
    *,
    normalize: bool = True,
    reduction: str = "mean",
) -> Tensor:
    """Contrast two representations with each other, in both directions.

    ``info_nce(query_a, key_b, negatives_b) + info_nce(query_b, key_a, negatives_a)``: the query
    of one representation has to find the key of the other, made from the other view, among that
    other representation's negatives.

    Args:
        query_a: Embeddings of view 1 in representation a, shape (N, D).
        query_b: Embeddings of view 1 in representation b, shape (N, D).
        key_a: Embeddings of view 2 in representation a, shape (N, D).
        key_b: Embeddings of view 2 in representation b, shape (N, D).
        negatives_a: Negatives of representation a, shape (K, D).
        negatives_b: Negatives of representation b, shape (K, D).
        temperature: Above 0.
        normalize: Whether to L2-normalise the rows first.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        A scalar, or the loss of each clip (N,), the sum of both directions.

    Raises:
        TypeError: An argument is not of a floating dtype.
        ValueError: Shapes do not match, the batch or the negatives are empty, or the temperature
            is not above 0.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021, "inter-skeleton contrast".

    Example:
        >>> z, n = torch.ones(4, 8), torch.ones(9, 8)
        >>> torch.isclose(cross_contrastive(z, z, z, z, n, n), 2 * torch.tensor(10.0).log())
        tensor(True)
    """
    forth = info_nce(
        query_a, key_b, negatives_b, temperature, normalize=normalize, reduction=reduction
    )
    back = info_nce(
        query_b, key_a, negatives_a, temperature, normalize=normalize, reduction=reduction
    )
    return forth + back


def _logits(query: Tensor, key: Tensor, negatives: Tensor, temperature: float) -> Tensor:
    """Return the logits (N, 1 + K) of rows as they are."""
    positive = einsum(query, key, "n d, n d -> n")
    return torch.cat([positive[:, None], query @ negatives.T], dim=1) / temperature


def _tell_first(logits: Tensor, reduction: str) -> Tensor:
    """Return the cross-entropy of telling column 0 of logits (N, 1 + K) from the others."""
    _checks.choice("reduction", reduction, REDUCTIONS)
    first = logits.new_zeros(len(logits), dtype=torch.int64)
    return F.cross_entropy(logits, first, reduction=reduction)
