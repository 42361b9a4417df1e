"""The graph convolution with the same graphs for all clips, on clips stored frame by frame.

Aggregation comes first, as it is on the smaller side: there are as many channels in as out, or
fewer. A few frames at a time go through it while they are in the cache, and backward computes them
again. A compiler sees one operator.

Letters: t frames, c input and d output channels, n clips times persons, v joints, s subsets.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from einops import rearrange
from torch import Tensor

from skelter._kernels._derivatives import plain_gradients
from skelter._kernels._switch import product_dtype

CACHED = 2**18  # numbers of aggregated clips that are worked on at once


def fixed_graph_conv(x: Tensor, graph: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Project clips (T, C, N, V) to S subsets, aggregate each, and sum: (T, D, N, V).

    ``sum_s (W_s x + b_s) G_s = sum_s W_s (x G_s) + b_s' (1' G_s)``

    Args:
        x: Clips, frames first.
        graph: G of shape (S, V, V).
        weight: The 1x1 convolutions of all subsets, one below the other: (S D, C, 1, 1).
        bias: Shape (S D,).
    """
    dtype = product_dtype(x)
    x, weight, bias = (tensor.to(dtype) for tensor in (x, weight, bias))
    out: Tensor = _fixed_graph_conv(x.contiguous(), graph, weight, bias)
    return out


@torch.library.custom_op("skelter::fixed_graph_conv", mutates_args=())
def _fixed_graph_conv(x: Tensor, graph: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    T, _, N, V = x.shape
    project, of_joints = _by_output(weight, graph), _bias_of_joints(bias, graph)
    out = x.new_empty(T, len(project), N, V)
    edges = graph.to(x.dtype)
    for frames in _chunks(x, len(graph)):
        aggregated = _aggregate(x[frames], edges)
        part = out[frames]
        torch.bmm(_repeat(project, part), aggregated, out=part.view(len(part), -1, N * V))
        part += of_joints[:, None]
    return out


@_fixed_graph_conv.register_fake
def _(x: Tensor, graph: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    T, _, N, V = x.shape
    return x.new_empty(T, len(weight) // len(graph), N, V)


@torch.library.custom_op("skelter::fixed_graph_conv_backward", mutates_args=())
def _fixed_graph_conv_backward(
    grad: Tensor, x: Tensor, graph: Tensor, weight: Tensor, bias: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the gradients of `x`, `graph`, `weight` and `bias`."""
    grad = grad.contiguous()
    _, C, N, V = x.shape
    S, project = len(graph), _by_output(weight, graph)
    wide = torch.promote_types(weight.dtype, torch.float32)
    of_x, of_project = torch.empty_like(x), torch.zeros_like(project, dtype=wide)
    of_graph = torch.zeros_like(graph, dtype=wide)
    edges = graph.to(x.dtype)
    for frames in _chunks(x, S):
        into = grad[frames].view(-1, len(project), N * V)
        of_aggregated = torch.bmm(_repeat(project.t(), into), into)
        of_aggregated = of_aggregated.view(-1, S, C * N, V)
        part = x[frames].view(-1, V)
        aggregated = _aggregate(x[frames], edges)
        of_project += torch.bmm(into, aggregated.transpose(1, 2)).sum(0, dtype=wide)
        back = of_x[frames].view(-1, C * N, V)
        for s in range(S):
            step = of_aggregated[:, s]
            of_graph[s] += torch.bmm(part.view(step.shape).transpose(1, 2), step).sum(0, dtype=wide)
            turned = _repeat(edges[s].t(), step)
            if s == 0:
                torch.bmm(step, turned, out=back)
            else:
                back.baddbmm_(step, turned)
    sums = grad.sum((0, 2), dtype=wide)  # o v
    of_bias = torch.einsum("ov,sv->so", sums, graph.sum(1).to(wide))
    into_joints = torch.einsum("ov,so->sv", sums, bias.view(S, -1).to(wide))
    of_graph += into_joints[:, None]
    of_weight = rearrange(of_project, "o (s c) -> (s o) c 1 1", s=S)
    return (
        of_x,
        of_graph.to(graph.dtype),
        of_weight.to(weight.dtype).contiguous(),
        of_bias.flatten().to(bias.dtype),
    )


@_fixed_graph_conv_backward.register_fake
def _(
    grad: Tensor, x: Tensor, graph: Tensor, weight: Tensor, bias: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    one, two, three, four = map(torch.empty_like, (x, graph, weight, bias))
    return one, two, three, four


def _keep(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
    ctx.save_for_backward(*inputs)


def _backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    if torch.is_grad_enabled():
        return tuple(plain_gradients("fixed_graph_conv", ctx.saved_tensors, grad))
    return tuple(_fixed_graph_conv_backward(grad, *ctx.saved_tensors))


_fixed_graph_conv.register_autograd(_backward, setup_context=_keep)


def _chunks(x: Tensor, subsets: int) -> Iterator[slice]:
    """Part the frames, so that the aggregated clips of a part fit the cache."""
    size = max(1, CACHED // max(1, subsets * x[0].numel()))
    return (slice(start, start + size) for start in range(0, len(x), size))


def _by_output(weight: Tensor, graph: Tensor) -> Tensor:
    """Return the convolutions of all subsets side by side, (D, S C)."""
    return rearrange(weight, "(s o) c 1 1 -> o (s c)", s=len(graph)).contiguous()


def _bias_of_joints(bias: Tensor, graph: Tensor) -> Tensor:
    """Return what biases come to at each joint, (D, V)."""
    wide = torch.promote_types(bias.dtype, torch.float32)
    sums = torch.einsum("so,sv->ov", bias.view(len(graph), -1).to(wide), graph.sum(1).to(wide))
    return sums.to(bias.dtype)


def _aggregate(x: Tensor, edges: Tensor) -> Tensor:
    """Aggregate some frames (T, C, N, V) by graphs (S, V, V): (T, S C, N V)."""
    T, C, N, V = x.shape
    out = x.new_empty(T, len(edges), C * N, V)
    for s, matrix in enumerate(edges):
        torch.bmm(x.view(T, C * N, V), matrix.expand(T, -1, -1), out=out[:, s])
    return out.view(T, -1, N * V)


def _repeat(matrix: Tensor, batch: Tensor) -> Tensor:
    return matrix.expand(len(batch), -1, -1)
