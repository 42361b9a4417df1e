"""The layouts of estimators in images, from their published tables."""

from __future__ import annotations

from skelter.layouts._layout import SkeletonLayout

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

BODY25 = SkeletonLayout(
    "BODY25",
    "nose|neck|right shoulder|right elbow|right wrist|left shoulder|left elbow|left wrist|mid hip|"
    "right hip|right knee|right ankle|left hip|left knee|left ankle|right eye|left eye|right ear|"
    "left ear|left big toe|left small toe|left heel|right big toe|right small toe|"
    "right heel".split("|"),
    parents=(
        *(1, -1, 1, 2, 3, 1, 5, 6, 1),
        *(8, 9, 10, 8, 12, 13),
        *(0, 0, 15, 16),
        *(14, 19, 14, 11, 22, 11),
    ),
    centre=1,
    left_right=(
        *((5, 2), (6, 3), (7, 4), (12, 9), (13, 10), (14, 11), (16, 15), (18, 17)),
        *((19, 22), (20, 23), (21, 24)),
    ),
    parts={
        "trunk": (0, 1, 8, 15, 16, 17, 18),
        "left arm": (5, 6, 7),
        "right arm": (2, 3, 4),
        "left leg": (12, 13, 14, 19, 20, 21),
        "right leg": (9, 10, 11, 22, 23, 24),
    },
    dimensions=2,
)
"""OpenPose in its BODY_25 order: 25 points of an image, its published pairs, rooted at the neck.

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
    up="-y",
)
"""MediaPipe Pose (BlazePose): 33 landmarks, rooted at the nose; no joint of the spine.

In its world coordinates y points down, as in the image.

Its published connections are not a tree. Left out are those that close a ring: shoulder to
shoulder, hip to hip, mouth corner to mouth corner, pinky to index, and heel to foot index. Added,
so that all hangs together, are both mouth corners and both shoulders to the nose.
"""

HAND21 = SkeletonLayout(
    "HAND21",
    "wrist|thumb cmc|thumb mcp|thumb ip|thumb tip|index finger mcp|index finger pip|"
    "index finger dip|index finger tip|middle finger mcp|middle finger pip|middle finger dip|"
    "middle finger tip|ring finger mcp|ring finger pip|ring finger dip|ring finger tip|pinky mcp|"
    "pinky pip|pinky dip|pinky tip".split("|"),
    parents=[-1, *(0 if joint % 4 == 1 else joint - 1 for joint in range(1, 21))],
    parts={
        "palm": (0,),
        "thumb": (1, 2, 3, 4),
        "index finger": (5, 6, 7, 8),
        "middle finger": (9, 10, 11, 12),
        "ring finger": (13, 14, 15, 16),
        "pinky": (17, 18, 19, 20),
    },
    up="-y",
)
"""One hand, as MediaPipe and OpenPose number it: 21 joints, rooted at the wrist.

It has no sides: left and right hands are clips, or persons, of their own. Of the connections that
MediaPipe draws, those from knuckle to knuckle close rings and are left out. MediaPipe gives points
in space. OpenPose gives points of an image: pass ``dataclasses.replace(HAND21, dimensions=2)``.
In both y points down.
"""
