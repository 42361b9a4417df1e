"""Matching of joints by their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Protocol

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


def find_sources(own: NamedJoints, to: NamedJoints) -> list[int]:
    """Return the joint of one layout that each joint of another is, V for a missing one.

    Joints are paired by name, then by words, then by meaning: where a layout has both "hip" and
    "pelvis", the pelvis of the other is its "pelvis".

    Args:
        own: The layout of the clips, with V joints.
        to: The layout to bring them to.

    Raises:
        ValueError: Each has joints that the other has not, or two joints of one read as the same.

    Example:
        >>> from skelter.layouts import COCO17, OPENPOSE18
        >>> find_sources(COCO17, OPENPOSE18)[:3]
        [0, 17, 6]
    """
    pairs: dict[int, int] = {}
    for key in (str, joint_words, joint_meaning):
        ours, theirs = _groups(own, pairs.values(), key), _groups(to, pairs, key)
        for meaning in [meaning for meaning in theirs if meaning in ours]:
            _check_single(own, ours[meaning])
            _check_single(to, theirs[meaning])
            pairs[theirs[meaning][0]] = ours[meaning][0]
    lost = [joint for i, joint in enumerate(own.joints) if i not in pairs.values()]
    new = [joint for i, joint in enumerate(to.joints) if i not in pairs]
    _checks.require(
        not (lost and new),
        f"`to` of layout {own.name}",
        "have a part of its joints, or all of them and more",
        f"{to.name}: only {own.name} has {', '.join(lost)}; only {to.name} has {', '.join(new)}",
        "Joints are matched by name: rename those that are the same.",
    )
    return [pairs.get(joint, len(own.joints)) for joint in range(len(to.joints))]


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
        "name every joint differently to be converted",
        " and ".join(repr(layout.joints[joint]) for joint in group),
        "They read as the same joint.",
    )
