"""Tracks that are not a person: objects and shadows that a camera takes for bodies."""

from __future__ import annotations

from math import inf

import torch
from einops import rearrange
from torch import Tensor

from skelter import _checks
from skelter.layouts import NTU25, SkeletonLayout, check_layout
from skelter.transforms.kinds._base import Deterministic
from skelter.transforms.kinds._mask import keep_only
from skelter.transforms.kinds._positions import presence
from skelter.transforms.normalisation._align import AXES
from skelter.transforms.normalisation._empty import find_persons
from skelter.transforms.normalisation._persons import order_persons


def keep_persons(x: Tensor, bad: Tensor) -> Tensor:
    """Set persons to zero, one after another, but never the last one who is there.

    Args:
        x: Clips of shape (..., C, T, V, M).
        bad: The persons to drop, bool of shape (..., M).

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    Example:
        >>> x = torch.tensor([5.0, 7.0]).reshape(1, 1, 1, 2)
        >>> keep_persons(x, torch.tensor([True, True])).flatten()
        tensor([0., 7.])
    """
    x = _checks.clips(x)
    _checks.params(x, bad=(bad, (x.shape[-1],)))
    return _drop(x, bad, find_persons(x))


def _drop(x: Tensor, bad: Tensor, there: Tensor) -> Tensor:
    """Drop persons (..., M), of whom it is known in which frames they are there (..., T, M)."""
    seen = there.any(-2)
    bad = bad & seen
    drop = bad & (bad.cumsum(-1) < seen.sum(-1, keepdim=True))  # the last one stays
    return keep_only(x, rearrange(~drop, "... m -> ... 1 1 1 m"))


def wide_frames(x: Tensor, ratio: float = 0.8, *, across: int = 0, up: int = 1) -> Tensor:
    """Return the frames in which a person is wide for its height, as a chair or a table is.

    Args:
        x: Clips of shape (..., C, T, V, M).
        ratio: Frames of more than this width over height.
        across: Coordinate that the width is measured along.
        up: Coordinate that the height is measured along.

    Returns:
        bool of shape (..., T, M), False where the person is not there.

    Raises:
        ValueError: The clips have no such coordinate.

    Example:
        >>> x = torch.tensor([[1.0, 3.0], [1.0, 2.0]]).reshape(2, 1, 2, 1)
        >>> wide_frames(x).tolist()
        [[True]]
    """
    x = _checks.clips(x)
    for name, axis in (("across", across), ("up", up)):
        _checks.between(name, axis, 0, x.shape[-4] - 1, "Coordinates count from 0.")
    # With time last: the extent is taken along joints, and long inner loops are the fast ones.
    planes = rearrange(x.detach(), "... t v m -> ... v m t").contiguous()
    away = (1 - presence(planes).squeeze(-4)) * torch.finfo(x.dtype).max  # of missing joints
    width, height = (_extent(planes[..., axis, :, :, :], away) for axis in (across, up))
    return rearrange((width > ratio * height) & (height >= 0), "... m t -> ... t m")


def _extent(plane: Tensor, away: Tensor) -> Tensor:
    """Return the extent of the joints (..., V, M, T) that are there, below zero without any."""
    return (plane - away).amax(-3) - (plane + away).amin(-3)


def motion_of_persons(x: Tensor, clean: Tensor) -> Tensor:
    """Return the variance of each person's joints, summed over the coordinates.

    It is the smaller of that of all frames and that of the clean ones, and -1 for a person who is
    not there.

    Args:
        x: Clips of shape (..., C, T, V, M), all of whose channels are positions.
        clean: Frames to be trusted, bool of shape (..., T, M).

    Returns:
        Shape (..., M), in float32 or wider.

    Example:
        >>> x = torch.tensor([1.0, 3.0]).reshape(1, 2, 1, 1)
        >>> motion_of_persons(x, torch.ones(2, 1, dtype=torch.bool))
        tensor([1.])
    """
    x = _checks.clips(x)
    wide = x.detach().to(torch.promote_types(x.dtype, torch.float32))
    # Sums along one long axis are the fast ones.
    wide = rearrange(wide, "... c t v m -> ... m c (t v)").contiguous()
    there = wide.abs().amax(-2, keepdim=True).sign_()
    clean = clean.to(wide.dtype).swapaxes(-1, -2).repeat_interleave(x.shape[-2], -1)
    trusted = there * clean.unsqueeze(-2)
    whole, some = (_variance(wide, weight) for weight in (there, trusted))
    somebody, seen = (weight.sum((-1, -2)) > 0 for weight in (there, trusted))
    motion = torch.where(seen, torch.minimum(whole, some), whole)
    return torch.where(somebody, motion, -1.0)


