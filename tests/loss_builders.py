"""Every loss that is exported, called by the names of its arguments."""

from __future__ import annotations

import inspect

import torch

from skelter.losses import functional

LABELS = torch.tensor([0, 1, 0, 1])
NAMES = [name for name in functional.__all__ if name not in ("info_nce_logits", "unit")]


def rows(count, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 6, generator=generator, dtype=torch.float64)


def loss_of(name, dtype=torch.float64, **options):
    """Return a function of the embeddings of a loss, and some of them (4, 6)."""
    loss = getattr(functional, name)
    known = inspect.signature(loss).parameters
    options = {"temperature": 0.5, **options}
    options = {key: value for key, value in options.items() if key in known}
    required = [p.name for p in known.values() if p.default is p.empty]
    embeddings = [key for key in required if not key.startswith(("negatives", "labels"))]
    for seed, key in enumerate(required):
        if key.startswith("negatives"):
            options[key] = rows(5, 100 + seed).to(dtype)
        elif key.startswith("labels"):
            options[key] = LABELS

    def call(*inputs):
        out = loss(**dict(zip(embeddings, inputs, strict=True)), **options)
        return out[0] if isinstance(out, tuple) else out

    return call, [rows(4, seed).to(dtype) for seed in range(len(embeddings))]
