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


def distance(a, b, metric):
    """Euclidean distance, or 1 - cosine, which is 1 for a row of zeros."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if metric == "euclidean":
        return math.sqrt(sum((a - b) ** 2))
    lengths = math.sqrt(sum(a * a)) * math.sqrt(sum(b * b))
    return 1.0 - (float(a @ b) / lengths if lengths else 0.0)


def vote_shares(train, labels, query, k, classes, weights, temperature, metric):
    """Share of each class in the votes of the k nearest, of equally near ones the earlier."""
    far = [round(distance(row, query, metric), 9) for row in train]  # equals are equal
    order = sorted((apart, place) for place, apart in enumerate(far))[:k]
    nearest = order[0][0]
    votes = [0.0] * classes
    for apart, place in order:
        if weights == "uniform":
            votes[labels[place]] += 1.0
        elif weights == "exponential":
            votes[labels[place]] += math.exp((nearest - apart) / temperature)
        elif nearest == 0:
            votes[labels[place]] += float(apart == 0)
        else:
            votes[labels[place]] += 1.0 / apart
    return [vote / sum(votes) for vote in votes]


def average_precision(distances, relevant):
    """Mean precision at the relevant rows, each at the end of the group of equals that it is in."""
    found = [
        sum(r for d, r in zip(distances, relevant, strict=True) if d <= own)
        / sum(d <= own for d in distances)
        for own, hit in zip(distances, relevant, strict=True)
        if hit
    ]
    return sum(found) / len(found) if found else 0.0


def top_share(scores, labels, k):
    """Share of rows whose class is among the k of highest score, of equal ones the first."""
    hits = 0
    for row, label in zip(scores, labels, strict=True):
        before = sum(
            score > row[label] or (score == row[label] and other < label)
            for other, score in enumerate(row)
        )
        hits += before < k
    return hits / len(labels)
