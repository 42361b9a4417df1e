"""Sets that are kept as an array and a list of names and labels for each side of a split."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from skelter._files import damaged, described
from skelter.data._clip import Clip
from skelter.data.files._npy import open_npy
from skelter.data.files._pickle import load_pickle
from skelter.data.readers._arrays import as_float32, attempts, without_padding
from skelter.data.readers._listing import class_index, distinct, entries, performer_and_camera, text
from skelter.data.readers._reading import Reading, checked, existing

SIDES = ("train", "val")
SUFFIX = ".skeleton"


@dataclass(frozen=True, eq=False)
class Side:
    """One side of a set.

    Args:
        name: Which one.
        path: The file of the array.
        data: All clips, shape (N, C, T, V, M), on disk.
        names: What the clips are called.
        labels: Their class indices.
        num_frames: Their valid frames; None if a clip ends with its last frame that is not zero.
    """

    name: str
    path: Path
    data: npt.NDArray[Any]
    names: list[str]
    labels: list[int]
    num_frames: npt.NDArray[Any] | None = None

    def clip(self, row: int) -> Clip:
        """Return one clip.

        Raises:
            SkeletonFormatError: It is damaged.
        """
        name, frames = self.names[row], self.data.shape[2]
        what = f"clip {row} ({name[:80]})"
        valid = frames if self.num_frames is None else int(self.num_frames[row])
        if not 1 <= valid <= frames:
            raise damaged(self.path, None, f"1 to {frames} valid frames in {what}", valid)
        joints = as_float32(self.data[row, :, :valid].transpose(1, 3, 2, 0))
        if self.num_frames is None:
            joints = without_padding(joints)
        joints = checked(self.path, what, joints)
        return Clip(joints, self.labels[row], *performer_and_camera(name), name, {self.name: 1})

    def clips(self, start: int = 0, stop: int | None = None) -> Reading:
        """Yield the clips of some rows."""
        return attempts(self.clip, range(len(self.data))[start:stop])


def files_of_side(folder: str | Path, side: str, array: str) -> tuple[Path, Path]:
    """Return the files of an array and of its list.

    Raises:
        FileNotFoundError: One is not there.
    """
    folder = existing(folder)
    return existing(folder / f"{side}_{array}.npy"), existing(folder / f"{side}_label.pkl")


def open_side(folder: Path, side: str, array: str) -> Side:
    """Open the files of one side and check that they belong together.

    Raises:
        OSError: A file cannot be opened.
        SkeletonFormatError: One is damaged, or they disagree.
    """
    path, listing = files_of_side(folder, side, array)
    data = open_array(path)
    names, labels = read_listing(listing)
    if not len(names) == len(labels) == len(data):
        expected = f"a name and a label for each of the {len(data)} clips of {path.name}"
        raise damaged(listing, None, expected, f"{len(names)} names, {len(labels)} labels")
    return Side(side, path, data, names, labels)


def open_array(path: Path) -> npt.NDArray[Any]:
    """Open an array of clips.

    Raises:
        OSError: The file cannot be opened.
        SkeletonFormatError: It is damaged, or holds no clips.
    """
    data = open_npy(path)
    if data.ndim != 5:
        raise damaged(path, None, "an array (N, C, T, V, M)", described(data))
    return data


def read_listing(path: Path) -> tuple[list[str], list[int]]:
    """Return the names, without the ending of NTU's files, and the labels of a list.

    Raises:
        OSError: The file cannot be opened.
        SkeletonFormatError: It is damaged, a name stands twice, or a label is no class index.
    """
    pair = load_pickle(path)
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise damaged(path, None, "a pair (names, labels)", described(pair))
    listed = enumerate(entries(path, pair[0], "names"))
    names = [text(path, name, f"name {row}").removesuffix(SUFFIX) for row, name in listed]
    distinct(path, names, "name")
    listed = enumerate(entries(path, pair[1], "labels"))
    return names, [class_index(path, label, f"label {row}") for row, label in listed]
