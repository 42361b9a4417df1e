"""Pure maps of the time axis."""

from __future__ import annotations

import torch
from einops import rearrange
from torch import Tensor
from torch.nn import functional as F

from skelter import _checks
from skelter._ragged import RaggedClips


def crop_resize(x: Tensor | RaggedClips, start: Tensor, length: Tensor, frames: int) -> Tensor:
    """Cut ``length`` frames from ``start`` on and resample them linearly to ``frames``.

    Output frame j reads the position ``(j + 0.5) * length / frames - 0.5`` within the crop, held
    inside it at both ends (half-pixel centres, ``align_corners=False``). A crop of ``frames``
    frames is returned bit-equal.

    Args:
        x: Clips of shape (..., C, T, V, M), or ragged ones, of which nothing but the two
            neighbours of every output frame is read.
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
    _checks.positive_int("frames", frames)
    if isinstance(x, RaggedClips):
        # The starts of ragged clips have their batch axis; their padded shape differs every time.
        _checks.params(x.starts[:, None, None, None, None], start=(start, ()), length=(length, ()))
    else:
        x = _checks.clips(x)
        _checks.params(x, start=(start, ()), length=(length, ()))
    # Positions in float32 whatever the dtype of x: half precision cannot tell 300 frames apart.
    step = torch.arange(frames, device=x.device) + 0.5
    position = (step * (length / frames).float()[..., None] - 0.5).clamp(min=0)
    position = torch.minimum(position, rearrange(length - 1, "... -> ... 1"))
    whole = position.floor()
    before = rearrange(start, "... -> ... 1") + whole.long()
    weight = position - whole
    if isinstance(x, RaggedClips):
        return x.clips_of(_blend(x.rows, x.starts[:, None] + before, weight))
    *batch, C, T, V, M = x.shape
    rows = x.reshape(-1, V * M)  # one a clip, coordinate and frame
    first = torch.arange(0, len(rows), T, device=x.device).view(*batch, C, 1)
    weight = weight[..., None, :].expand(*batch, C, frames)
    mixed = _blend(rows, first + before[..., None, :], weight).to(x.dtype)
    return mixed.view(*batch, C, frames, V, M)


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


def _blend(rows: Tensor, before: Tensor, weight: Tensor) -> Tensor:
    """Mix rows (R, W) with those behind them: (1 - weight) * row + weight * next, (..., W).

    In float32 or wider.
    """
    after = before + (weight > 0)  # nothing is read behind the last frame
    if rows.dtype in (torch.float32, torch.float64):
        index = torch.stack([before, after], -1).view(-1, 2)
        share = torch.stack([1 - weight, weight], -1).view(-1, 2).to(rows.dtype)
        # One pass over memory: an embedding bag gathers, weighs and adds.
        mixed = F.embedding_bag(index, rows, per_sample_weights=share, mode="sum")
        return mixed.view(*before.shape, rows.shape[1])
    first, second = (rows.index_select(0, index.flatten()).float() for index in (before, after))
    mixed = torch.lerp(first, second, weight.reshape(-1, 1))
    return mixed.view(*before.shape, rows.shape[1])
