"""Data sets as other projects convert them: whole sets in a file or two."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from skelter.data._clip import Reading
from skelter.data.preparation._source import Piece, Source
from skelter.data.readers import _crosclr, _isc
from skelter.data.readers._ctrgcn import read_side
from skelter.data.readers._isc import count_rows
from skelter.data.readers._paths import require_file
from skelter.data.readers._pyskl import read_file as read_pyskl_file
from skelter.data.splits._general import recorded
from skelter.data.store._index import StoreInfo
from skelter.data.store._ragged import open_ragged
from skelter.data.store._ragged import read_file as read_ragged_file
from skelter.layouts import NTU25, SkeletonLayout

ROWS = 1024  # of an array, read in one go


def isc(
    folder: str | Path, *, layout: SkeletonLayout = NTU25, label_names: Sequence[str] = ()
) -> Source:
    """Return the arrays of ISC or 2s-AGCN, both sides.

    Args:
        folder: The folder of ``{train,val}_data_joint.npy`` and their lists.
        layout: Their layout.
        label_names: The name of each class.

    Raises:
        FileNotFoundError: A file is not there.
        SkeletonFormatError: An array is damaged.

    Example:
        >>> from skelter.data import Clip, write_isc
        >>> import numpy as np
        >>> clips = [Clip(np.ones((9, 2, 25, 3)), 0, name=name) for name in "ab"]
        >>> folder = getfixture("tmp_path")
        >>> write_isc(folder, clips, train=[0], val=[1])
        >>> [piece.name for piece in isc(folder).pieces]
        ['train rows 0 to 1', 'val rows 0 to 1']
    """
    info = StoreInfo(layout, tuple(label_names), None, "", {"format": "ISC / 2s-AGCN arrays"})
    return _rows(Path(folder), _isc.ARRAY, info, _isc.read_rows)


def crosclr(
    folder: str | Path, *, layout: SkeletonLayout = NTU25, label_names: Sequence[str] = ()
) -> Source:
    """Return the arrays of CrosSCLR and its successors, both sides.

    Args:
        folder: The folder of ``{train,val}_position.npy`` and their lists.
        layout: Their layout.
        label_names: The name of each class.

    Raises:
        FileNotFoundError: A file is not there.
        SkeletonFormatError: An array is damaged.

    Example:
        >>> crosclr("nowhere")
        Traceback (most recent call last):
        FileNotFoundError: nowhere does not exist.
    """
    info = StoreInfo(layout, tuple(label_names), None, "", {"format": "CrosSCLR arrays"})
    return _rows(Path(folder), _crosclr.ARRAY, info, _crosclr.read_rows)


def _rows(folder: Path, array: str, info: StoreInfo, read: Callable[..., Reading]) -> Source:
    """Return the source of rows of arrays."""
    pieces = []
    for side in ("train", "val"):
        total = count_rows(folder, side, array)
        files = tuple(sorted(folder.glob(f"{side}_*")))
        for start in range(0, total, ROWS):
            stop = min(start + ROWS, total)
            name = f"{side} rows {start} to {stop}"
            pieces.append(Piece(name, files, (folder, side, start, stop)))
    splits = (recorded("train", "val"),)
    return Source(info, pieces, read, splits=splits, pieces_per_part=1)


def ctrgcn(
    file: str | Path, *, layout: SkeletonLayout = NTU25, persons: int = 2, coordinates: int = 3
) -> Source:
    """Return the ``.npz`` file of CTR-GCN or MAMP, both sides.

    Args:
        file: The file.
        layout: Its layout.
        persons: See `read_ctrgcn`.
        coordinates: See `read_ctrgcn`.

    Raises:
        FileNotFoundError: It is not there.

    Example:
        >>> ctrgcn("nowhere.npz")
        Traceback (most recent call last):
        FileNotFoundError: nowhere.npz does not exist.
    """
    path = require_file(file, ".npz")
    options = {"persons": persons, "coordinates": coordinates}
    provenance = {"format": "CTR-GCN .npz", "options": options}
    pieces = [Piece(side, (path,), (path, side)) for side in ("train", "test")]
    info = StoreInfo(layout, (), None, path.stem, provenance)
    splits = (recorded("train", "test"),)
    read = partial(read_side, persons=persons, coordinates=coordinates)
    return Source(info, pieces, read, splits=splits, pieces_per_part=1)


def pyskl(
    file: str | Path, *, layout: SkeletonLayout = NTU25, persons: int | None = None
) -> Source:
    """Return the pickle of pyskl or mmaction2.

    Args:
        file: The file.
        layout: Its layout; ``COCO17`` for poses from images.
        persons: See `read_pyskl`.

    Raises:
        FileNotFoundError: It is not there.

    Example:
        >>> pyskl("nowhere.pkl")
        Traceback (most recent call last):
        FileNotFoundError: nowhere.pkl does not exist.
    """
    path = require_file(file, ".pkl", ".pickle")
    provenance = {"format": "pyskl pickle", "options": {"persons": persons}}
    info = StoreInfo(layout, (), None, path.stem, provenance)
    pieces = [Piece(path.name, (path,), (path,))]
    return Source(info, pieces, partial(read_pyskl_file, persons=persons))


def ragged(file: str | Path) -> Source:
    """Return a ragged ``.npz`` file with the layout, names and rate that it records.

    Args:
        file: The file.

    Raises:
        FileNotFoundError: It is not there.
        SkeletonFormatError: It is damaged.

    Example:
        >>> ragged("nowhere.npz")
        Traceback (most recent call last):
        FileNotFoundError: nowhere.npz does not exist.
    """
    path = require_file(file, ".npz")
    info = replace(open_ragged(path).info, provenance={"format": "ragged .npz"})
    return Source(info, [Piece(path.name, (path,), (path,))], read_ragged_file)
