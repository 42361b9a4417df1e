"""One recorded clip, as readers yield it and stores take it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Clip:
    """A recording of one action.

    Args:
        joints: Joint positions of shape (T, M, V, C), in metres where they are in space; a missing
            person or frame is all zeros.
        label: Class index from 0, or -1 where it is unknown.
        subject: Who performed it, or -1.
        view: Which camera saw it, or -1.
        name: What reports call this clip.
        extra: Further integers by name, such as the fold of a split. A clip that lacks one
            which others of its store have is given -1.
    """

    joints: npt.NDArray[np.floating]
    label: int = -1
    subject: int = -1
    view: int = -1
    name: str = ""
    extra: Mapping[str, int] = field(default_factory=dict)
