"""The graph convolution with a graph for each channel as one operator, for processors.

The plain layer keeps S values and S graphs for each output channel: many times what goes in and
comes out. Here a clip goes through all of it while it is in the cache, and backward computes it
again. Biases and the shared graph are further rows of the products. Products are taken in at least
float32, in which they are fastest at these sizes.

Letters: n clips times persons, c channels in, o out, t frames, u target and v source joints, s
subsets, r channels of relations.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from einops import rearrange
from torch import Tensor

from skelter._kernels._derivatives import plain_gradients
from skelter._kernels._switch import product_dtype

ARGUMENTS = (
    "Tensor x, Tensor targets, Tensor sources, Tensor graph, Tensor relation,"
    " Tensor relation_bias, Tensor value, Tensor value_bias"
)


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
    """Aggregate values of clips over joints, by S graphs for each channel, and sum.

    Args:
        x: Clips of shape (N, C, T, V).
        targets: What relates a joint as a target, (N, S R, V).
        sources: What relates a joint as a source, (N, S R, V).
        graph: What the graphs of all channels share, (S, V, V), rows are targets.
        relation: From the relations of a subset to its graphs, (S O, R).
        relation_bias: Shape (S O,).
        value: From clips to values, (S O, C).
        value_bias: Shape (S O,).

    Returns:
        The output (N, O, T, V).
    """
    dtype = product_dtype(x)
    inputs = (x, targets, sources, graph, relation, relation_bias, value, value_bias)
    out: Tensor = _channel_graph_conv(*(tensor.to(dtype) for tensor in inputs))
    return out


class _Wide(NamedTuple):
    """The weights of all products of a call: a bias is a column that a row of ones meets.

    Args:
        relation: Subset by subset (S, O, R + 2): weights, biases, and ones for the shared graph.
        value: For each output channel (O S, C + 1): weights and biases of all subsets.
        shared: The shared graph, and ones above it, as rows of products (S, 2, V V).
    """

    relation: Tensor
    value: Tensor
    shared: Tensor


def _widen(
    graph: Tensor, relation: Tensor, relation_bias: Tensor, value: Tensor, value_bias: Tensor
) -> _Wide:
    S, dtype = len(graph), _wide(graph)
    edges = rearrange(graph, "s u v -> s 1 (v u)").to(dtype)
    columns = torch.cat([relation, relation_bias[:, None], torch.ones_like(relation[:, :1])], 1)
    values = torch.cat([value, value_bias[:, None]], 1)
    return _Wide(
        rearrange(columns, "(s o) r -> s o r", s=S).to(dtype).contiguous(),
        rearrange(values, "(s o) c -> (o s) c", s=S).to(dtype).contiguous(),
        torch.cat([torch.ones_like(edges), edges], 1),
    )


def _clips(x: Tensor, targets: Tensor, sources: Tensor, wide: _Wide) -> Iterator[_Clip]:
    """Yield what each clip is aggregated with."""
    (C, T, V), S = x.shape[1:], len(wide.shared)
    rows, R = wide.shared.shape[2], targets.shape[1] // S
    columns = wide.value.new_ones(C + 1, V * T)
    relations = wide.relation.new_empty(S, R + 2, rows)
    relations[:, R:] = wide.shared
    graphs = wide.relation.new_empty(wide.relation.shape[1], S, rows)
    for n in range(len(x)):
        columns[:C].view(C, V, T).copy_(x[n].transpose(1, 2))
        difference = targets[n].view(S, R, 1, V) - sources[n].view(S, R, V, 1)
        torch.tanh(difference, out=relations[:, :R].view(S, R, V, V))
        for s in range(S):
            torch.mm(wide.relation[s], relations[s], out=graphs[:, s])
        values = torch.mm(wide.value, columns)
        yield _Clip(columns, relations, graphs.view(-1, S * V, V), values.view(-1, S * V, T))


class _Clip(NamedTuple):
    """A clip on its way.

    Args:
        columns: The clip, frames last, and ones (C + 1, V T).
        relations: Differences of joints, ones and the shared graph (S, R + 2, V V).
        graphs: For each channel, from the sources of all subsets to targets (O, S V, V).
        values: For each channel (O, S V, T).
    """

    columns: Tensor
    relations: Tensor
    graphs: Tensor
    values: Tensor


@torch.library.custom_op(
    "skelter::channel_graph_conv", mutates_args=(), schema=f"({ARGUMENTS}) -> Tensor"
)
def _channel_graph_conv(
    x: Tensor,
    targets: Tensor,
    sources: Tensor,
    graph: Tensor,
    relation: Tensor,
    relation_bias: Tensor,
    value: Tensor,
    value_bias: Tensor,
) -> Tensor:
    wide = _widen(graph, relation, relation_bias, value, value_bias)
    (N, _, T, V), O = x.shape, wide.relation.shape[1]  # noqa: E741  # outputs
    out = x.new_empty(N, O, T, V)
    narrow = out.dtype != wide.value.dtype
    targets, sources = targets.to(wide.value.dtype), sources.to(wide.value.dtype)
    for n, clip in enumerate(_clips(x, targets, sources, wide)):
        if narrow:
            out[n] = torch.bmm(clip.values.mT, clip.graphs)
        else:
            torch.bmm(clip.values.mT, clip.graphs, out=out[n])
    return out


@_channel_graph_conv.register_fake
def _(
    x: Tensor,
    targets: Tensor,
    sources: Tensor,
    graph: Tensor,
    relation: Tensor,
    relation_bias: Tensor,
    value: Tensor,
    value_bias: Tensor,
) -> Tensor:
    N, _, T, V = x.shape
    return x.new_empty(N, len(value) // len(graph), T, V)


@torch.library.custom_op(
    "skelter::channel_graph_conv_backward",
    mutates_args=(),
    schema=f"(Tensor grad, {ARGUMENTS}) -> Tensor[]",
)
def _channel_graph_conv_backward(
    grad: Tensor,
    x: Tensor,
    targets: Tensor,
    sources: Tensor,
    graph: Tensor,
    relation: Tensor,
    relation_bias: Tensor,
    value: Tensor,
    value_bias: Tensor,
) -> list[Tensor]:
    """Return the gradients of all inputs, in their order."""
    wide = _widen(graph, relation, relation_bias, value, value_bias)
    (_, C, T, V), S = x.shape, len(graph)
    R, dtype = relation.shape[1], wide.value.dtype
    of_x = torch.empty_like(x, memory_format=torch.contiguous_format)
    of_targets, of_sources = torch.empty_like(targets), torch.empty_like(sources)
    of_relation, of_value = torch.zeros_like(wide.relation), torch.zeros_like(wide.value)
    of_edges = torch.zeros_like(wide.shared[:, 1])
    back = wide.value[:, :C].t().contiguous()
    relation_back = wide.relation.mT.contiguous()
    targets, sources = targets.to(dtype), sources.to(dtype)
    for n, clip in enumerate(_clips(x, targets, sources, wide)):
        into = grad[n].to(dtype).contiguous()  # o t u
        of_graphs = torch.bmm(clip.values, into).view(-1, S, V * V)
        of_values = torch.bmm(clip.graphs, into.mT).view(-1, V * T)
        of_value.addmm_(of_values, clip.columns.t())
        of_x[n] = torch.mm(back, of_values).view(C, V, T).transpose(1, 2)
        of_relations = torch.empty_like(clip.relations)
        for s in range(S):
            of_relation[s].addmm_(of_graphs[:, s], clip.relations[s].t())
            torch.mm(relation_back[s], of_graphs[:, s], out=of_relations[s])
        of_edges += of_relations[:, R + 1]
        slope = 1 - clip.relations[:, :R].square()
        of_difference = slope.mul_(of_relations[:, :R]).view(S * R, V, V)
        of_targets[n] = of_difference.sum(1)
        of_sources[n] = -of_difference.sum(2)
    of_relation = rearrange(of_relation, "s o r -> (s o) r")
    of_value = rearrange(of_value, "(o s) c -> (s o) c", s=S)
    of_graph = rearrange(of_edges, "s (v u) -> s u v", v=V)
    found = (of_graph, of_relation[:, :R], of_relation[:, R], of_value[:, :C], of_value[:, C])
    weights = (graph, relation, relation_bias, value, value_bias)
    own = [one.to(weight.dtype).contiguous() for one, weight in zip(found, weights, strict=True)]
    return [of_x, of_targets, of_sources, *own]


@_channel_graph_conv_backward.register_fake
def _(grad: Tensor, x: Tensor, *others: Tensor) -> list[Tensor]:
    return [torch.empty_like(one, memory_format=torch.contiguous_format) for one in (x, *others)]


def _keep(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
    ctx.save_for_backward(*inputs)


def _backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    if torch.is_grad_enabled():
        return tuple(plain_gradients("channel_graph_conv", ctx.saved_tensors, grad))
    return tuple(_channel_graph_conv_backward(grad, *ctx.saved_tensors))


_channel_graph_conv.register_autograd(_backward, setup_context=_keep)


def _wide(x: Tensor) -> torch.dtype:
    return torch.promote_types(x.dtype, torch.float32)
