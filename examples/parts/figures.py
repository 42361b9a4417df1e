"""Figures of an evaluation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn import functional as F

from parts import assembly
from parts.command_line import restored
from parts.configuration import Pretraining
from parts.evaluator import Row
from parts.protocols import class_name
from parts.recordings import Fold
from parts.sources import is_assembled
from skelter import viz
from skelter.data import SkeletonStore
from skelter.evaluation import FeatureSet
from skelter.training import Run

UPRIGHT_IN_Z = ("isc_normalise", "pyskl_normalise_3d")  # normalisations
RIGHT, WRONG, NEIGHBOURS = 3, 2, 4  # queries that are drawn, and neighbours of each


def draw(
    shown: Row,
    rows: Sequence[Row],
    store: SkeletonStore,
    folds: Sequence[Fold],
    runs: Sequence[Run],
) -> dict[str, Figure]:
    """Return the figures of a row by name, beside those of the runs."""
    names = [class_name(store, label) for label in range(int(store.labels.max()) + 1)]
    fold = next(fold for fold in folds if fold.name == shown.fold)
    figures = {}
    if runs:
        curves = {
            f"{number}: {run.name}, {run.split}, seed {run.seed}": losses(run)
            for number, run in enumerate(runs, 1)
        }
        figures["loss"] = viz.plot_curves(curves, xlabel="epoch", ylabel="loss")
        if is_assembled(runs[0]):
            figures["views"] = views(store, fold, runs[0])
    test = shown.test
    figures["features"] = viz.plot_embedding(test.features, test.labels, names, title=shown.title)
    if shown.scores is not None:
        title = f"linear probe, {shown.title}"
        predictions = shown.scores.argmax(1)
        figures["confusion"] = viz.plot_confusion(test.labels, predictions, names, title=title)
        alike = [row for row in rows if (row.fold, row.seed) == (shown.fold, shown.seed)]
        accuracies = {row.title: per_class(row.test, row.scores, len(names))
                      for row in alike if row.scores is not None}  # fmt: skip
        figures["classes"] = viz.plot_per_class(accuracies, names)
    figures["neighbours"] = neighbours(store, fold, shown, names)
    return figures


def losses(run: Run) -> list[float]:
    """Return the loss of every epoch."""
    return [row["loss"] for row in run.history]


def views(store: SkeletonStore, fold: Fold, run: Run) -> Figure:
    """Draw a clip and two views of it, as the run has them."""
    transform = assembly.views(restored(Pretraining, run.configuration), store)
    x, num_frames, labels = store.batch(fold.split.train[:1])
    generator = torch.Generator().manual_seed(run.seed)
    view1, view2 = transform(x, num_frames=num_frames, generator=generator)
    clips = {class_name(store, int(labels)): x[0], "view 1": view1[0], "view 2": view2[0]}
    return viz.plot_clips(clips, store.layout, plane=plane(store))


def plane(store: SkeletonStore) -> str:
    """Return the plane that people stand in. Some normalisations turn the spine to z."""
    done = str(store.info.provenance.get("normalisation") or "")
    turned = done.startswith(UPRIGHT_IN_Z) and "spine=False" not in done
    return "xz" if turned or store.layout.up[-1] == "z" else "xy"


def per_class(test: FeatureSet, scores: Tensor, classes: int) -> Tensor:
    """Return the accuracy of every class, NaN where no test clip is of it."""
    right = (scores.argmax(1) == test.labels).double()
    counts = torch.bincount(test.labels, minlength=classes)
    return torch.bincount(test.labels, right, minlength=classes) / counts


def neighbours(store: SkeletonStore, fold: Fold, row: Row, names: Sequence[str]) -> Figure:
    """Draw some test clips beside the training clips that are nearest to them."""
    train, test = row.train, row.test
    likeness = F.normalize(test.features) @ F.normalize(train.features).T
    nearest = likeness.topk(NEIGHBOURS).indices
    right = (train.labels[nearest[:, 0]] == test.labels).numpy()
    chosen = np.concatenate([spread(right, RIGHT), spread(~right, WRONG)])
    nearest = nearest[chosen]
    clips = [fold.split.test[chosen], fold.split.train[nearest.flatten().numpy()]]
    x, _, labels = store.batch(np.concatenate(clips))
    count = len(chosen)
    found = labels[count:].unflatten(0, (count, NEIGHBOURS))
    return viz.plot_neighbours(
        x[:count],
        x[count:].unflatten(0, (count, NEIGHBOURS)),
        store.layout,
        query_titles=[names[label] for label in labels[:count]],
        neighbour_titles=[[names[label] for label in group] for group in found],
        correct=found == labels[:count, None],
        plane=plane(store),
    )


def spread(marked: np.ndarray, count: int) -> np.ndarray:
    """Return some of the marked places, evenly spread."""
    places = np.flatnonzero(marked)
    return places[np.linspace(0, len(places) - 1, min(count, len(places))).astype(int)]
