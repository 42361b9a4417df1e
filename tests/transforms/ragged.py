"""Ragged clips for tests, with broken frames wherever no transform may look."""

from __future__ import annotations

import torch

from skelter.data import RaggedClips

GAP = 3
LENGTHS = (20, 13, 1, 7)
NESTINGS = ("planes", "interleaved")


def ragged(lengths=LENGTHS, *, nesting="planes", dtype=torch.float32, C=3, V=25, M=2, seed=0):
    """Clips with NaN before, between and behind them, not in the order of the batch."""
    generator = torch.Generator().manual_seed(seed)
    total = sum(lengths) + GAP * (len(lengths) + 1)
    shape = (total, C, V, M) if nesting == "planes" else (total, M, V, C)
    frames = torch.full(shape, torch.nan, dtype=dtype)
    starts, end = [0] * len(lengths), GAP
    for row in reversed(range(len(lengths))):
        starts[row] = end
        values = torch.randn(lengths[row], *shape[1:], generator=generator) + 3.0
        frames[end : end + lengths[row]] = values.to(dtype)
        end += lengths[row] + GAP
    if nesting == "interleaved":
        frames = frames.permute(0, 3, 2, 1)
    return RaggedClips(
        frames, torch.tensor(starts), torch.tensor(lengths), longest=max(lengths, default=1)
    )
