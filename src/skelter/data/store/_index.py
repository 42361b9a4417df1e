"""What a store knows beside the frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from skelter import _checks
from skelter.data._clip import Clip
from skelter.layouts import SkeletonLayout

IntArray = npt.NDArray[np.int64]
ARRAYS = ("offsets", "labels", "subjects", "views", "names")
EXTRA = "extra_"  # before the names of further arrays in a file
NO_JOINTS = np.empty((0, 0, 0, 0), dtype=np.float32)


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
    def collect(
        cls, clips: Iterable[Clip], keep: Callable[[npt.NDArray[np.floating]], None]
    ) -> ClipIndex:
        """Hand the joints of clips on, one clip at a time, and index what is left of them."""
        known, lengths = [], []
        for clip in clips:
            keep(clip.joints)
            lengths.append(len(clip.joints))
            known.append(replace(clip, joints=NO_JOINTS))
        return cls.of(known, lengths)

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
        integers = {
            name: array.astype(np.int64) for name, array in arrays.items() if name != "names"
        }
        return cls(
            names=arrays["names"],
            **{name: integers[name] for name in ARRAYS if name != "names"},
            extra={
                name.removeprefix(EXTRA): array
                for name, array in integers.items()
                if name.startswith(EXTRA)
            },
        )

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays by name, as they stand in a file."""
        extra = {EXTRA + name: array for name, array in self.extra.items()}
        return {name: getattr(self, name) for name in ARRAYS} | extra

    def __len__(self) -> int:
        return len(self.labels)

    def positions(self, indices: Sequence[int] | IntArray) -> IntArray:
        """Return clip numbers, checked and counted from 0."""
        chosen = np.asarray(indices, dtype=np.int64)
        listed = chosen.ndim == 1 and chosen.size > 0
        _checks.require(listed, "`indices`", "be one or more clip numbers", f"shape {chosen.shape}")
        lowest, highest = int(chosen.min()), int(chosen.max())
        # Outside is an IndexError, as of sequences: it also ends iteration.
        _checks.require(
            -len(self) <= lowest and highest < len(self),
            "clip numbers",
            f"lie below {len(self)}, the number of clips in the store",
            lowest if lowest < -len(self) else highest,
            error=IndexError,
        )
        return chosen % len(self)

    def clip(self, position: int, joints: npt.NDArray[np.floating]) -> Clip:
        """Return a clip of some joints and of what is known of it."""
        return Clip(
            joints,
            int(self.labels[position]),
            int(self.subjects[position]),
            int(self.views[position]),
            str(self.names[position]),
            self.extra_of(position),
        )

    def extra_of(self, position: int) -> dict[str, int]:
        """Return the further integers that are known of one clip."""
        values = {name: int(array[position]) for name, array in self.extra.items()}
        return {name: value for name, value in values.items() if value != -1}
