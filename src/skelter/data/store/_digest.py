"""Frames as they are stored, and digests of a store that do not depend on where it lies."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

from skelter.data.store._index import ClipIndex, Frames
from skelter.layouts import SkeletonLayout

SIZE = 16  # bytes
BLOCK = 2**24  # bytes that are digested at once
# What decides how joints are used. The name of a layout does not.
LAYOUT = ("joints", "parents", "centre", "left_right", "parts", "spine", "shoulders", "dimensions")


def as_planes(frames: Frames, dtype: npt.DTypeLike = np.float32) -> npt.NDArray[Any]:
    """Return frames (T, M, V, C) as they are stored: (T, C, V, M), every coordinate a plane."""
    return np.ascontiguousarray(frames.transpose(0, 3, 2, 1), dtype=dtype)


class FrameDigest:
    """The digest of frames that come in stretches, as they are stored: every coordinate a plane."""

    def __init__(self, dtype: np.dtype[np.floating]) -> None:
        self._dtype = dtype.newbyteorder("<")
        self._hash = blake2b(self._dtype.name.encode(), digest_size=SIZE)

    def add(self, frames: Frames) -> memoryview:
        """Add frames (T, M, V, C), and return their bytes as they are stored."""
        stored = as_planes(frames, self._dtype).data.cast("B")
        self._hash.update(stored)
        return stored

    def hexdigest(self) -> str:
        """Return the digest of all frames so far."""
        return self._hash.hexdigest()


def digest_frames(frames: Frames) -> str:
    """Return the digest of all frames (sum of T, M, V, C) of a store."""
    digest = FrameDigest(frames.dtype)
    step = max(1, BLOCK // frames[0].nbytes)
    for start in range(0, len(frames), step):
        digest.add(frames[start : start + step])
    return digest.hexdigest()


def digest_mapped(frames: str, function: str) -> str:
    """Return the digest of frames with a named function applied, of the digest of the frames.

    It does not look at the results, which differ in their last bits between machines.
    """
    return blake2b(json.dumps([frames, function]).encode(), digest_size=SIZE).hexdigest()


def digest_store(
    frames: str, shape: tuple[int, ...], index: ClipIndex, layout: SkeletonLayout
) -> str:
    """Return the digest of a store: of its frames' digest and shape, its index and its layout."""
    fields = layout.as_dict()
    about = {
        "frames": frames,
        "shape": [int(size) for size in shape],
        "layout": {name: fields[name] for name in LAYOUT},
        "names": index.names.tolist(),
    }
    whole = blake2b(json.dumps(about, sort_keys=True).encode(), digest_size=SIZE)
    for name, array in sorted(index.arrays().items()):
        # An array of unknown values says no more than its absence.
        if name != "names" and (name in ("offsets", "labels") or (array != -1).any()):
            whole.update(name.encode())
            whole.update(np.ascontiguousarray(array, "<i8").data)
    return whole.hexdigest()
