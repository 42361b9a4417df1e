"""Transforms of the time axis."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter._ragged import RaggedClips
from skelter.transforms import functional
from skelter.transforms._base import Transform, uniform


@dataclass(frozen=True, eq=False)
class CropParams:
    """What a crop draws: ``start`` and ``length`` in frames, integers of shape (...)."""

    start: Tensor
    length: Tensor


class _CropResize(Transform[CropParams]):
    def __init__(self, frames: int) -> None:
        super().__init__()
        _checks.positive_int("frames", frames)
        self.frames = frames

    @property
    def reads_ragged(self) -> bool:
        """True: of ragged clips only what the crop needs is read."""
        return True

    @property
    def keeps_axes(self) -> bool:
        """True: only time is resampled."""
        return True

    @property
    def output_frames(self) -> int:
        """Frames of every output clip."""
        return self.frames

    def transform(self, x: Tensor | RaggedClips, params: CropParams) -> Tensor:
        """Cut and resample."""
        return functional.crop_resize(x, params.start, params.length, self.frames)


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
        self, x: Tensor, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> CropParams:
        """Draw length and start of each crop."""
        valid = _checks.frame_counts(num_frames, x)
        low, high = self.ratio
        share = low + (high - low) * uniform(valid.shape, x, generator)
        length = (valid * share).long().clamp(min=self.min_frames)
        length = torch.minimum(length, valid)
        place = uniform(valid.shape, x, generator)
        last = valid - length
        start = (place * (last + 1)).long()
        return CropParams(torch.minimum(start, last), length)

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
        >>> CentreCropResize(64)(torch.randn(3, 300, 25, 2), num_frames=torch.tensor(90)).shape
        torch.Size([3, 64, 25, 2])
    """

    def __init__(self, frames: int = 64, ratio: float = 0.95) -> None:
        super().__init__(frames)
        self.ratio, _ = _checks.interval("ratio", (ratio, 1.0), 0.0, 1.0)

    def sample(
        self, x: Tensor, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> CropParams:
        """Compute length and start of each crop; nothing is random."""
        valid = _checks.frame_counts(num_frames, x)
        # In float64, as the reference: at n = 40 and ratio 0.95 a frame hangs on the rounding.
        start = ((1 - self.ratio) * valid.double() / 2).floor().long()
        return CropParams(start, valid - 2 * start)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"frames={self.frames}, ratio={self.ratio}"
