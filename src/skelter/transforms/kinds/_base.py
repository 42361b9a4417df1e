"""The law of transforms: draw from the shape of the clips, then apply without drawing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, NamedTuple, NoReturn, TypeAlias, TypeVar

import torch
from torch import Generator, Tensor, nn

from skelter import _checks
from skelter._precision import outside_autocast
from skelter._ragged import RaggedClips
from skelter.typing import ClipShape

ParamsT = TypeVar("ParamsT")

LAW = (
    "`sample` draws from the shape, dtype, device and frame counts of clips, and never sees their "
    "values; move what depends on values into `transform`"
)


JointMatrices: TypeAlias = Callable[[ClipShape, Any], Tensor]
"""From the shape of clips and parameters to matrices (..., V, C, C) or (..., 1, C, C)."""


class FrameRows(NamedTuple):
    """Frames to read: ``(1 - share) * x[first] + share * x[second]`` for each output frame.

    Args:
        first: Whole frames, int64 of shape (..., T').
        second: Frames that are blended in, of the same shape.
        share: How much of the second, float32 of the same shape. None reads the first alone.
        keep: Output frames that hold what was read, bool of the same shape. The others become
            zeros. None keeps all of them.
    """

    first: Tensor
    second: Tensor
    share: Tensor | None
    keep: Tensor | None = None


FrameReader: TypeAlias = Callable[[ClipShape, Any], FrameRows]
"""From the shape of clips and parameters to the frames to read."""


class Transform(nn.Module, ABC, Generic[ParamsT]):
    """A map from clips to clips, with a draw of its own for every clip.

    A new transform implements `sample` and `transform`. All randomness is in `sample`, which sees
    shapes and frame counts and never values. `transform` is pure, so that the same parameters can
    be applied again. Two kinds need no `transform` of their own: a `JointMap` gives matrices, a
    `FrameMap` gives positions of frames.

    Args of a call:
        x: Clips of shape (..., C, T, V, M), any floating dtype, any device. NumPy arrays of any
            strides and byte order, and nested lists, are taken too. The ragged clips of a store
            stand for (N, C, T, V, M) and bring their `num_frames`.
        num_frames: Valid frames of each clip, integers of shape (...). None counts all of them.
        generator: The source of randomness, the global generator if None. It may live on the CPU
            while `x` lives on a GPU: then the draws are those of the CPU.
        params: Parameters to apply instead of drawing new ones.

    Returns of a call:
        Clips (..., C, T', V, M) of the dtype and on the device of `x`. `x` is never changed.
        Under ``torch.autocast`` they are the same as outside it.

    Raises of a call:
        TypeError: `x` is not of a real floating dtype, or is a masked array; or `generator` is
            not a ``torch.Generator``.
        ValueError: Shapes do not fit.
    """

    reads_ragged = True
    """A call takes the ragged clips of a store."""

    @property
    def output_frames(self) -> int | None:
        """Frames of every output clip, valid unless `output_num_frames` says otherwise.

        None if the number of frames is left as it is.
        """
        return None

    def output_shape(self, shape: torch.Size) -> torch.Size:
        """Return the shape that clips of a shape (..., C, T, V, M) have afterwards."""
        frames = self.output_frames
        return shape if frames is None else torch.Size((*shape[:-3], frames, *shape[-2:]))

    def output_num_frames(
        self, x: ClipShape, params: ParamsT, *, num_frames: Tensor | None = None
    ) -> Tensor | None:
        """Return the valid frames of output clips, integers (...), or None where all are valid.

        Args:
            x: The clips, or their shape.
            params: The parameters that are applied.
            num_frames: Valid frames of each clip before. None counts all of them.
        """
        return num_frames if self.output_frames is None else None

    def with_num_frames(
        self,
        x: Tensor | RaggedClips,
        *,
        num_frames: Tensor | None = None,
        generator: Generator | None = None,
        params: ParamsT | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Return what a call returns, and the valid frames of each output clip.

        Example:
            >>> from skelter.transforms import TemporalCropResize
            >>> TemporalCropResize(64).with_num_frames(torch.randn(2, 3, 90, 25, 2))[1]
            tensor([64, 64])
        """
        clips, num_frames = enter(x, num_frames, generator)
        if num_frames is None and isinstance(clips, RaggedClips):
            num_frames = clips.num_frames
        if params is None:
            params = self.sample(Valueless(clips), num_frames=num_frames, generator=generator)
        counts = self.output_num_frames(Valueless(clips), params, num_frames=num_frames)
        out = _draw_and_apply(clips, self, num_frames, generator, params)
        return out, _checks.frame_counts(counts, out)

    @abstractmethod
    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> ParamsT:
        """Draw parameters, one for each clip, from the shape of `x` alone."""

    @abstractmethod
    def transform(self, x: Tensor, params: ParamsT) -> Tensor:
        """Apply parameters. The same parameters give the same clips."""

    def forward(
        self,
        x: Tensor | RaggedClips,
        *,
        num_frames: Tensor | None = None,
        generator: Generator | None = None,
        params: ParamsT | None = None,
    ) -> Tensor:
        """Draw parameters unless some are given, and apply them."""
        clips, num_frames = enter(x, num_frames, generator)
        return _draw_and_apply(clips, self, num_frames, generator, params)

    def apply_to(self, x: Tensor | RaggedClips, params: ParamsT) -> Tensor:
        """Apply parameters to clips, padded or ragged.

        Kinds that read ragged clips where they lie replace this. Everything else gets them padded.
        """
        return self.transform(_checks.padded(x), params)

    def as_joint_map(self) -> JointMatrices | None:
        """Return the map from shape and parameters to matrices, if this is a joint map.

        Combinations ask once, when they are built.
        """
        return None

    def as_frame_map(self) -> FrameReader | None:
        """Return the map from shape and parameters to the frames to read, if this is a frame map.

        Combinations ask once, when they are built.
        """
        return None


@outside_autocast
def _draw_and_apply(
    x: Tensor | RaggedClips,
    transform: Transform[ParamsT],
    num_frames: Tensor | None,
    generator: Generator | None,
    params: ParamsT | None,
) -> Tensor:
    if params is None:
        params = transform.sample(Valueless(x), num_frames=num_frames, generator=generator)
    return transform.apply_to(x, params)


class Deterministic(Transform[None]):
    """A transform that draws nothing. Its parameters are None."""

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> None:
        """Draw nothing."""


class Valueless:
    """The shape, dtype and device of clips, in the place of the clips."""

    __slots__ = ("device", "dtype", "shape")

    def __init__(self, x: ClipShape, shape: torch.Size | None = None) -> None:
        self.shape = x.shape if shape is None else shape
        self.dtype, self.device = x.dtype, x.device

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{LAW}; it asked for `x.{name}`.")

    def __len__(self) -> int:
        raise TypeError(f"{LAW}; it asked for `len(x)`, which is `x.shape[0]`.")

    @classmethod
    def __torch_function__(
        cls, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> NoReturn:
        name = getattr(function, "__name__", str(function))
        raise TypeError(f"{LAW}; it called `{name}` on `x`.")


def enter(x: Any, num_frames: Any, generator: Any) -> tuple[Any, Tensor | None]:
    """Check the arguments of a call, and return clips and counts as tensors or as ragged clips."""
    _checks.generator(generator)
    if isinstance(x, RaggedClips):
        num_frames = x.num_frames if num_frames is None else num_frames
    else:
        x = _checks.clips(x)
    _checks.channels(x)
    if num_frames is None or _checks.is_frame_count(num_frames, x):
        return x, num_frames
    return x, _checks.frame_counts(num_frames, x)
