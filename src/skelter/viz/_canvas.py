"""Empty figures, the names of classes, and the looks of points and lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from torch import Tensor

from skelter import _checks
from skelter._files import describe

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
    names = name_list("label_names", label_names)
    _checks.require(
        not names or highest < len(names),
        "`labels`",
        f"lie between 0 and {len(names) - 1}, the last of `label_names`",
        highest,
        f"Pass a name for each of the {highest + 1} classes, or none for numbers.",
    )
    return names or [str(number) for number in range(highest + 1)]


def name_list(argument: str, names: Sequence[str]) -> list[str]:
    """Return names as a list. One string is not a list of its letters."""
    listed = isinstance(names, Iterable) and not isinstance(names, (str, bytes, Mapping, Tensor))
    came = describe(names)
    _checks.require(listed, f"`{argument}`", "be a list of names", came, error=TypeError)
    return [str(name) for name in names]


def real_numbers(what: str, values: Any) -> Tensor:
    """Return a list, an array or a tensor as float64 on the CPU, without its graph."""
    if isinstance(values, (list, tuple)):  # such as of losses, each with its graph
        values = [value.tolist() if isinstance(value, Tensor) else value for value in values]
    numbers = _checks.tensor(what, values).detach().cpu()
    _checks.require(
        not numbers.is_complex(), f"`{what}`", "be real", numbers.dtype, error=TypeError
    )
    return numbers.double()


def check_titles(argument: str, by_title: Any, example: str) -> None:
    """Check that an argument is a mapping from titles to what they stand above."""
    mapped = isinstance(by_title, Mapping)
    came = describe(by_title)
    if hasattr(by_title, "shape"):
        came = f"{type(by_title).__name__} of shape {_checks.shape_of(by_title)}"
    expected = f"map a title to each of them, such as {example}"
    _checks.require(mapped, f"`{argument}`", expected, came, error=TypeError)


def point_look(number: int) -> tuple[str, str]:
    """Return a colour and a marker for points of one kind, out of 63 pairs."""
    rounds, colour = divmod(number, len(COLOURS))
    return COLOURS[colour], MARKERS[rounds % len(MARKERS)]


def line_look(number: int) -> tuple[str, str]:
    """Return a colour and a line style, out of 28 pairs."""
    rounds, colour = divmod(number, len(COLOURS))
    return COLOURS[colour], LINES[rounds % len(LINES)]
