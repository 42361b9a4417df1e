"""Transforms that take something over from another clip of the batch."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.transforms.kinds._base import Transform
from skelter.transforms.kinds._frame_map import read_frames
from skelter.transforms.kinds._numbers import count_to
from skelter.transforms.kinds._partners import draw_partners, take_partners
from skelter.typing import ClipShape


@dataclass(frozen=True, eq=False)
class PartnerParams:
    """``partner`` (...), the number of another clip, and ``num_frames`` (...), both int64.

    Clips are counted along all batch axes together. To choose partners yourself, such as clips of
    the same class, give their numbers.
    """

    partner: Tensor
    num_frames: Tensor


class FromPartner(Transform[PartnerParams]):
    """A transform that takes something over from another clip, drawn for every clip."""

    @abstractmethod
    def _check(self, x: ClipShape) -> None:
        """Refuse clips that do not fit, before anything is drawn."""

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> PartnerParams:
        """Draw another clip of the batch for every clip, each with the same chance."""
        self._check(x)
        partner = draw_partners(x, type(self).__name__, generator)
        return PartnerParams(partner, _checks.frame_counts(num_frames, x))


def partners_in_time(x: Tensor, params: PartnerParams) -> Tensor:
    """Return the partners of clips, their valid frames stretched to those of the clips.

    Frame t of n reads the frame of the partner that is nearest to ``t n' / n``, and none behind
    its last. Clips of the same length are read frame by frame.

    Args:
        x: Clips (..., C, T, V, M), or whatever else has these axes.
        params: The partners and valid frames.
    """
    own = params.num_frames[..., None]
    theirs = take_partners(params.num_frames, params.partner)[..., None]
    frame = torch.minimum(count_to(x.shape[-3], own), own - 1)
    nearest = (2 * frame * theirs + own) // (2 * own)
    return read_frames(take_partners(x, params.partner), torch.minimum(nearest, theirs - 1))


def valid_frames_of(x: Tensor, counts: Tensor) -> Tensor:
    """Return True for frames before the padding, (..., 1, T, 1, 1)."""
    valid = count_to(x.shape[-3], counts) < counts[..., None]
    return valid[..., None, :, None, None]
