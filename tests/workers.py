"""What runs in processes of its own: they find this module, not the test that starts them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import torch
from method_builders import SHAPE, build
from torch import distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from skelter import MemoryQueue, MomentumEncoder, distributed
from skelter.data import SkeletonFormatError, read_ntu
from skelter.encoders import BiGRU
from skelter.losses import functional
from skelter.methods import InterSkeletonContrast
from skelter.representations import ToImage, ToSequence

SIZES = [(3, 3), (2, 5), (0, 4), (1, 0)]


def keys_of(step, rank):
    """Keys that tell the step, the process and the row they come from."""
    start = 100 * step + 10 * rank
    return torch.arange(start, start + SIZES[step][rank]).float()[:, None].expand(-1, 2)


def fill_a_queue(rank, folder):
    """Enqueue keys of uneven batches from two processes; leave what came out in a file."""
    together(rank, folder)
    queue = MemoryQueue(7, 2)
    gathered = []
    for step in range(len(SIZES)):
        keys = keys_of(step, rank)
        queue.enqueue(keys, gather=True, labels=keys[:, 0].long())
        gathered.append(distributed.all_gather(keys_of(step, rank)))
    world = distributed.world_size()
    dist.destroy_process_group()
    torch.save((world, queue.state_dict(), gathered), folder / f"{rank}.pt")


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


ROWS = [(5, 3), (2, 2), (1, 4), (6, 1)]
LOSSES = (
    "info_nce", "queue_contrast", "cross_contrastive", "nt_xent", "batch_info_nce",
    "supervised_contrastive",
)  # fmt: skip


def together(rank, folder, world=2):
    """Join the processes of a test."""
    dist.init_process_group(
        "gloo",
        init_method=f"tcp://127.0.0.1:{(folder / 'port').read_text()}",
        rank=rank,
        world_size=world,
        timeout=timedelta(seconds=60),
    )


def parts_of(step, rank, world):
    """Return the rows of a process in a step; a single one has those of both."""
    first, second = ROWS[step % len(ROWS)]
    ends = {(0, 1): (0, first + second), (0, 2): (0, first), (1, 2): (first, first + second)}
    return slice(*ends[rank, world])


def loss_named(name, network, x, world):
    """Return a loss of two views (N, 2, 6), as it is to be called with several processes."""
    first, second = network(x[:, 0]), network(x[:, 1])
    generator = torch.Generator().manual_seed(1)
    negatives = [torch.randn(7, 4, generator=generator) for _ in range(2)]
    gather = distributed.gather_with_grad
    if name in ("nt_xent", "batch_info_nce"):
        return getattr(functional, name)(gather(first), gather(second), 0.5)
    if name == "supervised_contrastive":
        labels = distributed.all_gather((x[:, 0, 0] > 0).long())  # views of one process together
        return functional.supervised_contrastive(gather(first), labels, 0.5)
    if name == "info_nce":
        loss = functional.info_nce(first, second, negatives[0], 0.5)
    elif name == "queue_contrast":
        loss, _ = functional.queue_contrast(first, second, negatives[0], 0.5)
    else:
        loss = functional.cross_contrastive(first, second, second, first, *negatives, 0.5)
    return distributed.joined_mean(loss, len(x))


def losses_and_gradients(rank, folder, world):
    """Take every loss of uneven batches; leave values and averaged gradients in a file."""
    if world > 1:
        together(rank, folder)
    found = {}
    for name in LOSSES:
        for step in range(len(ROWS)):
            torch.manual_seed(step)
            x = torch.randn(sum(ROWS[step]), 2, 6)
            network = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 4))
            module = DistributedDataParallel(network) if world > 1 else network
            loss = loss_named(name, module, x[parts_of(step, rank, world)], world)
            loss.backward()
            found[name, step] = (loss.detach(), [p.grad for p in network.parameters()])
    if world > 1:
        dist.destroy_process_group()
    torch.save(found, folder / f"{world}-{rank}.pt")


def follow_a_wrapped_network(rank, folder, world):
    """Follow a network in DistributedDataParallel, whole and in parts; leave what was copied."""
    together(rank, folder)
    torch.manual_seed(0)
    network = nn.ModuleDict({"a": nn.Linear(6, 8), "b": nn.BatchNorm1d(8)})
    wrapped = nn.ModuleDict({"a": DistributedDataParallel(network["a"]), "b": network["b"]})
    copies = [MomentumEncoder(part, 0.5) for part in (network, wrapped, wrapped["a"])]
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(1)
    for copied, source in zip(copies, (wrapped, wrapped, wrapped["a"]), strict=True):
        copied.update(source)
    copies[2].update(network["a"])
    dist.destroy_process_group()
    torch.save([copied.state_dict() for copied in copies], folder / f"{rank}.pt")


def train_a_method(rank, folder, world, steps=50):
    """Train inter-skeleton contrast with uneven batches; leave losses, queues and weights."""
    if world > 1:
        together(rank, folder)
    torch.manual_seed(0)
    method = InterSkeletonContrast(
        {"sequence": BiGRU(12, 8, layers=1), "image": Flat(12 * 6, 16)},
        {"sequence": ToSequence(), "image": ToImage()},
        queue_size=32, momentum=0.9, temperature=0.5, intra_weight=0.5,
    )  # fmt: skip
    module = DistributedDataParallel(method) if world > 1 else method
    optimiser = torch.optim.SGD([p for p in method.parameters() if p.requires_grad], 0.05)
    losses, gradients = [], []
    for step in range(steps):
        torch.manual_seed(step)
        views = torch.randn(2, sum(ROWS[step % len(ROWS)]), 3, 6, 4, 1)
        loss = module(*views[:, parts_of(step, rank, world)]).loss
        optimiser.zero_grad()
        loss.backward()
        if step == 0:
            gradients = [p.grad.clone() for p in method.parameters() if p.grad is not None]
        optimiser.step()
        losses.append(loss.detach())
    queues = {name: queue.state_dict() for name, queue in method.queues.items()}
    if world > 1:
        dist.destroy_process_group()
    torch.save((torch.stack(losses), gradients, queues), folder / f"{world}-{rank}.pt")


def step_a_method(rank, folder, world, name):
    """Take three steps with a method of the battery; leave losses and the last gradients."""
    if world > 1:
        together(rank, folder)
    method = build(name)
    module = DistributedDataParallel(method) if world > 1 else method
    optimiser = torch.optim.SGD([p for p in method.parameters() if p.requires_grad], 0.05)
    losses = []
    for step in range(3):
        torch.manual_seed(step)
        views = torch.randn(2, sum(ROWS[step]), *SHAPE)
        loss = module(*views[:, parts_of(step, rank, world)]).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.detach())
    gradients = [p.grad for p in method.parameters() if p.grad is not None]
    if world > 1:
        dist.destroy_process_group()
    torch.save((torch.stack(losses), gradients), folder / f"{world}-{rank}.pt")


class Flat(nn.Module):
    """A linear encoder of clips."""

    def __init__(self, numbers, feature_dim):
        super().__init__()
        self.feature_dim = feature_dim
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(numbers, feature_dim))

    def forward(self, x):
        return self.layers(x)
