"""Scaling by the box of a clip, and by an image."""

from __future__ import annotations

from functools import partial
from math import inf

import torch
from torch import Tensor

from skelter import _checks
from skelter.layouts import SkeletonLayout, check_layout, map_positions
from skelter.transforms.kinds._base import Deterministic
from skelter.transforms.kinds._positions import presence, say_layout


def box_of_clip(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the least and the greatest coordinates of the present joints of each clip.

    Args:
        x: Clips of shape (..., C, T, V, M), all of whose channels are positions.

    Returns:
        Two tensors (..., C) in float32 or wider, zeros for a clip of nobody.

    Example:
        >>> x = torch.tensor([0.0, 4.0, -2.0]).reshape(1, 3, 1, 1)  # the first is missing
        >>> box_of_clip(x)
        (tensor([-2.]), tensor([4.]))
    """
    x = _checks.clips(x)
    p = x.to(torch.promote_types(x.dtype, torch.float32))
    return _box(p, presence(p))


def _box(p: Tensor, there: Tensor) -> tuple[Tensor, Tensor]:
    """Return the box about the joints that are there."""
    away = (1 - there) * torch.finfo(p.dtype).max  # where joints are missing
    axes = (-3, -2, -1)
    low, high = (p + away).amin(axes), (p - away).amax(axes)
    somebody = low <= high
    return torch.where(somebody, low, 0.0), torch.where(somebody, high, 0.0)


def min_max(x: Tensor, min_range: float = 0.0) -> Tensor:
    """Map each coordinate of each clip to [-1, 1], ``2 (p - middle) / range``.

    The range of a coordinate is that of the present joints of all frames and persons. Missing
    joints stay zero. A coordinate of no range becomes zero.

    Args:
        x: Clips of shape (..., C, T, V, M), all of whose channels are positions.
        min_range: The least range that is divided by, in the unit of the clips.

    Returns:
        Clips of the same shape. They are the same whatever the scale of `x` along each axis.

    Raises:
        ValueError: `min_range` is negative.

    Example:
        >>> x = torch.tensor([1.0, 2.0, 5.0]).reshape(1, 3, 1, 1)
        >>> min_max(x).flatten()
        tensor([-1.0000, -0.5000,  1.0000])
    """
    x = _checks.clips(x)
    _checks.between("min_range", min_range, 0.0, inf)
    p = x.to(torch.promote_types(x.dtype, torch.float32))
    there = presence(p)
    low, high = (corner[..., None, None, None] for corner in _box(p, there))
    size = (high - low).clamp(min=min_range)
    size = torch.where(size > 0, size, 1.0)
    # From 0 to 2 and then from -1 to 1: exactly those at the ends of a range.
    out = (p - low).div_(size / 2).sub_((high - low) / size)
    return out.mul_(there).to(x.dtype)


class MinMax(Deterministic):
    """Map each coordinate of each clip to [-1, 1], by its range over all frames, joints, persons.

    The size and the proportions of bodies are lost with it. So is every change of scale before
    it: a random scaling has no effect there. Missing joints stay zero. A coordinate of no range
    becomes zero.

    Args:
        min_range: The least range that is divided by, in the unit of the clips: what is smaller
            is not blown up.
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    Raises:
        ValueError: `min_range` is negative. In a call: clips have other than 2 or 3 channels
            without a layout.

    References:
        Chen et al., Channel-wise Topology Refinement Graph Convolution, ICCV 2021: the released
        loader of NW-UCLA.

    Example:
        >>> y = MinMax()(torch.randn(8, 3, 30, 20, 1))
        >>> float(y.min()), float(y.max())
        (-1.0, 1.0)
    """

    def __init__(self, min_range: float = 0.0, *, layout: SkeletonLayout | None = None) -> None:
        super().__init__()
        _checks.between("min_range", min_range, 0.0, inf)
        self.min_range = float(min_range)
        self.layout = None if layout is None else check_layout(layout)

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Map to [-1, 1]."""
        return map_positions(partial(min_max, min_range=self.min_range), x, self.layout)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"min_range={self.min_range:g}{say_layout(self.layout)}"
