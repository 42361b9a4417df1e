"""Noise in proportion to the size of the body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.layouts import SkeletonLayout, check_layout, map_positions
from skelter.transforms.kinds._base import Transform
from skelter.transforms.kinds._numbers import uniform
from skelter.transforms.kinds._positions import presence, say_layout
from skelter.transforms.noise._gaussian import add_noise, axes_shared, sizes_of
from skelter.transforms.noise._strength import (
    Strength,
    draw_noise,
    say_strength,
    strength_range,
)
from skelter.typing import ClipShape

SMALLEST = 1e-12  # squared length of a direction: three draws of 0.5 have none


def box_diagonal(x: Tensor, box: str = "frame") -> Tensor:
    """Return the diagonal of the box around joints that are there, 0 where there are none.

    It is a constant to gradients.

    Args:
        x: Clips of shape (..., C, T, V, M), all of whose channels are positions.
        box: "frame" for one box for each person and frame, "clip" for one around all of them.

    Returns:
        Diagonals of shape (..., 1, T, 1, M), or (..., 1, 1, 1, 1) for the whole clip, float32 or
        wider.

    Raises:
        ValueError: `box` is another word.

    Example:
        >>> x = torch.tensor([[1.0, 0.0, 4.0], [1.0, 0.0, 5.0]]).reshape(2, 1, 3, 1)
        >>> box_diagonal(x).flatten()  # the joint in the middle is missing
        tensor([5.])
    """
    x = _checks.clips(x)
    _checks.choice("box", box, ("frame", "clip"))
    p = x.detach().to(torch.promote_types(x.dtype, torch.float32))
    axes = (-2,) if box == "frame" else (-3, -2, -1)
    away = presence(p).reciprocal() - 1  # 0 where a joint is there, infinite where it is missing
    high, low = (p - away).amax(axes, keepdim=True), (p + away).amin(axes, keepdim=True)
    return (high - low).clamp(min=0).square().sum(-4, keepdim=True).sqrt()


@dataclass(frozen=True, eq=False)
class BoxNoiseParams:
    """Draws of `BoxNoise`, of size 1 along the axes that share them.

    ``direction`` (..., C, T, V, M) is from the cube [-1, 1]^C, ``length`` (..., 1, T, V, M) counts
    in diagonals of the box.
    """

    direction: Tensor
    length: Tensor


class BoxNoise(Transform[BoxNoiseParams]):
    """Move every joint by a random length in proportion to the size of the body.

    The length is from N(0, std) times the diagonal of the box around the body, so that one `std`
    suits metres and pixels. The direction is uniform in the cube [-1, 1]^C and then brought to
    length 1, so that diagonals are a little more frequent. The box is around joints that are
    there. Missing joints and persons stay zero. The size is a constant to gradients.

    Args:
        std: The standard deviation as a share of the diagonal, from 0. A range (from, to) draws
            that of each clip from U(from, to).
        box: "frame" for the box of each person in each frame, "clip" for one box around all
            persons in all frames.
        shared: The axes along which all get the same direction and length: "frames", "joints" or
            "persons", or several of them.
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    Raises:
        TypeError: `std` is not a number or a pair of them, or `layout` not a layout.
        ValueError: `std` is negative, `box` or `shared` is another word. In a call: clips have
            other than 2 or 3 channels without a layout.

    References:
        Duan et al., ACM MM 2022 (PYSKL), "RandomGaussianNoise", whose `shared` is
        ``shared=("frames", "persons")`` here and whose base "video" is ``box="clip"``.

    Example:
        >>> noise, pixels = BoxNoise(0.02), 1000 * torch.randn(2, 30, 17, 1)
        >>> params = noise.sample(pixels)
        >>> small, large = (noise(x, params=params) for x in (pixels / 1000, pixels))
        >>> torch.allclose(small, large / 1000, atol=1e-4)
        True
    """

    def __init__(
        self,
        std: Strength = 0.01,
        box: str = "frame",
        *,
        shared: str | Sequence[str] = (),
        layout: SkeletonLayout | None = None,
    ) -> None:
        super().__init__()
        _checks.choice("box", box, ("frame", "clip"))
        self.std = strength_range("std", std)
        self.box = box
        self.shared = axes_shared(shared)
        self.layout = None if layout is None else check_layout(layout)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> BoxNoiseParams:
        """Draw a direction and a length for every joint."""
        sizes, C = sizes_of(x, self.shared), _checks.positions(x, self.layout)
        length = draw_noise((1, *sizes), self.std, x, generator)
        direction = uniform((*x.shape[:-4], C, *sizes), x, generator)
        return BoxNoiseParams(direction.mul_(2).sub_(1), length)

    def transform(self, x: Tensor, params: BoxNoiseParams) -> Tensor:
        """Move the joints."""

        def move(positions: Tensor) -> Tensor:
            size = box_diagonal(positions, self.box)
            square = params.direction.square().sum(-4, keepdim=True)
            scale = params.length * square.clamp(min=SMALLEST).rsqrt() * size
            return add_noise(positions, params.direction, scale)

        return map_positions(move, x, self.layout)

    def extra_repr(self) -> str:
        """Name the arguments."""
        box = f"box={self.box!r}, shared={self.shared}"
        return f"std={say_strength(self.std)}, {box}{say_layout(self.layout)}"
