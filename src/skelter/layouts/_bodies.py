"""The layouts of motion capture and body models, from their published tables."""

from __future__ import annotations

from skelter.layouts._layout import SkeletonLayout

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
    up="-y",
)
"""The 17 joints of Human3.6M that pose estimation predicts, in metres, rooted at the hip centre.

Some lists call its ankles feet and its neck nose. Estimators give them in the frame of the camera,
whose y points down. For the world's frame pass ``dataclasses.replace(H36M17, up="z")``.
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
"""The SMPL body model, as in AMASS: 24 joints, its kinematic tree, rooted at the pelvis.

In the model y points up. For the motions of AMASS pass ``dataclasses.replace(SMPL24, up="z")``.
"""

SMPL22 = SkeletonLayout(
    "SMPL22",
    SMPL24.joints[:22],
    parents=SMPL24.parents[:22],
    centre=SMPL24.centre,
    left_right=SMPL24.left_right[:-1],
    parts={name: [joint for joint in part if joint < 22] for name, part in SMPL24.parts.items()},
    spine=SMPL24.spine,
    shoulders=SMPL24.shoulders,
)
"""The SMPL body model without its hands, as in HumanML3D: 22 joints, rooted at the pelvis.

There y points up.
"""
