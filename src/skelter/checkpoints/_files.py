"""Checkpoint files: complete or absent when written, verified when read, never run."""

from __future__ import annotations

import errno
import os
import pickle
import re
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import torch

from skelter import __version__, _checks
from skelter._files import SkeletonFormatError, translate_errors, write_whole
from skelter.checkpoints._settings import is_holder, stand_in

FORMAT, VERSION = "skelter-checkpoint", 1
STAMP = {"format": FORMAT, "version": VERSION, "skelter": __version__}
ARCHIVE = b"PK\x03\x04"  # how zip files begin


def load_published(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Load any checkpoint that torch wrote to the CPU, such as a published one.

    The checksum of every member is compared first, which torch does not do. This finds truncation
    and flipped bits. Files of torch before 1.6 have no checksums. Only tensors and plain values
    are taken: code in a file is refused, not run. Settings of a run, such as an
    ``argparse.Namespace`` or those of a Lightning container, come as dictionaries.

    Args:
        path: The file.

    Returns:
        The dictionary that was saved.

    Raises:
        FileNotFoundError: The file does not exist.
        SkeletonFormatError: The file is not a torch checkpoint, is damaged, or contains code.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "foreign.pt"
        >>> torch.save({"epoch": 3, "state_dict": {}}, path)
        >>> load_published(path)
        {'epoch': 3, 'state_dict': {}}
    """
    path = Path(path)
    if path.is_dir():
        raise FileNotFoundError(
            f"{path} is a folder, not a file. For its newest checkpoint, use "
            "CheckpointFolder(path).newest()."
        )
    with path.open("rb") as file, translate_errors(path, "a torch checkpoint"):
        _verify(path, file)
        state = _load(path, file)
    if not isinstance(state, dict):
        raise SkeletonFormatError(
            f"{path} must hold a dictionary; it holds a {type(state).__name__}. Is it a checkpoint?"
        )
    return state


def load(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Load a checkpoint that `save` wrote.

    Args:
        path: The file.

    Returns:
        The state, and the keys ``format``, ``version`` and ``skelter``, the version of the
        package that wrote it.

    Raises:
        FileNotFoundError: The file does not exist.
        SkeletonFormatError: The file cannot be read, has another origin, or is of a later version
            of the format.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "mine.pt"
        >>> save({"epoch": 3}, path)
        >>> load(path)["epoch"]
        3
    """
    state = load_published(path)
    if state.get("format") != FORMAT:
        raise SkeletonFormatError(
            f"{path} is not a {FORMAT}: it was not written by `checkpoints.save`. "
            "`checkpoints.load_published` loads any torch file, `from_reference` makes a method of "
            "a published one."
        )
    if state.get("version") != VERSION:
        raise SkeletonFormatError(
            f"{path} is version {state.get('version')} of the checkpoint format, by skelter "
            f"{state.get('skelter')}; skelter {__version__} reads version {VERSION}. Install the "
            "version that wrote it, or a later one."
        )
    return state


def save(state: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Save a checkpoint that is complete or absent, whatever interrupts it.

    The file is written under a temporary name, flushed to disk, loaded once and renamed. After an
    error, such as a full disk, the file that was there before is unchanged.

    Args:
        state: Tensors, numbers, strings and containers of them, by name, such as the state dicts
            of a method and its optimiser.
        path: The file, which is replaced if it is there.

    Raises:
        ValueError: The state has keys of its own by the names ``format``, ``version``, ``skelter``.
        TypeError: The state holds something that `load` would refuse.
        OSError: The file cannot be written.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "mine.pt"
        >>> save({"weights": torch.zeros(3)}, path)
        >>> load(path)["weights"]
        tensor([0., 0., 0.])
    """
    taken = [] if state.get("format") == FORMAT else sorted(STAMP.keys() & state.keys())
    expected = f"leave the keys {sorted(STAMP)} to the file"
    hint = "Nest what you keep: save({'method': method.state_dict()}, path)"
    _checks.require(not taken, "`state`", expected, taken, hint)
    path = Path(path)
    with write_whole(path) as file:
        _save({**state, **STAMP}, file)
        file.flush()
        _try(str(file.name))
    _sync_folder(path.parent)


def _verify(path: Path, file: BinaryIO) -> None:
    """Compare the checksums of an archive, and go back to its start."""
    if file.read(len(ARCHIVE)) == ARCHIVE:
        try:
            with zipfile.ZipFile(file) as archive:
                member = archive.testzip()
        except OSError as error:
            if error.errno == errno.EINVAL:
                raise ValueError("it points to a place before its start") from error
            raise
        if member is not None:
            raise SkeletonFormatError(
                f"{path} is damaged: the checksum of {member} in it is wrong. Copy or download it "
                "again."
            )
    file.seek(0)


def _load(path: Path, file: BinaryIO) -> Any:
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        refused = _find_refused_name(error)
        if refused is not None and is_holder(refused):
            file.seek(0)
            with stand_in(refused):
                return _load(path, file)
        if refused is None:
            raise SkeletonFormatError(
                f"{path} is not a torch checkpoint, or a damaged one; nothing of it was run. Copy "
                "or download it again."
            ) from error
        raise SkeletonFormatError(
            f"{path} contains code: it asks for {refused}. Nothing of it was run. If you trust its "
            "makers, load it by torch.load(path, weights_only=False) and pass on the dictionary."
        ) from error


def _save(state: Mapping[str, Any], file: BinaryIO) -> None:
    try:
        torch.save(state, file)
    except RuntimeError as error:
        if isinstance(error.__context__, OSError):
            raise error.__context__ from None  # torch hides it behind one of its own
        raise


def _try(path: str) -> None:
    """Refuse now what `load` would refuse later, without a look at the tensors."""
    try:
        torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except pickle.UnpicklingError as error:
        raise TypeError(
            "`state` must hold tensors, numbers, strings and containers of them; got "
            f"{_find_refused_name(error) or 'something else'}. Convert it first, such as by "
            "float(...)."
        ) from error


def _find_refused_name(error: pickle.UnpicklingError) -> str | None:
    """Return the name that torch says a pickle may not use."""
    found = re.search(r"GLOBAL (\S+)", str(error))
    return found and found[1]


def _sync_folder(folder: Path) -> None:
    """Make a new name last through a power failure."""
    with suppress(OSError):  # Windows opens no folders, and some file systems flush none
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
