"""Arrays of numbers in the MATLAB files of version 5, the form of ``save`` before and besides 7.3.

Elements follow each other, each with a type and a size; one of the type `COMPRESSED` holds another.
They are decoded here, as damaged files end the whole process in SciPy's compiled decoder.

References:
    MathWorks, MAT-File Format, "Level 5 MAT-File Format".
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skelter._files import format_error, shorten, translate_errors

HEADER = 128  # bytes of text, version and byte order
ORDERS = {b"IM": "<", b"MI": ">"}
MATRIX, COMPRESSED = 14, 15
INT8, INT32, UINT32 = 1, 5, 6
NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8",
           13: "u8"}  # fmt: skip
CLASSES = range(6, 16)  # of arrays of numbers; others are text, cells, structures, objects
COMPLEX = 0x0800
MAX_SIZE = 1 << 28  # bytes that are inflated
Element = tuple[int, memoryview]


def load_matlab(path: Path, name: str) -> npt.NDArray[Any]:
    """Return one array of numbers.

    Args:
        path: The ``.mat`` file.
        name: The variable.

    Raises:
        OSError: The file cannot be opened.
        SkeletonFormatError: It is not of version 5, is damaged, or lacks the variable.
    """
    content = path.read_bytes()
    order = ORDERS.get(content[HEADER - 2 : HEADER])
    if order is None or content.startswith(b"MATLAB 7.3"):
        hint = "a MATLAB file of version 5 to 7 (in MATLAB: save -v7)"
        raise format_error(path, hint, repr(content[:19])[1:])
    others = []
    with translate_errors(path, "a MATLAB file"):
        for kind, data in _elements(memoryview(content)[HEADER:], order):
            if kind == COMPRESSED:
                kind, data = next(_elements(_inflate(data), order))
            if kind != MATRIX:
                continue
            found, array = _matrix(data, order, name)
            if array is not None:
                return array
            others.append(ascii(found)[1:-1])
    raise format_error(path, f"the variable `{name}`", shorten(others) or "no variable")


def _elements(data: memoryview, order: str) -> Iterator[Element]:
    """Yield the elements that follow each other: their types and their bytes."""
    at = 0
    while at < len(data):
        kind, size = struct.unpack_from(f"{order}II", data, at)
        start, room = at + 8, len(data) - at - 8
        at = start + size + (-size % 8 if kind != COMPRESSED else 0)
        if kind >> 16:  # a small element: its size stands beside its type, its bytes behind
            kind, size, start, room, at = kind & 0xFFFF, kind >> 16, start - 4, 4, start
        if size > room:
            raise ValueError(f"an element of {size} bytes where {room} are left")
        yield kind, data[start : start + size]


def _inflate(data: memoryview) -> memoryview:
    stream = zlib.decompressobj()
    inflated = stream.decompress(data, MAX_SIZE)
    if not stream.eof:
        raise ValueError(f"a compressed variable that is cut off, or larger than {MAX_SIZE} bytes")
    return memoryview(inflated)


def _matrix(data: memoryview, order: str, name: str) -> tuple[str, npt.NDArray[Any] | None]:
    """Return the name of a variable, and its array if it is the one to be loaded."""
    elements = _elements(data, order)
    flags = struct.unpack(f"{order}II", _take(elements, UINT32))[0]
    shape = tuple(np.frombuffer(_take(elements, INT32), f"{order}i4").tolist())
    found = bytes(_take(elements, INT8)).decode("ascii")
    if found != name:
        return found, None
    if flags & 0xFF not in CLASSES or flags & COMPLEX:
        raise ValueError(f"`{name}` holds no real numbers")
    kind, numbers = next(elements)
    dtype = np.dtype(order + NUMBERS[kind])
    if min(shape, default=-1) < 0 or math.prod(shape) * dtype.itemsize != len(numbers):
        raise ValueError(f"{len(numbers)} bytes for `{name}` {shape} of {dtype.name}")
    return found, np.frombuffer(numbers, dtype).reshape(shape, order="F")


def _take(elements: Iterator[Element], kind: int) -> memoryview:
    """Return the bytes of the next element, which must be of a type."""
    found, data = next(elements)
    if found != kind:
        raise ValueError(f"an element of type {found} in the place of one of type {kind}")
    return data
