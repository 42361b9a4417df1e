"""Dropping of the most active places of a feature map, without chance."""

from __future__ import annotations

from einops import reduce
from torch import Tensor

from skelter import _checks


def energy_dropping(feature_map: Tensor, threshold: float = 0.7, eps: float = 1e-4) -> Tensor:
    """Drop the joints and places of a feature map that stand out, a hard view of it.

    Every entry f of a channel c of a person has the attention ``a = sigmoid(e)``, with

        e = (f - mean)^2 / (4 (var + eps)) + 1 / 2

    where mean and variance are over the frames and joints of this channel and person. First, the
    joints whose mean attention over channels and frames reaches the threshold are set to zero.
    Then so are the entries whose own attention does. Each time, what remains is multiplied by the
    number of all entries over that of the kept ones, *in the whole batch*: clips of a batch meet.
    Attention is a constant: the gradient goes through what remains.

    Args:
        feature_map: Shape (N, D, T, V, M), with at least two places T * V.
        threshold: From this attention on. It is at least 0.62 everywhere.
        eps: Added to variances, above 0.

    Returns:
        The map with zeros, of the same shape.

    Raises:
        ValueError: The map does not have five axes, or a number is out of range.

    References:
        Guo et al., Contrastive Learning from Extremely Augmented Skeleton Sequences for
        Self-supervised Action Recognition, AAAI 2022, section 3.3; Yang et al., SimAM, ICML 2021

    Example:
        >>> import torch
        >>> maps = torch.ones(2, 8, 4, 25, 2)
        >>> maps[:, :, :, 3] = 9.0  # one joint stands out
        >>> dropped = energy_dropping(maps)
        >>> bool(dropped[:, :, :, 3].any()), bool(dropped[:, :, :, 4].all())
        (False, True)
    """
    _checks.require(
        feature_map.ndim == 5,
        "`feature_map`",
        "have shape (N, D, T, V, M)",
        _checks.shape_of(feature_map),
    )
    _checks.between("threshold", threshold, 0.0, 1.0)
    _checks.positive("eps", eps)
    attention = _attention(feature_map.detach(), eps)
    of_joints = reduce(attention, "n d t v m -> n 1 1 v m", "mean")
    out = _keep(feature_map, of_joints < threshold)
    return _keep(out, attention < threshold)


def _attention(x: Tensor, eps: float) -> Tensor:
    """Return the sigmoid of the energy of each entry."""
    centred = x - reduce(x, "n d t v m -> n d 1 1 m", "mean")
    squares = centred.square()
    places = x.shape[2] * x.shape[3]
    variance = reduce(squares, "n d t v m -> n d 1 1 m", "sum") / (places - 1)
    energy: Tensor = squares / (4 * (variance + eps)) + 0.5
    return energy.sigmoid()


def _keep(x: Tensor, kept: Tensor) -> Tensor:
    """Set what is not kept to zero, and make up for it in the rest."""
    kept = kept.to(x.dtype)
    return x * kept * (kept.numel() / kept.sum())
