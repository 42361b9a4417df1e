"""One recorded clip, clips one after another, and the names of clips of NTU RGB+D."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from skelter import _checks
from skelter._files import SkeletonFormatError

NAME = re.compile(r"S(\d{3})C(\d{3})P(\d{3})R(\d{3})A(\d{3})", re.ASCII)
NAME_LENGTH = 20
NUMBERS = {  # of a clip, with a hint
    "label": "Number the classes from 0, such as by names.index(name); -1 if it is unknown.",
    "subject": "Number the performers; -1 if it is unknown.",
    "view": "Number the cameras; -1 if it is unknown.",
}


@dataclass(frozen=True, eq=False)
class Clip:
    """A recording of one action.

    Args:
        joints: Joint positions of shape (T, M, V, C), in metres where they are in space. A missing
            person or frame is all zeros.
        label: Class index from 0, or -1 where it is unknown.
        subject: The number of the performer, or -1.
        view: The number of the camera, or -1.
        name: The name of this clip in reports.
        extra: Further integers by name, such as the fold of a split. A clip that lacks one
            which others of its store have is given -1.

    Raises:
        TypeError: A number is not an integer, or a name is not a string.
    """

    joints: npt.NDArray[np.floating]
    label: int = -1
    subject: int = -1
    view: int = -1
    name: str = ""
    extra: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, hint in NUMBERS.items():
            object.__setattr__(self, name, _checks.whole(name, getattr(self, name), hint))
        extra = {name: _checks.whole(f"extra[{name!r}]", n) for name, n in self.extra.items()}
        object.__setattr__(self, "extra", extra)
        named = all(isinstance(name, str) for name in (self.name, *extra))
        came = repr((self.name, *extra))
        _checks.require(named, "`name` and names of `extra`", "be strings", came, error=TypeError)


class Clips(Protocol):
    """Clips by number from 0, such as a list of them or a store."""

    def __len__(self) -> int: ...

    def __getitem__(self, position: int, /) -> Clip: ...


class NobodyError(SkeletonFormatError):
    """A clip shows nobody. A build leaves it out and says so, even where damage would end it."""


Reading = Iterator[Clip | SkeletonFormatError]
"""Clips of a file. A damaged one is an error in its place, so that those after it are not lost."""


def raise_errors(reading: Iterable[Clip | SkeletonFormatError]) -> Iterator[Clip]:
    """Yield the clips up to the first damaged one, and raise its error there."""
    for item in reading:
        if isinstance(item, SkeletonFormatError):
            raise item
        yield item


class NTUName(NamedTuple):
    """The numbers in the name of a clip of NTU RGB+D, all from 1."""

    setup: int
    camera: int
    performer: int
    replication: int
    action: int

    def __str__(self) -> str:
        pairs = zip("SCPRA", self, strict=True)
        return "".join(f"{letter}{number:03d}" for letter, number in pairs)


def parse_ntu_name(name: str) -> NTUName | None:
    """Return the numbers in a name such as ``S001C002P003R002A013``, None in any other name.

    An ending behind the name does not matter.
    """
    match = NAME.match(name)
    return NTUName(*map(int, match.groups())) if match else None
