"""Matrices of rotations about the axes of coordinates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from skelter import _checks
from skelter._precision import outside_autocast
from skelter.transforms.kinds._numbers import as_tensor, sine_and_cosine


@outside_autocast
def rotation_matrix(radians: Tensor) -> Tensor:
    """Return rotation matrices in the order and with the sign of the field.

    In space it is ``Z(c) @ Y(b) @ X(a)`` for the angles a, b, c about x, y and z, with
    ``X(t) = [[1, 0, 0], [0, cos, sin], [0, -sin, cos]]``, ``Y(t) = [[cos, 0, -sin], [0, 1, 0],
    [sin, 0, cos]]`` and ``Z(t) = [[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]]``. That turns columns
    by -t in a right-handed system: see `right_handed_rotation_matrix`. In a plane it is
    ``[[cos, -sin], [sin, cos]]``, which turns from x to y.

    Args:
        radians: Angles about x, y and z, shape (..., 3), or the one of a plane, shape (..., 1).

    Returns:
        Matrices of shape (..., 3, 3) or (..., 2, 2) for columns.

    Raises:
        ValueError: There are neither 3 angles nor 1.

    References:
        The rotation of ST-GCN, AimCLR (Guo et al., AAAI 2022) and CTR-GCN (Chen et al., ICCV
        2021).

    Example:
        >>> import torch
        >>> rotation_matrix(torch.tensor([0.0, 0.0, torch.pi / 2])).round().int()[0]
        tensor([0, 1, 0], dtype=torch.int32)
    """
    return as_tensor(matrix_of(as_tensor(radians)))


def right_handed_rotation_matrix(radians: Tensor) -> Tensor:
    """Return rotation matrices that turn by positive angles in a right-handed system.

    It is ``Z(-c) @ Y(-b) @ X(-a)`` of `rotation_matrix`: x first, z last.

    Args:
        radians: Angles about x, y and z, shape (..., 3).

    Returns:
        Matrices of shape (..., 3, 3) for columns.

    Raises:
        ValueError: There are not 3 angles.

    References:
        The rotation of IKEM and SLiM.

    Example:
        >>> import torch
        >>> quarter = right_handed_rotation_matrix(torch.tensor([0.0, 0.0, torch.pi / 2]))
        >>> (quarter @ torch.tensor([1.0, 0.0, 0.0])).round().int()  # from x to y
        tensor([0, 1, 0], dtype=torch.int32)
    """
    radians = as_tensor(radians)
    _check_angles(radians, (3,))
    return rotation_matrix(-radians)


def _check_angles(radians: Tensor, counts: Sequence[int]) -> None:
    _checks.require(
        radians.ndim > 0 and radians.shape[-1] in counts,
        "`radians`",
        f"have a last axis of {' or '.join(str(count) for count in counts)} angles",
        _checks.shape_of(radians),
    )


def matrix_of(radians: Tensor) -> Tensor:
    """Return the matrices of angles (..., 3) or (..., 1), tensors or NumPy's as the angles are."""
    _check_angles(radians, (1, 3))
    sine, cosine = sine_and_cosine(radians)
    if radians.shape[-1] == 1:
        s, c = sine[..., 0], cosine[..., 0]
        return _stack_rows([[c, -s], [s, c]])
    sx, sy, sz = (sine[..., axis] for axis in range(3))
    cx, cy, cz = (cosine[..., axis] for axis in range(3))
    return _stack_rows(
        [
            [cz * cy, cz * sy * sx + sz * cx, sz * sx - cz * sy * cx],
            [-sz * cy, cz * cx - sz * sy * sx, sz * sy * cx + cz * sx],
            [sy, -cy * sx, cy * cx],
        ]
    )


def _stack_rows(rows: Sequence[Sequence[Tensor]]) -> Tensor:
    """Return matrices (..., R, R) of their entries (...)."""
    if isinstance(rows[0][0], Tensor):
        entries = torch.stack([entry for row in rows for entry in row], -1)
        return entries.view(*entries.shape[:-1], len(rows), len(rows))
    return np.array(rows)
