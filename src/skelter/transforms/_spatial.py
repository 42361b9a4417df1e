"""Transforms of the joint positions."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from einops import rearrange, repeat
from torch import Generator, Tensor
from torch.nn import functional as F

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

    @property
    def maps_joints(self) -> bool:
        """True: every joint is multiplied by a matrix."""
        return True

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
        # Row by row, an off-diagonal entry follows every unit, and `size` of them lie between two.
        rows = F.pad(draws.view(*batch, size - 1, size), (1, 0), value=1.0).flatten(-2)
        matrix = F.pad(rows, (0, 1), value=1.0).view(*batch, size, size)
        return ShearParams(_widened(matrix, C).to(x.dtype))

    def joint_maps(self, x: Tensor, params: ShearParams) -> Tensor:
        """Return the one matrix of a clip for each of its joints."""
        return repeat(params.matrix, "... i j -> ... v i j", v=x.shape[-2])

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

    @property
    def maps_joints(self) -> bool:
        """True: every joint is multiplied by a matrix."""
        return True

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
        draws = uniform((*batch, V), x, generator)
        _, chosen = draws.topk(self.count(V), largest=False, sorted=False)
        joints = torch.zeros((*batch, V), dtype=torch.bool, device=x.device)
        joints.scatter_(-1, chosen, True)
        dropped = uniform((*batch, 1, 1), x, generator) < 0.5
        size = _checks.coordinates(self.coordinates, x)
        matrix = _widened(2 * uniform((*batch, size, size), x, generator) - 1, C)
        return JointJitterParams(joints, matrix.masked_fill(dropped, 0.0).to(x.dtype))

    def joint_maps(self, x: Tensor, params: JointJitterParams) -> Tensor:
        """Return the mixture for the chosen joints, the identity for the others."""
        mixed = rearrange(params.matrix, "... i j -> ... j i 1")
        identity = torch.eye(x.shape[-4], dtype=mixed.dtype, device=mixed.device)[..., None]
        maps = torch.where(rearrange(params.joints, "... v -> ... 1 1 v"), mixed, identity)
        return rearrange(maps, "... i j v -> ... v i j")

    def transform(self, x: Tensor, params: JointJitterParams) -> Tensor:
        """Replace the chosen joints p by ``p @ params.matrix``."""
        return functional.mix_coordinates(x, params.joints, params.matrix)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"joints={self.joints}{named(self.coordinates)}"


def _widened(matrix: Tensor, C: int) -> Tensor:
    """Return matrices of the leading channels for all C of them: the others are passed on."""
    rest = C - matrix.shape[-1]
    if rest == 0:
        return matrix
    passed_on = torch.eye(C, dtype=matrix.dtype, device=matrix.device)[-rest:]
    passed_on = passed_on.expand(*matrix.shape[:-2], rest, C)
    return torch.cat([F.pad(matrix, (0, rest)), passed_on], dim=-2)
