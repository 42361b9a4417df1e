"""The arrays of ISC and 2s-AGCN: clips padded with zeros, an array for each side of a split.

A folder holds, for each of the sides ``train`` and ``val``, ``<side>_data_joint.npy`` of shape
(N, C, T, V, M), ``<side>_label.pkl``, the pair (names, labels), and ``<side>_num_frame.npy`` (N,),
the frames that are not padding. Files made for 2s-AGCN lack the last. Clips without a list are
unlabelled, and named after their rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from skelter import _checks
from skelter._files import describe, format_error, require_path, write_whole
from skelter.data._clip import Clip, Clips, Reading, raise_errors
from skelter.data.files._npy import open_npy
from skelter.data.files._pickle import dump_pickle, load_pickle
from skelter.data.readers._names import (
    Entry,
    check_positions,
    list_clips,
    require_distinct,
    subject_and_view,
    to_label,
    to_list,
    to_text,
)
from skelter.data.readers._paths import require_folder
from skelter.data.readers._reading import (
    check_joints,
    cut_padding,
    nobody_error,
    to_float32,
    try_each,
)

ARRAY = "data_joint"
SIDES = ("train", "val")
SUFFIX = ".skeleton"


def read_isc(path: str | Path, side: str = "train") -> Iterator[Clip]:
    """Yield the clips of one side. The array stays on disk.

    Without ``<side>_num_frame.npy``, a clip ends with its last frame that is not all zeros. Clips
    that were padded by repeating them, as the pre-normalisation of 2s-AGCN does, then have all
    frames. Subject and view are known where the names are those of NTU RGB+D. Without
    ``<side>_label.pkl``, labels are -1 and clips are named after their row, such as
    ``train_000000``. A label of -1 in it is unknown, too.

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
        Thoker et al., Skeleton-Contrastive 3D Action Representation Learning, ACM MM 2021; Shi et
        al., Two-Stream Adaptive Graph Convolutional Networks, CVPR 2019; their released code.

    Example:
        >>> clips = [Clip(np.ones((9, 2, 25, 3)), label, name=f"clip{label}") for label in (0, 1)]
        >>> folder = getfixture("tmp_path")
        >>> write_isc(folder, clips, train=[0], val=[1])
        >>> [(clip.name, clip.label, clip.joints.shape) for clip in read_isc(folder, "val")]
        [('clip1', 1, (9, 2, 25, 3))]
    """
    _checks.choice("side", side, SIDES)
    find_side(path, side, ARRAY)
    return raise_errors(read_rows(Path(path), side))


def read_rows(folder: Path, side: str, start: int = 0, stop: int | None = None) -> Reading:
    """Yield the clips of some rows of one side."""
    opened = open_side(folder, side, ARRAY)
    lengths = folder / f"{side}_num_frame.npy"
    if lengths.exists():
        num_frames = open_npy(lengths, "iu")
        if num_frames.shape != opened.data.shape[:1]:
            expected = f"an array ({len(opened.data)},), one number a clip"
            raise format_error(lengths, expected, describe(num_frames))
        opened = replace(opened, num_frames=num_frames)
    yield from opened.read_rows(start, stop)


@dataclass(frozen=True, eq=False)
class Side:
    """One side of a set."""

    name: str
    path: Path  # of the array
    data: npt.NDArray[Any]  # all clips (N, C, T, V, M), on disk
    names: list[str]
    labels: list[int]
    num_frames: npt.NDArray[Any] | None = None  # None: the last that is not zero ends a clip

    def read_rows(self, start: int, stop: int | None) -> Reading:
        """Yield the clips of some rows."""
        return try_each(self._read_row, range(len(self.data))[start:stop])

    def _read_row(self, row: int) -> Clip:
        name, frames = self.names[row], self.data.shape[2]
        what = f"clip {row} ({name[:80]})"
        valid = frames if self.num_frames is None else int(self.num_frames[row])
        if not 1 <= valid <= frames:
            error = nobody_error if valid == 0 else format_error
            raise error(self.path, f"1 to {frames} valid frames in {what}", valid)
        joints = to_float32(self.data[row, :, :valid].transpose(1, 3, 2, 0))
        if self.num_frames is None:
            joints = cut_padding(joints)
        joints = check_joints(self.path, what, joints)
        return Clip(joints, self.labels[row], *subject_and_view(name), name, {self.name: 1})


def open_side(folder: Path, side: str, array: str) -> Side:
    """Open the files of one side and check that they belong together."""
    path = find_side(folder, side, array)
    data = _open_clips(path)
    listing = folder / f"{side}_label.pkl"
    if not listing.exists():
        names = [f"{side}_{row:06}" for row in range(len(data))]
        return Side(side, path, data, names, [-1] * len(data))
    names, labels = _read_listing(listing)
    if not len(names) == len(labels) == len(data):
        clips = _checks.plural(len(data), "clip")
        expected = f"a name and a label for each of the {clips} of {path.name}"
        found = f"{_checks.plural(len(names), 'name')}, {_checks.plural(len(labels), 'label')}"
        raise format_error(listing, expected, found)
    return Side(side, path, data, names, labels)


def count_rows(folder: Path, side: str, array: str) -> int:
    """Return the number of clips of one side."""
    return len(_open_clips(find_side(folder, side, array)))


def find_side(folder: str | Path, side: str, array: str) -> Path:
    """Return the file of the array of a side."""
    holding = f"train_{array}.npy and val_{array}.npy"
    return require_path(require_folder(folder, holding) / f"{side}_{array}.npy")


def _open_clips(path: Path) -> npt.NDArray[Any]:
    data = open_npy(path)
    if data.ndim != 5:
        raise format_error(path, "an array (N, C, T, V, M)", describe(data))
    return data


def _read_listing(path: Path) -> tuple[list[str], list[int]]:
    """Return the names, without the ending of NTU's files, and the labels of a list."""
    pair = load_pickle(path)
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise format_error(path, "a pair (names, labels)", describe(pair))
    listed = enumerate(to_list(path, pair[0], "names"))
    names = [to_text(path, name, f"name {row}").removesuffix(SUFFIX) for row, name in listed]
    require_distinct(path, names, "name")
    listed = enumerate(to_list(path, pair[1], "labels"))
    return names, [to_label(path, label, f"label {row}") for row, label in listed]


