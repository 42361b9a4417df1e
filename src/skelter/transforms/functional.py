"""Pure functions behind the transforms: no randomness, no state, nothing changed in place.

All take clips ``x`` of shape ``(..., C, T, V, M)``: coordinates, frames, joints and persons behind
any number of batch axes, none included. The other tensors lead with the same batch axes.
"""

from skelter.transforms.bones._posture import swap_posture
from skelter.transforms.bones._statistics import transfer_motion, transfer_statistics
from skelter.transforms.bones._transfer import transfer_bones, transfer_lengths
from skelter.transforms.bones._tree import bone_lengths, scale_bones
from skelter.transforms.geometry._shear import shear
from skelter.transforms.kinds._frame_map import read_frames
from skelter.transforms.kinds._joint_map import map_joints
from skelter.transforms.kinds._mask import keep_only
from skelter.transforms.masks._jitter import mix_coordinates, zero_joints
from skelter.transforms.mixing._in_time import mix_in_time
from skelter.transforms.mixing._mixup import mixup
from skelter.transforms.mixing._regions import mix_regions
from skelter.transforms.normalisation._align import align_bone, rotation_between
from skelter.transforms.normalisation._fill import fill_frames
from skelter.transforms.normalisation._place import centre_on_joint, unit_scale
from skelter.transforms.time._crop import crop_resize

__all__ = [
    "align_bone",
    "bone_lengths",
    "centre_on_joint",
    "crop_resize",
    "fill_frames",
    "keep_only",
    "map_joints",
    "mix_coordinates",
    "mix_in_time",
    "mix_regions",
    "mixup",
    "read_frames",
    "rotation_between",
    "scale_bones",
    "shear",
    "swap_posture",
    "transfer_bones",
    "transfer_lengths",
    "transfer_motion",
    "transfer_statistics",
    "unit_scale",
    "zero_joints",
]
