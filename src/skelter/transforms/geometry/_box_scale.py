"""The box of the body, brought to the square from -1 to 1."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.layouts import SkeletonLayout, check_layout, map_positions
from skelter.transforms.kinds._base import Transform
from skelter.transforms.kinds._numbers import as_tensor, draw, number_between
from skelter.transforms.kinds._positions import presence, say_layout
from skelter.typing import ClipShape

FEWEST_JOINTS = 4


def box_scale(x: Tensor, factor: Tensor, present: Tensor | None = None) -> Tensor:
    """Bring the box of all joints of a clip to the middle of the cube from -1 to 1.

    The box spans all joints that are there, in all frames and of all persons. A square (in space a
    cube) about its middle has ``factor`` times the longest edge of the box as its edge. That
    becomes the cube from -1 to 1, and what lies outside is held at its sides. Joints that are not
    there become zeros, and so do clips with fewer than 4 joints that are there in all.

    Args:
        x: Clips of shape (..., C, T, V, M), all of whose channels are positions.
        factor: Edge of the square by the longest edge of the box, shape (...), above 0.
        present: The joints that are there, bool of shape (..., 1, T, V, M). None takes those that
            are not all zeros.

    Returns:
        Clips of the same shape, within [-1, 1].

    Raises:
        ValueError: The shapes do not match.

    References:
        Zhu et al., ICCV 2023 (MotionBERT), crop-scale of detected points.

    Example:
        >>> x = torch.tensor([2.0, 3.0, 4.0, 6.0]).reshape(1, 1, 4, 1)
        >>> box_scale(x, torch.tensor(1.0)).flatten()
        tensor([-1.0000, -0.5000,  0.0000,  1.0000])
    """
    x, factor = _checks.clips(x), as_tensor(factor)
    _checks.params(x, factor=(factor, ()))
    p = x.to(torch.promote_types(x.dtype, torch.float32))
    there = presence(x) > 0 if present is None else present
    low = torch.where(there, p, torch.inf).amin((-3, -2, -1), keepdim=True)
    high = torch.where(there, p, -torch.inf).amax((-3, -2, -1), keepdim=True)
    enough = there.sum((-3, -2, -1), keepdim=True) >= FEWEST_JOINTS
    low, high = torch.where(enough, low, 0.0), torch.where(enough, high, 0.0)
    side = (high - low).amax(-4, keepdim=True) * factor.to(p.dtype)[..., None, None, None, None]
    fits = enough & (side > 0)
    mapped = (2 * p - low - high) / torch.where(fits, side, 1.0)
    return torch.where(there & fits, mapped.clamp(-1.0, 1.0), 0.0).to(x.dtype)


@dataclass(frozen=True, eq=False)
class BoxScaleParams:
    """Draws of `BoxScale`: ``factor`` (...), the edge of the square by that of the box."""

    factor: Tensor


class BoxScale(Transform[BoxScaleParams]):
    """Bring the box of all joints to [-1, 1], with a margin that is drawn.

    See `functional.box_scale`. A joint is there where its position is not all zeros and, where the
    layout leaves a score behind the positions, the score is not zero.

    Args:
        factor: Smallest and largest edge of the square, by the longest edge of the box, above 0.
            MotionBERT trains with (1, 3) and tests with (2, 2).
        layout: The layout of the clips. The channel after its `dimensions` is a score, and is
            passed on. None takes all of 2 or 3 channels for positions.

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: `factor` is not two ordered numbers above 0. In a call: clips have other than
            2 or 3 channels without a layout.

    References:
        Zhu et al., ICCV 2023 (MotionBERT), crop-scale of detected points.

    Example:
        >>> BoxScale((1.0, 1.0))(960 + 300 * torch.randn(4, 2, 10, 17, 1)).abs().amax((1, 2, 3, 4))
        tensor([1., 1., 1., 1.])
    """

    def __init__(
        self, factor: tuple[float, float] = (1.0, 3.0), *, layout: SkeletonLayout | None = None
    ) -> None:
        super().__init__()
        self.factor = _checks.interval("factor", factor, 0.0, float("inf"))
        self.layout = None if layout is None else check_layout(layout)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> BoxScaleParams:
        """Draw the factor of each clip."""
        _checks.positions(x, self.layout)
        (draws,) = draw(x, generator, ())
        return BoxScaleParams(number_between(draws, self.factor))

    def transform(self, x: Tensor, params: BoxScaleParams) -> Tensor:
        """Map the box."""
        x = _checks.clips(x)
        size = _checks.positions(x, self.layout)
        there = presence(x[..., :size, :, :, :]) > 0
        if x.shape[-4] > size:
            there = there & (x[..., size : size + 1, :, :, :] != 0)
        scaled = partial(box_scale, factor=params.factor, present=there)
        return map_positions(scaled, x, self.layout)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"factor={self.factor}{say_layout(self.layout)}"
