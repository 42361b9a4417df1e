"""Joint jitter of the reference method, and the maps of single joints that it is made of."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from einops import einsum, rearrange
from torch import Generator, Tensor

from skelter import _checks
from skelter._precision import outside_autocast
from skelter.layouts import SkeletonLayout, check_layout
from skelter.transforms.kinds._amounts import count_of, share_or_count
from skelter.transforms.kinds._joint_map import JointMap
from skelter.transforms.kinds._numbers import as_tensor, choose, draw, identity, smallest
from skelter.transforms.kinds._positions import pass_on, say_layout
from skelter.typing import ClipShape


@outside_autocast
def mix_coordinates(x: Tensor, joints: Tensor, matrix: Tensor) -> Tensor:
    """Replace the row vector p of every chosen joint by ``p @ matrix`` and keep the others.

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
    x, joints, matrix = _checks.clips(x), as_tensor(joints), as_tensor(matrix)
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
    x, joints = _checks.clips(x), as_tensor(joints)
    _checks.params(x, joints=(joints, (x.shape[-2],)))
    return x.masked_fill(rearrange(joints, "... v -> ... 1 1 v 1"), 0.0)


@dataclass(frozen=True, eq=False)
class JointJitterParams:
    """Draws of `JointJitter`: ``joints`` (..., V) bool, ``matrix`` (..., C, C), zero to drop."""

    joints: Tensor
    matrix: Tensor


class JointJitter(JointMap[JointJitterParams]):
    """Corrupt some joints: drop them, or mix their coordinates.

    A fixed number of joints is chosen without replacement, the same in all frames and for all
    persons. With probability 1/2 they become zero, otherwise every chosen row vector p becomes
    p R, with R a full matrix of draws from U(-1, 1).

    Args:
        joints: How many: a share of the joints in (0, 1] as a float, rounded, or a count as an
            integer. The paper's 15 of 25 are the share 0.6.
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on where joints are mixed and zero where they are dropped. None
            takes all of 2 or 3 channels for positions.

    Raises:
        TypeError: `joints` is not a number, or `layout` not a layout.
        ValueError: The share lies outside (0, 1]. In a call: the count exceeds the joints of a
            clip; clips have too few channels, or other than 2 or 3 without a layout.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021, "joint jittering".

    Example:
        >>> x = torch.ones(4, 3, 40, 25, 2)
        >>> (JointJitter(0.6)(x) != x).any(1).any(1).any(-1).sum(-1)
        tensor([15, 15, 15, 15])
    """

    def __init__(self, joints: float = 0.6, *, layout: SkeletonLayout | None = None) -> None:
        super().__init__()
        self.joints = share_or_count("joints", joints)
        self.layout = None if layout is None else check_layout(layout)

    def count(self, num_joints: int) -> int:
        """Return how many of ``num_joints`` joints are corrupted."""
        return count_of("joints", self.joints, num_joints)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> JointJitterParams:
        """Draw the joints, whether to drop them, and how to mix them otherwise."""
        C, V, size = x.shape[-4], x.shape[-2], _checks.positions(x, self.layout)
        count = self.count(V)
        of_joints, of_drop, of_matrix = draw(x, generator, (V,), (1, 1), (size, size))
        matrix = pass_on(2 * of_matrix - 1, C) * (of_drop >= 0.5)
        return JointJitterParams(smallest(of_joints, count), matrix)

    def matrices(self, x: ClipShape, params: JointJitterParams) -> Tensor:
        """Return the mixture for the chosen joints, the identity for the others."""
        mixture = params.matrix[..., None, :, :].swapaxes(-1, -2)  # it maps row vectors
        unit = identity(x.shape[-4], params.matrix)
        return choose(params.joints[..., None, None], mixture, unit)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"joints={self.joints}{say_layout(self.layout)}"
