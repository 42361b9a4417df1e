"""Part mask: whole parts of the body are hidden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.layouts import NTU25, SkeletonLayout, check_layout
from skelter.transforms.kinds._amounts import count_of, share_or_count
from skelter.transforms.kinds._numbers import as_tensor, draw, smallest
from skelter.transforms.masks._joints import JointMaskParams, WholeJointMask
from skelter.typing import ClipShape

Groups: TypeAlias = Mapping[str, Sequence[str | int]]
"""Named groups of joints, by name or index."""


class PartMask(WholeJointMask):
    """Hide some parts of the body, such as an arm, in all frames and for all persons.

    Parts are chosen without replacement, each with the same chance.

    Args:
        layout: The layout of the clips, whose `parts` are hidden.
        parts: How many: a share of the parts in (0, 1] as a float, rounded, or a count as an
            integer.
        groups: Groups of joints, by name or index, to choose among instead of the parts of the
            layout. One group alone is always hidden.

    Raises:
        TypeError: `layout` is not a layout, or `parts` not a number.
        ValueError: The share lies outside (0, 1], the count exceeds the parts, the layout has no
            parts, or a group has an unknown joint or none. In a call: clips do not have the
            joints of the layout.

    References:
        Wu et al., ECCV 2024 (MacDiff): one part is occluded. Franco et al., ICLR 2023 (HYSP): the
        released code hides the limbs of one side, without shoulder and hip.

    Example:
        >>> mask = PartMask(groups={"arms": ["left hand", "right hand"], "feet": [15, 19]})
        >>> (mask(torch.ones(4, 3, 40, 25, 2)) == 0).all(1).all(1).all(-1).sum(-1)
        tensor([2, 2, 2, 2])
    """

    _members: Tensor

    def __init__(
        self, layout: SkeletonLayout = NTU25, parts: float = 1, *, groups: Groups | None = None
    ) -> None:
        super().__init__()
        self.layout = check_layout(layout)
        self.groups = parts_of(layout, groups, "PartMask")
        self.parts = share_or_count("parts", parts)
        self._count = count_of("parts", self.parts, len(self.groups))
        members = members_of(self.groups, layout.num_joints)
        self.register_buffer("_members", members, persistent=False)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> JointMaskParams:
        """Draw the parts of each clip."""
        _checks.joint_count("`x`", x.shape[-2], self.layout)
        (order,) = draw(x, generator, (len(self.groups),))
        return JointMaskParams(join_parts(smallest(order, self._count), self._members))

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"{self.layout.name}, parts={self.parts}, of {', '.join(self.groups)}"


def parts_of(
    layout: SkeletonLayout, groups: Groups | None, owner: str
) -> dict[str, tuple[int, ...]]:
    """Return groups of joints by their indices, those of the layout if none are given."""
    named: Groups = layout.parts if groups is None else groups
    _checks.require(
        len(named) > 0,
        "`layout`" if groups is None else "`groups`",
        f"have parts for {owner}",
        f"{layout.name} without any" if groups is None else "none",
        "Name groups of its joints: groups={'arm': [4, 5, 6]}",
    )
    parts = {name: tuple(layout.index(joint) for joint in group) for name, group in named.items()}
    for name, joints in parts.items():
        _checks.require(len(joints) > 0, f"Part {name!r}", "have at least one joint", "none")
    return parts


def members_of(parts: Mapping[str, Sequence[int]], num_joints: int) -> Tensor:
    """Return which joints belong to each part, bool (P, V)."""
    members = torch.zeros(len(parts), num_joints, dtype=torch.bool)
    for row, joints in zip(members, parts.values(), strict=True):
        row[list(joints)] = True
    return members


def join_parts(chosen: Tensor, members: Tensor) -> Tensor:
    """Return the joints (..., V) of the parts (..., P) that are chosen."""
    chosen = as_tensor(chosen)
    return (chosen[..., None] & members.to(chosen.device)).any(-2)
