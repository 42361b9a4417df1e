"""The files of a store: written beside their final place, verified when opened."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from skelter._checks import plural
from skelter._files import SkeletonFormatError
from skelter.data._clip import Clip
from skelter.data.files._npz import load_npz, require_kind
from skelter.data.store._digest import FrameDigest
from skelter.data.store._frames import FrameFile, StoredFrames
from skelter.data.store._index import ARRAYS, EXTRA, ClipIndex, StoreInfo, check_index
from skelter.layouts import restore_layout

FORMAT = "skelter-store"
# 1 has no extra arrays and no provenance; 1 and 2 nest a frame as (M, V, C), 3 as (C, V, M).
VERSIONS = (1, 2, 3)
# Written in pieces of this size, a file is cached in large pages, which random access likes.
BLOCK = 2**23
FRAMES, INDEX, META = "frames.bin", "index.npz", "store.json"


def write_store(path: Path, clips: Iterable[Clip], info: StoreInfo, dtype: str) -> int:
    """Write clips that have been checked to a new store directory, and return their number.

    The directory is written under a temporary name and renamed when it is complete.
    """
    if path.exists():
        raise FileExistsError(f"{path} exists. Remove it, or build the store elsewhere.")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        index = _write_files(partial, clips, info, np.dtype(dtype).newbyteorder("<"))
        partial.rename(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return len(index)


def _write_files(
    folder: Path, clips: Iterable[Clip], info: StoreInfo, dtype: np.dtype[Any]
) -> ClipIndex:
    """Write the three files, and flush them to disk."""
    shape: tuple[int, ...] = ()
    digest = FrameDigest(dtype)
    with (folder / FRAMES).open("wb", buffering=BLOCK) as file:

        def keep(joints: npt.NDArray[np.floating]) -> None:
            nonlocal shape
            shape = joints.shape[1:]
            file.write(digest.add(joints))

        index = ClipIndex.collect(clips, keep)
        _sync(file)
    arrays: dict[str, Any] = dict(index.arrays())
    with (folder / INDEX).open("wb") as file:
        np.savez(file, **arrays)
        _sync(file)
    meta = {
        "format": FORMAT,
        "version": VERSIONS[-1],
        "dtype": dtype.name,
        "shape": [int(index.offsets[-1]), *shape],
        "frames_digest": digest.hexdigest(),
        **vars(info),
        "layout": info.layout.as_dict(),
    }
    with (folder / META).open("wb") as file:
        file.write(json.dumps(meta, indent=1).encode())
        _sync(file)
    return index


def read_store(path: Path) -> tuple[StoredFrames, ClipIndex, StoreInfo]:
    """Open the three files of a store and check that they belong together."""
    if not path.is_dir():
        raise FileNotFoundError(f"{path} is not a store directory. Build one: SkeletonStore.build")
    meta = _read_meta(path / META)
    try:
        shape, dtype = _form_of(meta)
        info = StoreInfo(
            restore_layout(meta["layout"]),
            tuple(str(name) for name in meta["label_names"]),
            None if meta["fps"] is None else float(meta["fps"]),
            str(meta["name"]),
            dict(meta.get("provenance", {})),
        )
    except Exception as error:  # values of other types raise errors of any type
        raise SkeletonFormatError(f"{path / META}: {error}. Build the store again.") from error
    frames_path = path / FRAMES
    expected = math.prod(shape) * dtype.itemsize
    size = frames_path.stat().st_size if frames_path.exists() else 0
    if size != expected:
        raise SkeletonFormatError(
            f"{frames_path} must have {expected} bytes for {plural(shape[0], 'frame')}; it has "
            f"{size}. The store is damaged: build or copy it again."
        )
    arrays = _read_index(path / INDEX, shape[0])
    if info.layout.num_joints != shape[2]:
        raise SkeletonFormatError(
            f"{path / META}: layout {info.layout.name} has "
            f"{plural(info.layout.num_joints, 'joint')}, but the frames have {shape[2]}. "
            "Build the store again."
        )
    digest = str(meta.get("frames_digest", ""))
    file = FrameFile.find(frames_path, dtype, shape, planar=meta["version"] >= 3)
    return StoredFrames(file.map(), digest, file), ClipIndex.from_arrays(arrays), info


def _form_of(meta: Mapping[str, Any]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return shape and type of the frames."""
    shape = tuple(int(size) for size in meta["shape"])
    dtype = np.dtype(meta["dtype"]).newbyteorder("<")
    if len(shape) != 4 or min(shape) < 1 or dtype.kind != "f":
        raise ValueError(f"frames must be floats (sum of T, M, V, C), not {dtype} {shape}")
    return shape, dtype


def _read_meta(path: Path) -> dict[str, Any]:
    try:
        meta = json.loads(path.read_text())
    except FileNotFoundError:
        raise SkeletonFormatError(
            f"{path.parent} has no {META}: it is not a skelter store."
        ) from None
    except (ValueError, RecursionError) as error:
        raise SkeletonFormatError(
            f"{path} is not JSON ({error}). Build the store again."
        ) from error
    if not isinstance(meta, dict) or meta.get("format") != FORMAT:
        raise SkeletonFormatError(f"{path} does not describe a {FORMAT}.")
    if meta.get("version") not in VERSIONS:
        raise SkeletonFormatError(
            f"{path} is version {meta.get('version')} of the store format; this version of skelter "
            f"reads {VERSIONS}. Build the store again, or install the version that wrote it."
        )
    missing = {"dtype", "shape", "layout", "label_names", "fps", "name"} - set(meta)
    if missing:
        raise SkeletonFormatError(f"{path} lacks {sorted(missing)}. Build the store again.")
    return meta


def _read_index(path: Path, frames: int) -> dict[str, npt.NDArray[Any]]:
    arrays = load_npz(path)
    if {name for name in arrays if not name.startswith(EXTRA)} != set(ARRAYS):
        raise SkeletonFormatError(
            f"{path} must have the arrays {sorted(ARRAYS)}; got {sorted(arrays)}."
        )
    require_kind(path, arrays, set(arrays) - {"names"}, "iu", 1)
    require_kind(path, arrays, ("names",), "U", 1)
    check_index(path, frames, arrays, "labels")
    return arrays


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
