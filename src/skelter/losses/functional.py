"""Contrastive losses as pure functions of embeddings.

Embeddings have shape ``(N, D)``, negatives ``(K, D)``. They are L2-normalised inside unless
``normalize=False``. Every loss is computed in float32 or wider, under autocast too.
"""

from __future__ import annotations

import torch
from einops import einsum
from torch import Tensor
from torch.nn import functional as F

from skelter import _checks, _kernels

__all__ = ["cross_contrastive", "info_nce", "info_nce_logits", "nt_xent", "queue_contrast"]


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
    _checks.embeddings(query=query, key=key)
    _checks.negatives(negatives, query)
    _checks.positive("temperature", temperature, "The paper has 0.07.")
    with torch.autocast(query.device.type, enabled=False):
        query, key, negatives = _rows(query, key, negatives, normalize=normalize)
        positive = einsum(query, key, "n d, n d -> n")
        return torch.cat([positive[:, None], query @ negatives.T], dim=1) / temperature


def info_nce(
    query: Tensor,
    key: Tensor,
    negatives: Tensor,
    temperature: float = 0.07,
    *,
    normalize: bool = True,
) -> Tensor:
    """Return the cross-entropy of telling the positive key from the negatives.

    ``-log(exp(q.k / t) / (exp(q.k / t) + sum_i exp(q.n_i / t)))``, averaged over the batch.

    Args:
        query: Embeddings of shape (N, D).
        key: Their positives, shape (N, D).
        negatives: Shape (K, D), at least one row. A `MemoryQueue` gives them by ``snapshot()``.
        temperature: Above 0.
        normalize: Whether to L2-normalise the rows first.

    Returns:
        A scalar.

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
    return _tell_first(info_nce_logits(query, key, negatives, temperature, normalize=normalize))


def queue_contrast(
    query: Tensor,
    key: Tensor,
    negatives: Tensor,
    temperature: float = 0.07,
    *,
    normalize: bool = True,
) -> tuple[Tensor, Tensor]:
    """Return `info_nce` with constant negatives, and the logits that it comes from.

    The gradient is computed on the way, and nothing is kept of the negatives: a queue need not
    be copied, and may change before ``backward``. The logits are the only matrix (N, 1 + K).

    Args:
        query: Embeddings of shape (N, D).
        key: Their positives, shape (N, D).
        negatives: Constants of shape (K, D), at least one row: ``queue.rows()``.
        temperature: Above 0.
        normalize: Whether to L2-normalise the rows first.

    Returns:
        A scalar; the logits of `info_nce_logits`, (N, 1 + K), without a gradient.

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
    _checks.embeddings(query=query, key=key)
    _checks.negatives(negatives, query)
    _checks.positive("temperature", temperature, "The paper has 0.07.")
    _checks.require(
        not negatives.requires_grad,
        "`negatives`",
        "be constants",
        "a tensor that requires a gradient",
        "Detach them, or use info_nce.",
    )
    if not _kernels.is_fused():
        constants = negatives.clone()
        logits = info_nce_logits(query, key, constants, temperature, normalize=normalize)
        return _tell_first(logits), logits.detach()
    with torch.autocast(query.device.type, enabled=False):
        query, key, negatives = _rows(query, key, negatives, normalize=normalize)
        return _kernels.queue_contrast(query, key, negatives, float(temperature))


def nt_xent(z1: Tensor, z2: Tensor, temperature: float = 0.5, *, normalize: bool = True) -> Tensor:
    """Return the normalised temperature-scaled cross-entropy of two views of a batch.

    Row i of one view is the positive of row i of the other. The other 2N - 2 embeddings of the
    batch are its negatives. The loss is averaged over all 2N.

    Args:
        z1: Embeddings of the first view, shape (N, D), N at least 2.
        z2: Embeddings of the second view, shape (N, D).
        temperature: Above 0.
        normalize: Whether to L2-normalise the rows first.

    Returns:
        A scalar.

    Raises:
        TypeError: An argument is not of a floating dtype.
        ValueError: Shapes do not match, there are fewer than two clips, or the temperature is
            not above 0.

    References:
        Chen et al., A Simple Framework for Contrastive Learning, ICML 2020, equation 1.

    Example:
        >>> z = torch.eye(4)
        >>> bool(nt_xent(z, z) < nt_xent(z, z.roll(1, 0)))
        True
    """
    _checks.embeddings(z1=z1, z2=z2)
    _checks.positive("temperature", temperature, "SimCLR uses 0.1 to 0.5.")
    N = z1.shape[0]
    _checks.require(
        N >= 2,
        "`z1`",
        "have at least 2 rows, as the other clips of the batch are the negatives",
        _checks.shape_of(z1),
        "Drop the last batch, or use info_nce with a MemoryQueue.",
    )
    with torch.autocast(z1.device.type, enabled=False):
        z = torch.cat(_rows(z1, z2, normalize=normalize))
        similarity = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
        positives = torch.arange(2 * N, device=z.device).roll(N)
        return F.cross_entropy(similarity, positives)


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

    Returns:
        A scalar.

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
    forth = info_nce(query_a, key_b, negatives_b, temperature, normalize=normalize)
    back = info_nce(query_b, key_a, negatives_a, temperature, normalize=normalize)
    return forth + back


def _tell_first(logits: Tensor) -> Tensor:
    """Return the cross-entropy of telling column 0 of logits (N, 1 + K) from the others."""
    return F.cross_entropy(logits, logits.new_zeros(len(logits), dtype=torch.int64))


def _rows(*embeddings: Tensor, normalize: bool) -> list[Tensor]:
    """Widen to a common dtype of at least float32, and normalise."""
    dtype = torch.float32
    for embedding in embeddings:
        dtype = torch.promote_types(dtype, embedding.dtype)
    wide = [embedding.to(dtype) for embedding in embeddings]
    return [F.normalize(embedding, dim=-1) for embedding in wide] if normalize else wide
