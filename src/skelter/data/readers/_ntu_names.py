"""File names of NTU RGB+D, which say who did what in front of which camera."""

from __future__ import annotations

import re
from typing import NamedTuple

NAME = re.compile(r"S(\d{3})C(\d{3})P(\d{3})R(\d{3})A(\d{3})", re.ASCII)
LENGTH = 20


class NTUName(NamedTuple):
    """What a name says; all count from 1."""

    setup: int
    camera: int
    performer: int
    replication: int
    action: int

    def __str__(self) -> str:
        pairs = zip("SCPRA", self, strict=True)
        return "".join(f"{letter}{number:03d}" for letter, number in pairs)


def parse_name(name: str) -> NTUName | None:
    """Return what a name such as ``S001C002P003R002A013`` says, None if it is none of NTU's.

    Whatever follows the name, such as an ending, is left aside.
    """
    match = NAME.match(name)
    return NTUName(*map(int, match.groups())) if match else None
