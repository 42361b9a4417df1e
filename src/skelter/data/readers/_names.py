"""Lists of names and labels, as files of other projects have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from skelter import _checks
from skelter._files import describe, format_error, shorten
from skelter.data._clip import Clips, parse_ntu_name

MAX_LABEL = 2**31 - 1


def to_list(path: Path, value: Any, what: str) -> list[Any]:
    """Return the entries of a list, a tuple or an array of one axis, and refuse anything else."""
    if isinstance(value, np.ndarray) and value.ndim == 1:
        return list(value.tolist())
    if not isinstance(value, (list, tuple)):
        raise format_error(path, f"a list of {what}", describe(value))
    return list(value)


def to_text(path: Path, value: Any, what: str) -> str:
    """Return a printable name. Bytes, as Python 2 has them, are decoded."""
    name = value.decode("latin1") if isinstance(value, bytes) else value
    if not isinstance(name, str) or not name.isprintable():
        raise format_error(path, f"{what} to be printable text", describe(value))
    return str(name)


def to_label(path: Path, value: Any, what: str) -> int:
    """Return a class index, or -1 where it is unknown. Floats are refused, whole ones too."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or not -1 <= value <= MAX_LABEL:
        raise format_error(path, f"{what} to be a class index from 0", describe(value))
    return int(value)


def require_distinct(path: Path, names: Sequence[str], what: str) -> None:
    """Refuse names of which one stands for two clips."""
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise format_error(path, f"each {what} once", f"several of {shorten(repeated)}")


def subject_and_view(name: str) -> tuple[int, int]:
    """Return subject and view of a clip with a name of NTU RGB+D, -1 and -1 of any other."""
    ntu = parse_ntu_name(name)
    return (ntu.performer, ntu.camera) if ntu else (-1, -1)


def split_names(text: str) -> tuple[str, ...]:
    """Return the names of classes in a text with ``|`` between them."""
    return tuple(" ".join(name.split()) for name in text.split("|"))


class Entry(NamedTuple):
    """A clip that can be written to a list: its facts without its joints."""

    position: int
    name: str
    label: int
    shape: tuple[int, ...]  # (T, M, V, C)
    extra: Mapping[str, int]


def check_positions(positions: Iterable[int], clips: Clips, argument: str) -> list[int]:
    """Return numbers of clips, each of them once."""
    chosen = [int(position) for position in positions]
    valid = all(0 <= n < len(clips) for n in chosen) and len(set(chosen)) == len(chosen)
    expected = f"be numbers of different clips below {len(clips)}, at least one"
    _checks.require(bool(chosen) and valid, f"`{argument}`", expected, describe(chosen))
    return chosen


def list_clips(clips: Clips, positions: Sequence[int]) -> list[Entry]:
    """Return the entries of clips, each of which has a label and a name of its own."""
    listed = [_entry(clips, position) for position in positions]
    counts = Counter(entry.name for entry in listed)
    wrong = [repr(n) for n, count in counts.items() if count > 1 or not n or not n.isprintable()]
    hint = "Name the clips: Clip(joints, name=...)"
    what, expected = "clips to be written", "have printable names of their own"
    _checks.require(not wrong, what, expected, shorten(wrong), hint)
    unknown = [entry.name for entry in listed if entry.label < 0]
    _checks.require(not unknown, what, "have labels", f"none for {shorten(unknown)}")
    return listed


def _entry(clips: Clips, position: int) -> Entry:
    clip = clips[position]
    return Entry(position, clip.name, clip.label, clip.joints.shape, clip.extra)
