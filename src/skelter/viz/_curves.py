"""Curves over training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from skelter.viz._canvas import line_look, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def plot_curves(
    curves: Mapping[str, Sequence[float]],
    *,
    xlabel: str,
    ylabel: str,
    below: Mapping[str, Sequence[float]] | None = None,
    below_ylabel: str = "",
) -> Figure:
    """Draw curves over their positions, such as losses over steps.

    Curves may differ in length. A second panel with the same positions shows what has another
    scale, such as an accuracy below a loss. Where its curves have the same names, they have the
    same looks.

    Args:
        curves: A name and its values for each curve.
        xlabel: What the positions count.
        ylabel: What the values are.
        below: The curves of a second panel, if any.
        below_ylabel: What their values are.

    Returns:
        A figure.

    Raises:
        ImportError: matplotlib is missing.

    Example:
        >>> figure = plot_curves(
        ...     {"seed 0": [2.0, 1.0, 0.5], "seed 1": [2.0, 1.5]}, xlabel="epoch", ylabel="loss"
        ... )
        >>> len(figure.get_axes()[0].lines)
        2
    """
    panels = [(curves, ylabel), *([(below, below_ylabel)] if below else [])]
    figure = new_figure(7.0, 1.0 + 2.5 * len(panels))
    grid = figure.subplots(len(panels), squeeze=False, sharex=True)[:, 0]
    for axes, (named, label) in zip(grid, panels, strict=True):
        _draw(axes, named)
        if named and (axes is grid[0] or list(named) != list(curves)):
            beside = (1.01, 1.0)
            axes.legend(loc="upper left", bbox_to_anchor=beside, fontsize=8, frameon=False)
        axes.set_ylabel(label)
    grid[-1].set_xlabel(xlabel)
    grid[-1].xaxis.get_major_locator().set_params(integer=True)
    return figure


def _draw(axes: Axes, curves: Mapping[str, Sequence[float]]) -> None:
    for number, (name, values) in enumerate(curves.items()):
        colour, style = line_look(number)
        axes.plot(
            range(1, len(values) + 1),
            values,
            label=name,
            color=colour,
            linestyle=style,
            linewidth=1,
            marker="o" if len(values) == 1 else "",  # a line needs two values to be seen
        )
    axes.grid(alpha=0.3)
