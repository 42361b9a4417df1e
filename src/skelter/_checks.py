"""The only place where argument errors are worded.

Every message says what was expected, what came, and what to do about it. Shapes are checked
always; values (finite coordinates, frame counts) only where the check does not make a GPU wait.
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


def _shape(x: Tensor) -> tuple[int, ...]:
    return tuple(x.shape)


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
            f"{_shape(tensor)}. Convert it first: {name}.float()"
        )
    return tensor


def clips(x: Any, name: str = "x") -> Tensor:
    """Return ``x`` as clips of shape (..., C, T, V, M)."""
    tensor = floating(name, x)
    if tensor.ndim < 4:
        raise ValueError(
            f"`{name}` must have shape (..., C, T, V, M): coordinates, frames, joints, persons; "
            f"got {_shape(tensor)}. For one person, add the last axis: {name}[..., None]"
        )
    if 0 in tensor.shape[-4:]:
        raise ValueError(
            f"`{name}` must have at least one coordinate, frame, joint and person; got "
            f"(..., C, T, V, M) = {_shape(tensor)}."
        )
    return tensor


def clip_batch(x: Tensor, name: str = "x") -> Tensor:
    """Return ``x`` as a batch of clips of shape (N, C, T, V, M) that is not empty."""
    if x.ndim == 4:
        raise ValueError(
            f"`{name}` must have shape (N, C, T, V, M); got {_shape(x)}. "
            f"For a single clip, add the batch axis: {name}[None]"
        )
    x = clips(x, name)
    if x.ndim != 5:
        raise ValueError(
            f"`{name}` must have shape (N, C, T, V, M); got {_shape(x)}. "
            f"Flatten the leading axes: {name}.flatten(0, -5)"
        )
    return not_empty(x, name)


def not_empty(x: Tensor, name: str = "x") -> Tensor:
    """Return ``x`` unless its batch axis is empty."""
    if x.shape[0] == 0:
        raise ValueError(
            f"`{name}` must hold at least one clip; got an empty batch of shape {_shape(x)}. "
            "Skip empty batches, or drop the filter that emptied this one."
        )
    return x


def axis(x: Tensor, letter: str, expected: int, owner: str, hint: str, name: str = "x") -> None:
    """Check one of the axes C, T, V, M of clips against what ``owner`` was built for."""
    words = {"C": "coordinates", "T": "frames", "V": "joints", "M": "persons"}
    got = x.shape[{"C": -4, "T": -3, "V": -2, "M": -1}[letter]]
    if got != expected:
        raise ValueError(
            f"`{name}` has {got} {words[letter]}, but {owner} has {expected}; "
            f"got (..., C, T, V, M) = {_shape(x)}. {hint}"
        )


def joints(x: Tensor, layout: _Layout, name: str = "x") -> None:
    """Check the joint axis of clips against a layout."""
    if x.shape[-2] != layout.num_joints:
        raise ValueError(
            f"`{name}` has {x.shape[-2]} joints, but layout {layout.name} has "
            f"{layout.num_joints}. Pass layout=... for your skeleton."
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
            f"`num_frames` must have the batch axes {tuple(batch)} of `x` {_shape(x)}; "
            f"got shape {_shape(counts)}."
        )
    if counts.device.type == "cpu":
        wrong = (counts < 1) | (counts > frames)
        if bool(wrong.any()):
            value = int(counts[wrong][0])
            raise ValueError(
                f"`num_frames` must lie between 1 and T={frames} for `x` {_shape(x)}; got {value}. "
                "Count the frames before the padding of each clip."
            )
    return counts.to(x.device, torch.int64).clamp(1, frames)


def finite(x: Tensor, name: str = "x") -> None:
    """Refuse NaN and infinity, naming the first clip that has one (this makes a GPU wait)."""
    bad = ~torch.isfinite(x)
    if bool(bad.any()):
        where = tuple(int(i) for i in bad.nonzero()[0])
        raise ValueError(
            f"`{name}` must be finite; {int(bad.sum())} of {x.numel()} values of shape {_shape(x)} "
            f"are not, the first at index {where}. Mark missing joints with zeros, not with NaN."
        )


def embeddings(**tensors: Tensor) -> None:
    """Check that all have the shape (N, D) of the first."""
    (first, reference), *others = tensors.items()
    floating(first, reference)
    if reference.ndim != 2:
        raise ValueError(
            f"`{first}` must have shape (N, D), one embedding a clip; got {_shape(reference)}."
        )
    not_empty(reference, first)
    for name, tensor in others:
        floating(name, tensor)
        if tensor.shape != reference.shape:
            raise ValueError(
                f"`{name}` must have the shape {_shape(reference)} of `{first}`; "
                f"got {_shape(tensor)}. Both views need the same clips and the same head size."
            )


def negatives(negatives: Tensor, query: Tensor, name: str = "negatives") -> None:
    """Check that negatives are (K, D) with the D of the query, and that there are some."""
    floating(name, negatives)
    D = query.shape[-1]
    if negatives.ndim != 2 or negatives.shape[1] != D:
        transposed = negatives.ndim == 2 and negatives.shape[0] == D
        hint = "Transpose it?" if transposed else "Give queue and projection head the same size."
        raise ValueError(
            f"`{name}` must have shape (K, D) with D={D} to match `query` {_shape(query)}; "
            f"got {_shape(negatives)}. {hint}"
        )
    if negatives.shape[0] == 0:
        raise ValueError(
            f"`{name}` must have at least one row to contrast with; got {_shape(negatives)}. "
            "A MemoryQueue starts empty: call queue.fill_random() for the paper's random start, "
            "or queue.enqueue(keys) for one or more batches before the first loss."
        )


def features(name: str, x: Tensor) -> Tensor:
    """Return ``x`` as features of shape (N, D) that are not empty."""
    floating(name, x)
    if x.ndim != 2:
        raise ValueError(
            f"`{name}` must have shape (N, D), one row a clip; got {_shape(x)}. "
            f"Flatten what is behind the first axis: {name}.flatten(1)"
        )
    return not_empty(x, name)


def labels(name: str, labels: Tensor, features: Tensor) -> None:
    """Check that there is one integer label for each feature row."""
    if labels.is_floating_point() or labels.is_complex():
        raise TypeError(f"`{name}` must be integer class indices; got {labels.dtype}.")
    if labels.shape != features.shape[:1]:
        raise ValueError(
            f"`{name}` must have shape ({features.shape[0]},), one label a row of the features "
            f"{_shape(features)}; got {_shape(labels)}."
        )


def positive(name: str, value: float, hint: str = "") -> None:
    """Check that a number is above zero."""
    if not value > 0:
        raise ValueError(f"`{name}` must be above 0; got {value}. {hint}".rstrip())


def positive_int(name: str, value: int, hint: str = "") -> None:
    """Check that a count is an integer of at least one."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"`{name}` must be an integer; got {value!r}. {hint}".rstrip())
    if value < 1:
        raise ValueError(f"`{name}` must be at least 1; got {value}. {hint}".rstrip())


