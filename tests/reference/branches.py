"""Encoders of two branches as slow loops, from the papers and the published code.

Weights come in by our names, as NumPy arrays. Tokens are (L, D), one clip at a time.
"""

from __future__ import annotations

import math

import numpy as np
import torch


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def part(weights, name):
    """Return the weights of a part of a network, by the rest of their names."""
    return {k.removeprefix(f"{name}."): w for k, w in weights.items() if k.startswith(f"{name}.")}


def frame_tokens(x):
    """One token a frame of (C, T, V, M): person slow, then joint, then coordinate."""
    C, T, V, M = x.shape
    return np.array(
        [[x[c, t, v, m] for m in range(M) for v in range(V) for c in range(C)] for t in range(T)]
    )


def joint_tokens(x):
    """One token a joint of a person of (C, T, V, M), persons slow: frame slow, then coordinate."""
    C, T, V, M = x.shape
    return np.array(
        [[x[c, t, v, m] for t in range(T) for c in range(C)] for m in range(M) for v in range(V)]
    )


def linear(x, weights, name):
    return np.array([weights[f"{name}.weight"] @ row for row in x]) + weights.get(f"{name}.bias", 0)


def layer_norm(x, weights, name):
    rows = []
    for row in x:
        mean = row.sum() / len(row)
        variance = ((row - mean) ** 2).sum() / len(row)
        rows.append((row - mean) / math.sqrt(variance + 1e-5))
    return np.array(rows) * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def embed(x, weights):
    hidden = np.maximum(layer_norm(linear(x, weights, "0"), weights, "1"), 0)
    return linear(hidden, weights, "3")


