"""The confusion matrix of a classifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from skelter import _checks
from skelter.viz._canvas import class_names, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_confusion(
    labels: Tensor, predictions: Tensor, label_names: Sequence[str] = (), *, title: str = ""
) -> Figure:
    """Draw the confusion matrix, as shares of each true class.

    Args:
        labels: True classes, integers from 0, shape (N,).
        predictions: Predicted classes, integers from 0, shape (N,).
        label_names: The name of each class. Numbers if empty.
        title: Title of the figure.

    Returns:
        A figure.

    Raises:
        ImportError: matplotlib is missing.
        TypeError: Classes are not integers, or the names are not a list.
        ValueError: The shapes differ, there is no clip, or a class is unknown or has no name.

    Example:
        >>> import torch
        >>> figure = plot_confusion(torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1]))
        >>> figure.get_axes()[0].images[0].get_array().tolist()
        [[0.5, 0.5], [0.0, 1.0]]
    """
    true = _checks.known_labels("labels", labels).cpu()
    predicted = _checks.known_labels("predictions", predictions).cpu()
    _checks.require(
        true.shape == predicted.shape,
        "`predictions`",
        f"have the shape {_checks.shape_of(true)} of `labels`",
        _checks.shape_of(predicted),
    )
    ticks = class_names(label_names, int(max(true.max(), predicted.max())))
    classes = len(ticks)
    counts = torch.bincount(true * classes + predicted, minlength=classes**2)
    shares = counts.reshape(classes, classes).double()
    shares = shares / shares.sum(1, keepdim=True).clamp(min=1)
    side = 3.0 + 0.28 * classes
    figure = new_figure(side, side)
    axes = figure.subplots()
    image = axes.imshow(shares.numpy(), vmin=0, vmax=1, cmap="Blues")
    axes.set_xticks(range(classes), ticks, rotation=90, fontsize=7)
    axes.set_yticks(range(classes), ticks, fontsize=7)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(title)
    figure.colorbar(image, shrink=0.7, label="share of the true class")
    return figure
