"""Limbs that become longer or shorter as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.layouts import NTU25, SkeletonLayout
from skelter.transforms.bones._rescale import BoneFactorParams
from skelter.transforms.bones._tree import Tree, scale_by_tree
from skelter.transforms.kinds._base import Transform
from skelter.transforms.kinds._numbers import number_between, uniform
from skelter.typing import ClipShape


class ScaleLimbs(Transform[BoneFactorParams]):
    """Multiply the bones of each group of limbs by one factor, and rebuild the body.

    One factor a group, clip and person from U(scale). On the layouts of whole bodies the groups
    are the trunk, both arms and both legs. The root stays where it is, and missing joints stay
    zero. Bones count to the group of the joint that they end at, as seen from the root.

    Args:
        layout: The layout of the clips, with bones. Channels after its `dimensions`, such as a
            detector's score, are passed on.
        scale: Smallest and largest factor, above 0.
        groups: Joints of each group, by name or index. Other joints keep their bones. By default
            the layout's parts, of which those that mirror each other are one group.
        root: Name or index of the joint that the body is rebuilt from, the layout's centre if
            None. SLiM takes joint 0 of NTU25.

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: The layout has no bones, or neither parts nor `groups` are given; a group names
            an unknown joint, or two groups the same; or `scale` is out of range. In a call: the
            clips have other joints.

    References:
        SLiM, whose release rebuilds joints in the order of their numbers, and so detaches head and
        arms. Here every joint follows the one that it hangs on.

    Example:
        >>> limbs = ScaleLimbs(scale=(2.0, 2.0), groups={"left hand": [7, 21, 22]})
        >>> x = torch.randn(3, 8, 25, 1)
        >>> torch.allclose(limbs(x)[:, :, :7], x[:, :, :7])
        True
    """

    group: Tensor
    """The number of the group of each joint, that of the last for those in none, (V,)."""

    def __init__(
        self,
        layout: SkeletonLayout = NTU25,
        scale: tuple[float, float] = (0.85, 1.15),
        *,
        groups: Mapping[str, Sequence[int | str]] | None = None,
        root: int | str | None = None,
    ) -> None:
        super().__init__()
        self.tree = Tree(layout, root)
        self.scale = _checks.interval("scale", scale, 0.0, float("inf"))
        self.groups = _groups_of_parts(layout) if groups is None else _named(layout, groups)
        group = torch.full((layout.num_joints,), len(self.groups))
        for number, joints in enumerate(self.groups.values()):
            group[list(joints)] = number
        self.register_buffer("group", group, persistent=False)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> BoneFactorParams:
        """Draw one factor a group and person."""
        _checks.joint_count("`x`", x.shape[-2], self.tree.layout)
        shape = (*x.shape[:-4], 1, len(self.groups), x.shape[-1])
        factors = number_between(uniform(shape, x, generator), self.scale)
        factors = torch.cat([factors, torch.ones_like(factors[..., :1, :])], -2)
        return BoneFactorParams(factors.index_select(-2, self.group.to(factors.device)))

    def transform(self, x: Tensor, params: BoneFactorParams) -> Tensor:
        """Rebuild the bodies."""
        return scale_by_tree(x, params.factors, self.tree)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"scale={self.scale}, groups={list(self.groups)}"


def _groups_of_parts(layout: SkeletonLayout) -> dict[str, tuple[int, ...]]:
    """Return the parts of a layout, those that mirror each other as one group."""
    _checks.require(
        len(layout.parts) > 0,
        f"`layout` {layout.name}",
        "have parts where no `groups` are given",
        "none",
        "Pass groups={'arms': [...], ...}, or give the layout parts.",
    )
    names: dict[frozenset[int], str] = {}
    groups: dict[str, tuple[int, ...]] = {}
    for name, joints in layout.parts.items():
        mirror = names.get(frozenset(layout.swap[joint] for joint in joints))
        names[frozenset(joints)] = name
        if mirror is None:
            groups[name] = tuple(joints)
        else:
            groups[f"{mirror} and {name}"] = (*groups.pop(mirror), *joints)
    return groups


def _named(
    layout: SkeletonLayout, groups: Mapping[str, Sequence[int | str]]
) -> dict[str, tuple[int, ...]]:
    """Return groups of a user by the indices of their joints."""
    found = {name: tuple(layout.index(joint) for joint in group) for name, group in groups.items()}
    every = [joint for group in found.values() for joint in group]
    twice = sorted({layout.joints[joint] for joint in every if every.count(joint) > 1})
    _checks.require(
        len(every) > 0 and not twice,
        "`groups`",
        "name joints, each of them once",
        f"{', '.join(twice)} more than once" if twice else "none",
    )
    return found
