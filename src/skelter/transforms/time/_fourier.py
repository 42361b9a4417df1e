"""Resampling by the Fourier transform."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi
from typing import cast

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from skelter import _checks
from skelter._precision import outside_autocast
from skelter.transforms.kinds._base import Transform
from skelter.transforms.kinds._frame_map import read_frames
from skelter.transforms.kinds._numbers import CPU, as_tensor
from skelter.transforms.kinds._positions import presence
from skelter.transforms.time._frames import below, draw_frames
from skelter.transforms.time._speed import SpeedParams
from skelter.typing import ClipShape

RATES = (0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3)
ROUNDING = 1e-9  # 0.7 * 30 frames are 21


@outside_autocast
def resample_fourier(
    x: Tensor, length: Tensor, frames: int, num_frames: Tensor | None = None
) -> Tensor:
    """Resample the valid frames of clips to another length by their Fourier transform.

    The frequencies that both lengths can hold are kept, and the clip is taken for periodic: where
    its ends differ, the result swings there. A joint that is missing, all zeros, in the nearest
    frame is missing in the output.

    Args:
        x: Clips of shape (..., C, T, V, M).
        length: Frames that the valid frames are resampled to, integers of shape (...), from 1.
        frames: Frames of the output: longer clips are cut, shorter ones padded with zeros.
        num_frames: Valid frames of each clip, integers of shape (...). None counts all of them.

    Returns:
        Clips of shape (..., C, frames, V, M).

    Raises:
        ValueError: The shapes do not match or `frames` is below 1.

    Example:
        >>> time = torch.arange(30.0)
        >>> x = (2 * pi * time / 30).sin().reshape(1, 30, 1, 1) + 2
        >>> y = resample_fourier(x, torch.tensor(20), 20).flatten()
        >>> torch.allclose(y, (2 * pi * time[:20] / 20).sin() + 2, atol=1e-5)
        True
    """
    _checks.positive_int("frames", frames)
    x, length = _checks.clips(x), as_tensor(length)
    _checks.params(x, length=(length, ()))
    if num_frames is None:
        valid = torch.full_like(length, x.shape[-3])
    else:
        valid = as_tensor(num_frames)
        _checks.params(x, num_frames=(valid, ()))
    p = x.to(torch.promote_types(x.dtype, torch.float32))
    resampled = _resample(p, length, valid, frames)
    time = torch.arange(frames, device=x.device)
    nearest = (time * valid[..., None] * 2 + length[..., None]) // (2 * length[..., None])
    nearest = torch.minimum(nearest, valid[..., None] - 1)
    there = read_frames(presence(p), nearest) * (time < length[..., None])[..., None, :, None, None]
    return (resampled * there).to(x.dtype)


class FourierResample(Transform[SpeedParams]):
    """Resample clips to another length by their Fourier transform, at a random rate.

    The n valid frames become ``floor(n r)``, at least 1, with r one of `rates`, each with the same
    chance. The output has as many frames as the largest rate needs, with zeros behind shorter
    results, and `with_num_frames` tells how many are valid. The clip is taken for periodic: where
    its ends differ, the result swings there. `Speed` resamples linearly.

    Args:
        rates: The ratios of the new length to the old, above 0.

    Raises:
        TypeError: A rate is not a number.
        ValueError: There is none, or one is not above 0.

    References:
        Franco et al., ICLR 2023 (HYSP): the released code, "resample".

    Example:
        >>> y, n = FourierResample([0.8]).with_num_frames(torch.randn(3, 50, 25, 2))
        >>> y.shape, int(n)
        (torch.Size([3, 40, 25, 2]), 40)
    """

    def __init__(self, rates: Sequence[float] = RATES) -> None:
        super().__init__()
        listed = rates if isinstance(rates, Sequence) else (rates,)
        _checks.require(len(listed) > 0, "`rates`", "hold at least one ratio", "none")
        for rate in listed:
            _checks.positive("rates", rate)
        self.rates = [float(rate) for rate in listed]

    def output_shape(self, shape: torch.Size) -> torch.Size:
        """Return the shape that clips of a shape (..., C, T, V, M) have afterwards."""
        longest = max(1, int(shape[-3] * max(self.rates) + ROUNDING))
        return torch.Size((*shape[:-3], longest, *shape[-2:]))

    def output_num_frames(
        self, x: ClipShape, params: SpeedParams, *, num_frames: Tensor | None = None
    ) -> Tensor:
        """Return the new length of each clip."""
        return as_tensor(params.length)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> SpeedParams:
        """Draw the new length of each clip."""
        valid, (draws,) = draw_frames(x, num_frames, generator, ())
        draws = as_tensor(draws)
        rates = torch.tensor(self.rates, dtype=torch.float64, device=draws.device)
        length = (as_tensor(valid) * rates[below(draws, len(rates))] + ROUNDING).long()
        return SpeedParams(length.clamp(min=1), as_tensor(valid))

    def transform(self, x: Tensor, params: SpeedParams) -> Tensor:
        """Resample each clip to its new length."""
        frames = self.output_shape(x.shape)[-3]
        return resample_fourier(x, params.length, frames, params.num_frames)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"rates={self.rates}"


def _resample(x: Tensor, length: Tensor, valid: Tensor, frames: int) -> Tensor:
    """Resample clips one by one where counts can be read for free, and else by one product."""
    lengths = _readable(length) if x.device == CPU and not torch.compiler.is_compiling() else None
    counts = None if lengths is None else _readable(valid)
    if not lengths or not counts:
        weights = _weights(length[..., None], valid[..., None], frames, x.shape[-3]).to(x.dtype)
        return (weights.unsqueeze(-3) @ x.flatten(-2)).view(*x.shape[:-3], frames, *x.shape[-2:])
    every = zip(x.reshape(-1, *x.shape[-4:]), lengths, counts, strict=True)
    resampled = [_resample_one(clip[:, :n], to)[:, :frames] for clip, to, n in every]
    padded = [F.pad(clip, (0, 0, 0, 0, 0, frames - clip.shape[1])) for clip in resampled]
    return torch.stack(padded).view(*x.shape[:-3], frames, *x.shape[-2:])


def _readable(counts: Tensor) -> list[int] | None:
    """Return counts as integers, None within ``torch.func.vmap``."""
    try:
        return cast(list[int], counts.flatten().tolist())
    except RuntimeError:
        return None


def _resample_one(clip: Tensor, length: int) -> Tensor:
    """Resample all frames of a clip to another length."""
    n = clip.shape[1]
    spectrum = torch.fft.rfft(clip, dim=1, norm="forward")
    if length != n and min(length, n) % 2 == 0:
        # The highest frequency of the shorter clip is two of the longer, positive and negative.
        spectrum[:, min(length, n) // 2] *= 2.0 if length < n else 0.5
    resampled: Tensor = torch.fft.irfft(spectrum, length, dim=1, norm="forward")
    return resampled


def _weights(length: Tensor, valid: Tensor, frames: int, T: int) -> Tensor:
    """Return how much of each frame is in each output frame, float64 of shape (..., frames, T).

    With N the smaller of the lengths, these are the sums of ``cos(k angle)`` over all frequencies
    k below N / 2, positive and negative, and that of N / 2 itself where N is even.
    """
    device = length.device
    new, old = (torch.arange(count, device=device).double() for count in (frames, T))
    N = torch.minimum(length, valid)
    a, b = pi * new / length, pi * old / valid  # half the angles
    odd = (N - 1) // 2 * 2 + 1
    top = _sine_of_difference(a * odd, b * odd)
    bottom = _sine_of_difference(a, b)
    alike = bottom.abs() < ROUNDING
    kernel = torch.where(alike, odd[..., None].to(top), top / bottom.masked_fill(alike, 1.0))
    factor = (1 - N % 2) * (1 + (length < valid).long())
    highest = (a * N).cos()[..., :, None] * (b * N).cos()[..., None, :]
    weights = (kernel + factor[..., None] * highest) / valid[..., None]
    inside = (old < valid)[..., None, :] & (new < length)[..., :, None]
    return torch.where(inside, weights, 0.0)


def _sine_of_difference(a: Tensor, b: Tensor) -> Tensor:
    """Return sin(a - b) for all pairs, at the price of sines along the two axes."""
    a, b = a[..., :, None], b[..., None, :]
    return a.sin() * b.cos() - a.cos() * b.sin()
