"""Queries and what is nearest to them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from skelter import _checks
from skelter.layouts import SkeletonLayout, check_layout
from skelter.viz._canvas import name_list, new_figure
from skelter.viz._stick import draw_pose, drawable, plane_axes, present_joints, turn_up

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEIGHT = 0.85  # of a cell of width 1
QUERY, SAME, OTHER = "0.25", "#007A5A", "#C23B00"


def plot_neighbours(
    queries: Tensor,
    neighbours: Tensor,
    layout: SkeletonLayout,
    *,
    query_titles: Sequence[str],
    neighbour_titles: Sequence[Sequence[str]],
    correct: Tensor,
    plane: str | None = None,
    moments: int = 3,
) -> Figure:
    """Draw a sheet of queries, one a row, each followed by its nearest neighbours.

    Every clip is a strip of moments from left to right, its padding left out. Neighbours of the
    query's class have a green title and frame and a tick, others are red and have a cross. All
    strips of a row have the same scale.

    Args:
        queries: Clips, shape (Q, C, T, V, M).
        neighbours: The k neighbours of each, the nearest first, shape (Q, k, C, T, V, M).
        layout: Their layout.
        query_titles: What stands above each query, Q strings.
        neighbour_titles: What stands above each neighbour, k strings for each query.
        correct: Whether a neighbour has the class of its query, shape (Q, k), boolean.
        plane: Which two coordinates to draw, to the right and upward. By default ``"xz"``, as the
            pre-normalisation turns the spine to z, and ``"xy"`` for points of an image. An axis
            that points down in the clips (`SkeletonLayout.up`) is turned over.
        moments: How many frames of a clip to draw, from the middles of as many equal
            parts of those with somebody in them.

    Returns:
        A figure of Q rows and 1 + k columns.

    Raises:
        ImportError: matplotlib is missing.
        TypeError: ``correct`` is not boolean, or titles are not lists of strings.
        ValueError: Clips do not fit the layout or the plane, are not finite, or the shapes do not
            fit together.

    Example:
        >>> from skelter.layouts import NTU25
        >>> queries, neighbours = torch.randn(1, 3, 8, 25, 1), torch.randn(1, 2, 3, 8, 25, 1)
        >>> figure = plot_neighbours(
        ...     queries,
        ...     neighbours,
        ...     NTU25,
        ...     query_titles=["wave"],
        ...     neighbour_titles=[["wave", "kick"]],
        ...     correct=torch.tensor([[True, False]]),
        ... )
        >>> [axes.get_title() for axes in figure.get_axes()]
        ['wave', '✓ wave', '✗ kick']
    """
    if plane is None:
        plane = "xz" if check_layout(layout).dimensions == 3 else "xy"
    queries = _checks.clip_batch(drawable(queries, layout, plane, "queries"), "queries")
    neighbours = drawable(neighbours, layout, plane, "neighbours")
    _checks.positive_int("moments", moments)
    correct = _check_sheet(queries, neighbours, correct)
    query_titles, neighbour_titles = _check_titles(query_titles, neighbour_titles, neighbours)
    Q, k = neighbours.shape[:2]
    figure = new_figure(2.0 * (1 + k), 2.0 * Q)
    grid = figure.subplots(Q, 1 + k, squeeze=False)
    for q, row in enumerate(grid):
        clips = [queries[q], *neighbours[q]]
        strips = [_Strip.of(clip, layout, plane, moments) for clip in clips]
        half = torch.stack([strip.half for strip in strips]).amax(0)
        for axes, strip in zip(row, strips, strict=True):
            _draw_strip(axes, strip, half, layout, plane)
        _name(row[0], query_titles[q], QUERY)
        for axes, title, same in zip(row[1:], neighbour_titles[q], correct[q], strict=True):
            _name(axes, f"{'✓' if same else '✗'} {title}", SAME if same else OTHER)
    return figure


@dataclass(frozen=True)
class _Strip:
    """Poses side by side, around the origin."""

    points: Tensor  # (2, P, V, M)
    present: Tensor  # (P, V, M)
    half: Tensor  # half of width and height

    @classmethod
    def of(cls, clip: Tensor, layout: SkeletonLayout, plane: str, moments: int) -> _Strip:
        present = present_joints(clip, layout)
        filmed = present.flatten(1).any(1).nonzero().flatten()
        if not len(filmed):
            return cls(torch.zeros(2, 0, *present.shape[1:]), present[:0], torch.zeros(2))
        parts = (torch.arange(moments) + 0.5) / moments  # its ends are often rest
        frames = filmed[list(dict.fromkeys((parts * len(filmed)).long().tolist()))]
        points, present = clip[plane_axes(plane)][:, frames].float(), present[frames]
        low = points.masked_fill(~present, torch.inf).amin((2, 3))  # (2, P)
        high = points.masked_fill(~present, -torch.inf).amax((2, 3))
        bottom, top = low[1].min(), high[1].max()
        widths = high[0] - low[0] + 0.12 * (top - bottom)  # a little space between poses
        places = widths.cumsum(0) - (widths + widths.sum()) / 2
        across = points[0] + (places - (low[0] + high[0]) / 2)[:, None, None]
        upward = points[1] - (bottom + top) / 2
        half = torch.stack([widths.sum(), top - bottom]) / 2
        return cls(torch.stack([across, upward]), present, half)


def _draw_strip(
    axes: Axes, strip: _Strip, half: Tensor, layout: SkeletonLayout, plane: str
) -> None:
    for pose, present in zip(strip.points.unbind(1), strip.present, strict=True):
        draw_pose(axes, pose.numpy(), present.numpy(), layout)
    x = 1.08 * max(float(half[0]), float(half[1]) / HEIGHT) or 1.0
    axes.set_xlim(-x, x)
    axes.set_ylim(-x * HEIGHT, x * HEIGHT)
    turn_up(axes, plane, layout)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])


def _name(axes: Axes, title: str, colour: str) -> None:
    text = textwrap.fill(title, 26)
    # a font with ticks and crosses, which comes with matplotlib
    axes.set_title(text, color=colour, fontsize=8, fontweight="bold", family="DejaVu Sans")
    for side in axes.spines.values():
        side.set(color=colour, linewidth=1.5)


def _check_sheet(queries: Tensor, neighbours: Tensor, correct: Any) -> Tensor:
    """Return the marks of neighbours as a tensor, if they fit queries and neighbours."""
    Q = len(queries)
    correct = _checks.tensor("correct", correct).cpu()
    _checks.require(
        neighbours.ndim == 6 and len(neighbours) == Q and neighbours.shape[1] > 0,
        "`neighbours`",
        f"have shape (Q, k, C, T, V, M) with Q={Q} to match `queries` "
        f"{_checks.shape_of(queries)}, and k of at least 1",
        _checks.shape_of(neighbours),
    )
    _checks.require(
        correct.dtype == torch.bool,
        "`correct`",
        "be boolean",
        correct.dtype,
        "Compare labels: query_labels[:, None] == neighbour_labels",
        error=TypeError,
    )
    _checks.require(
        correct.shape == neighbours.shape[:2],
        "`correct`",
        f"have shape {tuple(neighbours.shape[:2])}, one entry for each of `neighbours`",
        _checks.shape_of(correct),
    )
    marks: Tensor = correct
    return marks


def _check_titles(
    query_titles: Sequence[str], neighbour_titles: Sequence[Sequence[str]], neighbours: Tensor
) -> tuple[list[str], list[list[str]]]:
    """Return the titles of queries and of their neighbours, if there is one for each."""
    Q, k = neighbours.shape[:2]
    queries = name_list("query_titles", query_titles)
    _checks.require(
        len(queries) == Q, "`query_titles`", f"be Q={Q} strings, one a query", len(queries)
    )
    what, expected = "`neighbour_titles`", f"be Q={Q} lists of k={k} strings"
    listed = isinstance(neighbour_titles, Iterable) and not isinstance(neighbour_titles, str)
    _checks.require(listed, what, expected, repr(neighbour_titles), error=TypeError)
    rows = [name_list(f"neighbour_titles[{q}]", row) for q, row in enumerate(neighbour_titles)]
    counts = [len(row) for row in rows]
    _checks.require(counts == [k] * Q, what, expected, f"lists of {counts}")
    return queries, rows
