"""Rotations about the vertical, of every person in every frame."""

from __future__ import annotations

import torch
from torch import Tensor

from skelter import _checks
from skelter.layouts import NTU25, SkeletonLayout, check_layout
from skelter.transforms.kinds._base import Deterministic
from skelter.transforms.kinds._positions import over_joints
from skelter.transforms.normalisation._align import AXES


def turn_bone(x: Tensor, start: int, end: int, *, axis: int = 0, up: int = 1) -> Tensor:
    """Turn each person in each frame about the vertical, so that a bone lies along an axis.

    With (a, b) the bone along the axis and along the other horizontal one, and r its length there,
    a position (p, q) becomes ``((a p + b q) / r, (a q - b p) / r)``. A person stays as it is in a
    frame where an end of the bone is missing or the bone is upright.

    Args:
        x: Clips of shape (..., 3, T, V, M).
        start: Index of the joint that the bone starts from.
        end: Index of the joint that it points to.
        axis: Coordinate that it shall point along, seen from above: 0, 1 or 2.
        up: Coordinate that is vertical.

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The clips are not three-dimensional, an index is out of range, or `axis` is the
            vertical.

    Example:
        >>> x = torch.zeros(3, 1, 2, 1)
        >>> x[:, 0, 0, 0], x[:, 0, 1, 0] = torch.tensor([0, 1.0, 0]), torch.tensor([0, 1.0, 2.0])
        >>> turn_bone(x, 0, 1)[:, 0, 1, 0]
        tensor([2., 1., 0.])
    """
    x = _checks.clips(x)
    hint = "Poses in an image cannot be turned so; of poses in space pass x, y and z alone."
    _checks.axis(x, "C", 3, "a rotation about the vertical", hint)
    for name, joint in (("start", start), ("end", end)):
        _checks.between(name, joint, 0, x.shape[-2] - 1, "Joints count from 0.")
    other, dtype = _other_axis(axis, up), x.dtype
    x = x.to(torch.promote_types(x.dtype, torch.float32))
    ends = x[..., start, :], x[..., end, :]
    a, b = ((ends[1] - ends[0])[..., k, :, :] for k in (axis, other))
    square = a.square() + b.square()
    seen = (ends[0] != 0).any(-3) & (ends[1] != 0).any(-3) & (square > 1e-12)
    length = torch.where(seen, square, 1.0).sqrt()
    cosine = over_joints(torch.where(seen, a / length, 1.0), x.shape[-2])
    sine = over_joints(torch.where(seen, b / length, 0.0), x.shape[-2])
    planes = list(x.unbind(-4))
    p, q = planes[axis], planes[other]
    planes[axis] = torch.addcmul(cosine * p, sine, q)
    planes[other] = torch.addcmul(cosine * q, sine, p, value=-1)
    return torch.stack(planes, -4).to(dtype)


def _other_axis(axis: int, up: int) -> int:
    """Return the horizontal coordinate that is neither the axis nor the vertical."""
    for name, value in (("axis", axis), ("up", up)):
        _checks.between(name, value, 0, 2)
    _checks.require(
        axis != up, "`axis`", "be horizontal", AXES[axis], f"The vertical is {AXES[up]}."
    )
    return 3 - axis - up


class TurnShoulders(Deterministic):
    """Turn each person in each frame about the vertical, so that the shoulders lie along an axis.

    People then face the same way throughout, also while they turn around. The vertical is the
    layout's ``up``. A person stays as it is in frames where a shoulder is missing.

    Args:
        layout: The layout of the clips; it must name its ``shoulders``.
        axis: ``"x"``, ``"y"`` or ``"z"``, not the vertical: what the line from the left to the
            right shoulder points along, seen from above.

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: The layout names no shoulders, or `axis` is the vertical. In a call: the clips
            have other joints or are not three-dimensional.

    References:
        Li et al., CVPR 2021 (CrosSCLR): the released preparation. It takes the sign of the angle
        once a clip, of the sum over all frames, so that frames that face the other way are turned
        to twice their angle. Here every frame has its own.

    Example:
        >>> y = TurnShoulders(NTU25)(torch.randn(3, 8, 25, 2))
        >>> left, right = NTU25.shoulders
        >>> bool(((y[2, :, left] - y[2, :, right]).abs() < 1e-5).all())
        True
    """

    def __init__(self, layout: SkeletonLayout = NTU25, axis: str = "x") -> None:
        super().__init__()
        check_layout(layout)
        _checks.choice("axis", axis, AXES)
        _checks.require(
            layout.shoulders is not None,
            f"layout {layout.name}",
            "name its shoulders to be turned",
            layout.shoulders,
            "If its joints are points in space, name them: SkeletonLayout(..., shoulders=(left, "
            "right)). Points of an image, as in COCO17 and OPENPOSE18, cannot be turned: leave the "
            "step out.",
        )
        self.layout, self.axis = layout, axis
        self._axis, self._up = AXES.index(axis), AXES.index(layout.up[-1])
        _other_axis(self._axis, self._up)

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Turn each person in each frame."""
        _checks.joints(x, self.layout)
        left, right = self.layout.shoulders or (0, 0)
        return turn_bone(x, left, right, axis=self._axis, up=self._up)

    def extra_repr(self) -> str:
        """Name layout and axis."""
        return f"layout={self.layout.name}, axis={self.axis!r}"
