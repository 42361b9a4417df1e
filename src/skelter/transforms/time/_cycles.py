"""Waves along a clip that repeat frames and leave others out."""

from __future__ import annotations

from math import pi

from torch import Generator, Tensor

from skelter import _checks
from skelter.transforms.kinds._numbers import (
    as_tensor,
    at_least,
    choose,
    count_to,
    count_up_to,
    floor,
    last_axis,
    sine_and_cosine,
    wide,
)
from skelter.transforms.time._frames import (
    FramesParams,
    Picks,
    below,
    draw_frames,
    in_valid,
    ranks,
)
from skelter.typing import ClipShape

FLAT = 1e-6  # a mean height below this is rounding: all angles are zeros of the wave


def cycle_frames(cycles: Tensor, is_sine: Tensor, keys: Tensor, num_frames: Tensor) -> Tensor:
    r"""Return the frames that `CycleWarp` shows.

    Args:
        cycles: Half waves of each clip, integers of shape (...), from 1.
        is_sine: Whether each clip has \|sin\|, or else \|cos\|, bool of shape (...).
        keys: Draws from U(0, 1), of shape (..., T). Those frames are shown once more, or less,
            whose keys are the smallest.
        num_frames: Valid frames of each clip, integers of shape (...).

    Returns:
        Frames of the clips, int64 of shape (..., T). Padding stays behind.

    Example:
        >>> import torch
        >>> none = torch.linspace(0, 1, 8)
        >>> cycle_frames(torch.tensor(1), torch.tensor(True), none, torch.tensor(8))
        tensor([1, 2, 3, 3, 4, 4, 5, 6])
    """
    return as_tensor(_show(cycles, is_sine, keys, num_frames))


class CycleWarp(Picks):
    """Repeat and leave out frames, as a wave along the clip says.

    With n valid frames and k ~ U{cycles}, the wave is ``|sin|`` or ``|cos|``, with chance 1/2
    each, of n equally spaced angles from 0 to ``k pi``. It is scaled to the sum n and rounded, and
    then says how often every frame is shown. What is too much or too little is taken from random
    frames that are shown, or given to random ones that are not. Padding stays behind.

    Args:
        cycles: Fewest and most half waves.

    Raises:
        TypeError: A number of cycles is not an integer.
        ValueError: They are below 1 or not in order.

    References:
        Mehraban et al., 2024 (STARS): the released code, "warp time".

    Example:
        >>> import torch
        >>> y = CycleWarp()(torch.arange(120.0).reshape(1, 120, 1, 1))
        >>> y.shape[1], bool((y.flatten().diff() >= 0).all())
        (120, True)
    """

    def __init__(self, cycles: tuple[int, int] = (1, 16)) -> None:
        super().__init__()
        self.cycles = _checks.integer_range("cycles", cycles)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> FramesParams:
        """Draw the wave of each clip, and the frames that make up for its rounding."""
        T, (low, high) = x.shape[-3], self.cycles
        valid, draws = draw_frames(x, num_frames, generator, (), (), (T,))
        count, shape, keys = draws
        wave = low + below(count, high - low + 1), shape < 0.5
        return FramesParams(_show(*wave, keys, valid), None, valid)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"cycles={self.cycles}"


def _show(cycles: Tensor, is_sine: Tensor, keys: Tensor, num_frames: Tensor) -> Tensor:
    valid = last_axis(num_frames)
    time = count_to(keys.shape[-1], keys)
    inside = time < valid
    angle = time * (pi * wide(last_axis(cycles)) / at_least(valid - 1, 1))
    wave = abs(choose(last_axis(is_sine), *sine_and_cosine(angle))) * inside
    total = last_axis(wave.sum(-1))
    wave = choose(total > FLAT * valid, wave, wide(inside))
    shown = floor((wave / last_axis(wave.sum(-1)) * valid).round())
    excess = last_axis(shown.sum(-1)) - valid
    # Frames that are shown may be shown less often, and those that are not may be shown.
    first = (shown > 0) == (excess > 0)
    order = wide(keys) + 2.0 * ~first + 4.0 * ~inside
    shown = shown + (1 - 2 * (excess > 0)) * (ranks(order) < abs(excess))
    # A frame of the output shows the frame that as many others end before.
    return in_valid(count_up_to(shown.cumsum(-1), time), num_frames)
