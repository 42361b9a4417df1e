"""How argument errors are worded: the only place where the sentence is made.

Every message says what was expected, what came, and what to do about it; `require` writes it.
Shapes are checked always; values (finite coordinates, frame counts) only where the check does not
make a GPU wait.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class _Layout(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def num_joints(self) -> int: ...


def require(
    condition: bool,
    what: str,
    expected: str,
    got: object,
    hint: str = "",
    *,
    error: type[Exception] = ValueError,
) -> None:
    """Raise "``what`` must ``expected``; got ``got``. ``hint``" unless a condition holds."""
    if not condition:
        raise error(f"{what} must {expected}; got {got}. {hint}".rstrip())


def require_match(condition: bool, subject: str, owner: str, got: str, hint: str) -> None:
    """Raise "``subject``, but ``owner``; got ``got``. ``hint``" unless two things agree."""
    if not condition:
        raise ValueError(f"{subject}, but {owner}{f'; got {got}' if got else ''}. {hint}")


def shape_of(x: Any) -> tuple[int, ...]:
    """Return a shape as the plain tuple that messages show."""
    return tuple(x.shape)


# Tensors


def floating(name: str, x: Any) -> Tensor:
    """Return ``x`` as a floating tensor; arrays and lists enter as by ``torch.as_tensor``."""
    try:
        tensor: Tensor = torch.as_tensor(x)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(
            f"`{name}` must be a tensor, a NumPy array or nested lists of numbers; "
            f"got {type(x).__name__}. Ragged clips are padded by skelter.data.collate."
        ) from error
    if not tensor.is_floating_point():
        raise TypeError(
            f"`{name}` must have a real floating dtype; got {tensor.dtype} with shape "
            f"{shape_of(tensor)}. Convert it first: {name}.float()"
        )
    return tensor


def clips(x: Any, name: str = "x") -> Tensor:
    """Return ``x`` as clips of shape (..., C, T, V, M)."""
    tensor = floating(name, x)
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
    return tensor


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
    words = {"C": "coordinates", "T": "frames", "V": "joints", "M": "persons"}
    came = x.shape[{"C": -4, "T": -3, "V": -2, "M": -1}[letter]]
    require_match(
        came == expected,
        f"`{name}` has {came} {words[letter]}",
        f"{owner} has {expected}",
        f"(..., C, T, V, M) = {shape_of(x)}",
        hint,
    )


def joints(x: Tensor, layout: _Layout, name: str = "x") -> None:
    """Check the joint axis of clips against a layout."""
    joint_count(f"`{name}`", x.shape[-2], layout)


def joint_count(subject: str, count: int, layout: _Layout) -> None:
    """Check a number of joints against a layout."""
    require_match(
        count == layout.num_joints,
        f"{subject} has {count} joints",
        f"layout {layout.name} has {layout.num_joints}",
        "",
        "Pass layout=... for your skeleton.",
    )


def frame_counts(num_frames: Any, x: Tensor) -> Tensor:
    """Return valid frame counts for clips ``x``, on its device; None counts every frame.

    The values are checked where they lie on the CPU; reading them from a GPU would make it wait,
    so there they are clamped to 1..T.
    """
    batch, frames = x.shape[:-4], x.shape[-3]
    if num_frames is None:
        return torch.full(batch, frames, dtype=torch.int64, device=x.device)
    counts = torch.as_tensor(num_frames)
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
    if counts.device.type == "cpu":
        wrong = (counts < 1) | (counts > frames)
        if bool(wrong.any()):
            raise ValueError(
                f"`num_frames` must lie between 1 and T={frames} for `x` {shape_of(x)}; "
                f"got {int(counts[wrong][0])}. Count the frames before the padding of each clip."
            )
    return counts.to(x.device, torch.int64).clamp(1, frames)


def params(x: Tensor, **expected: tuple[Tensor, tuple[int, ...]]) -> None:
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


def same_batch(**views: Tensor) -> None:
    """Check that views are clips of the same, non-empty batch."""
    (first, reference), *others = views.items()
    clip_batch(reference, first)
    for name, view in others:
        clip_batch(view, name)
        require(
            view.shape[0] == reference.shape[0],
            f"`{name}`",
            f"hold the clips of `{first}` {shape_of(reference)} in the same order",
            shape_of(view),
            "Make both by one MultiView.",
        )


# Embeddings, features and labels


def embeddings(**tensors: Tensor) -> None:
    """Check that all have the shape (N, D) of the first."""
    (first, reference), *others = tensors.items()
    features(first, reference)
    for name, tensor in others:
        floating(name, tensor)
        require(
            tensor.shape == reference.shape,
            f"`{name}`",
            f"have the shape {shape_of(reference)} of `{first}`",
            shape_of(tensor),
            "Both views need the same clips and the same head size.",
        )


def negatives(negatives: Tensor, query: Tensor, name: str = "negatives") -> None:
    """Check that negatives are (K, D) with the D of the query, and that there are some."""
    floating(name, negatives)
    D = query.shape[-1]
    transposed = negatives.ndim == 2 and negatives.shape[0] == D
    require(
        negatives.ndim == 2 and negatives.shape[1] == D,
        f"`{name}`",
        f"have shape (K, D) with D={D} to match `query` {shape_of(query)}",
        shape_of(negatives),
        "Transpose it?" if transposed else "Give queue and projection head the same size.",
    )
    require(
        negatives.shape[0] > 0,
        f"`{name}`",
        "have at least one row to contrast with",
        shape_of(negatives),
        "A MemoryQueue starts empty: call queue.fill_random() for the paper's random start, "
        "or queue.enqueue(keys) for one or more batches before the first loss.",
    )


def features(name: str, x: Tensor) -> Tensor:
    """Return ``x`` as rows of shape (N, D) that are not empty."""
    floating(name, x)
    hint = f"Flatten what is behind the first axis: {name}.flatten(1)"
    require(x.ndim == 2, f"`{name}`", "have shape (N, D), one row a clip", shape_of(x), hint)
    return not_empty(x, name)


def same_columns(train: Tensor, test: Tensor) -> None:
    """Check that test features have the size of the training features."""
    features("test", test)
    require(
        test.shape[1] == train.shape[1],
        "`test`",
        f"have the D={train.shape[1]} columns of `train` {shape_of(train)}",
        shape_of(test),
        "Extract both by the same encoder.",
    )


def labels(name: str, labels: Tensor, features: Tensor) -> None:
    """Check that there is one integer label for each feature row."""
    require(
        not (labels.is_floating_point() or labels.is_complex()),
        f"`{name}`",
        "be integer class indices",
        labels.dtype,
        error=TypeError,
    )
    require(
        labels.shape == features.shape[:1],
        f"`{name}`",
        f"have shape ({features.shape[0]},), one label a row of the features {shape_of(features)}",
        shape_of(labels),
    )


# Numbers and words


def positive(name: str, value: float, hint: str = "") -> None:
    """Check that a number is above zero."""
    require(value > 0, f"`{name}`", "be above 0", value, hint)


def positive_int(name: str, value: int, hint: str = "") -> None:
    """Check that a count is an integer of at least one."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    require(whole, f"`{name}`", "be an integer", repr(value), hint, error=TypeError)
    require(value >= 1, f"`{name}`", "be at least 1", value, hint)


