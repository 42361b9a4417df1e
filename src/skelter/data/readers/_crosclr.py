"""The arrays of CrosSCLR and what followed it (AimCLR, CMD and others), all clips of one length.

A folder holds, for each of the sides ``train`` and ``val``, ``<side>_position.npy`` of shape
(N, C, T, V, M), with C = 3, T = 50, V = 25 and M = 2 in the files in use, and
``<side>_label.pkl``, the pair (names, labels). But for the frames, this is the form of `_isc`:
clips without a list are unlabelled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from skelter import _checks
from skelter.data._clip import Clip, Reading, raise_errors
from skelter.data.readers._isc import SIDES, find_side, open_side

ARRAY = "position"


def read_crosclr(path: str | Path, side: str = "train") -> Iterator[Clip]:
    """Yield the clips of one side. The array stays on disk.

    All frames of a clip are valid: the files are made by resampling every clip to one length.
    Subject and view are known where the names are those of NTU RGB+D. Without
    ``<side>_label.pkl``, labels are -1 and clips are named after their row.

    Args:
        path: The folder.
        side: ``"train"`` or ``"val"``.

    Returns:
        Clips with joints (T, M, V, C), float32, and ``extra[side] == 1``.

    Raises:
        FileNotFoundError: The array of the side is not there.
        ValueError: `side` is another word.
        SkeletonFormatError: While iterating: a file or a clip is damaged, or they disagree.

    References:
        Li et al., 3D Human Action Representation Learning via Cross-View Consistency Pursuit, CVPR
        2021, and its released code.

    Example:
        >>> import pickle
        >>> folder = getfixture("tmp_path")
        >>> np.save(folder / "val_position.npy", np.ones((1, 3, 50, 25, 2), np.float32))
        >>> names = ["S001C002P003R002A013.skeleton"]
        >>> _ = (folder / "val_label.pkl").write_bytes(pickle.dumps((names, [12])))
        >>> [(clip.name, clip.label, clip.subject) for clip in read_crosclr(folder, "val")]
        [('S001C002P003R002A013', 12, 3)]
    """
    _checks.choice("side", side, SIDES)
    find_side(path, side, ARRAY)
    return raise_errors(read_rows(Path(path), side))


def read_rows(folder: Path, side: str, start: int = 0, stop: int | None = None) -> Reading:
    """Yield the clips of some rows of one side."""
    opened = open_side(folder, side, ARRAY)
    num_frames = np.full(len(opened.data), opened.data.shape[2])
    yield from replace(opened, num_frames=num_frames).read_rows(start, stop)