def write_isc(
    path: str | Path,
    clips: Clips,
    *,
    train: Sequence[int],
    val: Sequence[int],
    frames: int = 300,
) -> None:
    """Write clips as ISC's arrays, clip by clip, each file under a temporary name first.

    Args:
        path: The folder. It is made if it is not there. Files of the same names are replaced when
            the new ones are complete.
        clips: A store, or a list of clips with the same joints, persons and coordinates.
        train: Numbers of the clips to train with.
        val: Numbers of those to validate with.
        frames: Frames T of every clip. Shorter ones are padded with zeros.

    Raises:
        ValueError: A clip is longer, has another shape or no label, or shares its name with
            another one. Nothing has been written then.

    Example:
        >>> clips = [Clip(np.ones((9, 1, 25, 3)), label=0, name="a")]
        >>> write_isc(getfixture("tmp_path"), clips, train=[0], val=[0], frames=64)
        >>> np.load(getfixture("tmp_path") / "train_data_joint.npy").shape
        (1, 3, 64, 25, 1)
    """
    _checks.positive_int("frames", frames)
    train_clips = list_clips(clips, check_positions(train, clips, "train"))
    val_clips = list_clips(clips, check_positions(val, clips, "val"))
    form = train_clips[0].shape[1:]
    for entry in (*train_clips, *val_clips):
        _check_size(entry, form, frames)
    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as files:
        for side, entries in zip(SIDES, (train_clips, val_clips), strict=True):
            array, lengths, listing = (
                files.enter_context(write_whole(folder / f"{side}_{name}"))
                for name in (f"{ARRAY}.npy", "num_frame.npy", "label.pkl")
            )
            _write_array(array, clips, entries, frames)
            num_frames = np.array([entry.shape[0] for entry in entries], dtype=np.int64)
            np.save(lengths, num_frames, allow_pickle=False)
            dump_pickle(listing, ([one.name for one in entries], [one.label for one in entries]))


def _check_size(entry: Entry, form: tuple[int, ...], frames: int) -> None:
    _checks.require(
        len(entry.shape) == 4 and entry.shape[1:] == form,
        entry.name,
        f"have the shape (T, {', '.join(map(str, form))}) of the first clip",
        entry.shape,
    )
    _checks.require(
        entry.shape[0] <= frames,
        entry.name,
        f"have at most frames={frames}",
        _checks.plural(entry.shape[0], "frame"),
        "Pass frames=..., or leave the clip out.",
    )


def _write_array(file: BinaryIO, clips: Clips, entries: Sequence[Entry], frames: int) -> None:
    """Write an array as `numpy.save` does, but clip by clip."""
    M, V, C = entries[0].shape[1:]
    shape = (len(entries), C, frames, V, M)
    form = {"descr": "<f4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, form)
    for entry in entries:
        joints = clips[entry.position].joints
        padded = np.zeros(shape[1:], dtype="<f4")
        padded[:, : len(joints)] = joints.transpose(3, 0, 2, 1)
        file.write(padded.data)
