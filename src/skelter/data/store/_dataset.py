"""Stores behind a ``torch.utils.data.DataLoader``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from skelter import _checks
from skelter._ragged import RaggedClips
from skelter.data.store._store import SkeletonStore
from skelter.typing import Batch


class SkeletonDataset(Dataset[tuple[Tensor, int]]):
    """Some clips of a store, each as ``(x, label)`` with x of shape (C, T, V, M).

    Args:
        store: The clips.
        indices: Numbers of clips; all if None.

    Raises:
        IndexError: An index is out of range.

    Example:
        >>> from torch.utils.data import DataLoader
        >>> from skelter.data import synthetic
        >>> dataset = SkeletonDataset(synthetic.generate(clips_per_class=2))
        >>> x, num_frames, labels = next(iter(DataLoader(dataset, 4, collate_fn=collate)))
        >>> x.shape[0], x.shape[2] == num_frames.max()
        (4, tensor(True))
    """

    def __init__(
        self, store: SkeletonStore, indices: Sequence[int] | npt.NDArray[np.int64] | None = None
    ) -> None:
        self.store = store
        self.indices = np.arange(len(store)) if indices is None else np.asarray(indices, np.int64)
        outside = self.indices[(self.indices < 0) | (self.indices >= len(store))]
        _checks.require(
            outside.size == 0,
            "`indices`",
            f"lie between 0 and {len(store) - 1}",
            outside.tolist(),
            error=IndexError,
        )

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, position: int) -> tuple[Tensor, int]:
        """Return one clip and its label."""
        clip = self.store[int(self.indices[position])]
        return torch.from_numpy(clip.joints).permute(3, 0, 2, 1), clip.label


def collate(
    samples: Sequence[tuple[Tensor, int]], transform: Callable[..., Any] | None = None
) -> Batch:
    """Pad clips of different lengths with zeros to one batch, or make views of them.

    Views of a whole batch cost less than clip by clip in a dataset, and a loader makes them in its
    workers: ``DataLoader(..., collate_fn=partial(collate, transform=views))``.

    Args:
        samples: Pairs (x, label) with x of shape (C, T, V, M), at least one.
        transform: A transform or `transforms.MultiView` that makes views of the clips. It draws
            from the global generator, which a loader seeds in each of its workers.

    Returns:
        A `typing.Batch`: clips (N, C, T, V, M), or the views; valid frames (N,); labels (N,).

    Raises:
        ValueError: There are no samples, or they differ in more than T.

    Example:
        >>> x, num_frames, _ = collate([(torch.ones(3, 5, 4, 1), 0), (torch.ones(3, 8, 4, 1), 1)])
        >>> x.shape, num_frames
        (torch.Size([2, 3, 8, 4, 1]), tensor([5, 8]))
        >>> from skelter.transforms import TemporalCropResize
        >>> samples = [(torch.ones(3, 5, 4, 1), 0), (torch.ones(3, 8, 4, 1), 1)]
        >>> collate(samples, TemporalCropResize(6, min_frames=2))[0].shape
        torch.Size([2, 3, 6, 4, 1])
    """
    clips = [_checks.clips(x) for x, _ in samples]
    _checks.require(len(clips) > 0, "`samples`", "hold at least one clip", "none")
    C, _, V, M = clips[0].shape
    _checks.require(
        all((x.shape[0], *x.shape[2:]) == (C, V, M) for x in clips),
        "clips of a batch",
        "agree in coordinates, joints and persons",
        f"shapes (C, T, V, M) {sorted({tuple(x.shape) for x in clips})}",
    )
    num_frames = torch.tensor([x.shape[1] for x in clips])
    labels = torch.tensor([label for _, label in samples])
    if transform is not None:
        frames = torch.cat([x.transpose(0, 1) for x in clips])
        starts = num_frames.cumsum(0) - num_frames
        ragged = RaggedClips(frames, starts, num_frames, int(num_frames.max()))
        return Batch(ragged.apply(transform), num_frames, labels)
    batch = clips[0].new_zeros(len(clips), C, int(num_frames.max()), V, M)
    for row, x in zip(batch, clips, strict=True):
        row[:, : x.shape[1]] = x
    return Batch(batch, num_frames, labels)
