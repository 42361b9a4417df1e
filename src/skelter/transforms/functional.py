"""Pure functions behind the transforms: no randomness, no state, nothing changed in place.

All take clips ``x`` of shape ``(..., C, T, V, M)``: coordinates, frames, joints and persons behind
any number of batch axes, none included. The other tensors lead with the same batch axes.
"""

from skelter.transforms._align import align_bone, rotation_between
from skelter.transforms._crop import crop_resize
from skelter.transforms._fill import fill_frames
from skelter.transforms._frame_map import read_frames
from skelter.transforms._jitter import mix_coordinates, zero_joints
from skelter.transforms._joint_map import map_joints
from skelter.transforms._place import centre_on_joint, unit_scale
from skelter.transforms._shear import shear

__all__ = [
    "align_bone",
    "centre_on_joint",
    "crop_resize",
    "fill_frames",
    "map_joints",
    "mix_coordinates",
    "read_frames",
    "rotation_between",
    "shear",
    "unit_scale",
    "zero_joints",
]
