"""The arrays of ISC and 2s-AGCN: clips padded with zeros, an array for each side of a split.

A folder holds, for each of the sides ``train`` and ``val``, ``<side>_data_joint.npy`` of shape
(N, C, T, V, M), ``<side>_label.pkl``, the pair (names, labels), and ``<side>_num_frame.npy`` (N,),
the frames that are no padding. Files made for 2s-AGCN lack the last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from skelter import _checks
from skelter._files import damaged, described, replacing
from skelter.data._clip import Clip
from skelter.data.files._npy import open_npy
from skelter.data.files._pickle import dump_pickle
from skelter.data.readers._listing import require_listable
from skelter.data.readers._reading import Reading, strict
from skelter.data.readers._sided import SIDES, files_of_side, open_array, open_side
from skelter.data.store._store import SkeletonStore

__all__ = ["read_isc", "write_isc"]

ARRAY = "data_joint"


def read_isc(path: str | Path, side: str = "train") -> Iterator[Clip]:
    """Yield the clips of one side; the array stays on disk.

    Without ``<side>_num_frame.npy``, a clip ends with its last frame that is not all zeros. Clips
    that were padded by repeating them, as the pre-normalisation of 2s-AGCN does, then have all
    frames. Subject and view are known where the names are those of NTU RGB+D.

    Args:
        path: The folder.
        side: ``"train"`` or ``"val"``.

    Returns:
        Clips with joints (T, M, V, C), float32, and ``extra[side] == 1``.

    Raises:
        FileNotFoundError: A file of the side is not there.
        ValueError: `side` is another word.
        SkeletonFormatError: While iterating: a file or a clip is damaged, or they disagree.

    References:
        Thoker et al., Skeleton-Contrastive 3D Action Representation Learning, ACM MM 2021; Shi et
        al., Two-Stream Adaptive Graph Convolutional Networks, CVPR 2019; their released code.

    Example:
        >>> from skelter.layouts import NTU25
        >>> clips = [Clip(np.ones((9, 2, 25, 3)), label, name=f"clip{label}") for label in (0, 1)]
        >>> store = SkeletonStore.from_clips(clips, layout=NTU25)
        >>> folder = getfixture("tmp_path")
        >>> write_isc(folder, store, train=[0], val=[1])
        >>> [(clip.name, clip.label, clip.joints.shape) for clip in read_isc(folder, "val")]
        [('clip1', 1, (9, 2, 25, 3))]
    """
    _checks.choice("side", side, SIDES)
    files_of_side(path, side, ARRAY)
    return strict(clips(Path(path), side))


def count(path: Path, side: str) -> int:
    """Return the number of clips of one side."""
    return len(open_array(files_of_side(path, side, ARRAY)[0]))


def clips(path: Path, side: str, start: int = 0, stop: int | None = None) -> Reading:
    """Yield the clips of some rows of one side."""
    opened = open_side(path, side, ARRAY)
    lengths = path / f"{side}_num_frame.npy"
    if lengths.exists():
        num_frames = open_npy(lengths, "iu")
        if num_frames.shape != opened.data.shape[:1]:
            expected = f"an array ({len(opened.data)},), one number a clip"
            raise damaged(lengths, None, expected, described(num_frames))
        opened = replace(opened, num_frames=num_frames)
    yield from opened.clips(start, stop)


def write_isc(
    path: str | Path,
    store: SkeletonStore,
    *,
    train: Sequence[int],
    val: Sequence[int],
    frames: int = 300,
) -> None:
    """Write a store as ISC's arrays, clip by clip, each file under a temporary name first.

    Args:
        path: The folder; it is made if it is not there. Files of the same names are replaced when
            the new ones are complete.
        store: What to write.
        train: Numbers of the clips to train with.
        val: Numbers of those to validate with.
        frames: Frames T of every clip; shorter ones are padded with zeros.

    Raises:
        ValueError: A clip is longer, has no label, or shares its name with another one; nothing
            has been written then.

    Example:
        >>> from skelter.layouts import NTU25
        >>> store = SkeletonStore.from_clips([Clip(np.ones((9, 25, 3)), 0, name="a")], layout=NTU25)
        >>> write_isc(getfixture("tmp_path"), store, train=[0], val=[0], frames=64)
        >>> np.load(getfixture("tmp_path") / "train_data_joint.npy").shape
        (1, 3, 64, 25, 1)
    """
    _checks.positive_int("frames", frames)
    chosen = {
        side: require_listable(side, positions, store.names, store.labels)
        for side, positions in zip(SIDES, (train, val), strict=True)
    }
    for position in (position for positions in chosen.values() for position in positions):
        length = int(store.num_frames[position])
        _checks.require(
            length <= frames,
            f"{store.names[position]}",
            f"have at most frames={frames}",
            f"{length} frames",
            "Pass frames=..., or leave the clip out.",
        )
    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as files:
        for side, positions in chosen.items():
            array, lengths, listing = (
                files.enter_context(replacing(folder / f"{side}_{name}"))
                for name in (f"{ARRAY}.npy", "num_frame.npy", "label.pkl")
            )
            _write_array(array, store, positions, frames)
            np.save(lengths, store.num_frames[positions], allow_pickle=False)
            names = [str(store.names[position]) for position in positions]
            dump_pickle(listing, (names, [int(store.labels[position]) for position in positions]))


def _write_array(file: BinaryIO, store: SkeletonStore, positions: list[int], frames: int) -> None:
    """Write an array as `numpy.save` does, but clip by clip."""
    shape = (len(positions), store.channels, frames, store.layout.num_joints, store.persons)
    form = {"descr": "<f4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, form)
    for position in positions:
        joints = store[position].joints
        padded = np.zeros(shape[1:], dtype="<f4")
        padded[:, : len(joints)] = joints.transpose(3, 0, 2, 1)
        file.write(padded.data)
