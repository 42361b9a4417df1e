"""The layouts of depth cameras, from their published tables."""

from __future__ import annotations

from skelter.layouts._layout import SkeletonLayout


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
"""Kinect v1, as in NW-UCLA: 20 joints, rooted at the centre of the shoulders.

The files of UTD-MHAD have the same joints in another order: head, shoulder centre, spine and hip
centre come first.
"""

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

AZURE32 = SkeletonLayout(
    "AZURE32",
    "pelvis|spine navel|spine chest|neck|left clavicle|left shoulder|left elbow|left wrist|"
    "left hand|left hand tip|left thumb|right clavicle|right shoulder|right elbow|right wrist|"
    "right hand|right hand tip|right thumb|left hip|left knee|left ankle|left foot|right hip|"
    "right knee|right ankle|right foot|head|nose|left eye|left ear|right eye|right ear".split("|"),
    parents=(
        *(-1, 0, 1, 2),
        *(2, 4, 5, 6, 7, 8, 7),
        *(2, 11, 12, 13, 14, 15, 14),
        *(0, 18, 19, 20, 0, 22, 23, 24),
        *(3, 26, 26, 26, 26, 26),
    ),
    centre=1,
    left_right=(
        *((left, left + 7) for left in range(4, 11)),
        *((left, left + 4) for left in range(18, 22)),
        (28, 30),
        (29, 31),
    ),
    parts={
        "trunk": (0, 1, 2, 3, *range(26, 32)),
        "left arm": tuple(range(4, 11)),
        "right arm": tuple(range(11, 18)),
        "left leg": (18, 19, 20, 21),
        "right leg": (22, 23, 24, 25),
    },
    spine=(0, 1),
    shoulders=(5, 12),
    up="-y",
)
"""Azure Kinect body tracking: 32 joints in their published hierarchy, rooted at the pelvis.

The tracker gives millimetres in the frame of the depth camera, whose y points down.
"""
