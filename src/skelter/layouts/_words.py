"""What joints are called, in whatever order, case and spelling."""

from __future__ import annotations

import re

WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
SPELLINGS = dict.fromkeys(("center", "middle", "mid"), "centre") | {"l": "left", "r": "right"}
FILLERS = {"of", "the", "at", "level", "joint"}


def joint_words(joint: str) -> frozenset[str]:
    """Return the words of a joint's name, whatever their order, case and spelling.

    Example:
        >>> joint_words("HipCenter") == joint_words("centre of hip") == {"hip", "centre"}
        True
        >>> joint_words("L_Hip") == joint_words("left hip")
        True
    """
    words = (word.lower() for word in WORD.findall(joint))
    return frozenset(SPELLINGS.get(word, word) for word in words) - FILLERS
