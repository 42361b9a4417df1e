"""The figures of an evaluation."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn import functional as F

from parts.evaluator import Row, sides
from parts.recordings import Fold, coordinates_of
from parts.sources import Encoders
from skelter import viz
from skelter.data import SkeletonStore
from skelter.evaluation import FeatureSet

RIGHT, WRONG, NEIGHBOURS = 3, 2, 4  # queries that are drawn, and neighbours of each


def draw(
    shown: Row, rows: list[Row], store: SkeletonStore, folds: list[Fold], encoders: list[Encoders]
) -> dict[str, Figure]:
    """Return the figures by name."""
    figures = {}
    curves = {
        f"{e.origin}, seed {e.seed}, {e.trained_on}": [row["loss"] for row in e.history]
        for e in encoders
        if e.history
    }
    if curves:
        figures["loss"] = viz.plot_curves(curves, xlabel="epoch", ylabel="loss")
    _, test = sides(shown)
    names = [class_name(store, label) for label in range(int(store.labels.max()) + 1)]
    figures["features"] = viz.plot_embedding(test.features, test.labels, names, title=shown.title)
    if shown.scores is not None:
        figures["confusion"] = viz.plot_confusion(
            test.labels, shown.scores.argmax(1), names, title=f"linear probe, {shown.title}"
        )
        alike = [row for row in rows if (row.fold, row.seed) == (shown.fold, shown.seed)]
        figures["classes"] = viz.plot_per_class(
            {
                row.title: per_class(row.test, row.scores, len(names))
                for row in alike
                if row.scores is not None and row.test is not None
            },
            names,
        )
    fold = next(fold for fold in folds if fold.name == shown.fold)
    figures["neighbours"] = neighbours(store, fold, shown, names)
    return figures


def per_class(test: FeatureSet, scores: Tensor, classes: int) -> Tensor:
    """Return the accuracy of every class, NaN where no test clip is of it."""
    right = (scores.argmax(1) == test.labels).double()
    counts = torch.bincount(test.labels, minlength=classes)
    return torch.bincount(test.labels, right, minlength=classes) / counts


def neighbours(store: SkeletonStore, fold: Fold, row: Row, names: list[str]) -> Figure:
    """Draw some test clips beside the training clips that are nearest to them."""
    train, test = sides(row)
    likeness = F.normalize(test.features) @ F.normalize(train.features).T
    nearest = likeness.topk(NEIGHBOURS).indices
    right = (train.labels[nearest[:, 0]] == test.labels).numpy()
    chosen = np.concatenate([spaced(right, RIGHT), spaced(~right, WRONG)])
    nearest = nearest[chosen]
    clips = [fold.split.test[chosen], fold.split.train[nearest.flatten().numpy()]]
    x, _, labels = store.batch(np.concatenate(clips))
    titles = [names[label] for label in labels]
    count = len(chosen)
    return viz.plot_neighbours(
        x[:count],
        x[count:].unflatten(0, (count, NEIGHBOURS)),
        store.layout,
        query_titles=titles[:count],
        neighbour_titles=[
            titles[count + NEIGHBOURS * i : count + NEIGHBOURS * (i + 1)] for i in range(count)
        ],
        correct=labels[count:].unflatten(0, (count, NEIGHBOURS)) == labels[:count, None],
        plane="xy" if coordinates_of(store) == 2 or store.channels == 2 else "xz",
    )


def spaced(which: np.ndarray, count: int) -> np.ndarray:
    """Return some of the places that are marked, evenly spread."""
    places = np.flatnonzero(which)
    return places[np.linspace(0, len(places) - 1, min(count, len(places))).astype(int)]


def class_name(store: SkeletonStore, label: int) -> str:
    """Return what a class is called."""
    return store.label_names[label] if store.label_names else f"class {label}"
