"""The losses of the paper as loops over clips, in float64, and the queue as a deque."""

from __future__ import annotations

import math
from collections import deque

import numpy as np


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def info_nce(query, key, negatives, temperature):
    query, key, negatives = unit(query), unit(key), unit(negatives)
    total = 0.0
    for q, k in zip(query, key, strict=True):
        positive = math.exp(q @ k / temperature)
        others = sum(math.exp(q @ n / temperature) for n in negatives)
        total -= math.log(positive / (positive + others))
    return total / len(query)


def nt_xent(z1, z2, temperature):
    z = unit(np.concatenate([z1, z2]))
    size = len(z)
    total = 0.0
    for i in range(size):
        partner = (i + size // 2) % size
        others = sum(math.exp(z[i] @ z[j] / temperature) for j in range(size) if j != i)
        total -= math.log(math.exp(z[i] @ z[partner] / temperature) / others)
    return total / size


def batch_info_nce(query, key, temperature):
    query, key = unit(query), unit(key)
    losses = []
    for i, q in enumerate(query):
        shares = [math.exp(q @ k / temperature) for k in key]
        losses.append(-math.log(shares[i] / sum(shares)))
    return np.array(losses)


def supervised_contrastive(z, labels, temperature):
    """Equation 2 of Khosla et al., row by row: nan where a row has no positive."""
    z = unit(z)
    losses = []
    for i, label in enumerate(labels):
        others = [j for j in range(len(z)) if j != i and labels[j] != -1]
        positives = [j for j in others if labels[j] == label and label != -1]
        total = sum(math.exp(z[i] @ z[j] / temperature) for j in others)
        terms = [math.log(math.exp(z[i] @ z[j] / temperature) / total) for j in positives]
        losses.append(-sum(terms) / len(terms) if terms else math.nan)
    return np.array(losses)


class DequeQueue:
    """Pairs of a key and its label."""

    def __init__(self, capacity):
        self.rows = deque(maxlen=capacity)
        self.labels = deque(maxlen=capacity)

    def enqueue(self, keys, labels=None):
        labels = [-1] * len(keys) if labels is None else labels
        for row, label in zip(keys, labels, strict=True):
            self.rows.append(row)
            self.labels.append(label)

    def clear(self):
        self.rows.clear()
        self.labels.clear()
