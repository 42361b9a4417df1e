"""Removal of frames: those that move most, and random ones."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from skelter import _checks
from skelter.transforms.kinds._base import Transform
from skelter.transforms.kinds._frame_map import read_rows, rows_at
from skelter.transforms.kinds._numbers import count_up_to, uniform
from skelter.transforms.masks._joints import mark_first
from skelter.typing import ClipShape


def motion_of_frames(x: Tensor) -> Tensor:
    """Return how much moves from each frame to the next: the mean of squared differences.

    The mean is over coordinates, joints and persons. The last frame has 0.

    Args:
        x: Clips of shape (..., C, T, V, M).

    Returns:
        float32 or wider, shape (..., T).

    References:
        Zhou et al., AAAI 2023 (PSTL), "motion attention temporal masking".

    Example:
        >>> motion_of_frames(torch.tensor([0.0, 1.0, 3.0]).view(1, 3, 1, 1))
        tensor([1., 4., 0.])
    """
    x = _checks.clips(x)
    x = x.to(torch.promote_types(x.dtype, torch.float32))
    squares = x.diff(dim=-3).square().flatten(-2).sum(-1)  # ... C (T - 1)
    values = x.shape[-4] * x.shape[-2] * x.shape[-1]
    return F.pad(squares.sum(-2) / values, (0, 1))


@dataclass(frozen=True, eq=False)
class DropMovingFramesParams:
    """Draws of `DropMovingFrames`: ``order`` (..., T), and the valid frames ``num_frames`` (...).

    Frames are numbered after the most moving ones are gone. Those of the smallest numbers stay.
    """

    order: Tensor
    num_frames: Tensor


class DropMovingFrames(Transform[DropMovingFramesParams]):
    """Remove frames, first those from which most moves to the next, then random ones.

    A clip of n valid frames loses n - `frames` of them, and the others keep their order. A share
    `moving` of those that it loses, rounded, are the ones with the largest motion, which is the
    mean squared difference to the next frame. The rest are random among what is left. The last
    valid frame has no next one and counts as the stillest. A clip of fewer frames is padded by
    zeros. `with_num_frames` returns how many are valid.

    It is not a mask: clips become shorter. A clip alone loses the frames that it loses in a batch.

    Args:
        frames: Frames of every output clip.
        moving: The share of the removed frames that move most, in [0, 1].

    Raises:
        TypeError: An argument is not a number.
        ValueError: `frames` is below 1, or `moving` lies outside [0, 1].

    References:
        Zhou et al., AAAI 2023 (PSTL), "motion attention temporal masking": 30 of 50 frames stay.

    Example:
        >>> x = torch.tensor([0.0, 1.0, 9.0, 9.5]).view(1, 4, 1, 1)
        >>> DropMovingFrames(3, moving=1.0)(x).flatten()
        tensor([0.0000, 9.0000, 9.5000])
    """

    def __init__(self, frames: int = 30, moving: float = 0.5) -> None:
        super().__init__()
        _checks.positive_int("frames", frames)
        _checks.between("moving", moving, 0.0, 1.0)
        self.frames = frames
        self.moving = float(moving)

    @property
    def output_frames(self) -> int:
        """Frames of every output clip."""
        return self.frames

    def output_num_frames(
        self, x: ClipShape, params: DropMovingFramesParams, *, num_frames: Tensor | None = None
    ) -> Tensor:
        """Return the valid frames that are left, int64 (...)."""
        return params.num_frames.clamp(max=self.frames)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> DropMovingFramesParams:
        """Draw an order of frames for the random part."""
        order = uniform((*x.shape[:-4], x.shape[-3]), x, generator)
        return DropMovingFramesParams(order, _checks.frame_counts(num_frames, x))

    def transform(self, x: Tensor, params: DropMovingFramesParams) -> Tensor:
        """Remove the frames, and add zeros behind clips that have fewer."""
        x = _checks.clips(x)
        T, valid = x.shape[-3], params.num_frames[..., None]
        _checks.params(x, order=(params.order, (T,)), num_frames=(params.num_frames, ()))
        time = torch.arange(T, device=x.device)
        removed = (valid - self.frames).clamp(min=0)
        fastest = (removed * self.moving).round().long()
        # The last valid frame and padding are the stillest: padding is not a movement.
        motion = motion_of_frames(x.detach()).masked_fill(time >= valid - 1, -1.0)
        slow = ~mark_first(-motion, fastest) & (time < valid)
        places = (slow.cumsum(-1) - 1).clamp(min=0)
        order = torch.where(slow, params.order.gather(-1, places), 2.0)
        kept = mark_first(order, valid - removed)
        return _pack(x, kept, self.frames)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"frames={self.frames}, moving={self.moving}"


def _pack(x: Tensor, kept: Tensor, frames: int) -> Tensor:
    """Return the kept frames one after another, with zeros behind them."""
    places = torch.arange(frames, device=x.device)
    # Frame i is the one that i kept ones end before.
    ends = kept.cumsum(-1)
    index = count_up_to(ends, places).clamp(max=x.shape[-3] - 1)
    return read_rows(x, rows_at(x, index)._replace(keep=places < ends[..., -1:]))
