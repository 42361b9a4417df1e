"""The graph encoder with a graph for each channel, computed from the clip."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

import torch
from einops import rearrange, reduce
from torch import Tensor, nn
from torch.nn import functional as F

from skelter import _checks, _kernels
from skelter.encoders.graphs._multi_scale import BRANCHES, MultiScaleConv, PointwiseConv
from skelter.encoders.parts._pooling import persons_together, pool_map, present_persons
from skelter.encoders.parts._recompute import run_blocks
from skelter.layouts import NTU25, SkeletonLayout, check_layout

Convolution = Callable[[Tensor], Tensor]
WIDTHS = (64, 64, 64, 64, 128, 128, 128, 256, 256, 256)


class CTRGCN(nn.Module):
    """Channel-wise topology refinement graph convolutional network.

    Every block aggregates over the joints with three graphs (self, inward, outward). Each starts
    as the layout's adjacency, is learned, and is refined for every channel by how the joints of
    the clip differ. Rows of the adjacency are targets: a joint receives along its row. Then the
    block convolves over time at several scales. Time is halved wherever the width grows. Features
    are means over joints and frames, then over persons.

    Args:
        layout: The layout of the clips, any number of joints.
        in_channels: Coordinates C of a joint.
        persons: Persons M of a clip. Each has his own statistics in the input norm.
        widths: Channels of each block, multiples of 4; a narrower list makes a smaller encoder.
        adjacency: Strategy of `SkeletonLayout.adjacency`.
        skip_missing: Whether persons that are all zeros are left out of the mean over persons.
            The original counts them.
        recompute: Whether backward computes again what is inside its blocks, which saves memory
            and costs about a third more time.

    Raises:
        TypeError: `layout` is not a layout; in a call, the clips do not have the dtype of the
            weights.
        ValueError: An argument is out of range; in a call, the clips do not fit the layout.

    References:
        Chen et al., Channel-wise Topology Refinement Graph Convolution for Skeleton-Based Action
        Recognition, ICCV 2021

    Example:
        >>> encoder = CTRGCN(NTU25, widths=(16, 16, 32))
        >>> encoder(torch.zeros(4, 3, 64, 25, 2)).shape, encoder.feature_dim
        (torch.Size([4, 32]), 32)
        >>> encoder.feature_map(torch.zeros(4, 3, 64, 25, 2)).shape
        torch.Size([4, 32, 32, 25, 2])
    """

    def __init__(
        self,
        layout: SkeletonLayout = NTU25,
        in_channels: int = 3,
        *,
        persons: int = 2,
        widths: Sequence[int] = WIDTHS,
        adjacency: str = "spatial",
        skip_missing: bool = False,
        recompute: bool = False,
    ) -> None:
        super().__init__()
        _checks.positive_int("in_channels", in_channels)
        _checks.positive_int("persons", persons)
        wide = len(widths) > 0 and all(width >= 4 and width % BRANCHES == 0 for width in widths)
        _checks.require(wide, "`widths`", "be one or more multiples of 4", widths)
        self.layout = check_layout(layout)
        self.in_channels, self.persons = in_channels, persons
        self.widths, self.adjacency = tuple(widths), adjacency
        self.skip_missing, self.recompute = skip_missing, recompute
        self.feature_dim = widths[-1]
        graph = layout.adjacency(adjacency)
        self.input_norm = nn.BatchNorm1d(persons * layout.num_joints * in_channels)
        blocks = [_Block(in_channels, widths[0], graph, stride=1, residual=False)]
        for before, width in pairwise(widths):
            blocks.append(_Block(before, width, graph, stride=2 if width > before else 1))
        self.blocks = nn.Sequential(*blocks)
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        """Return features (N, feature_dim) of clips (N, C, T, V, M)."""
        x = _checks.clip_batch(x)
        return self.pool(self.feature_map(x), present_persons(x) if self.skip_missing else None)

    def feature_map(self, x: Tensor) -> Tensor:
        """Return features of every place, (N, feature_dim, T', V, M), of clips (N, C, T, V, M).

        T' is half of T, rounded up, after each block that is wider than the one before.
        """
        x = _checks.clip_batch(x)
        _checks.joints(x, self.layout)
        _checks.axis(x, "C", self.in_channels, "this CTRGCN", "Pass in_channels=... to it.")
        _checks.axis(x, "M", self.persons, "this CTRGCN", "Pass persons=... to it.")
        _checks.dtype_of(x, self)
        V, M = self.layout.num_joints, self.persons
        x = self.input_norm(rearrange(x, "n c t v m -> n (m v c) t"))
        x = rearrange(x, "n (m v c) t -> (n m) c t v", m=M, v=V)
        return persons_together(run_blocks(self.blocks, x, lean=self.recompute), M)

    def pool(self, feature_map: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return features (N, feature_dim): means over frames and joints, then over persons.

        Args:
            feature_map: As `feature_map` returns it.
            mask: Where to look, bool, any shape that broadcasts to (N, T', V, M). A person
                without a True is left out. None looks everywhere.
        """
        return pool_map(feature_map, mask)


class _Block(nn.Module):
    """A graph convolution, a temporal convolution, and a connection around both."""

    def __init__(
        self, channels: int, width: int, graph: Tensor, *, stride: int, residual: bool = True
    ) -> None:
        super().__init__()
        self.graph = _ChannelGraphConv(channels, width, graph)
        self.temporal = MultiScaleConv(width, stride=stride)
        self.residual: nn.Module | None = None
        if residual:
            same = channels == width and stride == 1
            self.residual = nn.Identity() if same else _projection(channels, width, stride=stride)

    def forward(self, x: Tensor) -> Tensor:
        out = self.temporal(self.graph(x))
        residual = None if self.residual is None else self.residual(x)
        return _kernels.add_relu(out, residual, self.temporal)


class _ChannelGraphConv(nn.Module):
    """Aggregate over joints by S graphs for each channel, and sum.

    ``y_u = sum_s sum_v (A_s + alpha R_s)_uv (value_s(x))_v`` for each channel. A_s is learned and
    starts as the layout's adjacency. R_s is the 1 x 1 convolution `relation` of
    ``tanh(theta_s(x)_u - phi_s(x)_v)``, where theta and phi are means over time.
    """

    def __init__(self, channels: int, width: int, graph: Tensor) -> None:
        super().__init__()
        S, inner = len(graph), 8 if channels in (3, 9) else max(1, channels // 8)
        self.learned_adjacency = nn.Parameter(graph.clone())
        self.alpha = nn.Parameter(torch.zeros(1))
        self.theta = nn.Conv2d(channels, S * inner, 1)
        self.phi = nn.Conv2d(channels, S * inner, 1)
        self.value = nn.Conv2d(channels, S * width, 1)
        self.relation = nn.Conv2d(S * inner, S * width, 1, groups=S)
        self.norm = nn.BatchNorm2d(width)
        self.shortcut: nn.Module = nn.Identity()
        if channels != width:
            self.shortcut = _projection(channels, width, stride=1)
        # Kaiming fan-out of one subset's convolution, not of the S that share a tensor here.
        for conv, fan in (
            (self.theta, inner), (self.phi, inner), (self.value, width), (self.relation, width)
        ):  # fmt: skip
            nn.init.normal_(conv.weight, 0, math.sqrt(2 / fan))
        nn.init.constant_(self.norm.weight, 1e-6)

    def forward(self, x: Tensor) -> Tensor:
        means = reduce(x, "n c t v -> n c 1 v", "mean")  # the same as after a 1 x 1 convolution
        targets = rearrange(self.theta(means), "n r 1 u -> n r u")
        sources = rearrange(self.phi(means), "n r 1 v -> n r v")
        graph, alpha, parts = self.learned_adjacency, self.alpha, (self.relation, self.value)
        if x.device.type == "cpu" and _kernels.is_fused(x, graph, alpha, parts=parts):
            relation = (alpha * weight for weight in _matrix(self.relation))
            weights = (*relation, *_matrix(self.value))
            out = _kernels.channel_graph_conv(x, targets, sources, graph, *weights)
        else:

            def relate(differences: Tensor) -> Tensor:
                related: Tensor = self.relation(differences)
                return alpha.to(related.dtype) * related

            out = aggregate(x, targets, sources, graph, relate, self.value)
        return _kernels.add_relu(self.norm(out), self.shortcut(x), self.norm)


def aggregate(
    x: Tensor,
    targets: Tensor,
    sources: Tensor,
    graph: Tensor,
    relate: Convolution,
    value: Convolution,
) -> Tensor:
    """Aggregate values of clips over joints, by S graphs for each channel, and sum.

    Args:
        x: Clips of shape (N, C, T, V).
        targets: What relates a joint as a target, for all subsets: (N, S R, V).
        sources: What relates a joint as a source, (N, S R, V).
        graph: What the graphs of all channels share, (S, V, V). Rows are targets.
        relate: From what relates two joints to all graphs: S R to S O channels.
        value: From clips to values: C to S O channels.

    Returns:
        The output (N, O, T, V).
    """
    S = len(graph)
    related = relate(torch.tanh(_differences(targets, sources)))
    related = rearrange(related, "n (s o) v u -> n s o v u", s=S)
    graphs = rearrange(graph, "s u v -> s 1 v u").to(related.dtype) + related
    values = rearrange(value(x), "n (s o) t v -> n s o t v", s=S)
    return torch.matmul(values, graphs).sum(1)  # n s o t v, n s o v u -> n o t u


@_kernels.plain_form("channel_graph_conv")
def channel_graph_conv(
    x: Tensor,
    targets: Tensor,
    sources: Tensor,
    graph: Tensor,
    relation: Tensor,
    relation_bias: Tensor,
    value: Tensor,
    value_bias: Tensor,
) -> Tensor:
    """Do what `aggregate` does, with convolutions as matrices (out, in) and their biases."""
    relate = partial(_convolve, matrix=relation, bias=relation_bias, groups=len(graph))
    convolve = partial(_convolve, matrix=value, bias=value_bias)
    return aggregate(x, targets, sources, graph, relate, convolve)


def _convolve(x: Tensor, matrix: Tensor, bias: Tensor, groups: int = 1) -> Tensor:
    return F.conv2d(x, matrix[..., None, None], bias, groups=groups)


def _differences(targets: Tensor, sources: Tensor) -> Tensor:
    """Return ``targets_u - sources_v``, (N, R, V, V) with the targets last."""
    return targets[:, :, None, :] - sources[:, :, :, None]


def _matrix(conv: nn.Conv2d) -> tuple[Tensor, Tensor]:
    """Return a 1 x 1 convolution as a matrix (out, in) and its bias."""
    weight = conv.weight.flatten(1)
    return weight, weight.new_zeros(len(weight)) if conv.bias is None else conv.bias


def _projection(channels: int, width: int, *, stride: int) -> nn.Sequential:
    """Build a 1 x 1 convolution with batch norm, initialised by Kaiming fan-out."""
    conv = nn.Conv2d(channels, width, 1, stride=(stride, 1))
    if stride == 1:
        conv = PointwiseConv(channels, width, 1)
    nn.init.kaiming_normal_(conv.weight, mode="fan_out")
    return nn.Sequential(conv, nn.BatchNorm2d(width))
