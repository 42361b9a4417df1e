"""Clips of any length in one flat, memory-mapped array.

A store is a directory of three files: ``frames.bin``, all frames of all clips one after another,
every coordinate of a frame a plane, shape (sum of T, C, V, M); ``index.npz``, the start of each
clip and its facts; and ``store.json``, sizes, layout and format version. It is built beside its
final place and renamed, so that it is either complete or absent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter._ragged import RaggedClips
from skelter.data._clip import Clip
from skelter.data.store._bones import warn_of_bones
from skelter.data.store._digest import as_planes, digest_mapped, digest_store
from skelter.data.store._frames import StoredFrames
from skelter.data.store._index import ClipIndex, Indices, IntArray, Labels, StoreInfo, check_clips
from skelter.data.store._storefile import read_store, write_store
from skelter.layouts import SkeletonLayout
from skelter.typing import Batch

DTYPES = ("float32", "float16")


class SkeletonStore:
    """Random access to clips of different lengths.

    Make one by `open`, `build` or `from_clips`, or get one from `data.synthetic.generate` and
    `data.load_ragged`. A store on disk is pickled as its path, without its frames: workers of a
    loader map the file again.

    Args:
        frames: All frames, shape (sum of T, M, V, C), possibly memory-mapped. They are taken as
            they are in float32 or float16, and converted to float32 otherwise.
        index: The place of each clip.
        info: Facts that hold for all clips.

    Raises:
        TypeError: The frames are not floats, or a number of a clip is not an integer.
        ValueError: Frames, index and layout do not fit each other.

    Example:
        >>> from skelter.layouts import KINECT20
        >>> clips = [np.zeros((30, 1, 20, 3)), np.zeros((50, 1, 20, 3))]
        >>> store = SkeletonStore.from_clips(clips, labels=[0, 1], layout=KINECT20)
        >>> x, num_frames, labels = store.batch([1, 0])
        >>> x.shape, num_frames, labels
        (torch.Size([2, 3, 50, 20, 1]), tensor([50, 30]), tensor([1, 0]))
    """

    def __init__(self, frames: npt.NDArray[np.floating], index: ClipIndex, info: StoreInfo) -> None:
        array = _checks.recorded_floats("`frames`", frames)
        fits = array.ndim == 4 and 0 not in array.shape
        came = array.shape
        _checks.require(fits, "`frames`", "have shape (sum of T, M, V, C), nothing empty", came)
        _checks.axis_order("`frames`", came, info.layout)
        self._frames = StoredFrames(array)
        self.index = index.fit(len(array))
        self.info = info

    @classmethod
    def _of(cls, frames: StoredFrames, index: ClipIndex, info: StoreInfo) -> SkeletonStore:
        store = cls.__new__(cls)
        store._frames, store.index, store.info = frames, index, info
        return store

    @classmethod
    def open(cls, path: str | Path) -> SkeletonStore:
        """Open a store directory. Frames stay on disk until they are asked for.

        Raises:
            FileNotFoundError: There is no such directory.
            SkeletonFormatError: A file of it is missing, truncated, inconsistent, or of another
                version of the format.
        """
        return cls._of(*read_store(Path(path)))

    @classmethod
    def build(
        cls,
        path: str | Path,
        sequences: Iterable[Clip | npt.ArrayLike],
        labels: Labels | None = None,
        *,
        layout: SkeletonLayout,
        label_names: Sequence[str] = (),
        fps: float | None = None,
        name: str = "",
        dtype: str = "float32",
        provenance: Mapping[str, Any] | None = None,
    ) -> SkeletonStore:
        """Write clips to a new store directory, one at a time, and open it.

        It warns if bones are far too long, which another order of joints is likely to cause.

        Args:
            path: The new directory. Nothing may be there.
            sequences: Clips, or arrays of shape (T, M, V, C) or (T, V, C). Those with fewer persons
                than the first get zeros.
            labels: A class index for each array, -1 if unknown. Clips have their own.
            layout: Their layout.
            label_names: The name of each class.
            fps: Frames a second.
            name: The name of the set in reports.
            dtype: ``"float32"``, or ``"float16"`` for half the space (millimetres at 2 m).
            provenance: How the store was made, as plain values to be remembered.

        Raises:
            FileExistsError: Something is at `path`.
            TypeError: Coordinates are not floats, labels are not integers, or all clips are one
                padded array.
            ValueError: A clip does not fit the layout, is empty or not finite, or its sizes are
                those of another order of axes. The message names it. Nothing is left behind.
        """
        _checks.choice("dtype", dtype, DTYPES)
        names = cast(tuple[str, ...], label_names)
        info = StoreInfo(layout, names, fps, name, dict(provenance or {}))
        write_store(Path(path), check_clips(sequences, labels, info), info, dtype)
        store = cls.open(path)
        warn_of_bones(store.frames, store.index, layout, stacklevel=3)
        return store

    @classmethod
    def from_clips(
        cls,
        sequences: Iterable[Clip | npt.ArrayLike],
        labels: Labels | None = None,
        *,
        layout: SkeletonLayout,
        label_names: Sequence[str] = (),
        fps: float | None = None,
        name: str = "",
        provenance: Mapping[str, Any] | None = None,
    ) -> SkeletonStore:
        """Make a store in memory, with the arguments and errors of `build`."""
        names = cast(tuple[str, ...], label_names)
        info = StoreInfo(layout, names, fps, name, dict(provenance or {}))
        store = collect_store(check_clips(sequences, labels, info), info)
        warn_of_bones(store.frames, store.index, layout, stacklevel=3)
        return store

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, position: int) -> Clip:
        """Return one clip, its joints a copy of shape (T, M, V, C)."""
        hint = "Take several clips by store.batch(...)."
        (number,) = self.index.positions([_checks.whole("position", position, hint)])
        start, end = self.index.offsets[number : number + 2]
        return self.index.clip(number, self._frames.copy(start, end))

    def __iter__(self) -> Iterator[Clip]:
        """Yield all clips, each with a copy of its joints."""
        return (self[position] for position in range(len(self)))

    def __repr__(self) -> str:
        clips = _checks.plural(len(self), "clip")
        return (
            f"SkeletonStore({self.info.name or 'unnamed'}: {clips}, {self.persons} x "
            f"{self.layout.num_joints} joints of {self.layout.name})"
        )

    @property
    def frames(self) -> npt.NDArray[np.floating]:
        """All frames of all clips, shape (sum of T, M, V, C): not to be written to."""
        return self._frames.array

    @property
    def layout(self) -> SkeletonLayout:
        """The layout of all clips."""
        return self.info.layout

    @property
    def label_names(self) -> tuple[str, ...]:
        """The name of each class, possibly empty."""
        return self.info.label_names

    @property
    def persons(self) -> int:
        """Persons M of every clip."""
        return int(self.frames.shape[1])

    @property
    def channels(self) -> int:
        """Coordinates C of a joint."""
        return int(self.frames.shape[3])

    @property
    def labels(self) -> IntArray:
        """Class index of each clip, -1 if unknown."""
        return self.index.labels

    @property
    def subjects(self) -> IntArray:
        """Subject of each clip, -1 if unknown."""
        return self.index.subjects

    @property
    def views(self) -> IntArray:
        """View of each clip, -1 if unknown."""
        return self.index.views

    @property
    def names(self) -> npt.NDArray[np.str_]:
        """The name of each clip in reports."""
        return self.index.names

    @property
    def extra(self) -> Mapping[str, IntArray]:
        """Further integers of each clip by name, such as ``fold``, -1 if unknown."""
        return self.index.extra

    @property
    def num_frames(self) -> IntArray:
        """Frames of each clip."""
        return np.diff(self.index.offsets)

    @property
    def digest(self) -> str:
        """A digest of the frames, index and layout: the same wherever the store lies.

        Equal clips have equal digests on disk and in memory, in one store file or another. The
        path, the names of set and classes and the frame rate do not count. Frames in float16 have
        another digest than in float32. That of a store made by ``map(..., name=...)`` follows from
        the digest of its source and the name, so that it is the same on every machine.

        Example:
            >>> from skelter.data import synthetic
            >>> store, again = (synthetic.generate(clips_per_class=1) for _ in range(2))
            >>> store.digest == again.digest, store.digest == store.map(torch.neg).digest
            (True, False)
        """
        return digest_store(self._frames.digest, self.frames.shape, self.index, self.layout)

    def to(self, device: torch.device | str) -> SkeletonStore:
        """Return a store with a copy of its frames on a device, where its batches are made.

        Args:
            device: Such as ``"cuda"``. ``"cpu"`` reads a store on disk into memory.
        """
        store = copy(self)
        store._frames = self._frames.to(device)
        return store

    def ragged(self, indices: Indices) -> RaggedClips:
        """Return clips where they lie, for transforms. Nothing is read or padded.

        Args:
            indices: Numbers of clips, a slice, or a mask with one entry a clip; at least one clip.

        Raises:
            TypeError: They are of another kind, such as floats.
            ValueError: They choose no clip, or a mask has another length.
            IndexError: An index is out of range.
        """
        chosen = self.index.positions(indices)
        starts = self.index.offsets[chosen]
        lengths = self.index.offsets[chosen + 1] - starts
        frames = self._frames.tensor
        return RaggedClips(
            frames,
            torch.from_numpy(starts).to(frames.device),
            torch.from_numpy(lengths).to(frames.device),
            longest=int(lengths.max()),
        )

    def batch(
        self,
        indices: Indices,
        *,
        transform: Callable[..., Any] | None = None,
        generator: Generator | None = None,
    ) -> Batch:
        """Return clips padded with zeros to the longest of them, or the views of a transform.

        Args:
            indices: Numbers of clips, a slice, or a mask with one entry a clip; at least one clip.
            transform: Such as a `transforms.MultiView`, called with ``num_frames`` and
                ``generator``. Those of this library crop the clips where they lie and never
                build padded ones.
            generator: For the transform; the global generator if None.

        Returns:
            A `typing.Batch`: clips (N, C, T, V, M) in float32, or the views; the frames (N,) that
            were recorded of each clip; their labels (N,).

        Raises:
            TypeError: The indices are of another kind, such as floats.
            ValueError: They choose no clip, or a mask has another length.
            IndexError: An index is out of range.

        Example:
            >>> from skelter.data import synthetic
            >>> from skelter.transforms import MultiView, presets
            >>> store = synthetic.generate(clips_per_class=2)
            >>> len(store.batch(store.labels == 2)[0]), len(store.batch(slice(0, 3))[0])
            (2, 3)
            >>> views = MultiView([presets.isc_view(), presets.isc_view()])
            >>> (view1, view2), num_frames, labels = store.batch(range(8), transform=views)
            >>> view1.shape
            torch.Size([8, 3, 64, 25, 2])
        """
        chosen = self.index.positions(indices)
        clips = self.ragged(chosen)
        labels = torch.from_numpy(self.labels[chosen]).to(clips.device)
        if transform is None:
            return Batch(clips.padded(), clips.num_frames, labels)
        return Batch(clips.apply(transform, generator), clips.num_frames, labels)

    def map(
        self, function: Callable[[Tensor], Tensor], *, name: str = "", batch_size: int = 256
    ) -> SkeletonStore:
        """Return a store in memory with a function applied to all clips, batch by batch.

        It is for a step that is done once, such as ``presets.isc_normalise(store.layout)``. Where
        the function leaves the last frames of a clip empty that held somebody, the clip ends
        before them: ``presets.ctrgcn_normalise(store.layout)`` leaves out frames.

        Args:
            function: From clips (N, C, T, V, M) to clips of the same shape. With a `batch_size` of
                1 it may change the number of frames, as ``presets.crosclr_normalise`` does.
            name: A name for the function. If it is given, the new store remembers it as the
                ``normalisation`` in its provenance, after one that is there, and in its `digest`.
                Choose another name for another function. If not, the provenance says ``unnamed``.
            batch_size: Clips a batch.

        Raises:
            TypeError: The function returned no floating tensor.
            ValueError: The function changed the shape, or returned values that are not finite.
        """
        _checks.positive_int("batch_size", batch_size)
        made = dict(self.info.provenance)
        if name:
            made["normalisation"] = ", then ".join(filter(None, (made.get("normalisation"), name)))
        else:
            made["unnamed"] = True
        info = replace(self.info, provenance=made)
        clips = check_clips(self._map_batches(function, batch_size), None, info)
        store = collect_store(clips, info)
        if name:
            store._frames = StoredFrames(store.frames, digest_mapped(self._frames.digest, name))
        return store

    def _map_batches(self, function: Callable[[Tensor], Tensor], batch_size: int) -> Iterator[Clip]:
        for start in range(0, len(self), batch_size):
            indices = range(start, min(start + batch_size, len(self)))
            x, num_frames, _ = self.batch(indices)
            y = _checks.floating("function(clips)", function(x))
            resampled = batch_size == 1 and y.ndim == 5 and y.shape[2] > 0
            expected = (*x.shape[:2], y.shape[2], *x.shape[3:]) if resampled else x.shape
            # Clips that are padded to as many frames as they get look as if they had kept theirs.
            kept = resampled or getattr(function, "output_frames", None) is None
            _checks.require(
                kept and y.shape == expected,
                "`function`",
                f"keep the shape of clips {_checks.shape_of(x)}",
                _checks.shape_of(y),
                "Crop in a view, not in the store. To resample, pass batch_size=1.",
            )
            lengths = _count_left(x, y, num_frames).tolist()
            joints = y.detach().cpu().permute(0, 2, 4, 3, 1).numpy()
            for position, row, length in zip(indices, joints, lengths, strict=True):
                yield self.index.clip(position, row[:length])


def _count_left(x: Tensor, y: Tensor, num_frames: Tensor) -> Tensor:
    """Count the frames of clips after a function, which may have emptied the last ones."""
    before, after = _count_seen(x), _count_seen(y)
    if y.shape[2] != x.shape[2]:
        return after
    return torch.where(after < before, after, num_frames.to(after.device))


def _count_seen(x: Tensor) -> Tensor:
    """Count the frames up to the last in which anybody is there, at least 1."""
    there = (x != 0).flatten(3).any(-1).any(1)
    return torch.where(there, torch.arange(1, x.shape[2] + 1, device=x.device), 1).amax(-1)


def collect_store(clips: Iterable[Clip], info: StoreInfo) -> SkeletonStore:
    """Make a store in memory of clips that have been checked, without holding them twice."""
    memory = bytearray()
    shape: tuple[int, ...] = ()

    def keep(joints: npt.NDArray[np.floating]) -> None:
        nonlocal shape, memory
        planes = as_planes(joints)
        shape = planes.shape[1:]
        memory += planes.data

    index = ClipIndex.collect(clips, keep)
    planes = np.frombuffer(memory, dtype=np.float32).reshape(-1, *shape)
    return SkeletonStore(planes.transpose(0, 3, 2, 1), index, info)
