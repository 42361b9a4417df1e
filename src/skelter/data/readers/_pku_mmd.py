"""PKU-MMD: long recordings as text, and label files that say which frames show which action.

A recording ``<id>.txt`` has a line of 150 numbers a frame: two bodies of 25 joints, x, y, z in
metres. Its label file of the same name has a line ``action,start,end,confidence`` for each action.
Actions count from 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from skelter import _checks
from skelter._files import SkeletonFormatError, format_error, require_path
from skelter.data._clip import Clip, Reading, raise_errors
from skelter.data.files._text import Tokens
from skelter.data.readers._names import split_names
from skelter.data.readers._paths import list_files
from skelter.data.readers._reading import check_joints, try_each
from skelter.layouts import NTU25

PERSONS, JOINTS = 2, NTU25.num_joints
NUMBERS = PERSONS * JOINTS * 3
VIEWS = {"L": 1, "M": 2, "R": 3}
ACTIONS = split_names(
    """bow|brush hair|brush teeth|check time|cheer up|clap|cross hands in front|drink water|drop|
    eat meal|fall|give something|wave|shake hands|hop|hug|jump up|kick other person|
    kick something|phone call|pat on back|pick up|play with phone|point at other person|
    point to something|punch or slap|push other person|put on a hat|put into pocket|read|
    rub two hands|salute|sit down|stand up|take off a hat|take off glasses|take off jacket|
    take out of pocket|take a selfie|tear up paper|throw|backache|chest pain|headache|neckache|
    type on a keyboard|fan self|put on jacket|put on glasses|wipe face|write"""
)
"""The names of actions 1 to 51."""


def read_pku_mmd(
    path: str | Path, labels: str | Path | None = None, *, offset: int = 0
) -> Iterator[Clip]:
    r"""Yield the actions of PKU-MMD recordings, phase I or II.

    The label files do not say whether their first frame is number 0 or 1. CMD and MAMP take
    frames ``start`` to ``end - 1``, AimCLR takes ``start - 1`` to ``end - 1``: pass 1 for the
    latter. A label that ends behind the recording is cut there.

    Args:
        path: A recording, or a folder of them.
        labels: The label file, or the folder of label files with the names of the recordings. If
            None, every recording is one clip of unknown label.
        offset: Frames by which an action begins before its ``start``, 0 or 1.

    Returns:
        Clips with joints (T, 2, 25, 3), float32, named ``<id>_<number of the label>``. Labels
        count from 0. View is 1, 2, 3 for the ending L, M, R of the recording's name.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: `offset` is neither 0 nor 1.
        SkeletonFormatError: While iterating: a file is damaged, or an action shows nobody.

    References:
        Liu et al., PKU-MMD: A Large Scale Benchmark for Continuous Multi-Modal Human Action
        Understanding, 2017.

    Example:
        >>> folder = getfixture("tmp_path")
        >>> _ = (folder / "0002-L.txt").write_text("0.5 " * 149 + "0.5\n" + "0.25 " * 150)
        >>> _ = (folder / "label.txt").write_text("8,0,2,2\n")
        >>> clip = next(read_pku_mmd(folder / "0002-L.txt", folder / "label.txt"))
        >>> clip.name, clip.label, clip.view, clip.joints.shape
        ('0002-L_000', 7, 1, (2, 2, 25, 3))
    """
    _checks.between("offset", offset, 0, 1)
    files = list_files(path, ".txt")
    where = None if labels is None else require_path(labels)
    tables = [where / file.name if where and where.is_dir() else where for file in files]
    return raise_errors(
        clip
        for file, table in zip(files, tables, strict=True)
        for clip in read_recording(file, table, offset=offset)
    )


def read_recording(path: Path, table: Path | None, *, offset: int) -> Reading:
    """Yield the clips of one recording, as its label file cuts it."""
    view = VIEWS.get(path.stem.rpartition("-")[2], -1)
    if table is None:
        yield Clip(check_joints(path, "the recording", _frames(path)), view=view, name=path.stem)
        return
    lines = _label_lines(require_path(table))
    frames = _frames(path)

    def cut(numbered: tuple[int, tuple[int, bytes]]) -> Clip:
        place, (number, line) = numbered
        action, start, end = _label(table, number, line)
        if not 0 <= start - offset < min(end, len(frames)):
            expected = f"frames start < end within the {len(frames)} of the recording"
            raise format_error(table, expected, f"{start} to {end}", line=number)
        joints = check_joints(path, f"frames {start} to {end}", frames[start - offset : end])
        return Clip(joints, action - 1, view=view, name=f"{path.stem}_{place:03d}")

    yield from try_each(cut, enumerate(lines))


def _frames(path: Path) -> npt.NDArray[np.float32]:
    """Return all frames of a recording, shape (T, 2, 25, 3)."""
    tokens = Tokens(path)
    wrong = np.flatnonzero(tokens.widths != NUMBERS)
    if wrong.size:
        raise _wrong_width(tokens, int(wrong[0]))
    values = tokens.floats(range(len(tokens)), NUMBERS)
    return values.reshape(-1, PERSONS, JOINTS, 3).astype(np.float32)


def _wrong_width(tokens: Tokens, line: int) -> SkeletonFormatError:
    """Return the error that a line has not the numbers of two bodies."""
    width = int(tokens.widths[line])
    found = f"{tokens.quote(line)}, {_checks.plural(width, 'number')}"
    if width == NUMBERS // PERSONS:
        found += f", a single body: add {width} zeros to every line for the second"
    expected = f"{NUMBERS} numbers, two bodies of {JOINTS} joints"
    return format_error(tokens.path, expected, found, line=line + 1)


def _label_lines(path: Path) -> list[tuple[int, bytes]]:
    """Return the lines of a label file that are not blank, and their numbers."""
    lines = enumerate(path.read_bytes().splitlines(), start=1)
    filled = [(number, line) for number, line in lines if line.strip()]
    if not filled:
        raise format_error(path, "lines action,start,end,confidence", "none")
    return filled


def _label(path: Path, number: int, line: bytes) -> tuple[int, int, int]:
    """Return action, start and end of a line."""
    fields = [field.strip() for field in line.split(b",", maxsplit=4)]
    whole = all(field.isdigit() and len(field) < 10 for field in fields[:3])
    if len(fields) not in (3, 4) or not whole:
        expected = "whole numbers action,start,end,confidence"
        raise format_error(path, expected, repr(line[:40])[1:], line=number)
    action, start, end = (int(field) for field in fields[:3])
    if not 1 <= action <= len(ACTIONS):
        raise format_error(path, f"an action from 1 to {len(ACTIONS)}", action, line=number)
    return action, start, end
