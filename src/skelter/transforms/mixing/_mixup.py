"""Whole clips blended with other clips, joint by joint or axis by axis."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.layouts import SkeletonLayout, check_layout
from skelter.transforms.kinds._mixer import Mixed, Mixer
from skelter.transforms.kinds._numbers import as_tensor, count_to, uniform
from skelter.transforms.kinds._partners import draw_partners, same_clips, take_partners
from skelter.transforms.kinds._positions import presence, say_layout
from skelter.typing import ClipShape


def mixup(x: Tensor, other: Tensor, share: Tensor) -> Tensor:
    """Blend clips with other clips: ``(1 - share) x + share other``.

    Joints that are missing in either clip stay as they are.

    Args:
        x: Clips of shape (..., C, T, V, M).
        other: Clips of the same shape.
        share: How much of the other, from 0 to 1: one number a clip and coordinate, shape
            (..., C), or a clip, shape (..., 1).

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    References:
        Zhang et al., mixup: Beyond Empirical Risk Minimization, ICLR 2018.

    Example:
        >>> mixup(torch.ones(3, 2, 4, 1), 3 * torch.ones(3, 2, 4, 1), torch.tensor([0.25])).mean()
        tensor(1.5000)
    """
    (x, other), share = same_clips(x, other), as_tensor(share)
    return _blend(x, other.clone(), share, presence(x) * presence(other))


@dataclass(frozen=True, eq=False)
class MixupParams:
    """Draws of `Mixup` and `MixAxes`.

    ``partner`` (...) int64 is the number of another clip, counted along all batch axes together,
    ``share`` (..., C) or (..., 1) how much of it is taken, and ``num_frames`` (...) int64 the
    valid frames.
    """

    partner: Tensor
    share: Tensor
    num_frames: Tensor


class _Blend(Mixer[MixupParams]):
    """Blend all frames of a clip with those of another one."""

    def transform(self, x: Tensor, params: MixupParams) -> Mixed:
        """Blend each clip with its partner."""
        x = _checks.clips(x)
        there = presence(x)
        both = there * take_partners(there, params.partner)
        clips = _blend(x, take_partners(x, params.partner), params.share, both)
        share = self._share_of_all(params.share)
        valid = count_to(x.shape[-3], share) < params.num_frames[..., None]
        mask = (share[..., None] * valid)[..., None].expand(*valid.shape, x.shape[-2])
        return Mixed(clips, params.partner, mask, share)

    def _share_of_all(self, share: Tensor) -> Tensor:
        """Return the share (...) of clips from that of their coordinates."""
        return share.mean(-1)


class Mixup(_Blend):
    """Blend every clip with another one of the batch, frame by frame: ``(1 - s) x + s x'``.

    The share s ~ U(0, share) is drawn for every clip, and each other clip is the partner with the
    same chance. Joints that are missing in either clip stay as they are.

    Args:
        share: Largest share, in [0, 1].

    Raises:
        ValueError: `share` is out of range. In a call: there are fewer than 2 clips.

    References:
        Zhang et al., mixup: Beyond Empirical Risk Minimization, ICLR 2018; ActCLR (Lin et al.,
        CVPR 2023).

    Example:
        >>> mixed = Mixup()(torch.randn(8, 3, 64, 25, 2))
        >>> mixed.clips.shape, bool((mixed.mask[:, 0, 0] == mixed.share).all())
        (torch.Size([8, 3, 64, 25, 2]), True)
    """

    def __init__(self, share: float = 1.0) -> None:
        super().__init__()
        _checks.between("share", share, 0.0, 1.0)
        self.share = share

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> MixupParams:
        """Draw another clip and its share."""
        partner = draw_partners(x, "Mixup", generator)
        share = self.share * uniform((*x.shape[:-4], 1), x, generator)
        return MixupParams(partner, share, _checks.frame_counts(num_frames, x))

    def extra_repr(self) -> str:
        """Name the share."""
        return f"share={self.share}"


class MixAxes(_Blend):
    """Blend every clip with another one of the batch, coordinate by coordinate.

    Each axis is switched with probability 1/2, for every clip. A coordinate takes from the other
    clip the share of switched ones among the other axes: in space 0, 1/2 or 1. That is the sum of
    three copies, each without one axis and each exchanged with probability 1/2, over two. Joints
    that are missing in either clip stay as they are.

    Args:
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: In a call: there are fewer than 2 clips, or they have other than 2 or 3
            channels without a layout.

    References:
        Xiang and Wang, Joint Mixing Data Augmentation for Skeleton-based Action Recognition:
        spatial mixing.

    Example:
        >>> MixAxes()(torch.randn(8, 3, 64, 25, 2)).clips.shape
        torch.Size([8, 3, 64, 25, 2])
    """

    def __init__(self, *, layout: SkeletonLayout | None = None) -> None:
        super().__init__()
        self.layout = None if layout is None else check_layout(layout)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> MixupParams:
        """Draw another clip, and which axes are switched."""
        size = _checks.positions(x, self.layout)
        partner = draw_partners(x, "MixAxes", generator)
        switched = (uniform((*x.shape[:-4], size), x, generator) < 0.5).float()
        share = (switched.sum(-1, keepdim=True) - switched) / (size - 1)
        others = share.new_zeros((*x.shape[:-4], x.shape[-4] - size))
        counts = _checks.frame_counts(num_frames, x)
        return MixupParams(partner, torch.cat([share, others], -1), counts)

    def extra_repr(self) -> str:
        """Name the layout."""
        return say_layout(self.layout).removeprefix(", ")

    def _share_of_all(self, share: Tensor) -> Tensor:
        size = share.shape[-1]
        size = size if self.layout is None else min(size, self.layout.dimensions)
        return share[..., :size].mean(-1)


def _blend(x: Tensor, other: Tensor, share: Tensor, both: Tensor) -> Tensor:
    """Blend clips with others, which are used up, at the joints that are there in both."""
    _checks.params(x, share=(share, (1 if share.shape[-1:] == (1,) else x.shape[-4],)))
    wide = torch.promote_types(x.dtype, torch.float32)
    stay = 1 - share.to(wide)[..., None, None, None] * both.to(wide)
    return other.to(wide).lerp_(x.to(wide), stay).to(x.dtype)
