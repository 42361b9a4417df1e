"""Empty figures, the names of classes, and the looks of points and lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from skelter import _checks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito (2008), "Color Universal Design", without the yellow that white paper swallows
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "^", "s", "D", "v", "P", "X", "<", ">")
LINES = ("-", "--", ":", "-.")


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("Figures need matplotlib: pip install 'skelter[viz]'") from error
    figure = Figure(figsize=(width, height), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)  # no window, no global state
    return figure


def class_names(label_names: Sequence[str], highest: int) -> list[str]:
    """Return a name for each class up to the highest label: its number if there are no names."""
    _checks.require(
        not label_names or highest < len(label_names),
        "`labels`",
        f"lie between 0 and {len(label_names) - 1}, the last of `label_names`",
        highest,
    )
    return list(label_names) or [str(number) for number in range(highest + 1)]


def point_look(number: int) -> tuple[str, str]:
    """Return a colour and a marker for points of one kind, out of 63 pairs."""
    rounds, colour = divmod(number, len(COLOURS))
    return COLOURS[colour], MARKERS[rounds % len(MARKERS)]


def line_look(number: int) -> tuple[str, str]:
    """Return a colour and a line style, out of 28 pairs."""
    rounds, colour = divmod(number, len(COLOURS))
    return COLOURS[colour], LINES[rounds % len(LINES)]
