"""Which built-in layout has joints of these names."""

from __future__ import annotations

from collections.abc import Sequence

from skelter.layouts._builtin import (
    COCO17,
    H36M17,
    KINECT20,
    MEDIAPIPE33,
    NTU25,
    OPENPOSE18,
    SBU15,
    SMPL24,
)
from skelter.layouts._layout import SkeletonLayout
from skelter.layouts._words import joint_words

BUILT_IN = (NTU25, KINECT20, SBU15, OPENPOSE18, COCO17, H36M17, SMPL24, MEDIAPIPE33)


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
