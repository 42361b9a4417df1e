"""Resampling of whole clips, whose frames are counted, to one number of frames."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from skelter import _checks
from skelter.layouts import SkeletonLayout, check_layout, map_positions
from skelter.transforms.kinds._base import Deterministic
from skelter.transforms.kinds._frame_map import read_frames, resize_positions
from skelter.transforms.kinds._numbers import is_one_clip, valid_frames
from skelter.transforms.kinds._positions import presence, say_layout
from skelter.transforms.normalisation._empty import count_frames


def resize_frames(x: Tensor, num_frames: Tensor, frames: int) -> Tensor:
    """Resample the first frames of each clip linearly, with half-pixel centres.

    Args:
        x: Clips of shape (..., C, T, V, M).
        num_frames: How many frames of each clip are resampled, integers of shape (...), from 1
            to T.
        frames: Frames of the output, T'.

    Returns:
        Clips of shape (..., C, T', V, M).

    Raises:
        TypeError: `frames` is not an integer.
        ValueError: `frames` is below 1, or the shapes do not match.

    Example:
        >>> x = torch.tensor([0.0, 4.0, 9.0]).reshape(1, 3, 1, 1)
        >>> resize_frames(x, torch.tensor(2), 4).flatten()
        tensor([0., 1., 3., 4.])
    """
    x = _checks.clips(x)
    _checks.positive_int("frames", frames)
    _checks.params(x, num_frames=(num_frames, ()))
    count = valid_frames(num_frames, x) if is_one_clip(x) else num_frames
    return read_frames(x, resize_positions(0 * count, count, frames))


def frame_differences(x: Tensor) -> Tensor:
    """Subtract every frame from the next one, ``y[t] = x[t + 1] - x[t]``.

    It is zero where a joint is missing in one of the two frames, and in the last frame.

    Args:
        x: Clips of shape (..., C, T, V, M), all of whose channels are positions.

    Returns:
        Clips of the same shape.

    Example:
        >>> x = torch.tensor([1.0, 4.0, 9.0, 0.0]).reshape(1, 4, 1, 1)
        >>> frame_differences(x).flatten()
        tensor([3., 5., 0., 0.])
    """
    x = _checks.clips(x)
    there = presence(x)
    both = there[..., 1:, :, :] * there[..., :-1, :, :] > 0
    steps = torch.where(both, x[..., 1:, :, :] - x[..., :-1, :, :], 0.0)
    return F.pad(steps, (0, 0, 0, 0, 0, 1))


class ResizeFrames(Deterministic):
    """Resample whole clips to a number of frames, without the empty ones behind.

    The frames of a clip are those up to the last in which anybody is there, whatever
    ``num_frames`` says: a step before it may have left some out.

    Args:
        frames: Frames of every output clip.

    Raises:
        TypeError: `frames` is not an integer.
        ValueError: `frames` is below 1.

    Example:
        >>> x = torch.tensor([1.0, 3.0, 0.0]).reshape(1, 3, 1, 1)
        >>> ResizeFrames(4)(x).flatten()
        tensor([1.0000, 1.5000, 2.5000, 3.0000])
    """

    def __init__(self, frames: int) -> None:
        super().__init__()
        _checks.positive_int("frames", frames)
        self.frames = frames

    @property
    def output_frames(self) -> int:
        """Frames of every output clip."""
        return self.frames

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Resample the frames."""
        return resize_frames(x, count_frames(x), self.frames)

    def extra_repr(self) -> str:
        """Name the frames."""
        return f"frames={self.frames}"


class ResizeMotion(ResizeFrames):
    """Resample the differences of neighbouring frames to a number of frames.

    They are those of the recorded frames, and as large, as `functional.frame_differences` makes
    them before anything is resampled.

    Args:
        frames: Frames of every output clip.
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are resampled as they are. None takes all of 2 or 3 channels for positions.

    Raises:
        TypeError: `frames` is not an integer.
        ValueError: `frames` is below 1. In a call: clips have other than 2 or 3 channels without
            a layout.

    References:
        Li et al., 3D Human Action Representation Learning via Cross-View Consistency Pursuit,
        CVPR 2021: the motion stream of the released preparation.

    Example:
        >>> x = torch.tensor([1.0, 3.0, 5.0]).reshape(1, 3, 1, 1).expand(3, 3, 1, 1)
        >>> ResizeMotion(3)(x)[0].flatten()
        tensor([2., 2., 0.])
    """

    def __init__(self, frames: int, *, layout: SkeletonLayout | None = None) -> None:
        super().__init__(frames)
        self.layout = None if layout is None else check_layout(layout)

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Resample the differences."""
        steps = map_positions(frame_differences, x, self.layout)
        return resize_frames(steps, count_frames(x), self.frames)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"frames={self.frames}{say_layout(self.layout)}"
