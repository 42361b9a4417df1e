"""Clips of different lengths as stretches of one array of frames: what a store hands out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from einops import rearrange
from torch import Generator, Tensor


@dataclass(frozen=True, eq=False)
class RaggedClips:
    """Some clips of a flat array of frames, in the place of a padded batch.

    Every transform of `skelter.transforms` takes it for clips (N, C, T, V, M) with their
    ``num_frames``. Crops then read nothing but the frames they resample; transforms of another
    kind pad first. A pickle holds the frames of these clips alone.

    Args:
        frames: Frames of any number of clips, one after another, shape (sum of T, C, V, M), each
            in one piece of memory. Those of a store on disk cannot be written to.
        starts: First frame of each clip, integers of shape (N,).
        num_frames: Frames of each clip, integers of shape (N,), from 1.
        longest: The most frames that a clip has.

    Example:
        >>> frames = torch.arange(5.0).reshape(5, 1, 1, 1)
        >>> clips = RaggedClips(frames, torch.tensor([3, 0]), torch.tensor([2, 3]), longest=3)
        >>> clips.shape, clips.padded()[:, 0, :, 0, 0].tolist()
        (torch.Size([2, 1, 3, 1, 1]), [[3.0, 4.0, 0.0], [0.0, 1.0, 2.0]])
    """

    frames: Tensor
    starts: Tensor
    num_frames: Tensor
    longest: int

    @property
    def shape(self) -> torch.Size:
        """The shape (N, C, T, V, M) of the clips when padded to the longest."""
        C, V, M = self.frames.shape[1:]
        return torch.Size((len(self.starts), C, self.longest, V, M))

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the padded clips, float32 unless the frames have float64."""
        return torch.promote_types(self.frames.dtype, torch.float32)

    @property
    def device(self) -> torch.device:
        """Where the frames are."""
        return self.frames.device

    @property
    def rows(self) -> Tensor:
        """The frames as rows of V * M * C numbers, nested as they lie in memory, without a copy."""
        return self.frames.permute(0, *self._nesting).view(len(self.frames), -1)

    def clips_of(self, rows: Tensor) -> Tensor:
        """Return rows (N, T, V * M * C), nested as `rows`, as clips (N, C, T, V, M)."""
        nesting = self._nesting
        frames = rows.view(*rows.shape[:2], *(self.frames.shape[axis] for axis in nesting))
        place = {axis: 2 + nesting.index(axis) for axis in nesting}
        return frames.permute(0, place[1], 1, place[2], place[3])

    def padded(self) -> Tensor:
        """Return the clips padded with zeros to the longest, (N, C, T, V, M)."""
        N, T = len(self.starts), self.longest
        time = torch.arange(T, device=self.device)
        valid = time < self.num_frames[:, None]
        index = self.starts[:, None] + torch.where(valid, time, 0)
        rows = self.rows.index_select(0, index.flatten()).to(self.dtype)
        rows *= rearrange(valid, "n t -> (n t) 1")  # many times as fast as to fill where not valid
        return self.clips_of(rows.view(N, T, rows.shape[-1])).contiguous()

    def apply(self, transform: Callable[..., Any], generator: Generator | None = None) -> Any:
        """Return the views that a transform makes of the clips.

        Those of this library read the clips where they lie. Any other callable gets them padded.

        Args:
            transform: Called with ``num_frames`` and ``generator``.
            generator: The source of randomness, the global generator if None.
        """
        x = self if getattr(transform, "reads_ragged", False) else self.padded()
        return transform(x, num_frames=self.num_frames, generator=generator)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the frames of other clips, so that a pickle does not hold a whole store."""
        starts, which = torch.unique(self.starts, return_inverse=True)
        lengths = self.num_frames.new_zeros(len(starts))
        lengths.scatter_reduce_(0, which, self.num_frames, "amax")
        ends = lengths.cumsum(0)
        behind = torch.arange(int(ends[-1]) if len(ends) else 0, device=self.device)
        index = behind + (starts - ends + lengths).repeat_interleave(lengths)
        frames = self.clips_of(self.rows.index_select(0, index)[:, None])[:, :, 0]
        return {**vars(self), "frames": frames, "starts": (ends - lengths)[which]}

    @property
    def _nesting(self) -> list[int]:
        """The axes C, V, M of the frames, slowest first."""
        return sorted((1, 2, 3), key=self.frames.stride, reverse=True)
