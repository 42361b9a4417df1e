"""The protocols that a user's own parts have to fit, and what loaders yield."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeAlias, runtime_checkable

from torch import Generator, Tensor

Representation: TypeAlias = Callable[[Tensor], Tensor]
"""Any callable from clips (N, C, T, V, M) to what an encoder reads."""

Batches: TypeAlias = Iterable[tuple[Tensor, Tensor, Tensor]]
"""Any iterable of (x, num_frames, labels), a ``DataLoader`` included."""


@runtime_checkable
class Encoder(Protocol):
    """What an encoder is: any module that maps a representation to (N, feature_dim).

    Nothing has to be inherited; annotate with it, or check with ``isinstance``.
    """

    feature_dim: int

    def __call__(self, representation: Tensor, /) -> Tensor:
        """Return the features, of shape (N, feature_dim)."""


class Transform(Protocol):
    """Any callable that maps clips to clips and draws from ``generator``."""

    def __call__(
        self,
        x: Any,
        *,
        num_frames: Tensor | None = None,
        generator: Generator | None = None,
    ) -> Tensor:
        """Return the transformed clips."""
