"""The graph encoder that most contrastive methods train: fixed graphs with learned edges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from einops import einsum, rearrange
from torch import Tensor, nn
from torch.nn import functional as F

from skelter import _checks, _kernels
from skelter.encoders.graphs._dropout import FastDropout
from skelter.encoders.parts._pooling import (
    persons_apart,
    persons_together,
    pool_map,
    present_persons,
)
from skelter.encoders.parts._recompute import recompute
from skelter.layouts import NTU25, SkeletonLayout, check_layout

QUARTER = (16, 16, 16, 16, 32, 32, 32, 64, 64, 256)
HALVING = (4, 7)


class STGCN(nn.Module):
    """Spatial temporal graph convolutional network.

    Every block sums over the subsets of a graph, ``sum_s W_s x (A_s * E_s)``, with A the layout's
    adjacency and E the learned importance of its edges, and then convolves over time. Persons
    share everything, so any number of them fits. So does any number of frames. Features are means
    over joints and frames, then over persons.

    =======================================  ==========================================  =========
    Encoder of                               widths                                      D
    =======================================  ==========================================  =========
    SkeletonCLR, CrosSCLR, AimCLR, PSTL,     the default, a quarter of the original      256
    ActCLR, SkeleMixCLR
    ST-GCN                                   ``[64] * 4 + [128] * 3 + [256] * 3``        256
    HYSP                                     ``[64] * 4 + [128] * 3 + [256] * 2 +        1024
                                             [1024]``
    =======================================  ==========================================  =========

    SkeleMixCLR has ``adjacency="spatial"``. `initialise_normal` starts it as the methods do that
    do not start from torch's defaults.

    Args:
        layout: The layout of the clips, any number of joints.
        in_channels: Coordinates C of a joint.
        widths: Channels of each block. The last is `feature_dim`.
        halving: Numbers of the blocks, from 0, that halve the frames. Those beyond the last
            block are left out.
        adjacency: Strategy of `SkeletonLayout.adjacency`.
        dropout: Chance of a number to be dropped at the end of each block but the first, in
            training.
        skip_missing: Whether persons that are all zeros are left out of the mean over persons.
            The originals count them.
        recompute: Whether backward computes again what is inside its blocks, which saves memory
            and costs about a third more time.

    Raises:
        TypeError: `layout` is not a layout; in a call, the clips do not have the dtype of the
            weights.
        ValueError: An argument is out of range; in a call, the clips do not fit the layout.

    References:
        Yan et al., Spatial Temporal Graph Convolutional Networks for Skeleton-Based Action
        Recognition, AAAI 2018; at a quarter of the width, Li et al., CrosSCLR, CVPR 2021

    Example:
        >>> encoder = STGCN(widths=(8, 8, 16))
        >>> encoder(torch.zeros(4, 3, 50, 25, 2)).shape, encoder.feature_dim
        (torch.Size([4, 16]), 16)
        >>> x = torch.zeros(4, 3, 50, 25, 2)
        >>> hands = [7, 11, 21, 22, 23, 24]
        >>> encoder(x, ignore_joints=hands).shape
        torch.Size([4, 16])
        >>> maps = encoder.feature_map(x)
        >>> maps.shape, torch.equal(encoder.pool(maps), encoder.eval()(x))
        (torch.Size([4, 16, 50, 25, 2]), False)
    """

    def __init__(
        self,
        layout: SkeletonLayout = NTU25,
        in_channels: int = 3,
        *,
        widths: Sequence[int] = QUARTER,
        halving: Sequence[int] = HALVING,
        adjacency: str = "st-gcn",
        dropout: float = 0.5,
        skip_missing: bool = False,
        recompute: bool = False,
    ) -> None:
        super().__init__()
        _checks.positive_int("in_channels", in_channels)
        wide = len(widths) > 0 and min(widths) >= 1
        _checks.require(wide, "`widths`", "be one or more channel counts from 1", widths)
        counted = all(number >= 0 for number in halving)
        _checks.require(counted, "`halving`", "be numbers of blocks from 0", halving)
        _checks.between("dropout", dropout, 0.0, 1.0)
        self.layout = check_layout(layout)
        self.in_channels, self.widths, self.halving = in_channels, tuple(widths), tuple(halving)
        self.adjacency, self.dropout = adjacency, dropout
        self.skip_missing, self.recompute = skip_missing, recompute
        self.feature_dim = widths[-1]
        graph = layout.adjacency(adjacency)
        self.input_norm = nn.BatchNorm1d(layout.num_joints * in_channels)
        self.blocks = nn.ModuleList(
            _Block(
                before,
                width,
                graph,
                stride=2 if number in halving else 1,
                dropout=dropout if number > 0 else 0.0,
                residual=number > 0,
            )
            for number, (before, width) in enumerate(
                zip((in_channels, *widths), widths, strict=False)
            )
        )

    def forward(self, x: Tensor, ignore_joints: Any = None) -> Tensor:
        """Return features (N, feature_dim) of clips (N, C, T, V, M).

        Args:
            x: Clips.
            ignore_joints: As in `feature_map`.
        """
        x = _checks.clip_batch(x)
        maps = self.feature_map(x, ignore_joints)
        return self.pool(maps, present_persons(x) if self.skip_missing else None)

    def feature_map(self, x: Tensor, ignore_joints: Any = None) -> Tensor:
        """Return features of every place, (N, feature_dim, T', V', M), of clips (N, C, T, V, M).

        T' is half of T, rounded up, after each block that halves it.

        Args:
            x: Clips.
            ignore_joints: Joints that are left out behind the input norm, with their edges: names
                or indices, or a mask (V,) that is True for them. V' is the number of the others,
                which keep their order. None leaves out none.

        References:
            Zhou et al., Self-supervised Action Representation Learning from Partial
            Spatio-Temporal Skeleton Sequences, AAAI 2023: central spatial masking
        """
        x = _checks.clip_batch(x)
        _checks.joints(x, self.layout)
        _checks.axis(x, "C", self.in_channels, "this STGCN", "Pass in_channels=... to it.")
        _checks.dtype_of(x, self)
        V, M = self.layout.num_joints, x.shape[-1]
        x = self.input_norm(rearrange(persons_apart(x), "n c t v -> n (v c) t"))
        x = rearrange(x, "n (v c) t -> n c t v", v=V)
        kept = None if ignore_joints is None else self._kept(ignore_joints, x)
        if kept is not None:
            x = x[..., kept]
        for block in self.blocks:

            def run(x: Tensor, block: nn.Module = block) -> Tensor:
                out: Tensor = block(x, kept)
                return out

            x = recompute(run, x, block) if self.recompute else run(x)
        return persons_together(x, M)

    def pool(self, feature_map: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return features (N, feature_dim): means over frames and joints, then over persons.

        Args:
            feature_map: As `feature_map` returns it.
            mask: Where to look, bool, any shape that broadcasts to (N, T', V', M). A person
                without a True is left out. None looks everywhere.
        """
        return pool_map(feature_map, mask)

    def _kept(self, ignore_joints: Any, x: Tensor) -> Tensor:
        """Return the indices of the joints that are not ignored."""
        V = self.layout.num_joints
        if isinstance(ignore_joints, (list, tuple)):
            ignore_joints = [
                self.layout.index(joint) if isinstance(joint, str) else joint
                for joint in ignore_joints
            ]
        left_out = set(_checks.indices("ignore_joints", ignore_joints, V).tolist())
        expected = f"leave at least one of {V} joints"
        _checks.require(len(left_out) < V, "`ignore_joints`", expected, "all of them")
        return torch.tensor([v for v in range(V) if v not in left_out], device=x.device)


