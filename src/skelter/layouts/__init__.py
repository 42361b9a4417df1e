"""Skeleton layouts: joints, the bones that join them, and their left and right sides.

Everything in skelter that depends on joints takes a ``layout``. The layouts of common cameras,
estimators and body models are built in; one of your own is one call of `SkeletonLayout`, or of
`SkeletonLayout.from_bones` where you have a table of bones.

- ``NTU25``: Kinect v2, as in NTU RGB+D and PKU-MMD
- ``KINECT20``: Kinect v1, as in NW-UCLA, and in UTD-MHAD once its joints are reordered
- ``AZURE32``: Azure Kinect body tracking
- ``SBU15``: SBU Kinect Interaction
- ``H36M17``: the 17 joints of Human3.6M
- ``SMPL24``: the SMPL body model, as in AMASS
- ``SMPL22``: the same without hands, as in HumanML3D
- ``MEDIAPIPE33``: MediaPipe Pose
- ``HAND21``: one hand, of MediaPipe or OpenPose
- ``COCO17``: COCO keypoints, points of an image
- ``OPENPOSE18``: OpenPose in its COCO order, as in Kinetics-skeleton, points of an image
- ``BODY25``: OpenPose in its BODY_25 order, points of an image

``BUILT_IN`` holds all of them.
"""

from skelter.layouts._bodies import H36M17, SMPL22, SMPL24
from skelter.layouts._builtin import BUILT_IN, find_layout
from skelter.layouts._cameras import AZURE32, KINECT20, NTU25, SBU15
from skelter.layouts._file import load_layout, restore_layout, save_layout
from skelter.layouts._images import BODY25, COCO17, HAND21, MEDIAPIPE33, OPENPOSE18
from skelter.layouts._layout import SkeletonLayout, check_layout
from skelter.layouts._matching import joint_words, pair_joints
from skelter.layouts._positions import map_positions

__all__ = [
    "AZURE32",
    "BODY25",
    "BUILT_IN",
    "COCO17",
    "H36M17",
    "HAND21",
    "KINECT20",
    "MEDIAPIPE33",
    "NTU25",
    "OPENPOSE18",
    "SBU15",
    "SMPL22",
    "SMPL24",
    "SkeletonLayout",
    "check_layout",
    "find_layout",
    "joint_words",
    "load_layout",
    "map_positions",
    "pair_joints",
    "restore_layout",
    "save_layout",
]
