"""Paths that users give: a file or a folder, whichever a format needs, and nothing packed."""

from __future__ import annotations

from pathlib import Path

from skelter._files import SkeletonFormatError, require_path, shorten

ARCHIVES = {".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar"}
FORMATS = {".skeleton", ".json", ".txt", ".mat", ".npy", ".npz", ".pkl", ".pickle", ".csv"}
STORE = "store.json"  # in the folder of a store
UNPACK = "is an archive. Unpack it, and pass the folder or file that comes out."
PREPARED = "is a store of skelter: it is prepared already. Train on it (pretrain.py --data)."


def list_files(path: str | Path, suffix: str) -> list[Path]:
    """Return a file, or all files with a suffix in a folder and its sub-folders, sorted by name.

    Raises:
        FileNotFoundError: There is nothing, or the folder has no such file.
        SkeletonFormatError: It is a file of another format, an archive or a store.
    """
    path = require_path(path)
    ending = f".{suffix.rpartition('.')[2]}"
    if not path.is_dir():
        _refuse_formats_but(path, {ending}, f"a folder of {suffix} files, or one of them")
        return [path]
    found = sorted(path.rglob(f"*{suffix}"), key=lambda file: (file.name, str(file)))
    if (path / STORE).exists():
        raise SkeletonFormatError(f"{path} {PREPARED}")
    if not found:
        raise FileNotFoundError(f"{path} holds no {suffix} file.{_name_archives(path)}")
    return found


def require_file(path: str | Path, *suffixes: str) -> Path:
    """Return the path of one file.

    Args:
        path: The file.
        suffixes: Of its format. A file with the suffix of another format is refused.

    Raises:
        FileNotFoundError: There is nothing.
        SkeletonFormatError: It is a folder, a store, an archive, or a file of another format.
    """
    path, kind = require_path(path), f"a {suffixes[0]} file"
    if path.is_dir():
        if (path / STORE).exists():
            raise SkeletonFormatError(f"{path} {PREPARED}")
        inside = sorted(file.name for file in path.iterdir() if file.suffix in suffixes)
        hint = f" It holds {shorten(inside)}: pass one of them." if inside else ""
        raise SkeletonFormatError(f"{path}: expected {kind}; found a folder.{hint}")
    _refuse_formats_but(path, set(suffixes), kind)
    return path


def require_folder(path: str | Path, holding: str) -> Path:
    """Return the path of a folder.

    Args:
        path: The folder.
        holding: The files that it must have, for messages.

    Raises:
        FileNotFoundError: There is nothing.
        SkeletonFormatError: It is a file or a store.
    """
    path = require_path(path)
    if not path.is_dir():
        _refuse_formats_but(path, FORMATS, "")
        raise SkeletonFormatError(f"{path}: expected the folder of {holding}; found a file.")
    if (path / STORE).exists():
        raise SkeletonFormatError(f"{path} {PREPARED}")
    return path


def _refuse_formats_but(path: Path, suffixes: set[str], expected: str) -> None:
    """Refuse archives and files with the suffix of another format."""
    suffix = path.suffix.lower()
    if suffix in ARCHIVES:
        raise SkeletonFormatError(f"{path} {UNPACK}")
    if suffix in FORMATS - suffixes:
        raise SkeletonFormatError(f"{path}: expected {expected}; found a {suffix} file.")


def _name_archives(folder: Path) -> str:
    """Return the hint that a folder holds archives, if it does."""
    names = sorted(file.name for file in folder.iterdir() if file.suffix.lower() in ARCHIVES)
    return f" Unpack {shorten(names)} first." if names else ""
