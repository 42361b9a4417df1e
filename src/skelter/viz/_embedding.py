"""Features as points of a plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional as F

from skelter import _checks
from skelter.viz._canvas import class_names, new_figure, point_look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (7.5, 5.5)  # inches
NAMED_CLASSES = 30  # more names than this do not fit beside the points


def plot_embedding(
    features: Tensor, labels: Tensor, label_names: Sequence[str] = (), *, title: str = ""
) -> Figure:
    """Draw features on their two leading principal components, a colour and marker a class.

    Rows are L2-normalised, as cosines and contrastive losses see them, and centred. The components
    are exact, from a singular value decomposition. Each points to where its largest entry is
    positive, so that the same features always give the same picture. A class looks the same in
    all figures. Up to 30 classes are named beside the points. Of more, the number of each stands
    at its mean, or near it where numbers would cover each other.

    Args:
        features: One row a clip, shape (N, D).
        labels: Class indices, shape (N,).
        label_names: The name of each class. Numbers if empty.
        title: Title of the figure.

    Returns:
        A figure.

    Raises:
        ImportError: matplotlib is missing.
        TypeError: Features are not floating, or labels not integers.
        ValueError: The shapes do not fit, a feature is not finite, or a label has no name.

    Example:
        >>> features, labels = torch.randn(20, 8), torch.arange(20) % 2
        >>> figure = plot_embedding(features, labels, ["wave", "kick"])
        >>> [text.get_text() for text in figure.legends[0].get_texts()]
        ['wave', 'kick']
    """
    features, labels = _check(features, labels)
    names = class_names(label_names, int(labels.max()))
    points, shares = _principal(features)
    figure = new_figure(*SIZE)
    axes = figure.subplots()
    classes: list[int] = labels.bincount().nonzero().flatten().tolist()
    size = min(30.0, max(8.0, 8000 / len(points)))
    for number in classes:
        colour, marker = point_look(number)
        x, y = points[labels == number].T.numpy()
        axes.scatter(
            x, y, s=size, color=colour, marker=marker, alpha=0.7, linewidths=0, label=names[number]
        )
    axes.set_xlabel(f"component 1 ({100 * shares[0]:.0f} % of the variance)")
    axes.set_ylabel(f"component 2 ({100 * shares[1]:.0f} % of the variance)")
    axes.set_aspect("equal", adjustable="datalim")
    axes.grid(alpha=0.3)
    axes.set_title(title)
    if len(classes) <= NAMED_CLASSES:
        figure.legend(loc="outside right upper", fontsize=7, frameon=False, markerscale=1.4)
    else:
        means = torch.stack([points[labels == number].mean(0) for number in classes])
        inch = float(((points.amax(0) - points.amin(0)) / torch.tensor(SIZE)).max())
        _write_numbers(axes, classes, means, distance=0.25 * inch)
    return figure


def _check(features: Any, labels: Any) -> tuple[Tensor, Tensor]:
    """Return features and labels on the CPU, or refuse them."""
    features = _checks.features("features", features).detach().cpu()
    labels = _checks.labels("labels", labels, features).cpu()
    _checks.finite_rows("features", features)
    low = int(labels.min())
    _checks.require(low >= 0, "`labels`", "be 0 or more", low, "Leave out clips of unknown class.")
    return features, labels


def _principal(features: Tensor) -> tuple[Tensor, list[float]]:
    """Return rows on two principal components, (N, 2), and the share of variance of each."""
    rows = F.normalize(features.double(), dim=1)
    rows = rows - rows.mean(0)
    _, sizes, components = torch.linalg.svd(rows, full_matrices=False)
    components = components[:2]
    largest = components.gather(1, components.abs().argmax(1, keepdim=True))
    points = rows @ (components * largest.sign()).T
    shares = sizes[:2].square() / sizes.square().sum().clamp(min=1e-12)
    missing = 2 - points.shape[1]  # of a single clip, or a single column
    points = F.pad(points, (0, missing)).round(decimals=9)  # what is less is rounding error
    return points, F.pad(shares, (0, missing)).tolist()


def _write_numbers(axes: Axes, numbers: Sequence[int], means: Tensor, distance: float) -> None:
    """Write numbers at means (classes, 2), with a line to the mean where one had to move."""
    from matplotlib.patheffects import withStroke

    places = _apart(means, distance)
    for number, mean, (x, y) in zip(numbers, means.tolist(), places.tolist(), strict=True):
        colour = point_look(number)[0]
        halo = [withStroke(linewidth=3, foreground="white")]
        axes.plot([mean[0], x], [mean[1], y], color=colour, linewidth=0.8, path_effects=halo)
        axes.text(
            x,
            y,
            str(number),
            color=colour,
            fontsize=8,
            fontweight="bold",
            ha="center",
            va="center",
            path_effects=halo,
            zorder=5,
        )


def _apart(places: Tensor, distance: float) -> Tensor:
    """Push places (classes, 2) off each other, a little at a time, to a distance."""
    for _ in range(300):
        gaps = places[:, None] - places
        lengths = gaps.norm(dim=2).clamp(min=1e-12)
        push = (distance - lengths).clamp(min=0).fill_diagonal_(0)
        if not bool((push > 0).any()):
            break
        places = places + 0.4 * (gaps / lengths[..., None] * push[..., None]).sum(1)
    return places
