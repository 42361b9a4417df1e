"""The encoders as slow loops, from the papers; weights come in under the reference's names."""

from __future__ import annotations

import numpy as np


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gru_pair(sequence, weights, layers):
    """Two forward GRUs a layer, stepped frame by frame as the released code does.

    ``sequence`` is (T, F); the whole stack advances one frame before the next is read.
    """
    states = {}
    out = None
    for frame in sequence:
        x = frame
        for layer in range(layers):
            outputs = []
            for suffix in ("", "_reverse"):
                name = f"l{layer}{suffix}"
                hidden = weights[f"weight_hh_{name}"].shape[1]
                h = states.get(name, np.zeros(hidden))
                gates_x = weights[f"weight_ih_{name}"] @ x + weights[f"bias_ih_{name}"]
                gates_h = weights[f"weight_hh_{name}"] @ h + weights[f"bias_hh_{name}"]
                rx, zx, nx = np.split(gates_x, 3)
                rh, zh, nh = np.split(gates_h, 3)
                reset, update = _sigmoid(rx + rh), _sigmoid(zx + zh)
                new = np.tanh(nx + reset * nh)
                states[name] = (1 - update) * new + update * h
                outputs.append(states[name])
            x = np.concatenate(outputs)
        out = x
    return out


def adaptive_graph(x, theta, phi, adjacency, learned):
    """Aggregate (C, T, V) with one subset; ``theta`` and ``phi`` are (weight, bias) of 1x1 maps."""
    a = np.einsum("dc,ctv->dtv", theta[0], x) + theta[1][:, None, None]
    b = np.einsum("dc,ctv->dtv", phi[0], x) + phi[1][:, None, None]
    V = x.shape[-1]
    scores = np.zeros((V, V))
    for u in range(V):
        for v in range(V):
            scores[u, v] = (a[:, :, u] * b[:, :, v]).sum() / a[:, :, 0].size
    for v in range(V):
        column = np.exp(scores[:, v] - scores[:, v].max())
        scores[:, v] = column / column.sum()
    graph = adjacency + learned + scores
    out = np.zeros_like(x)
    for v in range(V):
        for u in range(V):
            out[:, :, v] += x[:, :, u] * graph[u, v]
    return out
