"""Masks of single tokens: uniform ones, and those that follow motion."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.transforms.kinds._numbers import smallest, uniform
from skelter.transforms.kinds._positions import presence
from skelter.transforms.masks._tokens import (
    TokenMask,
    TokenMaskParams,
    count_blocks,
    is_padding,
    sum_patches,
)
from skelter.typing import ClipShape

BEHIND = 100.0  # a score behind those of all valid tokens


def motion_of_patches(x: Tensor, patch: int) -> Tensor:
    """Return how far each token moves from the one before it in time.

    It is the mean absolute difference of their numbers, frame by frame at a distance of `patch`
    frames. The first block takes over the motion of the second. Frames where the joint is missing
    in one of the two tokens do not count, and neither does padding of zeros.

    Args:
        x: Clips of shape (..., C, T, V, M).
        patch: Frames of a token. T is a multiple of it.

    Returns:
        float32 or wider, shape (..., M, T / patch, V).

    Raises:
        ValueError: T is not a multiple of `patch`.

    References:
        Mao et al., ICCV 2023 (MAMP), "motion-aware masking".

    Example:
        >>> x = torch.tensor([5.0, 5.0, 6.0, 8.0]).view(1, 4, 1, 1)
        >>> motion_of_patches(x, 2)
        tensor([[[2.],
                 [2.]]])
    """
    x = _checks.clips(x)
    *batch, C, T, V, M = x.shape
    blocks = count_blocks(T, patch)
    x = x.to(torch.promote_types(x.dtype, torch.float32))
    if blocks == 1:
        return torch.zeros(*batch, M, 1, V, dtype=x.dtype, device=x.device)
    there = presence(x).squeeze(-4)  # ... T V M
    both = there[..., patch:, :, :] * there[..., :-patch, :, :]
    apart = (x[..., patch:, :, :] - x[..., :-patch, :, :]).abs_().sum(-4).mul_(both)
    motion = sum_patches(apart, patch) / (C * sum_patches(both, patch)).clamp(min=1)
    return torch.cat([motion[..., :1, :], motion], -2)


class _CountedTokenMask(TokenMask[TokenMaskParams]):
    """A token mask with the same number of visible tokens for all clips of a length."""

    def __init__(self, ratio: float, patch: int, visible: int | None) -> None:
        super().__init__(patch)
        _checks.between("ratio", ratio, 0.0, 1.0)
        if visible is not None:
            _checks.positive_int("visible", visible)
        self.ratio = float(ratio)
        self.visible = visible

    def count(self, num_tokens: int) -> int:
        """Return how many of the tokens of a person are visible."""
        if self.visible is None:
            return visible_tokens(num_tokens, self.ratio)
        hint = "Give a ratio, which fits any clip."
        _checks.between("visible", self.visible, 1, num_tokens, hint)
        return self.visible

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> TokenMaskParams:
        """Draw a number for every token."""
        *batch, _, T, V, M = x.shape
        blocks = count_blocks(T, self.patch)
        self.count(blocks * V)
        order = uniform((*batch, M, blocks, V), x, generator)
        return TokenMaskParams(order, _checks.frame_counts(num_frames, x))

    def extra_repr(self) -> str:
        """Name the arguments."""
        visible = "" if self.visible is None else f", visible={self.visible}"
        return f"ratio={self.ratio}, patch={self.patch}{visible}"

    def _keep_lowest(self, score: Tensor, params: TokenMaskParams) -> Tensor:
        padding = is_padding(params.num_frames, score, self.patch)
        score = torch.where(padding, BEHIND + params.order, score)
        count = self.count(score.shape[-2] * score.shape[-1])
        return smallest(score.flatten(-2), count).view(score.shape)


class UniformTokenMask(_CountedTokenMask):
    """Hide random tokens, each with the same chance.

    Args:
        ratio: The share of tokens that is hidden, in [0, 1]. Of L tokens, ``round(L (1 - ratio))``
            are visible, at least one.
        patch: Frames of a token.
        visible: How many tokens of a person are visible, instead of `ratio`. Released models of
            120 frames saw 74 of 750, as ``int(750 * (1 - 0.9))`` is in floating numbers.

    Raises:
        TypeError: An argument is not a number.
        ValueError: `ratio` lies outside [0, 1], or `patch` or `visible` is below 1. In a call: T
            is not a multiple of `patch`, or `visible` exceeds the tokens of a person.

    References:
        He et al., CVPR 2022 (MAE); Wu et al., ECCV 2024 (MacDiff).

    Example:
        >>> keep = UniformTokenMask(0.9, patch=4)(torch.randn(8, 3, 120, 25, 2))
        >>> keep.shape, keep.sum((-2, -1)).unique()
        (torch.Size([8, 2, 30, 25]), tensor([75]))
    """

    def __init__(self, ratio: float = 0.9, patch: int = 4, *, visible: int | None = None) -> None:
        super().__init__(ratio, patch, visible)

    def keep(self, x: ClipShape, params: TokenMaskParams) -> Tensor:
        """Return the visible tokens: those of the smallest numbers."""
        return self._keep_lowest(params.order, params)


class MotionTokenMask(_CountedTokenMask):
    """Hide random tokens, the more often the more they move.

    With the motion m of a token (`functional.motion_of_patches`) divided by the largest of its
    person, the chance of being hidden is softmax(m / temperature), without replacement. A missing
    person does not move, so that its mask is uniform.

    Args:
        ratio: The share of tokens that is hidden, in [0, 1]. Of L tokens, ``round(L (1 - ratio))``
            are visible, at least one.
        patch: Frames of a token.
        temperature: How little motion counts, above 0. The paper has 0.8, its released code 0.75
            for NTU RGB+D 120.
        visible: How many tokens of a person are visible, instead of `ratio`. Released models of
            120 frames saw 74 of 750, as ``int(750 * (1 - 0.9))`` is in floating numbers.

    Raises:
        TypeError: An argument is not a number.
        ValueError: `ratio` lies outside [0, 1], `temperature` is not above 0, or `patch` or
            `visible` is below 1. In a call: T is not a multiple of `patch`, or `visible` exceeds
            the tokens of a person.

    References:
        Mao et al., ICCV 2023 (MAMP), "motion-aware masking".

    Example:
        >>> keep = MotionTokenMask(0.9, patch=4)(torch.randn(8, 3, 120, 25, 2))
        >>> keep.shape, keep.sum((-2, -1)).unique()
        (torch.Size([8, 2, 30, 25]), tensor([75]))
    """

    def __init__(
        self,
        ratio: float = 0.9,
        patch: int = 4,
        *,
        temperature: float = 0.8,
        visible: int | None = None,
    ) -> None:
        super().__init__(ratio, patch, visible)
        _checks.positive("temperature", temperature)
        self.temperature = float(temperature)

    def keep(self, x: Tensor, params: TokenMaskParams) -> Tensor:
        """Return the visible tokens: the smallest of Gumbel noise and the logarithm of chances."""
        motion = motion_of_patches(x.detach(), self.patch)
        padding = is_padding(params.num_frames, motion, self.patch)
        motion = motion.masked_fill(padding, 0.0).flatten(-2)
        largest = motion.amax(-1, keepdim=True)
        chance = (motion / (self.temperature * largest + 1e-10)).log_softmax(-1)
        gumbel = -(-(params.order.flatten(-2) + 1e-10).log() + 1e-10).log()
        return self._keep_lowest((chance + gumbel).view(params.order.shape), params)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"{super().extra_repr()}, temperature={self.temperature}"


def visible_tokens(num_tokens: int, ratio: float) -> int:
    """Return how many tokens are visible where a share is hidden, at least one."""
    return max(1, round(num_tokens * (1 - ratio)))
