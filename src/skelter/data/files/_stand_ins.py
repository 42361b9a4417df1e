"""What the names in a pickle stand for: functions of ours, which make arrays and containers.

A pickle names the functions that its contents are to be made by. Here each name that arrays and
plain containers need stands for a method of `StandIns`, which checks its arguments and does
nothing else. NumPy's own functions are not called: they trust what they are given.
"""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from types import NoneType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

SCALARS = (str, bytes, int, float, complex, NoneType, np.generic)
SIMPLE = re.compile(r"[<>=|]?(?:[biufcSU]\d{1,9}|O\d?|\?)", re.ASCII)
ORDERS: dict[str, Literal["<", ">", "=", "|"]] = {"<": "<", ">": ">", "=": "=", "|": "|"}
MAX_AXES = 32
LAST_CHARACTER = 0x10FFFF
NAMES = {
    "builtins.bytearray": "bytes",
    "builtins.bytes": "bytes",
    "builtins.complex": "complex",
    "builtins.frozenset": "frozenset",
    "builtins.set": "set",
    "_codecs.encode": "encode",
    "collections.OrderedDict": "ordered_dict",
    "numpy.dtype": "dtype",
    "numpy.ndarray": "ndarray",
    "numpy.core.multiarray._reconstruct": "reconstruct",
    "numpy.core.multiarray.scalar": "scalar",
    "numpy.core.numeric._frombuffer": "frombuffer",
}


