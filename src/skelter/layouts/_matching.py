"""Matching of joints by their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from difflib import get_close_matches
from typing import Protocol

import numpy as np

from skelter import _checks

WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
SPELLINGS = dict.fromkeys(("center", "middle", "mid"), "centre")
SPELLINGS |= {"l": "left", "r": "right", "handtip": "hand tip"}
FILLERS = {"of", "the", "at", "level", "joint"}
# Joints that have more than one name.
SAME = {
    frozenset(words.split()): meaning
    for meaning, names in {
        "hip centre": "hip centre|base spine|pelvis|hip|hips",
        "middle of spine": "spine|spine centre",
        "shoulder centre": "shoulder centre|spine shoulder",
    }.items()
    for words in names.split("|")
}


class NamedJoints(Protocol):
    """Joints of a layout, by name."""

    @property
    def name(self) -> str: ...
    @property
    def joints(self) -> Sequence[str]: ...


def joint_words(joint: str) -> frozenset[str]:
    """Return the words of a joint's name, whatever their order, case and spelling.

    Example:
        >>> joint_words("HipCenter") == joint_words("centre of hip") == {"hip", "centre"}
        True
        >>> joint_words("L_Hip") == joint_words("left hip")
        True
    """
    words = (word.lower() for word in WORD.findall(joint))
    return frozenset(" ".join(SPELLINGS.get(word, word) for word in words).split()) - FILLERS


def joint_meaning(joint: str) -> Hashable:
    """Return what a name means: equal for names of the same joint, None for no words at all.

    Example:
        >>> joint_meaning("base of spine") == joint_meaning("HipCenter")
        True
        >>> joint_meaning("left hip") == joint_meaning("hip")
        False
    """
    words = joint_words(joint)
    return SAME.get(words, words) or None


# From the closest match to the widest.
KEYS: tuple[Callable[[str], Hashable], ...] = (str, joint_words, joint_meaning)


def find_joint(layout: NamedJoints, joint: str | int, name: str = "joint") -> int:
    """Return the index of a joint by its name, words or meaning, and an index as it is.

    Raises:
        TypeError: It is neither a string nor an integer.
        ValueError: The layout has no such joint, or two that read as the name.

    Example:
        >>> from skelter.layouts import NTU25
        >>> find_joint(NTU25, "SpineBase"), find_joint(NTU25, "hip_centre"), find_joint(NTU25, 3)
        (0, 0, 3)
    """
    what, last = f"`{name}` of layout {layout.name}", len(layout.joints) - 1
    whole = isinstance(joint, (int, np.integer)) and not isinstance(joint, bool)
    _checks.require(
        whole or isinstance(joint, str),
        what,
        f"be the name of a joint, such as {layout.joints[-1]!r}, or an index from 0 to {last}",
        repr(joint),
        error=TypeError,
    )
    if not isinstance(joint, str):
        _checks.require(0 <= joint <= last, what, f"lie between 0 and {last}", joint)
        return int(joint)
    found = (_groups(layout, (), key).get(key(joint)) for key in KEYS)
    group = next(filter(None, found), [])
    hint = "" if group else _closest(joint, layout.joints)
    listed = ", ".join(map(repr, layout.joints))
    _checks.require(bool(group), what, f"be one of {listed}", repr(joint), hint)
    _check_single(layout, group)
    return group[0]


def _closest(joint: str, joints: Sequence[str]) -> str:
    """Return a sentence with the names that share words, or else letters, with a name."""
    words = joint_words(joint)
    shared = [own for own in joints if words & joint_words(own)]
    names = (shared or get_close_matches(joint.lower(), joints, cutoff=0.5))[:3]
    return f"The closest are {', '.join(map(repr, names))}." if names else ""


def pair_joints(own: NamedJoints, to: NamedJoints) -> dict[int, int]:
    """Return the joint of one layout for each joint of another that it has, too.

    Joints are paired by name, then by words, then by meaning: where a layout has both "hip" and
    "pelvis", the pelvis of the other is its "pelvis".

    Raises:
        ValueError: Two joints of one layout read as the same.

    Example:
        >>> from skelter.layouts import KINECT20, NTU25
        >>> pair_joints(NTU25, KINECT20)[2]  # the shoulder centre
        20
    """
    pairs: dict[int, int] = {}
    for key in KEYS:
        ours, theirs = _groups(own, pairs.values(), key), _groups(to, pairs, key)
        for meaning in [meaning for meaning in theirs if meaning in ours]:
            _check_single(own, ours[meaning])
            _check_single(to, theirs[meaning])
            pairs[theirs[meaning][0]] = ours[meaning][0]
    return pairs


def _groups(
    layout: NamedJoints, paired: Iterable[int], key: Callable[[str], Hashable]
) -> dict[Hashable, list[int]]:
    """Group the joints that are not paired yet. Names without words belong nowhere."""
    groups: dict[Hashable, list[int]] = {}
    done = set(paired)
    for index, joint in enumerate(layout.joints):
        if index not in done and (meaning := key(joint)):
            groups.setdefault(meaning, []).append(index)
    return groups


def _check_single(layout: NamedJoints, group: list[int]) -> None:
    _checks.require(
        len(group) == 1,
        f"layout {layout.name}",
        "name every joint differently",
        " and ".join(repr(layout.joints[joint]) for joint in group),
        "They read as the same joint.",
    )
