"""Noise in proportion to how fast joints move."""

from __future__ import annotations

from math import log

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from skelter import _checks
from skelter.layouts import SkeletonLayout, check_layout, map_positions
from skelter.transforms.kinds._base import Transform
from skelter.transforms.kinds._positions import presence, say_layout
from skelter.transforms.noise._gaussian import NoiseParams, add_noise
from skelter.transforms.noise._strength import (
    Strength,
    draw_noise,
    say_strength,
    strength_range,
)
from skelter.typing import ClipShape

MOST = 10.0  # times the noise of a joint that moves as the average


def motion_weights(x: Tensor, unit: float = 1.0) -> Tensor:
    """Return how much more a joint moves than the others of its frame, as a factor.

    The factor is ``exp(s - mean(s))`` with s the squared length of the step from the frame
    before, 0 in the first frame. The mean is over the joints and persons of the frame that are
    there. No factor is above 10. A joint that has just appeared does not move.
    The factors are constants to gradients.

    Args:
        x: Clips of shape (..., C, T, V, M), all of whose channels are positions.
        unit: Steps are counted in this length. In metres, 1 makes all factors nearly 1.

    Returns:
        Factors of shape (..., 1, T, V, M), float32 or wider.

    Example:
        >>> x = torch.zeros(1, 2, 2, 1)
        >>> x[0, :, :, 0] = torch.tensor([[1.0, 1.0], [1.0, 3.0]])  # one joint moves by 2
        >>> motion_weights(x)[0, 1, :, 0].log()
        tensor([-2.,  2.])
    """
    x = _checks.clips(x)
    p = x.detach().to(torch.promote_types(x.dtype, torch.float32))
    there = presence(p)
    square = p.diff(dim=-3).square_().sum(-4, keepdim=True)
    square = square / unit**2 * there[..., 1:, :, :] * there[..., :-1, :, :]
    square = F.pad(square, (0, 0, 0, 0, 1, 0))
    count = there.sum((-2, -1), keepdim=True).clamp(min=1)
    mean = square.sum((-2, -1), keepdim=True) / count
    return (square - mean).clamp(max=log(MOST)).exp()


class MotionNoise(Transform[NoiseParams]):
    """Add more noise to joints that move more than the others of their frame.

    A joint gets noise from N(0, std) times ``exp(s - mean(s))``, with s the squared length of its
    step from the frame before, and at most ten times as much as the average; see
    `functional.motion_weights`. Missing joints and persons stay zero. The factor is a constant to
    gradients.

    Args:
        std: The standard deviation of a joint that moves as much as the average, in the unit of
            the clips, from 0. A range (from, to) draws that of each clip from U(from, to).
        unit: The length in which steps are counted, above 0. The original has 1, which makes no
            difference between joints of clips in metres: they move a few centimetres a frame.
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    Raises:
        TypeError: `std` or `unit` is not a number, or `layout` not a layout.
        ValueError: `std` is negative or `unit` not above 0. In a call: clips have other than 2 or
            3 channels without a layout.

    References:
        Wu et al., ECCV 2024 (MacDiff): the released code, "motion noise", std 0.05.

    Example:
        >>> x = torch.randn(8, 3, 40, 25, 2)
        >>> MotionNoise(0.05, unit=2.0)(x).shape
        torch.Size([8, 3, 40, 25, 2])
    """

    def __init__(
        self, std: Strength = 0.05, unit: float = 1.0, *, layout: SkeletonLayout | None = None
    ) -> None:
        super().__init__()
        _checks.positive("unit", unit)
        self.std = strength_range("std", std)
        self.unit = float(unit)
        self.layout = None if layout is None else check_layout(layout)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> NoiseParams:
        """Draw the noise of each clip, as if all joints moved alike."""
        shape = (_checks.positions(x, self.layout), *x.shape[-3:])
        return NoiseParams(draw_noise(shape, self.std, x, generator))

    def transform(self, x: Tensor, params: NoiseParams) -> Tensor:
        """Weigh the noise by motion and add it."""

        def add_weighed(positions: Tensor) -> Tensor:
            weights = motion_weights(positions, self.unit)
            return add_noise(positions, params.noise, weights)

        return map_positions(add_weighed, x, self.layout)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"std={say_strength(self.std)}, unit={self.unit}{say_layout(self.layout)}"
