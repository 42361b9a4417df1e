"""Augmentations and normalisation of skeleton clips, batched, with a draw for every clip.

Every transform is a module: ``y = transform(x, num_frames=n, generator=g)``. Its `sample` draws
parameters, its `transform` is pure, and a pure function of the same idea is in `functional`.
"""

from skelter.transforms import functional, presets
from skelter.transforms._align import AlignShoulders, AlignSpine
from skelter.transforms._base import Deterministic, Transform
from skelter.transforms._choice import OneOf, OneOfParams, RandomApply
from skelter.transforms._compose import Compose, ComposeParams, MultiView
from skelter.transforms._crop import CentreCropResize, CropParams, TemporalCropResize
from skelter.transforms._fill import FillFrames
from skelter.transforms._frame_map import FrameMap
from skelter.transforms._jitter import JointJitter, JointJitterParams
from skelter.transforms._joint_map import JointMap
from skelter.transforms._numbers import uniform
from skelter.transforms._place import CentreOnJoint, UnitScale
from skelter.transforms._plain import CheckFinite, Lambda
from skelter.transforms._shear import Shear, ShearParams

__all__ = [
    "AlignShoulders",
    "AlignSpine",
    "CentreCropResize",
    "CentreOnJoint",
    "CheckFinite",
    "Compose",
    "ComposeParams",
    "CropParams",
    "Deterministic",
    "FillFrames",
    "FrameMap",
    "JointJitter",
    "JointJitterParams",
    "JointMap",
    "Lambda",
    "MultiView",
    "OneOf",
    "OneOfParams",
    "RandomApply",
    "Shear",
    "ShearParams",
    "TemporalCropResize",
    "Transform",
    "UnitScale",
    "functional",
    "presets",
    "uniform",
]
