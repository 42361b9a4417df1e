"""Gaussian blur along time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.layouts import SkeletonLayout, check_layout, map_positions
from skelter.transforms.kinds._base import Transform
from skelter.transforms.kinds._numbers import as_tensor
from skelter.transforms.kinds._positions import say_layout
from skelter.transforms.noise._filter import clamp_counts, frames_there, weigh_frames
from skelter.transforms.noise._strength import (
    Strength,
    draw_strength,
    say_strength,
    strength_range,
)
from skelter.typing import ClipShape

SMALLEST = -60.0  # exponent: smaller weights change nothing, and processors are slow with them


def temporal_blur(
    x: Tensor,
    sigma: Tensor,
    num_frames: Tensor | None = None,
    *,
    radius: int = 7,
    normalise: bool = True,
) -> Tensor:
    """Blur clips along time by a Gaussian kernel, ``exp(-k^2 / (2 sigma^2))`` at k frames away.

    Every coordinate of a joint becomes the weighted mean of the frames around it where the joint
    is there. A joint that is missing in a frame, all zeros, counts for nothing and stays zero, and
    so do the frames outside the clip: a body at rest stays where it is, up to the first and the
    last frame.

    Args:
        x: Clips of shape (..., C, T, V, M), all of whose channels are positions.
        sigma: Standard deviation of the kernel in frames, above 0, shape (...).
        num_frames: Valid frames of each clip, integers of shape (...). None counts all of them.
        radius: Frames of the kernel on each side.
        normalise: Take means, as above. False takes plain sums, as the original does: missing
            frames count as zeros, and clips grow by up to the sum of the kernel, which is 5 at
            sigma 2.

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match or `radius` is below 1.

    References:
        Guo et al., AAAI 2022 (AimCLR), "Gaussian blur".

    Example:
        >>> x = torch.tensor([2.0, 2.0, 2.0, 0.0]).reshape(1, 4, 1, 1)
        >>> temporal_blur(x, torch.tensor(1.5)).flatten()
        tensor([2., 2., 2., 0.])
    """
    x, sigma = _checks.clips(x), as_tensor(sigma)
    _checks.params(x, sigma=(sigma, ()))
    _checks.positive_int("radius", radius)
    valid, T = clamp_counts(num_frames, x), x.shape[-3]
    p = x.to(torch.promote_types(x.dtype, torch.float32))
    offsets = torch.arange(-radius, radius + 1, device=x.device)
    exponent = -0.5 * (offsets / sigma.to(p.dtype)[..., None]).square()
    kernel = exponent.clamp(min=SMALLEST).exp()
    frames = torch.arange(T, device=x.device)[:, None] + offsets
    inside = (frames >= 0) & (frames < valid[..., None, None])
    weights = kernel[..., None, :] * inside
    frames = frames.clamp(0, T - 1).expand(weights.shape)
    there = frames_there(p, valid)
    scale = there
    if normalise:  # the kernel is 1 in its middle, so that no sum of a joint that is there is less
        scale = there / weigh_frames(there, frames, weights).clamp(min=1)
    return weigh_frames(p, frames, weights).mul_(scale).to(x.dtype)


@dataclass(frozen=True, eq=False)
class TemporalBlurParams:
    """Draws of `TemporalBlur`: ``sigma`` (...) in frames, and the ``num_frames`` (...) of clips."""

    sigma: Tensor
    num_frames: Tensor


class TemporalBlur(Transform[TemporalBlurParams]):
    """Blur clips along time by a Gaussian kernel of random width.

    sigma ~ U(sigma) for each clip, in frames. Positions become weighted means over the frames
    where the joint is there; see `functional.temporal_blur`. Missing joints and persons stay zero,
    and so does padding.

    Args:
        sigma: Smallest and largest standard deviation in frames, above 0. One number is that of
            every clip.
        radius: Frames of the kernel on each side. The original has 7.
        normalise: Take means. False takes plain sums, as the original does, which makes clips up
            to 5 times as large, 2.7 times on average, and lets them shrink towards their ends.
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    Raises:
        TypeError: `sigma` is not a number or a pair of them, or `layout` not a layout.
        ValueError: `sigma` is not above 0 or `radius` below 1. In a call: clips have other than 2
            or 3 channels without a layout.

    References:
        Guo et al., AAAI 2022 (AimCLR), "Gaussian blur", for half of the clips.

    Example:
        >>> blur, still = TemporalBlur(), torch.randn(3, 1, 25, 2).expand(3, 40, 25, 2)
        >>> torch.allclose(blur(still), still, atol=1e-5)
        True
    """

    def __init__(
        self,
        sigma: Strength = (0.1, 2.0),
        radius: int = 7,
        *,
        normalise: bool = True,
        layout: SkeletonLayout | None = None,
    ) -> None:
        super().__init__()
        self.sigma = strength_range("sigma", sigma)
        _checks.positive("sigma", self.sigma[0])
        _checks.positive_int("radius", radius)
        self.radius = radius
        self.normalise = normalise
        self.layout = None if layout is None else check_layout(layout)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> TemporalBlurParams:
        """Draw the width of each kernel."""
        _checks.positions(x, self.layout)
        sigma = draw_strength(self.sigma, x, generator).reshape(x.shape[:-4])
        return TemporalBlurParams(sigma, _checks.frame_counts(num_frames, x))

    def transform(self, x: Tensor, params: TemporalBlurParams) -> Tensor:
        """Blur."""
        blur = partial(
            temporal_blur,
            sigma=params.sigma,
            num_frames=params.num_frames,
            radius=self.radius,
            normalise=self.normalise,
        )
        return map_positions(blur, x, self.layout)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return (
            f"sigma={say_strength(self.sigma)}, radius={self.radius}, normalise={self.normalise}"
            f"{say_layout(self.layout)}"
        )
