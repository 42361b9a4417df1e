"""Two processes on the CPU against one."""

from __future__ import annotations

import socket

import pytest
import torch
from torch import distributed as dist
from torch import multiprocessing

from skelter import MemoryQueue, distributed

SIZES = [(3, 3), (2, 5), (0, 4), (1, 0)]


def keys_of(step, rank):
    start = 100 * step + 10 * rank
    return torch.arange(start, start + SIZES[step][rank]).float()[:, None].expand(-1, 2)


def work(rank, port, results):
    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=2)
    queue = MemoryQueue(7, 2)
    gathered = []
    for step in range(len(SIZES)):
        queue.enqueue(keys_of(step, rank), gather=True)
        gathered.append(distributed.all_gather(keys_of(step, rank)).numpy())
    results.put((rank, distributed.world_size(), queue.features.numpy(), gathered))
    dist.destroy_process_group()


@pytest.mark.skipif(not dist.is_gloo_available(), reason="no gloo")
def test_queues_are_the_same_on_every_process():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = [context.Process(target=work, args=(rank, port, results)) for rank in (0, 1)]
    for process in processes:
        process.start()
    answers = [results.get(timeout=120) for _ in processes]
    for process in processes:
        process.join(timeout=60)
        assert process.exitcode == 0
    alone = MemoryQueue(7, 2)
    for step in range(len(SIZES)):
        joined = torch.cat([keys_of(step, 0), keys_of(step, 1)])
        alone.enqueue(joined)
        for _, _, _, gathered in answers:
            assert torch.equal(torch.from_numpy(gathered[step]), joined)
    for _, world, features, _ in answers:
        assert world == 2
        assert torch.equal(torch.from_numpy(features), alone.features)


def test_one_process_gathers_its_own():
    rows = torch.ones(3, 2, requires_grad=True)
    assert torch.equal(distributed.all_gather(rows), rows)
    assert not distributed.all_gather(rows).requires_grad
    assert (distributed.rank(), distributed.world_size()) == (0, 1)
