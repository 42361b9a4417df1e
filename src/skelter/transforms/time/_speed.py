"""Changes of speed."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from torch import Generator, Tensor

from skelter import _checks
from skelter._ragged import RaggedClips
from skelter.transforms.kinds._frame_map import FrameMap, read_rows, rows_at
from skelter.transforms.kinds._numbers import (
    as_tensor,
    at_least,
    at_most,
    count_to,
    floor,
    last_axis,
    narrow,
    number_between,
    wide,
)
from skelter.transforms.time._frames import draw_frames
from skelter.typing import ClipShape


def change_speed(
    x: Tensor | RaggedClips, length: Tensor, frames: int, num_frames: Tensor | None = None
) -> Tensor:
    """Resample the valid frames of clips to another length, then cut or pad them.

    Output frame j of the first ``length`` reads the position ``(j + 0.5) n / length - 0.5`` of the
    n valid frames, held inside them. Those behind are zeros.

    Args:
        x: Clips of shape (..., C, T, V, M), or ragged ones.
        length: Frames that the valid frames are resampled to, integers of shape (...), from 1.
        frames: Frames of the output: longer clips are cut, shorter ones padded with zeros.
        num_frames: Valid frames of each clip, integers of shape (...). None counts all of them.

    Returns:
        Clips of shape (..., C, frames, V, M).

    Raises:
        ValueError: The shapes do not match or `frames` is below 1.

    Example:
        >>> import torch
        >>> x = torch.tensor([1.0, 2.0, 3.0, 4.0]).reshape(1, 4, 1, 1)
        >>> change_speed(x, torch.tensor(2), 4).flatten()
        tensor([1.5000, 3.5000, 0.0000, 0.0000])
    """
    _checks.positive_int("frames", frames)
    x = x if isinstance(x, RaggedClips) else _checks.clips(x)
    _checks.params(x, length=(length, ()))
    valid = _checks.frame_counts(num_frames, x)
    rows = rows_at(x, _positions_at_speed(length, valid, frames))
    return read_rows(x, rows._replace(keep=_is_played(length, frames)))


@dataclass(frozen=True, eq=False)
class SpeedParams:
    """Draws of `Speed`: the ``length`` before it is cut, and ``num_frames``, both (...)."""

    length: Tensor
    num_frames: Tensor


class Speed(FrameMap[SpeedParams]):
    """Play clips slower or faster, by a random ratio.

    The n valid frames are resampled linearly to ``floor(n r)``, at least 1, with r ~ U(ratio).
    So a ratio above 1 slows a movement down. Longer results are cut, shorter ones get zeros
    behind, and `with_num_frames` tells how many are valid.

    Args:
        ratio: Smallest and largest ratio of the new length to the old, above 0. ActCLR has
            (0.5, 1.5), GL-Transformer (0.9, 1.1).
        frames: Frames of every output clip. None keeps those of the input.

    Raises:
        TypeError: `frames` is not an integer.
        ValueError: An argument is out of range.

    References:
        Lin, Zhang, Liu, CVPR 2023 (ActCLR), and Kim et al., ECCV 2022 (GL-Transformer): the
        released code.

    Example:
        >>> import torch
        >>> y, n = Speed((0.5, 0.5)).with_num_frames(torch.ones(3, 300, 25, 2))
        >>> y.shape, int(n)
        (torch.Size([3, 300, 25, 2]), 150)
    """

    def __init__(
        self, ratio: tuple[float, float] = (0.5, 1.5), *, frames: int | None = None
    ) -> None:
        super().__init__()
        self.ratio = _checks.interval("ratio", ratio, 0.0, inf)
        if frames is not None:
            _checks.positive_int("frames", frames)
        self.frames = frames

    @property
    def output_frames(self) -> int | None:
        """Frames of every output clip, None if those of the input."""
        return self.frames

    def output_num_frames(
        self, x: ClipShape, params: SpeedParams, *, num_frames: Tensor | None = None
    ) -> Tensor:
        """Return the new length of each clip, as far as it is not cut."""
        return as_tensor(at_most(params.length, self.frames or x.shape[-3]))

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> SpeedParams:
        """Draw the new length of each clip."""
        valid, (draws,) = draw_frames(x, num_frames, generator, ())
        length = floor(narrow(valid) * number_between(draws, self.ratio))
        return SpeedParams(at_least(length, 1), valid)

    def positions(self, x: ClipShape, params: SpeedParams) -> Tensor:
        """Return where in the clip each output frame lies."""
        return _positions_at_speed(params.length, params.num_frames, self.frames or x.shape[-3])

    def present(self, x: ClipShape, params: SpeedParams) -> Tensor:
        """Return the output frames before the new end."""
        return _is_played(params.length, self.frames or x.shape[-3])

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"ratio={self.ratio}, frames={self.frames}"


def _positions_at_speed(length: Tensor, valid: Tensor, frames: int) -> Tensor:
    step = wide(count_to(frames, length)) + 0.5
    within = at_least(step * last_axis(wide(valid) / length) - 0.5, 0.0)
    return at_most(within, last_axis(valid) - 1)


def _is_played(length: Tensor, frames: int) -> Tensor:
    return count_to(frames, length) < last_axis(length)
