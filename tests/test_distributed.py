"""Two processes on the CPU against one."""

from __future__ import annotations

import pytest
import torch
from torch import distributed as dist
from torch import multiprocessing
from workers import SIZES, fill_a_queue, keys_of

from skelter import MemoryQueue, distributed


@pytest.mark.skipif(not dist.is_gloo_available(), reason="no gloo")
def test_queues_are_the_same_on_every_process(tmp_path):
    multiprocessing.spawn(fill_a_queue, (tmp_path,), nprocs=2)  # one that fails ends the other
    answers = [torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in (0, 1)]
    alone = MemoryQueue(7, 2)
    for step in range(len(SIZES)):
        joined = torch.cat([keys_of(step, 0), keys_of(step, 1)])
        alone.enqueue(joined)
        for _, _, gathered in answers:
            assert torch.equal(gathered[step], joined)
    for world, features, _ in answers:
        assert world == 2
        assert torch.equal(features, alone.features)


def test_one_process_gathers_its_own():
    rows = torch.ones(3, 2, requires_grad=True)
    assert torch.equal(distributed.all_gather(rows), rows)
    assert not distributed.all_gather(rows).requires_grad
    assert (distributed.rank(), distributed.world_size()) == (0, 1)
