"""The kinds of pictures of the gallery: functions from what is shown to a figure."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import torch
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from torch import Tensor

from gallery.entry import Shown
from skelter import viz
from skelter.layouts import SkeletonLayout

HIDDEN, VISIBLE, NOTHING = "#D55E00", "#0072B2", "#eeeeee"
HAND = "right wrist"


def figures(shown: Shown, *, joint: str | None = None, same_scale: bool = True) -> Figure:
    """Draw stick figures before and after."""
    return viz.plot_before_after(
        shown.batch[0], shown.result[0], shown.layout, joint=joint, same_scale=same_scale
    )


def trace(shown: Shown) -> Figure:
    """Draw stick figures, and the height of a hand over time."""
    return figures(shown, joint=HAND)


resized = partial(figures, same_scale=False)
resized_trace = partial(figures, joint=HAND, same_scale=False)


def partners(shown: Shown) -> Figure:
    """Draw stick figures before and after, and those of the other clip of the batch."""
    x = shown.batch
    return viz.plot_before_after(x[0], shown.result[0], shown.layout, partner=x[1])


def partners_of_bones(shown: Shown) -> Figure:
    """Draw stick figures of clips of bones, put together again."""
    order = sorted(range(shown.layout.num_joints), key=lambda joint: len(_way(joint, shown.layout)))

    def joints(bones: Tensor) -> Tensor:
        x = bones.clone()
        for joint in order:
            if (parent := shown.layout.parents[joint]) not in (-1, joint):
                x[:, :, :, joint] += x[:, :, :, parent]
        return x + 1e-3  # a joint at the origin is drawn as missing

    return partners(replace(shown, batch=joints(shown.batch), result=joints(shown.result)))


def partners_of_motion(shown: Shown) -> Figure:
    """Draw the way that a hand goes in clips of differences."""
    figure = Figure(figsize=(8, 2.2), dpi=120, layout="constrained")
    axes = figure.subplots()
    hand = shown.layout.index(HAND)
    lines = {"before": shown.batch[0], "partner": shown.batch[1], "after": shown.result[0]}
    for (name, clip), colour in zip(lines.items(), (VISIBLE, HIDDEN, "black"), strict=True):
        axes.plot(clip[1, :, hand, 0].cumsum(0), color=colour, linewidth=1.3, label=name)
    axes.set_xlabel("frame", fontsize=7)
    axes.set_ylabel(f"{HAND}, height\nsince the start", fontsize=7)
    axes.tick_params(labelsize=6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=6, frameon=False, ncols=3)
    return figure


def _way(joint: int, layout: SkeletonLayout) -> list[int]:
    """Return the joints from a joint to its root."""
    parent = layout.parents[joint]
    return [joint] if parent in (-1, joint) else [joint, *_way(parent, layout)]


def mixed(shown: Shown) -> Figure:
    """Draw a mixed clip in the colours of its sources."""
    x, result = shown.batch, shown.result
    return viz.plot_before_after(
        x[0], result.clips[0], shown.layout, partner=x[1], mask=result.mask[0]
    )


def views(shown: Shown) -> Figure:
    """Draw several views of a clip."""
    rows = {"before": shown.batch[0]}
    rows |= {f"view {number}": view[0] for number, view in enumerate(shown.result, 1)}
    return viz.plot_clips(rows, shown.layout, moments=7)


def hidden(shown: Shown) -> Figure:
    """Draw stick figures, and below them which joints are hidden in which frames."""
    figure = figures(shown, joint=HAND)
    axes = figure.get_axes()[-1]
    axes.clear()
    before, after = ((clip[0] != 0).any(0)[..., 0] for clip in (shown.batch, shown.result))
    _grid(axes, torch.where(before, after.long(), 2).T, "frame", "joint")
    return figure


def tokens(shown: Shown) -> Figure:
    """Draw which tokens of person 0 a model sees."""
    figure = Figure(figsize=(8, 2.6), dpi=120, layout="constrained")
    patch = shown.transform.patch
    _grid(figure.subplots(), shown.result[0, 0].long().T, f"block of {patch} frames", "joint")
    return figure


def _grid(axes, values: Tensor, across: str, upward: str) -> None:
    """Draw 0 as hidden, 1 as visible and 2 as nothing."""
    colours = ListedColormap([HIDDEN, VISIBLE, NOTHING])
    axes.imshow(values.numpy(), cmap=colours, vmin=0, vmax=2, aspect="auto", interpolation="none")
    axes.set_xlabel(across, fontsize=7)
    axes.set_ylabel(upward, fontsize=7)
    axes.tick_params(labelsize=6)
    axes.set_title("blue: visible, orange: hidden", fontsize=7, loc="right")
