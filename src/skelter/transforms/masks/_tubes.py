"""Tubes of tokens: joints that lie together on a part of the body, hidden for a while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.layouts import NTU25, SkeletonLayout, check_layout
from skelter.transforms.kinds._numbers import uniform
from skelter.transforms.masks._joints import mark_first
from skelter.transforms.masks._parts import parts_of
from skelter.transforms.masks._tokens import TokenMask, count_blocks, is_padding
from skelter.typing import ClipShape

Ratio: TypeAlias = float | tuple[float, float]
"""A share, or a range (from, to) from which every person of every clip draws its own."""

PROPOSALS, MISSES = 64, 10  # where 0.9 is hidden, 0.3 % of masks could use more proposals


def add_tube(hidden: Tensor, joints: Tensor, top: Tensor, height: Tensor, budget: Tensor) -> Tensor:
    """Hide a tube of tokens, if it adds some and not too many.

    Args:
        hidden: True where tokens are hidden already, bool of shape (..., blocks, V).
        joints: The joints of the tube, bool of shape (..., V).
        top: Its first block, integers (...).
        height: How many blocks it has, integers (...).
        budget: The most tokens that it may add, integers (...).

    Returns:
        bool of the shape of `hidden`: as before where the tube adds none, or more than `budget`.

    References:
        SLiM, "semantic tube masking".

    Example:
        >>> hidden, joints = torch.zeros(4, 3, dtype=torch.bool), torch.tensor([True, True, False])
        >>> top, height = torch.tensor(1), torch.tensor(2)
        >>> add_tube(hidden, joints, top, height, torch.tensor(4)).sum()
        tensor(4)
        >>> add_tube(hidden, joints, top, height, torch.tensor(3)).sum()
        tensor(0)
    """
    block = torch.arange(hidden.shape[-2], device=hidden.device)
    blocks = (top[..., None] <= block) & (block < (top + height)[..., None])
    tube = blocks[..., :, None] & joints[..., None, :] & ~hidden
    fits = tube.sum((-2, -1)) <= budget
    return hidden | (tube & fits[..., None, None])


@dataclass(frozen=True, eq=False)
class TubeTokenMaskParams:
    """Draws of `TubeTokenMask`, for proposals k of each person of each clip.

    Args:
        joints: The joints of each tube, bool (..., M, k, V).
        area: How large it is, from U(0, 1), (..., M, k).
        top: Where it begins, from U(0, 1), (..., M, k).
        hidden: How many tokens are hidden in the end, int64 (..., M).
        order: Numbers of all tokens from U(0, 1), (..., M, blocks, V). Where tubes hide too few,
            tokens of the largest numbers are hidden, too.
        num_frames: Valid frames, int64 (...).
    """

    joints: Tensor
    area: Tensor
    top: Tensor
    hidden: Tensor
    order: Tensor
    num_frames: Tensor


class TubeTokenMask(TokenMask[TubeTokenMaskParams]):
    """Hide tubes: joints of one part of the body that follow each other, for some blocks.

    Tubes are proposed one after another. A part of the layout is drawn, a run of 1 to all of its
    joints along the bones, and an area from U(area). The tube is area / joints blocks
    high, rounded, and begins anywhere where it fits. It is taken if it hides new tokens, and not
    more than are to be hidden in all. After ten proposals in a row that are not taken, single
    tokens are hidden at random until the number is exact.

    Args:
        layout: The layout of the clips, whose `parts` tubes lie on.
        ratio: The share of tokens that is hidden, in [0, 1], rounded. A range (from, to) draws
            the share of each person of each clip, so that the numbers differ.
        patch: Frames of a token.
        area: Smallest and largest area of a tube, as shares of all tokens of a person. The
            paper's 8 and 100 of 8 x 25 tokens are 0.04 and 0.5.

    Raises:
        TypeError: `layout` is not a layout, or another argument not a number.
        ValueError: A share lies outside [0, 1] or a range is not in order; `patch` is below 1; or
            the layout has no parts. In a call: T is not a multiple of `patch`, or clips do not
            have the joints of the layout.

    References:
        SLiM, "semantic tube masking". Its code stops at fewer hidden tokens where proposals fail.

    Example:
        >>> keep = TubeTokenMask(ratio=0.6)(torch.randn(8, 3, 64, 25, 2))
        >>> keep.shape, keep.sum((-2, -1)).unique()
        (torch.Size([8, 2, 8, 25]), tensor([80]))
    """

    def __init__(
        self,
        layout: SkeletonLayout = NTU25,
        ratio: Ratio = (0.5, 0.9),
        *,
        patch: int = 8,
        area: tuple[float, float] = (0.04, 0.5),
    ) -> None:
        super().__init__(patch)
        self.layout = check_layout(layout)
        parts = parts_of(layout, None, "TubeTokenMask").values()
        self._parts = [_along_bones(joints, layout) for joints in parts]
        self.ratio = _shares("ratio", ratio)
        self.area = _shares("area", area)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> TubeTokenMaskParams:
        """Draw tubes, and how many tokens are hidden."""
        _checks.joint_count("`x`", x.shape[-2], self.layout)
        *batch, _, T, V, M = x.shape
        blocks = count_blocks(T, self.patch)
        draws = uniform((*batch, M, PROPOSALS, 5), x, generator)
        share = uniform((*batch, M), x, generator).double()
        order = uniform((*batch, M, blocks, V), x, generator)
        low, high = self.ratio
        hidden = (blocks * V * (low + (high - low) * share)).round().long()
        part, length, start, area, top = draws.unbind(-1)
        joints = self._runs(part, length, start)
        counts = _checks.frame_counts(num_frames, x)
        return TubeTokenMaskParams(joints, area, top, hidden, order, counts)

    def keep(self, x: ClipShape, params: TubeTokenMaskParams) -> Tensor:
        """Return the visible tokens, bool (..., M, T / patch, V)."""
        order = params.order
        padding = is_padding(params.num_frames, order, self.patch).expand(order.shape)
        tubes = self._place(padding, params)
        # Padding is hidden first, then tubes, then single tokens.
        rank = order + padding * 2.0 + tubes * 1.0
        count = order.shape[-2] * order.shape[-1] - params.hidden[..., None]
        return mark_first(rank.flatten(-2), count).view(order.shape)

    def extra_repr(self) -> str:
        """Name the arguments."""
        about = f"{self.layout.name}, ratio={self.ratio}, patch={self.patch}"
        return f"{about}, area={self.area}"

    def _runs(self, part: Tensor, length: Tensor, start: Tensor) -> Tensor:
        """Return joints that follow each other on parts, bool (..., V), from draws of U(0, 1)."""
        sizes = torch.tensor([len(joints) for joints in self._parts], device=part.device)
        chosen = (part * len(sizes)).long()
        size = sizes[chosen]
        length = 1 + (length * size).long()
        start = (start * (size - length + 1)).long()
        places = torch.tensor(self._places(), device=part.device)[chosen]  # ... V
        return (start[..., None] <= places) & (places < (start + length)[..., None])

    def _places(self) -> list[list[int]]:
        """Return the place of each joint on each part, -1 where it is not on it."""
        joints = range(self.layout.num_joints)
        return [[part.index(v) if v in part else -1 for v in joints] for part in self._parts]

    def _place(self, padding: Tensor, params: TubeTokenMaskParams) -> Tensor:
        """Return which tokens tubes hide, one after another, bool (..., M, blocks, V)."""
        tokens = padding.shape[-2] * padding.shape[-1]
        low, high = (share * tokens for share in self.area)
        blocks = (~padding[..., 0]).sum(-1)
        hidden, misses = padding, torch.zeros_like(params.hidden)
        for joints, area, top in zip(
            params.joints.unbind(-2), params.area.unbind(-1), params.top.unbind(-1), strict=True
        ):
            budget = (params.hidden - hidden.sum((-2, -1))).clamp(min=0)
            size = low + area * (budget.clamp(max=high) - low)
            height = (size / joints.sum(-1)).round().clamp(min=1).long().minimum(blocks)
            first = (top * (blocks - height + 1)).long()
            more = add_tube(hidden, joints, first, height, budget * (misses < MISSES))
            misses = torch.where((more != hidden).any(-1).any(-1), 0, misses + 1)
            hidden = more
        return hidden & ~padding


def _along_bones(part: Sequence[int], layout: SkeletonLayout) -> list[int]:
    """Return the joints of a part one after another along the bones, from an end on."""
    near: dict[int, list[int]] = {joint: [] for joint in part}
    for bone in layout.bones:
        if set(bone) <= set(part):
            for joint, other in (bone, bone[::-1]):
                near[joint].append(other)
    order: list[int] = []
    for end in sorted(part, key=lambda joint: len(near[joint])):
        ahead = [end]
        while ahead:
            joint = ahead.pop()
            if joint not in order:
                order.append(joint)
                ahead.extend(near[joint])
    return order


def _shares(name: str, value: float | Sequence[float]) -> tuple[float, float]:
    """Return a range of shares in [0, 1]. One number is a range of nothing else."""
    pair = tuple(value) if isinstance(value, Sequence) else (value, value)
    for end in pair:
        _checks.between(name, end, 0.0, 1.0)
    ordered = len(pair) == 2 and pair[0] <= pair[1]
    _checks.require(ordered, f"`{name}`", "be (from, to) with from <= to", value)
    return float(pair[0]), float(pair[1])
