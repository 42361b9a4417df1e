"""Pure maps of the time axis."""

from __future__ import annotations

import math

import torch
from einops import rearrange
from torch import Tensor

from skelter import _checks


def crop_resize(x: Tensor, start: Tensor, length: Tensor, frames: int) -> Tensor:
    """Cut ``length`` frames from ``start`` on and resample them linearly to ``frames``.

    Output frame j reads the position ``(j + 0.5) * length / frames - 0.5`` within the crop, held
    inside it at both ends (half-pixel centres, ``align_corners=False``). A crop of ``frames``
    frames is returned bit-equal.

    Args:
        x: Clips of shape (..., C, T, V, M).
        start: First frame of each crop, integers of shape (...), from 0.
        length: Frames of each crop, integers of shape (...), from 1; start + length <= T.
        frames: Frames to resample to, at least 1.

    Returns:
        Clips of shape (..., C, frames, V, M).

    Raises:
        ValueError: The shapes do not match or `frames` is below 1.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021, "temporal crop-resize".

    Example:
        >>> x = torch.arange(6.0).reshape(1, 6, 1, 1)
        >>> crop_resize(x, torch.tensor(1), torch.tensor(4), 2).flatten()
        tensor([1.5000, 3.5000])
    """
    x = _checks.clips(x)
    _checks.positive_int("frames", frames)
    _checks.params(x, start=(start, ()), length=(length, ()))
    # Positions in float32 whatever the dtype of x: half precision cannot tell 300 frames apart.
    step = torch.arange(frames, device=x.device) + 0.5
    last = rearrange(length - 1, "... -> ... 1")
    position = step * (length / frames).float()[..., None] - 0.5
    position = torch.minimum(position.clamp(min=0), last)
    before = position.floor().long()
    after = torch.minimum(before + 1, last)
    weight = rearrange((position - before).to(x.dtype), "... t -> ... 1 t 1 1")
    first = rearrange(start, "... -> ... 1")
    return torch.lerp(_take_frames(x, first + before), _take_frames(x, first + after), weight)


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


def _take_frames(x: Tensor, index: Tensor) -> Tensor:
    """Gather frames (..., F) of clips; one row of V x M numbers is one memory read."""
    *batch, C, T, V, M = x.shape
    N, F = math.prod(batch), index.shape[-1]
    rows = x.reshape(N * C * T, V * M)
    first = torch.arange(N * C, device=x.device).reshape(N, C, 1) * T
    chosen = (first + index.reshape(N, 1, F)).flatten()
    return rows.index_select(0, chosen).reshape(*batch, C, F, V, M)
