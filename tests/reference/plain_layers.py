"""The fused layers of the encoders as plain torch, for autograd to go through step by step."""

from __future__ import annotations

import torch
from einops import einsum, rearrange


def gru(x, module, *, forward_pair):
    """Run a bidirectional ``nn.GRU`` frame by frame: (N, T, I) to the states (N, T, 2H)."""
    for layer in range(module.num_layers):
        outputs = []
        for suffix in ("", "_reverse"):
            names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            weights = [getattr(module, f"{name}_l{layer}{suffix}") for name in names]
            backward = suffix == "_reverse" and not forward_pair
            frames = x.flip(1) if backward else x
            states = unit(frames, *weights)
            outputs.append(states.flip(1) if backward else states)
        x = torch.cat(outputs, -1)
    return x


def unit(x, weight_ih, weight_hh, bias_ih, bias_hh):
    h = x.new_zeros(len(x), weight_hh.shape[1])
    states = []
    for frame in x.unbind(1):
        rx, zx, nx = (frame @ weight_ih.T + bias_ih).chunk(3, -1)
        rh, zh, nh = (h @ weight_hh.T + bias_hh).chunk(3, -1)
        reset, update = torch.sigmoid(rx + rh), torch.sigmoid(zx + zh)
        h = (1 - update) * torch.tanh(nx + reset * nh) + update * h
        states.append(h)
    return torch.stack(states, 1)


def adaptive_graph_conv(x, graph, embed, embed_bias, project, project_bias):
    """Aggregate (N, C, T, V) over joints by the subsets of a graph, one after another."""
    T, S = x.shape[2], len(graph)
    embedded = einsum(x, embed, "n c t v, e c -> n e t v") + embed_bias[:, None, None]
    theta, phi = rearrange(embedded, "n (i s e) t v -> i s n e t v", i=2, s=S)
    out = project_bias[:, None, None]
    for subset, weight in enumerate(rearrange(project, "o (s c) -> s o c", s=S)):
        scores = einsum(theta[subset], phi[subset], "n e t u, n e t v -> n u v")
        adapted = (scores / (theta.shape[2] * T)).softmax(dim=1)
        mixed = einsum(x, graph[subset] + adapted, "n c t u, n u v -> n c t v")
        out = out + einsum(mixed, weight, "n c t v, o c -> n o t v")
    return out
