"""Arrays in ``.npy`` form, whose headers are checked against their files."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from skelter._files import format_error, translate_errors

PREFIX = 1 << 14  # bytes; a header of numbers has a few hundred
MAX_AXES, MAX_SIZE = 32, 2**63 - 1
LAST_CHARACTER = 0x10FFFF
KINDS = {"f": "floats", "iu": "integers", "fiu": "numbers", "fiub": "numbers", "U": "text"}


class Header(NamedTuple):
    """The header of an array.

    Args:
        shape: Its axes, none of them empty.
        dtype: Of its numbers.
        offset: Bytes of the header.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int

    @property
    def row_bytes(self) -> int:
        """Bytes of one entry of the first axis."""
        return math.prod(self.shape[1:]) * self.dtype.itemsize


def parse_header(path: Path, prefix: bytes, size: int, kinds: str, what: str) -> Header:
    """Return the header of an array of some kinds of number, in C order, nothing of it empty.

    Args:
        path: The file; messages name it.
        prefix: The first bytes of the array.
        size: All its bytes, header included.
        kinds: One of `KINDS`.
        what: What messages call the array.

    Raises:
        SkeletonFormatError: It has none, or one that the array does not fit.
    """
    with translate_errors(path, f"the header of {what}"):
        stream = io.BytesIO(prefix)
        shape, fortran, dtype = read_header(stream)
    if dtype.kind not in kinds:
        raise format_error(path, f"{what} to hold {KINDS[kinds]}", dtype.name)
    if fortran and len(shape) > 1:
        raise format_error(path, f"{what} in C order, as np.ascontiguousarray has it", "Fortran's")
    if not shape or min(shape) < 1:
        raise format_error(path, f"{what} not to be empty", f"shape {shape}")
    needed = stream.tell() + math.prod(shape) * dtype.itemsize
    if needed != size:
        raise format_error(path, f"{needed} bytes for {what} {shape} of {dtype.name}", f"{size}")
    return Header(shape, dtype, stream.tell())


def read_header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return shape, Fortran's order or not, and type of the array that follows in a stream.

    Raises:
        Exception: There is none. Which errors NumPy raises is not documented.
    """
    version = np.lib.format.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"version {version} is not for arrays of numbers")
    old = version == (1, 0)
    read = np.lib.format.read_array_header_1_0 if old else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(stream)
    if len(shape) > MAX_AXES or not all(type(n) is int and 0 <= n <= MAX_SIZE for n in shape):
        raise ValueError("a shape beyond all arrays")
    return shape, fortran, dtype


def open_npy(path: Path, kinds: str = "f") -> npt.NDArray[Any]:
    """Return the array of a ``.npy`` file. It stays on disk until it is asked for.

    Raises:
        OSError: The file cannot be opened.
        SkeletonFormatError: It is not an array of these kinds, in C order and complete.
    """
    with path.open("rb") as file:
        header = parse_header(path, file.read(PREFIX), path.stat().st_size, kinds, "the array")
    return np.memmap(path, header.dtype, mode="r", offset=header.offset, shape=header.shape)


def require_characters(content: bytes | bytearray, dtype: np.dtype[Any]) -> None:
    """Refuse the bytes of an array of text with characters that Python does not know.

    Raises:
        ValueError: There are such.
    """
    if (np.frombuffer(content, f"{dtype.byteorder}u4") > LAST_CHARACTER).any():
        raise ValueError("an array of text with characters that do not exist")
