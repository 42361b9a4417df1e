"""What the gallery shows of a transform."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gallery import clips
from skelter import transforms as T
from skelter.layouts import SkeletonLayout
from skelter.transforms import presets


@dataclass(frozen=True)
class Shown:
    """What was applied, to what, and what it gave.

    Args:
        transform: A transform, a mixer, a mask of tokens, or several views.
        params: Its draws.
        batch: Clips that it was applied to, (N, C, T, V, M). The first is shown.
        result: What it gave for all of them.
        layout: The layout of the clips.
    """

    transform: nn.Module
    params: Any
    batch: Tensor
    result: Any
    layout: SkeletonLayout


@dataclass(frozen=True)
class Entry:
    """A transform in the gallery.

    Args:
        code: How it is built, of the names in `transforms` and `transforms.presets`, and `layout`.
        picture: How it is shown, out of `pictures`: a function from `Shown` to a figure.
        clips: What it is shown on, out of `clips`.
        seed: The seed of its draws, chosen so that one sees what it does.
        note: What to look at in the picture, where it does not say so itself.
        num_frames: How many frames of the clips are valid. None: all of them.
    """

    code: str
    picture: Callable[[Shown], Any]
    clips: clips.Clips = clips.one
    seed: int = 0
    note: str = ""
    num_frames: int | None = None

    @property
    def name(self) -> str:
        """The name of the class or preset."""
        return self.code.partition("(")[0]

    @property
    def thing(self) -> Any:
        """The class or preset."""
        return getattr(T, self.name, None) or getattr(presets, self.name)

    def show(self) -> Shown:
        """Build the transform, and apply it."""
        batch, layout = self.clips()
        names = vars(presets) | vars(T) | {"layout": layout}
        transform = eval(self.code, names)
        num_frames = self.num_frames and torch.full(batch.shape[:1], self.num_frames)
        generator = torch.Generator().manual_seed(self.seed)
        params = transform.sample(batch, num_frames=num_frames, generator=generator)
        result = self._apply(transform, batch, params, num_frames)
        return Shown(transform, params, batch, result, layout)

    def _apply(
        self, transform: nn.Module, batch: Tensor, params: Any, num_frames: Tensor | None
    ) -> Any:
        """Apply a transform, and leave out the padding of clips that became shorter."""
        if not isinstance(transform, T.Transform):
            return transform(batch, params=params)
        result, counts = transform.with_num_frames(batch, num_frames=num_frames, params=params)
        return result[:, :, : int(counts[0])]
