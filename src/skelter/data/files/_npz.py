"""NumPy archives from strangers: read without pickles, refused with one kind of error."""

from __future__ import annotations

import errno
import math
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skelter._files import SkeletonFormatError, describe, format_error, shorten, translate_errors
from skelter.data.files._npy import (
    KINDS,
    PREFIX,
    Header,
    parse_header,
    read_header,
    require_characters,
)

Arrays = dict[str, npt.NDArray[Any]]

BLOCK = 1 << 22  # bytes that are inflated at a time
MAX_ROW = 1 << 28  # bytes of a clip; an hour of two persons has a quarter of them
LOCAL_HEADER, SIGNATURE, SINGLE = 30, b"PK\x03\x04", b"\x93NUMPY"
DEFLATES = 1032  # bytes that one may stand for at most


def load_npz(path: Path) -> Arrays:
    """Return all arrays of an ``.npz`` file.

    Raises:
        SkeletonFormatError: The file is missing, truncated, not an archive, or holds pickles.
    """
    form = ".npz without pickles"
    try:
        with translate_errors(path, form), path.open("rb") as file:
            if file.read(len(SINGLE)) == SINGLE:
                raise ValueError("it holds a single array, not an archive")
            with zipfile.ZipFile(file) as archive:
                members = archive.infolist()
                return {one.filename.removesuffix(".npy"): _load(archive, one) for one in members}
    except OSError as error:
        raise SkeletonFormatError(
            f"{path} cannot be read as {form} ({error}). Is it complete?"
        ) from error


def _load(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> npt.NDArray[Any]:
    """Return an array, if its header asks for no more memory than the archive deserves."""
    with archive.open(info) as stream:
        shape, _, dtype = read_header(stream)
    size = math.prod(shape) * dtype.itemsize
    inflated = min(info.file_size, info.compress_size * DEFLATES)
    if not dtype.itemsize or size > inflated:
        raise ValueError(f"{size} bytes for {info.filename} {shape} of {dtype}")
    with archive.open(info) as stream:
        array: npt.NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    if dtype.kind == "U":
        require_characters(array.tobytes(), dtype)
    return array


def require_kind(path: Path, arrays: Arrays, names: Iterable[str], kinds: str, axes: int) -> None:
    """Refuse arrays of some names with other values or axes. Empty lists are fine.

    Args:
        path: The file.
        arrays: All arrays.
        names: Which to look at.
        kinds: The kinds of value they may hold, see `parse_header`.
        axes: How many they have.

    Raises:
        SkeletonFormatError: One is different.
    """
    for name in names:
        array = arrays.get(name)
        if array is None or (array.size == 0 and axes):
            continue
        if array.dtype.kind not in kinds or array.ndim != axes:
            expected = f"`{name}` to be a {axes}-dimensional array of {KINDS[kinds]}"
            raise format_error(path, expected, describe(array))


def has_array(path: Path, name: str) -> bool:
    """Return True if an ``.npz`` file has an array of a name.

    Raises:
        OSError: The file cannot be opened.
        SkeletonFormatError: It is damaged.
    """
    with translate_errors(path, "an .npz archive"), zipfile.ZipFile(path) as archive:
        return f"{name}.npy" in archive.namelist()


def header_of(path: Path, name: str, kinds: str) -> Header:
    """Return the header of one array of an ``.npz`` file.

    Args:
        path: The file.
        name: The array.
        kinds: The kinds of number it may hold, see `parse_header`.

    Raises:
        OSError: The file cannot be opened.
        SkeletonFormatError: It is damaged, lacks the array, or holds another kind.
    """
    return _find(path, name, kinds)[1]


def rows(path: Path, name: str, kinds: str = "f") -> Iterator[Any]:
    """Yield the rows of one array of an ``.npz`` file, which is never loaded as a whole.

    An array that is not compressed is memory-mapped. Of a compressed one, a few rows at a time are
    inflated.

    Args:
        path: The file.
        name: The array.
        kinds: The kinds of number it may hold, see `parse_header`.

    Yields:
        Arrays of the shape without its first axis; numbers if there is no other.

    Raises:
        OSError: The file cannot be opened.
        SkeletonFormatError: It is damaged, lacks the array, or holds another kind.
    """
    info, header = _find(path, name, kinds)
    if info.compress_type == zipfile.ZIP_STORED:
        yield from _map(path, info, header)
        return
    total, per_block = header.shape[0], max(1, BLOCK // header.row_bytes)
    with zipfile.ZipFile(path) as archive, archive.open(info) as stream:
        for first in range(0, total, per_block):
            count = min(per_block, total - first)
            with translate_errors(path, "an .npz archive"):
                stream.read(header.offset if first == 0 else 0)
                inflated = stream.read(count * header.row_bytes)
                block = np.frombuffer(inflated, header.dtype).reshape(count, *header.shape[1:])
            yield from block


def _find(path: Path, name: str, kinds: str) -> tuple[zipfile.ZipInfo, Header]:
    """Return where an array lies in an archive, and its header."""
    form = "an .npz archive"
    try:
        with translate_errors(path, form), zipfile.ZipFile(path) as archive:
            info = _member(path, archive, name)
            with archive.open(info) as stream:
                prefix = stream.read(PREFIX)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        raise format_error(path, form, "places in it that lie before its start") from error
    header = parse_header(path, prefix, info.file_size, kinds, name)
    if header.row_bytes > MAX_ROW:
        raise format_error(path, f"rows of {name} of at most {MAX_ROW} bytes", header.row_bytes)
    return info, header


def _member(path: Path, archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    held = archive.namelist()
    if f"{name}.npy" not in held:
        raise format_error(path, f"an array {name}", shorten([ascii(h)[1:-1] for h in held]))
    info = archive.getinfo(f"{name}.npy")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise format_error(path, f"{name} stored or deflated", f"type {info.compress_type}")
    return info


def _map(path: Path, info: zipfile.ZipInfo, header: Header) -> npt.NDArray[Any]:
    """Return an array that is stored without compression, as it lies in the file."""
    with path.open("rb") as file:
        file.seek(info.header_offset)
        local = file.read(LOCAL_HEADER)
    name, extra = (int.from_bytes(local[at : at + 2], "little") for at in (26, 28))
    offset = info.header_offset + LOCAL_HEADER + name + extra
    end, size = offset + info.file_size, path.stat().st_size
    if info.compress_size != info.file_size or local[:4] != SIGNATURE or end > size:
        raise format_error(path, f"{info.file_size} bytes of {info.filename}", "fewer")
    return np.memmap(
        path, header.dtype, mode="r", offset=offset + header.offset, shape=header.shape
    )
