"""The frames of a store, for NumPy and for torch in the same memory.

They have the shape (sum of T, M, V, C). Within a frame they lie as (C, V, M), every coordinate a
plane, or as (M, V, C), as older files have it.
"""

from __future__ import annotations

import mmap
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from skelter._files import SkeletonFormatError
from skelter.data.store._digest import as_planes, digest_frames
from skelter.data.store._index import Frames

PAGES = 2**16  # bytes that a system maps around one that is read


@dataclass(frozen=True)
class FrameFile:
    """The file of a store that frames are mapped from, as it was when it was opened.

    Args:
        path: The file.
        dtype: The type of a coordinate.
        shape: Shape (sum of T, M, V, C).
        planar: True if every coordinate of a frame is a plane in the file.
        stamp: Size and time of the file.
    """

    path: Path
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    planar: bool
    stamp: tuple[int, int]

    @classmethod
    def find(
        cls, path: Path, dtype: np.dtype[Any], shape: tuple[int, ...], *, planar: bool
    ) -> FrameFile:
        """Look at a file that is there."""
        return cls(path.absolute(), dtype, shape, planar, _stamp(path))

    def map(self) -> Frames:
        """Map the frames, shape (sum of T, M, V, C) however they are nested in the file."""
        T, M, V, C = self.shape
        shape = (T, C, V, M) if self.planar else self.shape
        frames = np.memmap(self.path, dtype=self.dtype, mode="r", shape=shape)
        return frames.transpose(0, 3, 2, 1) if self.planar else frames

    def map_again(self, digest: str) -> Frames:
        """Map the frames in another process, if the file still has them.

        A file with another time may be a copy, and is read to be sure.
        """
        try:
            stamp = _stamp(self.path)
        except OSError as error:
            raise FileNotFoundError(
                f"{self.path} is not there any more. A store on disk is pickled as a path, without "
                "its frames: keep it in its place, or pickle store.to('cpu')."
            ) from error
        same = stamp == self.stamp
        if not same and stamp[0] == self.stamp[0] and digest:
            same = digest_frames(self.map()) == digest
        if not same:
            raise SkeletonFormatError(
                f"{self.path} is not the file any more that was pickled: its content has changed. "
                "A store on disk is pickled as a path: open it again."
            )
        return self.map()


class StoredFrames:
    """Frames as an array, and as a tensor: the same memory unless the tensor is on a device.

    Frames of a file are pickled as its path, and mapped again where they arrive.

    Args:
        array: Shape (sum of T, M, V, C); copied only where it is not in float32 or float16, or
            its frames are not in one piece each.
        digest: That of the frames as `FrameDigest` makes it; computed when asked for if empty.
        file: The file that they are mapped from, None if they are in memory.
    """

    def __init__(self, array: Frames, digest: str = "", file: FrameFile | None = None) -> None:
        self.array = _in_one_piece(array)
        self.file = file
        self.tensor = _as_tensor(self.array)
        self._digest = digest

    @property
    def digest(self) -> str:
        """The digest of the frames."""
        self._digest = self._digest or digest_frames(self.array)
        return self._digest

    def copy(self, start: int, end: int) -> Frames:
        """Return a copy of some frames in float32, and give back the pages of a map behind it.

        Whatever of a map has been read counts as memory of the process until then.
        """
        copied = np.array(self.array[start:end], dtype=np.float32)
        mapped = getattr(self.array, "_mmap", None) if self.file is not None else None
        if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
            size = self.array[0].nbytes
            first = max(0, start * size - PAGES) // PAGES * PAGES
            last = min(len(mapped), end * size + PAGES)
            mapped.madvise(mmap.MADV_DONTNEED, first, last - first)
        return copied

    def to(self, device: torch.device | str) -> StoredFrames:
        """Return a copy whose tensor is on a device. On the CPU, the array is a copy too."""
        tensor = self.tensor.to(device, copy=True)
        if tensor.device.type == "cpu":
            return StoredFrames(tensor.permute(0, 3, 2, 1).numpy(), self._digest)
        frames = StoredFrames(self.array, self._digest, self.file)
        frames.tensor = tensor
        return frames

    def __getstate__(self) -> dict[str, Any]:
        """Leave out frames of a file and a tensor of the same memory, and keep the nesting."""
        planar = _planar(self.array)
        array = self.array.transpose(0, 3, 2, 1) if planar else self.array
        return {
            "planar": planar,
            "digest": self._digest,
            "file": self.file,
            "array": array if self.file is None else None,
            "tensor": None if self.tensor.device.type == "cpu" else self.tensor,
        }

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        tensor, self._digest, self.file = state["tensor"], state["digest"], state["file"]
        if self.file is not None:
            self.array = _in_one_piece(self.file.map_again(self._digest))
        else:
            array = state["array"]
            self.array = array.transpose(0, 3, 2, 1) if state["planar"] else array
        self.tensor = _as_tensor(self.array) if tensor is None else tensor


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _planar(frames: Frames) -> bool:
    return bool(frames.transpose(0, 3, 2, 1).flags.c_contiguous)


def _in_one_piece(frames: Frames) -> Frames:
    if frames.dtype not in (np.float32, np.float16):
        frames = frames.astype(np.float32)
    if frames.flags.c_contiguous or _planar(frames):
        return frames
    return as_planes(frames, frames.dtype).transpose(0, 3, 2, 1)


def _as_tensor(frames: Frames) -> Tensor:
    """Return frames for torch, with the axes of clips: (sum of T, C, V, M)."""
    with warnings.catch_warnings():
        # Files are mapped for reading only, so that one larger than the memory can be opened.
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")
        return torch.from_numpy(frames).permute(0, 3, 2, 1)
