"""UTD-MHAD as its authors release it: MATLAB files, one clip each.

A file ``a<action>_s<subject>_t<trial>_skeleton.mat`` holds ``d_skel`` (20, 3, T): 20 joints of
Kinect v1, x, y, z in metres, y up. Its first four joints run from the head down, those of KINECT20
from the hips up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from skelter._files import format_error
from skelter.data._clip import Clip
from skelter.data.files._matlab import load_matlab
from skelter.data.readers._names import split_names
from skelter.data.readers._paths import list_files
from skelter.data.readers._reading import check_joints, to_float32
from skelter.layouts import KINECT20

SUFFIX = "_skeleton.mat"  # beside it lie files of depth and of inertial sensors
NAME = re.compile(r"a(\d{1,3})_s(\d{1,3})_t(\d{1,3})(?:_skeleton)?", re.ASCII)
ACTIONS = split_names(
    """swipe left|swipe right|wave|clap|throw|arm cross|basketball shoot|draw x|
    draw circle clockwise|draw circle counter clockwise|draw triangle|bowling|boxing|
    baseball swing|tennis swing|arm curl|tennis serve|push|knock|catch|pickup and throw|jog|walk|
    sit to stand|stand to sit|lunge|squat"""
)
"""The names of actions 1 to 27."""
VARIABLE = "d_skel"
FILE_ORDER = [3, 2, 1, 0, *range(4, KINECT20.num_joints)]  # the joints of KINECT20 in a file


def read_utd_mhad(path: str | Path) -> Iterator[Clip]:
    """Yield the clips of UTD-MHAD files, their joints in the order of KINECT20.

    Label (from 0), subject and trial are those of the file name, unknown if it has another form.

    Args:
        path: A ``.mat`` file, or a folder whose ``*_skeleton.mat`` files, which may be in
            sub-folders, are read in the order of their numbers.

    Returns:
        Clips with joints (T, 1, 20, 3), float32, and the trial in ``extra``.

    Raises:
        FileNotFoundError: The file does not exist.
        SkeletonFormatError: While iterating: a file is damaged, or its action out of range.

    References:
        Chen, Jafari, Kehtarnavaz, UTD-MHAD: A Multimodal Dataset for Human Action Recognition,
        ICIP 2015.

    Example:
        >>> next(read_utd_mhad("a8_s2_t1_skeleton.mat"))
        Traceback (most recent call last):
        FileNotFoundError: a8_s2_t1_skeleton.mat does not exist.
    """
    return (read_file(file) for file in list_recordings(path))


def list_recordings(path: str | Path) -> list[Path]:
    """Return the files by action, subject and trial, those of other names first."""
    return sorted(list_files(path, SUFFIX), key=lambda file: parse_name(file.stem) or (0, 0, 0))


def read_file(path: Path) -> Clip:
    """Return the clip of one file."""
    name = parse_name(path.stem)
    if name is not None and not 1 <= name.action <= len(ACTIONS):
        raise format_error(path, f"an action from 1 to {len(ACTIONS)} in its name", name.action)
    joints = check_joints(path, "the clip", _positions(path)[:, None, FILE_ORDER])
    if name is None:
        return Clip(joints, name=path.stem)
    label, stem = name.action - 1, path.stem.removesuffix("_skeleton")
    return Clip(joints, label, name.subject, name=stem, extra={"trial": name.trial})


class UTDName(NamedTuple):
    """The numbers in the name of a file, all from 1."""

    action: int
    subject: int
    trial: int


def parse_name(name: str) -> UTDName | None:
    """Return the numbers in a name such as ``a8_s2_t1_skeleton``, None in any other name."""
    match = NAME.fullmatch(name)
    return UTDName(*map(int, match.groups())) if match else None


def _positions(path: Path) -> npt.NDArray[np.float32]:
    """Return all frames of a file, shape (T, 20, 3), the joints in its order."""
    positions = load_matlab(path, VARIABLE)
    shape = (*positions.shape, 1)[:3]  # MATLAB drops a last axis of one
    if positions.ndim > 3 or shape[:2] != (KINECT20.num_joints, 3):
        expected = f"`{VARIABLE}` of shape ({KINECT20.num_joints}, 3, T)"
        raise format_error(path, expected, positions.shape)
    return to_float32(positions.reshape(shape).transpose(2, 0, 1))
