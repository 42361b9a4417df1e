"""SBU Kinect Interaction as its authors release it: text files of two persons, one clip each.

A file ``<pair>/<action>/<take>/skeleton_pos.txt``, or ``<pair>_<action>_<take>_skeleton_pos.txt``
where the folders were flattened, has a line a frame: its number, then x, y, z of 15 joints of the
first person and of the second, with commas between them. A pair is ``s01s02``. The numbers are
normalised: x and y are shares of the image, y down, z is proportional to the depth.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from skelter import _checks
from skelter._files import format_error
from skelter.data._clip import Clip
from skelter.data.files._text import Tokens
from skelter.data.readers._names import split_names
from skelter.data.readers._paths import list_files
from skelter.data.readers._reading import check_joints, to_float32
from skelter.layouts import SBU15

ENDING = "skeleton_pos.txt"
NAME = re.compile(r"(s\d\ds\d\d)[_/](\d\d)[_/](\d\d\d)(?:[_/]skeleton_pos)?\.txt$", re.ASCII)
ACTIONS = split_names(
    "approaching|departing|kicking|pushing|shaking hands|hugging|exchanging object|punching"
)
"""The names of actions 1 to 8."""
FOLDS = (
    ("s01s02", "s03s04", "s05s02", "s06s04"),
    ("s02s03", "s02s07", "s03s05", "s05s03"),
    ("s01s03", "s01s07", "s07s01", "s07s03"),
    ("s02s01", "s02s06", "s03s02", "s03s06"),
    ("s04s02", "s04s03", "s04s06", "s06s02", "s06s03"),
)
"""The pairs of each fold, first the person who acts."""
PAIRS = sorted(pair for fold in FOLDS for pair in fold)
PERSONS = 2
NUMBERS = 1 + PERSONS * SBU15.num_joints * 3
SCALE = np.array([-2.56, -1.92, 1.28])  # from shares to metres
ORIGIN = np.array([1.28, 0.96, 0.0])


def read_sbu(path: str | Path) -> Iterator[Clip]:
    """Yield the clips of SBU Interaction files, in metres.

    A joint of normalised numbers u, v, w lies at x = 1.28 - 2.56 u, y = 0.96 - 1.92 v and
    z = 1.28 w. One of three zeros is missing and stays zeros. Pair, action and take are those of
    the path, unknown if it has another form. The subject of a clip is the place of its pair among
    the 21 pairs.

    Args:
        path: A ``.txt`` file, or a folder whose ``*skeleton_pos.txt`` files, which may be in
            sub-folders, are read in the order of their names.

    Returns:
        Clips with joints (T, 2, 15, 3), float32, y up, the fold that tests them (0 to 4) as
        ``fold`` in ``extra``, and names such as ``s01s02_01_001``.

    Raises:
        FileNotFoundError: The file does not exist.
        SkeletonFormatError: While iterating: a file is damaged, or its pair or action is not one
            of the set.

    References:
        Yun et al., Two-person Interaction Detection Using Body-Pose Features and Multiple Instance
        Learning, CVPR Workshops 2012.

    Example:
        >>> path = getfixture("tmp_path") / "s01s02_03_001_skeleton_pos.txt"
        >>> _ = path.write_text(",".join(["7", *["0.25"] * 90]))
        >>> clip = next(read_sbu(path))
        >>> clip.name, clip.label, clip.extra["fold"], clip.joints.shape
        ('s01s02_03_001', 2, 0, (1, 2, 15, 3))
        >>> print(clip.joints[0, 0, 0])
        [0.64 0.48 0.32]
    """
    return (read_file(file) for file in list_files(path, ENDING))


def read_file(path: Path) -> Clip:
    """Return the clip of one file."""
    name = parse_name(path)
    if name is not None and name.pair not in PAIRS:
        raise format_error(path, f"one of the {len(PAIRS)} pairs, such as s01s02", name.pair)
    if name is not None and not 1 <= name.action <= len(ACTIONS):
        raise format_error(path, f"an action from 01 to {len(ACTIONS):02d}", name.action)
    joints = check_joints(path, "the clip", _positions(path))
    if name is None:
        return Clip(joints, name=path.parent.name if path.name == ENDING else path.stem)
    return Clip(
        joints,
        name.action - 1,
        PAIRS.index(name.pair),
        name=str(name),
        extra={"fold": find_fold(name.pair)},
    )


class SBUName(NamedTuple):
    """The parts of the path of a file."""

    pair: str
    action: int
    take: int

    def __str__(self) -> str:
        return f"{self.pair}_{self.action:02d}_{self.take:03d}"


def parse_name(path: Path) -> SBUName | None:
    """Return the parts of a path of SBU Interaction, None of any other."""
    match = NAME.search(path.absolute().as_posix())
    return SBUName(match[1], int(match[2]), int(match[3])) if match else None


def find_fold(pair: str) -> int:
    """Return the fold that tests a pair, -1 if there is none."""
    return next((fold for fold, pairs in enumerate(FOLDS) if pair in pairs), -1)


def _positions(path: Path) -> npt.NDArray[np.float32]:
    """Return all frames of a file, shape (T, 2, 15, 3)."""
    tokens = Tokens(path, separator=b",")
    wrong = np.flatnonzero(tokens.widths != NUMBERS)
    if wrong.size:
        line = int(wrong[0])
        expected = f"a frame number and {NUMBERS - 1} numbers, {PERSONS} persons of 15 joints"
        raise format_error(
            path, expected, _checks.plural(int(tokens.widths[line]), "number"), line=line + 1
        )
    values = tokens.floats(range(len(tokens)), NUMBERS)[:, 1:]
    shares = values.reshape(-1, PERSONS, SBU15.num_joints, 3)
    seen = (shares != 0).any(-1, keepdims=True)
    return to_float32((ORIGIN + SCALE * shares) * seen)
