"""Checks of what enters a store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skelter._checks._sentence import require
from skelter._checks._tensors import Layout, joint_count


def recording(name: str, joints: Any, layout: Layout) -> NDArray[np.float32]:
    """Return the joints of a recorded clip as finite float32 of shape (T, M, V, C)."""
    array = np.asarray(joints)
    require(
        np.issubdtype(array.dtype, np.floating),
        name,
        "have real floating coordinates",
        f"{array.dtype} with shape {array.shape}",
        "Convert it first: joints.astype('float32')",
        error=TypeError,
    )
    if array.ndim == 3:
        array = array[:, None]
    require(
        array.ndim == 4 and 0 not in array.shape,
        name,
        "have shape (T, M, V, C) or (T, V, C), nothing empty",
        np.shape(joints),
        "Frames come first in a recording, coordinates last.",
    )
    joint_count(name, array.shape[2], layout)
    finite = np.isfinite(array)
    if not finite.all():  # much faster than frame by frame
        wrong = np.flatnonzero(~finite.all((1, 2, 3)))
        came = f"{wrong.size} broken frames of {len(array)}, the first number {wrong[0]}"
        require(False, name, "be finite", came, "Mark missing joints with zeros, not with NaN.")
    return array.astype(np.float32, copy=False)


def label(name: str, label: int, label_names: Sequence[str]) -> None:
    """Check a class index against the names of the classes, where there are names."""
    require(
        label >= -1 and not (label_names and label >= len(label_names)),
        name,
        f"have a label from 0 (-1: unknown) within the {len(label_names)} label_names",
        label,
    )
