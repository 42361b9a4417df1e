"""What a store knows beside the frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from skelter.data._clip import Clip
from skelter.layouts import SkeletonLayout

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class StoreInfo:
    """What holds for all clips of a store.

    Args:
        layout: Their skeleton layout.
        label_names: The name of each class, possibly empty.
        fps: Frames a second, None if unknown.
        name: What reports call the set.
    """

    layout: SkeletonLayout
    label_names: tuple[str, ...] = ()
    fps: float | None = None
    name: str = ""


@dataclass(frozen=True, eq=False)
class ClipIndex:
    """Where each clip lies, and what is known of it; all arrays have one entry a clip.

    Args:
        offsets: First frame of each clip, and the end of the last: one entry more.
        labels: Class indices, -1 if unknown.
        subjects: Who performed it, -1 if unknown.
        views: Which camera saw it, -1 if unknown.
        names: What reports call it.
    """

    offsets: IntArray
    labels: IntArray
    subjects: IntArray
    views: IntArray
    names: npt.NDArray[np.str_]

    @classmethod
    def of(cls, clips: Sequence[Clip], lengths: Sequence[int]) -> ClipIndex:
        """Collect the index of clips with given numbers of frames."""
        return cls(
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            np.array([clip.label for clip in clips], dtype=np.int64),
            np.array([clip.subject for clip in clips], dtype=np.int64),
            np.array([clip.view for clip in clips], dtype=np.int64),
            np.array([clip.name for clip in clips], dtype=np.str_),
        )

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}
