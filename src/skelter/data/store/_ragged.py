"""The ragged ``.npz`` exchange file: all clips of a set in one file, without pickles.

It holds ``data`` (sum of T, M, V, C), ``offsets`` (N + 1), ``label``, ``subject``, ``view`` and
``seq_names`` (N), ``label_names``, ``joint_names``, ``bones`` as (child, parent) pairs, ``fps``,
``name``, ``source`` and ``licence``. Further integer arrays (N,), such as ``fold``, become `extra`
fields of the clips. Positions are in metres. A missing person is zeros.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from skelter import _checks
from skelter._files import SkeletonFormatError, shorten, write_whole
from skelter.data._clip import Clip, Reading, raise_errors
from skelter.data.files._npz import Arrays, load_npz, require_kind
from skelter.data.store._bones import warn_of_bones
from skelter.data.store._index import ClipIndex, IntArray, StoreInfo, check_index
from skelter.data.store._store import SkeletonStore
from skelter.layouts import SkeletonLayout, check_layout, find_layout

OWN = {
    "data", "offsets", "label", "subject", "view", "seq_names", "label_names", "joint_names",
    "bones", "fps", "name", "source", "licence",
}  # fmt: skip


def read_ragged(path: str | Path) -> Iterator[Clip]:
    """Yield the clips of a ragged file, in their order.

    Args:
        path: The ``.npz`` file.

    Raises:
        FileNotFoundError: The file does not exist.
        TypeError: `layout` is neither a layout nor None.
        SkeletonFormatError: The file is not an ``.npz``, lacks an array, or its arrays disagree.
            While iterating: a coordinate of a clip is not finite.
    """
    return raise_errors(_clips(Path(path), open_ragged(Path(path))))


def read_file(path: Path) -> Reading:
    """Yield the clips of a file, or the errors of damaged ones."""
    return _clips(path, open_ragged(path))


def _clips(path: Path, store: SkeletonStore) -> Reading:
    for position in range(len(store)):
        clip = store[position]
        yield clip if np.isfinite(clip.joints).all() else _not_finite(path, position)


def _not_finite(path: Path, position: int) -> SkeletonFormatError:
    return SkeletonFormatError(f"{path}: clip {position} has coordinates that are not finite.")


def load_ragged(path: str | Path, *, layout: SkeletonLayout | None = None) -> SkeletonStore:
    """Load a ragged file into a store in memory, with the warning of `SkeletonStore.build`.

    Args:
        path: The ``.npz`` file.
        layout: The layout of its joints. If None, the built-in layout with the file's joint
            names, or one made from the file's names and bones.

    Raises:
        FileNotFoundError: There is none.
        SkeletonFormatError: The file is not an ``.npz``, lacks an array, its arrays disagree, or a
            coordinate is not finite.
    """
    store = open_ragged(Path(path), layout)
    if not np.isfinite(store.frames).all():
        frame = int(np.argwhere(~np.isfinite(store.frames))[0, 0])
        position = int(np.searchsorted(store.index.offsets, frame, side="right")) - 1
        raise _not_finite(Path(path), position)
    warn_of_bones(store.frames, store.index, store.layout, stacklevel=3)
    return store


def open_ragged(path: Path, layout: SkeletonLayout | None = None) -> SkeletonStore:
    """Load a file as `load_ragged` does, but with any coordinates."""
    arrays = _read_arrays(path)
    layout = _find_layout(arrays, path) if layout is None else check_layout(layout)
    _check_arrays(path, arrays, layout)
    count = len(arrays["offsets"]) - 1
    unknown = np.full(count, -1)
    index = ClipIndex(
        arrays["offsets"].astype(np.int64),
        arrays["label"].astype(np.int64),
        arrays.get("subject", unknown).astype(np.int64),
        arrays.get("view", unknown).astype(np.int64),
        arrays.get("seq_names", np.full(count, "")).astype(np.str_),
        _find_extra(arrays, count),
    )
    fps = float(arrays.get("fps", np.array(np.nan)))
    info = StoreInfo(
        layout,
        tuple(str(name) for name in arrays.get("label_names", ())),
        None if np.isnan(fps) else fps,
        str(arrays.get("name", path.stem)),
    )
    with np.errstate(over="ignore"):  # too large a number becomes infinite, and is refused later
        frames = arrays["data"].astype(np.float32, copy=False)
    return SkeletonStore(frames, index, info)


def write_ragged(
    path: str | Path, store: SkeletonStore, *, source: str = "", licence: str = ""
) -> None:
    """Write a store as a ragged file, under a temporary name first.

    Args:
        path: The ``.npz`` file. One that is there is replaced when the new one is complete.
        store: The clips to write.
        source: Where the recordings come from.
        licence: Their terms of use.

    Raises:
        ValueError: A field of `extra` has the name of one of the file's own arrays.
    """
    taken = sorted(OWN & set(store.extra))
    hint = "Give them other names."
    _checks.require(not taken, "`extra`", "have no names of the file's own", taken, hint)
    arrays: dict[str, Any] = {
        "data": store.frames,
        "offsets": store.index.offsets,
        "label": store.labels,
        "subject": store.subjects,
        "view": store.views,
        "seq_names": store.names,
        "label_names": np.array(store.label_names, dtype=np.str_),
        "joint_names": np.array(store.layout.joints),
        "bones": np.array(store.layout.bones, dtype=np.int16).reshape(-1, 2),
        "fps": np.float32(np.nan if store.info.fps is None else store.info.fps),
        "name": np.str_(store.info.name),
        "source": np.str_(source),
        "licence": np.str_(licence),
    }
    arrays |= store.extra
    with write_whole(Path(path)) as file:
        np.savez_compressed(file, **arrays)


def _read_arrays(path: Path) -> Arrays:
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not a file.")
    arrays = load_npz(path)
    missing = {"data", "offsets", "label", "joint_names", "bones"} - set(arrays)
    if missing:
        raise SkeletonFormatError(
            f"{path} lacks the arrays {sorted(missing)} of a ragged file; it has "
            f"{shorten([ascii(name)[1:-1] for name in sorted(arrays)])}."
        )
    require_kind(path, arrays, ("offsets", "label", "subject", "view"), "iu", 1)
    require_kind(path, arrays, ("seq_names", "label_names", "joint_names"), "U", 1)
    require_kind(path, arrays, ("bones",), "iu", 2)
    require_kind(path, arrays, ("fps",), "fiu", 0)
    require_kind(path, arrays, ("name",), "U", 0)
    return arrays


def _check_arrays(path: Path, arrays: Arrays, layout: SkeletonLayout) -> None:
    data = arrays["data"]
    if data.ndim != 4 or not np.issubdtype(data.dtype, np.floating) or 0 in data.shape:
        raise SkeletonFormatError(
            f"{path}: `data` must be floats of shape (sum of T, M, V, C); got {data.dtype} "
            f"{data.shape}."
        )
    if data.shape[2] != layout.num_joints:
        raise SkeletonFormatError(
            f"{path}: `data` has {_checks.plural(data.shape[2], 'joint')}, but layout "
            f"{layout.name} has {layout.num_joints}. Pass layout=... for its skeleton."
        )
    try:
        _checks.axis_order("`data`", data.shape, layout)
    except ValueError as error:
        raise SkeletonFormatError(f"{path}: {error}") from error
    known = ("offsets", "label", "subject", "view", "seq_names")
    listed = {name: arrays[name] for name in known if name in arrays}
    check_index(path, len(data), listed, "label")


def _find_extra(arrays: Arrays, clips: int) -> dict[str, IntArray]:
    """Return further integers of every clip, such as its fold."""
    return {
        name: array.astype(np.int64)
        for name, array in arrays.items()
        if name not in OWN and array.shape == (clips,) and np.issubdtype(array.dtype, np.integer)
    }


def _find_layout(arrays: Arrays, path: Path) -> SkeletonLayout:
    joints = [str(joint) for joint in arrays["joint_names"]]
    try:
        return find_layout(joints) or SkeletonLayout.from_bones(
            str(arrays.get("name", path.stem)), joints, bones=arrays["bones"].tolist()
        )
    except (ValueError, TypeError) as error:
        raise SkeletonFormatError(f"{path}: {error}") from error
