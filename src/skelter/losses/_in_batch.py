"""Losses whose negatives are the other rows of the batch."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from skelter import _checks
from skelter.losses._rows import REDUCTIONS, reduce, widen


def batch_info_nce(
    query: Tensor,
    key: Tensor,
    temperature: float = 0.07,
    *,
    normalize: bool = True,
    reduction: str = "mean",
) -> Tensor:
    """Return the cross-entropy of telling the own key from the keys of the other rows.

    ``-log(exp(q_i.k_i / t) / sum_j exp(q_i.k_j / t))``, averaged over the batch. The negatives of
    a query are the other N - 1 keys of its batch, so no queue is needed. In one direction only:
    the loss of CLIP is the mean of ``batch_info_nce(a, b)`` and ``batch_info_nce(b, a)``.

    With several processes, the negatives come from all of them by
    ``batch_info_nce(gather_with_grad(query), gather_with_grad(key))``.

    Args:
        query: Embeddings of shape (N, D), N at least 2.
        key: Their positives, shape (N, D). They get a gradient where they require one.
        temperature: Above 0.
        normalize: Whether to L2-normalise the rows first.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        A scalar, or the loss of each query (N,).

    Raises:
        TypeError: An argument is not of a floating dtype.
        ValueError: Shapes do not match, there are fewer than two rows, or the temperature is not
            above 0.

    References:
        Sohn, Improved Deep Metric Learning with Multi-class N-pair Loss, NeurIPS 2016; van den
        Oord et al., Representation Learning with Contrastive Predictive Coding, 2018; Radford et
        al., Learning Transferable Visual Models From Natural Language Supervision, ICML 2021.

    Example:
        >>> z = torch.eye(4)
        >>> bool(batch_info_nce(z, z) < batch_info_nce(z, z.roll(1, 0)))
        True
    """
    query, key = _checks.embeddings(query=query, key=key)
    _checks.positive("temperature", temperature, "CLIP starts from 0.07.")
    _checks.choice("reduction", reduction, REDUCTIONS)
    _require_others("query", query)
    with torch.autocast(query.device.type, enabled=False):
        query, key = widen(query, key, normalize=normalize)
        own = torch.arange(len(query), device=query.device)
        return F.cross_entropy(query @ key.T / temperature, own, reduction=reduction)


def nt_xent(
    z1: Tensor,
    z2: Tensor,
    temperature: float = 0.5,
    *,
    normalize: bool = True,
    reduction: str = "mean",
) -> Tensor:
    """Return the normalised temperature-scaled cross-entropy of two views of a batch.

    Row i of one view is the positive of row i of the other. The other 2N - 2 embeddings of the
    batch are its negatives. The loss is averaged over all 2N.

    A batch of one clip has no negatives. Its loss is 0 whatever the embeddings are, and so is its
    gradient. It is refused, since a run on such batches would learn nothing without a word.

    Args:
        z1: Embeddings of the first view, shape (N, D), N at least 2.
        z2: Embeddings of the second view, shape (N, D).
        temperature: Above 0.
        normalize: Whether to L2-normalise the rows first.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        A scalar, or the loss of each embedding (2N,), those of the first view first.

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
    z1, z2 = _checks.embeddings(z1=z1, z2=z2)
    _checks.positive("temperature", temperature, "SimCLR uses 0.1 to 0.5.")
    _checks.choice("reduction", reduction, REDUCTIONS)
    _require_others("z1", z1)
    N = len(z1)
    with torch.autocast(z1.device.type, enabled=False):
        z = torch.cat(widen(z1, z2, normalize=normalize))
        itself = torch.eye(2 * N, dtype=torch.bool, device=z.device)
        similarity = (z @ z.T / temperature).masked_fill(itself, float("-inf"))
        positives = torch.arange(2 * N, device=z.device).roll(N)
        return F.cross_entropy(similarity, positives, reduction=reduction)


def supervised_contrastive(
    z: Tensor,
    labels: Tensor,
    temperature: float = 0.1,
    *,
    normalize: bool = True,
    reduction: str = "mean",
) -> Tensor:
    """Pull rows of one label together, and push the others away.

    ``-mean_p log(exp(z_i.z_p / t) / sum_a exp(z_i.z_a / t))`` over the positives p of row i: all
    other rows of its label. a goes over all rows but i. With two views of each clip, pass
    ``torch.cat([z1, z2])`` and ``torch.cat([labels, labels])``. With ``torch.arange(N)`` as labels
    that is `nt_xent`.

    Rows with label -1, whose class is unknown, are left out: they are neither positives nor
    negatives. A row without a positive has the loss 0 and is not counted in the mean, which is 0
    if there is no pair at all.

    With several processes, gather the rows of all of them: ``gather_with_grad(z)`` and
    ``all_gather(labels)``.

    Args:
        z: Embeddings of shape (N, D), N at least 2.
        labels: Class indices of shape (N,), -1 where the class is unknown.
        temperature: Above 0. The paper has 0.1.
        normalize: Whether to L2-normalise the rows first.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Returns:
        A scalar, or the loss of each row (N,).

    Raises:
        TypeError: The embeddings are not of a floating dtype, or the labels not integers.
        ValueError: Shapes do not match, there are fewer than two rows, or the temperature is not
            above 0.

    References:
        Khosla et al., Supervised Contrastive Learning, NeurIPS 2020, equation 2 (L_out).

    Example:
        >>> z, labels = torch.eye(2).repeat(2, 1), torch.tensor([0, 1, 0, 1])
        >>> bool(supervised_contrastive(z, labels) < supervised_contrastive(z, labels.sort()[0]))
        True
    """
    (z,) = _checks.embeddings(z=z)
    labels = _checks.labels("labels", labels, z)
    _checks.positive("temperature", temperature, "The paper has 0.1.")
    _checks.choice("reduction", reduction, REDUCTIONS)
    _require_others("z", z)
    with torch.autocast(z.device.type, enabled=False):
        (z,) = widen(z, normalize=normalize)
        known = labels >= 0
        others = known & ~torch.eye(len(z), dtype=torch.bool, device=z.device)
        positives = others & known[:, None] & (labels[:, None] == labels)
        # Not minus infinity: of a row without others nothing but NaN would be left.
        lowest = torch.finfo(z.dtype).min
        shares = (z @ z.T / temperature).masked_fill(~others, lowest).log_softmax(dim=1)
        counts = positives.sum(1)
        losses = -shares.where(positives, 0).sum(1) / counts.clamp(min=1)
        if reduction == "mean":
            return losses.sum() / (counts > 0).sum().clamp(min=1)
        return reduce(losses, reduction)


def _require_others(name: str, z: Tensor) -> None:
    """Check that a batch has rows that can be negatives of each other."""
    _checks.require(
        len(z) >= 2,
        f"`{name}`",
        "have at least 2 rows, as the other clips of the batch are the negatives",
        _checks.shape_of(z),
        "Drop the last batch, or use info_nce with a MemoryQueue.",
    )
