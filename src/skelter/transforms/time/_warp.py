"""Warps: the speed changes within a clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi, sin
from typing import TypeAlias

from torch import Generator, Tensor

from skelter import _checks
from skelter._ragged import RaggedClips
from skelter.transforms.kinds._frame_map import FrameMap, read_frames
from skelter.transforms.kinds._numbers import (
    at_least,
    at_most,
    constant,
    last_axis,
    wide,
)
from skelter.transforms.time._crop import _random_crop
from skelter.transforms.time._frames import Fixed, draw_frames
from skelter.typing import ClipShape

Waves: TypeAlias = list[list[float]]
"""The times of output frames, and what the two bends add to them."""


def warp_time(
    x: Tensor | RaggedClips, start: Tensor, length: Tensor, bend: Tensor, frames: int
) -> Tensor:
    """Cut a stretch out of clips and resample it to ``frames`` at a speed that changes smoothly.

    Output frame j, at ``u = (j + 0.5) / frames``, reads the position ``w(u) length - 0.5`` of the
    stretch, held inside it, with ``w(u) = u + a sin(pi u) / pi + b sin(2 pi u) / (2 pi)``. The
    speed is ``1 + a cos(pi u) + b cos(2 pi u)``, so a makes the beginning faster and the end
    slower, and b makes both ends faster and the middle slower. Without bends, it is `crop_resize`.

    Args:
        x: Clips of shape (..., C, T, V, M), or ragged ones.
        start: First frame of each stretch, integers of shape (...), from 0.
        length: Frames of each stretch, integers of shape (...), from 1; start + length <= T.
        bend: The numbers a and b of each clip, of shape (..., 2). Time never runs backwards
            where their sizes sum to 1 or less.
        frames: Frames to resample to, from 1.

    Returns:
        Clips of shape (..., C, frames, V, M).

    Raises:
        ValueError: The shapes do not match or `frames` is below 1.

    Example:
        >>> import torch
        >>> x = torch.arange(8.0).reshape(1, 8, 1, 1)
        >>> bend = torch.tensor([0.4, 0.0])
        >>> warp_time(x, torch.tensor(0), torch.tensor(8), bend, 4).flatten()
        tensor([0.8898, 3.4411, 5.4411, 6.8898])
    """
    _checks.positive_int("frames", frames)
    x = x if isinstance(x, RaggedClips) else _checks.clips(x)
    _checks.params(x, start=(start, ()), length=(length, ()), bend=(bend, (2,)))
    return read_frames(x, _warp(start, length, bend, _waves(frames)))


@dataclass(frozen=True, eq=False)
class WarpParams:
    """Draws of `Warp`: ``start`` and ``length`` (...) of the stretch, and its ``bend`` (..., 2)."""

    start: Tensor
    length: Tensor
    bend: Tensor


class Warp(FrameMap[WarpParams], Fixed):
    """Cut a random stretch, and resample it at a speed that changes smoothly.

    The stretch is drawn as by `TemporalCropResize`. Output frame j reads time ``u + a sin(pi u) /
    pi + b sin(2 pi u) / (2 pi)`` of it, at ``u = (j + 0.5) / frames``, with a and b from
    U(-bend, bend). The ends of the stretch stay where they are, and time never runs backwards.

    Args:
        frames: Frames of every output clip.
        ratio: Smallest and largest share of the clip, in (0, 1]. (1, 1) takes all of it.
        bend: Largest sizes of a and of b, from 0, that sum to 1 or less. The speed changes
            between ``1 - a - b`` and ``1 + a + b``.
        min_frames: Fewest frames of a stretch.

    Raises:
        TypeError: `frames` or `min_frames` is not an integer.
        ValueError: An argument is out of range.

    Example:
        >>> import torch
        >>> Warp(32)(torch.randn(8, 3, 90, 15, 2)).shape
        torch.Size([8, 3, 32, 15, 2])
    """

    def __init__(
        self,
        frames: int = 32,
        ratio: tuple[float, float] = (0.4, 1.0),
        *,
        bend: tuple[float, float] = (0.4, 0.2),
        min_frames: int = 1,
    ) -> None:
        super().__init__()
        _checks.positive_int("frames", frames)
        _checks.positive_int("min_frames", min_frames)
        self.frames, self.min_frames = frames, min_frames
        self.ratio = _checks.interval("ratio", ratio, 0.0, 1.0)
        self.bend = tuple(bend) if isinstance(bend, Sequence) else (bend,)
        _checks.require(
            len(self.bend) == 2 and min(self.bend) >= 0 and sum(self.bend) <= 1,
            "`bend`",
            "be two numbers from 0 that sum to 1 or less",
            bend,
            "Time would run backwards.",
        )
        self._waves = _waves(frames)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> WarpParams:
        """Draw the stretch and the bends of each clip."""
        valid, draws = draw_frames(x, num_frames, generator, (), (), (2,))
        share, place, of_bend = draws
        start, length = _random_crop(valid, share, place, self.ratio, self.min_frames)
        return WarpParams(start, length, (2 * of_bend - 1) * constant(self.bend, of_bend))

    def positions(self, x: ClipShape, params: WarpParams) -> Tensor:
        """Return where in the clip each output frame lies."""
        return _warp(params.start, params.length, params.bend, self._waves)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return (
            f"frames={self.frames}, ratio={self.ratio}, bend={self.bend}, "
            f"min_frames={self.min_frames}"
        )


def _warp(start: Tensor, length: Tensor, bend: Tensor, waves: Waves) -> Tensor:
    u, of_a, of_b = (constant(row, bend) for row in waves)
    time = wide(u) + bend[..., :1] * of_a + bend[..., 1:] * of_b
    within = at_least(time * last_axis(length) - 0.5, 0.0)
    return at_most(within, last_axis(length) - 1) + last_axis(start)


def _waves(frames: int) -> Waves:
    """Return the times of output frames, and what the two bends add to them."""
    times = [(frame + 0.5) / frames for frame in range(frames)]
    slow = [sin(pi * u) / pi for u in times]
    fast = [sin(2 * pi * u) / (2 * pi) for u in times]
    return [times, slow, fast]
