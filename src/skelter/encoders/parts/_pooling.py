"""Pooling of feature maps: over frames and joints, then over persons."""

from __future__ import annotations

from einops import reduce
from torch import Tensor

from skelter import _checks


def pool_map(feature_map: Tensor, mask: Tensor | None = None) -> Tensor:
    """Take the mean over frames and joints of each person, then over persons.

    Args:
        feature_map: Shape (N, D, T, V, M).
        mask: Where to look: True or False, any shape that broadcasts to (N, T, V, M). A person
            without a True is left out. Of a clip without any, features are zero. None looks
            everywhere, and counts absent persons like others.

    Returns:
        Features (N, D).

    Raises:
        ValueError: The map does not have five axes, or the mask does not fit it.

    Example:
        >>> import torch
        >>> x = torch.ones(2, 8, 4, 25, 2)
        >>> pool_map(x, x[:, 0] > 0).shape
        torch.Size([2, 8])
    """
    _checks.require(
        feature_map.ndim == 5,
        "`feature_map`",
        "have shape (N, D, T, V, M)",
        _checks.shape_of(feature_map),
    )
    if mask is None:
        features: Tensor = reduce(feature_map, "n d t v m -> n d", "mean")
        return features
    there = _expand(mask, feature_map).to(feature_map.dtype)  # n t v m
    counts = reduce(there, "n t v m -> n 1 m", "sum")
    sums = reduce(feature_map * there.unsqueeze(1), "n d t v m -> n d m", "sum")
    persons = reduce((counts > 0).to(counts.dtype), "n 1 m -> n 1", "sum")
    return (sums / counts.clamp(min=1)).sum(-1) / persons.clamp(min=1)


def present_persons(x: Tensor) -> Tensor:
    """Return which persons of clips (N, C, T, V, M) are there at all, bool (N, 1, 1, M).

    An absent person is all zeros. The result is a mask for `pool_map`.
    """
    there: Tensor = reduce(x.detach() != 0, "n c t v m -> n 1 1 m", "any")
    return there


def persons_apart(x: Tensor) -> Tensor:
    """Turn clips (N, C, T, V, M) into one clip a person, (N * M, C, T, V)."""
    return x.movedim(-1, 1).flatten(0, 1)  # "n c t v m -> (n m) c t v"


def persons_together(x: Tensor, persons: int) -> Tensor:
    """Undo `persons_apart`: (N * M, D, T, V) to (N, D, T, V, M)."""
    return x.view(-1, persons, *x.shape[1:]).movedim(1, -1)  # "(n m) d t v -> n d t v m"


def _expand(mask: Tensor, feature_map: Tensor) -> Tensor:
    """Expand a mask to (N, T, V, M)."""
    N, _, T, V, M = feature_map.shape
    try:
        return mask.expand(N, T, V, M)
    except RuntimeError:
        hint = "Masks are of the frames of the map, which may be fewer than those of the clips."
        expected = f"broadcast to (N, T, V, M) = {(N, T, V, M)} of the feature map"
        _checks.require(False, "`mask`", expected, _checks.shape_of(mask), hint)
        raise
