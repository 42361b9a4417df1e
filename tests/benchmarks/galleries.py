"""Both sides of retrieval, and the features that they search."""

from __future__ import annotations

import torch
from benchmarks import harness

from skelter.evaluation import knn

CLASSES = 60


def features(sizes):
    """Draw features around a centre for each class: gallery, its labels, queries."""
    generator = harness.seeded()
    centres = torch.randn(CLASSES, sizes.dim, generator=generator)
    labels = torch.arange(sizes.gallery) % CLASSES
    wanted = torch.arange(sizes.queries) % CLASSES
    noise = [torch.randn(n, sizes.dim, generator=generator) for n in (len(labels), len(wanted))]
    return centres[labels] + noise[0], labels, centres[wanted] + noise[1]


def baseline(gallery, labels, queries):
    """Return a call that classifies by scikit-learn."""
    from sklearn.neighbors import KNeighborsClassifier

    gallery, labels, queries = gallery.numpy(), labels.numpy(), queries.numpy()

    def call():
        classifier = KNeighborsClassifier(n_neighbors=1, algorithm="brute", metric="cosine")
        return classifier.fit(gallery, labels).predict(queries)

    return call


def ours(gallery, labels, queries):
    """Return a call that classifies by skelter."""
    return lambda: knn(gallery, labels, queries).predictions


SIDES = {"baseline": baseline, "ours": ours}
