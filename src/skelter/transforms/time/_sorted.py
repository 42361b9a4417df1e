"""Whole frames of a clip in order: drawn at random, or at equal distances."""

from __future__ import annotations

from torch import Generator, Tensor

from skelter import _checks
from skelter.transforms.kinds._numbers import (
    choose,
    count_to,
    in_order,
    last_axis,
    pick,
    valid_frames,
)
from skelter.transforms.time._frames import Fixed, FramesParams, Picks, below, draw_frames
from skelter.typing import ClipShape


class SortedSample(Picks, Fixed):
    """Draw frames of a clip at random, and put them in order.

    They are drawn without replacement out of `copies` copies of every valid frame. So a frame
    may come more than once, and every clip is long enough.

    Args:
        frames: Frames of every output clip.
        copies: Copies of every frame, at least `frames`.

    Raises:
        TypeError: `frames` or `copies` is not an integer.
        ValueError: `frames` is below 1, or `copies` below `frames`.

    References:
        Chen et al., ICCV 2021 (CTR-GCN): the released code for NW-UCLA, 52 frames out of 100
        copies.

    Example:
        >>> import torch
        >>> y = SortedSample(52)(torch.arange(30.0).reshape(1, 30, 1, 1))
        >>> y.shape[1], bool((y.flatten().diff() >= 0).all())
        (52, True)
    """

    def __init__(self, frames: int = 52, copies: int = 100) -> None:
        super().__init__()
        _checks.positive_int("frames", frames)
        _checks.positive_int("copies", copies)
        _checks.require(
            copies >= frames, "`copies`", f"be at least the {frames} frames to draw", copies
        )
        self.frames, self.copies = frames, copies

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> FramesParams:
        """Draw the frames."""
        valid, (draws,) = draw_frames(x, num_frames, generator, (self.frames,))
        chosen = _make_distinct(draws, valid * self.copies)
        return FramesParams(in_order(chosen) // self.copies, None, valid)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"frames={self.frames}, copies={self.copies}"


class EvenSample(Picks, Fixed):
    """Take whole frames at equal distances, from the first valid one to the last.

    Output frame i is frame ``floor(i (n - 1) / (frames - 1))`` of n. Nothing is random: this is
    `SortedSample` for tests.

    Args:
        frames: Frames of every output clip.

    Raises:
        TypeError: `frames` is not an integer.
        ValueError: `frames` is below 1.

    References:
        Chen et al., ICCV 2021 (CTR-GCN): the released evaluation on NW-UCLA.

    Example:
        >>> import torch
        >>> EvenSample(4)(torch.arange(30.0).reshape(1, 30, 1, 1)).flatten()
        tensor([ 0.,  9., 19., 29.])
    """

    def __init__(self, frames: int = 52) -> None:
        super().__init__()
        _checks.positive_int("frames", frames)
        self.frames = frames

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> FramesParams:
        """Compute the frames. Nothing is random."""
        valid = valid_frames(num_frames, x)
        place, last = count_to(self.frames, valid), last_axis(valid) - 1
        return FramesParams(place * last // max(self.frames - 1, 1), None, valid)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"frames={self.frames}"


def _make_distinct(draws: Tensor, count: Tensor) -> Tensor:
    """Turn K draws from U(0, 1) into K distinct integers from 0 below a count.

    Floyd's algorithm: the i-th of them is uniform from 0 to ``count - K + i``, and if it was taken
    before, that last number is taken. All sets have the same chance.
    """
    place = count_to(draws.shape[-1], draws)
    last = last_axis(count) - len(place) + place
    drawn = below(draws, last + 1)
    same = drawn[..., :, None] == drawn[..., None, :]
    taken = (same & (place < place[:, None])).any(-1)
    # The last number of an earlier step was taken if that step's own draw was taken before.
    step = drawn - last[..., :1]
    step = choose((step >= 0) & (step < place), step, place)
    for _ in range(len(place).bit_length()):
        taken = taken | pick(taken, step)
        step = pick(step, step)
    return choose(taken, last, drawn)
