"""Clips padded to 300 frames in one array on disk, and a loader that makes views clip by clip."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import numpy as np
import torch
from benchmarks.baselines import numpy_views
from torch.utils.data import DataLoader, Dataset

PADDED_FRAMES = 300


def write(folder, clips, frames=PADDED_FRAMES):
    """Write clips (T, M, V, C) as one array (N, C, frames, V, M), and their lengths."""
    _, M, V, C = clips[0].shape
    shape = (len(clips), C, frames, V, M)
    data = np.lib.format.open_memmap(Path(folder) / "data.npy", "w+", np.float32, shape)
    for row, clip in zip(data, clips, strict=True):
        row[:, : len(clip)] = clip.transpose(3, 0, 2, 1)
    data.flush()
    np.save(Path(folder) / "lengths.npy", np.array([len(clip) for clip in clips]))


class TwoViews(Dataset):
    """Two views of a clip, each as a sequence and as a graph."""

    def __init__(self, folder):
        self.data = np.load(Path(folder) / "data.npy", mmap_mode="r")
        self.lengths = np.load(Path(folder) / "lengths.npy")

    def __len__(self):
        return len(self.lengths)

    def __getitem__(self, index):
        clip, valid = self.data[index], int(self.lengths[index])
        view1 = numpy_views.view(clip, valid)
        view2 = numpy_views.view(clip, valid)
        return to_sequence(view1), to_sequence(view2), to_graph(view1), to_graph(view2)


def to_sequence(clip):
    C, T, V, M = clip.shape
    return np.ascontiguousarray(clip.transpose(1, 2, 0, 3).reshape(T, V * C * M))


def to_graph(clip):
    return np.ascontiguousarray(clip)


def loader(folder, batch_size=64, seed=0):
    return DataLoader(
        TwoViews(folder),
        batch_size=batch_size,
        shuffle=True,
        drop_last=True,
        num_workers=0,
        generator=torch.Generator().manual_seed(seed),
    )


def batches(folder, batch_size=64):
    """Yield batches without end, epoch after epoch."""
    for epoch in count():
        yield from loader(folder, batch_size, epoch)
