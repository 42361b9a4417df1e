"""Poses relative to their mean over time."""

from __future__ import annotations

import torch
from einops import reduce
from torch import Tensor

from skelter import _checks
from skelter.layouts import SkeletonLayout, check_layout, map_positions
from skelter.transforms.kinds._base import Deterministic
from skelter.transforms.kinds._positions import presence, say_layout


def mean_relative(x: Tensor) -> Tensor:
    """Subtract from each joint its mean position over the frames in which it is there.

    Each person has means of its own. What is left is movement: the posture and the place are
    gone. Missing joints stay zero. A clip of one frame becomes zero.

    Args:
        x: Clips of shape (..., C, T, V, M), all of whose channels are positions.

    Returns:
        Clips of the same shape.

    Example:
        >>> x = torch.tensor([0.0, 1.0, 3.0]).reshape(1, 3, 1, 1)  # the first frame is missing
        >>> mean_relative(x).flatten()[1:]
        tensor([-1.,  1.])
    """
    x = _checks.clips(x)
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    there = presence(wide)
    count = reduce(there, "... t v m -> ... 1 v m", "sum").clamp(min=1)
    mean = reduce(wide, "... t v m -> ... 1 v m", "sum") / count
    return torch.addcmul(wide, mean, there, value=-1).to(x.dtype)


class MeanRelative(Deterministic):
    """Subtract from each joint its mean position over the frames in which it is there.

    Each person has means of its own. What is left is movement: the posture and the place are
    gone, so that clips of one action by different bodies come closer. On small sets raw poses
    become much better features by it, but a network that learns well needs the posture too.

    Args:
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    Raises:
        ValueError: In a call: clips have other than 2 or 3 channels without a layout.

    Example:
        >>> y = MeanRelative()(torch.randn(3, 30, 20, 1))
        >>> bool((y.mean(1).abs() < 1e-6).all())
        True
    """

    def __init__(self, *, layout: SkeletonLayout | None = None) -> None:
        super().__init__()
        self.layout = None if layout is None else check_layout(layout)

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Subtract the mean positions."""
        return map_positions(mean_relative, x, self.layout)

    def extra_repr(self) -> str:
        """Name the layout."""
        return say_layout(self.layout).removeprefix(", ")
