"""All layouts of common cameras, estimators and body models."""

from __future__ import annotations

from collections.abc import Sequence

from skelter.layouts._bodies import H36M17, SMPL22, SMPL24
from skelter.layouts._cameras import AZURE32, KINECT20, NTU25, SBU15
from skelter.layouts._images import BODY25, COCO17, HAND21, MEDIAPIPE33, OPENPOSE18
from skelter.layouts._layout import SkeletonLayout
from skelter.layouts._matching import joint_words

BUILT_IN = (
    *(NTU25, KINECT20, SBU15, AZURE32),
    *(OPENPOSE18, BODY25, COCO17, H36M17),
    *(SMPL24, SMPL22, MEDIAPIPE33, HAND21),
)


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
