"""NumPy archives from strangers: read without pickles, refused with one kind of error."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skelter.data._errors import SkeletonFormatError

Arrays = dict[str, npt.NDArray[Any]]


def load_npz(path: Path) -> Arrays:
    """Return all arrays of an ``.npz`` file.

    Raises:
        SkeletonFormatError: The file is missing, truncated, no archive, or holds pickles.
    """
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if not isinstance(loaded, np.lib.npyio.NpzFile):
                raise SkeletonFormatError("it holds a single array, not an archive")
            return {name: loaded[name] for name in loaded.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise SkeletonFormatError(
            f"{path} cannot be read as .npz without pickles ({error}). Is it complete?"
        ) from error
