"""Grid mask: some joints are hidden in some frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import TypeAlias

from torch import Generator, Tensor

from skelter import _checks
from skelter.transforms.kinds._amounts import count_of, share_or_count
from skelter.transforms.kinds._mask import Mask
from skelter.transforms.kinds._numbers import (
    as_tensor,
    at_least,
    at_most,
    choose,
    count_to,
    draw,
    floor,
    last_axis,
    valid_frames,
    wide,
)
from skelter.typing import ClipShape

Amounts: TypeAlias = float | tuple[float, float]
"""A share or a count, or a range (from, to) of shares or of counts."""


@dataclass(frozen=True, eq=False)
class JointFrameMaskParams:
    """Draws of `JointFrameMask`: ``joints`` (..., V) and ``frames`` (..., T), bool.

    A joint is hidden in a frame where both are True.
    """

    joints: Tensor
    frames: Tensor


class JointFrameMask(Mask[JointFrameMaskParams]):
    """Hide some joints in some frames: a grid of k joints times f frames, for all persons.

    Joints and frames are chosen without replacement, frames among the valid ones. Both k and f are
    uniform over the integers of their ranges, both ends included, and differ from clip to clip.

    Args:
        joints: How many joints: a share in (0, 1] as a float, a count as an integer, or a range
            (from, to) of either. Shares are rounded.
        frames: How many frames, likewise. Shares are of the valid frames of each clip. Where a
            count exceeds the valid frames, all of these are taken.

    Raises:
        TypeError: An end of a range is not a number, or one is a share and the other a count.
        ValueError: A share lies outside (0, 1], or ends are not in order. In a call: a count of
            joints exceeds those of a clip.

    References:
        Rao et al., Information Sciences 2021 (AS-CAL), "joint mask"; Do and Kim, ECCV 2024
        (SkateFormer): 5 to 15 joints in 16 to 32 of 64 frames, as the default shares have it.

    Example:
        >>> import torch
        >>> mask = JointFrameMask(joints=5, frames=(16, 32))
        >>> hidden = mask(torch.ones(3, 24, 25, 1)) == 0
        >>> hidden.any(0).any(0).sum(), hidden.any(0).any(1).sum() >= 16
        (tensor(5), tensor(True))
    """

    def __init__(self, joints: Amounts = (0.2, 0.6), frames: Amounts = (0.25, 0.5)) -> None:
        super().__init__()
        self.joints = amounts("joints", joints)
        self.frames = amounts("frames", frames)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> JointFrameMaskParams:
        """Draw the joints and the frames of each clip."""
        T, V = x.shape[-3:-1]
        low, high = (count_of("joints", amount, V) for amount in self.joints)
        valid, (draws,) = valid_frames(num_frames, x), draw(x, generator, (2 + V + T,))
        if isinstance(valid, Tensor):  # torch.func.vmap may draw once for many clips
            draws = as_tensor(draws)
        of_joints, of_frames = draws[..., 2 : 2 + V], draws[..., 2 + V :]
        padding = count_to(T, draws) >= last_axis(valid)
        of_frames = choose(padding, 2.0 + 0 * of_frames, of_frames)
        k = low + floor(draws[..., 0] * (high - low + 1))
        fewest, most = (_counts_of(amount, valid) for amount in self.frames)
        f = fewest + floor(draws[..., 1] * (most - fewest + 1))
        joints, frames = _mark_first(of_joints, k), _mark_first(of_frames, f)
        return JointFrameMaskParams(as_tensor(joints), as_tensor(frames))

    def keep(self, x: ClipShape, params: JointFrameMaskParams) -> Tensor:
        """Return what stays, bool (..., 1, T, V, 1)."""
        return ~(params.frames[..., None] & params.joints[..., None, :])[..., None, :, :, None]

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"joints={self.joints}, frames={self.frames}"


def amounts(name: str, value: Amounts) -> tuple[float, float]:
    """Return a range of shares or of counts. One number is a range of nothing else."""
    pair = tuple(value) if isinstance(value, Sequence) else (value, value)
    for end in pair:
        share_or_count(name, end)
    same = len({isinstance(end, Integral) for end in pair}) == 1
    expected = "be two shares as floats or two counts as integers"
    _checks.require(same, f"`{name}`", expected, value, error=TypeError)
    ordered = len(pair) == 2 and pair[0] <= pair[1]
    _checks.require(ordered, f"`{name}`", "be (from, to) with from <= to", value)
    return share_or_count(name, pair[0]), share_or_count(name, pair[1])


def _counts_of(amount: float, valid: Tensor) -> Tensor:
    """Return how many of the valid frames of each clip a share or a count is."""
    if isinstance(amount, float):
        return at_least(floor((amount * wide(valid)).round()), 1)
    return at_most(valid, amount)


def _mark_first(order: Tensor, count: Tensor) -> Tensor:
    return order.argsort(-1).argsort(-1) < last_axis(count)
