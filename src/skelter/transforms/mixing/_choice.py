"""One of several mixers, chosen for each clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, cast

import torch
from torch import Generator, Tensor, nn

from skelter import _checks
from skelter.transforms.kinds._mixer import Mixed, Mixer
from skelter.transforms.kinds._numbers import uniform
from skelter.typing import ClipShape


@dataclass(frozen=True, eq=False)
class MixOneOfParams:
    """``choice`` (...) of the mixer for each clip, and the parameters of every mixer."""

    choice: Tensor
    params: tuple[Any, ...]


class MixOneOf(Mixer[MixOneOfParams]):
    """Mix every clip by one of several mixers.

    Every mixer draws for every clip, so that the draws of one clip do not depend on the choices
    of another.

    Args:
        mixers: At least one.
        weights: Chance of each mixer, from 0. They need not sum to 1. Equal ones if None.

    Raises:
        TypeError: A member is not a `Mixer`.
        ValueError: The weights do not fit. In a call: one of those of the mixers.

    References:
        ActCLR (Lin et al., CVPR 2023) mixes regions with 1/2, and resizes or blends with 1/4 each.

    Example:
        >>> from skelter.transforms import MixRegions, Mixup, ResizeMix
        >>> regions = MixRegions(blocks=(3, 5))
        >>> actclr = MixOneOf([regions, ResizeMix(), Mixup()], weights=[2, 1, 1])
        >>> actclr(torch.randn(8, 3, 50, 25, 2)).share.shape
        torch.Size([8])
    """

    def __init__(
        self, mixers: Sequence[Mixer[Any]], weights: Sequence[float] | None = None
    ) -> None:
        super().__init__()
        for mixer in mixers:
            _checks.require(
                isinstance(mixer, Mixer),
                "`mixers`",
                "be mixers, such as MixRegions",
                type(mixer).__name__,
                "Apply transforms before or after mixing.",
                error=TypeError,
            )
        self.weights = [1.0] * len(mixers) if weights is None else [float(w) for w in weights]
        fits = len(self.weights) == len(mixers) > 0 and min(self.weights) >= 0 < sum(self.weights)
        expected = f"be one number from 0 for each of the {len(mixers)} mixers, not all 0"
        _checks.require(fits, "`weights`", expected, self.weights)
        self.mixers = nn.ModuleList(mixers)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> MixOneOfParams:
        """Draw the choice of each clip, and the parameters of every mixer."""
        *edges, total = accumulate(self.weights)
        draws = uniform(x.shape[:-4], x, generator)
        choice = sum((draws >= edge / total).long() for edge in edges)
        choice = choice + torch.zeros_like(draws, dtype=torch.int64)
        params = tuple(
            mixer.sample(x, num_frames=num_frames, generator=generator) for mixer in self._mixers()
        )
        return MixOneOfParams(choice, params)

    def transform(self, x: Tensor, params: MixOneOfParams) -> Mixed:
        """Mix each clip by its mixer."""
        pairs = zip(self._mixers(), params.params, strict=True)
        first, *others = (mixer.transform(x, own) for mixer, own in pairs)
        for number, mixed in enumerate(others, 1):
            first = Mixed(*(_choose(params.choice == number, mixed, first)))
        return first

    def extra_repr(self) -> str:
        """Name the weights."""
        return f"weights={self.weights}"

    def _mixers(self) -> list[Mixer[Any]]:
        return [cast("Mixer[Any]", mixer) for mixer in self.mixers]


def _choose(chosen: Tensor, mixed: Mixed, otherwise: Mixed) -> list[Tensor]:
    """Return the fields of one where clips are chosen, and of the other elsewhere."""
    return [
        torch.where(chosen.view(*chosen.shape, *[1] * (new.ndim - chosen.ndim)), new, old)
        for new, old in zip(mixed, otherwise, strict=True)
    ]
