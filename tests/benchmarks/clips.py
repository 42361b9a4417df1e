"""Made-up clips of NTU25 with two persons: speed depends on shapes, not on what people do."""

from __future__ import annotations

import math
import os

import numpy as np
import torch
from benchmarks.baselines import padded_loader

from skelter.data import SkeletonStore
from skelter.layouts import NTU25

MEDIAN_LENGTH = 78
SPREAD = 0.35


def lengths(number, generator, *, shortest=32, longest=300):
    """Draw valid frames: log-normal, as actions of one to ten seconds at 30 frames a second."""
    draws = torch.randn(number, generator=generator) * SPREAD + math.log(MEDIAN_LENGTH)
    return draws.exp().round().long().clamp(shortest, longest)


def padded_batch(number, generator, *, frames=300, shortest=32, num_frames=None):
    """Return clips (N, C, T, V, M), zero behind their valid frames, and the latter (N,)."""
    if num_frames is None:
        num_frames = lengths(number, generator, shortest=shortest, longest=frames)
    x = torch.randn(number, 3, frames, 25, 2, generator=generator)
    valid = torch.arange(frames) < num_frames[:, None]
    return x * valid[:, None, :, None, None], num_frames


def ragged_clips(number, generator, *, shortest=32, longest=300):
    """Return clips (T, M, V, C) of different lengths."""
    counts = lengths(number, generator, shortest=shortest, longest=longest).tolist()
    return [torch.randn(T, 2, 25, 3, generator=generator).numpy() for T in counts]


def write_both(folder, clips):
    """Write the same clips as a store and as a padded array; return their two folders."""
    padded, store = folder / "padded", folder / "store"
    padded.mkdir()
    padded_loader.write(padded, clips)
    SkeletonStore.build(store, clips, labels=[0] * len(clips), layout=NTU25)
    for path in (padded, store):
        warm(path)
    return padded, store


def short_clips(number, bounds, generator):
    """Yield clips (T, M, V, C) of few frames, all cut from one recording."""
    low, high = bounds
    recording = torch.randn(10 * high, 2, 25, 3, generator=generator).numpy()
    draws = np.random.default_rng(0)
    for T in draws.integers(low, high + 1, number):
        start = draws.integers(0, len(recording) - T)
        yield recording[start : start + T]


def warm(folder):
    """Read every file of a folder once, so that it is in the page cache, and on disk as well."""
    os.sync()
    for path in sorted(folder.iterdir()):
        with path.open("rb") as file:
            while file.read(2**24):
                pass
