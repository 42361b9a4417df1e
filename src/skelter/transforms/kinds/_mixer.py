"""Mixers: modules that mix every clip of a batch with another one, and tell how."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, NamedTuple, TypeVar

from torch import Generator, Tensor, nn

from skelter import _checks
from skelter._precision import outside_autocast
from skelter._ragged import RaggedClips
from skelter.transforms.kinds._base import Valueless, enter
from skelter.typing import ClipShape

ParamsT = TypeVar("ParamsT")


class Mixed(NamedTuple):
    """Clips that were mixed with others of their batch, and what a loss needs to know of it.

    Args:
        clips: Mixed clips of the shape that came, (..., C, T, V, M).
        partner: The clip that each was mixed with, int64 (...). Clips are counted along all batch
            axes together, so that labels are ``labels.flatten()[partner]``.
        mask: How much of each frame and joint is the partner's, from 0 to 1, float32 (..., T, V).
            It is 0 behind the valid frames.
        share: How much of a clip is the partner's, float32 (...): the mean of the mask over the
            valid frames. A loss is ``(1 - share) * loss(own) + share * loss(partner's)``.
    """

    clips: Tensor
    partner: Tensor
    mask: Tensor
    share: Tensor


class Mixer(nn.Module, ABC, Generic[ParamsT]):
    """A map from a batch of clips to `Mixed` clips, with a draw of its own for every clip.

    Like a `Transform` it draws in `sample`, from shapes and frame counts alone, and applies in
    `transform`, which is pure. As it gives more than clips, it is not a member of a `Compose`:
    call it on what that gives. Valid frames stay as many as they are.

    Args of a call:
        x: At least 2 clips, (..., C, T, V, M), padded or ragged.
        num_frames: Valid frames of each clip, integers (...). None counts all of them.
        generator: The source of randomness, the global generator if None.
        params: Parameters to apply instead of drawing new ones.

    Raises of a call:
        ValueError: Shapes do not fit, or there are fewer than 2 clips.

    Example:
        >>> import torch
        >>> class Average(Mixer):
        ...     def sample(self, x, *, num_frames=None, generator=None):
        ...         return torch.arange(x.shape[0]).roll(1)
        ...
        ...     def transform(self, x, params):
        ...         mask = torch.full((len(x), *x.shape[2:4]), 0.5)
        ...         return Mixed((x + x[params]) / 2, params, mask, mask.mean((1, 2)))
        >>> Average()(torch.randn(8, 3, 40, 25, 2)).share.shape
        torch.Size([8])
    """

    reads_ragged = True
    """A call takes the ragged clips of a store."""

    @abstractmethod
    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> ParamsT:
        """Draw parameters, one for each clip, from the shape of `x` alone."""

    @abstractmethod
    def transform(self, x: Tensor, params: ParamsT) -> Mixed:
        """Mix clips. The same parameters give the same clips."""

    def forward(
        self,
        x: Tensor | RaggedClips,
        *,
        num_frames: Tensor | None = None,
        generator: Generator | None = None,
        params: ParamsT | None = None,
    ) -> Mixed:
        """Draw parameters unless some are given, and mix."""
        clips, num_frames = enter(x, num_frames, generator)
        return _draw_and_mix(clips, self, num_frames, generator, params)


@outside_autocast
def _draw_and_mix(
    x: Tensor | RaggedClips,
    mixer: Mixer[ParamsT],
    num_frames: Tensor | None,
    generator: Generator | None,
    params: ParamsT | None,
) -> Mixed:
    if params is None:
        params = mixer.sample(Valueless(x), num_frames=num_frames, generator=generator)
    return mixer.transform(_checks.clips(x), params)
