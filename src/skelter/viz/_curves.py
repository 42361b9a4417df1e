"""Curves over training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from skelter import _checks
from skelter.viz._canvas import check_titles, line_look, new_figure, real_numbers

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
        curves: A name and its values for each curve: a list, an array or a tensor.
        xlabel: What the positions count.
        ylabel: What the values are.
        below: The curves of a second panel, if any.
        below_ylabel: What their values are.

    Returns:
        A figure.

    Raises:
        ImportError: matplotlib is missing.
        TypeError: The curves are not a mapping, or values are not numbers.
        ValueError: The values of a curve do not have one axis.

    Example:
        >>> figure = plot_curves(
        ...     {"seed 0": [2.0, 1.0, 0.5], "seed 1": [2.0, 1.5]}, xlabel="epoch", ylabel="loss"
        ... )
        >>> len(figure.get_axes()[0].lines)
        2
    """
    drawn = _values("curves", curves)
    below_drawn = _values("below", {} if below is None else below)
    panels = [(drawn, ylabel), *([(below_drawn, below_ylabel)] if below_drawn else [])]
    figure = new_figure(7.0, 1.0 + 2.5 * len(panels))
    grid = figure.subplots(len(panels), squeeze=False, sharex=True)[:, 0]
    for axes, (named, label) in zip(grid, panels, strict=True):
        _draw(axes, named)
        if named and (axes is grid[0] or list(named) != list(drawn)):
            beside = (1.01, 1.0)
            axes.legend(loc="upper left", bbox_to_anchor=beside, fontsize=8, frameon=False)
        axes.set_ylabel(label)
    grid[-1].set_xlabel(xlabel)
    grid[-1].xaxis.get_major_locator().set_params(integer=True)
    return figure


def _values(argument: str, curves: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    """Return the values of each curve as plain numbers."""
    check_titles(argument, curves, '{"loss": [2.0, 1.0, 0.5]}')
    plain = {}
    for name, values in curves.items():
        what = f"{argument}[{name!r}]"
        numbers = real_numbers(what, values)
        shape = _checks.shape_of(numbers)
        _checks.require(numbers.ndim == 1, f"`{what}`", "have one axis, one value a place", shape)
        plain[name] = numbers.tolist()
    return plain


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
