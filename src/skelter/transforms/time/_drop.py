"""Frames left out: random ones, or all but one of every few."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.transforms.kinds._numbers import (
    at_most,
    choose,
    count_to,
    floor,
    in_order,
    last_axis,
    narrow,
    number_between,
)
from skelter.transforms.time._frames import (
    FramesParams,
    Picks,
    below,
    draw_frames,
)
from skelter.typing import ClipShape

MOST = 0.99


class DropFrames(Picks):
    """Leave out random frames, and move the others together.

    With n valid frames, ``floor(n r)`` of them are left out, with r ~ U(ratio), but never more
    than 99 %. All sets of them have the same chance. The others stay in order, with zeros behind,
    and `with_num_frames` tells how many they are.

    Args:
        ratio: Smallest and largest share of frames to leave out, in [0, 1].

    Raises:
        TypeError: A share is not a number.
        ValueError: The shares do not lie in order within [0, 1].

    References:
        Moryossef, Müller, Fahrni, 2021 (the package pose-format), "frame dropout".

    Example:
        >>> import torch
        >>> y, n = DropFrames((0.5, 0.5)).with_num_frames(torch.ones(3, 60, 25, 2))
        >>> int(n), int(y[0, :, 0, 0].sum())
        (30, 30)
    """

    def __init__(self, ratio: tuple[float, float] = (0.2, 1.0)) -> None:
        super().__init__()
        self.ratio = _checks.number_range("ratio", ratio, 0, 1)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> FramesParams:
        """Draw the frames to leave out."""
        T = x.shape[-3]
        valid, (share, keys) = draw_frames(x, num_frames, generator, (), (T,))
        dropped = floor(narrow(valid) * at_most(number_between(share, self.ratio), MOST))
        time = count_to(T, keys)
        keys = choose(time < last_axis(valid), keys, 2.0 + 0 * keys)
        kept = valid - dropped
        stay = choose(time < last_axis(kept), keys.argsort(-1), T - 1 + 0 * time)
        return FramesParams(in_order(stay), kept, valid)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"ratio={self.ratio}"


class Downsample(Picks):
    """Keep one frame of every few, at equal distances from a random one of the first.

    With n valid frames, the first is uniform from 0 below ``min(step, n)``. The others follow at
    a distance of `step` frames. Clips of T frames become clips of ``ceil(T / step)``, with zeros
    behind the valid ones.

    Args:
        step: The distance of the frames.

    Raises:
        TypeError: `step` is not an integer.
        ValueError: `step` is below 1.

    References:
        Yan, Xiong, Lin, AAAI 2018 (ST-GCN): the released code, "downsample".

    Example:
        >>> import torch
        >>> Downsample(4)(torch.randn(8, 3, 300, 25, 2)).shape
        torch.Size([8, 3, 75, 25, 2])
    """

    def __init__(self, step: int) -> None:
        super().__init__()
        _checks.positive_int("step", step)
        self.step = step

    def output_shape(self, shape: torch.Size) -> torch.Size:
        """Return the shape that clips of a shape (..., C, T, V, M) have afterwards."""
        return torch.Size((*shape[:-3], -(-shape[-3] // self.step), *shape[-2:]))

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> FramesParams:
        """Draw the first frame of each clip."""
        valid, (place,) = draw_frames(x, num_frames, generator, ())
        start = below(place, at_most(valid, self.step))
        time = count_to(self.output_shape(torch.Size(x.shape))[-3], start) * self.step
        frames = at_most(time + last_axis(start), last_axis(valid) - 1)
        return FramesParams(frames, (valid - start + self.step - 1) // self.step, valid)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"step={self.step}"
