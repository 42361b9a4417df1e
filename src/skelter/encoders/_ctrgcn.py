"""The graph encoder with a graph for each channel, computed from the clip."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from einops import einsum, rearrange, reduce
from torch import Tensor, nn
from torch.nn import functional as F

from skelter import _checks, _kernels
from skelter.encoders._multi_scale import BRANCHES, MultiScaleConv, PointwiseConv
from skelter.encoders._pooling import persons_together, pool_map, present_persons
from skelter.encoders._recompute import recompute
from skelter.encoders._untouched import are_untouched
from skelter.layouts import NTU25, SkeletonLayout, check_layout

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
        for block in self.blocks:
            x = recompute(block, x, block) if self.recompute else block(x)
        return persons_together(x, M)

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
        out: Tensor = self.temporal(self.graph(x))
        if self.residual is not None:
            out = out.add_(self.residual(x))
        return out.relu_()


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
        if self._is_fused(x):
            out = self._fused(x, targets, sources)
        else:
            relation = self.relation(torch.tanh(_differences(targets, sources)))
            adjacency, alpha = (
                one.to(relation.dtype) for one in (self.learned_adjacency, self.alpha)
            )
            relation, value = (
                rearrange(one, "n (s c) ... -> n s c ...", s=len(adjacency))
                for one in (alpha * relation, self.value(x))
            )
            graph = rearrange(adjacency, "s u v -> s 1 v u") + relation
            out = torch.matmul(value, graph).sum(1)  # n s c t v, n s c v u -> n c t u
        normed: Tensor = self.norm(out)
        return normed.add_(self.shortcut(x)).relu_()

    def _fused(self, x: Tensor, targets: Tensor, sources: Tensor) -> Tensor:
        weight, bias = _matrix(self.relation)
        relation = self.alpha * weight, self.alpha * bias
        weights = (self.learned_adjacency, *relation, *_matrix(self.value))
        return _kernels.channel_graph_conv(x, targets, sources, *weights)

    def _is_fused(self, x: Tensor) -> bool:
        """Tell whether the operator for processors computes this layer."""
        usable = x.device.type == "cpu" and are_untouched(self.value, self.relation)
        return usable and _kernels.is_fused(x, *self.parameters())


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
    """Aggregate as `_ChannelGraphConv` does, with alpha in `relation` and `relation_bias`.

    The arguments are those of the operator of the same name.
    """
    S = len(graph)
    differences = torch.tanh(_differences(targets, sources))
    refined = F.conv2d(differences, relation[..., None, None], relation_bias, groups=S)
    graphs = rearrange(refined, "n (s c) v u -> n s c u v", s=S) + graph[:, None]
    values = F.conv2d(x, value[..., None, None], value_bias)
    values = rearrange(values, "n (s c) t v -> n s c t v", s=S)
    return einsum(graphs, values, "n s c u v, n s c t v -> n c t u")


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
