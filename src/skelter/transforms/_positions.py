"""Pure maps of single joint positions."""

from __future__ import annotations

import torch
from einops import einsum, rearrange, repeat
from torch import Tensor

from skelter import _checks


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


def map_joints(x: Tensor, matrix: Tensor) -> Tensor:
    """Map every joint position p to ``matrix[v] @ p``, each joint v by a matrix of its own.

    Shear, joint jitter, masks, rotations, scalings and flips of an axis are all such maps, and
    one after another they are one: the product of their matrices.

    Args:
        x: Clips of shape (..., C, T, V, M).
        matrix: One matrix a clip and joint, shape (..., V, C, C).

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    Example:
        >>> x, matrix = torch.ones(3, 2, 4, 1), torch.eye(3).repeat(4, 1, 1)
        >>> matrix[0] *= 5
        >>> map_joints(x, matrix)[0, 0, :, 0]
        tensor([5., 1., 1., 1.])
    """
    x = _checks.clips(x)
    C, _, V, M = x.shape[-4:]
    _checks.params(x, matrix=(matrix, (V, C, C)))
    # Long inner loops are the fast ones: joints and persons are one axis of V * M numbers.
    weight = repeat(matrix.to(x.dtype), "... v i j -> j ... i 1 (v m)", m=M)
    # Otherwise a compiler would work out the weights anew for every frame.
    weight = weight.as_strided(weight.shape, weight.stride())
    planes = rearrange(x, "... j t v m -> j ... 1 t (v m)")
    mapped = weight[0] * planes[0]
    for j in range(1, C):
        mapped = mapped.addcmul_(weight[j], planes[j])
    return mapped.view(x.shape)


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
