"""Pure functions behind the transforms: no randomness, no state, nothing changed in place.

All take clips ``x`` of shape ``(..., C, T, V, M)``: coordinates, frames, joints and persons behind
any number of batch axes, none included. The other tensors lead with the same batch axes.
"""

from skelter.transforms.bones._path import transfer_path
from skelter.transforms.bones._posture import swap_posture
from skelter.transforms.bones._statistics import transfer_motion, transfer_statistics
from skelter.transforms.bones._transfer import transfer_bones, transfer_lengths
from skelter.transforms.bones._tree import bone_lengths, scale_bones
from skelter.transforms.geometry._affine import affine2d_matrix
from skelter.transforms.geometry._box_crop import crop_image
from skelter.transforms.geometry._box_scale import box_scale
from skelter.transforms.geometry._mirror import mirror
from skelter.transforms.geometry._move import interpolate_nodes, move
from skelter.transforms.geometry._persons import swap_persons, swap_viewpoint
from skelter.transforms.geometry._rotation import rotate
from skelter.transforms.geometry._rotation_matrix import (
    right_handed_rotation_matrix,
    rotation_matrix,
)
from skelter.transforms.geometry._scale import scale
from skelter.transforms.geometry._shear import shear
from skelter.transforms.geometry._translate import translate
from skelter.transforms.kinds._frame_map import read_frames
from skelter.transforms.kinds._joint_map import map_joints
from skelter.transforms.kinds._mask import keep_only
from skelter.transforms.masks._axis import zero_axis
from skelter.transforms.masks._fill import fill_masked
from skelter.transforms.masks._graph import joint_degrees, most_walked, two_step_walks
from skelter.transforms.masks._jitter import mix_coordinates, zero_joints
from skelter.transforms.masks._removal import motion_of_frames
from skelter.transforms.masks._single_tokens import motion_of_patches
from skelter.transforms.masks._tokens import token_presence
from skelter.transforms.masks._tubes import add_tube
from skelter.transforms.mixing._in_time import mix_in_time
from skelter.transforms.mixing._mixup import mixup
from skelter.transforms.mixing._regions import mix_regions
from skelter.transforms.noise._blur import temporal_blur
from skelter.transforms.noise._box import box_diagonal
from skelter.transforms.noise._filter import weigh_frames
from skelter.transforms.noise._frames import add_noise_to_frames
from skelter.transforms.noise._gaussian import add_noise
from skelter.transforms.noise._impulse import scale_points
from skelter.transforms.noise._joints import add_noise_to_joints
from skelter.transforms.noise._motion import motion_weights
from skelter.transforms.noise._savgol import savitzky_golay
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
    centre_on_joint,
    centre_on_start,
    centre_with_trajectory,
)
from skelter.transforms.normalisation._persons import (
    duplicate_person,
    join_persons,
    order_persons,
)
from skelter.transforms.normalisation._resize import frame_differences, resize_frames
from skelter.transforms.normalisation._size import unit_scale
from skelter.transforms.normalisation._turn import turn_bone
from skelter.transforms.time._crop import crop_resize
from skelter.transforms.time._cycles import cycle_frames
from skelter.transforms.time._fourier import resample_fourier
from skelter.transforms.time._motion_scale import scale_motion
from skelter.transforms.time._order import reverse_frames, roll_frames, shuffle_chunks
from skelter.transforms.time._reflect import crop_reflect
from skelter.transforms.time._segments import spread_frames
from skelter.transforms.time._speed import change_speed
from skelter.transforms.time._warp import warp_time
from skelter.transforms.time._window import cut_window

__all__ = [
    "add_noise",
    "add_noise_to_frames",
    "add_noise_to_joints",
    "add_tube",
    "affine2d_matrix",
    "align_bone",
    "bone_lengths",
    "box_diagonal",
    "box_of_clip",
    "box_scale",
    "centre_each_person",
    "centre_on_joint",
    "centre_on_start",
    "centre_with_trajectory",
    "change_speed",
    "compact_box",
    "compact_pose",
    "count_frames",
    "crop_image",
    "crop_reflect",
    "crop_resize",
    "cut_window",
    "cycle_frames",
    "duplicate_person",
    "fill_frames",
    "fill_masked",
    "frame_differences",
    "interpolate_nodes",
    "join_persons",
    "joint_degrees",
    "keep_only",
    "keep_persons",
    "map_joints",
    "mean_relative",
    "min_max",
    "mirror",
    "mix_coordinates",
    "mix_in_time",
    "mix_regions",
    "mixup",
    "most_walked",
    "motion_of_frames",
    "motion_of_patches",
    "motion_of_persons",
    "motion_weights",
    "move",
    "order_persons",
    "pack_frames",
    "read_frames",
    "resample_fourier",
    "resize_frames",
    "reverse_frames",
    "right_handed_rotation_matrix",
    "roll_frames",
    "rotate",
    "rotation_between",
    "rotation_matrix",
    "savitzky_golay",
    "scale",
    "scale_bones",
    "scale_motion",
    "scale_points",
    "shear",
    "shuffle_chunks",
    "spread_frames",
    "swap_persons",
    "swap_posture",
    "swap_viewpoint",
    "temporal_blur",
    "token_presence",
    "transfer_bones",
    "transfer_lengths",
    "transfer_motion",
    "transfer_path",
    "transfer_statistics",
    "translate",
    "turn_bone",
    "two_step_walks",
    "unit_image",
    "unit_scale",
    "warp_time",
    "weigh_frames",
    "wide_frames",
    "zero_axis",
    "zero_joints",
]
