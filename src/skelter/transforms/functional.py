"""Pure functions behind the transforms: no randomness, no state, nothing changed in place.

All take clips ``x`` of shape ``(..., C, T, V, M)``: coordinates, frames, joints and persons behind
any number of batch axes, none included. The other tensors lead with the same batch axes.
"""

from __future__ import annotations

import math

import torch
from einops import einsum, rearrange
from torch import Tensor

from skelter import _checks

__all__ = [
    "align_bone",
    "centre_on_joint",
    "crop_resize",
    "fill_frames",
    "mix_coordinates",
    "rotation_between",
    "shear",
    "zero_joints",
]


def shear(x: Tensor, matrix: Tensor) -> Tensor:
    """Map every joint position p to ``matrix @ p``.

    Args:
        x: Clips of shape (..., C, T, V, M).
        matrix: One matrix a clip, shape (..., C, C).

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021, "pose augmentation".

    Example:
        >>> x = torch.ones(3, 2, 25, 1)
        >>> shear(x, 2 * torch.eye(3)).sum() == 2 * x.sum()
        tensor(True)
    """
    x = _checks.clips(x)
    C = x.shape[-4]
    _checks.params(x, matrix=(matrix, (C, C)))
    return einsum(matrix.to(x.dtype), x, "... i j, ... j t v m -> ... i t v m")


def mix_coordinates(x: Tensor, joints: Tensor, matrix: Tensor) -> Tensor:
    """Replace the row vector p of every chosen joint by ``p @ matrix``; keep the others bit-equal.

    A zero matrix therefore sets the chosen joints to zero.

    Args:
        x: Clips of shape (..., C, T, V, M).
        joints: Which joints to mix, bool of shape (..., V).
        matrix: One matrix a clip, shape (..., C, C).

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021, "joint jittering".

    Example:
        >>> x, joints = torch.ones(3, 2, 4, 1), torch.tensor([True, False, False, False])
        >>> mix_coordinates(x, joints, torch.eye(3) * 5)[0, 0, :, 0]
        tensor([5., 1., 1., 1.])
    """
    x = _checks.clips(x)
    C, V = x.shape[-4], x.shape[-2]
    _checks.params(x, joints=(joints, (V,)), matrix=(matrix, (C, C)))
    mixed = einsum(x, matrix.to(x.dtype), "... i t v m, ... i j -> ... j t v m")
    return torch.where(rearrange(joints, "... v -> ... 1 1 v 1"), mixed, x)


def zero_joints(x: Tensor, joints: Tensor) -> Tensor:
    """Set the chosen joints to zero, in every frame and for every person.

    Args:
        x: Clips of shape (..., C, T, V, M).
        joints: Which joints to drop, bool of shape (..., V).

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    Example:
        >>> zero_joints(torch.ones(3, 2, 4, 1), torch.tensor([True, False, False, False])).sum()
        tensor(18.)
    """
    x = _checks.clips(x)
    _checks.params(x, joints=(joints, (x.shape[-2],)))
    return x.masked_fill(rearrange(joints, "... v -> ... 1 1 v 1"), 0.0)


def crop_resize(x: Tensor, start: Tensor, length: Tensor, frames: int) -> Tensor:
    """Cut ``length`` frames from ``start`` on and resample them linearly to ``frames``.

    Output frame j reads the position ``(j + 0.5) * length / frames - 0.5`` within the crop, held
    inside it at both ends (half-pixel centres, ``align_corners=False``). A crop of ``frames``
    frames is returned bit-equal.

    Args:
        x: Clips of shape (..., C, T, V, M).
        start: First frame of each crop, integers of shape (...), from 0.
        length: Frames of each crop, integers of shape (...), from 1; start + length <= T.
        frames: Frames to resample to, at least 1.

    Returns:
        Clips of shape (..., C, frames, V, M).

    Raises:
        ValueError: The shapes do not match or `frames` is below 1.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021, "temporal crop-resize".

    Example:
        >>> x = torch.arange(6.0).reshape(1, 6, 1, 1)
        >>> crop_resize(x, torch.tensor(1), torch.tensor(4), 2).flatten()
        tensor([1.5000, 3.5000])
    """
    x = _checks.clips(x)
    _checks.positive_int("frames", frames)
    _checks.params(x, start=(start, ()), length=(length, ()))
    # Positions in float32 whatever the dtype of x: half precision cannot tell 300 frames apart.
    step = torch.arange(frames, device=x.device) + 0.5
    last = rearrange(length - 1, "... -> ... 1")
    position = step * (length / frames).float()[..., None] - 0.5
    position = torch.minimum(position.clamp(min=0), last)
    before = position.floor().long()
    after = torch.minimum(before + 1, last)
    weight = rearrange((position - before).to(x.dtype), "... t -> ... 1 t 1 1")
    first = rearrange(start, "... -> ... 1")
    return torch.lerp(_take_frames(x, first + before), _take_frames(x, first + after), weight)


