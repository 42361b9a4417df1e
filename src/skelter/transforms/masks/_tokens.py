"""Token masks: what a model of masked prediction sees of a clip that is cut into tokens.

A token is one joint of one person in a patch of frames. A mask is not a transform: it leaves clips
as they are, and says which tokens are visible.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import torch
from einops import reduce
from torch import Generator, Tensor, nn

from skelter import _checks
from skelter._precision import outside_autocast
from skelter._ragged import RaggedClips
from skelter.transforms.kinds._base import Valueless, enter
from skelter.transforms.kinds._positions import presence
from skelter.typing import ClipShape

ParamsT = TypeVar("ParamsT")


def token_presence(x: Tensor, patch: int) -> Tensor:
    """Tell which tokens hold something: a joint that is there in at least one frame.

    A loss of masked prediction leaves the others out, so that it does not ask for padding and
    missing persons.

    Args:
        x: Clips of shape (..., C, T, V, M).
        patch: Frames of a token. T is a multiple of it.

    Returns:
        bool of shape (..., M, T / patch, V).

    Raises:
        ValueError: T is not a multiple of `patch`.

    Example:
        >>> x = torch.ones(3, 8, 25, 2)
        >>> x[..., 1] = 0
        >>> token_presence(x, 4).sum((-2, -1))
        tensor([50,  0])
    """
    x = _checks.clips(x)
    count_blocks(x.shape[-3], patch)
    return sum_patches(presence(x).squeeze(-4), patch) > 0


class TokenMask(nn.Module, ABC, Generic[ParamsT]):
    """A draw of visible tokens, for a model that predicts the others.

    Clips of T frames are cut into T / patch blocks, and a token is one joint of one person in one
    block. Every person of every clip has a mask of its own, as models of masked prediction see
    persons as samples.

    A new mask implements `sample` and `keep`, as a transform does: all randomness is in `sample`,
    which sees shapes and frame counts and never values.

    Every person gets as many visible tokens as every other, missing ones included, so that
    ``tokens[keep].view(N, M, kept, D)`` has one shape. Tokens of padding become visible only where
    the others do not suffice. Leave hidden tokens that hold nothing out of the loss, as
    `functional.token_presence` tells.

    Args:
        patch: Frames of a token.

    Args of a call:
        x: Clips of shape (..., C, T, V, M), or the ragged clips of a store.
        num_frames: Valid frames of each clip, integers of shape (...). None counts all of them.
        generator: The source of randomness, the global generator if None.
        params: Parameters to apply instead of drawing new ones.

    Returns of a call:
        True where a token is visible, bool of shape (..., M, T / patch, V).

    Raises of a call:
        ValueError: T is not a multiple of `patch`.
    """

    def __init__(self, patch: int) -> None:
        super().__init__()
        _checks.positive_int("patch", patch)
        self.patch = patch

    @abstractmethod
    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> ParamsT:
        """Draw parameters, for each person of each clip, from the shape of `x` alone."""

    @abstractmethod
    def keep(self, x: Tensor, params: ParamsT) -> Tensor:
        """Return the visible tokens, bool (..., M, T / patch, V)."""

    def forward(
        self,
        x: Tensor | RaggedClips,
        *,
        num_frames: Tensor | None = None,
        generator: Generator | None = None,
        params: ParamsT | None = None,
    ) -> Tensor:
        """Draw parameters unless some are given, and return the visible tokens."""
        return self._draw_and_keep(*enter(x, num_frames, generator), generator, params)

    @outside_autocast
    def _draw_and_keep(
        self, x: Any, num_frames: Tensor | None, generator: Generator | None, params: ParamsT | None
    ) -> Tensor:
        x = _checks.padded(x)
        if params is None:
            params = self.sample(Valueless(x), num_frames=num_frames, generator=generator)
        return self.keep(x, params)


@dataclass(frozen=True, eq=False)
class TokenMaskParams:
    """Draws of token masks: ``order`` (..., M, blocks, V) from U(0, 1), ``num_frames`` (...)."""

    order: Tensor
    num_frames: Tensor


def count_blocks(frames: int, patch: int) -> int:
    """Return how many blocks of frames a clip has, and refuse frames that are left over."""
    _checks.require(
        frames % patch == 0,
        "`x`",
        f"have a multiple of patch={patch} frames",
        f"T={frames}",
        "Resize clips first, such as by TemporalCropResize(120), or give another patch.",
    )
    return frames // patch


def is_padding(num_frames: Tensor, tokens: Tensor, patch: int) -> Tensor:
    """Tell which tokens lie behind the valid frames, bool (..., 1, blocks, 1)."""
    start = torch.arange(tokens.shape[-2], device=tokens.device) * patch
    return (start >= num_frames[..., None])[..., None, :, None]


def sum_patches(x: Tensor, patch: int) -> Tensor:
    """Sum numbers (..., T, V, M) over the frames of each token, (..., M, blocks, V)."""
    return reduce(x, "... (b p) v m -> ... m b v", "sum", p=patch)
