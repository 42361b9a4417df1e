"""Part masks: whole parts of the body are hidden, in the whole clip or in chunks of frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.layouts import NTU25, SkeletonLayout, check_layout
from skelter.transforms.kinds._amounts import count_of, share_or_count
from skelter.transforms.kinds._mask import Mask
from skelter.transforms.kinds._numbers import as_tensor, draw, smallest, uniform
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

    def __init__(
        self, layout: SkeletonLayout = NTU25, parts: float = 1, *, groups: Groups | None = None
    ) -> None:
        super().__init__()
        self.layout = check_layout(layout)
        self.groups = parts_of(layout, groups, "PartMask")
        self.parts = share_or_count("parts", parts)
        self._count = count_of("parts", self.parts, len(self.groups))
        self._members = members_of(self.groups, layout.num_joints)

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


@dataclass(frozen=True, eq=False)
class ChunkMaskParams:
    """Draws of masks in chunks: ``joints`` (..., chunks, V) bool, True where they are hidden."""

    joints: Tensor


class PartChunkMask(Mask[ChunkMaskParams]):
    """Hide some parts of the body in every chunk of frames, others in the next chunk.

    The clip is cut into chunks of `chunk` frames. The last one may be shorter. In each of them,
    parts are chosen without replacement and hidden for all persons.

    Args:
        layout: The layout of the clips, whose `parts` are hidden.
        parts: How many in each chunk: a share of the parts in (0, 1] as a float, rounded, or a
            count as an integer. The paper's 3 of 5 are the share 0.6.
        chunk: Frames of a chunk.
        groups: Groups of joints, by name or index, to choose among instead of the parts of the
            layout.

    Raises:
        TypeError: `layout` is not a layout, or `parts` or `chunk` not a number.
        ValueError: The share lies outside (0, 1], the count exceeds the parts, the layout has no
            parts, or a group has an unknown joint or none. In a call: clips do not have the
            joints of the layout.

    References:
        Zhang et al., ACM MM 2023 (PCM3), "masked skeleton prediction". Its code is for 64 frames
        and two persons, and hides person 0 alone.

    Example:
        >>> y = PartChunkMask(chunk=8)(torch.ones(3, 20, 25, 2))
        >>> (y[0, :8] == y[0, :1]).all(), (y[0, 16:] == y[0, 16:17]).all()
        (tensor(True), tensor(True))
    """

    def __init__(
        self,
        layout: SkeletonLayout = NTU25,
        parts: float = 0.6,
        *,
        chunk: int = 8,
        groups: Groups | None = None,
    ) -> None:
        super().__init__()
        self.layout = check_layout(layout)
        self.groups = parts_of(layout, groups, "PartChunkMask")
        self.parts = share_or_count("parts", parts)
        _checks.positive_int("chunk", chunk)
        self.chunk = chunk
        self._count = count_of("parts", self.parts, len(self.groups))
        self._members = members_of(self.groups, layout.num_joints)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> ChunkMaskParams:
        """Draw the parts of each chunk."""
        _checks.joint_count("`x`", x.shape[-2], self.layout)
        chunks = -(-x.shape[-3] // self.chunk)
        order = uniform((*x.shape[:-4], chunks, len(self.groups)), x, generator)
        return ChunkMaskParams(join_parts(smallest(order, self._count), self._members))

    def keep(self, x: ClipShape, params: ChunkMaskParams) -> Tensor:
        """Return the joints that stay in each frame, bool (..., 1, T, V, 1)."""
        return keep_in_chunks(params.joints, self.chunk, x.shape[-3])

    def extra_repr(self) -> str:
        """Name the arguments."""
        about = f"{self.layout.name}, parts={self.parts}, chunk={self.chunk}"
        return f"{about}, of {', '.join(self.groups)}"


class JointChunkMask(Mask[ChunkMaskParams]):
    """Hide random joints in every chunk of frames, others in the next chunk.

    In a chunk, joints are chosen without replacement and hidden for all persons. Chunks of one
    frame draw anew in every frame.

    Args:
        joints: How many in each chunk: a share of the joints in (0, 1] as a float, rounded, or a
            count as an integer.
        chunk: Frames of a chunk. The last one of a clip may be shorter.

    Raises:
        TypeError: `joints` or `chunk` is not a number.
        ValueError: The share lies outside (0, 1]. In a call: the count exceeds the joints of a
            clip.

    References:
        Zhang et al., AAAI 2023 (HiCLR): 0.1 of the joints in every frame. Call `keep` to fill in a
        learned number as it does, instead of zero.

    Example:
        >>> (JointChunkMask(2)(torch.ones(3, 4, 25, 1)) == 0).all(0).sum((-1, -2))
        tensor([2, 2, 2, 2])
    """

    def __init__(self, joints: float = 0.1, *, chunk: int = 1) -> None:
        super().__init__()
        self.joints = share_or_count("joints", joints)
        _checks.positive_int("chunk", chunk)
        self.chunk = chunk

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> ChunkMaskParams:
        """Draw the joints of each chunk."""
        V, chunks = x.shape[-2], -(-x.shape[-3] // self.chunk)
        order = uniform((*x.shape[:-4], chunks, V), x, generator)
        return ChunkMaskParams(smallest(order, count_of("joints", self.joints, V)))

    def keep(self, x: ClipShape, params: ChunkMaskParams) -> Tensor:
        """Return the joints that stay in each frame, bool (..., 1, T, V, 1)."""
        return keep_in_chunks(params.joints, self.chunk, x.shape[-3])

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"joints={self.joints}, chunk={self.chunk}"


def keep_in_chunks(joints: Tensor, chunk: int, frames: int) -> Tensor:
    """Return what stays where joints (..., chunks, V) are hidden, bool (..., 1, T, V, 1)."""
    chunks = torch.arange(frames, device=joints.device) // chunk
    return ~joints.index_select(-2, chunks)[..., None, :, :, None]


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
