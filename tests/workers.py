"""What runs in processes of its own: they find this module, not the test that starts them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import torch
from torch import distributed as dist

from skelter import MemoryQueue, distributed
from skelter.data import SkeletonFormatError, read_ntu

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


def read_and_note(path):
    """Read NTU files as `read_ntu` does, and leave a note of it beside them."""
    with (path.parent / "notes").open("a") as notes:
        notes.write(f"{path.name}\n")
    yield from read_ntu(path)


def read_good_and_bad(path):
    """Yield a clip, what is wrong with another, and one more."""
    clip = next(read_ntu(path))
    yield clip
    yield SkeletonFormatError(f"{path}: the second clip is damaged")
    yield replace(clip, joints=clip.joints[:, :, :20], name="of 20 joints")
    yield replace(clip, name=f"{clip.name}-again")
