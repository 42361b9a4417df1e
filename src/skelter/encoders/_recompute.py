"""Activation checkpointing: backward computes again what is inside a part of an encoder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


def recompute(function: Callable[[Tensor], Tensor], x: Tensor, owner: nn.Module) -> Tensor:
    """Return ``function(x)``, and keep only `x` for backward.

    Backward calls the function again, with the same random draws.

    Args:
        function: A part of `owner`.
        x: Its input.
        owner: The module whose batch norms must see every batch once, although they run twice.
    """
    out: Tensor = checkpoint(
        function, x, use_reentrant=False, context_fn=lambda: (nullcontext(), _freeze_norms(owner))
    )
    return out


@contextmanager
def _freeze_norms(owner: nn.Module) -> Iterator[None]:
    """Keep batch norms from counting a batch again."""
    norms = [module for module in owner.modules() if isinstance(module, NORMS)]
    before = [(norm.momentum, norm.num_batches_tracked) for norm in norms]
    for norm in norms:
        norm.momentum, norm.num_batches_tracked = 0.0, None
    try:
        yield
    finally:
        for norm, (momentum, count) in zip(norms, before, strict=True):
            norm.momentum, norm.num_batches_tracked = momentum, count
