"""Convolution over time at several scales, side by side."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from skelter import _kernels

DILATIONS = (1, 2)
BRANCHES = 4


class MultiScaleConv(nn.Module):
    """Four branches over time, each on a quarter of the channels.

    The branches are convolutions of five frames with dilation 1 and 2, the maximum of three
    frames, and the clip itself. One 1 x 1 convolution enters all of them. The first three are
    normalised before and after, the last after.

    Args:
        channels: Channels of clips (N, C, T, V), a multiple of 4.
        stride: Frames of a step.

    References:
        Chen et al., Channel-wise Topology Refinement Graph Convolution, ICCV 2021, section 3.4
    """

    def __init__(self, channels: int, *, stride: int) -> None:
        super().__init__()
        self.stride, part = stride, channels // BRANCHES
        self.project = PointwiseConv(channels, channels, 1)
        self.entry_norm = nn.BatchNorm2d((BRANCHES - 1) * part)
        self.dilated = nn.ModuleList(
            nn.Conv2d(
                part, part, (5, 1), (stride, 1), padding=(2 * dilation, 0), dilation=(dilation, 1)
            )
            for dilation in DILATIONS
        )
        self.pool = nn.MaxPool2d((3, 1), (stride, 1), padding=(1, 0))
        self.norm = nn.BatchNorm2d(channels)
        # Kaiming fan-out of one branch's convolution, not of the four that share a tensor here.
        nn.init.normal_(self.project.weight, 0, math.sqrt(2 / part))
        for conv in self.dilated:
            nn.init.kaiming_normal_(conv.weight, mode="fan_out")  # type: ignore[arg-type]  # a list
        for norm in (self.entry_norm, self.norm):
            nn.init.normal_(norm.weight, 1, 0.02)

    def forward(self, x: Tensor) -> Tensor:
        """Return clips (N, C, T / stride, V), rounded up, of clips (N, C, T, V)."""
        *entries, last = self.project(x).chunk(BRANCHES, dim=1)
        entered = self.entry_norm(torch.cat(entries, dim=1))
        entries = _kernels.add_relu(entered, None, self.entry_norm).chunk(BRANCHES - 1, dim=1)
        branches = [conv(entry) for conv, entry in zip(self.dilated, entries, strict=False)]
        branches += [self.pool(entries[-1]), last[:, :, :: self.stride]]
        out: Tensor = self.norm(torch.cat(branches, dim=1))
        return out


class PointwiseConv(nn.Conv2d):
    """A 1 x 1 convolution as a matrix product, which is faster than torch's on processors."""

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, O, T, V) of (N, C, T, V)."""
        matrices = self.weight.flatten(1).expand(x.shape[0], -1, -1)
        columns = x.flatten(2)  # n c (t v)
        if self.bias is None:
            out = torch.bmm(matrices, columns)
        else:
            out = torch.baddbmm(self.bias[:, None], matrices, columns)
        return out.view(x.shape[0], -1, *x.shape[2:])
