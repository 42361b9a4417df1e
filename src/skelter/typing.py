"""Protocols that a user's own parts fit, and aliases that stand in public signatures.

No base class is demanded anywhere: annotate with these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

import torch
from torch import Generator, Tensor, nn

__all__ = [
    "Batch",
    "Batches",
    "ClipShape",
    "ClipTransform",
    "Encoder",
    "Method",
    "MethodOutput",
    "Representation",
]

Representation: TypeAlias = Callable[[Tensor], Tensor]
"""Any callable from clips (N, C, T, V, M) to the input of an encoder."""


class Batch(NamedTuple):
    """Clips, how many frames of each were recorded, and their classes.

    It unpacks as a tuple. `data.collate` and `SkeletonStore.batch` return it.

    Args:
        clips: Clips of shape (N, C, T, V, M). Or what a transform made of them, such as views.
        num_frames: Recorded frames of each clip, shape (N,).
        labels: Class indices of shape (N,), from 0, and -1 where the class is unknown.

    Example:
        >>> batch = Batch(torch.zeros(2, 3, 8, 25, 1), torch.tensor([8, 5]), torch.tensor([0, 4]))
        >>> clips, num_frames, labels = batch
        >>> batch.labels
        tensor([0, 4])
    """

    clips: Any
    num_frames: Tensor
    labels: Tensor


Batches: TypeAlias = Iterable[Any]
"""Any iterable of batches, a ``DataLoader`` included. A batch is a `Batch`, or a mapping with
``clips``, ``labels`` and, where frames are padded, ``num_frames``. Functions that read batches take
others by ``unpack=``, a function from such a batch to clips, num_frames or None, and labels."""


@runtime_checkable
class Encoder(Protocol):
    """A module that maps a representation to features (N, feature_dim).

    Example:
        >>> from skelter.encoders import BiGRU
        >>> isinstance(BiGRU(60, 16), Encoder)
        True
    """

    feature_dim: int

    def __call__(self, representation: Tensor, /) -> Tensor:
        """Return the features, of shape (N, feature_dim)."""


class ClipShape(Protocol):
    """Anything that has the shape, dtype and device of clips: a tensor, or ragged clips."""

    @property
    def shape(self) -> torch.Size:
        """The shape (..., C, T, V, M)."""

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the values."""

    @property
    def device(self) -> torch.device:
        """The device that the values are on."""


class ClipTransform(Protocol):
    """A callable that maps clips to clips and draws from ``generator``."""

    def __call__(
        self,
        x: Any,
        *,
        num_frames: Tensor | None = None,
        generator: Generator | None = None,
    ) -> Tensor:
        """Return the transformed clips."""


class MethodOutput(Protocol):
    """The result of one step of a method."""

    @property
    def loss(self) -> Tensor:
        """The scalar to minimise."""

    @property
    def metrics(self) -> Mapping[str, Tensor]:
        """Scalars to log, without a gradient, by names that are the same at every step."""


class Method(Protocol):
    """A pre-training method: a module that maps views of clips to a loss.

    Two more abilities are optional, and a trainer uses them where a method has them.
    ``warm_up(view)`` is called before the first step, batch by batch and without a gradient, with
    the second view of the clips, or the only one. Where it returns True, it has seen enough.
    ``advance(progress)`` is called before every step, with the share of the training that is
    done, in [0, 1). A ``name`` stands in reports instead of that of the class.

    Args of a call:
        views: Views of the same clips, each of shape (N, C, T, V, M).

    Example:
        >>> from skelter.encoders import BiGRU
        >>> from skelter.methods import IntraSkeletonContrast
        >>> from skelter.representations import ToSequence
        >>> method: Method = IntraSkeletonContrast(BiGRU(60, 16), ToSequence(), name="sequence")
        >>> list(method.encoders), list(method.representations)
        (['sequence'], ['sequence'])
    """

    @property
    def encoders(self) -> nn.ModuleDict:
        """The encoders that go downstream, by name."""

    @property
    def representations(self) -> nn.ModuleDict:
        """The converters that make the input of each encoder, by the same names."""

    def __call__(self, *views: Tensor) -> MethodOutput:
        """Return the loss of a batch, and scalars to log."""
