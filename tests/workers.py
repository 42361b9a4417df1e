"""What runs in processes of its own: they find this module, not the test that starts them."""

from __future__ import annotations

from datetime import timedelta

import torch
from torch import distributed as dist

from skelter import MemoryQueue, distributed

SIZES = [(3, 3), (2, 5), (0, 4), (1, 0)]


def keys_of(step, rank):
    """Keys that tell the step, the process and the row they come from."""
    start = 100 * step + 10 * rank
    return torch.arange(start, start + SIZES[step][rank]).float()[:, None].expand(-1, 2)


def fill_a_queue(rank, folder):
    """Enqueue keys of uneven batches from two processes; leave what came out in a file."""
    dist.init_process_group(
        "gloo",
        init_method=f"file://{folder / 'rendezvous'}",
        rank=rank,
        world_size=2,
        timeout=timedelta(seconds=60),
    )
    queue = MemoryQueue(7, 2)
    gathered = []
    for step in range(len(SIZES)):
        queue.enqueue(keys_of(step, rank), gather=True)
        gathered.append(distributed.all_gather(keys_of(step, rank)))
    world = distributed.world_size()
    dist.destroy_process_group()
    torch.save((world, queue.features, gathered), folder / f"{rank}.pt")