def between(name: str, value: float, low: float, high: float, hint: str = "") -> None:
    """Check that a number lies in the closed interval [low, high]."""
    if not low <= value <= high:
        raise ValueError(
            f"`{name}` must lie between {low} and {high}; got {value}. {hint}".rstrip()
        )


def interval(name: str, value: Sequence[float], low: float, high: float) -> tuple[float, float]:
    """Return an ordered pair within (low, high]."""
    pair = tuple(float(v) for v in value)
    if len(pair) != 2 or not low < pair[0] <= pair[1] <= high:
        raise ValueError(
            f"`{name}` must be two numbers (from, to) with {low} < from <= to <= {high}; "
            f"got {tuple(value)}."
        )
    return pair[0], pair[1]


def choice(name: str, value: str, allowed: Sequence[str]) -> None:
    """Check that a word is one of those allowed."""
    if value not in allowed:
        listed = ", ".join(repr(word) for word in allowed)
        raise ValueError(f"`{name}` must be one of {listed}; got {value!r}.")


def same_names(**mappings: Mapping[str, object]) -> None:
    """Check that all mappings have the keys of the first."""
    (first, reference), *others = mappings.items()
    for name, mapping in others:
        if set(mapping) != set(reference):
            raise ValueError(
                f"`{name}` must have the names of `{first}`, {sorted(reference)}; "
                f"got {sorted(mapping)}. Every representation needs an entry in both."
            )


