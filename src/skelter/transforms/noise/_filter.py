"""Filters along time: every output frame is a weighted sum of frames around it."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from skelter import _checks
from skelter.transforms.kinds._numbers import as_tensor
from skelter.transforms.kinds._positions import presence


def weigh_frames(x: Tensor, frames: Tensor, weights: Tensor) -> Tensor:
    """Return weighted sums of frames.

    Output frame t is the sum over k of ``weights[t, k] * x[frames[t, k]]``. All coordinates,
    joints and persons of a clip are filtered alike.

    Args:
        x: Clips of shape (..., C, T, V, M).
        frames: Which K frames each output frame is made of, int64 of shape (..., T', K), from 0
            to T - 1.
        weights: Their weights, of the same shape.

    Returns:
        Clips of shape (..., C, T', V, M).

    Raises:
        ValueError: The shapes do not match.

    Example:
        >>> x = torch.tensor([1.0, 2.0, 6.0]).reshape(1, 3, 1, 1)
        >>> pairs, half = torch.tensor([[0, 1], [1, 2]]), torch.full((2, 2), 0.5)
        >>> weigh_frames(x, pairs, half).flatten()
        tensor([1.5000, 4.0000])
    """
    x = _checks.clips(x)
    *batch, C, T, V, M = x.shape
    rows, K = frames.shape[-2:]
    _checks.params(x, frames=(frames, (rows, K)), weights=(weights, (rows, K)))
    dtype = torch.promote_types(x.dtype, torch.float32)
    table = x.to(dtype).reshape(-1, V * M)  # a row is a clip, coordinate and frame
    start = torch.arange(0, len(table), T, device=x.device).view(*batch, C, 1, 1)
    index = start + frames.unsqueeze(-3)
    # One pass over memory: an embedding bag gathers, weighs and adds.
    weights = weights.to(dtype).unsqueeze(-3).expand(index.shape)
    mixed = F.embedding_bag(
        index.view(-1, K), table, per_sample_weights=weights.reshape(-1, K), mode="sum"
    )
    return mixed.view(*batch, C, rows, V, M).to(x.dtype)


def clamp_counts(num_frames: Tensor | None, x: Tensor) -> Tensor:
    """Return the valid frames of clips, held within them, without a look at values."""
    T = x.shape[-3]
    if num_frames is None:
        return torch.full(x.shape[:-4], T, device=x.device)
    counts = as_tensor(num_frames)
    _checks.params(x, num_frames=(counts, ()))
    return counts.clamp(1, T)


def frames_there(x: Tensor, num_frames: Tensor) -> Tensor:
    """Return 1 for joints that are there in valid frames and 0 elsewhere, (..., 1, T, V, M)."""
    time = torch.arange(x.shape[-3], device=x.device)
    valid = time < num_frames[..., None]
    return presence(x) * valid[..., None, :, None, None].to(x.dtype)
