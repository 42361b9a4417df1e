"""The posture of another clip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.layouts import NTU25, SkeletonLayout, check_layout, map_positions
from skelter.transforms.bones._partner import valid_frames_of
from skelter.transforms.kinds._base import Transform
from skelter.transforms.kinds._numbers import as_tensor, uniform
from skelter.transforms.kinds._partners import draw_partners, same_clips, take_partners
from skelter.transforms.kinds._positions import presence
from skelter.typing import ClipShape


def swap_posture(x: Tensor, other: Tensor, amount: Tensor, joint: int) -> Tensor:
    """Move bodies from their own mean posture towards that of other bodies.

    ``x + a ((o - o_root) - (m - m_root))``, with m and o the mean pose of a person over the frames
    of either clip, relative to a root joint of the same person. The root keeps its path, and all
    movement about the mean stays. Persons and joints that are missing in either clip stay as they
    are, and missing joints stay zero.

    Args:
        x: Clips of shape (..., C, T, V, M), all of whose channels are positions.
        other: Clips of the same shape.
        amount: How far, shape (...): 0 stays, 1 goes all the way.
        joint: Index of the root joint.

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match, or `joint` is out of range.

    Example:
        >>> x, other = torch.randn(2, 3, 8, 25, 2)
        >>> y = swap_posture(x, other, torch.tensor(1.0), 20)
        >>> posture = (y - y[:, :, [20]]).mean(1)
        >>> torch.allclose(posture, (other - other[:, :, [20]]).mean(1), atol=1e-5)
        True
    """
    x, other = same_clips(x, other)
    _checks.between("joint", joint, 0, x.shape[-2] - 1, "Joints count from 0.")
    _checks.params(x, amount=(amount, ()))
    return _towards(x, _posture(x, joint, None), _posture(other, joint, None), amount)


@dataclass(frozen=True, eq=False)
class SwapPostureParams:
    """Draws of `SwapPosture`, each of shape (...).

    ``partner`` int64 is the number of another clip, counted along all batch axes together.
    ``amount`` is how far the posture goes, and ``num_frames`` int64 are the valid frames.
    """

    partner: Tensor
    amount: Tensor
    num_frames: Tensor


class SwapPosture(Transform[SwapPostureParams]):
    """Give persons the mean posture of another clip of the batch, to a part, and keep the movement.

    ``x + a ((o - o_root) - (m - m_root))``, with m the mean pose of a person over the frames of
    its clip, o that of the same person in another clip, root the layout's centre of each, and
    a ~ U(0, amplitude). Clips of one action by different bodies become alike, so that an encoder
    has to look at the movement. One partner and one a for each clip. See
    `functional.swap_posture`.

    Args:
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on.
        amplitude: Largest a, from 0. At 1 the posture is that of the other clip.
        root: Name or index of the root joint, the layout's centre if None.

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: `amplitude` is negative, or the layout has no such joint. In a call: clips
            have other joints, or there are fewer than 2 of them.

    Example:
        >>> SwapPosture()(torch.randn(8, 3, 40, 25, 2)).shape
        torch.Size([8, 3, 40, 25, 2])
    """

    def __init__(
        self,
        layout: SkeletonLayout = NTU25,
        amplitude: float = 1.0,
        *,
        root: int | str | None = None,
    ) -> None:
        super().__init__()
        self.layout = check_layout(layout)
        _checks.between("amplitude", amplitude, 0.0, float("inf"))
        self.amplitude = amplitude
        self.root = layout.centre if root is None else layout.index(root)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> SwapPostureParams:
        """Draw another clip, and how far its posture is taken over."""
        _checks.joint_count("`x`", x.shape[-2], self.layout)
        partner = draw_partners(x, "SwapPosture", generator)
        amount = self.amplitude * uniform(x.shape[:-4], x, generator)
        return SwapPostureParams(partner, amount, _checks.frame_counts(num_frames, x))

    def transform(self, x: Tensor, params: SwapPostureParams) -> Tensor:
        """Move bodies towards the postures of their partners."""
        x = _checks.clips(x)
        _checks.joints(x, self.layout)
        return map_positions(lambda points: self._swap(points, params), x, self.layout)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"layout={self.layout.name}, amplitude={self.amplitude}, root={self.root}"

    def _swap(self, x: Tensor, params: SwapPostureParams) -> Tensor:
        own = _posture(x, self.root, valid_frames_of(x, params.num_frames))
        theirs = _Posture(*(take_partners(value, params.partner) for value in own))
        return _towards(x, own, theirs, params.amount)


class _Posture(NamedTuple):
    """The mean pose of persons.

    Args:
        pose: Mean positions relative to the root, (..., C, 1, V, M).
        seen: 1 for joints that are there in some frame with the root, (..., 1, 1, V, M).
        rooted: 1 for persons whose root is not zero all the time, (..., 1, 1, 1, M).
    """

    pose: Tensor
    seen: Tensor
    rooted: Tensor


def _posture(x: Tensor, joint: int, valid: Tensor | None) -> _Posture:
    """Return mean poses over the frames in which joint and root are there.

    A root that is zero all the time is the origin: clips have been placed so.
    """
    x = x.to(torch.promote_types(x.dtype, torch.float32))
    there = presence(x) if valid is None else presence(x) * valid
    root = there[..., joint, None, :]
    rooted = root.amax(-3, keepdim=True)
    both = there * (root + 1 - rooted)
    count = both.sum(-3, keepdim=True)
    total = (x - x[..., joint, None, :]).mul_(both).sum(-3, keepdim=True)
    return _Posture(total / count.clamp(min=1), count.sign(), rooted)


def _towards(x: Tensor, own: _Posture, theirs: _Posture, amount: Tensor) -> Tensor:
    """Move bodies from their own postures towards others."""
    a = as_tensor(amount, own.pose.dtype)[..., None, None, None, None]
    comparable = own.seen * theirs.seen * (own.rooted == theirs.rooted)
    offset = a * comparable * (theirs.pose - own.pose)
    return torch.addcmul(x.to(offset.dtype), offset, presence(x)).to(x.dtype)
