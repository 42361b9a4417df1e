"""What a damaged or foreign file raises."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