def between(name: str, value: float, low: float, high: float, hint: str = "") -> None:
    """Check that a number lies in the closed interval [low, high]."""
    require(low <= value <= high, f"`{name}`", f"lie between {low} and {high}", value, hint)


def interval(name: str, value: Sequence[float], low: float, high: float) -> tuple[float, float]:
    """Return an ordered pair within (low, high]."""
    pair = tuple(float(v) for v in value)
    require(
        len(pair) == 2 and low < pair[0] <= pair[1] <= high,
        f"`{name}`",
        f"be two numbers (from, to) with {low} < from <= to <= {high}",
        tuple(value),
    )
    return pair[0], pair[1]


def choice(name: str, value: str, allowed: Sequence[str]) -> None:
    """Check that a word is one of those allowed."""
    listed = ", ".join(repr(word) for word in allowed)
    require(value in allowed, f"`{name}`", f"be one of {listed}", repr(value))


# Parts of a method


def same_names(**mappings: Mapping[str, object]) -> None:
    """Check that all mappings have the keys of the first."""
    (first, reference), *others = mappings.items()
    for name, mapping in others:
        require(
            set(mapping) == set(reference),
            f"`{name}`",
            f"have the names of `{first}`, {sorted(reference)}",
            sorted(mapping),
            "Every representation needs an entry in both.",
        )


def same_parameters(own: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> None:
    """Check that two modules have parameters of the same names and shapes."""
    expected, hint = "have the structure it was built from", "Pass the same module to both."
    for name in sorted(set(own) ^ set(theirs)):
        where = "`source`" if name in own else "the momentum encoder"
        require(False, "`source`", expected, f"no parameter {name!r} in {where}", hint)
    for name, parameter in own.items():
        here, there = shape_of(parameter), shape_of(theirs[name])
        came = f"parameter {name!r} of shape {there}, not {here}"
        require(here == there, "`source`", expected, came, hint)


# Recordings


def recording(name: str, joints: Any, layout: _Layout) -> NDArray[np.float32]:
    """Return the joints of a recorded clip as finite float32 of shape (T, M, V, C)."""
    array = np.asarray(joints)
    require(
        np.issubdtype(array.dtype, np.floating),
        name,
        "have real floating coordinates",
        f"{array.dtype} with shape {array.shape}",
        "Convert it first: joints.astype('float32')",
        error=TypeError,
    )
    if array.ndim == 3:
        array = array[:, None]
    require(
        array.ndim == 4 and 0 not in array.shape,
        name,
        "have shape (T, M, V, C) or (T, V, C), nothing empty",
        np.shape(joints),
        "Frames come first in a recording, coordinates last.",
    )
    joint_count(name, array.shape[2], layout)
    wrong = np.flatnonzero(~np.isfinite(array).all((1, 2, 3)))
    hint = "Mark missing joints with zeros, not with NaN."
    came = f"{wrong.size} broken frames of {len(array)}, the first number {wrong[:1].sum()}"
    require(wrong.size == 0, name, "be finite", came, hint)
    return array.astype(np.float32, copy=False)


def label(name: str, label: int, label_names: Sequence[str]) -> None:
    """Check a class index against the names of the classes, where there are names."""
    require(
        label >= -1 and not (label_names and label >= len(label_names)),
        name,
        f"have a label from 0 (-1: unknown) within the {len(label_names)} label_names",
        label,
    )
