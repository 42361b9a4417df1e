"""The number of processes, and tensors gathered from all of them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch import distributed as dist

__all__ = ["all_gather", "gather_with_grad", "joined_mean", "rank", "world_size"]


def world_size() -> int:
    """Return the number of processes, 1 outside ``torch.distributed``.

    Example:
        >>> world_size()
        1
    """
    return dist.get_world_size() if _is_initialised() else 1


def rank() -> int:
    """Return the number of this process from 0, 0 outside ``torch.distributed``.

    Example:
        >>> rank()
        0
    """
    return dist.get_rank() if _is_initialised() else 0


@torch.no_grad()
def all_gather(rows: Tensor) -> Tensor:
    """Concatenate the rows of every process in rank order, without a gradient.

    Processes may bring different numbers of rows, none included. All must call it.

    Args:
        rows: Shape (N, ...), the same behind the first axis on every process.

    Returns:
        Shape (sum of N, ...), the same on every process.

    Example:
        >>> all_gather(torch.ones(3, 2)).shape
        torch.Size([3, 2])
    """
    rows = rows.detach()
    return rows if world_size() == 1 else torch.cat(_parts(rows))


def gather_with_grad(rows: Tensor) -> Tensor:
    """Concatenate the rows of every process in rank order, and let gradients flow back to each.

    For losses whose negatives are the other clips of the batch. Each process computes the loss of
    the joined batch, ``nt_xent(gather_with_grad(z1), gather_with_grad(z2))``, and receives for its
    own rows the sum of the gradients of all processes. ``DistributedDataParallel`` averages over
    processes, so that parameters get the gradient that one process with the joined batch has.

    Args:
        rows: Shape (N, ...), the same behind the first axis on every process.

    Returns:
        Shape (sum of N, ...), with the same values on every process.

    Example:
        >>> rows = torch.ones(3, 2, requires_grad=True)
        >>> gather_with_grad(rows).requires_grad
        True
    """
    if world_size() == 1:
        return rows
    gathered: Tensor = _Gather.apply(rows)  # type: ignore[no-untyped-call]  # torch has no types
    return gathered


def joined_mean(loss: Tensor, rows: int) -> Tensor:
    """Return the mean over the joined batch of a loss that each process averaged over its rows.

    For losses that look at each clip alone, such as those with a `MemoryQueue`. The value is the
    same on every process, and after the averaging of ``DistributedDataParallel`` the gradients
    are those of the joined batch, however unevenly it is shared.

    Args:
        loss: A scalar, the mean over the rows of this process.
        rows: How many there were.

    Returns:
        A scalar, in float32 or wider with several processes.

    Example:
        >>> joined_mean(torch.tensor(2.0), rows=8)
        tensor(2.)
    """
    if world_size() == 1:
        return loss
    wide = loss.to(torch.promote_types(loss.dtype, torch.float32))
    sums = torch.stack([rows * wide.detach(), wide.new_tensor(rows)])
    dist.all_reduce(sums)
    own = wide * (rows * world_size() / sums[1])
    return own + (sums[0] / sums[1] - own.detach())


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        parts = _parts(rows)
        ctx.sizes = [len(part) for part in parts]
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        grad = grad.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(grad)
        return torch.split(grad, ctx.sizes)[rank()]


def _parts(rows: Tensor) -> list[Tensor]:
    """Return the rows of every process, which may bring different numbers of them."""
    own = torch.tensor([rows.shape[0]], device=rows.device)
    counts = [torch.empty_like(own) for _ in range(world_size())]
    dist.all_gather(counts, own)
    sizes = [int(count) for count in counts]
    # Collectives need equal shapes: pad to the longest, cut again.
    padded = rows.new_zeros(max(sizes), *rows.shape[1:])
    padded[: rows.shape[0]] = rows
    parts = [torch.empty_like(padded) for _ in sizes]
    dist.all_gather(parts, padded)
    return [part[:size] for part, size in zip(parts, sizes, strict=True)]


def _is_initialised() -> bool:
    return dist.is_available() and dist.is_initialized()
