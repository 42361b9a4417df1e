"""What every transform is: a draw, a pure application, and the call that joins them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import torch
from torch import Generator, Tensor, nn

from skelter import _checks
from skelter._ragged import RaggedClips

ParamsT = TypeVar("ParamsT")


def _replaces(cls: type, name: str) -> bool:
    """Whether a class has a method in the place of one that it would inherit."""
    inherited = getattr(super(cls, cls), name, None)
    return name in vars(cls) and not getattr(inherited, "__isabstractmethod__", False)


class Transform(nn.Module, ABC, Generic[ParamsT]):
    """A map from clips to clips, with a draw of its own for every clip.

    A new transform implements `sample` and `transform`. All randomness is in `sample`;
    `transform` is pure, so that parameters that were drawn once can be applied again.

    What a transform may promise beside, `reads_ragged`, `maps_joints` and `keeps_axes`, makes
    combinations of it faster. A subclass that replaces `sample` or `transform` of a transform
    inherits none of these promises: it states again which of them it keeps.

    Args of a call:
        x: Clips of shape (..., C, T, V, M), any floating dtype, any device. NumPy arrays and
            nested lists enter as by ``torch.as_tensor``. The ragged clips of a store stand for
            (N, C, T, V, M) and bring their `num_frames`.
        num_frames: Valid frames of each clip, integers of shape (...); None counts all of them.
        generator: Where randomness comes from; the global generator if None. It may live on the
            CPU while `x` lives on a GPU: then the draws are those of the CPU.
        params: Parameters to apply instead of drawing new ones.

    Returns of a call:
        Clips (..., C, T', V, M) of the dtype and on the device of `x`; never `x` changed in place.

    Raises of a call:
        TypeError: `x` is not of a real floating dtype.
        ValueError: Shapes do not fit.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if any(_replaces(cls, name) for name in ("sample", "transform")):
            for promise in ("reads_ragged", "maps_joints", "keeps_axes"):
                if promise not in vars(cls):
                    setattr(cls, promise, getattr(Transform, promise))

    @property
    def reads_ragged(self) -> bool:
        """Whether ``sample`` and ``transform`` take ragged clips; others are given padded ones."""
        return False

    @property
    def keeps_axes(self) -> bool:
        """Whether all axes but time stay as they are, which is then known without applying it."""
        return self.maps_joints

    @property
    def output_frames(self) -> int | None:
        """Frames of every output clip, all of them valid; None if time is left as it is."""
        return None

    @abstractmethod
    def sample(
        self, x: Tensor, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> ParamsT:
        """Draw parameters, one for each clip of `x`."""

    @property
    def maps_joints(self) -> bool:
        """Whether it maps joint positions by matrices, and ``sample`` looks at no values."""
        return False

    def joint_maps(self, x: Tensor, params: ParamsT) -> Tensor:
        """Return `transform` as matrices (..., V, C, C), one a clip and joint.

        For transforms with `maps_joints`: adjacent ones in a `Compose` become one, and `OneOf`
        chooses among matrices instead of clips. Only the shape of `x` counts.
        """
        raise NotImplementedError(f"{type(self).__name__} maps no joints by matrices.")

    @abstractmethod
    def transform(self, x: Tensor, params: ParamsT) -> Tensor:
        """Apply parameters; the same parameters give the same clips."""

    def forward(
        self,
        x: Tensor | RaggedClips,
        *,
        num_frames: Tensor | None = None,
        generator: Generator | None = None,
        params: ParamsT | None = None,
    ) -> Tensor:
        """Draw parameters unless some are given, and apply them."""
        clips, num_frames = at_the_door(x, num_frames, ragged=self.reads_ragged)
        if params is None:
            params = self.sample(clips, num_frames=num_frames, generator=generator)
        return self.transform(clips, params)


class Deterministic(Transform[None]):
    """A transform that draws nothing; its parameters are None."""

    def sample(
        self, x: Tensor, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> None:
        """Draw nothing."""


def at_the_door(x: Any, num_frames: Any, *, ragged: bool) -> tuple[Any, Tensor | None]:
    """Check what a call was given, and make tensors of it on one device; pad unless `ragged`."""
    if isinstance(x, RaggedClips):
        num_frames = x.num_frames if num_frames is None else num_frames
        x = x if ragged else x.padded()
    else:
        x = _checks.clips(x)
    return x, None if num_frames is None else _checks.frame_counts(num_frames, x)


def uniform(shape: Sequence[int], x: Tensor, generator: Generator | None) -> Tensor:
    """Draw float32 from U(0, 1) for `x`: the same numbers whatever the dtype of the clips."""
    device = x.device if generator is None else generator.device
    return torch.rand(tuple(shape), generator=generator, device=device).to(x.device)


def named(coordinates: int | None) -> str:
    """Say in a ``repr`` how many channels are positions, where not all are."""
    return "" if coordinates is None else f", coordinates={coordinates}"
