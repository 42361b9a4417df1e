"""The layouts of common cameras, estimators and body models, from their published tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from skelter.layouts._layout import SkeletonLayout
from skelter.layouts._matching import joint_words


def _parents(one_based: str, size: int) -> list[int]:
    """Read a 1-based table of "child-parent" pairs."""
    parents = [-1] * size
    for pair in one_based.split():
        child, parent = (int(joint) - 1 for joint in pair.split("-"))
        parents[child] = parent
    return parents


NTU25 = SkeletonLayout(
    "NTU25",
    "base of spine|middle of spine|neck|head|left shoulder|left elbow|left wrist|left hand|"
    "right shoulder|right elbow|right wrist|right hand|left hip|left knee|left ankle|left foot|"
    "right hip|right knee|right ankle|right foot|spine (shoulder level)|left hand tip|left thumb|"
    "right hand tip|right thumb".split("|"),
    parents=_parents(
        "1-2 2-21 3-21 4-3 5-21 6-5 7-6 8-7 9-21 10-9 11-10 12-11 13-1 14-13 15-14 16-15 "
        "17-1 18-17 19-18 20-19 22-23 23-8 24-25 25-12",
        25,
    ),
    centre=1,
    left_right=(
        *((left, left + 4) for left in (4, 5, 6, 7, 12, 13, 14, 15)),
        (21, 23),
        (22, 24),
    ),
    parts={
        "trunk": (0, 1, 2, 3, 20),
        "left arm": (4, 5, 6, 7, 21, 22),
        "right arm": (8, 9, 10, 11, 23, 24),
        "left leg": (12, 13, 14, 15),
        "right leg": (16, 17, 18, 19),
    },
    spine=(0, 1),
    shoulders=(4, 8),
)
"""Kinect v2, as in NTU RGB+D and PKU-MMD: 25 joints, rooted at the spine between the shoulders."""

KINECT20 = SkeletonLayout(
    "KINECT20",
    "hip centre|spine|shoulder centre|head|left shoulder|left elbow|left wrist|left hand|"
    "right shoulder|right elbow|right wrist|right hand|left hip|left knee|left ankle|left foot|"
    "right hip|right knee|right ankle|right foot".split("|"),
    parents=_parents(
        "1-2 2-3 4-3 5-3 6-5 7-6 8-7 9-3 10-9 11-10 12-11 13-1 14-13 15-14 16-15 17-1 18-17 "
        "19-18 20-19",
        20,
    ),
    centre=1,
    left_right=tuple((left, left + 4) for left in (4, 5, 6, 7, 12, 13, 14, 15)),
    parts={
        "trunk": (0, 1, 2, 3),
        "left arm": (4, 5, 6, 7),
        "right arm": (8, 9, 10, 11),
        "left leg": (12, 13, 14, 15),
        "right leg": (16, 17, 18, 19),
    },
    spine=(0, 1),
    shoulders=(4, 8),
)
"""Kinect v1, as in NW-UCLA and UTD-MHAD: 20 joints, rooted at the centre of the shoulders."""

SBU15 = SkeletonLayout(
    "SBU15",
    "head|neck|torso|left shoulder|left elbow|left hand|right shoulder|right elbow|right hand|"
    "left hip|left knee|left foot|right hip|right knee|right foot".split("|"),
    parents=_parents("1-2 2-3 4-2 5-4 6-5 7-2 8-7 9-8 10-3 11-10 12-11 13-3 14-13 15-14", 15),
    centre=2,
    left_right=((3, 6), (4, 7), (5, 8), (9, 12), (10, 13), (11, 14)),
    parts={
        "trunk": (0, 1, 2),
        "left arm": (3, 4, 5),
        "right arm": (6, 7, 8),
        "left leg": (9, 10, 11),
        "right leg": (12, 13, 14),
    },
    spine=(2, 1),
    shoulders=(3, 6),
)
"""SBU Kinect Interaction: 15 joints, rooted at the torso."""

OPENPOSE18 = SkeletonLayout(
    "OPENPOSE18",
    "nose|neck|right shoulder|right elbow|right wrist|left shoulder|left elbow|left wrist|"
    "right hip|right knee|right ankle|left hip|left knee|left ankle|right eye|left eye|right ear|"
    "left ear".split("|"),
    parents=(-1, 0, 1, 2, 3, 1, 5, 6, 2, 8, 9, 5, 11, 12, 0, 0, 14, 15),
    centre=1,
    left_right=((5, 2), (6, 3), (7, 4), (11, 8), (12, 9), (13, 10), (15, 14), (17, 16)),
    parts={
        "trunk": (0, 1, 14, 15, 16, 17),
        "left arm": (5, 6, 7),
        "right arm": (2, 3, 4),
        "left leg": (11, 12, 13),
        "right leg": (8, 9, 10),
    },
    dimensions=2,
)
"""OpenPose in its COCO order, as in Kinetics-skeleton: 18 points of an image, rooted at the nose.