def sines(count, width):
    table = np.zeros((count, width))
    for position in range(count):
        for pair in range(width // 2):
            angle = position / 10000 ** (2 * pair / width)
            table[position, 2 * pair] = math.sin(angle)
            table[position, 2 * pair + 1] = math.cos(angle)
    return table


def sine_buffer(width):
    """The constant of published files: positions of 200 frames, (1, 200, D)."""
    return torch.from_numpy(sines(200, width).astype(np.float32))[None]


def attend(x, weights, heads):
    L, D = x.shape
    size = D // heads
    query, key, value = np.split(linear(x, weights, "qkv"), 3, axis=1)
    out = np.zeros((L, D))
    for head in range(heads):
        own = slice(head * size, (head + 1) * size)
        for i in range(L):
            scores = [query[i, own] @ key[j, own] / math.sqrt(size) for j in range(L)]
            shares = np.exp(np.array(scores) - max(scores))
            shares /= shares.sum()
            out[i, own] = sum(share * value[j, own] for j, share in enumerate(shares))
    return linear(out, weights, "project")


def post_norm_block(x, weights, heads):
    x = layer_norm(x + attend(x, part(weights, "attention"), heads), weights, "norm1")
    hidden = np.maximum(linear(x, weights, "mlp.0"), 0)
    return layer_norm(x + linear(hidden, weights, "mlp.3"), weights, "norm2")


def _perceptron(x, weights):
    hidden = linear(x, weights, "mlp.0")
    erf = np.vectorize(math.erf)(hidden / math.sqrt(2))
    return linear(hidden * (1 + erf) / 2, weights, "mlp.2")


def convolution_attention(x, weights, attention):
    mixed = x + np.maximum(linear(x, weights, "mix"), 0)
    attended = attend(layer_norm(mixed, weights, "norm1"), attention, 1) + x
    return _perceptron(layer_norm(attended, weights, "norm2"), weights)


def shift_attention(x, weights, attention):
    L, D = x.shape
    shifted = np.array(x)
    for d in range(D):
        hidden = np.maximum(linear(x[None, :, d], weights, "shift.0"), 0)
        moved = linear(hidden, weights, "shift.2")[0]
        for token in range(L):
            if token % 4 != 0:
                shifted[token, d] += moved[token]
    outputs = []
    for z in (shifted, x):
        z = z + attend(layer_norm(z, weights, "norm1"), attention, 1)
        outputs.append(z + _perceptron(layer_norm(z, weights, "norm2"), weights))
    return (outputs[0] + outputs[1]) / 2


def dense_layer(x, weights):
    attention = part(weights, "attention")
    convolved = convolution_attention(x, part(weights, "convolution"), attention)
    return (convolved + shift_attention(x, part(weights, "shift"), attention)) / 2


def halve(x, weights):
    """Down-sample tokens: a convolution of each number alone, a norm, the larger of two."""
    L, D = x.shape
    convolved = np.zeros((L, D))
    for d in range(D):
        for token in range(L):
            for k in range(5):
                source = token + k - 2
                if 0 <= source < L:
                    convolved[token, d] += weights["conv.weight"][d, 0, k] * x[source, d]
    normed = np.maximum(layer_norm(convolved + weights["conv.bias"], weights, "norm"), 0)
    return np.array([np.maximum(normed[2 * i], normed[2 * i + 1]) for i in range(L // 2)])


def lstm(x, weights, suffix=""):
    W, U = (weights[f"weight_{kind}_l0{suffix}"] for kind in ("ih", "hh"))
    b = weights[f"bias_ih_l0{suffix}"] + weights[f"bias_hh_l0{suffix}"]
    h = c = np.zeros(U.shape[1])
    states = []
    for frame in x:
        i, f, g, o = np.split(W @ frame + U @ h + b, 4)
        c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
        h = _sigmoid(o) * np.tanh(c)
        states.append(h)
    return np.array(states)


def gru(x, weights, suffix=""):
    W, U = (weights[f"weight_{kind}_l0{suffix}"] for kind in ("ih", "hh"))
    b_x, b_h = (weights[f"bias_{kind}_l0{suffix}"] for kind in ("ih", "hh"))
    h = np.zeros(U.shape[1])
    states = []
    for frame in x:
        r_x, z_x, n_x = np.split(W @ frame + b_x, 3)
        r_h, z_h, n_h = np.split(U @ h + b_h, 3)
        r, z = _sigmoid(r_x + r_h), _sigmoid(z_x + z_h)
        h = (1 - z) * np.tanh(n_x + r * n_h) + z * h
        states.append(h)
    return np.array(states)


def both_ways(unit, x, weights):
    backward = unit(x[::-1], weights, "_reverse")[::-1]
    return np.concatenate([unit(x, weights), backward], axis=1)


def st_transformer(x, weights, *, depth, heads):
    temporal, spatial = part(weights, "temporal"), part(weights, "spatial")
    frames = embed(frame_tokens(x), part(temporal, "embedding"))
    frames = frames + sines(*frames.shape)
    joints = embed(joint_tokens(x), part(spatial, "embedding"))
    joints = joints + spatial["positions.table"][0]
    for block in range(depth):
        frames = post_norm_block(frames, part(temporal, f"blocks.{block}"), heads)
        joints = post_norm_block(joints, part(spatial, f"blocks.{block}"), heads)
    return frames, joints


def dense_st_transformer(x, weights, *, depth):
    temporal, spatial = part(weights, "temporal"), part(weights, "spatial")
    frames = embed(frame_tokens(x), part(temporal, "embedding"))
    joints = embed(joint_tokens(x), part(spatial, "embedding"))
    for layer in range(depth):
        frames = frames + sines(*frames.shape)
        frames = dense_layer(frames, part(temporal, f"layers.{layer}"))
        joints = joints + spatial["positions.table"][0]
        joints = dense_layer(joints, part(spatial, f"layers.{layer}"))
    return frames, joints


def multi_stream(streams, weights, *, depth, heads):
    """``streams`` are clips (C, T, V, M) by name: one of them, or all that the encoder fuses."""
    tokens = []
    for branch, flatten in (("temporal", frame_tokens), ("spatial", joint_tokens)):
        own = part(weights, branch)
        embedded = [embed(flatten(x), part(own, f"embedding.{s}")) for s, x in streams.items()]
        z = sum(embedded) / len(embedded)
        if len(embedded) > 1:
            z = linear(z, own, "fusion")
        if branch == "temporal":
            z = z + sines(*z.shape)
        for block in range(depth):
            z = post_norm_block(z, part(own, f"blocks.{block}"), heads)
        tokens.append(z)
    return tokens


def hierarchical(x, weights, *, units, granularity):
    """The vectors of all levels, those of time first: (2, G, D)."""
    encode = {
        "gru": lambda z, w: both_ways(gru, z, w),
        "lstm": lambda z, w: both_ways(lstm, z, w),
        "transformer": lambda z, w: post_norm_block(z, w, 4),
    }[units]
    vectors = []
    for branch, flatten in (("temporal", frame_tokens), ("spatial", joint_tokens)):
        own = part(weights, branch)
        tokens = embed(flatten(x), part(own, "embedding"))
        levels = []
        for level in range(granularity):
            if level > 0:
                tokens = halve(tokens, part(own, "downsampling"))
            levels.append(encode(tokens, part(own, "encoder")).max(0))
        vectors.append(levels)
    return np.array(vectors)
