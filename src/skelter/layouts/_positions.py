"""Channels that are positions, and those that come with them, such as a detector's score."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from skelter import _checks
from skelter.layouts._layout import SkeletonLayout, check_layout


def map_positions(
    function: Callable[[Tensor], Tensor], x: Tensor, layout: SkeletonLayout | None
) -> Tensor:
    """Apply a function to the channels that are positions, and pass the others on.

    Args:
        function: From clips (..., D, T, V, M) to clips of the same shape.
        x: Clips of shape (..., C, T, V, M).
        layout: The layout of the clips: the first D = `dimensions` channels are positions. None
            takes all of 2 or 3 channels for positions.

    Returns:
        Clips of shape (..., C, T, V, M).

    Raises:
        TypeError: `layout` is neither a layout nor None.
        ValueError: Clips have other than 2 or 3 channels without a layout.

    Example:
        >>> from skelter.layouts import COCO17
        >>> x = torch.ones(3, 8, 17, 1)  # x, y and a score
        >>> map_positions(torch.neg, x, COCO17)[:, 0, 0, 0]
        tensor([-1., -1.,  1.])
    """
    if layout is not None:
        check_layout(layout)
    x = _checks.clips(x)
    count = _checks.positions(x, layout)
    if count == x.shape[-4]:
        return function(x)
    return torch.cat([function(x[..., :count, :, :, :]), x[..., count:, :, :, :]], dim=-4)
