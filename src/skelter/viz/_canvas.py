"""Empty figures, and the looks of what is drawn on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def point_look(number: int) -> tuple[str, str]:
    """Return a colour and a marker for points of one kind; 63 pairs before one comes again."""
    rounds, colour = divmod(number, len(COLOURS))
    return COLOURS[colour], MARKERS[rounds % len(MARKERS)]


def line_look(number: int) -> tuple[str, str]:
    """Return a colour and a line style; 28 pairs before one comes again."""
    rounds, colour = divmod(number, len(COLOURS))
    return COLOURS[colour], LINES[rounds % len(LINES)]
