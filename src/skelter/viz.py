"""Figures of skeletons and of results, by matplotlib (extra ``viz``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from skelter import _checks
from skelter.layouts import NTU25, SkeletonLayout

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_clips", "plot_confusion", "plot_curves"]

AXES = "xyz"
LEFT, RIGHT, MIDDLE = "tab:blue", "tab:red", "0.35"


def plot_clips(
    clips: Mapping[str, Tensor],
    layout: SkeletonLayout = NTU25,
    *,
    moments: int = 8,
    plane: str = "xy",
) -> Figure:
    """Draw clips as rows of stick figures, one row a clip, one column a moment.

    Left limbs are blue, right limbs red, second persons dashed; missing joints are left out. All
    figures of a row have the same scale.

    Args:
        clips: A title and a clip of shape (C, T, V, M) for each row.
        layout: Their layout.
        moments: Frames to draw, evenly spread over the clip.
        plane: Which two coordinates to draw, to the right and upward, such as ``"xz"``.

    Returns:
        A figure; ``figure.savefig(path)`` writes it.

    Raises:
        ImportError: matplotlib is missing.
        ValueError: A clip does not fit the layout, or the plane is none.
    """
    known = len(plane) == 2 and set(plane) <= set(AXES)
    _checks.require(known, "`plane`", "be two of the letters x, y and z", repr(plane))
    across, upward = (AXES.index(letter) for letter in plane)
    figure = _figure(1.3 * moments, 1.7 * len(clips))
    grid = figure.subplots(len(clips), moments, squeeze=False)
    for row, (title, clip) in zip(grid, clips.items(), strict=True):
        x = _checks.clips(clip, title).detach().cpu()
        _checks.joints(x, layout, title)
        present = _present(x, layout)
        points = x[[across, upward]]
        shown = points[:, present] if bool(present.any()) else points.flatten(1)
        low, high = shown.amin(1).tolist(), shown.amax(1).tolist()
        for axes, frame in zip(row, _spread(x.shape[1], moments), strict=True):
            _draw_frame(axes, points[:, frame].numpy(), present[frame].numpy(), layout)
            axes.set_xlim(low[0] - 0.1, high[0] + 0.1)
            axes.set_ylim(low[1] - 0.1, high[1] + 0.1)
            axes.set_aspect("equal")
            axes.set_axis_off()
            axes.set_title(f"{title}, frame {frame}" if axes is row[0] else str(frame), fontsize=7)
            if axes is row[0]:
                axes.title.set_ha("left")
                axes.title.set_position((0.0, 1.0))
    figure.tight_layout()
    return figure


def plot_curves(curves: Mapping[str, Sequence[float]], *, xlabel: str, ylabel: str) -> Figure:
    """Draw curves over their positions, such as losses over steps.

    Args:
        curves: A name and its values for each curve.
        xlabel: What the positions count.
        ylabel: What the values are.

    Returns:
        A figure.

    Raises:
        ImportError: matplotlib is missing.
    """
    figure = _figure(6.0, 3.5)
    axes = figure.subplots()
    for name, values in curves.items():
        axes.plot(range(1, len(values) + 1), values, label=name, linewidth=1)
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    return figure


def plot_confusion(
    labels: Tensor, predictions: Tensor, names: Sequence[str] = (), *, title: str = ""
) -> Figure:
    """Draw which classes are taken for which, as shares of each true class.

    Args:
        labels: True classes, shape (N,).
        predictions: Predicted classes, shape (N,).
        names: The name of each class; numbers if empty.
        title: What the figure says above.

    Returns:
        A figure.

    Raises:
        ImportError: matplotlib is missing.
        ValueError: The shapes differ.
    """
    _checks.require(
        labels.shape == predictions.shape,
        "`predictions`",
        f"have the shape {_checks.shape_of(labels)} of `labels`",
        _checks.shape_of(predictions),
    )
    classes = max(len(names), int(max(labels.max(), predictions.max())) + 1)
    counts = torch.bincount(labels * classes + predictions, minlength=classes**2)
    shares = counts.reshape(classes, classes).double()
    shares = shares / shares.sum(1, keepdim=True).clamp(min=1)
    side = 3.0 + 0.28 * classes
    figure = _figure(side, side)
    axes = figure.subplots()
    image = axes.imshow(shares.cpu().numpy(), vmin=0, vmax=1, cmap="Blues")
    ticks = list(names) or [str(number) for number in range(classes)]
    axes.set_xticks(range(classes), ticks, rotation=90, fontsize=7)
    axes.set_yticks(range(classes), ticks, fontsize=7)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(title)
    figure.colorbar(image, shrink=0.7, label="share of the true class")
    figure.tight_layout()
    return figure


def _figure(width: float, height: float) -> Figure:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("Figures need matplotlib: pip install 'skelter[viz]'") from error
    figure = Figure(figsize=(width, height), dpi=120)
    FigureCanvasAgg(figure)  # no window, no global state
    return figure


def _present(x: Tensor, layout: SkeletonLayout) -> Tensor:
    """Which joints to draw, (T, V, M): those not all zero, and the origin of a centred clip."""
    present = (x != 0).any(0)
    if not bool(present[:, layout.centre, 0].any()):
        present[:, layout.centre, 0] = present[:, :, 0].any(1)
    return present


def _draw_frame(
    axes: Axes, points: np.ndarray, present: np.ndarray, layout: SkeletonLayout
) -> None:
    left = {joint for joint, _ in layout.left_right}
    right = {joint for _, joint in layout.left_right}
    for person in range(points.shape[-1]):
        for child, parent in layout.bones:
            if present[child, person] and present[parent, person]:
                colour = LEFT if child in left else RIGHT if child in right else MIDDLE
                ends = points[:, [child, parent], person]
                style = "--" if person else "-"
                axes.plot(*ends, color=colour, linewidth=1.2, linestyle=style)


def _spread(frames: int, moments: int) -> list[int]:
    return [int(frame) for frame in torch.linspace(0, frames - 1, moments).round()]
