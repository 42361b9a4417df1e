"""Regions of clips, parts of the body over blocks of frames, taken from other clips."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.layouts import NTU25, SkeletonLayout, check_layout
from skelter.transforms.kinds._frame_map import read_frames
from skelter.transforms.kinds._mixer import Mixed, Mixer
from skelter.transforms.kinds._numbers import count_to, draw
from skelter.transforms.kinds._partners import draw_partners, same_clips, take_partners
from skelter.transforms.kinds._positions import presence
from skelter.typing import ClipShape


def mix_regions(x: Tensor, other: Tensor, mask: Tensor) -> Tensor:
    """Replace the frames and joints of a mask by those of other clips.

    Persons that are absent in either clip stay as they are.

    Args:
        x: Clips of shape (..., C, T, V, M).
        other: Clips of the same shape.
        mask: What to replace, bool of shape (..., T, V).

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    References:
        SkeleMixCLR (Chen et al., 2022).

    Example:
        >>> mask = torch.zeros(8, 25, dtype=torch.bool)
        >>> mask[2:4, :5] = True
        >>> mix_regions(torch.ones(3, 8, 25, 1), 2 * torch.ones(3, 8, 25, 1), mask).sum()
        tensor(630.)
    """
    x, other = same_clips(x, other)
    _checks.params(x, mask=(mask, (x.shape[-3], x.shape[-2])))
    replaced = mask.to(x.dtype)[..., None, :, :, None] * (_persons(x) * _persons(other))
    return _replace(x, other.clone(), replaced)


@dataclass(frozen=True, eq=False)
class RegionParams:
    """Draws of `MixRegions` and `ResizeMix`.

    ``partner`` (...) int64 is the number of another clip, counted along all batch axes together,
    and ``joints`` (..., V) bool are those of the chosen parts. The region is the ``length`` frames
    from ``start`` on, and ``num_frames`` are the valid ones, all int64 (...).
    """

    partner: Tensor
    joints: Tensor
    start: Tensor
    length: Tensor
    num_frames: Tensor


class _Regions(Mixer[RegionParams]):
    """Take some parts of some blocks of frames from another clip."""

    parts_of: Tensor
    """1 in row p and column v if joint v belongs to part p, (parts, V)."""

    stride = 1
    """Frames of the partner for each frame of the region."""

    def __init__(
        self,
        layout: SkeletonLayout,
        parts: tuple[int, int],
        blocks: tuple[int, int],
        block_frames: int,
    ) -> None:
        super().__init__()
        self.layout, count = check_layout(layout), len(layout.parts)
        _checks.require(
            count > 0,
            f"`layout` {layout.name}",
            "have parts",
            "none",
            "Name them: dataclasses.replace(layout, parts={'left arm': [...], ...})",
        )
        _checks.positive_int("block_frames", block_frames)
        hint = f"{layout.name} has {count} parts."
        self.parts = _checks.integer_range("parts", parts, count, hint)
        self.blocks = _checks.integer_range("blocks", blocks)
        self.block_frames = block_frames
        parts_of = torch.zeros(count, layout.num_joints)
        for row, joints in zip(parts_of, layout.parts.values(), strict=True):
            row[list(joints)] = 1
        self.register_buffer("parts_of", parts_of, persistent=False)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> RegionParams:
        """Draw another clip, parts, and a stretch of blocks that both clips have."""
        _checks.joint_count("`x`", x.shape[-2], self.layout)
        self._check_frames(x)
        partner = draw_partners(x, type(self).__name__, generator)
        own = _checks.frame_counts(num_frames, x)
        fewer = torch.minimum(own, take_partners(own, partner) // self.stride)
        fit = fewer // self.block_frames
        # What shows the beginning of the partner may lie anywhere in the clip.
        room = fit if self.stride == 1 else own // self.block_frames
        keys, how_many, long, place = draw(x, generator, (len(self.parts_of),), (), (), ())
        count = _whole(how_many, *self.parts)
        chosen = keys.argsort(-1).argsort(-1) < count[..., None]
        low, high = (fit.clamp(max=blocks) for blocks in self.blocks)
        length = _whole(long, low, high)
        start = _whole(place, 0, room - length)
        joints = chosen.to(self.parts_of.dtype) @ self.parts_of.to(chosen.device) > 0
        frames = self.block_frames
        return RegionParams(partner, joints, start * frames, length * frames, own)

    def transform(self, x: Tensor, params: RegionParams) -> Mixed:
        """Take the region over from the partner of each clip."""
        x = _checks.clips(x)
        _checks.joints(x, self.layout)
        inside = count_to(x.shape[-3], params.start) - params.start[..., None]
        frames = ((inside >= 0) & (inside < params.length[..., None])).to(x.dtype)[..., None]
        joints = params.joints[..., None, :].to(x.dtype)
        other = self._frames_of(take_partners(x, params.partner), inside)
        persons = _persons(x)
        both = persons * take_partners(persons, params.partner)
        # Long inner loops are the fast ones: joints and persons are one axis of V * M numbers.
        there = (joints.unsqueeze(-1) * both.squeeze(-4)).flatten(-2)  # (..., 1, V * M)
        replaced = (frames * there).view(both.shape[:-3] + x.shape[-3:])
        mask = (frames * joints).float()
        share = mask.sum((-2, -1)) / (params.num_frames * mask.shape[-1])
        return Mixed(_replace(x, other, replaced), params.partner, mask, share)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return (
            f"layout={self.layout.name}, parts={self.parts}, blocks={self.blocks}, "
            f"block_frames={self.block_frames}"
        )

    def _frames_of(self, other: Tensor, inside: Tensor) -> Tensor:
        """Return the frames of partners that the frames of regions show.

        Args:
            other: The partners.
            inside: Frames counted from the start of the region, int64 (..., T).
        """
        return other

    def _check_frames(self, x: ClipShape) -> None:
        least = self.blocks[0] * self.block_frames * self.stride
        of = f"{self.stride} times " if self.stride > 1 else ""
        _checks.require(
            x.shape[-3] >= least,
            "`x`",
            f"have at least {least} frames, as {type(self).__name__} takes {of}{self.blocks[0]} or "
            f"more blocks of {self.block_frames} frames",
            f"T={x.shape[-3]}",
            "Lower `blocks` or `block_frames`, or resample the clips before.",
        )


class MixRegions(_Regions):
    """Take some parts of the body, over a stretch of frames, from another clip of the batch.

    k ~ U{parts} parts of the layout are chosen without replacement, B ~ U{blocks} blocks of
    frames, and a place for them, for every clip. Their joints take over the frames of a partner
    at the same time. Each other clip of the batch is the partner with the same chance. The stretch
    lies in the frames that are valid in both clips. Where fewer blocks than the smallest number
    fit into those, it is as long as fits. Persons that are absent in either clip stay as they are.
    Parts are taken over where they are: bring persons to one place before, such as by
    `CentreOnJoint`.

    The mask of blocks that regional pooling needs is ``mixed.mask[..., ::block_frames, :]``.

    Args:
        layout: The layout of the clips, with parts.
        parts: Fewest and most parts.
        blocks: Fewest and most blocks. SkeleMixCLR has (7, 11) of 16 blocks, ActCLR (3, 5) and
            (1, 3) of 12.
        block_frames: Frames of a block.

    Raises:
        TypeError: `layout` is not a layout, or a number is not an integer.
        ValueError: The layout has no parts, or not as many as `parts` says; or a range is not
            one. In a call: there are fewer than 2 clips, the clips have other joints, or fewer
            frames than the smallest number of blocks.

    References:
        SkeleMixCLR (Chen et al., 2022); ActCLR (Lin et al., CVPR 2023), which calls it CutMix.

    Example:
        >>> mixed = MixRegions()(torch.randn(8, 3, 64, 25, 2))
        >>> mixed.mask.unique(), mixed.mask.shape
        (tensor([0., 1.]), torch.Size([8, 64, 25]))
    """

    def __init__(
        self,
        layout: SkeletonLayout = NTU25,
        parts: tuple[int, int] = (2, 3),
        *,
        blocks: tuple[int, int] = (7, 11),
        block_frames: int = 4,
    ) -> None:
        super().__init__(layout, parts, blocks, block_frames)


class ResizeMix(_Regions):
    """Take some parts of the body from another clip of the batch, at twice the speed.

    As `MixRegions`, but the stretch of L frames shows every second one of the first 2 L frames of
    the partner. It lies anywhere in the valid frames of the clip, and is no longer than half of
    the partner's.

    Args:
        layout: The layout of the clips, with parts.
        parts: Fewest and most parts.
        blocks: Fewest and most blocks.
        block_frames: Frames of a block.

    Raises:
        TypeError: `layout` is not a layout, or a number is not an integer.
        ValueError: The layout has no parts, or not as many as `parts` says; or a range is not
            one. In a call: there are fewer than 2 clips, the clips have other joints, or fewer
            frames than twice the smallest number of blocks.

    References:
        ActCLR (Lin et al., CVPR 2023).

    Example:
        >>> ResizeMix()(torch.randn(8, 3, 64, 25, 2)).clips.shape
        torch.Size([8, 3, 64, 25, 2])
    """

    stride = 2

    def __init__(
        self,
        layout: SkeletonLayout = NTU25,
        parts: tuple[int, int] = (2, 3),
        *,
        blocks: tuple[int, int] = (3, 5),
        block_frames: int = 4,
    ) -> None:
        super().__init__(layout, parts, blocks, block_frames)

    def _frames_of(self, other: Tensor, inside: Tensor) -> Tensor:
        return read_frames(other, (2 * inside).clamp(0, other.shape[-3] - 1))


def _whole(draws: Tensor, low: Tensor | int, high: Tensor | int) -> Tensor:
    """Return whole numbers from low to high, both included, from draws of U(0, 1)."""
    count = torch.as_tensor(high - low + 1, device=draws.device)
    return low + torch.minimum((draws * count).long(), count - 1)


def _persons(x: Tensor) -> Tensor:
    """Return 1 for persons of clips that are there at some time, (..., 1, 1, 1, M)."""
    return presence(x).sum(-3, keepdim=True).amax(-2, keepdim=True).sign_()


def _replace(x: Tensor, other: Tensor, replaced: Tensor) -> Tensor:
    """Return clips with others, which are used up, where ``replaced`` is 1 and not 0.

    At weights of 0 and 1 ``lerp`` is exact, and in place it is many times as fast as ``where``.
    """
    return other.lerp_(x, 1 - replaced)
