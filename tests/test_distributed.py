"""Two processes on the CPU against one."""

from __future__ import annotations

import socket

import pytest
import torch
from torch import distributed as dist
from torch import multiprocessing
from workers import (
    LOSSES,
    ROWS,
    SIZES,
    fill_a_queue,
    follow_a_wrapped_network,
    keys_of,
    losses_and_gradients,
    train_a_method,
)

from skelter import MemoryQueue, distributed

pytestmark = pytest.mark.skipif(not dist.is_gloo_available(), reason="no gloo")


def start_two(work, folder, *arguments):
    """Run two processes, which meet at a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        (folder / "port").write_text(str(free.getsockname()[1]))
    multiprocessing.spawn(work, (folder, *arguments), nprocs=2)  # one that fails ends the other


def compared(work, folder, *arguments):
    """What one process finds, and what each of two."""
    work(0, folder, 1, *arguments)
    start_two(work, folder, 2, *arguments)
    return [torch.load(folder / f"{name}.pt", weights_only=True) for name in ("1-0", "2-0", "2-1")]


def test_queues_are_the_same_on_every_process(tmp_path):
    start_two(fill_a_queue, tmp_path)
    answers = [torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in (0, 1)]
    alone = MemoryQueue(7, 2)
    for step in range(len(SIZES)):
        joined = torch.cat([keys_of(step, 0), keys_of(step, 1)])
        alone.enqueue(joined, labels=joined[:, 0].long())
        for _, _, gathered in answers:
            assert torch.equal(gathered[step], joined)
    for world, state, _ in answers:
        assert world == 2
        assert all(torch.equal(state[name], value) for name, value in alone.state_dict().items())


def test_a_network_in_data_parallel_is_followed_as_it_is_inside(tmp_path):
    start_two(follow_a_wrapped_network, tmp_path, 2)
    for rank in (0, 1):
        whole, parts, one = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        assert whole.keys() == parts.keys()
        assert all(torch.equal(parts[name], value) for name, value in whole.items())
        assert set(one) == {"module.weight", "module.bias"}


def test_every_loss_is_that_of_the_joined_batch(tmp_path):
    alone, *both = compared(losses_and_gradients, tmp_path)
    assert len(alone) == len(LOSSES) * len(ROWS)
    for which, (loss, gradients) in alone.items():
        for found in both:
            torch.testing.assert_close(found[which][0], loss, rtol=0, atol=1e-6)
            for ours, theirs in zip(found[which][1], gradients, strict=True):
                torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)


def test_a_method_learns_as_one_process_with_the_joined_batch(tmp_path):
    (losses, gradients, queues), first, second = compared(train_a_method, tmp_path)
    assert len(losses) == 50
    for found in (first, second):
        torch.testing.assert_close(found[0][:4], losses[:4], rtol=0, atol=1e-6)
        torch.testing.assert_close(found[0], losses, rtol=0, atol=1e-4)  # rounding adds up
        for ours, theirs in zip(found[1], gradients, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)
    for name, queue in queues.items():
        for part, rows in queue.items():
            assert torch.equal(first[2][name][part], second[2][name][part])
            torch.testing.assert_close(first[2][name][part], rows, rtol=0, atol=1e-4)


def test_one_process_is_its_own_batch():
    rows = torch.ones(3, 2, requires_grad=True)
    assert distributed.gather_with_grad(rows) is rows
    loss = rows.sum()
    assert distributed.joined_mean(loss, 3) is loss


def test_one_process_gathers_its_own():
    rows = torch.ones(3, 2, requires_grad=True)
    assert torch.equal(distributed.all_gather(rows), rows)
    assert not distributed.all_gather(rows).requires_grad
    assert (distributed.rank(), distributed.world_size()) == (0, 1)
