"""What all rows share: sizes, threads, devices, compilation."""

from __future__ import annotations

import os
import random
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch


@dataclass(frozen=True)
class Sizes:
    """How much work a row is."""

    batch: int = 64
    padded: int = 300
    shortest: int = 32
    clips_on_disk: int = 1024
    batch_sweep: tuple[int, ...] = (4, 16, 64, 256)
    frame_sweep: tuple[int, ...] = (75, 150, 300, 600)
    frames: int = 64
    hidden: int = 1024
    widths: tuple[int, ...] = (64, 64, 64, 64, 128, 128, 128, 256, 256, 256)
    encoder_batches: tuple[int, ...] = (16, 64)
    step_batch: int = 16
    queue: int = 16384
    store_clips: tuple[int, ...] = (1_000, 10_000, 50_000, 200_000)
    store_lengths: tuple[int, int] = (24, 56)
    gallery: int = 40_000
    queries: int = 16_000
    dim: int = 256
    matrix: int = 2048
    copied: int = 2**28
    rounds: int = 30  # of calls that take milliseconds
    long_rounds: int = 5  # of calls that take seconds
    random_batches: int = 200
    rehearsal: bool = False  # one thread, and nothing is really compiled


FULL = Sizes()
QUICK = Sizes(
    batch=8,
    clips_on_disk=16,
    batch_sweep=(2, 4),
    frame_sweep=(75, 150),
    frames=8,
    hidden=16,
    widths=(8, 16),
    encoder_batches=(2, 4),
    step_batch=4,
    queue=64,
    store_clips=(16, 64),
    gallery=200,
    queries=100,
    dim=16,
    matrix=128,
    copied=2**20,
    rounds=3,
    long_rounds=2,
    random_batches=5,
    rehearsal=True,
)


def sizes(quick=False, store_clips=None):
    chosen = QUICK if quick else FULL
    return replace(chosen, store_clips=tuple(store_clips)) if store_clips else chosen


def at_least(ratio):
    """The baseline shall take at least so many times as long."""
    return {"kind": "at least", "value": ratio}


def at_most(value):
    """What the row measures shall be at most so much."""
    return {"kind": "at most", "value": value}


@contextmanager
def threads_limited(threads):
    """Let torch and BLAS use so many threads, or as many as they like if None."""
    if threads is None:
        yield
        return
    from threadpoolctl import threadpool_limits  # the test suite imports this module without it

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with threadpool_limits(threads):
            yield
    finally:
        torch.set_num_threads(before)


def synchronised(call, device):
    """Let a call return when its work is done."""
    if torch.device(device).type != "cuda":
        return call

    def finished(*args):
        result = call(*args)
        torch.cuda.synchronize()
        return result

    return finished


def compiled(function, sizes):
    """Compile, where there is a compiler; tiny sizes are only traced, which takes seconds less."""
    torch.compiler.reset()
    if sizes.rehearsal:
        return torch.compile(function, backend="aot_eager")
    if not any(shutil.which(name) for name in (os.environ.get("CXX", ""), "g++", "clang++", "cl")):
        pytest.skip("torch.compile needs a C++ compiler")
    return torch.compile(function)


def seeded(seed=0):
    """Seed what the baselines draw from, and return a generator for the rest."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    return torch.Generator().manual_seed(seed)
