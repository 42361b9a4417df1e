"""What a store knows beside the frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from skelter.data._clip import Clip
from skelter.layouts import SkeletonLayout

IntArray = npt.NDArray[np.int64]
ARRAYS = ("offsets", "labels", "subjects", "views", "names")
EXTRA = "extra_"  # before the names of further arrays in a file


@dataclass(frozen=True)
class StoreInfo:
    """What holds for all clips of a store.

    Args:
        layout: Their skeleton layout.
        label_names: The name of each class, possibly empty.
        fps: Frames a second, None if unknown.
        name: What reports call the set.
        provenance: How the store was made, as plain values ready for JSON: library version, source
            format, normalisation. Empty for stores made by hand.
    """

    layout: SkeletonLayout
    label_names: tuple[str, ...] = ()
    fps: float | None = None
    name: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class ClipIndex:
    """Where each clip lies, and what is known of it; all arrays have one entry a clip.

    Args:
        offsets: First frame of each clip, and the end of the last: one entry more.
        labels: Class indices, -1 if unknown.
        subjects: Who performed it, -1 if unknown.
        views: Which camera saw it, -1 if unknown.
        names: What reports call it.
        extra: Further integers by name, -1 if unknown.
    """

    offsets: IntArray
    labels: IntArray
    subjects: IntArray
    views: IntArray
    names: npt.NDArray[np.str_]
    extra: Mapping[str, IntArray] = field(default_factory=dict)

    @classmethod
    def of(cls, clips: Sequence[Clip], lengths: Sequence[int]) -> ClipIndex:
        """Collect the index of clips with given numbers of frames."""
        names = sorted({name for clip in clips for name in clip.extra})
        return cls(
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            np.array([clip.label for clip in clips], dtype=np.int64),
            np.array([clip.subject for clip in clips], dtype=np.int64),
            np.array([clip.view for clip in clips], dtype=np.int64),
            np.array([clip.name for clip in clips], dtype=np.str_),
            {
                name: np.array([clip.extra.get(name, -1) for clip in clips], dtype=np.int64)
                for name in names
            },
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> ClipIndex:
        """Undo `arrays`."""
        return cls(
            **{name: arrays[name] for name in ARRAYS},
            extra={
                name.removeprefix(EXTRA): array
                for name, array in arrays.items()
                if name.startswith(EXTRA)
            },
        )

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays by name, as they stand in a file."""
        extra = {EXTRA + name: array for name, array in self.extra.items()}
        return {name: getattr(self, name) for name in ARRAYS} | extra

    def extra_of(self, position: int) -> dict[str, int]:
        """Return the further integers that are known of one clip."""
        values = {name: int(array[position]) for name, array in self.extra.items()}
        return {name: value for name, value in values.items() if value != -1}
