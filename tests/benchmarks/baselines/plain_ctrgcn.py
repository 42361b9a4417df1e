"""The graph encoder with a graph for each channel, CTR-GCN, subset by subset."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn


class Subset(nn.Module):
    """One graph for each channel, from how joints differ in the means over time."""

    def __init__(self, channels, width):
        super().__init__()
        inner = 8 if channels in (3, 9) else channels // 8
        self.theta = nn.Conv2d(channels, inner, 1)
        self.phi = nn.Conv2d(channels, inner, 1)
        self.value = nn.Conv2d(channels, width, 1)
        self.relation = nn.Conv2d(inner, width, 1)
        self.tanh = nn.Tanh()

    def forward(self, x, A, alpha):
        p, q, y = self.theta(x).mean(-2), self.phi(x).mean(-2), self.value(x)
        graph = self.tanh(p.unsqueeze(-1) - q.unsqueeze(-2))
        graph = self.relation(graph) * alpha + A.unsqueeze(0).unsqueeze(0)
        return torch.einsum("ncuv,nctv->nctu", graph, y)


class GraphConv(nn.Module):
    """Sum over the subsets."""

    def __init__(self, channels, width, graph):
        super().__init__()
        self.A = nn.Parameter(graph.clone())
        self.alpha = nn.Parameter(torch.zeros(1))
        self.subsets = nn.ModuleList(Subset(channels, width) for _ in graph)
        self.bn = nn.BatchNorm2d(width)
        self.down = None
        if channels != width:
            self.down = nn.Sequential(nn.Conv2d(channels, width, 1), nn.BatchNorm2d(width))
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        y = None
        for i, subset in enumerate(self.subsets):
            z = subset(x, self.A[i], self.alpha)
            y = z if y is None else y + z
        y = self.bn(y)
        y = y + (x if self.down is None else self.down(x))
        return self.relu(y)


class TemporalConv(nn.Module):
    def __init__(self, channels, width, kernel, stride=1, dilation=1):
        super().__init__()
        pad = dilation * (kernel - 1) // 2
        self.conv = nn.Conv2d(
            channels, width, (kernel, 1), (stride, 1), (pad, 0), dilation=(dilation, 1)
        )
        self.bn = nn.BatchNorm2d(width)

    def forward(self, x):
        return self.bn(self.conv(x))


class MultiScale(nn.Module):
    """Four branches over time, one after the other, side by side."""

    def __init__(self, width, stride=1):
        super().__init__()
        part = width // 4

        def entry():
            return nn.Conv2d(width, part, 1), nn.BatchNorm2d(part), nn.ReLU(inplace=True)

        self.branches = nn.ModuleList(
            [
                nn.Sequential(*entry(), TemporalConv(part, part, 5, stride)),
                nn.Sequential(*entry(), TemporalConv(part, part, 5, stride, 2)),
                nn.Sequential(
                    *entry(), nn.MaxPool2d((3, 1), (stride, 1), (1, 0)), nn.BatchNorm2d(part)
                ),
                nn.Sequential(nn.Conv2d(width, part, 1, (stride, 1)), nn.BatchNorm2d(part)),
            ]
        )

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], dim=1)


class Block(nn.Module):
    def __init__(self, channels, width, graph, stride=1, residual=True):
        super().__init__()
        self.gcn = GraphConv(channels, width, graph)
        self.tcn = MultiScale(width, stride)
        self.relu = nn.ReLU(inplace=True)
        self.has_residual = residual
        self.residual = None
        if residual and (channels != width or stride != 1):
            self.residual = TemporalConv(channels, width, 1, stride)

    def forward(self, x):
        y = self.tcn(self.gcn(x))
        if self.has_residual:
            y = y + (x if self.residual is None else self.residual(x))
        return self.relu(y)


class PlainCTRGCN(nn.Module):
    """Features (N, widths[-1]) of clips (N, C, T, V, M)."""

    def __init__(self, graph, channels, persons, widths):
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