class _Block(nn.Module):
    """A graph convolution, a temporal convolution, and a connection around both."""

    def __init__(
        self,
        channels: int,
        width: int,
        graph: Tensor,
        *,
        stride: int,
        dropout: float,
        residual: bool,
    ) -> None:
        super().__init__()
        self.stride = stride
        self.graph = _GraphConv(channels, width, graph)
        self.norm = nn.BatchNorm2d(width)
        self.temporal = _temporal_conv(width, width, kernel=9, stride=stride)
        self.dropout = FastDropout(dropout)
        self.residual: nn.Module | None = None
        if residual:
            same = channels == width and stride == 1
            self.residual = (
                nn.Identity() if same else _temporal_conv(channels, width, kernel=1, stride=stride)
            )

    def forward(self, x: Tensor, kept: Tensor | None = None) -> Tensor:
        if self._is_fused(x):
            return self._frames_first(x, kept)
        out = _kernels.add_relu(self.norm(self.graph(x, kept)), None, self.norm)
        out = self.dropout(self.temporal(out))
        around = None if self.residual is None else self.residual(x)
        return _kernels.add_relu(out, around, self.temporal, self.dropout)

    def _frames_first(self, x: Tensor, kept: Tensor | None) -> Tensor:
        """Do the same with frames as the slowest axis, in which all products are of whole frames.

        Norms have no order of clips, frames and joints.
        """
        x = x.transpose(0, 2)  # n c t v -> t c n v, as it is stored from the second block on
        project = self.graph.project
        graph = self.graph.edges(kept)
        out = _kernels.fixed_graph_conv(x, graph, project.weight, _bias(project))
        out = _kernels.add_relu(self.norm(out), None, self.norm)
        out = self.dropout(self._along_time(out, self.temporal))
        around: Tensor | None = None
        if self.residual is not None:
            chain = isinstance(self.residual, nn.Sequential)
            around = self._along_time(x, self.residual) if chain else self.residual(x)
        out = _kernels.add_relu(out, around, self.temporal, self.dropout)
        return out.transpose(0, 2)

    def _along_time(self, x: Tensor, layers: Any) -> Tensor:
        conv, norm = layers
        out = _kernels.temporal_conv(x, conv.weight, _bias(conv), self.stride)
        normed: Tensor = norm(out)
        return normed

    def _is_fused(self, x: Tensor) -> bool:
        """Tell whether the operators for processors compute this block, as wide as it is."""
        chains = [self.temporal]
        if isinstance(self.residual, nn.Sequential):
            chains.append(self.residual)
        graph = type(self.graph) is _GraphConv and _is_usual(self.graph.project, 1)
        usual = graph and all(_is_chain(chain, self.stride) for chain in chains)
        if x.device.type != "cpu" or not usual:
            return False
        return _kernels.is_fused(x, *self.parameters(), parts=(self.graph, *chains))


