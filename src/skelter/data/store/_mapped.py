"""The clips of a store with a function applied, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from torch import Tensor

from skelter import _checks
from skelter.data._clip import Clip

if TYPE_CHECKING:
    from skelter.data.store._store import SkeletonStore


def mapped(
    store: SkeletonStore, function: Callable[[Tensor], Tensor], batch_size: int
) -> Iterator[Clip]:
    """Yield every clip with the joints that a function of its batch (N, C, T, V, M) returned."""
    for start in range(0, len(store), batch_size):
        indices = range(start, min(start + batch_size, len(store)))
        x, num_frames, _ = store.batch(indices)
        y = function(x)
        _checks.require(
            y.shape == x.shape,
            "`function`",
            f"keep the shape of clips {_checks.shape_of(x)}",
            _checks.shape_of(y),
            "Crop and resample in a view, not in the store.",
        )
        joints = y.detach().cpu().permute(0, 2, 4, 3, 1).numpy()
        for position, row, length in zip(indices, joints, num_frames.tolist(), strict=True):
            yield store.index.clip(position, row[:length])
