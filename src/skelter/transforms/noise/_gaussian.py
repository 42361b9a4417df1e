"""Gaussian noise, for every value or shared along axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.layouts import SkeletonLayout, check_layout, map_positions
from skelter.transforms.kinds._base import Transform
from skelter.transforms.kinds._numbers import as_tensor
from skelter.transforms.kinds._positions import presence, say_layout
from skelter.transforms.noise._strength import (
    Strength,
    draw_noise,
    say_strength,
    strength_range,
)
from skelter.typing import ClipShape

AXES = ("frames", "joints", "persons")


def add_noise(x: Tensor, noise: Tensor, scale: Tensor | None = None) -> Tensor:
    """Add noise to joints that are there. Missing ones, those that are all zeros, stay zero.

    Args:
        x: Clips of shape (..., C, T, V, M), all of whose channels are positions.
        noise: What is added, of the same shape. Axes of size 1 behind the batch axes give all
            frames, joints or persons the same.
        scale: What the noise is multiplied by, of a shape that broadcasts to (..., 1, T, V, M).

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    Example:
        >>> x = torch.tensor([0.0, 2.0]).reshape(1, 1, 2, 1)  # the first joint is missing
        >>> add_noise(x, torch.full((1, 1, 1, 1), 0.5)).flatten()
        tensor([0.0000, 2.5000])
    """
    x, noise = _checks.clips(x), as_tensor(noise)
    sizes = zip(noise.shape[-4:], x.shape[-4:], strict=False)
    _checks.params(x, noise=(noise, tuple(1 if size == 1 else full for size, full in sizes)))
    dtype = torch.promote_types(x.dtype, torch.float32)
    there = presence(x).to(dtype)
    there = there if scale is None else there * scale
    return torch.addcmul(x.to(dtype), noise.to(dtype), there.to(dtype)).to(x.dtype)


@dataclass(frozen=True, eq=False)
class NoiseParams:
    """Draws of noise: ``noise`` (..., C, T, V, M), of size 1 along the axes that share it."""

    noise: Tensor


class GaussianNoise(Transform[NoiseParams]):
    """Add noise from N(0, std) to the positions of joints that are there.

    Every value has a draw of its own, unless axes share one. Shared by the frames, it is a
    constant offset of each joint: the same movement by a body of another posture. Shared by the
    joints, the whole body trembles from frame to frame. Missing joints and persons stay zero, and
    so does padding.

    Args:
        std: The standard deviation, in the unit of the clips, from 0. A range (from, to) draws
            the deviation of each clip from U(from, to).
        shared: The axes along which all get the same noise: "frames", "joints" or "persons", or
            several of them.
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    Raises:
        TypeError: `std` is not a number or a pair of them, or `layout` not a layout.
        ValueError: `std` is negative, or `shared` names another axis. In a call: clips have other
            than 2 or 3 channels without a layout.

    References:
        Guo et al., AAAI 2022 (AimCLR), "Gaussian noise": std 0.01, for half of the clips.

    Example:
        >>> x = torch.randn(8, 3, 40, 25, 2)
        >>> offset = GaussianNoise((0, 0.05), shared="frames")(x) - x
        >>> bool((offset - offset[:, :, :1]).abs().max() < 1e-5)
        True
    """

    def __init__(
        self,
        std: Strength = 0.01,
        *,
        shared: str | Sequence[str] = (),
        layout: SkeletonLayout | None = None,
    ) -> None:
        super().__init__()
        self.std = strength_range("std", std)
        self.shared = axes_shared(shared)
        self.layout = None if layout is None else check_layout(layout)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> NoiseParams:
        """Draw the noise of each clip."""
        shape = (_checks.positions(x, self.layout), *sizes_of(x, self.shared))
        return NoiseParams(draw_noise(shape, self.std, x, generator))

    def transform(self, x: Tensor, params: NoiseParams) -> Tensor:
        """Add the noise."""
        return map_positions(partial(add_noise, noise=params.noise), x, self.layout)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"std={say_strength(self.std)}, shared={self.shared}{say_layout(self.layout)}"


def axes_shared(shared: str | Sequence[str]) -> tuple[str, ...]:
    """Return the names of axes along which noise is the same, one or several."""
    names = (shared,) if isinstance(shared, str) else tuple(shared)
    for name in names:
        _checks.choice("shared", name, AXES)
    return names


def sizes_of(x: ClipShape, shared: Sequence[str]) -> tuple[int, ...]:
    """Return the sizes of the axes T, V, M, 1 for those that share noise."""
    sizes = zip(AXES, x.shape[-3:], strict=True)
    return tuple(1 if name in shared else size for name, size in sizes)


def add_noise_at(x: Tensor, axis: int, chosen: Tensor, noise: Tensor) -> Tensor:
    """Add noise to some of an axis T or V, whose numbers are (..., k), where joints are there."""
    if chosen.ndim == 1:  # one clip: whole frames are faster to read than single values
        return x.index_copy(axis, chosen, add_noise(x.index_select(axis, chosen), noise))
    index = chosen[..., None, None, None].transpose(-4, axis).expand(noise.shape)
    return x.scatter(axis, index, add_noise(x.gather(axis, index), noise))
