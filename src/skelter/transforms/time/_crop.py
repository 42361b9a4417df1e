"""Crops of the time axis, resampled to a fixed number of frames."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Generator, Tensor

from skelter import _checks
from skelter._ragged import RaggedClips
from skelter.transforms.kinds._frame_map import FrameMap, read_frames, resize_positions
from skelter.transforms.kinds._numbers import (
    as_tensor,
    at_least,
    at_most,
    draw,
    floor,
    valid_frames,
    wide,
)
from skelter.typing import ClipShape


def crop_resize(x: Tensor | RaggedClips, start: Tensor, length: Tensor, frames: int) -> Tensor:
    """Cut ``length`` frames from ``start`` on and resample them linearly to ``frames``.

    Output frame j reads the position ``(j + 0.5) * length / frames - 0.5`` within the crop, held
    inside it at both ends (half-pixel centres, ``align_corners=False``). A crop of ``frames``
    frames is returned bit-equal.

    Args:
        x: Clips of shape (..., C, T, V, M), or ragged ones, of which nothing but the two
            neighbours of every output frame is read.
        start: First frame of each crop, integers of shape (...), from 0.
        length: Frames of each crop, integers of shape (...), from 1; start + length <= T.
        frames: Frames to resample to, at least 1.

    Returns:
        Clips of shape (..., C, frames, V, M).

    Raises:
        ValueError: The shapes do not match or `frames` is below 1.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021, "temporal crop-resize".

    Example:
        >>> import torch
        >>> x = torch.arange(6.0).reshape(1, 6, 1, 1)
        >>> crop_resize(x, torch.tensor(1), torch.tensor(4), 2).flatten()
        tensor([1.5000, 3.5000])
    """
    _checks.positive_int("frames", frames)
    x = x if isinstance(x, RaggedClips) else _checks.clips(x)
    _checks.params(x, start=(start, ()), length=(length, ()))
    return read_frames(x, resize_positions(start, length, frames))


@dataclass(frozen=True, eq=False)
class CropParams:
    """Draws of a crop: ``start`` and ``length`` in frames, integers of shape (...)."""

    start: Tensor
    length: Tensor


class _CropResize(FrameMap[CropParams]):
    def __init__(self, frames: int) -> None:
        super().__init__()
        _checks.positive_int("frames", frames)
        self.frames = frames

    @property
    def output_frames(self) -> int:
        """Frames of every output clip."""
        return self.frames

    def positions(self, x: ClipShape, params: CropParams) -> Tensor:
        """Return where in the clip each output frame lies."""
        return resize_positions(params.start, params.length, self.frames)


class TemporalCropResize(_CropResize):
    """Cut a random stretch of the valid frames and resample it to a fixed number.

    With n valid frames, a ratio r ~ U(ratio) gives ``length = min(max(floor(n r), min_frames),
    n)``; the start is uniform over the possible ones. Clips of `min_frames` or fewer are never
    cropped, only resampled: lower it for short clips.

    Args:
        frames: Frames of every output clip.
        ratio: Smallest and largest share of the clip, in (0, 1]. The paper pre-trains with
            (0.1, 1.0) and trains the linear probe with (0.5, 1.0).
        min_frames: Fewest frames of a crop. The paper has 64.

    Raises:
        ValueError: An argument is out of range.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021, "temporal crop-resize".

    Example:
        >>> import torch
        >>> crop = TemporalCropResize(frames=64, min_frames=32)
        >>> crop(torch.randn(2, 3, 300, 25, 2), num_frames=torch.tensor([80, 210])).shape
        torch.Size([2, 3, 64, 25, 2])
    """

    def __init__(
        self, frames: int = 64, ratio: tuple[float, float] = (0.1, 1.0), *, min_frames: int = 64
    ) -> None:
        super().__init__(frames)
        _checks.positive_int("min_frames", min_frames)
        self.ratio = _checks.interval("ratio", ratio, 0.0, 1.0)
        self.min_frames = min_frames

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> CropParams:
        """Draw length and start of each crop."""
        valid = valid_frames(num_frames, x)
        share, place = draw(x, generator, (), ())
        if isinstance(valid, Tensor):  # torch.func.vmap may draw once for many clips
            share, place = as_tensor(share), as_tensor(place)
        return CropParams(*_random_crop(valid, share, place, self.ratio, self.min_frames))

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"frames={self.frames}, ratio={self.ratio}, min_frames={self.min_frames}"


class CentreCropResize(_CropResize):
    """Trim both ends of the valid frames alike and resample the middle: the test-time crop.

    With n valid frames, ``floor((1 - ratio) n / 2)`` frames are cut from each end.

    Args:
        frames: Frames of every output clip.
        ratio: Share of the clip to keep, in (0, 1].

    Raises:
        ValueError: An argument is out of range.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021: the released evaluation, ratio 0.95.

    Example:
        >>> import torch
        >>> CentreCropResize(64)(torch.randn(3, 300, 25, 2), num_frames=torch.tensor(90)).shape
        torch.Size([3, 64, 25, 2])
    """

    def __init__(self, frames: int = 64, ratio: float = 0.95) -> None:
        super().__init__(frames)
        self.ratio, _ = _checks.interval("ratio", (ratio, 1.0), 0.0, 1.0)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> CropParams:
        """Compute length and start of each crop. Nothing is random."""
        return CropParams(*_centre_crop(valid_frames(num_frames, x), self.ratio))

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"frames={self.frames}, ratio={self.ratio}"


def _random_crop(
    valid: Tensor, share: Tensor, place: Tensor, ratio: tuple[float, float], min_frames: int
) -> tuple[Tensor, Tensor]:
    """Return start and length of crops, from the frames of each clip and two draws."""
    low, high = ratio
    length = at_most(at_least(floor(valid * (low + (high - low) * share)), min_frames), valid)
    last = valid - length
    return at_most(floor(place * (last + 1)), last), length


def _centre_crop(valid: Tensor, ratio: float) -> tuple[Tensor, Tensor]:
    """Return start and length of crops that trim both ends alike.

    In float64, as the reference: at n = 40 and ratio 0.95 a frame hangs on the rounding.
    """
    start = floor((1 - ratio) * wide(valid) / 2)
    return start, valid - 2 * start
