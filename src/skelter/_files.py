"""Files that are complete or absent, digests, and the errors of damaged or foreign files."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

SHOWN = 3  # names in a message


class SkeletonFormatError(ValueError):
    """A file is not what its format promises: truncated, inconsistent, or of another version."""


def format_error(
    path: Path, expected: str, found: object, *, line: int | None = None
) -> SkeletonFormatError:
    """Return the error that says where a file is damaged, and how. Lines count from 1."""
    where = f"{path}, line {line}" if line is not None else f"{path}"
    return SkeletonFormatError(f"{where}: expected {expected}; found {found}.")


@contextmanager
def translate_errors(path: Path, form: str) -> Iterator[None]:
    """Turn whatever a decoder of foreign bytes raises into a `SkeletonFormatError`.

    It is not documented which errors the decoders of JSON, archives and pickles raise, so that
    everything is caught here. Errors of the file system pass as they are.
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


def describe(value: Any, *, keys: bool = False) -> str:
    """Describe a value in a few words, without a look into its depths but for the first keys."""
    if isinstance(value, np.ndarray):
        return f"an array {value.shape} of {value.dtype.name}"
    if isinstance(value, (str, bytes)):
        return repr(value[:80])
    if value is None or isinstance(value, (int, float, np.number)):
        return str(value)
    length = f" of {len(value)}" if isinstance(value, (list, tuple, dict, set)) else ""
    if keys and isinstance(value, dict) and value:
        length += f" with {shorten([ascii(key) for key in value])}"
    return f"a {type(value).__name__}{length}"


def shorten(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(name[:80] for name in names[:SHOWN]) + more


def require_path(path: str | Path) -> Path:
    """Return a path at which there is a file or a folder.

    Raises:
        FileNotFoundError: There is nothing.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist.")
    return path


@contextmanager
def write_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file under a temporary name, and rename it when all has been written.

    A file that was there before is replaced then. After an error it is left as it was.
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


def digest_settings(settings: Mapping[str, Any]) -> str:
    """Return the SHA-256 digest of plain settings, in whatever order they come."""
    text = json.dumps(settings, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
