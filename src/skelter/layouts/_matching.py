"""Which joints of two skeletons are the same, by their names."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING

from skelter import _checks
from skelter.layouts._words import joint_words

if TYPE_CHECKING:
    from skelter.layouts._layout import SkeletonLayout

# What joints are called that have several names.
SAME = {
    frozenset(words.split()): meaning
    for meaning, names in {
        "hip centre": "hip centre|base spine|pelvis|hip|hips",
        "middle of spine": "spine|spine centre",
        "shoulder centre": "shoulder centre|spine shoulder",
    }.items()
    for words in names.split("|")
}


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


def sources(own: SkeletonLayout, to: SkeletonLayout) -> list[int]:
    """Return which joint of one layout each joint of another is, V for a missing one.

    Joints are paired by name, then by words, then by meaning: where a layout has both "hip" and
    "pelvis", the pelvis of the other is its "pelvis".

    Args:
        own: The layout of the clips, with V joints.
        to: The layout to bring them to.

    Raises:
        ValueError: Each has joints that the other has not, or two joints of one read as the same.

    Example:
        >>> from skelter.layouts import COCO17, OPENPOSE18
        >>> sources(COCO17, OPENPOSE18)[:3]
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
    return [pairs.get(joint, own.num_joints) for joint in range(to.num_joints)]


def _groups(
    layout: SkeletonLayout, paired: Iterable[int], key: Callable[[str], Hashable]
) -> dict[Hashable, list[int]]:
    """Group the joints that are not paired yet; names without words belong nowhere."""
    groups: dict[Hashable, list[int]] = {}
    done = set(paired)
    for index, joint in enumerate(layout.joints):
        if index not in done and (meaning := key(joint)):
            groups.setdefault(meaning, []).append(index)
    return groups


def _check_single(layout: SkeletonLayout, group: list[int]) -> None:
    _checks.require(
        len(group) == 1,
        f"layout {layout.name}",
        "name every joint differently to be converted",
        " and ".join(repr(layout.joints[joint]) for joint in group),
        "They read as the same joint.",
    )
