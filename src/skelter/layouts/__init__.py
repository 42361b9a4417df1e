"""Skeleton layouts: joints, the bones that join them, and their left and right sides.

Everything in skelter that depends on joints takes a ``layout``. The layouts of common cameras,
estimators and body models are built in; one of your own is one call of `SkeletonLayout`, or of
`SkeletonLayout.from_bones` where you have a table of bones.

- ``NTU25``: Kinect v2, as in NTU RGB+D and PKU-MMD
- ``KINECT20``: Kinect v1, as in NW-UCLA and UTD-MHAD
- ``SBU15``: SBU Kinect Interaction
- ``H36M17``: the 17 joints of Human3.6M
- ``SMPL24``: the SMPL body model, as in AMASS
- ``MEDIAPIPE33``: MediaPipe Pose
- ``COCO17``: COCO keypoints, points of an image
- ``OPENPOSE18``: OpenPose, as in Kinetics-skeleton, points of an image

``BUILT_IN`` holds all of them.
"""

from skelter.layouts._builtin import (
    BUILT_IN,
    COCO17,
    H36M17,
    KINECT20,
    MEDIAPIPE33,
    NTU25,
    OPENPOSE18,
    SBU15,
    SMPL24,
    find_layout,
    restore_layout,
)
from skelter.layouts._layout import SkeletonLayout
from skelter.layouts._matching import joint_words
from skelter.layouts._positions import map_positions

__all__ = [
    "BUILT_IN",
    "COCO17",
    "H36M17",
    "KINECT20",
    "MEDIAPIPE33",
    "NTU25",
    "OPENPOSE18",
    "SBU15",
    "SMPL24",
    "SkeletonLayout",
    "find_layout",
    "joint_words",
    "map_positions",
    "restore_layout",
]
