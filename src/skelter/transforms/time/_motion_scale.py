"""Exaggerated or dampened motion from frame to frame."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.layouts import SkeletonLayout, check_layout, map_positions
from skelter.transforms.kinds._base import Transform
from skelter.transforms.kinds._numbers import as_tensor, number_between
from skelter.transforms.kinds._positions import presence, say_layout
from skelter.transforms.time._frames import draw_frames
from skelter.typing import ClipShape


def scale_motion(x: Tensor, scale: Tensor, num_frames: Tensor | None = None) -> Tensor:
    """Multiply how far every frame is from the middle of its neighbours.

    Position p of a frame, with m the middle between those of the frame before and the frame
    behind, becomes ``m + scale * (p - m)``. The first and the last valid frame stay, and so does
    a joint that is missing, all zeros, in one of the three frames.

    Args:
        x: Clips of shape (..., C, T, V, M), all of whose channels are positions.
        scale: The factor of each clip, of shape (...). Between 0 and 1 it smooths, above 1 and
            below 0 it makes clips tremble.
        num_frames: Valid frames of each clip, integers of shape (...). None counts all of them.

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    Example:
        >>> x = torch.tensor([1.0, 2.0, 1.0]).reshape(1, 3, 1, 1)
        >>> scale_motion(x, torch.tensor(2.0)).flatten()
        tensor([1., 3., 1.])
    """
    x, scale = _checks.clips(x), as_tensor(scale)
    _checks.params(x, scale=(scale, ()))
    T = x.shape[-3]
    if T < 3:
        return x.clone()
    p = x.to(torch.promote_types(x.dtype, torch.float32))
    time = torch.arange(T, device=x.device)
    moves = (time > 0) & (time < T - 1)
    if num_frames is not None:
        counts = as_tensor(num_frames)
        _checks.params(x, num_frames=(counts, ()))
        moves = moves & (time < counts[..., None] - 1)
    more = (scale.to(p.dtype) - 1)[..., None] * moves
    there, inner = presence(p), (..., slice(1, -1), slice(None), slice(None))
    gain = there * more[..., None, :, None, None]
    gain[inner].mul_(there[..., :-2, :, :]).mul_(there[..., 2:, :, :])
    # What is added is gain * (p - m), with no more than one new tensor of the size of the clips.
    out, half = torch.addcmul(p, gain, p), -0.5 * gain[inner]
    out[inner].addcmul_(half, p[..., :-2, :, :]).addcmul_(half, p[..., 2:, :, :])
    return out.to(x.dtype)


@dataclass(frozen=True, eq=False)
class MotionScaleParams:
    """Draws of `MotionScale`: the ``scale`` of each clip, and its ``num_frames``, both (...)."""

    scale: Tensor
    num_frames: Tensor


class MotionScale(Transform[MotionScaleParams]):
    """Multiply how far every frame is from the middle of its neighbours, by a random factor.

    See `functional.scale_motion`. The first and the last valid frame stay, and missing joints
    stay zero.

    Args:
        scale: Smallest and largest factor.
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    Raises:
        TypeError: A factor is not a number, or `layout` not a layout.
        ValueError: The factors are not in order. In a call: clips have other than 2 or 3 channels
            without a layout.

    References:
        The project IKEM: the released code, "motion scale".

    Example:
        >>> x = torch.randn(4, 3, 50, 25, 2)
        >>> torch.equal(MotionScale((1, 1))(x), x)
        True
    """

    def __init__(
        self, scale: tuple[float, float] = (-2.0, 3.0), *, layout: SkeletonLayout | None = None
    ) -> None:
        super().__init__()
        self.scale = _checks.number_range("scale", scale)
        self.layout = None if layout is None else check_layout(layout)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> MotionScaleParams:
        """Draw the factor of each clip."""
        _checks.positions(x, self.layout)
        valid, (draws,) = draw_frames(x, num_frames, generator, ())
        return MotionScaleParams(number_between(draws, self.scale), valid)

    def transform(self, x: Tensor, params: MotionScaleParams) -> Tensor:
        """Scale the motion of each clip."""
        scale = partial(scale_motion, scale=params.scale, num_frames=params.num_frames)
        return map_positions(scale, x, self.layout)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"scale={self.scale}{say_layout(self.layout)}"
