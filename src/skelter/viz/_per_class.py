"""The accuracy of each class."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from skelter import _checks
from skelter.viz._canvas import (
    COLOURS,
    MARKERS,
    check_titles,
    class_names,
    name_list,
    new_figure,
    real_numbers,
)

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
        TypeError: The accuracies are not a mapping to numbers, or the names are not a list.
        ValueError: There is no series, one has no value, or has other classes than the names,
            or a value is not a share.

    Example:
        >>> nan = float("nan")
        >>> accuracies = {"BiGRU": torch.tensor([0.5, 0.9, nan])}
        >>> figure = plot_per_class(accuracies, ["sit", "wave", "jump"])
        >>> [text.get_text() for text in figure.get_axes()[0].get_yticklabels()]
        ['wave', 'sit']
    """
    label_names = name_list("label_names", label_names)
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
    check_titles("accuracies", accuracies, '{"k-NN": shares}')
    _checks.require(len(accuracies) > 0, "`accuracies`", "have at least one series", "none")
    rows: list[Tensor] = []
    for name, values in accuracies.items():
        what = f"accuracies[{name!r}]"
        row = real_numbers(what, values)
        columns = len(label_names) or (rows or [row])[0].numel()
        owner = "of `label_names`" if len(label_names) else "of the first series"
        expected = f"have shape ({columns},), one value for each class {owner}"
        shape = _checks.shape_of(row)
        _checks.require(shape == (columns,), f"`{what}`", expected, shape)
        _check_shares(f"`{what}`", row)
        rows.append(row)
    return torch.stack(rows)


def _check_shares(what: str, row: Tensor) -> None:
    """Check that the values that are not NaN lie between 0 and 1, and that there are some."""
    known = row[~row.isnan()]
    hint = "Give NaN only to classes without test clips."
    came = _checks.shape_of(row)
    _checks.require(len(known) > 0, what, "have a value that is not NaN", came, hint)
    low, high = float(known.min()), float(known.max())
    hint = "Divide percentages by 100." if 1 < high <= 100 else ""
    _checks.require(
        low >= 0 and high <= 1, what, "lie between 0 and 1", f"{low:g} to {high:g}", hint
    )


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
