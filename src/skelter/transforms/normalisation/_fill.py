"""Filling of missing frames, the first step of the pre-normalisation."""

from __future__ import annotations

import torch
from einops import rearrange
from torch import Tensor

from skelter import _checks
from skelter.transforms.kinds._base import Deterministic


def fill_frames(x: Tensor) -> Tensor:
    """Let every person start at frame 0 and last to the end.

    For each person: if frame 0 is all zeros, the frames that are not move to the front in their
    order. If everything from frame f on is zero, frames 0 to f-1 are repeated to fill the rest.
    Missing persons stay zero; so do missing frames between others when frame 0 is present.

    Args:
        x: Clips of shape (..., C, T, V, M).

    Returns:
        Clips of the same shape.

    References:
        Step 1 of the pre-normalisation of 2s-AGCN (Shi et al., CVPR 2019), which the reference
        method uses.

    Example:
        >>> fill_frames(torch.tensor([0.0, 1.0, 2.0, 0.0]).reshape(1, 4, 1, 1)).flatten()
        tensor([1., 2., 1., 2.])
    """
    x = _checks.clips(x)
    T = x.shape[-3]
    present = (x != 0).any(-2).any(-3)  # (..., T, M)
    time = torch.arange(T, device=x.device)[:, None].expand_as(present)
    to_front = torch.argsort(~present, dim=-2, stable=True)
    order = torch.where(present[..., :1, :], time, to_front)
    kept = present.gather(-2, order)
    filled = torch.where(kept, time + 1, 0).amax(-2, keepdim=True)  # f, 0 for a missing person
    source = order.gather(-2, time % filled.clamp(min=1))
    index = rearrange(source, "... t m -> ... 1 t 1 m").expand_as(x)
    return x.gather(-3, index)


class FillFrames(Deterministic):
    """Let every person start at frame 0 and last to the end, by repeating frames.

    Every frame of a person who was there at all then holds a pose; ``num_frames`` still counts
    the recorded ones. See `functional.fill_frames`.

    References:
        Step 1 of the pre-normalisation of 2s-AGCN (Shi et al., CVPR 2019), which the reference
        method uses.

    Example:
        >>> import torch
        >>> FillFrames()(torch.tensor([0.0, 3.0, 0.0, 0.0]).reshape(1, 4, 1, 1)).flatten()
        tensor([3., 3., 3., 3.])
    """

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Move the recorded frames to the front and repeat them."""
        return fill_frames(x)
