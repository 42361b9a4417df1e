"""Frames spread over a clip: one at random out of every segment."""

from __future__ import annotations

from torch import Generator, Tensor

from skelter import _checks
from skelter.transforms.kinds._frame_map import resize_positions
from skelter.transforms.kinds._numbers import (
    as_tensor,
    at_least,
    at_most,
    choose,
    count_to,
    last_axis,
    valid_frames,
)
from skelter.transforms.time._crop import _centre_crop, _random_crop
from skelter.transforms.time._frames import (
    Fixed,
    FramesParams,
    Picks,
    below,
    draw_frames,
    ranks,
    time_of,
)
from skelter.typing import ClipShape


def spread_frames(length: Tensor, offsets: Tensor, keys: Tensor) -> Tensor:
    """Spread W frames over stretches of at least W frames.

    A stretch of L frames, L from 2 W on, is cut into W segments. Segment i begins at frame
    ``floor(i L / W)``, and gives the frame ``offsets[i]`` of its own. A shorter stretch gives W
    frames in order, between which L - W single frames are left out: those before the output
    frames whose ``keys`` are among the L - W smallest. The last of the W + 1 keys is that of a
    frame left out behind the others.

    Args:
        length: Frames L of each stretch, integers of shape (...).
        offsets: Draws from U(0, 1), of shape (..., W), or integers below the frames of each
            segment.
        keys: Draws from U(0, 1), of shape (..., W + 1).

    Returns:
        Frames that count from the beginning of the stretch, int64 of shape (..., W). Those of
        stretches of fewer than W frames mean nothing.

    References:
        Duan et al., CVPR 2022 (PoseConv3D), "uniform sampling".

    Example:
        >>> import torch
        >>> spread_frames(torch.tensor(9), torch.tensor([0, 1, 0]), torch.rand(4))
        tensor([0, 4, 6])
        >>> spread_frames(torch.tensor(4), torch.zeros(3), torch.tensor([0.9, 0.2, 0.7, 0.4]))
        tensor([0, 2, 3])
    """
    return as_tensor(_spread(length, offsets, keys))


class SegmentSample(Picks, Fixed):
    """Cut a random stretch of the valid frames, and take one frame out of every segment of it.

    The stretch is drawn as by `TemporalCropResize`: with n valid frames, a ratio r ~ U(ratio)
    gives L = ``min(max(floor(n r), min_frames), n)`` frames, at a uniform start. Of W = `frames`:
    from 2 W frames on, one frame is uniform in each of W segments. From W on, L - W single frames
    are left out at random. A shorter stretch is resampled to W frames. So the order of frames
    stays and their distances vary, and no frame is blended unless the stretch is short.

    Args:
        frames: Frames of every output clip.
        ratio: Smallest and largest share of the clip, in (0, 1].
        min_frames: Fewest frames of a stretch.

    Raises:
        TypeError: `frames` or `min_frames` is not an integer.
        ValueError: An argument is out of range.

    References:
        Do, Kim, ECCV 2024 (SkateFormer): the released code.

    Example:
        >>> import torch
        >>> sample, x = SegmentSample(64), torch.randn(8, 3, 300, 25, 2)
        >>> params = sample.sample(x)
        >>> sample(x, params=params).shape, sample.time(params).shape
        (torch.Size([8, 3, 64, 25, 2]), torch.Size([8, 64]))
    """

    def __init__(
        self, frames: int = 64, ratio: tuple[float, float] = (0.5, 1.0), *, min_frames: int = 64
    ) -> None:
        super().__init__()
        _checks.positive_int("frames", frames)
        _checks.positive_int("min_frames", min_frames)
        self.frames, self.min_frames = frames, min_frames
        self.ratio = _checks.interval("ratio", ratio, 0.0, 1.0)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> FramesParams:
        """Draw the stretch and the frames."""
        W = self.frames
        valid, draws = draw_frames(x, num_frames, generator, (), (), (W,), (W + 1,))
        share, place, offsets, keys = draws
        start, length = _random_crop(valid, share, place, self.ratio, self.min_frames)
        return _in_stretch(start, length, _spread(length, offsets, keys), valid)

    def time(self, params: FramesParams) -> Tensor:
        """Return the time of each output frame, ``2 * frame / n - 1``, float32 of shape (..., T').

        Models that see unequal distances between frames take it as a further input.
        """
        return time_of(params)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"frames={self.frames}, ratio={self.ratio}, min_frames={self.min_frames}"


class CentreSegmentSample(Picks, Fixed):
    """Trim both ends of the valid frames alike, and take the first frame of every segment.

    This is `SegmentSample` for tests: nothing is random. The stretch of L frames is that of
    `CentreCropResize`. Output frame i is frame ``floor(i L / frames)`` of it. A stretch of fewer
    frames is resampled.

    Args:
        frames: Frames of every output clip.
        ratio: Share of the clip to keep, in (0, 1].

    Raises:
        TypeError: `frames` is not an integer.
        ValueError: An argument is out of range.

    References:
        Do, Kim, ECCV 2024 (SkateFormer): the released evaluation, ratio 0.95.

    Example:
        >>> import torch
        >>> x = torch.arange(12.0).reshape(1, 12, 1, 1)
        >>> CentreSegmentSample(3, 1.0)(x).flatten()
        tensor([0., 4., 8.])
    """

    def __init__(self, frames: int = 64, ratio: float = 0.95) -> None:
        super().__init__()
        _checks.positive_int("frames", frames)
        self.frames = frames
        self.ratio, _ = _checks.interval("ratio", (ratio, 1.0), 0.0, 1.0)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> FramesParams:
        """Compute the stretch and the frames. Nothing is random."""
        valid = valid_frames(num_frames, x)
        start, length = _centre_crop(valid, self.ratio)
        first = count_to(self.frames, valid) * last_axis(length) // self.frames
        return _in_stretch(start, length, first, valid)

    def time(self, params: FramesParams) -> Tensor:
        """Return the time of each output frame, as `SegmentSample` does."""
        return time_of(params)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"frames={self.frames}, ratio={self.ratio}"


