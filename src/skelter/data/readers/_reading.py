"""What all readers share: a clip or what is wrong with it, one after another."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skelter._files import SkeletonFormatError, damaged, decoding, described
from skelter.data._clip import Clip

Reading = Iterator[Clip | SkeletonFormatError]
"""Clips of a file; a damaged one is an error in its place, so that those after it are not lost."""


def strict(reading: Iterable[Clip | SkeletonFormatError]) -> Iterator[Clip]:
    """Yield the clips up to the first damaged one, and raise its error there."""
    for item in reading:
        if isinstance(item, SkeletonFormatError):
            raise item
        yield item


def existing(path: str | Path) -> Path:
    """Return a path at which there is something.

    Raises:
        FileNotFoundError: There is nothing.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist.")
    return path


def files_of(path: str | Path, suffix: str) -> list[Path]:
    """Return a file, or all files of a folder and of its sub-folders with a suffix, sorted by name.

    Raises:
        FileNotFoundError: There is nothing at the path, or no such file in the folder.
    """
    path = existing(path)
    if not path.is_dir():
        return [path]
    found = sorted(path.rglob(f"*{suffix}"), key=lambda file: (file.name, str(file)))
    if not found:
        raise FileNotFoundError(f"{path} holds no {suffix} file.")
    return found


def checked(path: Path, what: str, joints: npt.NDArray[Any]) -> npt.NDArray[np.floating]:
    """Return the joints (T, M, V, C) of a clip that has frames, finite numbers, and somebody in it.

    Raises:
        SkeletonFormatError: It has not.
    """
    if len(joints) == 0:
        raise damaged(path, None, f"frames in {what}", "none")
    finite = np.isfinite(joints).reshape(len(joints), -1).all(1)
    if not finite.all():
        raise damaged(
            path,
            None,
            f"finite coordinates in {what}",
            f"{int((~finite).sum())} broken frames of {len(finite)}, the first number "
            f"{int(np.flatnonzero(~finite)[0])}",
        )
    if not joints.any():
        raise damaged(path, None, f"a body in {what}", "only zeros")
    return joints


def load_json(path: Path) -> Any:
    """Return the content of a JSON file.

    Raises:
        SkeletonFormatError: It is none.
    """
    with decoding(path, "JSON"):
        return json.loads(path.read_bytes())


def numbers(path: Path, what: str, values: Any) -> npt.NDArray[np.float64]:
    """Return nested lists of numbers as an array.

    Raises:
        SkeletonFormatError: They are something else, or of different lengths.
    """
    expected = f"lists of numbers of equal lengths for {what}"
    try:
        array = np.array(values, dtype=object)  # text, as a type of NumPy, may need any memory
        if not set(map(type, array.ravel().tolist())) <= {int, float}:
            raise TypeError
        return array.astype(np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        raise damaged(path, None, expected, described(values)) from error