It names no spine and no shoulders to align: points of an image are not rotated in space.
"""

COCO17 = SkeletonLayout(
    "COCO17",
    "nose|left eye|right eye|left ear|right ear|left shoulder|right shoulder|left elbow|"
    "right elbow|left wrist|right wrist|left hip|right hip|left knee|right knee|left ankle|"
    "right ankle".split("|"),
    parents=(-1, 0, 0, 1, 2, 0, 0, 5, 6, 7, 8, 5, 6, 11, 12, 13, 14),
    centre=0,
    left_right=tuple((left, left + 1) for left in range(1, 17, 2)),
    parts={
        "trunk": (0, 1, 2, 3, 4),
        "left arm": (5, 7, 9),
        "right arm": (6, 8, 10),
        "left leg": (11, 13, 15),
        "right leg": (12, 14, 16),
    },
    dimensions=2,
)
"""COCO keypoints, as most estimators in images give them: 17 points, rooted at the nose.

It names no spine and no shoulders to align: points of an image are not rotated in space.
"""

H36M17 = SkeletonLayout(
    "H36M17",
    "hip|right hip|right knee|right ankle|left hip|left knee|left ankle|spine|thorax|neck|head|"
    "left shoulder|left elbow|left wrist|right shoulder|right elbow|right wrist".split("|"),
    parents=(-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15),
    centre=0,
    left_right=((4, 1), (5, 2), (6, 3), (11, 14), (12, 15), (13, 16)),
    parts={
        "trunk": (0, 7, 8, 9, 10),
        "left arm": (11, 12, 13),
        "right arm": (14, 15, 16),
        "left leg": (4, 5, 6),
        "right leg": (1, 2, 3),
    },
    spine=(0, 7),
    shoulders=(11, 14),
)
"""The 17 joints of Human3.6M that pose estimation predicts, in metres, rooted at the hip centre.

Some lists call its ankles feet and its neck nose.
"""

SMPL24 = SkeletonLayout(
    "SMPL24",
    "pelvis|left hip|right hip|spine1|left knee|right knee|spine2|left ankle|right ankle|spine3|"
    "left foot|right foot|neck|left collar|right collar|head|left shoulder|right shoulder|"
    "left elbow|right elbow|left wrist|right wrist|left hand|right hand".split("|"),
    parents=(-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21),
    centre=0,
    left_right=tuple((left, left + 1) for left in (1, 4, 7, 10, 13, 16, 18, 20, 22)),
    parts={
        "trunk": (0, 3, 6, 9, 12, 15),
        "left arm": (13, 16, 18, 20, 22),
        "right arm": (14, 17, 19, 21, 23),
        "left leg": (1, 4, 7, 10),
        "right leg": (2, 5, 8, 11),
    },
    spine=(0, 3),
    shoulders=(16, 17),
)
"""The SMPL body model, as in AMASS: 24 joints, its kinematic tree, rooted at the pelvis."""

MEDIAPIPE33 = SkeletonLayout(
    "MEDIAPIPE33",
    "nose|left eye inner|left eye|left eye outer|right eye inner|right eye|right eye outer|"
    "left ear|right ear|left mouth|right mouth|left shoulder|right shoulder|left elbow|"
    "right elbow|left wrist|right wrist|left pinky|right pinky|left index|right index|left thumb|"
    "right thumb|left hip|right hip|left knee|right knee|left ankle|right ankle|left heel|"
    "right heel|left foot index|right foot index".split("|"),
    parents=(
        *(-1, 0, 1, 2, 0, 4, 5, 3, 6, 0, 0),
        *(0, 0, 11, 12, 13, 14, 15, 16, 15, 16, 15, 16),
        *(11, 12, 23, 24, 25, 26, 27, 28, 27, 28),
    ),
    centre=0,
    left_right=((1, 4), (2, 5), (3, 6), *((left, left + 1) for left in range(7, 33, 2))),
    parts={
        "trunk": tuple(range(11)),
        "left arm": (11, 13, 15, 17, 19, 21),
        "right arm": (12, 14, 16, 18, 20, 22),
        "left leg": (23, 25, 27, 29, 31),
        "right leg": (24, 26, 28, 30, 32),
    },
    shoulders=(11, 12),
)
"""MediaPipe Pose (BlazePose): 33 landmarks, rooted at the nose; no joint of the spine.

Its published connections are not a tree. Left out are those that close a ring: shoulder to
shoulder, hip to hip, mouth corner to mouth corner, pinky to index, and heel to foot index. Added,
so that all hangs together, are both mouth corners and both shoulders to the nose.
"""

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


def restore_layout(fields: Mapping[str, Any]) -> SkeletonLayout:
    """Build a layout from the fields that `SkeletonLayout.as_dict` gave.

    Version 0.4 wrote no ``dimensions``: they are those of the built-in layout of the same name and
    joints, else 3.

    Example:
        >>> restore_layout(NTU25.as_dict()) == NTU25
        True
    """
    known = next((layout for layout in BUILT_IN if layout.name == fields["name"]), None)
    if "dimensions" not in fields and known and list(known.joints) == list(fields["joints"]):
        fields = {**fields, "dimensions": known.dimensions}
    return SkeletonLayout(**fields)
