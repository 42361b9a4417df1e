"""The layers of CTR-GCN as slow loops, from the paper."""

from __future__ import annotations

import numpy as np


def channel_graph(x, theta, phi, value, relation, adjacency, alpha):
    """Aggregate (C, T, V) with one subset, by a graph for each channel whose rows are targets.

    ``theta``, ``phi``, ``value`` and ``relation`` are (weight, bias) of 1 x 1 maps.
    """
    T, V = x.shape[1:]
    p, q, y = (
        np.einsum("dc,ctv->dtv", weight, x) + bias[:, None, None]
        for weight, bias in (theta, phi, value)
    )
    p, q = p.mean(1), q.mean(1)
    out = np.zeros_like(y)
    for u in range(V):
        for v in range(V):
            edge = relation[0] @ np.tanh(p[:, u] - q[:, v]) + relation[1]
            for t in range(T):
                out[:, t, u] += (alpha * edge + adjacency[u, v]) * y[:, t, v]
    return out


def dilated(x, weight, bias, dilation, stride):
    """Convolve (C, T, V) with (O, C, 5, 1) over time, zeros around it."""
    T, V = x.shape[1:]
    out = []
    for t in range(0, T, stride):
        row = np.tile(bias[:, None], (1, V))
        for k in range(5):
            frame = t + (k - 2) * dilation
            if 0 <= frame < T:
                row = row + weight[:, :, k, 0] @ x[:, frame]
        out.append(row)
    return np.stack(out, 1)


def highest_of_three(x, stride):
    """Take the maximum of each frame of (C, T, V) and its neighbours."""
    frames = range(0, x.shape[1], stride)
    return np.stack([x[:, max(t - 1, 0) : t + 2].max(1) for t in frames], 1)


def norm(x, weight, bias, mean, variance):
    """Normalise (C, T, V) by statistics of its channels."""
    scale = weight / np.sqrt(variance + 1e-5)
    return (x - mean[:, None, None]) * scale[:, None, None] + bias[:, None, None]
