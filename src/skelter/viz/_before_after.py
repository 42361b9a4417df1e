"""A clip before and after a transform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from skelter import _checks
from skelter.layouts import NTU25, SkeletonLayout
from skelter.viz._canvas import COLOURS, new_figure
from skelter.viz._clips import one_clip
from skelter.viz._stick import (
    LEFT,
    MIDDLE,
    RIGHT,
    drawable,
    plane_axes,
    present_joints,
    spread,
    upright_plane,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OWN, PARTNERS = COLOURS[0], COLOURS[1]
WIDTH, TRACE = 8.0, 1.3  # inches


def plot_before_after(
    before: Tensor,
    after: Tensor,
    layout: SkeletonLayout = NTU25,
    *,
    joint: int | str | None = None,
    partner: Tensor | None = None,
    mask: Tensor | None = None,
    moments: int = 7,
    same_scale: bool = True,
) -> Figure:
    """Draw a clip before and after a transform, as rows of stick figures.

    Left limbs are blue, right limbs red, second persons dashed. Both rows show the same frames if
    they have equally many, and have the same scale and origin. People stand upright. Joints that
    are missing afterwards are grey crosses where they were.

    Args:
        before: A clip of shape (C, T, V, M).
        after: What a transform made of it, (C, T', V, M').
        layout: Their layout.
        joint: A joint whose height over time is drawn below, for person 0: grey before, black
            afterwards.
        partner: A clip of which something was taken over. It has a row in the middle.
        mask: How much of each frame and joint of `after` comes from `partner`, 0 to 1, (T', V).
            Blue bones are then the clip's own, orange ones the partner's.
        moments: Frames to draw, evenly spread over each clip.
        same_scale: Whether rows share scale and origin. If not, each is as large as its row.

    Returns:
        A figure. ``figure.savefig(path)`` writes it.

    Raises:
        ImportError: matplotlib is missing.
        TypeError: `layout` is not a layout.
        ValueError: A clip does not fit the layout, is a batch or is not finite, or `mask` does not
            fit `after`.

    Example:
        >>> import torch
        >>> x = torch.randn(3, 20, 25, 1)
        >>> figure = plot_before_after(x, x.flip(1), joint="right hand")
        >>> len(figure.get_axes())
        3
    """
    _checks.positive_int("moments", moments)
    clips = {"before": before, "partner": partner, "after": after}
    rows = [
        _Row.of(name, clip, layout, moments) for name, clip in clips.items() if clip is not None
    ]
    own, made = rows[0], rows[-1]
    if mask is not None:
        expected, came = (made.points.shape[1], layout.num_joints), _checks.shape_of(mask)
        _checks.require(came == expected, "`mask`", f"have shape (T', V)={expected}", came)
    if same_scale:
        low = torch.stack([row.low for row in rows]).amin(0)
        high = torch.stack([row.high for row in rows]).amax(0)
        for row in rows:
            row.low, row.high = low, high
    heights = [row.height(WIDTH) for row in rows] + [TRACE] * (joint is not None)
    figure = new_figure(WIDTH, sum(heights) + 0.25 * len(heights))
    grid = figure.subplots(len(heights), squeeze=False, height_ratios=heights)[:, 0]
    shares = {"before": 0.0, "partner": 1.0}
    for axes, row in zip(grid, rows, strict=False):
        share = None if mask is None else mask.detach().cpu().float()
        if share is not None and row is not made:
            share = torch.full(row.present.shape[:2], shares[row.name])
        _draw_row(axes, row, layout, share)
    if same_scale and partner is None and made.points.shape == own.points.shape:
        _draw_missing(grid[1], own, made)
    if joint is not None:
        _draw_trace(grid[-1], own, made, layout.index(joint), str(joint))
    return figure


@dataclass
class _Row:
    """A clip to draw: points (2, T, V, M), joints that are there (T, V, M), and its box."""

    name: str
    points: Tensor
    present: Tensor
    frames: list[int]
    low: Tensor
    high: Tensor

    @classmethod
    def of(cls, name: str, clip: Tensor, layout: SkeletonLayout, moments: int) -> _Row:
        """Prepare a clip, with the vertical turned upward."""
        plane = upright_plane(layout)
        x = one_clip(drawable(clip, layout, plane, f"{name}"), name)
        points = x[plane_axes(plane)]
        if layout.up.startswith("-"):
            points[1] *= -1
        present = present_joints(x, layout)
        others = present.sum(1) == layout.num_joints - 1  # of a clip that is centred in this frame
        present[:, layout.centre] |= others
        shown = points[:, present] if bool(present.any()) else points.flatten(1)
        frames = spread(x.shape[1], moments)
        return cls(name, points, present, frames, shown.amin(1), shown.amax(1))

    @property
    def step(self) -> float:
        """The width of a moment."""
        width, height = (self.high - self.low).clamp(min=1e-6).tolist()
        return float(max(width * 1.15, height * 0.35))

    def height(self, width: float) -> float:
        """Return the height in inches of a row of a width."""
        extent = float(self.high[1] - self.low[1]) * 1.15
        return min(max(width * extent / (self.step * len(self.frames)), 0.8), 2.2)

    def moved(self, column: int) -> Tensor:
        """Return the points (2, V, M) of a moment, in its place of the row."""
        middle = (self.low[0] + self.high[0]) / 2
        across = torch.stack([column * self.step - middle, middle * 0])
        return self.points[:, self.frames[column]] + across[:, None, None]


def _draw_row(axes: Axes, row: _Row, layout: SkeletonLayout, share: Tensor | None) -> None:
    for column, frame in enumerate(row.frames):
        colours = _sides(layout) if share is None else _blend(share[frame], layout)
        _draw_pose(axes, row.moved(column), row.present[frame], layout, colours)
        axes.annotate(
            str(frame), (column * row.step, 0), xycoords=("data", "axes fraction"),
            fontsize=6, color=MIDDLE, ha="center", va="top",
        )  # fmt: skip
    margin = 0.05 * float(row.high[1] - row.low[1]) + 1e-6
    axes.set_xlim(-row.step / 2, (len(row.frames) - 0.5) * row.step)
    axes.set_ylim(float(row.low[1]) - margin, float(row.high[1]) + margin)
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.set_title(row.name, loc="left", fontsize=8)


def _draw_pose(
    axes: Axes, points: Tensor, present: Tensor, layout: SkeletonLayout, colours: list[str]
) -> None:
    from matplotlib.collections import LineCollection

    for person in range(points.shape[-1]):
        there = present[:, person]
        bones = [i for i, (a, b) in enumerate(layout.bones) if bool(there[a] & there[b])]
        ends = [points[:, list(layout.bones[bone]), person].T.numpy() for bone in bones]
        colour = [colours[layout.bones[bone][0]] for bone in bones]
        style = "--" if person else "-"
        axes.add_collection(LineCollection(ends, colors=colour, linewidths=1.3, linestyles=style))


def _sides(layout: SkeletonLayout) -> list[str]:
    """Return a colour for each joint: of its side."""
    colours = [MIDDLE] * layout.num_joints
    for left, right in layout.left_right:
        colours[left], colours[right] = LEFT, RIGHT
    return colours


def _blend(share: Tensor, layout: SkeletonLayout) -> list[str]:
    """Return a colour for each joint, between those of the clip and of its partner."""
    from matplotlib.colors import LinearSegmentedColormap, to_hex

    colours = LinearSegmentedColormap.from_list("sources", [OWN, PARTNERS])
    return [to_hex(colours(float(share[joint]))) for joint in range(layout.num_joints)]


def _draw_missing(axes: Axes, own: _Row, made: _Row) -> None:
    for column, frame in enumerate(own.frames):
        was, still = own.present[frame], made.present[frame]
        fewer = still.sum(1) < was.sum(1)  # persons who change places are not missing
        gone = was & ~still & fewer[:, None]
        places = own.moved(column)[:, gone].numpy()
        axes.plot(*places, "x", color="0.6", markersize=3, markeredgewidth=0.8)


def _draw_trace(axes: Axes, own: _Row, made: _Row, joint: int, name: str) -> None:
    for row, colour, width in ((own, "0.7", 2.5), (made, "black", 1.0)):
        height = row.points[1, :, joint, 0].masked_fill(~row.present[:, joint, 0], torch.nan)
        axes.plot(height.numpy(), color=colour, linewidth=width, label=row.name)
    axes.set_xlabel("frame", fontsize=7)
    axes.set_ylabel(f"{name}, height", fontsize=7)
    axes.tick_params(labelsize=6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=6, frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
