"""What evaluation measures, as loops over rows in float64."""

from __future__ import annotations

import math

import numpy as np


def unit(rows):
    return [row / math.sqrt(sum(v * v for v in row)) for row in np.asarray(rows, np.float64)]


def alignment(x, y, alpha):
    total = 0.0
    for a, b in zip(unit(x), unit(y), strict=True):
        total += math.sqrt(sum((a - b) ** 2)) ** alpha
    return total / len(x)


def uniformity(x, t):
    rows, terms = unit(x), []
    for i in range(len(rows)):
        for j in range(i):
            terms.append(math.exp(-t * sum((rows[i] - rows[j]) ** 2)))
    return math.log(sum(terms) / len(terms))


def effective_rank(x):
    values = np.linalg.svd(np.asarray(x, np.float64), compute_uv=False)
    entropy = 0.0
    for value in values / values.sum():
        if value > 0:
            entropy -= value * math.log(value)
    return math.exp(entropy)


def deviation(x):
    rows = np.array(unit(x))
    total = 0.0
    for column in rows.T:
        mean = sum(column) / len(column)
        total += math.sqrt(sum((value - mean) ** 2 for value in column) / len(column))
    return total / rows.shape[1] * math.sqrt(rows.shape[1])


def weighted_vote(train, labels, query, k, temperature, metric):
    """Class with the largest sum of exp(similarity / temperature) of the k nearest."""
    near = []
    for row, label in zip(np.asarray(train, np.float64), labels, strict=True):
        query = np.asarray(query, np.float64)
        if metric == "cosine":
            near.append((float(unit([row])[0] @ unit([query])[0]), label))
        else:
            near.append((-math.sqrt(sum((row - query) ** 2)), label))
    votes = {}
    for similarity, label in sorted(near, reverse=True)[:k]:
        votes[label] = votes.get(label, 0.0) + math.exp(similarity / temperature)
    return max(votes, key=votes.get)


def subset_counts(labels, fraction, minimum=0):
    """Labels of each class that a balanced choice keeps."""
    counts = {}
    for label in labels:
        counts[label] = counts.get(label, 0) + 1
    return {
        label: min(count, max(minimum, round(fraction * count))) for label, count in counts.items()
    }


def ensemble(streams, weights):
    """The class of each row by the weighted sum of scores."""
    predictions = []
    for row in range(len(streams[0])):
        sums = [
            sum(w * float(s[row][c]) for s, w in zip(streams, weights, strict=True))
            for c in range(len(streams[0][row]))
        ]
        predictions.append(sums.index(max(sums)))
    return predictions