class UniformSample(Picks, Fixed):
    """Take one frame out of every segment of the valid frames, and play short clips again.

    With `ratio` below 1, ``floor(n r)`` of n valid frames, at least 1, are taken at a uniform
    start, with r ~ U(ratio). Of stretches of `frames` or more frames it takes whole frames as
    `SegmentSample` does. A shorter one begins at a uniform frame and goes on to the next, at the
    end of the clip with its first. The several clips of a test are several calls, such as by a
    `MultiView` with a generator of a fixed seed.

    Args:
        frames: Frames of every output clip. The paper has 48 for PoseConv3D, and 100 for GCNs.
        ratio: Smallest and largest share of the clip, in (0, 1]. The paper takes all of it.

    Raises:
        TypeError: `frames` is not an integer.
        ValueError: An argument is out of range.

    References:
        Duan et al., CVPR 2022 (PoseConv3D), "uniform sampling"; ACM MM 2022 (PYSKL).

    Example:
        >>> import torch
        >>> UniformSample(100)(torch.randn(8, 3, 30, 17, 2)).shape
        torch.Size([8, 3, 100, 17, 2])
    """

    def __init__(self, frames: int = 100, ratio: tuple[float, float] = (1.0, 1.0)) -> None:
        super().__init__()
        _checks.positive_int("frames", frames)
        self.frames = frames
        self.ratio = _checks.interval("ratio", ratio, 0.0, 1.0)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> FramesParams:
        """Draw the stretch and the frames."""
        W = self.frames
        valid, draws = draw_frames(x, num_frames, generator, (), (), (), (W,), (W + 1,))
        share, place, first, offsets, keys = draws
        start, length = _random_crop(valid, share, place, self.ratio, 1)
        looped = count_to(W, keys) + last_axis(below(first, length))
        picked = choose(last_axis(length) < W, looped, _spread(length, offsets, keys))
        return FramesParams((picked + last_axis(start)) % last_axis(valid), None, valid)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"frames={self.frames}, ratio={self.ratio}"


class EqualSegments(Picks, Fixed):
    """Take one frame out of every segment, all segments of the same whole number of frames.

    With n valid frames and K = `frames`, segment i begins at frame ``s + i floor(n / K)``, and
    its frame is uniform. The shift s is 0, so that the last ``n mod K`` frames are never seen, or
    uniform from 0 below ``n mod K``. A clip of fewer than K frames is taken whole, with zeros
    behind.

    Args:
        frames: Frames of every output clip, and segments.
        shift: Move the segments by a random number of frames. SGN has False, torch_skeleton True.

    Raises:
        TypeError: `frames` is not an integer.
        ValueError: `frames` is below 1.

    References:
        Zhang et al., CVPR 2020 (SGN): the released code. The package torch_skeleton, "sample
        frames".

    Example:
        >>> import torch
        >>> x = torch.arange(1.0, 41).reshape(1, 40, 1, 1)
        >>> y, n = EqualSegments(20).with_num_frames(x[:, :5])
        >>> int(n), y.flatten()[:6]
        (5, tensor([1., 2., 3., 4., 5., 0.]))
    """

    def __init__(self, frames: int = 20, *, shift: bool = False) -> None:
        super().__init__()
        _checks.positive_int("frames", frames)
        self.frames, self.shift = frames, shift

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> FramesParams:
        """Draw the frame of each segment."""
        K = self.frames
        valid, (place, offsets) = draw_frames(x, num_frames, generator, (), (K,))
        size = at_least(valid // K, 1)
        frames = count_to(K, offsets) * last_axis(size) + below(offsets, last_axis(size))
        if self.shift:
            spare = at_least(valid - K * size, 0)
            frames = frames + last_axis(below(place, at_least(spare, 1)))
        frames = at_most(frames, last_axis(valid) - 1)
        return FramesParams(frames, at_most(valid, K), valid)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"frames={self.frames}, shift={self.shift}"


def _in_stretch(start: Tensor, length: Tensor, picked: Tensor, valid: Tensor) -> FramesParams:
    """Return picked frames of stretches, resampled where a stretch is too short."""
    W = picked.shape[-1]
    if not isinstance(length, Tensor) and length >= W:  # one clip: nothing is blended
        return FramesParams(picked + start, None, valid)
    resized = resize_positions(start, length, W)
    positions = choose(last_axis(length) < W, resized, picked + last_axis(start) + 0.0 * resized)
    return FramesParams(positions, None, valid)


def _spread(length: Tensor, offsets: Tensor, keys: Tensor) -> Tensor:
    W, L = offsets.shape[-1], last_axis(length)
    place = count_to(W + 1, keys)
    first = place * L // W
    size = first[..., 1:] - first[..., :-1]
    segment = first[..., :-1] + (below(offsets, size) if _is_share(offsets) else offsets)
    if not isinstance(L, Tensor) and L >= 2 * W:  # one clip: nothing is left out
        return segment
    skipped = (ranks(keys) < L - W).cumsum(-1)
    return choose(L < 2 * W, place[:-1] + skipped[..., :-1], segment)


def _is_share(offsets: Tensor) -> bool:
    return offsets.is_floating_point() if isinstance(offsets, Tensor) else True
