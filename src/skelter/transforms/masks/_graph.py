"""Joint masks that follow the bones: central joints, and neighbours of some joints."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.layouts import NTU25, SkeletonLayout, check_layout
from skelter.transforms.kinds._amounts import count_of, share_or_count
from skelter.transforms.kinds._numbers import as_tensor, constant, draw, floor, smallest
from skelter.transforms.masks._joints import JointMaskParams, WholeJointMask
from skelter.typing import ClipShape


def joint_degrees(layout: SkeletonLayout) -> Tensor:
    """Return the number of bones that meet in each joint, int64 (V,).

    Example:
        >>> from skelter.layouts import SBU15
        >>> joint_degrees(SBU15)
        tensor([1, 4, 3, 2, 2, 1, 2, 2, 1, 2, 2, 1, 2, 2, 1])
    """
    return _neighbours(check_layout(layout)).sum(-1)


def two_step_walks(layout: SkeletonLayout) -> Tensor:
    """Return how many walks of two steps lead from each joint to each other, int64 (V, V).

    A step follows a bone, or stays: the square of the adjacency matrix with self-loops.

    Example:
        >>> arm = SkeletonLayout("arm", ["shoulder", "elbow", "hand"], parents=[-1, 0, 1])
        >>> two_step_walks(arm)
        tensor([[2, 2, 1],
                [2, 3, 2],
                [1, 2, 2]])
    """
    steps = _neighbours(check_layout(layout))
    steps += torch.eye(len(steps), dtype=torch.int64)
    return (steps[:, :, None] * steps[None]).sum(1)


class CentralityMask(WholeJointMask):
    """Hide joints, the more often the more bones meet in them.

    Joints are chosen one after another without replacement. Each of those that are left has a
    chance that is proportional to the number of its bones (its degree). So the hidden joints
    differ from each other: there are always as many as asked for. They are hidden in all frames
    and for all persons.

    Args:
        layout: The layout of the clips.
        joints: How many: a share of the joints in (0, 1] as a float, rounded, or a count as an
            integer. The paper's 8 of 25 are the share 0.32.

    Raises:
        TypeError: `layout` is not a layout, or `joints` not a number.
        ValueError: The share lies outside (0, 1]; there are more than the joints that have a bone;
            or the layout has no bones. In a call: clips do not have its joints.

    References:
        Zhou et al., AAAI 2023 (PSTL), "central spatial masking". Its code draws joints with
        repeats, so that 7.35 different ones are hidden on average instead of 8.

    Example:
        >>> (CentralityMask()(torch.ones(4, 3, 40, 25, 2)) == 0).all(1).all(1).all(-1).sum(-1)
        tensor([8, 8, 8, 8])
    """

    def __init__(self, layout: SkeletonLayout = NTU25, joints: float = 0.32) -> None:
        super().__init__()
        self.layout = _with_bones(layout, "CentralityMask")
        self.joints = share_or_count("joints", joints)
        degrees = joint_degrees(layout).tolist()
        self._exponents = [1 / degree if degree else float("inf") for degree in degrees]
        self._count = count_of("joints", self.joints, layout.num_joints)
        connected = sum(degree > 0 for degree in degrees)
        hint = f"Joints of layout {layout.name} without a bone are never hidden."
        _checks.between("joints", self._count, 1, connected, hint)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> JointMaskParams:
        """Draw the joints of each clip."""
        _check_joints(x, self.layout)
        (draws,) = draw(x, generator, (x.shape[-2],))
        # The k largest of u ** (1 / weight) are a weighted choice without replacement
        # (Efraimidis, Spirakis, Information Processing Letters 2006).
        order = -(draws ** constant(self._exponents, draws))
        return JointMaskParams(smallest(order, self._count))

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"{self.layout.name}, joints={self.joints}"


class NeighbourhoodMask(WholeJointMask):
    """Hide joints that lie together: those that most walks of two steps reach from some seeds.

    Seeds are drawn with replacement. A joint counts the walks of two steps from all seeds to it,
    where a step follows a bone or stays. The joints of the largest count are hidden, in all frames
    and for all persons. Joints of the same count are taken in a drawn order.

    Args:
        layout: The layout of the clips.
        joints: How many are hidden: a share of the joints in (0, 1] as a float, rounded, or a
            count as an integer. The paper's 8 of 25 are the share 0.32.
        seeds: How many seeds: a share or a count, likewise. The paper's 5 of 25 are 0.2.

    Raises:
        TypeError: `layout` is not a layout, or `joints` or `seeds` not a number.
        ValueError: A share lies outside (0, 1], a count exceeds the joints of the layout, or the
            layout has no bones. In a call: clips do not have its joints.

    References:
        Wu et al., AAAI 2024 (SCD-Net), "structure-guided spatial masking".

    Example:
        >>> mask = NeighbourhoodMask(joints=8, seeds=1)
        >>> (mask(torch.ones(4, 3, 40, 25, 2)) == 0).all(1).all(1).all(-1).sum(-1)
        tensor([8, 8, 8, 8])
    """

    _walks: Tensor

    def __init__(
        self, layout: SkeletonLayout = NTU25, joints: float = 0.32, *, seeds: float = 0.2
    ) -> None:
        super().__init__()
        self.layout = _with_bones(layout, "NeighbourhoodMask")
        self.joints = share_or_count("joints", joints)
        self.seeds = share_or_count("seeds", seeds)
        V = layout.num_joints
        self._counts = count_of("joints", self.joints, V), count_of("seeds", self.seeds, V)
        self.register_buffer("_walks", two_step_walks(layout), persistent=False)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> JointMaskParams:
        """Draw the seeds of each clip, and an order among joints of the same count."""
        _check_joints(x, self.layout)
        V, (joints, seeds) = x.shape[-2], self._counts
        of_seeds, order = draw(x, generator, (seeds,), (V,))
        return JointMaskParams(
            most_walked(self._walks.to(x.device), floor(of_seeds * V), order, joints)
        )

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"{self.layout.name}, joints={self.joints}, seeds={self.seeds}"


def most_walked(walks: Tensor, seeds: Tensor, order: Tensor, count: int) -> Tensor:
    """Mark the joints that most walks reach from some seeds, bool (..., V).

    Args:
        walks: Walks from each joint to each other, integers (V, V), as `two_step_walks` gives.
        seeds: Numbers of joints where walks start, int64 (..., S). Repeats count again.
        order: A number in [0, 1) for each joint, (..., V). Of joints that are reached by as many
            walks, those of a smaller number come first.
        count: How many joints.

    Example:
        >>> walks = torch.tensor([[2, 2, 1], [2, 3, 2], [1, 2, 2]])
        >>> most_walked(walks, torch.tensor([0]), torch.tensor([0.9, 0.1, 0.5]), 1)
        tensor([False,  True, False])
    """
    reached = walks[as_tensor(seeds)].sum(-2)  # ... S V -> ... V
    return smallest(as_tensor(order) - reached, count)


def _neighbours(layout: SkeletonLayout) -> Tensor:
    """Return 1 where a bone joins two joints, int64 (V, V)."""
    matrix = torch.zeros(layout.num_joints, layout.num_joints, dtype=torch.int64)
    for child, parent in layout.bones:
        matrix[child, parent] = matrix[parent, child] = 1
    return matrix


def _with_bones(layout: SkeletonLayout, owner: str) -> SkeletonLayout:
    """Return a layout, and refuse one without bones."""
    check_layout(layout)
    _checks.require(
        len(layout.bones) > 0,
        "`layout`",
        f"have bones for {owner}",
        f"{layout.name} without any",
        "Build it with parents=..., or with SkeletonLayout.from_bones.",
    )
    return layout


def _check_joints(x: ClipShape, layout: SkeletonLayout) -> None:
    _checks.joint_count("`x`", x.shape[-2], layout)