def _variance(x: Tensor, weight: Tensor) -> Tensor:
    """Return the weighted variance along the last axis, summed over the one before."""
    count = weight.sum(-1, keepdim=True).clamp(min=1)
    weighted = x * weight
    offset = weighted.addcmul_(weighted.sum(-1, keepdim=True) / count, weight, value=-1)
    return (offset.square_().sum(-1) / count.squeeze(-1)).sum(-1)


def _axes_of(layout: SkeletonLayout) -> tuple[int, int]:
    """Return the coordinates of width and of height."""
    up = AXES.index(layout.up[-1])
    return int(up == 0), up


class DropShortPersons(Deterministic):
    """Drop persons who are there for a few frames only, but never the last one.

    Args:
        min_frames: The fewest frames of a person who stays.

    Raises:
        TypeError: `min_frames` is not an integer.
        ValueError: `min_frames` is below 1.

    References:
        Zhang et al., Semantics-Guided Neural Networks, CVPR 2020: a step of its preparation.

    Example:
        >>> x = torch.tensor([[4.0, 5.0], [0.0, 6.0]]).reshape(1, 2, 1, 2)
        >>> DropShortPersons(2)(x)[0, :, 0].tolist()
        [[0.0, 5.0], [0.0, 6.0]]
    """

    def __init__(self, min_frames: int = 12) -> None:
        super().__init__()
        _checks.positive_int("min_frames", min_frames)
        self.min_frames = min_frames

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Drop the persons."""
        x = _checks.clips(x)
        there = find_persons(x)
        frames = there.sum(-2)
        longest = frames.amax(-1, keepdim=True)
        return _drop(x, frames < longest.clamp(max=self.min_frames), there)

    def extra_repr(self) -> str:
        """Name the frames."""
        return f"min_frames={self.min_frames}"


class DropWidePersons(Deterministic):
    """Drop persons who are wide for their height in most frames, but never the last one.

    Chairs, tables and pairs of hands are taken for bodies, and a body is rarely wider than 0.8 of
    its height.

    Args:
        layout: The layout of the clips. The height is measured along its ``up``.
        ratio: Width over height of a frame that counts.
        share: Share of such frames of a person who is dropped.

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: `share` lies outside [0, 1], or `ratio` is negative.

    References:
        Zhang et al., Semantics-Guided Neural Networks, CVPR 2020: a step of its preparation.

    Example:
        >>> x = torch.tensor([[1.0, 3.0], [1.0, 2.0]]).reshape(2, 1, 2, 1)  # wide
        >>> x = torch.cat([x, x.flip(0)], -1)  # and high
        >>> arm = SkeletonLayout("arm", ["a", "b"], parents=[-1, 0], dimensions=2)
        >>> DropWidePersons(arm)(x)[..., 0].abs().sum()
        tensor(0.)
    """

    def __init__(
        self, layout: SkeletonLayout = NTU25, ratio: float = 0.8, *, share: float = 0.69754
    ) -> None:
        super().__init__()
        _checks.between("ratio", ratio, 0.0, inf)
        _checks.between("share", share, 0.0, 1.0)
        self.layout, self.ratio, self.share = check_layout(layout), float(ratio), float(share)

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Drop the persons."""
        x = _checks.clips(x)
        _checks.joints(x, self.layout)
        across, up = _axes_of(self.layout)
        there = find_persons(x)
        wide = wide_frames(x, self.ratio, across=across, up=up).sum(-2)
        return _drop(x, wide >= self.share * there.sum(-2), there)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"layout={self.layout.name}, ratio={self.ratio:g}, share={self.share:g}"


class SortByMotion(Deterministic):
    """Put the person who moves most first. Equal ones keep their order.

    Motion is the variance of all joints over all frames, or over those in which the person is not
    wide for its height if that is less (`DropWidePersons`).

    Args:
        layout: The layout of the clips. The height is measured along its ``up``.
        ratio: Width over height of a frame that is left out.

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: `ratio` is negative.

    References:
        Zhang et al., Semantics-Guided Neural Networks, CVPR 2020: a step of its preparation.

    Example:
        >>> y = SortByMotion(NTU25)(torch.randn(3, 8, 25, 2) * torch.tensor([1.0, 5.0]))
        >>> bool(y[..., 0].std() > y[..., 1].std())
        True
    """

    def __init__(self, layout: SkeletonLayout = NTU25, ratio: float = 0.8) -> None:
        super().__init__()
        _checks.between("ratio", ratio, 0.0, inf)
        self.layout, self.ratio = check_layout(layout), float(ratio)

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Sort the persons."""
        x = _checks.clips(x)
        _checks.joints(x, self.layout)
        across, up = _axes_of(self.layout)
        clean = ~wide_frames(x, self.ratio, across=across, up=up)
        positions = x[..., : _checks.positions(x, self.layout), :, :, :]
        return order_persons(x, motion_of_persons(positions, clean))

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"layout={self.layout.name}, ratio={self.ratio:g}"