def params(x: Tensor, **expected: tuple[Tensor, tuple[int, ...]]) -> None:
    """Check that the parameters of a transform lead with the batch axes of the clips."""
    for name, (tensor, trailing) in expected.items():
        wanted = (*x.shape[:-4], *trailing)
        if tuple(tensor.shape) != wanted:
            raise ValueError(
                f"`{name}` must have shape {wanted}, one entry for each clip of `x` {_shape(x)}; "
                f"got {_shape(tensor)}. Sample it again for this batch."
            )


def same_parameters(own: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> None:
    """Check that two modules have parameters of the same names and shapes."""
    for name in sorted(set(own) ^ set(theirs)):
        where = "the source" if name in own else "the momentum encoder"
        raise ValueError(
            f"`source` must have the structure of the module this encoder was built from; "
            f"{where} has no parameter {name!r}. Pass the same module to both."
        )
    for name, parameter in own.items():
        if parameter.shape != theirs[name].shape:
            raise ValueError(
                f"`source` must have the structure of the module this encoder was built from; "
                f"parameter {name!r} has shape {_shape(theirs[name])} there and "
                f"{_shape(parameter)} here. Pass the same module to both."
            )


def same_batch(**views: Tensor) -> None:
    """Check that views are clips of the same, non-empty batch."""
    (first, reference), *others = views.items()
    clip_batch(reference, first)
    for name, view in others:
        clip_batch(view, name)
        if view.shape[0] != reference.shape[0]:
            raise ValueError(
                f"`{name}` must hold the clips of `{first}` {_shape(reference)} in the same order; "
                f"got {_shape(view)}. Make both by one MultiView."
            )


def recording(name: str, joints: Any, layout: _Layout) -> NDArray[np.float32]:
    """Return the joints of a recorded clip as finite float32 of shape (T, M, V, C)."""
    array = np.asarray(joints)
    if not np.issubdtype(array.dtype, np.floating):
        raise TypeError(
            f"{name} must have real floating coordinates; got {array.dtype} with shape "
            f"{array.shape}. Convert it first: joints.astype('float32')"
        )
    if array.ndim == 3:
        array = array[:, None]
    if array.ndim != 4 or 0 in array.shape:
        raise ValueError(
            f"{name} must have shape (T, M, V, C) or (T, V, C), nothing empty; got "
            f"{np.shape(joints)}. Frames come first in a recording, coordinates last."
        )
    if array.shape[2] != layout.num_joints:
        raise ValueError(
            f"{name} has {array.shape[2]} joints, but layout {layout.name} has "
            f"{layout.num_joints}. Pass layout=... for your skeleton."
        )
    if not np.isfinite(array).all():
        frame = int(np.argwhere(~np.isfinite(array))[0, 0])
        raise ValueError(
            f"{name} must be finite; frame {frame} is not. Mark missing joints with zeros, not "
            "with NaN."
        )
    return array.astype(np.float32, copy=False)


def label(name: str, label: int, label_names: Sequence[str]) -> None:
    """Check a class index against the names of the classes, where there are names."""
    if label < -1 or (label_names and label >= len(label_names)):
        raise ValueError(
            f"{name} has label {label}, but labels count from 0 (-1: unknown) and there are "
            f"{len(label_names)} label_names."
        )
