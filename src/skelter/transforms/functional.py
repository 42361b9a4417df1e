"""Pure functions behind the transforms: no randomness, no state, nothing changed in place.

All take clips ``x`` of shape ``(..., C, T, V, M)``: coordinates, frames, joints and persons behind
any number of batch axes, none included. The other tensors lead with the same batch axes.
"""

from skelter.transforms._frames import crop_resize, fill_frames
from skelter.transforms._poses import align_bone, centre_on_joint, rotation_between, unit_scale
from skelter.transforms._positions import map_joints, mix_coordinates, shear, zero_joints

__all__ = [
    "align_bone",
    "centre_on_joint",
    "crop_resize",
    "fill_frames",
    "map_joints",
    "mix_coordinates",
    "rotation_between",
    "shear",
    "unit_scale",
    "zero_joints",
]
