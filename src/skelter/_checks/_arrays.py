"""Numbers that come from outside as tensors, arrays or lists, and are taken without coercion."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from skelter._checks._sentence import require

IntArray = NDArray[np.int64]

HINTS = {
    "b": "If it is a mask, numpy.flatnonzero(mask) gives the numbers that it marks.",
    "f": "If they are whole numbers, convert them first, such as by values.astype(int).",
    "U": "Give every name a number first, such as by names.index(name).",
}


def tensor(name: str, x: Any) -> Tensor:
    """Return a tensor, an array or nested lists as a tensor, without a copy where torch can.

    Arrays may have any strides, byte order and width, and may be for reading only.

    Raises:
        TypeError: `x` is not made of numbers, or is a masked array.
    """
    if isinstance(x, Tensor):
        return x
    if _is_masked(x):
        raise _masked(name)
    if isinstance(x, np.ndarray) or hasattr(x, "__array__") or _holds_arrays(x):
        return torch.from_numpy(_native(name, np.asarray(x)))
    try:
        return torch.as_tensor(x)
    except (TypeError, ValueError, RuntimeError) as error:
        raise _not_numbers(name, type(x).__name__) from error


def integers(name: str, values: Any) -> IntArray:
    """Return whole numbers of any shape as int64, and refuse whatever would have to be coerced.

    Raises:
        TypeError: They are of another kind: floats, truth values, strings, None, a masked array.
        ValueError: They do not fit 64 bits.
    """
    array = _as_array(name, values)
    if array.dtype.kind not in "iu":
        _refuse(name, array, "be integers")
    low, high = (int(array.min()), int(array.max())) if array.size else (0, 0)
    fits = high < 2**63 and low >= -(2**63)
    require(fits, f"`{name}`", "fit 64 bits", high)
    return array.astype(np.int64)


def indices(name: str, values: Any, count: int) -> IntArray:
    """Return the numbers from 0 that integers, a slice or a boolean mask choose out of ``count``.

    Negative integers count from the end. A mask must have ``count`` entries.

    Raises:
        TypeError: They are of another kind.
        ValueError: They do not have one axis, or a mask has another length.
        IndexError: A number is out of range.
    """
    if isinstance(values, slice):
        return np.arange(count)[values]
    array = _as_array(name, values)
    if array.dtype.kind == "b":
        require(
            array.shape == (count,),
            f"`{name}`",
            f"have shape ({count},) if it is a mask, one entry for each clip",
            f"a mask of shape {array.shape}",
        )
        return np.flatnonzero(array)
    if array.dtype.kind not in "iu":
        _refuse(name, array, "be integers, a slice or a boolean mask")
    require(array.ndim == 1, f"`{name}`", "have one axis", f"shape {array.shape}", "[3] is one.")
    chosen = integers(name, array)
    outside = chosen[(chosen < -count) | (chosen >= count)]
    # As sequences do, raise an IndexError outside: it also ends iteration.
    require(
        outside.size == 0,
        f"`{name}`",
        f"lie from 0 to {count - 1}",
        outside[:1].tolist(),
        error=IndexError,
    )
    return chosen % max(count, 1)


def class_labels(name: str, values: Any) -> IntArray:
    """Return class indices of shape (N,), -1 where the class is unknown.

    Raises:
        TypeError: They are not integers.
        ValueError: They have more than one axis, or one is below -1.
    """
    array = _as_array(name, values)
    if array.ndim == 2:
        hint = "Take the place of the one in each row: labels.argmax(1)"
        require(False, f"`{name}`", "have shape (N,), one class index a clip", array.shape, hint)
    if array.dtype.kind not in "iu":
        _refuse(name, array, "be integer class indices from 0, or -1 where the class is unknown")
    require(array.ndim == 1, f"`{name}`", "have shape (N,), one class index a clip", array.shape)
    labels = integers(name, array)
    require(
        labels.size == 0 or int(labels.min()) >= -1,
        f"`{name}`",
        "have labels from 0, or -1 where the class is unknown",
        int(labels.min()) if labels.size else 0,
    )
    return labels


def generator(value: Any) -> None:
    """Check that a source of randomness is one of torch, or None for the global one."""
    if value is not None and not isinstance(value, Generator):
        require(
            False,
            "`generator`",
            "be a torch.Generator or None",
            repr(value),
            "With a seed, pass torch.Generator().manual_seed(seed).",
            error=TypeError,
        )


def _as_array(name: str, values: Any) -> NDArray[Any]:
    """Return values as an array of their own kind. Mixed kinds become an array of objects."""
    if isinstance(values, Tensor):
        if values.is_floating_point():  # NumPy lacks some of them
            return values.detach().double().cpu().numpy()
        return values.detach().cpu().numpy()
    if _is_masked(values):
        raise _masked(name)
    listed = isinstance(values, (list, tuple, range, int, float, str))
    if not listed and not hasattr(values, "__array__"):
        came = type(values).__name__
        raise TypeError(f"`{name}` must be a list, an array or a tensor; got {came}.")
    try:
        array = np.asarray(values, np.int64 if isinstance(values, range) else None)
    except ValueError as error:
        came = f"rows of different lengths, {values!r:.80}"
        raise ValueError(f"`{name}` must have one length in every row; got {came}.") from error
    if isinstance(values, (list, tuple)):
        if not values:
            return np.empty(0, dtype=np.int64)
        if array.dtype.kind != "O" and len({_kind(value) for value in values}) > 1:
            return np.array(values, dtype=object)
    return array


def _kind(value: Any) -> str:
    """Return the kind of a member of a list: True and 1 are of two kinds."""
    if isinstance(value, Tensor):
        value = value.cpu()
    kind = np.asarray(value).dtype.kind
    return "i" if kind == "u" else kind


def _refuse(name: str, array: NDArray[Any], expected: str) -> None:
    """Raise the error for an array of the wrong kind, with a value out of it."""
    odd = [value for value in array.ravel().tolist() if type(value) is not int][:1]
    came = f"{array.dtype} of shape {array.shape}" + (f", such as {odd[0]!r}" if odd else "")
    hint = HINTS.get(np.asarray(odd[0]).dtype.kind, "") if odd else ""
    raise TypeError(f"`{name}` must {expected}; got {came}. {hint}".rstrip())


def _native(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """Return an array as torch can take it, a copy only if it cannot take it as it is."""
    if array.dtype.kind not in "fiubc":
        raise _not_numbers(name, f"an array of {array.dtype}")
    wide = array.dtype.kind == "f" and array.dtype.itemsize > 8
    dtype = np.dtype(np.float64) if wide else array.dtype.newbyteorder("=")
    ready = dtype == array.dtype and array.flags.writeable and min(array.strides, default=0) >= 0
    return array if ready else np.array(array, dtype, order="C")


def _holds_arrays(x: Any) -> bool:
    return isinstance(x, (list, tuple)) and any(isinstance(value, np.ndarray) for value in x)


def _is_masked(x: Any) -> bool:
    """Tell whether an array is masked, or one of those in a list."""
    members = x if isinstance(x, (list, tuple)) else [x]
    return any(isinstance(member, np.ma.MaskedArray) for member in members)


def _masked(name: str) -> TypeError:
    return TypeError(
        f"`{name}` must be a plain array; got a masked one. Fill what is masked, such as with "
        f"zeros, which mark missing joints: {name}.filled(0)"
    )


def _not_numbers(name: str, came: str) -> TypeError:
    return TypeError(
        f"`{name}` must be a tensor, a NumPy array or nested lists of numbers; got {came}. "
        "Ragged clips are padded by skelter.data.collate."
    )
