"""Stick figures: the joints to draw, lines between them, and the way up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from skelter import _checks
from skelter.layouts import SkeletonLayout, check_layout

if TYPE_CHECKING:
    from matplotlib.axes import Axes

AXES = "xyz"
LEFT, RIGHT, MIDDLE = "tab:blue", "tab:red", "0.35"


def upright_plane(layout: SkeletonLayout) -> str:
    """Return the plane that shows people upright as they were recorded."""
    up = check_layout(layout).up[-1]
    return ("y" if up == "x" else "x") + up


def plane_axes(plane: str) -> list[int]:
    """Return the coordinates that go to the right and upward."""
    known = isinstance(plane, str) and len(set(plane) & set(AXES)) == len(plane) == 2
    _checks.require(known, "`plane`", "be two of the letters x, y and z", repr(plane))
    return [AXES.index(letter) for letter in plane]


def drawable(clip: Any, layout: SkeletonLayout, plane: str, name: str) -> Tensor:
    """Return clips (..., C, T, V, M) as float32 on the CPU, if they fit a layout and a plane."""
    check_layout(layout)
    x = _checks.clips(clip, name).detach().cpu().float()
    _checks.joints(x, layout, name)
    C = x.shape[-4]
    positions = min(C, layout.dimensions)
    expected = f"be of the C={C} coordinates of `{name}` {_checks.shape_of(x)}"
    if positions < C:
        expected = f"be of the first {positions} channels, the positions of layout {layout.name}"
    _checks.require(max(plane_axes(plane)) < positions, "`plane`", expected, repr(plane))
    _checks.finite(x, name)
    return x


def present_joints(x: Tensor, layout: SkeletonLayout) -> Tensor:
    """Return the joints to draw, (T, V, M): those not zero, and the origin of a centred clip."""
    present = (x != 0).any(0)
    if not bool(present[:, layout.centre, 0].any()):
        present[:, layout.centre, 0] = present[:, :, 0].any(1)
    return present


def draw_pose(axes: Axes, points: np.ndarray, present: np.ndarray, layout: SkeletonLayout) -> None:
    """Draw points (2, V, M): left limbs blue, right limbs red, second persons dashed."""
    left = {joint for joint, _ in layout.left_right}
    right = {joint for _, joint in layout.left_right}
    for person in range(points.shape[-1]):
        for child, parent in layout.bones:
            if present[child, person] and present[parent, person]:
                colour = LEFT if child in left else RIGHT if child in right else MIDDLE
                ends = points[:, [child, parent], person]
                style = "--" if person else "-"
                axes.plot(*ends, color=colour, linewidth=1.2, linestyle=style)


def turn_up(axes: Axes, plane: str, layout: SkeletonLayout) -> None:
    """Turn the upright axis over where it points down in clips of a layout."""
    if layout.up == f"-{plane[1]}":
        axes.invert_yaxis()


def spread(frames: int, moments: int) -> list[int]:
    """Return moments evenly spread over frames, both ends among them."""
    return [int(frame) for frame in torch.linspace(0, frames - 1, moments).round()]
