"""What joints are called, in whatever order, case and spelling."""

from __future__ import annotations

import re
from collections.abc import Sequence

from skelter.layouts._builtin import KINECT20, NTU25, SBU15
from skelter.layouts._layout import SkeletonLayout

BUILT_IN = (NTU25, KINECT20, SBU15)
WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
SPELLINGS = dict.fromkeys(("center", "middle", "mid"), "centre")
FILLERS = {"of", "the", "at", "level", "joint"}


def joint_words(joint: str) -> frozenset[str]:
    """Return the words of a joint's name, whatever their order, case and spelling.

    Example:
        >>> joint_words("HipCenter") == joint_words("centre of hip") == {"hip", "centre"}
        True
    """
    words = (word.lower() for word in WORD.findall(joint))
    return frozenset(SPELLINGS.get(word, word) for word in words) - FILLERS


def find_layout(joints: Sequence[str]) -> SkeletonLayout | None:
    """Return the built-in layout with these joints in this order, None if there is none.

    Args:
        joints: Names, matched by `joint_words`.

    Example:
        >>> find_layout(["Head", "Neck"]) is None
        True
        >>> find_layout(SBU15.joints).name
        'SBU15'
    """
    words = [joint_words(joint) for joint in joints]
    for layout in BUILT_IN:
        if words == [joint_words(joint) for joint in layout.joints]:
            return layout
    return None
