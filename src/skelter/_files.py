"""Files that are complete or absent, and what a damaged or foreign one raises."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

FEW = 3


class SkeletonFormatError(ValueError):
    """A file is not what its format promises: truncated, inconsistent, or of another version."""


def damaged(path: Path, line: int | None, expected: str, found: object) -> SkeletonFormatError:
    """Return the error that says where a file is damaged, and how; lines count from 1."""
    where = f"{path}, line {line}" if line is not None else f"{path}"
    return SkeletonFormatError(f"{where}: expected {expected}; found {found}.")


@contextmanager
def decoding(path: Path, form: str) -> Iterator[None]:
    """Turn whatever a decoder of foreign bytes raises into a `SkeletonFormatError`.

    What decoders of JSON, archives and pickles raise on damaged bytes is not documented, so that
    everything is caught here; errors of the file system pass as they are.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the decoder, about bytes that are refused anyway
            yield
    except (OSError, SkeletonFormatError):
        raise
    except Exception as error:
        reason = str(error).splitlines()[0][:200] if str(error) else "no reason given"
        raise SkeletonFormatError(
            f"{path} cannot be read as {form} ({type(error).__name__}: {reason}). Is it complete?"
        ) from error


def described(value: Any) -> str:
    """Return what a value is, shortly, without looking into what may be deep."""
    if isinstance(value, np.ndarray):
        return f"an array {value.shape} of {value.dtype.name}"
    if isinstance(value, (str, bytes)):
        return repr(value[:80])
    if value is None or isinstance(value, (int, float, np.number)):
        return str(value)
    length = f" of {len(value)}" if isinstance(value, (list, tuple, dict, set)) else ""
    return f"a {type(value).__name__}{length}"


def several(names: Sequence[str]) -> str:
    """Return the first few of some names, and how many more there are."""
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return ", ".join(name[:80] for name in names[:FEW]) + more


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file under a temporary name; it takes its own when all has been written.

    A file that was there is replaced then; after an error it is left as it was.
    """
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
