"""Rotations that bring a bone of every clip onto a coordinate axis."""

from __future__ import annotations

import torch
from einops import rearrange
from torch import Tensor

from skelter import _checks
from skelter._precision import outside_autocast
from skelter.layouts import NTU25, SkeletonLayout, check_layout
from skelter.transforms.kinds._base import Deterministic
from skelter.transforms.kinds._joint_map import map_joints

AXES = ("x", "y", "z")


def align_bone(x: Tensor, lower: int, upper: int, axis: int) -> Tensor:
    """Rotate each clip so that a bone of person 0 in frame 0 points along a coordinate axis.

    One rotation a clip, the smallest that does it, for all frames and persons. A clip in which
    the bone has no length, or points exactly the other way, is left as it is.

    Args:
        x: Clips of shape (..., 3, T, V, M).
        lower: Index of the joint the bone starts from.
        upper: Index of the joint it points to.
        axis: Coordinate it shall point along: 0, 1 or 2.

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The clips are not three-dimensional or an index is out of range.

    References:
        Steps 3 and 4 of the pre-normalisation of 2s-AGCN (Shi et al., CVPR 2019).

    Example:
        >>> x = torch.zeros(3, 1, 2, 1)
        >>> x[1, 0, 1, 0] = 2.0  # the bone 0 -> 1 points along y
        >>> align_bone(x, 0, 1, axis=2)[:, 0, 1, 0]
        tensor([0., 0., 2.])
    """
    x = _checks.clips(x)
    hint = "Poses in an image cannot be rotated so; of poses in space pass x, y and z alone."
    _checks.axis(x, "C", 3, "a rotation in space", hint)
    for name, joint in (("lower", lower), ("upper", upper)):
        _checks.between(name, joint, 0, x.shape[-2] - 1, "Joints count from 0.")
    _checks.between("axis", axis, 0, 2)
    bone = x[..., 0, upper, 0] - x[..., 0, lower, 0]
    target = torch.eye(3, dtype=bone.dtype, device=bone.device)[axis]
    return map_joints(x, rotation_between(bone, target)[..., None, :, :])


@outside_autocast
def rotation_between(vector: Tensor, target: Tensor) -> Tensor:
    """Return the smallest rotation that turns ``vector`` into the direction of ``target``.

    Rodrigues' formula, ``R = I + sin(a) K + (1 - cos(a)) K^2`` with K the cross-product matrix of
    the unit axis. Identity where the two are parallel, opposite, or one is zero.

    Args:
        vector: Shape (..., 3).
        target: Shape (3,) or (..., 3).

    Returns:
        Rotation matrices of shape (..., 3, 3), in float32 or wider.

    Raises:
        ValueError: A vector is not three-dimensional.

    Example:
        >>> x, y = torch.eye(3)[0], torch.eye(3)[1]
        >>> rotation_between(x, y) @ x
        tensor([0., 1., 0.])
    """
    for name, given in (("vector", vector), ("target", target)):
        in_space = given.ndim > 0 and given.shape[-1] == 3
        _checks.require(in_space, f"`{name}`", "have shape (..., 3)", _checks.shape_of(given))
    wide = torch.promote_types(vector.dtype, torch.float32)
    start = torch.nn.functional.normalize(vector.to(wide), dim=-1)
    end = torch.nn.functional.normalize(target.to(wide), dim=-1).expand_as(start)
    normal = torch.linalg.cross(start, end, dim=-1)
    sine = torch.linalg.vector_norm(normal, dim=-1)[..., None, None]
    cosine = (start * end).sum(-1)[..., None, None]
    i, j, k = (normal / sine.squeeze(-1).clamp(min=1e-12)).unbind(-1)
    zero = torch.zeros_like(i)
    rows = [zero, -k, j, k, zero, -i, -j, i, zero]
    cross = rearrange(torch.stack(rows, -1), "... (row column) -> ... row column", row=3)
    identity = torch.eye(3, dtype=wide, device=vector.device)
    rotation = identity + sine * cross + (1 - cosine) * (cross @ cross)
    return torch.where(sine > 1e-6, rotation, identity)


class _Align(Deterministic):
    def __init__(
        self, layout: SkeletonLayout, bone: tuple[int, int] | None, what: str, axis: str
    ) -> None:
        super().__init__()
        _checks.choice("axis", axis, AXES)
        _checks.require(
            bone is not None,
            f"layout {layout.name}",
            f"name its {what} to be aligned",
            bone,
            f"If its joints are points in space, name it: SkeletonLayout(..., {what}=(joint, "
            "joint)). Points of an image, as in COCO17 and OPENPOSE18, have no direction in space: "
            "leave the step out.",
        )
        self.layout = layout
        self.bone = bone or (0, 0)
        self.axis = axis

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Rotate each clip."""
        _checks.joints(x, self.layout)
        return align_bone(x, *self.bone, AXES.index(self.axis))

    def extra_repr(self) -> str:
        """Name layout and axis."""
        return f"layout={self.layout.name}, axis={self.axis!r}"


class AlignSpine(_Align):
    """Rotate each clip so that the spine of person 0 in frame 0 points along an axis.

    Args:
        layout: The layout of the clips; it must name its ``spine``.
        axis: ``"x"``, ``"y"`` or ``"z"``; z for the paper.

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: The layout names no spine, as those of points in an image; in a call, the
            clips have other joints or are not three-dimensional.

    References:
        Step 3 of the pre-normalisation of 2s-AGCN (Shi et al., CVPR 2019).

    Example:
        >>> import torch
        >>> x = AlignSpine(NTU25)(torch.randn(3, 2, 25, 1))
        >>> spine = x[:, 0, 1, 0] - x[:, 0, 0, 0]
        >>> bool((spine[:2].abs() < 1e-5).all() and spine[2] > 0)
        True
    """

    def __init__(self, layout: SkeletonLayout = NTU25, axis: str = "z") -> None:
        super().__init__(layout, check_layout(layout).spine, "spine", axis)


class AlignShoulders(_Align):
    """Rotate each clip so that left to right shoulder of person 0 in frame 0 is along an axis.

    Args:
        layout: The layout of the clips; it must name its ``shoulders``.
        axis: ``"x"``, ``"y"`` or ``"z"``; x for the paper.

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: The layout names no shoulders. In a call: the clips have other joints or are not
            three-dimensional.

    References:
        Step 4 of the pre-normalisation of 2s-AGCN (Shi et al., CVPR 2019).

    Example:
        >>> AlignShoulders(NTU25)
        AlignShoulders(layout=NTU25, axis='x')
    """

    def __init__(self, layout: SkeletonLayout = NTU25, axis: str = "x") -> None:
        super().__init__(layout, check_layout(layout).shoulders, "shoulders", axis)
