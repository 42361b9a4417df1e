"""The frames of a store, for NumPy and for torch in the same memory.

They have the shape (sum of T, M, V, C). Within a frame they lie as (C, V, M), every coordinate a
plane, or as (M, V, C), as older files have it.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Frames = npt.NDArray[np.floating]


class StoredFrames:
    """Frames as an array, and as a tensor: the same memory unless the tensor is on a device.

    Args:
        array: Shape (sum of T, M, V, C); copied only where it is not in float32 or float16, or
            its frames are not in one piece each.
        digest: That of the frames as `FrameDigest` makes it, empty if it is not known.
    """

    def __init__(self, array: Frames, digest: str = "") -> None:
        self.array = _in_one_piece(array)
        self.digest = digest
        self.tensor = _as_tensor(self.array)

    def to(self, device: torch.device | str) -> StoredFrames:
        """Return a copy whose tensor is on a device. On the CPU, the array is a copy too."""
        tensor = self.tensor.to(device, copy=True)
        if tensor.device.type == "cpu":
            return StoredFrames(tensor.permute(0, 3, 2, 1).numpy(), self.digest)
        frames = StoredFrames(self.array, self.digest)
        frames.tensor = tensor
        return frames

    def __getstate__(self) -> dict[str, Any]:
        """Leave out a tensor of the same memory, and keep how frames are nested."""
        planar = _planar(self.array)
        return {
            "planar": planar,
            "digest": self.digest,
            "array": self.array.transpose(0, 3, 2, 1) if planar else self.array,
            "tensor": None if self.tensor.device.type == "cpu" else self.tensor,
        }

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        array, tensor, self.digest = state["array"], state["tensor"], state["digest"]
        self.array = array.transpose(0, 3, 2, 1) if state["planar"] else array
        self.tensor = _as_tensor(self.array) if tensor is None else tensor


def as_planes(frames: Frames, dtype: npt.DTypeLike = np.float32) -> npt.NDArray[Any]:
    """Return frames (T, M, V, C) as they are stored: (T, C, V, M), every coordinate a plane."""
    return np.ascontiguousarray(frames.transpose(0, 3, 2, 1), dtype=dtype)


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