class DType:
    """The type of an array's numbers, whose byte order may still come."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype

    def build(self, state: Any) -> DType:
        """Take the byte order; whatever else a state says belongs to types that are not simple."""
        simple = type(state) is tuple and len(state) >= 5 and state[2:5] == (None, None, None)
        if not simple or type(state[1]) is not str or state[1] not in ORDERS:
            raise ValueError("an array whose type is not simple")
        self.dtype = self.dtype.newbyteorder(ORDERS[state[1]])
        return self


class Pending:
    """An array whose contents are still to come."""

    def __init__(self, makers: StandIns) -> None:
        self.makers = makers
        self.array: npt.NDArray[Any] | None = None

    def build(self, state: Any) -> npt.NDArray[Any]:
        """Return the array that a state (version, shape, type, Fortran order, data) describes."""
        if self.array is not None or type(state) is not tuple or len(state) != 5:
            raise ValueError("an array whose state is not one of five parts")
        _, shape, dtype, fortran, data = state
        self.array = self.makers.array(shape, dtype, data, "F" if fortran is True else "C")
        return self.array


class StandIns:
    """The functions of one pickle.

    Args:
        size: Bytes of the pickle. What it repeats by reference could be copied without end; honest
            files hold everything that is copied here at least once.
    """

    def __init__(self, size: int) -> None:
        self.left = size

    def spend(self, size: int) -> None:
        """Account for a copy."""
        self.left -= size
        if self.left < 0:
            raise ValueError("more contents than its size allows")

    def bytes(self, data: Any = b"") -> Any:
        """Stand for ``bytes()``, as older protocols have it, and for ``bytearray(data)``."""
        if type(data) is not bytes:
            raise ValueError(f"bytes made of {_named(data)}")
        return data

    def encode(self, text: Any, encoding: Any) -> Any:
        """Stand for ``text.encode("latin1")``, which is how older protocols keep bytes."""
        if type(text) is not str or type(encoding) is not str or encoding != "latin1":
            raise ValueError("encoded text that is not latin1")
        self.spend(len(text))
        return text.encode("latin1")

    def complex(self, real: Any, imaginary: Any) -> Any:
        """Stand for a complex number."""
        if type(real) is not float or type(imaginary) is not float:
            raise ValueError("a complex number that is not made of two floats")
        return complex(real, imaginary)

    def set(self, items: Any = ()) -> Any:
        """Stand for a set."""
        return set(self._members(items))

    def frozenset(self, items: Any = ()) -> Any:
        """Stand for a set that does not change."""
        return frozenset(self._members(items))

    def ordered_dict(self, pairs: Any = ()) -> OrderedDict[Any, Any]:
        """Stand for an ordered dictionary, of pairs in Python 2."""
        pairs = self._listed(pairs)
        if not all(type(pair) in (list, tuple) and len(pair) == 2 for pair in pairs):
            raise ValueError("a dictionary that is not made of pairs")
        require_scalars([key for key, _ in pairs], "a dictionary key")
        return OrderedDict(pairs)

    def dtype(self, code: Any, *_: Any) -> DType:
        """Stand for ``numpy.dtype``, of numbers, text and objects; the flags have no meaning."""
        if type(code) is not str or not SIMPLE.fullmatch(code):
            raise ValueError(f"an array of type {_named(code)}")
        return DType(np.dtype(object if "O" in code else code))

    def ndarray(self, shape: Any, dtype: Any, data: Any) -> Any:
        """Stand for ``numpy.ndarray`` itself."""
        return self.array(shape, self.dtype(dtype), data, "C")

    def reconstruct(self, kind: Any, *_: Any) -> Pending:
        """Stand for NumPy's function that makes an array without contents."""
        if kind != self.ndarray:
            raise ValueError("an array of a class of its own")
        return Pending(self)

    def frombuffer(self, data: Any, dtype: Any, shape: Any, order: Any, axes: Any = None) -> Any:
        """Stand for NumPy's function that protocol 5 has for arrays."""
        if type(order) is not str or order not in tuple("CFK"):
            raise ValueError("an array in an order that is none")
        array = self.array(shape, dtype, data, "F" if order == "F" else "C")
        if order != "K" or axes is None:
            return array
        if type(axes) is not tuple or not all(type(axis) is int for axis in axes):
            raise ValueError("an array whose axes are not in an order")
        return array.transpose(axes)

    def scalar(self, dtype: Any, data: Any) -> Any:
        """Stand for NumPy's function that makes a number, or text, of its own."""
        array = self.array((), dtype, data, "C")
        self.spend(array.nbytes)
        return array[()]

    def array(self, shape: Any, dtype: Any, data: Any, order: Any) -> npt.NDArray[Any]:
        """Return an array of which shape, type and data agree; the data are not copied."""
        if type(shape) is not tuple or not all(type(n) is int and n >= 0 for n in shape):
            raise ValueError("an array whose shape is not made of sizes")
        if type(dtype) is not DType or len(shape) > MAX_AXES:
            raise ValueError("an array without a type, or of too many axes")
        if dtype.dtype.hasobject:
            return self._objects(shape, data)
        if type(data) is str:
            data = self.encode(data, "latin1")
        itemsize, size = dtype.dtype.itemsize, math.prod(shape)
        if type(data) is not bytes or not itemsize or len(data) != size * itemsize:
            raise ValueError(f"{_named(data)} for an array {shape} of {dtype.dtype}")
        if dtype.dtype.kind == "U":
            codes = np.ndarray(len(data) // 4, dtype.dtype.byteorder + "u4", data)
            if (codes > LAST_CHARACTER).any():
                raise ValueError("an array of text with characters that do not exist")
        return np.ndarray(shape, dtype.dtype, data, order=order)

    def _objects(self, shape: tuple[int, ...], data: Any) -> npt.NDArray[Any]:
        if type(data) is not list or len(data) != math.prod(shape):
            raise ValueError(f"{_named(data)} for an array {shape} of objects")
        require_scalars(data, "an object in an array")
        self.spend(len(data))
        array = np.empty(len(data), dtype=object)
        array[:] = data
        return array.reshape(shape)

    def _members(self, items: Any) -> Any:
        items = self._listed(items)
        require_scalars(items, "a member of a set")
        return items

    def _listed(self, items: Any) -> Any:
        if type(items) not in (list, tuple):
            raise ValueError(f"a container made of {_named(items)}")
        self.spend(len(items))
        return items


def require_scalars(items: Any, what: str) -> None:
    """Refuse what is no plain value: deeply nested tuples, say, crash Python where it hashes."""
    for item in items:
        if not isinstance(item, SCALARS):
            raise ValueError(f"{what} of type {type(item).__name__}")


def require_plain(value: Any) -> Any:
    """Return a value that holds arrays and plain containers only; it may contain itself."""
    seen, left = set(), [value]
    while left:
        item = left.pop()
        if isinstance(item, SCALARS) or type(item) is np.ndarray or id(item) in seen:
            continue
        seen.add(id(item))
        if type(item) in (dict, OrderedDict):
            left.extend(item.values())
        elif type(item) in (list, tuple):
            left.extend(item)
        elif type(item) not in (set, frozenset):
            raise ValueError(f"something unfinished, {type(item).__name__}")
    return value


def _named(value: Any) -> str:
    """Return a short description that looks into nothing that may be deep."""
    if isinstance(value, (str, bytes)) and len(value) > 40:
        return f"{len(value)} characters" if isinstance(value, str) else f"{len(value)} bytes"
    return repr(value) if isinstance(value, (str, bytes)) else type(value).__name__
