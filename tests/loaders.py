"""What loaders take to their workers: spawned ones find this module, not the test."""

from __future__ import annotations

import re
from pathlib import Path

import torch
from torch.utils.data import Dataset

from skelter import transforms as T
from skelter.data import SkeletonDataset, collate


class Memory(Dataset):
    """Reads clips of a store, and gives the private memory of its process in bytes."""

    def __init__(self, store):
        self.clips = SkeletonDataset(store)

    def __len__(self):
        return 20

    def __getitem__(self, position):
        for start in range(position, len(self.clips), 20 * 32):
            collate([self.clips[i] for i in range(start, min(start + 640, len(self.clips)), 20)])
        smaps = Path("/proc/self/smaps_rollup").read_text()
        private = re.findall(r"^Private_(?:Clean|Dirty): +(\d+) kB", smaps, re.MULTILINE)
        return 1024 * sum(map(int, private))


class Draw(T.Transform):
    """One number a clip: the draw itself."""

    def sample(self, x, *, num_frames=None, generator=None):
        return torch.rand(x.shape[:-4], generator=generator, dtype=torch.float64)

    def transform(self, x, params):
        return torch.as_tensor(params)


def draw_from(x, generator, num_frames=None):
    """Draw from a generator that a partial brings along."""
    return torch.rand(1, generator=generator)
