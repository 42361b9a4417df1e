"""What many processes share: their number, and tensors gathered from all of them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch import distributed as dist

__all__ = ["all_gather", "rank", "world_size"]


def world_size() -> int:
    """Return the number of processes, 1 outside ``torch.distributed``.

    Example:
        >>> world_size()
        1
    """
    return dist.get_world_size() if _initialised() else 1


def rank() -> int:
    """Return the number of this process from 0, 0 outside ``torch.distributed``.

    Example:
        >>> rank()
        0
    """
    return dist.get_rank() if _initialised() else 0


@torch.no_grad()
def all_gather(rows: Tensor) -> Tensor:
    """Concatenate the rows of every process in rank order, without a gradient.

    Processes may bring different numbers of rows, none included; all must call it.

    Args:
        rows: Shape (N, ...), the same behind the first axis on every process.

    Returns:
        Shape (sum of N, ...), the same on every process.

    Example:
        >>> all_gather(torch.ones(3, 2)).shape
        torch.Size([3, 2])
    """
    rows = rows.detach()
    if world_size() == 1:
        return rows
    own = torch.tensor([rows.shape[0]], device=rows.device)
    counts = [torch.empty_like(own) for _ in range(world_size())]
    dist.all_gather(counts, own)
    sizes = [int(count) for count in counts]
    # Collectives want equal shapes: pad to the longest, cut again.
    padded = rows.new_zeros(max(sizes), *rows.shape[1:])
    padded[: rows.shape[0]] = rows
    parts = [torch.empty_like(padded) for _ in sizes]
    dist.all_gather(parts, padded)
    return torch.cat([part[:size] for part, size in zip(parts, sizes, strict=True)])


def _initialised() -> bool:
    return dist.is_available() and dist.is_initialized()
