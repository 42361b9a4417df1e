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
from skelter.transforms.normalisation._fill import fill_frames
from skelter.transforms.normalisation._place import centre_on_joint, unit_scale
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
    "align_bone",
    "bone_lengths",
    "box_diagonal",
    "centre_on_joint",
    "change_speed",
    "crop_reflect",
    "crop_resize",
    "cut_window",
    "cycle_frames",
    "fill_frames",
    "keep_only",
    "map_joints",
    "mix_coordinates",
    "motion_weights",
    "read_frames",
    "resample_fourier",
    "reverse_frames",
    "roll_frames",
    "rotation_between",
    "savitzky_golay",
    "scale_bones",
    "scale_motion",
    "scale_points",
    "shear",
    "shuffle_chunks",
    "spread_frames",
    "swap_posture",
    "temporal_blur",
    "transfer_bones",
    "transfer_lengths",
    "transfer_motion",
    "transfer_statistics",
    "unit_scale",
    "warp_time",
    "weigh_frames",
    "zero_joints",
]
