"""Pure maps that bring poses to one place, direction and size."""

from __future__ import annotations

import torch
from einops import rearrange, reduce
from torch import Tensor

from skelter import _checks
from skelter.transforms._positions import shear


def centre_on_joint(x: Tensor, joint: int, *, coordinates: int | None = None) -> Tensor:
    """Subtract a joint of person 0, frame by frame, from all persons; missing joints stay zero.

    Args:
        x: Clips of shape (..., C, T, V, M).
        joint: Index of the joint that becomes the origin.
        coordinates: How many of the leading channels are positions; those after them, such as a
            detector's score, are passed on. None: all.

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: `joint` or `coordinates` is out of range.

    References:
        Step 2 of the pre-normalisation of 2s-AGCN (Shi et al., CVPR 2019).

    Example:
        >>> centre_on_joint(torch.ones(3, 2, 4, 1), 0).abs().sum()
        tensor(0.)
    """
    x = _checks.clips(x)
    _checks.between("joint", joint, 0, x.shape[-2] - 1, "Joints count from 0.")
    moved = _positions_of(x, coordinates) & (x != 0).any(-4, keepdim=True)
    return torch.where(moved, x - x[..., joint, None, 0, None], x)


def unit_scale(x: Tensor, *, coordinates: int | None = None) -> Tensor:
    """Divide each clip by the size of its bodies: pixels, millimetres and metres become alike.

    The size is the root mean square distance of the present joints (those that are not all zero)
    from the mean position of the present joints of the same person in the same frame. Clips of
    nothing, or of single points, have no size and stay as they are; missing joints stay zero.

    Args:
        x: Clips of shape (..., C, T, V, M).
        coordinates: How many of the leading channels are positions; those after them, such as a
            detector's score, are passed on. None: all.

    Returns:
        Clips of the same shape; ``unit_scale(a * x)`` is ``unit_scale(x)`` for any a > 0.

    Raises:
        ValueError: `coordinates` is out of range.

    Example:
        >>> x = torch.tensor([100.0, 104.0]).reshape(1, 1, 2, 1)  # two joints, 4 pixels apart
        >>> unit_scale(x).flatten()
        tensor([50., 52.])
    """
    x = _checks.clips(x)
    size = _size(x, _positions_of(x, coordinates))
    return (x.to(size.dtype) / size).to(x.dtype)


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
    return shear(x, rotation_between(bone, target))


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


def _positions_of(x: Tensor, coordinates: int | None) -> Tensor:
    """Which channels are positions, bool of shape (C, 1, 1, 1)."""
    channels = torch.arange(x.shape[-4], device=x.device)
    return rearrange(channels < _checks.coordinates(coordinates, x), "c -> c 1 1 1")


def _size(x: Tensor, positions: Tensor) -> Tensor:
    """Size of each clip, shape (..., C, 1, 1, 1): 1 for other channels and where there is none.

    Offsets are taken from a corner of the body and divided by the largest, so that neither far
    bodies nor large units cost precision, and coinciding points have a size of exactly zero.
    """
    present = (x != 0).any(-4, keepdim=True)
    p = x.to(torch.promote_types(x.dtype, torch.float32))
    used = present & positions
    corner = torch.where(used, p.detach(), torch.inf).amin(-2, keepdim=True)
    offset = torch.where(used, p - corner, 0.0)
    largest = reduce(offset.detach(), "... c t v m -> ... 1 1 1 1", "max")
    offset = offset / torch.where(largest > 0, largest, 1.0)
    count = reduce(present.to(p.dtype), "... c t v m -> ... c t 1 m", "sum")
    mean = reduce(offset, "... c t v m -> ... c t 1 m", "sum") / count.clamp(min=1)
    square = torch.where(used, (offset - mean).square(), 0.0)
    joints = reduce(count, "... c t v m -> ... 1 1 1 1", "sum").clamp(min=1)
    variance = reduce(square, "... c t v m -> ... 1 1 1 1", "sum") / joints
    size = largest * torch.where(largest > 0, variance, 1.0).sqrt()
    return torch.where(positions & (largest > 0), size, 1.0)
