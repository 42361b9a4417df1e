"""Names and class indices, as files of others list them, and as ours may be listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skelter import _checks
from skelter._files import damaged, described, several
from skelter.data.readers._ntu_names import parse_name

Names = npt.NDArray[np.str_]
Labels = npt.NDArray[np.int64]
MAX_LABEL = 2**31 - 1


def entries(path: Path, value: Any, what: str) -> list[Any]:
    """Return the entries of a list, a tuple or an array of one axis.

    Raises:
        SkeletonFormatError: It is none.
    """
    if isinstance(value, np.ndarray) and value.ndim == 1:
        return list(value.tolist())
    if not isinstance(value, (list, tuple)):
        raise damaged(path, None, f"a list of {what}", described(value))
    return list(value)


def text(path: Path, value: Any, what: str) -> str:
    """Return a name; bytes, as Python 2 has them, are decoded.

    Raises:
        SkeletonFormatError: It is no text, or has characters that cannot be printed.
    """
    name = value.decode("latin1") if isinstance(value, bytes) else value
    if not isinstance(name, str) or not name.isprintable():
        raise damaged(path, None, f"{what} to be printable text", described(value))
    return str(name)


def distinct(path: Path, names: Sequence[str], what: str) -> None:
    """Refuse names of which one stands for several clips.

    Raises:
        SkeletonFormatError: There are such; they are named.
    """
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise damaged(path, None, f"each {what} once", f"several of {several(repeated)}")


def class_index(path: Path, value: Any, what: str) -> int:
    """Return a label.

    Raises:
        SkeletonFormatError: It is no integer, or no class index.
    """
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or not 0 <= value <= MAX_LABEL:
        raise damaged(path, None, f"{what} to be a class index from 0", described(value))
    return int(value)


def require_labels(path: Path, labels: Labels) -> None:
    """Refuse labels that are neither class indices nor -1.

    Raises:
        SkeletonFormatError: There are such.
    """
    wrong = labels[(labels < -1) | (labels > MAX_LABEL)]
    if wrong.size:
        raise damaged(path, None, "labels from 0, or -1 where they are unknown", int(wrong[0]))


def performer_and_camera(name: str) -> tuple[int, int]:
    """Return subject and view of a clip with a name of NTU RGB+D, -1 and -1 of any other."""
    ntu = parse_name(name)
    return (ntu.performer, ntu.camera) if ntu else (-1, -1)


def require_listable(name: str, clips: Iterable[int], names: Names, labels: Labels) -> list[int]:
    """Return numbers of clips that have names of their own, and labels, and can thus be listed.

    Args:
        name: The argument that the numbers are.
        clips: The numbers, each at most once.
        names: The names of all clips.
        labels: The labels of all clips.

    Raises:
        ValueError: A number is none of a clip, or a clip cannot be listed.
    """
    chosen = [int(clip) for clip in clips]
    valid = all(0 <= clip < len(names) for clip in chosen) and len(set(chosen)) == len(chosen)
    expected = f"be numbers of different clips below {len(names)}, at least one"
    _checks.require(bool(chosen) and valid, f"`{name}`", expected, described(chosen))
    counts = Counter(str(names[clip]) for clip in chosen)
    wrong = [repr(n) for n, count in counts.items() if count > 1 or not n or not n.isprintable()]
    hint = "Name the clips: Clip(joints, name=...)"
    what, expected = "clips to be written", "have printable names of their own"
    _checks.require(not wrong, what, expected, several(wrong), hint)
    unknown = [str(names[clip]) for clip in chosen if labels[clip] < 0]
    _checks.require(not unknown, what, "have labels", f"none for {several(unknown)}")
    return chosen
