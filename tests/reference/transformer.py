"""A pre-norm transformer over patches of joints as slow loops, from the paper."""

from __future__ import annotations

import math

import numpy as np


def patch_numbers(clip, patch):
    """Cut one clip (C, T, V, M) into a list of tokens a person, the numbers of each a list."""
    C, T, V, M = clip.shape
    persons = []
    for m in range(M):
        tokens = []
        for block in range(T // patch):
            for v in range(V):
                numbers = []
                for t in range(block * patch, (block + 1) * patch):
                    for c in range(C):
                        numbers.append(clip[c, t, v, m])
                tokens.append(numbers)
        persons.append(tokens)
    return np.array(persons)


def layer_norm(row, weight, bias):
    return (row - row.mean()) / np.sqrt(row.var() + 1e-5) * weight + bias


def gelu(row):
    return np.array([x * (1 + math.erf(x / math.sqrt(2))) / 2 for x in row])


def self_attention(tokens, weights, heads):
    """Attend to tokens (L, D). The rows of ``qkv`` are all queries, then keys, then values."""
    L, D = tokens.shape
    size = D // heads
    projected = np.array([weights["qkv.weight"] @ row + weights["qkv.bias"] for row in tokens])
    joined = np.zeros((L, D))
    for head in range(heads):
        own = slice(head * size, (head + 1) * size)
        query, key, value = (projected[:, i * D : (i + 1) * D][:, own] for i in range(3))
        for i in range(L):
            scores = np.array([query[i] @ key[j] / math.sqrt(size) for j in range(L)])
            shares = np.exp(scores - scores.max())
            shares /= shares.sum()
            for j in range(L):
                joined[i, own] += shares[j] * value[j]
    return np.array([weights["project.weight"] @ row + weights["project.bias"] for row in joined])


def block(tokens, weights, heads):
    """One block over tokens (L, D): attention, then a perceptron, each after a norm."""

    def part(name):
        return {k.removeprefix(f"{name}."): v for k, v in weights.items() if k.startswith(name)}

    norm1, norm2, mlp = part("norm1"), part("norm2"), part("mlp")
    normed = np.array([layer_norm(row, **norm1) for row in tokens])
    tokens = tokens + self_attention(normed, part("attention"), heads)
    out = []
    for row in tokens:
        hidden = gelu(mlp["0.weight"] @ layer_norm(row, **norm2) + mlp["0.bias"])
        out.append(row + mlp["2.weight"] @ hidden + mlp["2.bias"])
    return np.array(out)


def encode(clip, weights, heads, patch, depth):
    """The tokens (M, L, D) of one clip, and their mean."""
    persons = patch_numbers(clip, patch)
    kernel = weights["patch_embedding.weight"][..., 0]  # (D, C, P)
    flat = np.transpose(kernel, (0, 2, 1)).reshape(len(kernel), -1)
    V = clip.shape[2]
    encoded = []
    for numbers in persons:
        tokens = []
        for place, row in enumerate(numbers):
            token = flat @ row + weights["patch_embedding.bias"]
            token = token + weights["temporal_positions"][0, place // V, 0]
            tokens.append(token + weights["joint_positions"][0, 0, place % V])
        tokens = np.array(tokens)
        for i in range(depth):
            own = f"blocks.{i}."
            parts = {k.removeprefix(own): v for k, v in weights.items() if k.startswith(own)}
            tokens = block(tokens, parts, heads)
        norm = {"weight": weights["norm.weight"], "bias": weights["norm.bias"]}
        encoded.append([layer_norm(row, **norm) for row in tokens])
    return np.array(encoded)


def masked_motion_loss(prediction, clips, mask, patch, stride=1):
    """The loss of MAMP: of masked tokens, against their motion, standardised patch by patch.

    ``prediction`` is (N, M, L, P C), ``mask`` (N, M, L) with 1 where a token is hidden.
    """
    total, count = 0.0, 0
    for n, clip in enumerate(clips):
        motion = np.zeros_like(clip)
        motion[:, :-stride] = clip[:, stride:] - clip[:, :-stride]
        for m, tokens in enumerate(patch_numbers(motion, patch)):
            for place, numbers in enumerate(tokens):
                if mask[n, m, place]:
                    target = (numbers - numbers.mean()) / np.sqrt(numbers.var(ddof=1) + 1e-6)
                    total += ((prediction[n, m, place] - target) ** 2).mean()
                    count += 1
    return total / count
