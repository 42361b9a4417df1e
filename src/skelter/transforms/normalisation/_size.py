"""Bringing poses to one size."""

from __future__ import annotations

import torch
from einops import reduce
from torch import Tensor

from skelter import _checks
from skelter.layouts import SkeletonLayout, check_layout, map_positions
from skelter.transforms.kinds._base import Deterministic
from skelter.transforms.kinds._positions import say_layout


def unit_scale(x: Tensor) -> Tensor:
    """Divide each clip by the size of its bodies: pixels, millimetres and metres become alike.

    The size is the root mean square distance of the present joints (those that are not all zero)
    from the mean position of the present joints of the same person in the same frame. Clips of
    nothing, or of single points, have no size and stay as they are; missing joints stay zero.

    Args:
        x: Clips of shape (..., C, T, V, M), all of whose channels are positions.

    Returns:
        Clips of the same shape; ``unit_scale(a * x)`` is ``unit_scale(x)`` for any a > 0.

    Example:
        >>> x = torch.tensor([100.0, 104.0]).reshape(1, 1, 2, 1)  # two joints, 4 pixels apart
        >>> unit_scale(x).flatten()
        tensor([50., 52.])
    """
    x = _checks.clips(x)
    size = _size(x)
    return (x.to(size.dtype) / size).to(x.dtype)


class UnitScale(Deterministic):
    """Divide each clip by the size of its bodies: pixels, millimetres and metres become alike.

    The size is the root mean square distance of the present joints from the mean position of the
    same person in the same frame; see `functional.unit_scale`. Centre on a joint after it, not
    before: a joint at the origin counts as missing.

    Args:
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    Raises:
        ValueError: In a call: clips have other than 2 or 3 channels without a layout.

    Example:
        >>> pixels = 500 + 80 * torch.randn(2, 30, 17, 1)
        >>> torch.allclose(UnitScale()(pixels), UnitScale()(pixels / 1000))
        True
    """

    def __init__(self, *, layout: SkeletonLayout | None = None) -> None:
        super().__init__()
        self.layout = None if layout is None else check_layout(layout)

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Divide by the size."""
        return map_positions(unit_scale, x, self.layout)

    def extra_repr(self) -> str:
        """Name the layout."""
        return say_layout(self.layout).removeprefix(", ")


def _size(x: Tensor) -> Tensor:
    """Return the size of each clip, shape (..., 1, 1, 1, 1), 1 where there is none.

    Offsets are taken from a corner of the body and divided by the largest, so that neither far
    bodies nor large units cost precision, and coinciding points have a size of exactly zero.
    """
    p = x.to(torch.promote_types(x.dtype, torch.float32))
    present = (x != 0).any(-4, keepdim=True)
    corner = torch.where(present, p.detach(), torch.inf).amin(-2, keepdim=True)
    offset = torch.where(present, p - corner, 0.0)
    largest = reduce(offset.detach(), "... c t v m -> ... 1 1 1 1", "max")
    offset = offset / torch.where(largest > 0, largest, 1.0)
    count = reduce(present.to(p.dtype), "... c t v m -> ... c t 1 m", "sum")
    mean = reduce(offset, "... c t v m -> ... c t 1 m", "sum") / count.clamp(min=1)
    square = torch.where(present, (offset - mean).square(), 0.0)
    joints = reduce(count, "... c t v m -> ... 1 1 1 1", "sum").clamp(min=1)
    variance = reduce(square, "... c t v m -> ... 1 1 1 1", "sum") / joints
    return torch.where(largest > 0, largest * torch.where(largest > 0, variance, 1.0).sqrt(), 1.0)
