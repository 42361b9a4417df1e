"""The graph encoder ST-GCN as projects write it: convolve, cut into subsets, einsum."""

from __future__ import annotations

import re

import torch
from torch import nn


class GraphConv(nn.Module):
    def __init__(self, channels, width, subsets):
        super().__init__()
        self.subsets = subsets
        self.conv = nn.Conv2d(channels, width * subsets, 1)

    def forward(self, x, A):
        x = self.conv(x)
        n, kc, t, v = x.size()
        x = x.view(n, self.subsets, kc // self.subsets, t, v)
        return torch.einsum("nkctv,kvw->nctw", x, A).contiguous()


class Block(nn.Module):
    def __init__(self, channels, width, subsets, stride=1, dropout=0.0, residual=True):
        super().__init__()
        self.gcn = GraphConv(channels, width, subsets)
        self.tcn = nn.Sequential(
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, width, (9, 1), (stride, 1), (4, 0)),
            nn.BatchNorm2d(width),
            nn.Dropout(dropout, inplace=True),
        )
        self.residual = None if residual else 0
        if residual and (channels != width or stride != 1):
            self.residual = nn.Sequential(
                nn.Conv2d(channels, width, 1, (stride, 1)), nn.BatchNorm2d(width)
            )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x, A):
        if isinstance(self.residual, int):
            around = self.residual
        else:
            around = x if self.residual is None else self.residual(x)
        return self.relu(self.tcn(self.gcn(x, A)) + around)


class PlainSTGCN(nn.Module):
    """Features (N, widths[-1]) of clips (N, C, T, V, M)."""

    def __init__(self, graph, widths, channels=3, dropout=0.5):
        super().__init__()
        self.feature_dim = widths[-1]
        self.register_buffer("A", graph.clone())
        self.data_bn = nn.BatchNorm1d(channels * graph.shape[1])
        ins = [channels, *widths[:-1]]
        self.st_gcn_networks = nn.ModuleList(
            Block(
                before,
                width,
                len(graph),
                stride=2 if i in (4, 7) else 1,
                dropout=dropout if i else 0.0,
                residual=i > 0,
            )
            for i, (before, width) in enumerate(zip(ins, widths, strict=True))
        )
        self.edge_importance = nn.ParameterList(
            nn.Parameter(torch.ones_like(graph)) for _ in widths
        )

    def forward(self, x):
        N, C, T, V, M = x.size()
        x = x.permute(0, 4, 3, 1, 2).contiguous().view(N * M, V * C, T)
        x = self.data_bn(x)
        x = x.view(N, M, V, C, T).permute(0, 1, 3, 4, 2).contiguous().view(N * M, C, T, V)
        for block, importance in zip(self.st_gcn_networks, self.edge_importance, strict=True):
            x = block(x, self.A * importance)
        x = nn.functional.avg_pool2d(x, x.size()[2:])
        return x.view(N, M, -1).mean(dim=1)


NAMES = {
    r"^input_norm": "data_bn",
    r"^blocks\.(\d+)\.graph\.edge_importance": r"edge_importance.\1",
    r"^blocks\.(\d+)\.": r"st_gcn_networks.\1.",
    r"graph\.project": "gcn.conv",
    r"(\d)\.norm": r"\1.tcn.0",
    r"temporal\.0": "tcn.2",
    r"temporal\.1": "tcn.3",
}


def plain(encoder):
    """Return the same encoder as a `skelter.encoders.STGCN`, as projects write it."""
    graph = encoder.layout.adjacency(encoder.adjacency)
    copy = PlainSTGCN(graph, encoder.widths, encoder.in_channels, encoder.dropout)
    renamed = {"A": graph}
    for name, tensor in encoder.state_dict().items():
        for pattern, replacement in NAMES.items():
            name = re.sub(pattern, replacement, name)
        renamed[name] = tensor
    copy.load_state_dict(renamed)
    return copy
