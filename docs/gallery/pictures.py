"""The kinds of pictures of the gallery: functions from what is shown to a figure."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import torch
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from torch import Tensor

from gallery.entry import Shown
from skelter import transforms as T
from skelter import viz
from skelter.layouts import SkeletonLayout

HIDDEN, VISIBLE, NOTHING = "#D55E00", "#0072B2", "#eeeeee"
PERSONS = (VISIBLE, HIDDEN, "#009E73")
HAND = "right wrist"


def figures(shown: Shown, *, joint: str | None = None, same_scale: bool = True) -> Figure:
    """Draw stick figures before and after."""
    return viz.plot_before_after(
        shown.batch[0], shown.result[0], shown.layout, joint=joint, same_scale=same_scale
    )


def trace(shown: Shown) -> Figure:
    """Draw stick figures, and the height of a hand over time."""
    return figures(shown, joint=HAND)


resized_trace = partial(figures, joint=HAND, same_scale=False)


def packed(shown: Shown) -> Figure:
    """Draw stick figures and a hand, without the zeros that frames left out have left behind."""
    count = int(T.functional.count_frames(shown.result[0]))
    return trace(replace(shown, result=shown.result[:, :, :count]))


def scaled(shown: Shown) -> Figure:
    """Draw stick figures, each row as large as it is, beside an axis of numbers."""
    figure = figures(shown, same_scale=False)
    for axes in figure.get_axes():
        axes.set_axis_on()
        axes.spines[["top", "right", "bottom"]].set_visible(False)
        axes.set_xticks([])
        axes.tick_params(labelsize=6)
    return figure


def standing(shown: Shown) -> Figure:
    """Draw stick figures of people who stand along z afterwards."""
    turned = shown.result[:, [0, 2, 1]]
    figure = figures(replace(shown, result=turned))
    before, after = figure.get_axes()
    before.set_title("before, y upward", loc="left", fontsize=8)
    after.set_title("after, z upward", loc="left", fontsize=8)
    return figure


def tracks(shown: Shown) -> Figure:
    """Draw stick figures, and below them in which frames each person is there."""
    figure = figures(shown, joint=HAND)
    axes = figure.get_axes()[-1]
    axes.clear()
    before, after = shown.batch[0], shown.result[0]
    same = (after[..., None] == before[..., None, :]).all(2).all(0)  # (T, after, before)
    there = (before != 0).any(2).any(0)
    names = []
    for when, sources in (("before", torch.diag_embed(there)), ("after", same & there[:, None])):
        for person in range(sources.shape[1]):
            names.append(f"{when}: person {person}")
            for source in range(sources.shape[2]):
                frames = sources[:, person, source].nonzero().flatten().tolist()
                bars = [(frame, 1) for frame in frames]
                axes.broken_barh(bars, (len(names) - 0.9, 0.8), color=PERSONS[source])
    axes.set_yticks(torch.arange(len(names)) + 0.5, names)
    axes.set_ylim(len(names), 0)
    axes.set_xlim(0, before.shape[1])
    _small(axes, "frame", "")
    return figure


def timing(shown: Shown, *, joint: str = HAND) -> Figure:
    """Draw the height of a hand before and after, and which frame each output frame reads."""
    x, y, hand = shown.batch[:1], shown.result[0], shown.layout.index(joint)
    read = shown.transform.positions(x, shown.params)[0][: y.shape[1]]
    keep = (y != 0).any(0)[:, hand, 0]
    before, after = x[0, 1, :, hand, 0], y[1, :, hand, 0].masked_fill(~keep, torch.nan)
    before = before.masked_fill(before == 0, torch.nan)
    figure = Figure(figsize=(8, 2.0), dpi=120, layout="constrained")
    first, second, third = figure.subplots(1, 3)
    first.plot(before, color="0.7", linewidth=2.5)
    at = read.double()[keep]
    low, high = at.floor().long(), at.ceil().long()
    height = before[low] + (before[high] - before[low]) * (at - low)
    first.plot(at, height, ".", color=HIDDEN, markersize=2.5)
    second.plot(after, ".-", color="black", linewidth=1, markersize=2.5)
    second.sharey(first)
    third.plot([0, x.shape[2] - 1], [0, x.shape[2] - 1], color="0.85", linewidth=1)
    third.plot(keep.nonzero().flatten(), at, ".", color=HIDDEN, markersize=2.5)
    _small(first, "frame", f"{joint}, height", "before, and what is read of it")
    _small(second, "frame", "", "after")
    _small(third, "frame afterwards", "frame before", "the frame that is read")
    for axes in (second, third):
        axes.set_xlim(-0.03 * len(after), 1.03 * len(after))
    return figure


def lines(shown: Shown) -> Figure:
    """Draw the height of a hand before and after."""
    figure = Figure(figsize=(8, 2.0), dpi=120, layout="constrained")
    axes, hand = figure.subplots(), shown.layout.index(HAND)
    clips = (("before", shown.batch, "0.7", 2.5), ("after", shown.result, "black", 1.0))
    for name, batch, colour, width in clips:
        axes.plot(batch[0, 1, :, hand, 0], color=colour, linewidth=width, label=name)
    _small(axes, "frame", f"{HAND}, height")
    axes.legend(fontsize=6, frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    return figure


def rooted_trace(shown: Shown) -> Figure:
    """Draw stick figures whose origin is the root of the layout, and a hand."""
    return trace(replace(shown, layout=replace(shown.layout, centre=shown.layout.roots[0])))


def in_image(shown: Shown, *, size: tuple[int, int] | None = None) -> Figure:
    """Draw the middle frame before and after, both on axes, and the image around it.

    An image of another `size` has taken the place of the first.
    """
    figure = Figure(figsize=(8, 2.6), dpi=120, layout="constrained")
    pair = zip(figure.subplots(1, 2), (shown.batch, shown.result), strict=True)
    for (axes, batch), title in zip(pair, ("before", "after"), strict=True):
        points = batch[0, :2, batch.shape[2] // 2, :, 0]
        there = (points != 0).any(0)
        there[shown.layout.centre] |= there.sum() == len(there) - 1  # it is the origin
        for child, parent in shown.layout.bones:
            side = _side(child, shown.layout) if there[[child, parent]].all() else "none"
            axes.plot(*points[:, [child, parent]], color=side, linewidth=1.3)
        _small(axes, "x", "y", title)
        axes.set_aspect("equal")
        axes.invert_yaxis()
    before, after = figure.get_axes()
    _box(before, [0, 0, 1920, 1080], "0.7")
    _box(after, _moved_image(shown) if size is None else [0, 0, *size], "0.7")
    if isinstance(shown.params, T.BoxCropParams):
        left, top, right, bottom = shown.params.box[0].tolist()
        _box(before, [left, top, right, bottom], HIDDEN)
        _box(after, [0, 0, right - left, bottom - top], HIDDEN)
    return figure


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
    _small(axes, "frame", f"{HAND}, height\nsince the start")
    axes.legend(fontsize=6, frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=3)
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


def draws(shown: Shown) -> Figure:
    """Draw what several clips of a batch, all the same, became."""
    rows = {"before": shown.batch[0]}
    rows |= {f"clip {number}": clip for number, clip in enumerate(shown.result)}
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


def _grid(axes: Axes, values: Tensor, across: str, upward: str) -> None:
    """Draw 0 as hidden, 1 as visible and 2 as nothing."""
    colours = ListedColormap([HIDDEN, VISIBLE, NOTHING])
    axes.imshow(values.numpy(), cmap=colours, vmin=0, vmax=2, aspect="auto", interpolation="none")
    _small(axes, across, upward)
    axes.set_title("blue: visible, orange: hidden", fontsize=7, loc="right")


def _small(axes: Axes, across: str, upward: str, title: str = "") -> None:
    """Label axes in small letters, with a title on the left."""
    axes.set_xlabel(across, fontsize=7)
    axes.set_ylabel(upward, fontsize=7)
    axes.set_title(title, fontsize=8, loc="left")
    axes.tick_params(labelsize=6)
    axes.spines[["top", "right"]].set_visible(False)


def _moved_image(shown: Shown) -> list[float]:
    """Return the image of 1920 x 1080, moved and scaled as the points are."""
    x, y = (batch[0, :2].flatten(1) for batch in (shown.batch, shown.result))
    scale = (y.amax(1) - y.amin(1)) / (x.amax(1) - x.amin(1))
    corners = torch.tensor([[0.0, 0.0], [1920.0, 1080.0]])
    return ((corners - x.amin(1)) * scale + y.amin(1)).flatten().tolist()


def _box(axes: Axes, box: list[float], colour: str) -> None:
    """Draw a box by its left, top, right and bottom side."""
    left, top, right, bottom = box
    corners = [left, right, right, left, left], [top, top, bottom, bottom, top]
    axes.plot(*corners, color=colour, linewidth=1)


def _side(joint: int, layout: SkeletonLayout) -> str:
    """Return the colour of a joint: blue on the left, red on the right."""
    left, right = zip(*layout.left_right, strict=True)
    return "tab:blue" if joint in left else "tab:red" if joint in right else "0.35"
