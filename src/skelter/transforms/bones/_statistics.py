"""Mean and spread of coordinates taken over from another clip."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from skelter import _checks
from skelter.layouts import SkeletonLayout, check_layout, map_positions
from skelter.transforms.bones._partner import (
    FromPartner,
    PartnerParams,
    partners_in_time,
    valid_frames_of,
)
from skelter.transforms.kinds._partners import same_clips, take_partners
from skelter.transforms.kinds._positions import presence, say_layout
from skelter.typing import ClipShape


def transfer_statistics(x: Tensor, other: Tensor, *, per_frame: bool = False) -> Tensor:
    """Give coordinates the mean and deviation of other clips: adaptive instance normalisation.

    ``(x - mean) / s * s' + mean'`` with ``s = sqrt(variance + 1e-5)``, for each person and
    coordinate over the present joints of all frames, or of each frame. Variances are unbiased.
    Persons, or with `per_frame` frames of them, that are missing in either stay as they are, and
    missing joints stay zero.

    Args:
        x: Clips of shape (..., C, T, V, M).
        other: Clips of the same shape.
        per_frame: Take the statistics of each frame by itself.

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    References:
        HiCLR (Zhang et al., AAAI 2023), whose release defines it and does not use it; Huang and
        Belongie, ICCV 2017.

    Example:
        >>> x, other = torch.randn(3, 8, 25, 2), 5 + 2 * torch.randn(3, 8, 25, 2)
        >>> y = transfer_statistics(x, other)
        >>> torch.allclose(y.mean((1, 2)), other.mean((1, 2)), atol=1e-4)
        True
    """
    x, other = same_clips(x, other)
    return _exchange(x, _moments(x, None, per_frame), _moments(other, None, per_frame))


def transfer_motion(x: Tensor, other: Tensor) -> Tensor:
    """Give motion the path and the spread in time of other motion: the motion stream of ActCLR.

    ``(x - mean) / (s + 1e-3) * s' + mean'``, with the mean over the joints of each frame and the
    deviation s of each joint over the frames, unbiased. A joint that moves alike in all frames of
    either, as in a clip of one frame, keeps its spread. Persons that are missing in either stay as
    they are, and zeros stay zero.

    Args:
        x: Differences between frames, shape (..., C, T, V, M).
        other: Differences of the same shape.

    Returns:
        Differences of the same shape.

    Raises:
        ValueError: The shapes do not match.

    References:
        Lin et al., Actionlet-Dependent Contrastive Learning, CVPR 2023: the motion stream.

    Example:
        >>> transfer_motion(*torch.randn(2, 3, 8, 25, 2)).shape
        torch.Size([3, 8, 25, 2])
    """
    x, other = same_clips(x, other)
    return _exchange_motion(x, _motion_moments(x, None), _motion_moments(other, None))


class TransferStatistics(FromPartner):
    """Give coordinates the mean and deviation of another clip of the batch.

    See `functional.transfer_statistics`. The body takes over place, size and proportions of
    another one, as far as two numbers an axis tell them.

    Args:
        per_frame: Take the statistics of each frame by itself, those of the partner at the same
            share of its valid frames.
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: In a call: there are fewer than 2 clips, or they have other than 2 or 3
            channels without a layout.

    References:
        HiCLR (Zhang et al., AAAI 2023), whose release defines it and does not use it.

    Example:
        >>> TransferStatistics()(torch.randn(8, 3, 40, 25, 2)).shape
        torch.Size([8, 3, 40, 25, 2])
    """

    def __init__(self, *, per_frame: bool = False, layout: SkeletonLayout | None = None) -> None:
        super().__init__()
        self.per_frame = per_frame
        self.layout = None if layout is None else check_layout(layout)

    def transform(self, x: Tensor, params: PartnerParams) -> Tensor:
        """Exchange the statistics."""
        return map_positions(lambda points: self._exchange(points, params), x, self.layout)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"per_frame={self.per_frame}{say_layout(self.layout)}"

    def _check(self, x: ClipShape) -> None:
        _checks.positions(x, self.layout)

    def _exchange(self, x: Tensor, params: PartnerParams) -> Tensor:
        own = _moments(x, valid_frames_of(x, params.num_frames), self.per_frame)
        if self.per_frame:
            theirs = _Moments(*(partners_in_time(value, params) for value in own))
        else:
            theirs = _Moments(*(take_partners(value, params.partner) for value in own))
        return _exchange(x, own, theirs)


class TransferMotion(FromPartner):
    """Give motion the path and the spread in time of another clip, for clips of differences.

    See `functional.transfer_motion`.

    Args:
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for differences.

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: In a call: there are fewer than 2 clips, or they have other than 2 or 3
            channels without a layout.

    References:
        Lin et al., Actionlet-Dependent Contrastive Learning, CVPR 2023: the motion stream.

    Example:
        >>> TransferMotion()(torch.randn(8, 3, 40, 25, 2)).shape
        torch.Size([8, 3, 40, 25, 2])
    """

    def __init__(self, *, layout: SkeletonLayout | None = None) -> None:
        super().__init__()
        self.layout = None if layout is None else check_layout(layout)

    def transform(self, x: Tensor, params: PartnerParams) -> Tensor:
        """Exchange path and spread."""
        return map_positions(lambda motion: _motion_of_partners(motion, params), x, self.layout)

    def extra_repr(self) -> str:
        """Name the layout."""
        return say_layout(self.layout).removeprefix(", ")

    def _check(self, x: ClipShape) -> None:
        _checks.positions(x, self.layout)


class _Moments(NamedTuple):
    """Statistics that two clips exchange. All broadcast to the clips. `there` is 1 or 0."""

    mean: Tensor
    deviation: Tensor
    there: Tensor


def _moments(x: Tensor, valid: Tensor | None, per_frame: bool) -> _Moments:
    """Return mean and deviation over present joints, of each frame or of all."""
    x = x.to(torch.promote_types(x.dtype, torch.float32))
    axes = (-2,) if per_frame else (-3, -2)
    weight = presence(x) if valid is None else presence(x) * valid
    count = weight.sum(axes, keepdim=True)
    mean = (x * weight).sum(axes, keepdim=True) / count.clamp(min=1)
    square = (x - mean).mul_(weight).square_().sum(axes, keepdim=True)
    variance = square / (count - 1).clamp(min=1)
    return _Moments(mean, (variance + 1e-5).sqrt(), count.sign())


def _exchange(x: Tensor, own: _Moments, theirs: _Moments) -> Tensor:
    there = own.there * theirs.there > 0
    ratio = torch.where(there, theirs.deviation / own.deviation, 1.0)
    shift = torch.where(there, theirs.mean - own.mean * ratio, 0.0)
    return torch.addcmul(shift, x.to(ratio.dtype), ratio).mul_(presence(x)).to(x.dtype)


def _motion_moments(x: Tensor, valid: Tensor | None) -> _Moments:
    """Return the mean of each frame over joints, and the deviation of each joint over frames."""
    x = x.to(torch.promote_types(x.dtype, torch.float32))
    weight = torch.ones_like(x[..., :1, :, :1, :1]) if valid is None else valid.to(x.dtype)
    count = weight.sum(-3, keepdim=True)
    middle = (x * weight).sum(-3, keepdim=True) / count
    square = (x - middle).mul_(weight).square_().sum(-3, keepdim=True)
    variance = square / (count - 1).clamp(min=1)
    deviation = torch.where(variance > 0, variance, 1.0).sqrt() * (variance > 0)
    there = presence(x).amax((-3, -2), keepdim=True)
    return _Moments(x.mean(-2, keepdim=True), deviation, there)


def _exchange_motion(x: Tensor, own: _Moments, theirs: _Moments) -> Tensor:
    moves = (own.deviation > 0) & (theirs.deviation > 0)
    before = torch.where(moves, own.deviation + 1e-3, 1.0)
    after = torch.where(moves, theirs.deviation, 1.0)
    return _exchange(x, own._replace(deviation=before), theirs._replace(deviation=after))


def _motion_of_partners(x: Tensor, params: PartnerParams) -> Tensor:
    own = _motion_moments(x, valid_frames_of(x, params.num_frames))
    deviation, there = (take_partners(value, params.partner) for value in own[1:])
    return _exchange_motion(x, own, _Moments(partners_in_time(own.mean, params), deviation, there))