def fill_frames(x: Tensor) -> Tensor:
    """Let every person start at frame 0 and last to the end.

    For each person: if frame 0 is all zeros, the frames that are not move to the front in their
    order. If everything from frame f on is zero, frames 0 to f-1 are repeated to fill the rest.
    Missing persons stay zero; so do missing frames between others when frame 0 is present.

    Args:
        x: Clips of shape (..., C, T, V, M).

    Returns:
        Clips of the same shape.

    References:
        Step 1 of the pre-normalisation of 2s-AGCN (Shi et al., CVPR 2019), which the reference
        method uses.

    Example:
        >>> fill_frames(torch.tensor([0.0, 1.0, 2.0, 0.0]).reshape(1, 4, 1, 1)).flatten()
        tensor([1., 2., 1., 2.])
    """
    x = _checks.clips(x)
    T = x.shape[-3]
    present = (x != 0).any(-2).any(-3)  # (..., T, M)
    time = torch.arange(T, device=x.device)[:, None].expand_as(present)
    to_front = torch.argsort(~present, dim=-2, stable=True)
    order = torch.where(present[..., :1, :], time, to_front)
    kept = present.gather(-2, order)
    filled = torch.where(kept, time + 1, 0).amax(-2, keepdim=True)  # f, 0 for a missing person
    source = order.gather(-2, time % filled.clamp(min=1))
    index = rearrange(source, "... t m -> ... 1 t 1 m").expand_as(x)
    return x.gather(-3, index)


def centre_on_joint(x: Tensor, joint: int) -> Tensor:
    """Subtract a joint of person 0, frame by frame, from all persons; missing joints stay zero.

    Args:
        x: Clips of shape (..., C, T, V, M).
        joint: Index of the joint that becomes the origin.

    Returns:
        Clips of the same shape.

    References:
        Step 2 of the pre-normalisation of 2s-AGCN (Shi et al., CVPR 2019).

    Example:
        >>> centre_on_joint(torch.ones(3, 2, 4, 1), 0).abs().sum()
        tensor(0.)
    """
    x = _checks.clips(x)
    _checks.between("joint", joint, 0, x.shape[-2] - 1, "Joints count from 0.")
    present = (x != 0).any(-4, keepdim=True)
    return torch.where(present, x - x[..., joint, None, 0, None], x)


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
    _checks.axis(x, "C", 3, "a rotation in space", "Two-dimensional poses cannot be rotated so.")
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

    Example:
        >>> x, y = torch.eye(3)[0], torch.eye(3)[1]
        >>> rotation_between(x, y) @ x
        tensor([0., 1., 0.])
    """
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


def _take_frames(x: Tensor, index: Tensor) -> Tensor:
    """Gather frames (..., F) of clips; one row of V x M numbers is one memory read."""
    *batch, C, T, V, M = x.shape
    N, F = math.prod(batch), index.shape[-1]
    rows = x.reshape(N * C * T, V * M)
    first = torch.arange(N * C, device=x.device).reshape(N, C, 1) * T
    chosen = (first + index.reshape(N, 1, F)).flatten()
    return rows.index_select(0, chosen).reshape(*batch, C, F, V, M)
