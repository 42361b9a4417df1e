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


class DequeQueue:
    def __init__(self, capacity):
        self.rows = deque(maxlen=capacity)

    def enqueue(self, keys):
        for row in keys:
            self.rows.append(row)
