"""The graph encoder: adaptive graph convolutions over joints, plain ones over time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

import torch
from einops import einsum, rearrange
from torch import Tensor, nn
from torch.nn import functional as F

from skelter import _checks, _kernels
from skelter.encoders.parts._pooling import persons_together, pool_map, present_persons
from skelter.encoders.parts._recompute import run_blocks
from skelter.layouts import NTU25, SkeletonLayout, check_layout

Convolution = Callable[[Tensor], Tensor]
WIDTHS = (64, 64, 64, 64, 128, 128, 128, 256, 256, 256)


class AGCN(nn.Module):
    """One stream of the two-stream adaptive graph convolutional network.

    Every block aggregates over the joints with three matrices (self, inward, outward), each the
    sum of the layout's adjacency, a learned one, and one computed from the data, and then
    convolves over time. Time is halved wherever the width grows. Features are means over joints
    and frames, then over persons.

    Args:
        layout: The layout of the clips, any number of joints.
        in_channels: Coordinates C of a joint.
        persons: Persons M of a clip.
        widths: Channels of each block; a narrower list makes a smaller encoder.
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
        Shi et al., Two-Stream Adaptive Graph Convolutional Networks, CVPR 2019;
        Thoker, Doughty, Snoek, ACM MM 2021

    Example:
        >>> encoder = AGCN(NTU25, widths=(16, 16, 32))
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
        wide = len(widths) > 0 and min(widths) >= 4
        _checks.require(wide, "`widths`", "be one or more channel counts from 4", widths)
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
        _checks.axis(x, "C", self.in_channels, "this AGCN", "Pass in_channels=... to it.")
        _checks.axis(x, "M", self.persons, "this AGCN", "Pass persons=... to it.")
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
        self.graph = _AdaptiveGraphConv(channels, width, graph)
        self.temporal = _temporal_conv(width, width, kernel=9, stride=stride)
        self.residual: nn.Module | None = None
        if residual:
            same = channels == width and stride == 1
            self.residual = (
                nn.Identity() if same else _temporal_conv(channels, width, kernel=1, stride=stride)
            )

    def forward(self, x: Tensor) -> Tensor:
        out = self.temporal(self.graph(x))
        residual = None if self.residual is None else self.residual(x)
        return _kernels.add_relu(out, residual, self.temporal)


class _AdaptiveGraphConv(nn.Module):
    """Aggregate over joints by S graphs, and project the sum to the output channels.

    ``sum_s W_s (x (A_s + B_s + C_s))``, with A_s the layout's adjacency, B_s a learned one, and
    ``C_s = softmax(theta_s(x)' phi_s(x))`` computed from the data.
    """

    adjacency: Tensor

    def __init__(self, channels: int, width: int, graph: Tensor) -> None:
        super().__init__()
        S, inner = graph.shape[0], width // 4
        # Follows from the layout: not a part of the state dict.
        self.register_buffer("adjacency", graph, persistent=False)
        self.learned_adjacency = nn.Parameter(torch.full_like(graph, 1e-6))
        self.theta = nn.Conv2d(channels, S * inner, 1)
        self.phi = nn.Conv2d(channels, S * inner, 1)
        self.project = nn.Conv2d(S * channels, width, 1)
        self.norm = nn.BatchNorm2d(width)
        self.shortcut: nn.Module = nn.Identity()
        if channels != width:
            self.shortcut = _temporal_conv(channels, width, kernel=1, stride=1)
        # Kaiming fan-out of one subset's convolution, not of the S that share a tensor here.
        for conv in (self.theta, self.phi):
            nn.init.normal_(conv.weight, 0, math.sqrt(2 / inner))
        nn.init.normal_(self.project.weight, 0, math.sqrt(2 / (S * channels * width)))
        nn.init.constant_(self.norm.weight, 1e-6)

    def forward(self, x: Tensor) -> Tensor:
        graph = self.adjacency + self.learned_adjacency
        parts = (self.theta, self.phi, self.project)
        if _kernels.is_fused(x, graph, parts=parts):
            weights = (*_matrix(self.theta, self.phi), *_matrix(self.project))
            out = _kernels.adaptive_graph_conv(x, graph, *weights)
        else:
            out = aggregate(x, graph, *parts)
        # In place: batch norm keeps its input, relu its output, and nothing keeps the sum.
        return _kernels.add_relu(self.norm(out), self.shortcut(x), self.norm)


def aggregate(
    x: Tensor, graph: Tensor, theta: Convolution, phi: Convolution, project: Convolution
) -> Tensor:
    """Aggregate clips over joints by S graphs, and project to the output channels.

    Args:
        x: Clips of shape (N, C, T, V).
        graph: The layout's adjacency plus the learned one, ``A_s + B_s``, (S, V, V).
        theta: The 1x1 convolution to one embedding of each clip, for all subsets: S E channels.
        phi: That to the other.
        project: The 1x1 convolutions W_s, side by side: from S C to O channels.

    Returns:
        The output (N, O, T, V).
    """
    rows, columns = (
        rearrange(embed(x), "n (s e) t v -> n s (e t) v", s=len(graph)) for embed in (theta, phi)
    )
    scores = einsum(rows, columns, "n s k u, n s k v -> n s u v") / rows.shape[2]
    adapted = graph + scores.to(graph.dtype).softmax(dim=-2)
    aggregated = einsum(x, adapted, "n c t u, n s u v -> n s c t v")
    return project(rearrange(aggregated, "n s c t v -> n (s c) t v"))


@_kernels.plain_form("adaptive_graph_conv")
def adaptive_graph_conv(
    x: Tensor,
    graph: Tensor,
    embed: Tensor,
    embed_bias: Tensor,
    project: Tensor,
    project_bias: Tensor,
) -> Tensor:
    """Do what `aggregate` does, with convolutions as matrices (out, in) and their biases.

    Those of theta and phi are one: (2 S E, C).
    """
    embeds = zip(embed.chunk(2), embed_bias.chunk(2), strict=True)
    pairs = (*embeds, (project, project_bias))
    return aggregate(x, graph, *(partial(_convolve, matrix=m, bias=b) for m, b in pairs))


def _convolve(x: Tensor, matrix: Tensor, bias: Tensor) -> Tensor:
    return F.conv2d(x, matrix[..., None, None], bias)


def _matrix(*convs: nn.Conv2d) -> tuple[Tensor, Tensor]:
    """Return 1x1 convolutions as one matrix (out, in) and its bias."""
    weight = torch.cat([conv.weight for conv in convs]).flatten(1)
    bias = torch.cat([conv.bias for conv in convs if conv.bias is not None])
    return weight, bias


def _temporal_conv(channels: int, width: int, *, kernel: int, stride: int) -> nn.Sequential:
    """Build a convolution over time with batch norm, initialised by Kaiming fan-out."""
    conv = nn.Conv2d(
        channels, width, (kernel, 1), stride=(stride, 1), padding=((kernel - 1) // 2, 0)
    )
    nn.init.kaiming_normal_(conv.weight, mode="fan_out")
    return nn.Sequential(conv, nn.BatchNorm2d(width))
