"""Draws of frames, and frame maps whose draws are the frames themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from skelter.transforms.kinds._base import Transform
from skelter.transforms.kinds._frame_map import FrameMap
from skelter.transforms.kinds._numbers import (
    as_tensor,
    at_most,
    choose,
    count_to,
    draw,
    floor,
    last_axis,
    valid_frames,
)
from skelter.typing import ClipShape


def draw_frames(
    x: ClipShape, num_frames: Tensor | None, generator: Generator | None, *shapes: Sequence[int]
) -> tuple[Tensor, list[Tensor]]:
    """Return the valid frames of clips, and draws from U(0, 1) of the same kind of numbers."""
    valid, draws = valid_frames(num_frames, x), draw(x, generator, *shapes)
    if isinstance(valid, Tensor):  # torch.func.vmap may draw once for many clips
        draws = [as_tensor(block) for block in draws]
    return valid, draws


def below(draws: Tensor, count: Tensor | int) -> Tensor:
    """Turn draws from U(0, 1) into integers from 0 below a count."""
    return at_most(floor(draws * count), count - 1)


def ranks(draws: Tensor) -> Tensor:
    """Return how many of the numbers along the last axis are smaller than each."""
    order = draws.argsort(-1)
    places = count_to(order.shape[-1], order)
    if isinstance(order, Tensor):
        return torch.empty_like(order).scatter(-1, order, places.expand_as(order))
    places[order] = places.copy()
    return places


def in_valid(frames: Tensor, valid: Tensor) -> Tensor:
    """Return frames (..., T) where they are read for valid ones. Padding stays where it is."""
    time = count_to(frames.shape[-1], frames)
    return choose(time < last_axis(valid), frames, time)


@dataclass(frozen=True, eq=False)
class FramesParams:
    """Frames that clips are read at.

    Args:
        positions: Where in its clip each output frame lies, (..., T').
        count: How many of the output frames are valid, from 1, (...). The others become zeros.
            None where all are.
        num_frames: Valid frames of the clips before, (...).
    """

    positions: Tensor
    count: Tensor | None
    num_frames: Tensor


class Picks(FrameMap[FramesParams]):
    """A frame map whose parameters are the positions."""

    def positions(self, x: ClipShape, params: FramesParams) -> Tensor:
        """Return where in the clip each output frame lies."""
        return params.positions

    def present(self, x: ClipShape, params: FramesParams) -> Tensor | None:
        """Return the output frames that are valid."""
        if params.count is None:
            return None
        return count_to(params.positions.shape[-1], params.positions) < last_axis(params.count)

    def output_num_frames(
        self, x: ClipShape, params: FramesParams, *, num_frames: Tensor | None = None
    ) -> Tensor | None:
        """Return how many frames are valid afterwards."""
        if params.count is None:
            return super().output_num_frames(x, params, num_frames=num_frames)
        return as_tensor(params.count)


class Fixed(Transform[FramesParams]):
    """A transform to a fixed number of frames, its argument."""

    frames: int

    @property
    def output_frames(self) -> int:
        """Frames of every output clip."""
        return self.frames


def time_of(params: FramesParams) -> Tensor:
    """Return the time of output frames, from -1 in the first valid frame of the clip to 1."""
    return as_tensor(2.0 * params.positions / last_axis(params.num_frames) - 1.0).float()


def first_frames(frames: int, valid: Tensor) -> Tensor:
    """Return the first frames of clips, the last valid one again where there are fewer."""
    return at_most(count_to(frames, valid), last_axis(valid) - 1)
