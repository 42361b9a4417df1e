"""Tiny clips, encoders and loaders."""

from __future__ import annotations

import torch
from torch import nn

from skelter.typing import Batch

FRAMES = 4


def features(count, dim=5, seed=0):
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed))


def labels(count, classes=3, seed=0):
    return torch.randint(classes, (count,), generator=torch.Generator().manual_seed(seed))


def clips(known, seed=0, classes=3):
    """Clips (N, classes, T, 1, 1) whose label is the coordinate that stands out, with noise."""
    noise = features(len(known) * FRAMES, classes, seed).view(len(known), FRAMES, classes)
    x = nn.functional.one_hot(known, classes).float()[:, None] + 0.1 * noise
    return x.transpose(1, 2)[..., None, None]


def batches(known, seed=0, size=8, classes=3):
    """A list of `Batch`."""
    x = clips(known, seed, classes)
    lengths = torch.full((len(known),), FRAMES)
    parts = zip(x.split(size), lengths.split(size), known.split(size), strict=True)
    return [Batch(*part) for part in parts]


def identity(x):
    return x


class Encoder(nn.Module):
    """Batch norm for buffers, dropout for draws of the global generator."""

    feature_dim = 6

    def __init__(self, classes=3, dropout=0.2):
        super().__init__()
        self.layer = nn.Linear(classes, 6)
        self.norm = nn.BatchNorm1d(6)
        self.drop = nn.Dropout(dropout)

    def forward(self, x):
        return self.drop(self.norm(self.layer(x.mean((2, 3, 4)))))


def encoder(**arguments):
    with torch.random.fork_rng([]):
        torch.manual_seed(3)
        return Encoder(**arguments)


def same_state(one, other):
    other = other.state_dict()
    return all(torch.equal(value, other[name]) for name, value in one.state_dict().items())
