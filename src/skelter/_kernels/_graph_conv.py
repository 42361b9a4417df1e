"""The adaptive graph convolution as one operator, with a backward pass of its own.

The plain layers keep three aggregated copies of the clips, and the embeddings behind the
data-dependent graph: more than everything else in the block. Here a few clips at a time go through
all of it while they are in the cache. Backward computes them again, which takes less time than
keeping them and reading them back. A compiler sees one operator.

Letters: n clips times persons, c channels, t frames, u and v joints, s subsets of the graph.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Any, NamedTuple

import torch
from einops import reduce
from torch import Tensor

from skelter._kernels._derivatives import plain_gradients
from skelter._kernels._switch import product_dtype

CACHED = 2**22  # numbers of aggregated clips that are worked on at once


class Weights(NamedTuple):
    """The learned tensors of an adaptive graph convolution.

    Args:
        graph: The layout's adjacency plus the learned one, (S, V, V).
        embed: From C channels to those of theta, then of phi, for all subsets: (2 S E, C).
        embed_bias: Shape (2 S E,).
        project: From the S C aggregated channels to the output's: (O, S C).
        project_bias: Shape (O,).
    """

    graph: Tensor
    embed: Tensor
    embed_bias: Tensor
    project: Tensor
    project_bias: Tensor


WEIGHTS = "Tensor graph, Tensor embed, Tensor embed_bias, Tensor project, Tensor project_bias"


def adaptive_graph_conv(
    x: Tensor,
    graph: Tensor,
    embed: Tensor,
    embed_bias: Tensor,
    project: Tensor,
    project_bias: Tensor,
) -> Tensor:
    """Aggregate clips (N, C, T, V) over joints by three graphs, and project: (N, O, T, V).

    With ``A_s = graph_s + softmax(theta_s(x)' phi_s(x) / (E T))`` over its rows, the output is
    ``sum_s project_s (x A_s)``. The other arguments are those of `Weights`.
    """
    dtype = product_dtype(x)
    matrices = [tensor.to(dtype) for tensor in (embed, embed_bias, project, project_bias)]
    out: Tensor = _adaptive_graph_conv(x.to(dtype), graph, *matrices)[0]
    return out


@torch.library.custom_op(
    "skelter::adaptive_graph_conv",
    mutates_args=(),
    schema=f"(Tensor x, {WEIGHTS}) -> (Tensor, Tensor)",
)
def _adaptive_graph_conv(
    x: Tensor,
    graph: Tensor,
    embed: Tensor,
    embed_bias: Tensor,
    project: Tensor,
    project_bias: Tensor,
) -> tuple[Tensor, Tensor]:
    """Return the output (N, O, T, V), and the data-dependent graphs (N, S, V, V) for backward."""
    N, _, T, V = x.shape
    weights = Weights(graph, embed, embed_bias, project, project_bias)
    out = x.new_empty(N, len(project), T, V)
    adapted = graph.new_empty(N, *graph.shape)
    for rows in _chunks(x, len(graph)):
        part = _contiguous(x[rows])
        theta, phi = _embeddings(part, weights)
        scores = _per_subset(theta.transpose(-1, -2), phi).to(graph.dtype).div_(theta.shape[2])
        adapted[rows] = scores.softmax(dim=-2)
        aggregated = _aggregate(part, adapted[rows] + graph)
        projected = _times(project, aggregated).add_(project_bias[:, None])
        out[rows] = projected.view(out[rows].shape)
    return out, adapted


@_adaptive_graph_conv.register_fake
def _(
    x: Tensor,
    graph: Tensor,
    embed: Tensor,
    embed_bias: Tensor,
    project: Tensor,
    project_bias: Tensor,
) -> tuple[Tensor, Tensor]:
    N, _, T, V = x.shape
    return x.new_empty(N, len(project), T, V), graph.new_empty(N, *graph.shape)


@torch.library.custom_op(
    "skelter::adaptive_graph_conv_backward",
    mutates_args=(),
    schema=f"(Tensor grad, Tensor x, Tensor adapted, {WEIGHTS}) -> Tensor[]",
)
def _adaptive_graph_conv_backward(
    grad: Tensor,
    x: Tensor,
    adapted: Tensor,
    graph: Tensor,
    embed: Tensor,
    embed_bias: Tensor,
    project: Tensor,
    project_bias: Tensor,
) -> list[Tensor]:
    """Return the gradients of `x` and of the weights, in their order."""
    weights = Weights(graph, embed, embed_bias, project, project_bias)
    out = torch.empty_like(x, memory_format=torch.contiguous_format)
    sums = [torch.zeros_like(weight, dtype=_wide(weight)) for weight in weights]
    of_graph, of_embed, of_embed_bias, of_project, of_project_bias = sums
    for rows in _chunks(x, len(graph)):
        part, into = _contiguous(x[rows]), _contiguous(grad[rows]).flatten(2)
        own = adapted[rows]
        aggregated = _aggregate(part, own + graph)
        of_project += _summed_product(into, aggregated)
        of_project_bias += into.sum((0, 2))
        of_aggregated = _times(project.t(), into).view(*own.shape[:2], -1, part.shape[-1])
        joints_last = part.view(len(part), -1, part.shape[-1])
        joints_first = joints_last.transpose(1, 2)[:, None].expand(-1, own.shape[1], -1, -1)
        of_own = _per_subset(joints_first, of_aggregated).to(own.dtype)
        of_graph += of_own.sum(0)
        theta, phi = _embeddings(part, weights)
        scores = own * (of_own - (own * of_own).sum(-2, keepdim=True)) / theta.shape[2]
        scores = scores.to(x.dtype)
        of_embedded = x.new_empty(len(part), 2, *theta.shape[1:])
        _per_subset(phi, scores.transpose(-1, -2), out=of_embedded[:, 0])
        _per_subset(theta, scores, out=of_embedded[:, 1])
        embedded = of_embedded.view(len(part), len(embed), -1)
        of_embed += _summed_product(embedded, part.flatten(2))
        of_embed_bias += embedded.sum((0, 2))
        back = _times(embed.t(), embedded).view(joints_last.shape)
        for subset, edges in enumerate((own + graph).to(x.dtype).transpose(-1, -2).unbind(1)):
            back.baddbmm_(of_aggregated[:, subset], edges)
        out[rows] = back.view(part.shape)
    return [out, *(total.to(weight.dtype) for total, weight in zip(sums, weights, strict=True))]


@_adaptive_graph_conv_backward.register_fake
def _(
    grad: Tensor,
    x: Tensor,
    adapted: Tensor,
    graph: Tensor,
    embed: Tensor,
    embed_bias: Tensor,
    project: Tensor,
    project_bias: Tensor,
) -> list[Tensor]:
    out = torch.empty_like(x, memory_format=torch.contiguous_format)
    weights = (graph, embed, embed_bias, project, project_bias)
    return [out, *map(torch.empty_like, weights)]


def _keep(ctx: Any, inputs: tuple[Tensor, ...], output: tuple[Tensor, Tensor]) -> None:
    x, *weights = inputs
    ctx.save_for_backward(x, output[1], *weights)


def _backward(ctx: Any, grad: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
    if torch.is_grad_enabled():
        x, _, *weights = ctx.saved_tensors
        return tuple(plain_gradients("adaptive_graph_conv", [x, *weights], grad))
    return tuple(_adaptive_graph_conv_backward(grad, *ctx.saved_tensors))


_adaptive_graph_conv.register_autograd(_backward, setup_context=_keep)


def _chunks(x: Tensor, subsets: int) -> Iterator[slice]:
    """Part the batch on a CPU, so that the aggregated clips of a part fit the cache."""
    parts = ceil(subsets * x.numel() / CACHED) if x.device.type == "cpu" else 1
    size = max(1, ceil(len(x) / max(1, parts)))
    return (slice(start, start + size) for start in range(0, len(x), size))


def _embeddings(x: Tensor, weights: Weights) -> tuple[Tensor, Tensor]:
    """Return theta and phi of clips, each (N, S, E T, V)."""
    embedded = _times(weights.embed, x.flatten(2)).add_(weights.embed_bias[:, None])
    parts = embedded.view(len(x), 2, len(weights.graph), -1, x.shape[-1])
    return parts[:, 0], parts[:, 1]


def _aggregate(x: Tensor, graphs: Tensor) -> Tensor:
    """Aggregate clips (N, C, T, V) by graphs (N, S, V, V): (N, S C, T V)."""
    N, C, T, V = x.shape
    S = graphs.shape[1]
    clips = x.view(N, 1, C * T, V).expand(-1, S, -1, -1)
    return _per_subset(clips, graphs.to(x.dtype)).view(N, S * C, T * V)


def _per_subset(first: Tensor, second: Tensor, out: Tensor | None = None) -> Tensor:
    """Multiply (N, S, A, B) by (N, S, B, D), without the copies that matmul would make of them."""
    if out is None:
        out = first.new_empty(*first.shape[:-1], second.shape[-1])
    for subset in range(first.shape[1]):
        torch.bmm(first[:, subset], second[:, subset], out=out[:, subset])
    return out


def _times(matrix: Tensor, x: Tensor) -> Tensor:
    """Multiply every (B, L) of a batch by (A, B) from the left: (N, A, L)."""
    return torch.bmm(matrix.expand(len(x), -1, -1), x)


def _summed_product(first: Tensor, second: Tensor) -> Tensor:
    """Sum ``first @ second'`` over a batch of (N, A, L) and (N, B, L): (A, B)."""
    return reduce(torch.bmm(first, second.transpose(1, 2)), "n a b -> a b", "sum")


def _contiguous(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.contiguous_format)


def _wide(x: Tensor) -> torch.dtype:
    return torch.promote_types(x.dtype, torch.float32)
