"""The training step of inter-skeleton contrast, assembled as the field assembles it."""

from __future__ import annotations

import copy

import torch
from benchmarks.baselines.framewise_gru import framewise
from benchmarks.baselines.plain_agcn import plain
from torch import nn
from torch.nn import functional as F


class WithHead(nn.Module):
    """An encoder and the two linear layers behind it."""

    def __init__(self, encoder, dim=128):
        super().__init__()
        width = encoder.feature_dim
        self.encoder = encoder
        self.fc = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, dim))

    def forward(self, x):
        return F.normalize(self.fc(self.encoder(x)), dim=1)


class PlainInterContrast(nn.Module):
    """Two encoders, their slow copies, two queues."""

    def __init__(self, sequence, graph, queue_size=16384, momentum=0.999, temperature=0.07):
        super().__init__()
        self.K, self.m, self.T = queue_size, momentum, temperature
        self.sequence_q, self.graph_q = WithHead(sequence), WithHead(graph)
        self.sequence_k = copy.deepcopy(self.sequence_q).requires_grad_(False)
        self.graph_k = copy.deepcopy(self.graph_q).requires_grad_(False)
        self.register_buffer("sequence_queue", F.normalize(torch.randn(128, queue_size), dim=0))
        self.register_buffer("graph_queue", F.normalize(torch.randn(128, queue_size), dim=0))
        self.register_buffer("pointer", torch.zeros(1, dtype=torch.long))
        self.criterion = nn.CrossEntropyLoss()

    def forward(self, sequence1, sequence2, graph1, graph2):
        q = self.sequence_q(sequence1)
        r = self.graph_q(graph1)
        with torch.no_grad():
            self.momentum_update(self.sequence_q, self.sequence_k)
            self.momentum_update(self.graph_q, self.graph_k)
            k = self.sequence_k(sequence2)
            p = self.graph_k(graph2)
        loss = self.contrast(q, p, self.graph_queue) + self.contrast(r, k, self.sequence_queue)
        self.dequeue_and_enqueue(k, p)
        return loss

    def contrast(self, query, key, queue):
        l_pos = torch.einsum("nc,nc->n", [query, key]).unsqueeze(-1)
        l_neg = torch.einsum("nc,ck->nk", [query, queue.clone().detach()])
        logits = torch.cat([l_pos, l_neg], dim=1)
        logits /= self.T
        labels = torch.zeros(logits.shape[0], dtype=torch.long, device=logits.device)
        return self.criterion(logits, labels)

    @torch.no_grad()
    def momentum_update(self, query, key):
        for p_q, p_k in zip(query.parameters(), key.parameters(), strict=True):
            p_k.data = p_k.data * self.m + p_q.data * (1.0 - self.m)

    @torch.no_grad()
    def dequeue_and_enqueue(self, k, p):
        start, size = int(self.pointer), k.shape[0]
        assert self.K % size == 0
        self.sequence_queue[:, start : start + size] = k.T
        self.graph_queue[:, start : start + size] = p.T
        self.pointer[0] = (start + size) % self.K


def plain_contrast(method):
    """Return the same model as a `skelter.methods.InterSkeletonContrast` of these two."""
    sequence, graph = framewise(method.encoders["sequence"]), plain(method.encoders["graph"])
    queues = {name: queue.snapshot() for name, queue in method.queues.items()}
    K = len(queues["graph"])
    momentum = method.key_encoders.momentum
    model = PlainInterContrast(sequence, graph, K, momentum, method.temperature)
    for name, query, key in (
        ("sequence", model.sequence_q, model.sequence_k),
        ("graph", model.graph_q, model.graph_k),
    ):
        query.fc.load_state_dict(method.heads[name].layers.state_dict())
        key.load_state_dict(query.state_dict())
        model.get_buffer(f"{name}_queue").copy_(queues[name].T)
    return model


def optimiser(model):
    parameters = [p for p in model.parameters() if p.requires_grad]
    return torch.optim.SGD(parameters, lr=0.01, momentum=0.9, weight_decay=1e-4)


def train_step(model, optimizer, view1, view2):
    """Take a step on two views (N, C, T, V, M); return its loss."""
    loss = model(as_sequence(view1), as_sequence(view2), view1, view2)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def as_sequence(x):
    N, C, T, V, M = x.size()
    return x.permute(0, 2, 3, 1, 4).contiguous().view(N, T, V * C * M)
