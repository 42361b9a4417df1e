"""The small encoders of sequences as slow loops; weights come in as arrays by our names."""

from __future__ import annotations

from math import erf, sqrt

import numpy as np


def with_motion(sequence):
    """Numbers (T, I) and their steps to the next frame, zero at the end: (T, 2 I)."""
    out = np.zeros((len(sequence), 2 * sequence.shape[1]))
    for t, frame in enumerate(sequence):
        following = sequence[t + 1] if t + 1 < len(sequence) else frame
        out[t] = np.concatenate([frame, following - frame])
    return out


def batch_norm(x, weights, name):
    """Eval mode, for (T, D)."""
    mean, var = weights[f"{name}.running_mean"], weights[f"{name}.running_var"]
    scale = weights[f"{name}.weight"] / np.sqrt(var + 1e-5)
    return (x - mean) * scale + weights[f"{name}.bias"]


def convolve(x, kernel, bias, *, stride=1, dilation=1, padding=0):
    """Correlate (T, I) with a kernel (O, I, K), frame by frame and tap by tap."""
    padded = np.concatenate([np.zeros((padding, x.shape[1])), x, np.zeros((padding, x.shape[1]))])
    reach = dilation * (kernel.shape[2] - 1)
    rows = []
    for start in range(0, len(padded) - reach, stride):
        row = np.array(bias, dtype=np.float64)
        for tap in range(kernel.shape[2]):
            row = row + kernel[:, :, tap] @ padded[start + tap * dilation]
        rows.append(row)
    return np.stack(rows)


def tcn(sequence, weights, dilations, kernel):
    """Features of one sequence (T, I): mean, then maximum."""
    x = batch_norm(with_motion(sequence), weights, "input_norm")
    x = np.maximum(convolve(x, weights["embed.0.weight"], weights["embed.0.bias"]), 0)
    for block, dilation in enumerate(dilations):
        name = f"blocks.{block}.branch"
        padding = dilation * (kernel - 1) // 2
        y = convolve(x, weights[f"{name}.0.weight"], 0, dilation=dilation, padding=padding)
        y = np.maximum(batch_norm(y, weights, f"{name}.1"), 0)
        y = batch_norm(convolve(y, weights[f"{name}.3.weight"], 0), weights, f"{name}.4")
        x = np.maximum(x + y, 0)
    return np.concatenate([x.mean(0), x.max(0)])


def frame_transformer(sequence, weights, layers, heads, patch):
    """Features of one sequence (T, I): mean over tokens."""
    x = batch_norm(with_motion(sequence), weights, "input_norm")
    name = "patch_embedding"
    x = convolve(x, weights[f"{name}.weight"], weights[f"{name}.bias"], stride=patch)
    x = x + weights["positions"][0, : len(x)]
    for layer in range(layers):
        name = f"blocks.{layer}"
        y = layer_norm(x, weights, f"{name}.norm1")
        x = x + attend(y, weights, f"{name}.attention", heads)
        y = linear(layer_norm(x, weights, f"{name}.norm2"), weights, f"{name}.mlp.0")
        gelu = np.vectorize(lambda v: v * (1 + erf(v / sqrt(2))) / 2)
        x = x + linear(gelu(y), weights, f"{name}.mlp.2")
    return layer_norm(x, weights, "norm").mean(0)


def attend(x, weights, name, heads):
    query, key, value = np.split(linear(x, weights, f"{name}.qkv"), 3, axis=1)
    size = query.shape[1] // heads
    out = np.zeros_like(query)
    for head in range(heads):
        part = slice(head * size, (head + 1) * size)
        for token in range(len(x)):
            scores = np.array([query[token, part] @ other[part] for other in key]) / sqrt(size)
            scores = np.exp(scores - scores.max())
            for share, other in zip(scores / scores.sum(), value, strict=True):
                out[token, part] += share * other[part]
    return linear(out, weights, f"{name}.project")


def linear(x, weights, name):
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def layer_norm(x, weights, name):
    x = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5)
    return x * weights[f"{name}.weight"] + weights[f"{name}.bias"]
