"""Masks in chunks of frames: parts or joints are hidden, others in the next chunk."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.layouts import NTU25, SkeletonLayout, check_layout
from skelter.transforms.kinds._amounts import count_of, share_or_count
from skelter.transforms.kinds._mask import Mask
from skelter.transforms.kinds._numbers import smallest, uniform
from skelter.transforms.masks._parts import Groups, join_parts, members_of, parts_of
from skelter.typing import ClipShape


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

    _members: Tensor

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
        members = members_of(self.groups, layout.num_joints)
        self.register_buffer("_members", members, persistent=False)

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
        count = count_of("joints", self.joints, V)
        order = uniform((*x.shape[:-4], chunks, V), x, generator)
        return ChunkMaskParams(smallest(order, count))

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
