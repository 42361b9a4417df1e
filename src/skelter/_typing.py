"""Tensor aliases and the protocols a user's own parts have to fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Protocol, TypeAlias, runtime_checkable

from torch import Generator, Tensor

Clips: TypeAlias = Annotated[Tensor, "... C T V M"]
"""Joint positions: coordinates C, frames T, joints V, persons M behind any batch axes."""

FrameCounts: TypeAlias = Annotated[Tensor, "..."]
"""Valid frames of each clip, an integer tensor with the batch axes of the clips."""

Features: TypeAlias = Annotated[Tensor, "N D"]
"""What an encoder returns, one row a clip."""

Representation: TypeAlias = Callable[[Tensor], Tensor]
"""Any callable from clips ``(N, C, T, V, M)`` to what an encoder reads."""

Batches: TypeAlias = Iterable[tuple[Tensor, Tensor, Tensor]]
"""Any iterable of ``(x, num_frames, labels)``, a ``DataLoader`` included."""


@runtime_checkable
class Encoder(Protocol):
    """Any module that maps a representation to ``(N, feature_dim)``."""

    feature_dim: int

    def __call__(self, representation: Tensor, /) -> Tensor:
        """Return the features, of shape ``(N, feature_dim)``."""


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
