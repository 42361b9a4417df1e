"""Checks of clips and of what comes with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from skelter._checks._arrays import integers
from skelter._checks._arrays import tensor as take
from skelter._checks._sentence import plural, require, require_match, shape_of

CROWD = 5  # persons that even clips of one frame may have
MOST_CHANNELS = 12  # a Kinect gives that many numbers a joint
LAYOUT_HINT = "Pass layout=... for your skeleton."


class Shaped(Protocol):
    """Clips of any kind: padded, or ragged."""

    @property
    def shape(self) -> torch.Size: ...
    @property
    def device(self) -> torch.device: ...


class Layout(Protocol):
    """A layout, as far as checks ask it."""

    @property
    def name(self) -> str: ...
    @property
    def num_joints(self) -> int: ...
    @property
    def dimensions(self) -> int: ...


def floating(name: str, x: Any) -> Tensor:
    """Return a tensor, an array or nested lists as a floating tensor."""
    tensor = take(name, x)
    if not tensor.is_floating_point():
        convert = "float()" if isinstance(x, Tensor) else "astype('float32')"
        raise TypeError(
            f"`{name}` must have a real floating dtype; got {tensor.dtype} with shape "
            f"{shape_of(tensor)}. Convert it first: {name}.{convert}"
        )
    return tensor


def padded(x: Any) -> Any:
    """Return ragged clips padded to one tensor, and anything else as it is."""
    ragged = not isinstance(x, Tensor) and hasattr(x, "padded")
    return x.padded() if ragged else x


def clips(x: Any, name: str = "x") -> Tensor:
    """Return ``x`` as clips of shape (..., C, T, V, M)."""
    tensor = floating(name, padded(x))
    if tensor.ndim < 4:
        raise ValueError(
            f"`{name}` must have shape (..., C, T, V, M): coordinates, frames, joints, persons; "
            f"got {shape_of(tensor)}. For one person, add the last axis: {name}[..., None]"
        )
    if 0 in tensor.shape[-4:]:
        raise ValueError(
            f"`{name}` must have at least one coordinate, frame, joint and person; got "
            f"(..., C, T, V, M) = {shape_of(tensor)}."
        )
    if tensor.shape[-1] > max(tensor.shape[-3], CROWD):
        raise _wrong_order(name, tensor, "more persons than frames")
    return tensor


def channels(x: Shaped, name: str = "x") -> None:
    """Refuse more channels than joints have, which is a batch in another order."""
    if x.shape[-4] > MOST_CHANNELS:
        raise _wrong_order(name, x, f"{x.shape[-4]} coordinates")


def _wrong_order(name: str, x: Shaped, fault: str, otherwise: str = "") -> ValueError:
    """Return the error for clips whose axes are in another order, with the order they look like."""
    looks = {
        (4, 1): f"(N, C, T, V) without the axis of persons: {name}[..., None]",
        (4, 3): f"(N, T, V, C): einops.rearrange({name}, 'n t v c -> n c t v 1')",
        (5, 4): f"(N, M, T, V, C): einops.rearrange({name}, 'n m t v c -> n c t v m')",
    }
    if len(x.shape) == 4 and x.shape[1] in (2, 3) and x.shape[3] <= CROWD:
        looks[4, 1] = f"(T, C, V, M): einops.rearrange({name}, 't c v m -> c t v m')"
    found = [text for (ndim, axis), text in looks.items()
             if len(x.shape) == ndim and x.shape[axis] in (2, 3)]  # fmt: skip
    hint = f"It looks like {found[0]} {otherwise}" if found else otherwise
    return ValueError(
        f"`{name}` must have shape (..., C, T, V, M): coordinates, frames, joints, persons; got "
        f"{shape_of(x)}, {fault}. {hint}".rstrip()
    )


def clip_batch(x: Tensor, name: str = "x") -> Tensor:
    """Return ``x`` as a batch of clips of shape (N, C, T, V, M) that is not empty."""
    single = f"For a single clip, add the batch axis: {name}[None]"
    several = f"Flatten the leading axes: {name}.flatten(0, -5)"
    x = clips(x, name)
    hint = single if x.ndim == 4 else several
    require(x.ndim == 5, f"`{name}`", "have shape (N, C, T, V, M)", shape_of(x), hint)
    return not_empty(x, name)


def not_empty(x: Tensor, name: str = "x") -> Tensor:
    """Return ``x`` unless its batch axis is empty."""
    require(
        x.shape[0] > 0,
        f"`{name}`",
        "hold at least one clip",
        f"an empty batch of shape {shape_of(x)}",
        "Skip empty batches, or drop the filter that emptied this one.",
    )
    return x


def axis(x: Tensor, letter: str, expected: int, owner: str, hint: str, name: str = "x") -> None:
    """Check one of the axes C, T, V, M of clips against what ``owner`` was built for."""
    words = {"C": "coordinate", "T": "frame", "V": "joint", "M": "person"}
    came = x.shape[{"C": -4, "T": -3, "V": -2, "M": -1}[letter]]
    require_match(
        came == expected,
        f"`{name}` has {plural(came, words[letter])}",
        f"{owner} has {expected}",
        f"(..., C, T, V, M) = {shape_of(x)}",
        hint,
    )


def positions(x: Shaped, layout: Layout | None) -> int:
    """Return how many leading channels of clips are positions: all there are without a layout.

    Without one, they have to be 2 or 3, so that no other axis is read as coordinates. Two
    coordinates of three persons are more likely three coordinates of two: a layout of an image
    says that they are not.
    """
    C, M = x.shape[-4], x.shape[-1]
    if (C, M) == (2, 3) and (layout is None or layout.dimensions == 3):
        hint = "For three persons in an image, pass layout=... with dimensions=2."
        raise _wrong_order("x", x, "2 coordinates of 3 persons", hint)
    if layout is not None and C >= 2:
        return min(C, layout.dimensions)
    if C not in (2, 3):
        raise ValueError(
            "`x` must have 2 or 3 coordinates where no layout says which channels are positions; "
            f"got C={C} in (..., C, T, V, M) = {shape_of(x)}. Pass layout=..., whose `dimensions` "
            "says so; for one person without its axis, add that first: x[..., None]"
        )
    return C


def joints(x: Tensor, layout: Layout, name: str = "x", hint: str = LAYOUT_HINT) -> None:
    """Check the joint axis of clips against a layout."""
    joint_count(f"`{name}`", x.shape[-2], layout, hint)


def joint_count(subject: str, count: int, layout: Layout, hint: str = LAYOUT_HINT) -> None:
    """Check a number of joints against a layout."""
    require_match(
        count == layout.num_joints,
        f"{subject} has {plural(count, 'joint')}",
        f"layout {layout.name} has {layout.num_joints}",
        "",
        hint,
    )


def frame_counts(num_frames: Any, x: Shaped) -> Tensor:
    """Return valid frame counts for clips ``x``, on its device.

    None counts every frame. Ragged clips have their own counts, and none may lie above them. The
    values are checked where they lie on the CPU. Reading them from a GPU would make it wait, so
    there they are clamped.
    """
    batch, frames = x.shape[:-4], x.shape[-3]
    own: Tensor | None = None if isinstance(x, Tensor) else getattr(x, "num_frames", None)
    if own is not None and (num_frames is None or num_frames is own):
        return own.to(torch.int64)
    if num_frames is None:
        return torch.full(batch, frames, dtype=torch.int64, device=x.device)
    counts = num_frames
    if not isinstance(counts, Tensor):
        counts = torch.from_numpy(integers("num_frames", num_frames))
    if counts.is_floating_point() or counts.is_complex() or counts.dtype == torch.bool:
        raise TypeError(
            f"`num_frames` must be integers, the valid frames of each clip; got {counts.dtype}. "
            "Convert it first: num_frames.long()"
        )
    if counts.shape != batch:
        raise ValueError(
            f"`num_frames` must have the batch axes {tuple(batch)} of `x` {shape_of(x)}; "
            f"got shape {shape_of(counts)}."
        )
    if counts.device.type != "cpu":
        return _up_to(own, counts.to(x.device, torch.int64).clamp(1, frames))
    try:
        values = counts.numpy() if counts.numel() else np.ones(1)
    except RuntimeError:  # within torch.func.vmap
        return _up_to(own, counts.to(torch.int64).clamp(1, frames))
    fewest, most = values.min(), values.max()
    if fewest < 1 or most > frames:
        raise ValueError(
            f"`num_frames` must lie between 1 and T={frames} for `x` {shape_of(x)}; "
            f"got {fewest if fewest < 1 else most}. Count the frames before the padding of each "
            "clip."
        )
    return _up_to(own, counts.to(x.device, torch.int64))


def is_frame_count(num_frames: Any, x: Shaped) -> bool:
    """Tell whether a tensor is the frame count of one clip on the processor, in a short way."""
    if not isinstance(num_frames, Tensor) or num_frames.shape or num_frames.dtype != torch.int64:
        return False
    one = len(x.shape) == 4 and num_frames.is_cpu and not torch.compiler.is_compiling()
    if not one or x.device.type != "cpu":
        return False
    count = read_number(num_frames)
    return count is not None and 1 <= count <= x.shape[-3]


def read_number(x: Tensor) -> int | None:
    """Return an integer out of a tensor, None within ``torch.func.vmap``, where it is many."""
    try:
        return int(x)
    except RuntimeError:
        return None


def _up_to(own: Tensor | None, counts: Tensor) -> Tensor:
    """Return counts within those of ragged clips: behind the end of one lies another."""
    if own is None:
        return counts
    fits = own.device.type != "cpu" or bool((counts <= own).all())
    came = f"{counts.tolist()} for clips of {own.tolist()}" if not fits else ""
    require(fits, "`num_frames`", "lie within each of the ragged clips", came)
    return torch.minimum(counts, own)


def params(x: Shaped, **expected: tuple[Tensor, tuple[int, ...]]) -> None:
    """Check that the parameters of a transform lead with the batch axes of the clips."""
    for name, (tensor, trailing) in expected.items():
        wanted = (*x.shape[:-4], *trailing)
        if tuple(tensor.shape) != wanted:
            raise ValueError(
                f"`{name}` must have shape {wanted}, one entry for each clip of `x` {shape_of(x)}; "
                f"got {shape_of(tensor)}. Sample it again for this batch."
            )


def finite(x: Tensor, name: str = "x") -> None:
    """Refuse NaN and infinity, naming the first (this makes a GPU wait)."""
    bad = ~torch.isfinite(x)
    if bool(bad.any()):
        where = tuple(int(i) for i in bad.nonzero()[0])
        raise ValueError(
            f"`{name}` must be finite; {int(bad.sum())} of {x.numel()} values of shape "
            f"{shape_of(x)} are not, the first at index {where}. Mark missing joints with zeros, "
            "not with NaN."
        )


def same_batch(views: Sequence[Any], count: int) -> list[Tensor]:
    """Return as many views as a method takes, clips of the same, non-empty batch."""
    require(
        len(views) == count,
        "`views`",
        f"be {count} views of the same clips, each of shape (N, C, T, V, M)",
        len(views),
        "A MultiView makes them. Pass them one by one: method(*views)",
    )
    first, *others = (clip_batch(view, f"view{i}") for i, view in enumerate(views, start=1))
    for number, view in enumerate(others, start=2):
        require(
            view.shape[0] == first.shape[0],
            f"`view{number}`",
            f"hold the clips of `view1` {shape_of(first)} in the same order",
            shape_of(view),
            "Make both by one MultiView.",
        )
    return [first, *others]


def dtype_of(x: Tensor, module: nn.Module, name: str = "x") -> None:
    """Check that an input has the dtype of a module's weights, or that autocast converts it."""
    weights, kind = next(module.parameters()).dtype, x.device.type
    # torch asks no meta tensor for autocast.
    casts = kind != "meta" and torch.is_autocast_enabled(kind)
    converted = casts and torch.float64 not in (x.dtype, weights)
    owner = type(module).__name__
    methods = {torch.float64: "double", torch.float16: "half", torch.bfloat16: "bfloat16"}
    to_weights, to_x = (methods.get(dtype, "float") for dtype in (weights, x.dtype))
    require(
        x.dtype == weights or converted,
        f"`{name}`",
        f"have the dtype {weights} of the weights of this {owner}",
        f"{x.dtype} with shape {shape_of(x)}",
        f"Convert it first, {name}.{to_weights}(), or the {owner}: .{to_x}()",
        error=TypeError,
    )
