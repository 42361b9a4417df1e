"""Pure functions behind the transforms: no randomness, no state, nothing changed in place.

All take clips ``x`` of shape ``(..., C, T, V, M)``: coordinates, frames, joints and persons behind
any number of batch axes, none included. The other tensors lead with the same batch axes.
"""

from skelter.transforms.geometry._shear import shear
from skelter.transforms.kinds._frame_map import read_frames
from skelter.transforms.kinds._joint_map import map_joints
from skelter.transforms.kinds._mask import keep_only
from skelter.transforms.masks._axis import zero_axis
from skelter.transforms.masks._fill import fill_masked
from skelter.transforms.masks._graph import joint_degrees, most_walked, two_step_walks
from skelter.transforms.masks._jitter import mix_coordinates, zero_joints
from skelter.transforms.masks._removal import motion_of_frames
from skelter.transforms.masks._tokens import motion_of_patches, token_presence
from skelter.transforms.masks._tubes import add_tube
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

__all__ = [
    "add_noise",
    "add_noise_to_frames",
    "add_noise_to_joints",
    "add_tube",
    "align_bone",
    "box_diagonal",
    "centre_on_joint",
    "crop_resize",
    "fill_frames",
    "fill_masked",
    "joint_degrees",
    "keep_only",
    "map_joints",
    "mix_coordinates",
    "most_walked",
    "motion_of_frames",
    "motion_of_patches",
    "motion_weights",
    "read_frames",
    "rotation_between",
    "savitzky_golay",
    "scale_points",
    "shear",
    "temporal_blur",
    "token_presence",
    "two_step_walks",
    "unit_scale",
    "weigh_frames",
    "zero_axis",
    "zero_joints",
]
