"""Activation checkpointing: backward computes again what is inside a part of an encoder."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from skelter import _kernels

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


def recompute(function: Callable[[Tensor], Tensor], x: Tensor, owner: nn.Module) -> Tensor:
    """Return ``function(x)``, and keep only `x` for backward.

    Backward calls the function again, with the same random draws. Where ``torch.func`` or
    forward-mode differentiation follows `x`, everything is kept: torch has no other way there. A
    program that is exported has no choice to make.

    Args:
        function: A part of `owner`.
        x: Its input.
        owner: The module whose batch norms must see every batch once, although they run twice.
    """
    if _kernels.is_exported() or any(map(_kernels.is_followed, (x, *owner.parameters()))):
        return function(x)
    out: Tensor = checkpoint(
        function, x, use_reentrant=False, context_fn=lambda: (nullcontext(), _FrozenNorms(owner))
    )
    return out


def run_blocks(blocks: nn.Sequential, x: Tensor, *, lean: bool) -> Tensor:
    """Return what a chain of blocks makes of `x`, with `recompute` around each if `lean`."""
    if not lean:
        out: Tensor = blocks(x)
        return out
    for block in blocks:
        x = recompute(block, x, block)
    return x


class _FrozenNorms:
    """A context in which batch norms do not count a batch: as often as backward comes by."""

    def __init__(self, owner: nn.Module) -> None:
        self.norms = [module for module in owner.modules() if isinstance(module, NORMS)]
        self.before: list[tuple[float | None, Tensor | None]] = []

    def __enter__(self) -> None:
        self.before = [(norm.momentum, norm.num_batches_tracked) for norm in self.norms]
        for norm in self.norms:
            norm.momentum, norm.num_batches_tracked = 0.0, None

    def __exit__(self, *error: object) -> None:
        for norm, (momentum, count) in zip(self.norms, self.before, strict=True):
            norm.momentum, norm.num_batches_tracked = momentum, count
