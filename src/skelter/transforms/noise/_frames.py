"""Noise on some of the frames."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.layouts import SkeletonLayout, check_layout, map_positions
from skelter.transforms.kinds._amounts import count_of, share_or_count
from skelter.transforms.kinds._base import Transform
from skelter.transforms.kinds._numbers import as_tensor, uniform
from skelter.transforms.kinds._positions import say_layout
from skelter.transforms.noise._gaussian import add_noise_at
from skelter.transforms.noise._strength import (
    Strength,
    draw_noise,
    say_strength,
    strength_range,
)
from skelter.typing import ClipShape


def add_noise_to_frames(x: Tensor, frames: Tensor, noise: Tensor) -> Tensor:
    """Add noise to some frames, to joints that are there, and keep the others bit-equal.

    Args:
        x: Clips of shape (..., C, T, V, M), all of whose channels are positions.
        frames: Numbers of k different frames, int64 of shape (..., k).
        noise: What is added to them, in the order of `frames`, shape (..., C, k, V, M).

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    Example:
        >>> x, noise = torch.ones(2, 3, 4, 1), torch.full((2, 1, 4, 1), 0.5)
        >>> add_noise_to_frames(x, torch.tensor([2]), noise)[0, :, 0, 0]
        tensor([1.0000, 1.0000, 1.5000])
    """
    x, frames, noise = _checks.clips(x), as_tensor(frames), as_tensor(noise)
    C, _, V, M = x.shape[-4:]
    count = frames.shape[-1]
    _checks.params(x, frames=(frames, (count,)), noise=(noise, (C, count, V, M)))
    return add_noise_at(x, -3, frames, noise)


@dataclass(frozen=True, eq=False)
class FrameNoiseParams:
    """Draws of `FrameNoise`: ``frames`` (..., k) int64, and their ``noise`` (..., C, k, V, M).

    The noise is zero for the last ones of a clip that has fewer valid frames to choose.
    """

    frames: Tensor
    noise: Tensor


class FrameNoise(Transform[FrameNoiseParams]):
    """Add Gaussian noise to some of the valid frames, the same ones for all persons.

    The frames are chosen without replacement. Every value of theirs has a draw of its own.
    Missing joints and persons stay zero, and so does padding.

    Args:
        std: The standard deviation, in the unit of the clips, from 0. A range (from, to) draws
            the deviation of each clip from U(from, to).
        frames: How many: a share of the valid frames of each clip in (0, 1] as a float, rounded,
            or a count as an integer. A clip of fewer valid frames gets noise on all of them.
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    Raises:
        TypeError: `std` or `frames` is not a number, or `layout` not a layout.
        ValueError: `std` is negative or the share lies outside (0, 1]. In a call: clips have
            other than 2 or 3 channels without a layout.

    References:
        Wu et al., ECCV 2024 (MacDiff): the released code, "frame noise".

    Example:
        >>> x = torch.ones(2, 3, 40, 17, 2)
        >>> y = FrameNoise(0.05, frames=0.2)(x, num_frames=torch.tensor([40, 10]))
        >>> (y != x).any(1).any(-1).any(-1).sum(-1)
        tensor([8, 2])
    """

    def __init__(
        self, std: Strength = 0.05, frames: float = 0.2, *, layout: SkeletonLayout | None = None
    ) -> None:
        super().__init__()
        self.std = strength_range("std", std)
        self.frames = share_or_count("frames", frames)
        self.layout = None if layout is None else check_layout(layout)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> FrameNoiseParams:
        """Draw frames of each clip and their noise."""
        C, (T, V, M) = _checks.positions(x, self.layout), x.shape[-3:]
        valid = _checks.frame_counts(num_frames, x)[..., None]
        most = count_of("frames", min(self.frames, T), T)
        padding = torch.arange(T, device=x.device) >= valid
        order = uniform((*x.shape[:-4], T), x, generator) + padding  # behind all valid frames
        frames = order.topk(most, largest=False).indices
        noise = draw_noise((C, most, V, M), self.std, x, generator)
        chosen = torch.arange(most, device=x.device) < self._count(valid)
        return FrameNoiseParams(frames, noise * chosen[..., None, :, None, None])

    def transform(self, x: Tensor, params: FrameNoiseParams) -> Tensor:
        """Add the noise to the frames."""
        add = partial(add_noise_to_frames, frames=params.frames, noise=params.noise)
        return map_positions(add, x, self.layout)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"std={say_strength(self.std)}, frames={self.frames}{say_layout(self.layout)}"

    def _count(self, valid: Tensor) -> Tensor:
        """Return how many of the valid frames of each clip get noise, as `count_of` does."""
        if isinstance(self.frames, float):
            return (self.frames * valid.double()).round().clamp(min=1)
        return valid.clamp(max=self.frames)
