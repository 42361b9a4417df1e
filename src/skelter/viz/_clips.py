"""Clips as rows of stick figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from torch import Tensor

from skelter import _checks
from skelter.layouts import NTU25, SkeletonLayout
from skelter.viz._canvas import check_titles, new_figure
from skelter.viz._stick import (
    draw_pose,
    drawable,
    plane_axes,
    present_joints,
    spread,
    turn_up,
    upright_plane,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_clips(
    clips: Mapping[str, Tensor],
    layout: SkeletonLayout = NTU25,
    *,
    moments: int = 8,
    plane: str | None = None,
) -> Figure:
    """Draw clips as rows of stick figures, one row a clip, one column a moment.

    Left limbs are blue, right limbs red, second persons dashed. Missing joints are left out. All
    figures of a row have the same scale. People stand upright, also where the axis that points up
    in the clips is another than y, or points down (`SkeletonLayout.up`).

    Args:
        clips: A title and a clip of shape (C, T, V, M) for each row.
        layout: Their layout.
        moments: Frames to draw, evenly spread over the clip.
        plane: Which two coordinates to draw, to the right and upward, such as ``"xz"``. By default
            x, and the axis that `layout` says is upright.

    Returns:
        A figure. ``figure.savefig(path)`` writes it.

    Raises:
        ImportError: matplotlib is missing.
        TypeError: `clips` is not a mapping, or `layout` is not a layout.
        ValueError: There is no clip, one does not fit the layout, is a batch or is not finite, or
            `plane` is not a plane of positions.

    Example:
        >>> import torch
        >>> figure = plot_clips({"a clip": torch.randn(3, 20, 25, 1)}, moments=4)
        >>> len(figure.get_axes())
        4
    """
    check_titles("clips", clips, '{"a clip": x[0]}')
    _checks.require(len(clips) > 0, "`clips`", "hold at least one clip", "none")
    _checks.positive_int("moments", moments)
    plane = upright_plane(layout) if plane is None else plane
    across_upward = plane_axes(plane)
    figure = new_figure(1.3 * moments, 1.7 * len(clips))
    grid = figure.subplots(len(clips), moments, squeeze=False)
    for row, (title, clip) in zip(grid, clips.items(), strict=True):
        x = one_clip(drawable(clip, layout, plane, str(title)), str(title))
        present = present_joints(x, layout)
        points = x[across_upward]
        shown = points[:, present] if bool(present.any()) else points.flatten(1)
        low, high = shown.amin(1).tolist(), shown.amax(1).tolist()
        for axes, frame in zip(row, spread(x.shape[1], moments), strict=True):
            draw_pose(axes, points[:, frame].numpy(), present[frame].numpy(), layout)
            axes.set_xlim(low[0] - 0.1, high[0] + 0.1)
            axes.set_ylim(low[1] - 0.1, high[1] + 0.1)
            turn_up(axes, plane, layout)
            axes.set_aspect("equal")
            axes.set_axis_off()
            axes.set_title(f"{title}\nframe {frame}" if axes is row[0] else str(frame), fontsize=7)
            if axes is row[0]:
                axes.title.set_ha("left")
                axes.title.set_position((0.0, 1.0))
    return figure


def one_clip(x: Tensor, name: str) -> Tensor:
    """Return a clip, which a batch of them is not."""
    hint = f"Draw one clip of a batch: {name}[0]"
    _checks.require(x.ndim == 4, f"`{name}`", "have shape (C, T, V, M)", _checks.shape_of(x), hint)
    return x