class _GraphConv(nn.Module):
    """Project to the channels of S subsets, aggregate each over the joints, and sum.

    ``sum_s (W_s x + b_s) (A_s * E_s)``, with A_s the layout's adjacency and E_s learned.
    """

    adjacency: Tensor

    def __init__(self, channels: int, width: int, graph: Tensor) -> None:
        super().__init__()
        # Follows from the layout: not a part of the state dict.
        self.register_buffer("adjacency", graph, persistent=False)
        self.edge_importance = nn.Parameter(torch.ones_like(graph))
        self.project = nn.Conv2d(channels, len(graph) * width, 1)

    def forward(self, x: Tensor, kept: Tensor | None = None) -> Tensor:
        graph = self.edges(kept)
        projected = rearrange(self.project(x), "n (s c) t v -> n s c t v", s=len(graph))
        out: Tensor = einsum(projected, graph, "n s c t v, s v w -> n c t w")
        return out

    def edges(self, kept: Tensor | None) -> Tensor:
        """Return the weighted graphs (S, V, V), of some joints or of all."""
        graph = self.adjacency * self.edge_importance
        return graph if kept is None else graph[:, kept][:, :, kept]


@_kernels.plain_form("fixed_graph_conv")
def fixed_graph_conv(x: Tensor, graph: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Do what `_GraphConv` does, on clips (T, C, N, V): see the operator of the same name."""
    projected = F.conv2d(x, weight, bias)
    projected = rearrange(projected, "t (s c) n v -> t s c n v", s=len(graph))
    return einsum(projected, graph, "t s c n v, s v w -> t c n w")


@_kernels.plain_form("temporal_conv")
def temporal_conv(x: Tensor, weight: Tensor, bias: Tensor, stride: int) -> Tensor:
    """Convolve clips (T, C, N, V) over time: see the operator of the same name."""
    padding = (weight.shape[2] // 2, 0)
    return F.conv2d(x.transpose(0, 2), weight, bias, (stride, 1), padding).transpose(0, 2)


def _is_chain(layers: nn.Module, stride: int) -> bool:
    """Tell whether layers are what `_temporal_conv` builds."""
    return type(layers) is nn.Sequential and len(layers) == 2 and _is_usual(layers[0], stride)


def _is_usual(conv: nn.Module, stride: int) -> bool:
    """Tell whether a layer is a convolution over time of the kind that an operator computes."""
    return (
        type(conv) is nn.Conv2d
        and (conv.groups, conv.dilation, conv.padding_mode) == (1, (1, 1), "zeros")
        and (conv.stride, conv.padding) == ((stride, 1), (conv.kernel_size[0] // 2, 0))
        and conv.kernel_size[0] % 2 == 1
        and conv.kernel_size[1] == 1
    )


def _bias(conv: nn.Conv2d) -> Tensor:
    return conv.weight.new_zeros(len(conv.weight)) if conv.bias is None else conv.bias


def _temporal_conv(channels: int, width: int, *, kernel: int, stride: int) -> nn.Sequential:
    """Build a convolution over time with batch norm."""
    padding = ((kernel - 1) // 2, 0)
    conv = nn.Conv2d(channels, width, (kernel, 1), stride=(stride, 1), padding=padding)
    return nn.Sequential(conv, nn.BatchNorm2d(width))
