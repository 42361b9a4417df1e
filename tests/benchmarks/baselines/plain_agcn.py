"""The graph encoder, 2s-AGCN, subset by subset."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

WIDTHS = (64, 64, 64, 64, 128, 128, 128, 256, 256, 256)


class GraphConv(nn.Module):
    """Sum over the subsets: one matrix product with the adjacency and one convolution each."""

    def __init__(self, channels, width, graph):
        super().__init__()
        inner = width // 4
        self.register_buffer("A", graph.clone())
        self.B = nn.Parameter(torch.full_like(graph, 1e-6))
        self.theta = nn.ModuleList(nn.Conv2d(channels, inner, 1) for _ in graph)
        self.phi = nn.ModuleList(nn.Conv2d(channels, inner, 1) for _ in graph)
        self.project = nn.ModuleList(nn.Conv2d(channels, width, 1) for _ in graph)
        self.bn = nn.BatchNorm2d(width)
        self.down = None
        if channels != width:
            self.down = nn.Sequential(nn.Conv2d(channels, width, 1), nn.BatchNorm2d(width))
        self.soft = nn.Softmax(-2)
        self.relu = nn.ReLU()

    def forward(self, x):
        N, C, T, V = x.size()
        graph = self.A + self.B
        y = None
        for i in range(len(self.theta)):
            theta = self.theta[i](x).permute(0, 3, 1, 2).contiguous().view(N, V, -1)
            phi = self.phi[i](x).view(N, -1, V)
            affinity = self.soft(torch.matmul(theta, phi) / phi.size(1))
            adjacency = affinity + graph[i]
            z = torch.matmul(x.contiguous().view(N, C * T, V), adjacency).view(N, C, T, V)
            z = self.project[i](z)
            y = z if y is None else y + z
        y = self.bn(y)
        y = y + (x if self.down is None else self.down(x))
        return self.relu(y)


class TemporalConv(nn.Module):
    def __init__(self, channels, width, kernel=9, stride=1):
        super().__init__()
        pad = (kernel - 1) // 2
        self.conv = nn.Conv2d(channels, width, (kernel, 1), stride=(stride, 1), padding=(pad, 0))
        self.bn = nn.BatchNorm2d(width)

    def forward(self, x):
        return self.bn(self.conv(x))


class Block(nn.Module):
    def __init__(self, channels, width, graph, stride=1, residual=True):
        super().__init__()
        self.gcn = GraphConv(channels, width, graph)
        self.tcn = TemporalConv(width, width, stride=stride)
        self.relu = nn.ReLU()
        self.has_residual = residual
        self.residual = None
        if residual and (channels != width or stride != 1):
            self.residual = TemporalConv(channels, width, kernel=1, stride=stride)

    def forward(self, x):
        y = self.tcn(self.gcn(x))
        if self.has_residual:
            y = y + (x if self.residual is None else self.residual(x))
        return self.relu(y)


class PlainAGCN(nn.Module):
    """Features (N, widths[-1]) of clips (N, C, T, V, M)."""

    def __init__(self, graph, channels=3, persons=2, widths=WIDTHS):
        super().__init__()
        self.feature_dim = widths[-1]
        self.data_bn = nn.BatchNorm1d(persons * channels * graph.shape[-1])
        blocks = [Block(channels, widths[0], graph, residual=False)]
        for before, width in pairwise(widths):
            blocks.append(Block(before, width, graph, stride=2 if width > before else 1))
        self.blocks = nn.ModuleList(blocks)

    def forward(self, x):
        N, C, T, V, M = x.size()
        x = x.permute(0, 4, 3, 1, 2).contiguous().view(N, M * V * C, T)
        x = self.data_bn(x)
        x = x.view(N, M, V, C, T).permute(0, 1, 3, 4, 2).contiguous().view(N * M, C, T, V)
        for block in self.blocks:
            x = block(x)
        return x.view(N, M, x.size(1), -1).mean(3).mean(1)


def plain(encoder):
    """Return the same encoder as a `skelter.encoders.AGCN`, written subset by subset."""
    state = encoder.state_dict()
    widths = [block.graph.norm.num_features for block in encoder.blocks]
    graph = encoder.layout.adjacency("spatial")
    copy = PlainAGCN(graph, encoder.in_channels, encoder.persons, widths)
    renamed = {f"data_bn.{key}": tensor for key, tensor in under(state, "input_norm.")}
    for i in range(len(widths)):
        renamed |= block_state(dict(under(state, f"blocks.{i}.")), i, graph)
    copy.load_state_dict(renamed)
    return copy


def block_state(state, i, graph):
    """Yield names and tensors of a block from those of skelter's, which joins the subsets."""
    S = len(graph)
    yield f"blocks.{i}.gcn.A", graph
    yield f"blocks.{i}.gcn.B", state["graph.learned_adjacency"]
    for name in ("theta", "phi"):
        for kind in ("weight", "bias"):
            for s, part in enumerate(state[f"graph.{name}.{kind}"].chunk(S)):
                yield f"blocks.{i}.gcn.{name}.{s}.{kind}", part
    bias = state["graph.project.bias"]
    for s, part in enumerate(state["graph.project.weight"].chunk(S, dim=1)):
        yield f"blocks.{i}.gcn.project.{s}.weight", part
        yield f"blocks.{i}.gcn.project.{s}.bias", bias if s == 0 else torch.zeros_like(bias)
    renamed = {
        "graph.norm.": "gcn.bn.",
        "graph.shortcut.0.": "gcn.down.0.",
        "graph.shortcut.1.": "gcn.down.1.",
        "temporal.0.": "tcn.conv.",
        "temporal.1.": "tcn.bn.",
        "residual.0.": "residual.conv.",
        "residual.1.": "residual.bn.",
    }
    for theirs, ours in renamed.items():
        for key, tensor in under(state, theirs):
            yield f"blocks.{i}.{ours}{key}", tensor


def under(state, prefix):
    """Yield the entries of a state dict below a prefix, without it."""
    for key, tensor in state.items():
        if key.startswith(prefix):
            yield key.removeprefix(prefix), tensor
