"""Frame masks: random frames, blocks of frames or one span of them are hidden."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Generator, Tensor

from skelter import _checks
from skelter.transforms.kinds._amounts import share_or_count
from skelter.transforms.kinds._mask import Mask
from skelter.transforms.kinds._numbers import (
    as_tensor,
    at_most,
    choose,
    count_to,
    draw,
    floor,
    last_axis,
    valid_frames,
    wide,
)
from skelter.typing import ClipShape


@dataclass(frozen=True, eq=False)
class FrameMaskParams:
    """Draws of masks of frames: ``frames`` (..., T) bool, True where they are hidden."""

    frames: Tensor


class WholeFrameMask(Mask[FrameMaskParams]):
    """A mask of frames that are hidden with all joints and persons."""

    def keep(self, x: ClipShape, params: FrameMaskParams) -> Tensor:
        """Return the frames that stay, bool (..., 1, T, 1, 1). Padding is not hidden."""
        return ~params.frames[..., None, :, None, None]


class FrameMask(WholeFrameMask):
    """Hide random frames, or random blocks of frames.

    The valid frames of a clip are cut into blocks of `block` frames. The last one may be shorter.
    Blocks are chosen without replacement, each with the same chance. At least one stays.

    Args:
        frames: How many: a share of the blocks in (0, 1] as a float, rounded down, or a count of
            blocks as an integer.
        block: Frames of a block.

    Raises:
        TypeError: `frames` or `block` is not a number.
        ValueError: The share lies outside (0, 1]. In a call: the count is not below the number of
            blocks of a clip, padding included.

    References:
        Wu et al., AAAI 2024 (SCD-Net), "temporal masking": 6 of 16 blocks of 4 frames. Zhang et
        al., AAAI 2023 (HiCLR): single frames.

    Example:
        >>> import torch
        >>> y = FrameMask(0.375, block=4)(torch.ones(3, 64, 25, 2))
        >>> (y == 0).all(0).all(-1).all(-1).sum()
        tensor(24)
    """

    def __init__(self, frames: float = 0.375, *, block: int = 1) -> None:
        super().__init__()
        self.frames = share_or_count("frames", frames)
        _checks.positive_int("block", block)
        self.block = block

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> FrameMaskParams:
        """Draw the blocks of each clip."""
        T = x.shape[-3]
        size = -(-T // self.block)
        valid = valid_frames(num_frames, x)
        count = self._count(-(-valid // self.block), size)
        (order,) = draw(x, generator, (size,))
        if isinstance(valid, Tensor):  # torch.func.vmap may draw once for many clips
            order = as_tensor(order)
        starts, time = count_to(size, order) * self.block, count_to(T, order)
        order = choose(starts < last_axis(valid), order, 2.0 + 0 * order)
        first = order.argsort(-1).argsort(-1) < last_axis(count)
        hidden = first[..., time // self.block] & (time < last_axis(valid))
        return FrameMaskParams(as_tensor(hidden))

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"frames={self.frames}, block={self.block}"

    def _count(self, blocks: Tensor, most: int) -> Tensor:
        """Return how many blocks of each clip are hidden."""
        if isinstance(self.frames, float):
            return at_most_all_but_one(share_below(self.frames, blocks), blocks)
        hint = "One has to stay. A share as a float fits any clip."
        _checks.between("frames", self.frames, 1, most - 1, hint)
        return at_most(blocks - 1, self.frames)


class FrameSpanMask(WholeFrameMask):
    """Hide a span of frames that lie one after another.

    Its start is uniform over the valid frames where it fits. At least one frame stays.

    Args:
        frames: How many: a share of the valid frames in (0, 1] as a float, rounded down, or a
            count as an integer. A clip with fewer valid frames keeps one.

    Raises:
        TypeError: `frames` is not a number.
        ValueError: The share lies outside (0, 1]. In a call: the count is not below the frames of
            a clip, padding included.

    References:
        Wu et al., ECCV 2024 (MacDiff): the test of robustness, "temporal occlusion".

    Example:
        >>> import torch
        >>> y = FrameSpanMask(0.25)(torch.ones(3, 40, 25, 2))
        >>> (y == 0).all(0).all(-1).all(-1).sum()
        tensor(10)
    """

    def __init__(self, frames: float = 0.2) -> None:
        super().__init__()
        self.frames = share_or_count("frames", frames)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> FrameMaskParams:
        """Draw the start of each span."""
        T = x.shape[-3]
        valid, (place,) = valid_frames(num_frames, x), draw(x, generator, ())
        if isinstance(valid, Tensor):  # torch.func.vmap may draw once for many clips
            place = as_tensor(place)
        if isinstance(self.frames, float):
            length = at_most_all_but_one(share_below(self.frames, valid), valid)
        else:
            hint = "One has to stay. A share as a float fits any clip."
            _checks.between("frames", self.frames, 1, T - 1, hint)
            length = at_most(valid - 1, self.frames)
        start = floor(place * (valid - length + 1))
        time, end = count_to(T, place), last_axis(start + length)
        return FrameMaskParams(as_tensor((last_axis(start) <= time) & (time < end)))

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"frames={self.frames}"


def share_below(share: float, total: Tensor) -> Tensor:
    """Return a share of counts, rounded down, int64. 0.1 of 750 is 75 whatever floats say."""
    return floor(share * wide(total) + 1e-6)


def at_most_all_but_one(count: Tensor, total: Tensor) -> Tensor:
    """Return counts that leave one of each total."""
    return at_most(count, total - 1)
