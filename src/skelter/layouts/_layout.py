"""Skeleton layouts: joints, their bones and sides, and conversion between layouts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from skelter import _checks
from skelter._files import describe
from skelter.layouts._conversion import convert_joints
from skelter.layouts._fields import (
    check_mirrored,
    check_parents,
    joint_groups,
    joint_indices,
    joint_names,
    joint_pairs,
    upward_axis,
    whole_dimensions,
)
from skelter.layouts._graph import adjacency, find_hub
from skelter.layouts._matching import find_joint

# The layouts that are built of the class below, for messages. A test compares them.
BUILT_IN_NAMES = (
    "NTU25", "KINECT20", "SBU15", "AZURE32", "OPENPOSE18", "BODY25", "COCO17", "H36M17", "SMPL24",
    "SMPL22", "MEDIAPIPE33", "HAND21",
)  # fmt: skip


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
        up: The axis that points up where clips are recorded: ``"x"``, ``"y"`` or ``"z"``, after a
            minus if it points down, as y does in an image. Figures draw it upward. By default
            ``"-y"`` for points of an image and ``"y"`` in space. Layouts are equal whatever it is:
            one skeleton is recorded by many devices.

    Raises:
        TypeError: A joint is not an integer, or a field is of another kind.
        ValueError: An index lies outside the joints, parents form a cycle, names repeat,
            `dimensions` is neither 2 nor 3, or `up` is not an axis.

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
    up: str = field(default="", kw_only=True, compare=False)

    def __post_init__(self) -> None:
        owner = self.name
        named = isinstance(owner, str)
        _checks.require(named, "`name`", "be a string", repr(owner), error=TypeError)
        joints = joint_names(owner, self.joints)
        size = len(joints)
        parents = joint_indices(owner, "parents", self.parents, size, lowest=-1)
        check_parents(owner, joints, parents)
        (centre,) = joint_indices(owner, "centre", [self.centre], size)
        left_right = joint_pairs(owner, "left_right", self.left_right, size)
        check_mirrored(owner, left_right)
        frozen: dict[str, Any] = {
            "joints": joints,
            "parents": parents,
            "centre": centre,
            "left_right": left_right,
            "parts": joint_groups(owner, self.parts, size),
        }
        for field_name in ("spine", "shoulders"):
            if (pair := getattr(self, field_name)) is not None:
                (frozen[field_name],) = joint_pairs(owner, field_name, [pair], size)
        frozen["dimensions"] = whole_dimensions(owner, self.dimensions)
        frozen["up"] = upward_axis(owner, self.up, self.dimensions)
        for field_name, value in frozen.items():
            object.__setattr__(self, field_name, value)

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
            centre: See the class.
            left_right: See the class.
            spine: See the class.
            shoulders: See the class.

        Raises:
            ValueError: A joint has two parents, or one of those of the class.

        Example:
            >>> SkeletonLayout.from_bones("arm", ["a", "b", "c"], bones=[(1, 0), (2, 1)]).parents
            (-1, 0, 1)
        """
        joints = joint_names(name, joints)
        parents = [-1] * len(joints)
        for child, parent in joint_pairs(name, "bones", bones, len(joints)):
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

    def index(self, joint: str | int) -> int:
        """Return the index of a joint by its name, and an index as it is.

        Args:
            joint: A name, whatever its case, spelling and order of words (`joint_words`), or an
                index from 0 to V - 1.

        Raises:
            TypeError: It is neither a string nor an integer.
            ValueError: The layout has no such joint, or two that read as the name.

        Example:
            >>> arm = SkeletonLayout("arm", ["left shoulder", "left hand"], parents=[-1, 0])
            >>> arm.index("left hand"), arm.index("Left_Hand"), arm.index("HandLeft"), arm.index(1)
            (1, 1, 1, 1)
        """
        return find_joint(self, joint)

    def adjacency(self, strategy: str = "spatial", *, centre: str | int | None = None) -> Tensor:
        """Return the adjacency matrices that graph encoders aggregate with.

        Rows are the joints that messages come from, columns those that they go to. All but
        ``"spatial"`` start from one matrix, self and neighbours divided by column sums, and part
        it.

        =========================  =======  ================================================
        Strategy                   Subsets  Matrices
        =========================  =======  ================================================
        ``spatial``                3        self, inward (``[parent, child]``) and outward
                                            (``[child, parent]``), each divided by column
                                            sums of its own. Used by 2s-AGCN, CTR-GCN,
                                            SkeleMixCLR and ISC
        ``uniform``                1        self and neighbours
        ``distance``               2        self, and neighbours
        ``spatial-configuration``  3        self, neighbours that are not nearer to the
                                            centre than the joint, and those that are
        ``st-gcn``                 3        the same as released, where joints that are two
                                            or more bones from the centre count as equally
                                            far. Used by ST-GCN, CrosSCLR, AimCLR, PSTL,
                                            HYSP and ActCLR, who call it "spatial", too
        =========================  =======  ================================================

        Args:
            strategy: One of those above.
            centre: The joint that the last two count bones from, by name or index. None is the
                joint where most bones meet: the upper end of the spine in most layouts. Of
                several such joints it is the `centre` of the layout, or the first.

        Returns:
            Float32 tensor of shape (subsets, V, V).

        Raises:
            ValueError: The strategy is another one, or the layout has no such joint.

        References:
            Shi et al., Two-Stream Adaptive Graph Convolutional Networks, CVPR 2019;
            Yan et al., Spatial Temporal Graph Convolutional Networks, AAAI 2018, section 3.4: the
            others. Its text has the centre of gravity where its code and this have a joint.

        Example:
            >>> SkeletonLayout("arm", ["a", "b", "c"], parents=[-1, 0, 1]).adjacency().shape
            torch.Size([3, 3, 3])
        """
        start = find_hub(self.bones, self.centre) if centre is None else self.index(centre)
        return adjacency(self.bones, self.num_joints, strategy, start)

    def convert(
        self,
        x: Any,
        *,
        to: SkeletonLayout,
        midpoints: Mapping[str | int, Sequence[str | int]] | None = None,
    ) -> Tensor:
        """Bring clips of this layout to another one whose joints have the same names.

        Joints match by their words, whatever the order, case and spelling (`joint_words`), and
        three joints by either name: hip centre, also base of spine, pelvis or hip; middle of
        spine, also spine; shoulder centre, also spine (shoulder level). Where this layout has
        more joints than the other, those are left out; where it has fewer, the others are zero,
        the mark of a missing joint.

        Joints that lie between others are made where `midpoints` says so, and nowhere else. A
        midpoint is the mean position of its joints. Of channels after the `dimensions`, such as a
        detector's score, it has the smallest value of its joints. Where one of them is missing
        (its position is all zeros), the midpoint is missing, too.

        Args:
            x: Clips of shape (..., C, T, V, M) with the joints of this layout.
            to: The layout to bring them to. Its joints are a part of these or the other way
                round, but for the midpoints.
            midpoints: Joints of `to`, and for each the two or more joints of this layout that it
                lies between, by name or index.

        Returns:
            Clips of shape (..., C, T, V', M) with the joints of `to`.

        Raises:
            TypeError: `x` is not of a real floating dtype, or `to` is not a layout.
            ValueError: Each layout has joints that the other has not, two joints of one read as
                the same, the clips have another number of joints than this layout, or a midpoint
                names an unknown joint.

        Example:
            >>> from skelter.layouts import COCO17, OPENPOSE18
            >>> import torch
            >>> x = torch.ones(2, 64, 17, 1)
            >>> y = COCO17.convert(x, to=OPENPOSE18)
            >>> y.shape, y[..., OPENPOSE18.index("neck"), :].any()
            (torch.Size([2, 64, 18, 1]), tensor(False))
            >>> torch.equal(OPENPOSE18.convert(y, to=COCO17), x)
            True
            >>> shoulders = ("left shoulder", "right shoulder")
            >>> y = COCO17.convert(x, to=OPENPOSE18, midpoints={"neck": shoulders})
            >>> y[..., OPENPOSE18.index("neck"), :].all()
            tensor(True)
        """
        check_layout(to, "to")
        x = _checks.clips(x)
        _checks.joints(x, self, hint="Call convert of the layout that your clips have.")
        made = {} if midpoints is None else midpoints
        return convert_joints(x, self, to, made, min(x.shape[-4], self.dimensions))

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


def check_layout(layout: Any, name: str = "layout") -> SkeletonLayout:
    """Return a layout, and refuse whatever is not one with the names of the built-in layouts.

    Args:
        layout: What came as a layout.
        name: The argument that it came as.

    Raises:
        TypeError: It is not a `SkeletonLayout`.

    Example:
        >>> check_layout(SkeletonLayout("arm", ["shoulder", "hand"], parents=[-1, 0]))
        SkeletonLayout(arm: 2 joints)
        >>> check_layout("NTU")
        Traceback (most recent call last):
        TypeError: `layout` must be a SkeletonLayout such as skelter.layouts.NTU25; got 'NTU'. ...
    """
    fits = isinstance(layout, SkeletonLayout)
    _checks.require(
        fits,
        f"`{name}`",
        "be a SkeletonLayout such as skelter.layouts.NTU25",
        describe(layout),
        f"Built in are {', '.join(BUILT_IN_NAMES)}. Describe another one: "
        "SkeletonLayout(name, joints, parents=...)",
        error=TypeError,
    )
    found: SkeletonLayout = layout
    return found
