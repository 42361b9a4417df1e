"""A block of ST-GCN, its graph and its dropping, as slow loops, from the papers."""

from __future__ import annotations

import numpy as np


def graph(bones, V, centre, reach):
    """Self, not nearer to the centre, nearer; no distance above ``reach`` is known."""
    edges = np.eye(V)
    for child, parent in bones:
        edges[child, parent] = edges[parent, child] = 1
    steps = np.full(V, np.inf)
    steps[centre], front, step = 0, {centre}, 0
    while front and step < reach:
        step += 1
        front = {j for i in front for j in range(V) if edges[i, j] and np.isinf(steps[j])}
        for j in front:
            steps[j] = step
    out = np.zeros((3, V, V))
    for target in range(V):
        for source in range(V):
            weight = edges[source, target] / edges[:, target].sum()
            subset = 0 if source == target else 2 if steps[source] < steps[target] else 1
            out[subset, source, target] = weight
    return out


def graph_conv(x, graphs, weight, bias):
    """Project (C, T, V) to S subsets (S D, C), and sum what comes along the edges."""
    _, T, V = x.shape
    S, D = len(graphs), len(weight) // len(graphs)
    out = np.zeros((D, T, V))
    for s in range(S):
        for t in range(T):
            for source in range(V):
                message = weight[s * D : (s + 1) * D] @ x[:, t, source] + bias[s * D : (s + 1) * D]
                for target in range(V):
                    out[:, t, target] += message * graphs[s, source, target]
    return out


def temporal_conv(x, weight, bias, stride):
    """Correlate (C, T, V) with taps (D, C, K) around every ``stride``-th frame."""
    _, T, V = x.shape
    D, _, K = weight.shape
    out = np.zeros((D, -(-T // stride), V))
    for t in range(out.shape[1]):
        for v in range(V):
            total = bias.copy()
            for k in range(K):
                frame = t * stride + k - K // 2
                if 0 <= frame < T:
                    total += weight[:, :, k] @ x[:, frame, v]
            out[:, t, v] = total
    return out


def norm(x, state, name, eps=1e-5):
    """Batch norm of (C, T, V) with running statistics."""
    mean, var = state[f"{name}.running_mean"], state[f"{name}.running_var"]
    scaled = (x - mean[:, None, None]) / np.sqrt(var + eps)[:, None, None]
    return scaled * state[f"{name}.weight"][:, None, None] + state[f"{name}.bias"][:, None, None]


def block(x, graphs, state, stride):
    """One block in eval mode: (C, T, V) to (D, T', V). Without a residual, nothing is added."""
    edges = graphs * state["graph.edge_importance"]
    project = state["graph.project.weight"][:, :, 0, 0]
    out = graph_conv(x, edges, project, state["graph.project.bias"])
    out = np.maximum(norm(out, state, "norm"), 0)
    taps = state["temporal.0.weight"][..., 0]
    out = norm(temporal_conv(out, taps, state["temporal.0.bias"], stride), state, "temporal.1")
    if "residual.0.weight" in state:
        taps = state["residual.0.weight"][..., 0]
        around = temporal_conv(x, taps, state["residual.0.bias"], stride)
        out = out + norm(around, state, "residual.1")
    return np.maximum(out, 0)


def energy_dropping(maps, threshold=0.7, eps=1e-4):
    """Drop joints, then entries, of (N, D, T, V, M)."""
    N, D, T, V, M = maps.shape
    attention = np.zeros(maps.shape)
    for n in range(N):
        for d in range(D):
            for m in range(M):
                x = maps[n, d, :, :, m]
                var = ((x - x.mean()) ** 2).sum() / (T * V - 1)
                energy = (x - x.mean()) ** 2 / (4 * (var + eps)) + 0.5
                attention[n, d, :, :, m] = 1 / (1 + np.exp(-energy))
    kept = np.array(
        [
            [[attention[n, :, :, v, m].mean() < threshold for m in range(M)] for v in range(V)]
            for n in range(N)
        ]
    )
    out = maps * kept[:, None, None] * kept.size / kept.sum()
    kept = attention < threshold
    return out * kept * kept.size / kept.sum()
