"""The accuracy of each class."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from skelter import _checks
from skelter.viz._canvas import COLOURS, MARKERS, class_names, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LETTERS = 100  # that fit the width


def plot_per_class(
    accuracies: Mapping[str, Tensor], label_names: Sequence[str] = (), *, title: str = ""
) -> Figure:
    """Draw the accuracy of each class as dots, a series of dots for each method.

    Classes are sorted by the first series, the best above. A dotted line is the mean of a series
    over its classes. A class without a value in any series is left out, and named below.

    Args:
        accuracies: A name and a share from 0 to 1 of each class, shape (classes,), for each
            series. NaN for a class absent from the test clips.
        label_names: The name of each class. Numbers if empty.
        title: Title of the figure.

    Returns:
        A figure.

    Raises:
        ImportError: matplotlib is missing.
        ValueError: There is no series, one has no value, or has other classes than the names,
            or a value is not a share.

    Example:
        >>> nan = float("nan")
        >>> accuracies = {"BiGRU": torch.tensor([0.5, 0.9, nan])}
        >>> figure = plot_per_class(accuracies, ["sit", "wave", "jump"])
        >>> [text.get_text() for text in figure.get_axes()[0].get_yticklabels()]
        ['wave', 'sit']
    """
    values = _table(accuracies, label_names)
    names = class_names(label_names, values.shape[1] - 1)
    ranked = values[0].nan_to_num(nan=-1.0).argsort(descending=True, stable=True).tolist()
    absent = values.isnan().all(0).tolist()
    order = [number for number in ranked if not absent[number]]
    figure = new_figure(6.5, 1.6 + max(0.18, 0.06 + 0.06 * len(values)) * len(order))
    axes = figure.subplots()
    _draw(axes, list(accuracies), 100 * values[:, order])
    axes.set_yticks(range(len(order)), [names[number] for number in order], fontsize=8)
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.set_xlim(-2, 102)
    axes.set_xlabel("accuracy of the class (%)", fontsize=9)
    axes.tick_params(axis="x", labelsize=8)
    axes.set_title(title, fontsize=10)
    longest = max(len(name) for name in accuracies) + len(" (mean 100.0 %)  ")
    columns = max(1, min(len(accuracies), LETTERS // longest))
    figure.legend(loc="outside upper center", ncols=columns, fontsize=8, frameon=False)
    if any(absent):
        missing = ", ".join(name for name, left_out in zip(names, absent, strict=True) if left_out)
        caption = textwrap.fill(f"Without test clips, left out: {missing}.", LETTERS)
        figure.supxlabel(caption, x=0.01, ha="left", fontsize=7)
    return figure


def _table(accuracies: Mapping[str, Tensor], label_names: Sequence[str]) -> Tensor:
    """Return the accuracies as (series, classes)."""
    _checks.require(len(accuracies) > 0, "`accuracies`", "have at least one series", "none")
    columns = len(label_names) or next(iter(accuracies.values())).numel()
    owner = "of `label_names`" if label_names else "of the first series"
    for name, values in accuracies.items():
        what = f"`accuracies[{name!r}]`"
        shape = _checks.shape_of(values)
        expected = f"have shape ({columns},), one value for each class {owner}"
        _checks.require(shape == (columns,), what, expected, shape)
        known = values[~values.isnan()]
        hint = "Give NaN only to classes without test clips."
        _checks.require(len(known) > 0, what, "have a value that is not NaN", shape, hint)
        low, high = float(known.min()), float(known.max())
        hint = "Divide percentages by 100." if 1 < high <= 100 else ""
        came = f"{low:g} to {high:g}"
        _checks.require(low >= 0 and high <= 1, what, "lie between 0 and 1", came, hint)
    return torch.stack([values.detach().cpu().double() for values in accuracies.values()])


def _draw(axes: Axes, names: Sequence[str], percent: Tensor) -> None:
    """Draw series (series, classes) from the top down, side by side within the row of a class."""
    rows = torch.arange(percent.shape[1])
    shifts = (torch.arange(len(names)) + 0.5) / len(names) - 0.5
    for number, (name, values) in enumerate(zip(names, percent, strict=True)):
        colour = COLOURS[number % len(COLOURS)]
        mean = float(values.nanmean())
        axes.scatter(
            values.numpy(),
            (rows + 0.6 * shifts[number]).numpy(),
            s=18,
            color=colour,
            marker=MARKERS[number % len(MARKERS)],
            linewidths=0,
            label=f"{name} (mean {mean:.1f} %)",
            zorder=3,
        )
        axes.axvline(mean, color=colour, linewidth=1, linestyle=":")
    axes.grid(axis="y", alpha=0.3)
    axes.grid(axis="x", alpha=0.15)
