"""Transforms of the joint positions."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.transforms import functional
from skelter.transforms._base import Transform, named, uniform


@dataclass(frozen=True, eq=False)
class ShearParams:
    """What `Shear` draws: ``matrix`` of shape (..., C, C) with a unit diagonal."""

    matrix: Tensor


class Shear(Transform[ShearParams]):
    """Shear the body: every joint position p becomes S p.

    S has a unit diagonal; its off-diagonal entries are independent draws from
    U(-amplitude, amplitude), one S a clip. The result looks as if seen from another angle by a
    body of other proportions. At amplitude 1, 4.6 % of the draws mirror the body.

    Args:
        amplitude: Largest off-diagonal entry, from 0. The paper has 1.
        coordinates: How many of the leading channels are positions; those after them, such as a
            detector's score, are passed on. None: all.

    Raises:
        ValueError: `amplitude` is negative, `coordinates` below 1 or, in a call, above C.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021, "pose augmentation".

    Example:
        >>> Shear(amplitude=0.5)(torch.randn(8, 3, 40, 25, 2)).shape
        torch.Size([8, 3, 40, 25, 2])
    """

    def __init__(self, amplitude: float = 1.0, *, coordinates: int | None = None) -> None:
        super().__init__()
        _checks.between("amplitude", amplitude, 0.0, float("inf"))
        _checks.coordinate_count(coordinates)
        self.amplitude, self.coordinates = amplitude, coordinates

    def sample(
        self, x: Tensor, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> ShearParams:
        """Draw one matrix a clip, its off-diagonals row by row."""
        *batch, C = x.shape[:-3]
        size = _checks.coordinates(self.coordinates, x)
        draws = (2 * uniform((*batch, size * size - size), x, generator) - 1) * self.amplitude
        matrix = torch.eye(C, device=x.device).repeat(*batch, 1, 1)
        rows, columns = (1 - torch.eye(size, device=x.device)).nonzero(as_tuple=True)
        matrix[..., rows, columns] = draws
        return ShearParams(matrix.to(x.dtype))

    def transform(self, x: Tensor, params: ShearParams) -> Tensor:
        """Map every position p to ``params.matrix @ p``."""
        return functional.shear(x, params.matrix)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"amplitude={self.amplitude}{named(self.coordinates)}"


@dataclass(frozen=True, eq=False)
class JointJitterParams:
    """What `JointJitter` draws: ``joints`` (..., V) bool, ``matrix`` (..., C, C), zero to drop."""

    joints: Tensor
    matrix: Tensor


class JointJitter(Transform[JointJitterParams]):
    """Corrupt some joints: drop them, or mix their coordinates.

    A fixed number of joints is chosen without replacement, the same in all frames and for all
    persons. With probability 1/2 they become zero, otherwise every chosen row vector p becomes
    p R, with R a full matrix of draws from U(-1, 1).

    Args:
        joints: How many: a share of the joints in (0, 1] as a float, rounded, or a count as an
            integer. The paper's 15 of 25 are the share 0.6.
        coordinates: How many of the leading channels are positions; those after them, such as a
            detector's score, are passed on where joints are mixed and zero where they are
            dropped. None: all.

    Raises:
        TypeError: `joints` is no number.
        ValueError: The share lies outside (0, 1], or the count exceeds the joints of a clip;
            `coordinates` is below 1 or, in a call, above C.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021, "joint jittering".

    Example:
        >>> x = torch.ones(4, 3, 40, 25, 2)
        >>> (JointJitter(0.6)(x) != x).any(1).any(1).any(-1).sum(-1)
        tensor([15, 15, 15, 15])
    """

    def __init__(self, joints: float = 0.6, *, coordinates: int | None = None) -> None:
        super().__init__()
        _checks.coordinate_count(coordinates)
        if isinstance(joints, int):
            _checks.positive_int("joints", joints, "Give a share as a float: 1.0 is all joints.")
        else:
            share = "be a share in (0, 1] or an integer count"
            _checks.require(0 < joints <= 1, "`joints`", share, joints)
        self.joints = joints if isinstance(joints, int) else float(joints)
        self.coordinates = coordinates

    def count(self, num_joints: int) -> int:
        """Return how many of ``num_joints`` joints are corrupted."""
        if isinstance(self.joints, float):
            return max(1, round(self.joints * num_joints))
        _checks.between("joints", self.joints, 1, num_joints, "A share as a float fits any layout.")
        return self.joints

    def sample(
        self, x: Tensor, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> JointJitterParams:
        """Draw the joints, whether to drop them, and how to mix them otherwise."""
        *batch, C, _, V, _ = x.shape
        order = uniform((*batch, V), x, generator).argsort(-1)
        joints = torch.zeros((*batch, V), dtype=torch.bool, device=x.device)
        joints.scatter_(-1, order[..., : self.count(V)], True)
        dropped = uniform((*batch, 1, 1), x, generator) < 0.5
        size = _checks.coordinates(self.coordinates, x)
        matrix = torch.eye(C, device=x.device).repeat(*batch, 1, 1)
        matrix[..., :size, :size] = 2 * uniform((*batch, size, size), x, generator) - 1
        return JointJitterParams(joints, matrix.masked_fill(dropped, 0.0).to(x.dtype))

    def transform(self, x: Tensor, params: JointJitterParams) -> Tensor:
        """Replace the chosen joints p by ``p @ params.matrix``."""
        return functional.mix_coordinates(x, params.joints, params.matrix)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"joints={self.joints}{named(self.coordinates)}"
