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
from skelter.transforms.noise._blur import temporal_blur
from skelter.transforms.noise._box import box_diagonal
from skelter.transforms.noise._filter import weigh_frames
from skelter.transforms.noise._gaussian import add_noise
from skelter.transforms.noise._impulse import scale_points
from skelter.transforms.noise._motion import motion_weights
from skelter.transforms.noise._savgol import savitzky_golay
from skelter.transforms.noise._some import add_noise_to_frames, add_noise_to_joints
from skelter.transforms.normalisation._align import align_bone, rotation_between
from skelter.transforms.normalisation._box import box_of_clip, min_max
from skelter.transforms.normalisation._denoise import (
    keep_persons,
    motion_of_persons,
    wide_frames,
)
from skelter.transforms.normalisation._empty import count_frames, pack_frames
from skelter.transforms.normalisation._fill import fill_frames
from skelter.transforms.normalisation._image import compact_box, compact_pose, unit_image
from skelter.transforms.normalisation._mean import mean_relative
from skelter.transforms.normalisation._origin import (
    centre_each_person,
    centre_on_start,
    centre_with_trajectory,
)
from skelter.transforms.normalisation._persons import (
    duplicate_person,
    join_persons,
    order_persons,
)
from skelter.transforms.normalisation._place import centre_on_joint, unit_scale
from skelter.transforms.normalisation._resize import frame_differences, resize_frames
from skelter.transforms.normalisation._turn import turn_bone
from skelter.transforms.time._crop import crop_resize

__all__ = [
    "add_noise",
    "add_noise_to_frames",
    "add_noise_to_joints",
    "align_bone",
    "bone_lengths",
    "box_diagonal",
    "box_of_clip",
    "centre_each_person",
    "centre_on_joint",
    "centre_on_start",
    "centre_with_trajectory",
    "compact_box",
    "compact_pose",
    "count_frames",
    "crop_resize",
    "duplicate_person",
    "fill_frames",
    "frame_differences",
    "join_persons",
    "keep_only",
    "keep_persons",
    "map_joints",
    "mean_relative",
    "min_max",
    "mix_coordinates",
    "motion_of_persons",
    "motion_weights",
    "order_persons",
    "pack_frames",
    "read_frames",
    "resize_frames",
    "rotation_between",
    "savitzky_golay",
    "scale_bones",
    "scale_points",
    "shear",
    "swap_posture",
    "temporal_blur",
    "transfer_bones",
    "transfer_lengths",
    "transfer_motion",
    "transfer_statistics",
    "turn_bone",
    "unit_image",
    "unit_scale",
    "weigh_frames",
    "wide_frames",
    "zero_joints",
]
