"""Two processes on the CPU against one."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import pytest
import torch
from torch import distributed as dist
from workers import SIZES, fill_a_queue, keys_of

from skelter import MemoryQueue, distributed


@pytest.mark.skipif(not dist.is_gloo_available(), reason="no gloo")
def test_queues_are_the_same_on_every_process(tmp_path):
    meeting_point = tmp_path / "rendezvous"
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        answers = list(pool.map(fill_a_queue, (0, 1), (meeting_point, meeting_point)))
    alone = MemoryQueue(7, 2)
    for step in range(len(SIZES)):
        joined = torch.cat([keys_of(step, 0), keys_of(step, 1)])
        alone.enqueue(joined)
        for _, _, gathered in answers:
            assert torch.equal(torch.from_numpy(gathered[step]), joined)
    for world, features, _ in answers:
        assert world == 2
        assert torch.equal(torch.from_numpy(features), alone.features)


def test_one_process_gathers_its_own():
    rows = torch.ones(3, 2, requires_grad=True)
    assert torch.equal(distributed.all_gather(rows), rows)
    assert not distributed.all_gather(rows).requires_grad
    assert (distributed.rank(), distributed.world_size()) == (0, 1)
