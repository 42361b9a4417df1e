"""Other clips of the same batch."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.transforms.kinds._numbers import uniform
from skelter.typing import ClipShape


def draw_partners(x: ClipShape, owner: str, generator: Generator | None = None) -> Tensor:
    """Draw another clip of the batch for every clip, each of the others with the same chance.

    Args:
        x: The clips, or their shape.
        owner: Who asks, for messages.
        generator: The source of randomness.

    Returns:
        Numbers of clips, int64 of the batch axes of `x`, which count along all of them.

    Raises:
        ValueError: There is one clip alone.
    """
    batch = x.shape[:-4]
    N = batch.numel()
    _checks.require(
        len(batch) > 0 and N != 1,
        "`x`",
        f"hold at least 2 clips, as {owner} takes something over from another clip of the batch",
        _checks.shape_of(x),
        "Pass a batch (N, C, T, V, M).",
    )
    shift = (uniform(batch, x, generator) * (N - 1)).long().clamp_(max=max(N - 2, 0)) + 1
    return (torch.arange(N, device=x.device).view(batch) + shift) % max(N, 1)


def take_partners(x: Tensor, partner: Tensor) -> Tensor:
    """Return the partner of every clip, or of anything else that leads with the batch axes.

    Args:
        x: Numbers of every clip, shape (*batch, ...).
        partner: Numbers of clips, int64 (*batch).
    """
    rows = x.flatten(0, partner.ndim - 1)
    return rows.index_select(0, partner.flatten()).view(*partner.shape, *rows.shape[1:])


def same_clips(x: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Return two tensors as clips of the same shape."""
    x, other = _checks.clips(x), _checks.clips(other, "other")
    _checks.require(
        x.shape == other.shape,
        "`other`",
        f"have the shape {_checks.shape_of(x)} of `x`",
        _checks.shape_of(other),
    )
    return x, other
