"""Clips that begin as themselves and end as another clip."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.transforms.kinds._frame_map import read_frames
from skelter.transforms.kinds._mixer import Mixed, Mixer
from skelter.transforms.kinds._numbers import count_to, uniform
from skelter.transforms.kinds._partners import draw_partners, same_clips, take_partners
from skelter.typing import ClipShape


def mix_in_time(
    x: Tensor, other: Tensor, frames: Tensor, *, num_frames: Tensor, other_frames: Tensor
) -> Tensor:
    """Resample whole clips to their first frames, and other whole clips to the rest.

    Args:
        x: Clips of shape (..., C, T, V, M).
        other: Clips of the same shape.
        frames: How many frames remain for the first, integers of shape (...), from 1.
        num_frames: Valid frames of `x` and of the result, integers of shape (...). Frames behind
            them stay as they are.
        other_frames: Valid frames of `other`, integers of shape (...).

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    References:
        Xiang and Wang, Joint Mixing Data Augmentation for Skeleton-based Action Recognition:
        temporal mixing.

    Example:
        >>> x = torch.arange(4.0).reshape(1, 4, 1, 1)
        >>> n = torch.tensor(4)
        >>> mix_in_time(x, 10 * x, torch.tensor(2), num_frames=n, other_frames=n).flatten()
        tensor([ 0.5000,  2.5000,  5.0000, 25.0000])
    """
    x, other = same_clips(x, other)
    counts = {"frames": frames, "num_frames": num_frames, "other_frames": other_frames}
    _checks.params(x, **{name: (count, ()) for name, count in counts.items()})
    time = count_to(x.shape[-3], frames).expand(*frames.shape, -1)
    first, valid = (count[..., None] for count in (frames, num_frames))
    own = torch.where(time < valid, _resized(time, valid, first), time.double())
    theirs = _resized(time - first, other_frames[..., None], valid - first)
    stay = ((time < first) | (time >= valid)).to(x.dtype)[..., None, :, None, None]
    # At weights of 0 and 1 this is exact, and many times as fast as `where`.
    return read_frames(other, theirs).lerp_(read_frames(x, own), stay)


@dataclass(frozen=True, eq=False)
class MixInTimeParams:
    """Draws of `MixInTime`, int64 of shape (...).

    ``partner`` is the number of another clip, counted along all batch axes together, ``frames``
    how many remain for the clip itself, and ``num_frames`` the valid ones.
    """

    partner: Tensor
    frames: Tensor
    num_frames: Tensor


class MixInTime(Mixer[MixInTimeParams]):
    """Show every clip faster, and another one of the batch after it.

    Of the n valid frames of a clip, the first ``max(1, floor(u n))`` show the whole clip and the
    others the whole partner, both resampled linearly, with u ~ U(0, 1) for every clip. Each other
    clip is the partner with the same chance.

    Raises:
        ValueError: In a call: there are fewer than 2 clips.

    References:
        Xiang and Wang, Joint Mixing Data Augmentation for Skeleton-based Action Recognition:
        temporal mixing.

    Example:
        >>> mixed = MixInTime()(torch.randn(8, 3, 64, 25, 2))
        >>> torch.equal(mixed.share, mixed.mask[..., 0].mean(-1))
        True
    """

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> MixInTimeParams:
        """Draw another clip, and how many frames remain for the first."""
        partner = draw_partners(x, "MixInTime", generator)
        counts = _checks.frame_counts(num_frames, x)
        frames = (uniform(x.shape[:-4], x, generator) * counts).long().clamp(min=1)
        return MixInTimeParams(partner, torch.minimum(frames, counts), counts)

    def transform(self, x: Tensor, params: MixInTimeParams) -> Mixed:
        """Show one clip after the other."""
        x = _checks.clips(x)
        others = take_partners(params.num_frames, params.partner)
        clips = mix_in_time(
            x, take_partners(x, params.partner), params.frames,
            num_frames=params.num_frames, other_frames=others,
        )  # fmt: skip
        time = count_to(x.shape[-3], params.frames)
        theirs = (time >= params.frames[..., None]) & (time < params.num_frames[..., None])
        mask = theirs.float()[..., None].expand(*theirs.shape, x.shape[-2])
        share = 1 - params.frames.float() / params.num_frames
        return Mixed(clips, params.partner, mask, share)


def _resized(time: Tensor, length: Tensor, frames: Tensor) -> Tensor:
    """Return where output frames lie in a clip that is resampled, with half-pixel centres."""
    step = length.float() / frames.clamp(min=1)
    within = ((time.float() + 0.5) * step - 0.5).clamp(min=0)
    return torch.minimum(within, length.float() - 1).double()
