"""Axis mask: one coordinate of the body is hidden."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Generator, Tensor

from skelter import _checks
from skelter.layouts import SkeletonLayout, check_layout
from skelter.transforms.kinds._base import JointMatrices
from skelter.transforms.kinds._mask import Mask, keep_only
from skelter.transforms.kinds._numbers import (
    as_tensor,
    count_to,
    draw,
    floor,
    identity,
    last_axis,
    narrow,
)
from skelter.transforms.kinds._positions import say_layout
from skelter.typing import ClipShape


def zero_axis(x: Tensor, axis: Tensor) -> Tensor:
    """Set one coordinate to zero, in every frame, of every joint and person.

    Args:
        x: Clips of shape (..., C, T, V, M).
        axis: Which coordinate, 0 to C - 1, integers of shape (...).

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    References:
        Guo et al., AAAI 2022 (AimCLR), "axis mask".

    Example:
        >>> import torch
        >>> zero_axis(torch.ones(3, 1, 1, 1), torch.tensor(1)).flatten()
        tensor([1., 0., 1.])
    """
    x, axis = _checks.clips(x), as_tensor(axis)
    _checks.params(x, axis=(axis, ()))
    return keep_only(x, _other_axes(x.shape[-4], axis)[..., None, None, None])


@dataclass(frozen=True, eq=False)
class AxisMaskParams:
    """Draws of `AxisMask`: ``axis`` (...), integers from 0 to the position channels less 1."""

    axis: Tensor


class AxisMask(Mask[AxisMaskParams]):
    """Hide one coordinate: x, y or z of all joints becomes zero.

    The axis is uniform over the position channels, one a clip. Of clips that are centred in every
    frame this is a projection on a plane. Of others it also removes a part of the trajectory.

    Args:
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: In a call: clips have other than 2 or 3 channels without a layout.

    References:
        Guo et al., AAAI 2022 (AimCLR), "axis mask"; Rao et al., Information Sciences 2021
        (AS-CAL).

    Example:
        >>> import torch
        >>> (AxisMask()(torch.ones(4, 3, 40, 25, 2)) == 0).all(-1).all(-1).all(-1).sum(-1)
        tensor([1, 1, 1, 1])
    """

    def __init__(self, *, layout: SkeletonLayout | None = None) -> None:
        super().__init__()
        self.layout = None if layout is None else check_layout(layout)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> AxisMaskParams:
        """Draw one axis a clip."""
        size = _checks.positions(x, self.layout)
        (draws,) = draw(x, generator, (1,))
        return AxisMaskParams(floor(draws[..., 0] * size))

    def keep(self, x: ClipShape, params: AxisMaskParams) -> Tensor:
        """Return the coordinates that stay, bool (..., C, 1, 1, 1)."""
        return as_tensor(_other_axes(x.shape[-4], params.axis))[..., None, None, None]

    def as_joint_map(self) -> JointMatrices:
        """Return the map from shape and parameters to diagonal matrices."""
        return _projections

    def extra_repr(self) -> str:
        """Name the arguments."""
        return say_layout(self.layout).removeprefix(", ")


def _other_axes(C: int, axis: Tensor) -> Tensor:
    """Return which of C coordinates are not the axis, bool (..., C)."""
    return count_to(C, axis) != last_axis(axis)


def _projections(x: ClipShape, params: AxisMaskParams) -> Tensor:
    kept = narrow(_other_axes(x.shape[-4], params.axis))
    return (kept[..., None] * identity(x.shape[-4], kept))[..., None, :, :]
