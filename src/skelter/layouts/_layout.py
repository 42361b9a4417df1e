"""Skeleton layouts: joints, their bones and sides, and conversion between layouts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from skelter import _checks
from skelter.layouts._matching import find_sources

STRATEGIES = ("spatial", "uniform", "distance")


@dataclass(frozen=True, repr=False)
class SkeletonLayout:
    """The joints of a skeleton and how they belong together.

    Joints are indices into the joint axis V everywhere; `joints` names them.

    Args:
        name: What messages call this layout.
        joints: One name a joint, in the order of the joint axis.
        parents: Index of the parent of each joint, -1 for a root. The bone of a joint points
            from its parent to it.
        centre: The joint that `transforms.CentreOnJoint` moves to the origin.
        left_right: Pairs (left, right) of mirrored joints.
        parts: Named groups of joints, such as an arm.
        spine: Pair (lower, upper) of joints that pre-normalisation turns upright, if any.
        shoulders: Pair (left, right) of joints that pre-normalisation turns sideways, if any.
        dimensions: Leading channels that are positions, 2 in an image or 3 in space. Channels
            after them, such as a detector's score, are not moved.

    Raises:
        ValueError: An index lies outside the joints, parents form a cycle, names repeat, or
            `dimensions` is neither 2 nor 3.

    Example:
        >>> arm = SkeletonLayout("arm", ["shoulder", "elbow", "hand"], parents=[-1, 0, 1])
        >>> arm.num_joints, arm.bones
        (3, ((1, 0), (2, 1)))
    """

    name: str
    joints: Sequence[str]
    parents: Sequence[int] = field(kw_only=True)
    centre: int = field(default=0, kw_only=True)
    left_right: Sequence[tuple[int, int]] = field(default=(), kw_only=True)
    parts: Mapping[str, Sequence[int]] = field(default_factory=dict, kw_only=True)
    spine: tuple[int, int] | None = field(default=None, kw_only=True)
    shoulders: tuple[int, int] | None = field(default=None, kw_only=True)
    dimensions: int = field(default=3, kw_only=True)

    def __post_init__(self) -> None:
        set_field = object.__setattr__
        set_field(self, "joints", tuple(str(joint) for joint in self.joints))
        set_field(self, "parents", tuple(int(parent) for parent in self.parents))
        set_field(self, "left_right", tuple((int(a), int(b)) for a, b in self.left_right))
        for pair in ("spine", "shoulders"):
            if getattr(self, pair) is not None:
                first, second = getattr(self, pair)
                set_field(self, pair, (int(first), int(second)))
        parts = {part: tuple(int(i) for i in indices) for part, indices in self.parts.items()}
        set_field(self, "parts", MappingProxyType(parts))
        self._check()

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (self.as_dict(),)

    def __repr__(self) -> str:
        return f"SkeletonLayout({self.name}: {self.num_joints} joints)"

    def __hash__(self) -> int:
        return hash((self.name, self.joints, self.parents))

    @classmethod
    def from_bones(
        cls,
        name: str,
        joints: Sequence[str],
        *,
        bones: Iterable[Sequence[int]],
        centre: int = 0,
        left_right: Sequence[tuple[int, int]] = (),
        spine: tuple[int, int] | None = None,
        shoulders: tuple[int, int] | None = None,
    ) -> SkeletonLayout:
        """Build a layout from (child, parent) pairs, as bone tables list them.

        Args:
            name: What messages call this layout.
            joints: One name a joint.
            bones: Pairs (child, parent), 0-based; joints that are not a child are roots. A pair
                (i, i), the usual way to write a root, is taken as one.
            centre: As of the class.
            left_right: As of the class.
            spine: As of the class.
            shoulders: As of the class.

        Raises:
            ValueError: A joint has two parents, or as of the class.

        Example:
            >>> SkeletonLayout.from_bones("arm", ["a", "b", "c"], bones=[(1, 0), (2, 1)]).parents
            (-1, 0, 1)
        """
        parents = [-1] * len(joints)
        for child, parent in ((int(child), int(parent)) for child, parent in bones):
            _check_index(name, "bones", child, len(joints))
            if child == parent:
                continue
            _checks.require(
                parents[child] == -1,
                f"`bones` of layout {name}",
                "give every joint one parent",
                f"{parents[child]} and {parent} for joint {child}",
                "Pairs are (child, parent): swap the two if yours are reversed.",
            )
            parents[child] = parent
        return cls(
            name,
            joints,
            parents=parents,
            centre=centre,
            left_right=left_right,
            spine=spine,
            shoulders=shoulders,
        )

    @property
    def num_joints(self) -> int:
        """The number of joints, V."""
        return len(self.joints)

    @property
    def bones(self) -> tuple[tuple[int, int], ...]:
        """Pairs (child, parent), without the roots."""
        return tuple((child, parent) for child, parent in enumerate(self.parents) if parent >= 0)

    @property
    def roots(self) -> tuple[int, ...]:
        """Joints without a parent."""
        return tuple(joint for joint, parent in enumerate(self.parents) if parent < 0)

    @property
    def swap(self) -> tuple[int, ...]:
        """The permutation that exchanges left and right: ``x[..., layout.swap, :]``."""
        order = list(range(self.num_joints))
        for left, right in self.left_right:
            order[left], order[right] = right, left
        return tuple(order)

    def index(self, joint: str) -> int:
        """Return the index of a joint by its name.

        Raises:
            ValueError: The layout has no such joint.
        """
        _checks.choice(f"joint of layout {self.name}", joint, self.joints)
        return self.joints.index(joint)

    def adjacency(self, strategy: str = "spatial") -> Tensor:
        """Return the adjacency matrices that graph encoders aggregate with.

        Args:
            strategy: ``"spatial"`` gives three subsets: self, inward (``[parent, child]``) and
                outward (``[child, parent]``), the latter two divided by their column sums, as
                2s-AGCN and the reference method have it. ``"uniform"`` gives one: self and
                neighbours together, divided by the column sums. ``"distance"`` gives two: self,
                and neighbours divided by the column sums of both together.

        Returns:
            Float32 tensor of shape (subsets, V, V).

        Raises:
            ValueError: The strategy is another one.

        References:
            Shi et al., Two-Stream Adaptive Graph Convolutional Networks, CVPR 2019;
            Yan et al., Spatial Temporal Graph Convolutional Networks, AAAI 2018: the
            uniform and the distance partition.

        Example:
            >>> SkeletonLayout("arm", ["a", "b", "c"], parents=[-1, 0, 1]).adjacency().shape
            torch.Size([3, 3, 3])
        """
        return _adjacency(self.bones, self.num_joints, strategy)

    def convert(self, x: Any, *, to: SkeletonLayout) -> Tensor:
        """Bring clips of this layout to another one whose joints have the same names.

        Joints match by their words, whatever the order, case and spelling (`joint_words`), and
        three joints by either name: hip centre, also base of spine, pelvis or hip; middle of
        spine, also spine; shoulder centre, also spine (shoulder level). Where this layout has
        more joints than the other, those are left out; where it has fewer, the others are zero,
        the mark of a missing joint.

        Args:
            x: Clips of shape (..., C, T, V, M) with the joints of this layout.
            to: The layout to bring them to, its joints a part of these or the other way round.

        Returns:
            Clips of shape (..., C, T, V', M) with the joints of `to`.

        Raises:
            TypeError: `x` is not of a real floating dtype.
            ValueError: Each layout has joints that the other has not, two joints of one read as
                the same, or the clips have another number of joints than this layout.

        Example:
            >>> from skelter.layouts import COCO17, OPENPOSE18
            >>> x = torch.ones(2, 64, 17, 1)
            >>> y = COCO17.convert(x, to=OPENPOSE18)
            >>> y.shape, y[..., OPENPOSE18.index("neck"), :].any()
            (torch.Size([2, 64, 18, 1]), tensor(False))
            >>> torch.equal(OPENPOSE18.convert(y, to=COCO17), x)
            True
        """
        x = _checks.clips(x)
        _checks.joints(x, self, hint="Call convert of the layout that your clips have.")
        with_missing = torch.cat([x, torch.zeros_like(x[..., :1, :])], dim=-2)
        return with_missing[..., find_sources(self, to), :]

    def _check(self) -> None:
        size = self.num_joints
        _checks.require(
            self.dimensions in (2, 3),
            f"`dimensions` of layout {self.name}",
            "be 2, points of an image, or 3, points in space",
            self.dimensions,
        )
        _checks.require(
            0 < size == len(set(self.joints)),
            f"`joints` of layout {self.name}",
            "be distinct names, at least one",
            list(self.joints),
        )
        _checks.require(
            len(self.parents) == size,
            f"`parents` of layout {self.name}",
            f"have one entry for each of the {size} joints",
            len(self.parents),
            "Roots have the entry -1.",
        )
        for parent in self.parents:
            if parent != -1:
                _check_index(self.name, "parents", parent, size)
        pairs = [*self.left_right, *filter(None, (self.spine, self.shoulders))]
        for joint in (self.centre, *(i for pair in pairs for i in pair)):
            _check_index(self.name, "centre, left_right, spine and shoulders", joint, size)
        for joint in (i for part in self.parts.values() for i in part):
            _check_index(self.name, "parts", joint, size)
        mirrored = [joint for pair in self.left_right for joint in pair]
        _checks.require(
            len(set(mirrored)) == len(mirrored),
            f"`left_right` of layout {self.name}",
            "name every joint once at most",
            self.left_right,
        )
        for joint in range(size):
            seen = {joint}
            while (parent := self.parents[joint]) != -1:
                _checks.require(
                    parent not in seen,
                    f"`parents` of layout {self.name}",
                    "form trees",
                    f"a cycle through joint {parent} ({self.joints[parent]})",
                    "A root has the entry -1.",
                )
                seen.add(parent)
                joint = parent

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as plain values, ready for JSON. `restore_layout` undoes it.

        Example:
            >>> arm = SkeletonLayout("arm", ["shoulder", "hand"], parents=[-1, 0])
            >>> SkeletonLayout(**arm.as_dict()) == arm
            True
        """
        names = self.__dataclass_fields__
        return {name: getattr(self, name) for name in names} | {"parts": dict(self.parts)}


def _restore(fields: dict[str, Any]) -> SkeletonLayout:
    return SkeletonLayout(**fields)


def _check_index(layout: str, what: str, joint: int, size: int) -> None:
    _checks.require(
        0 <= joint < size,
        f"`{what}` of layout {layout}",
        f"be joint indices between 0 and {size - 1}",
        joint,
        "Tables in papers often count from 1.",
    )


def _adjacency(bones: Iterable[tuple[int, int]], num_joints: int, strategy: str) -> Tensor:
    """Return the matrices (subsets, V, V) of a strategy."""
    _checks.choice("strategy", strategy, STRATEGIES)
    identity = torch.eye(num_joints)
    inward = torch.zeros_like(identity)
    for child, parent in bones:
        inward[parent, child] = 1.0
    outward = inward.T
    if strategy == "spatial":
        return torch.stack([identity, _by_column_sum(inward), _by_column_sum(outward)])
    together = _by_column_sum(identity + inward + outward)
    if strategy == "uniform":
        return together[None]
    return torch.stack([together * identity, together * (1 - identity)])


def _by_column_sum(matrix: Tensor) -> Tensor:
    sums = matrix.sum(0, keepdim=True)
    return matrix / torch.where(sums > 0, sums, torch.ones_like(sums))
