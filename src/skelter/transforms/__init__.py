"""Augmentations and normalisation of skeleton clips, batched, with a draw for every clip.

Every transform is a module: ``y = transform(x, num_frames=n, generator=g)``. Its `sample` draws
parameters, its `transform` is pure, and a pure function of the same idea is in `functional`.
"""

from skelter.transforms import functional, presets
from skelter.transforms._base import Deterministic, Transform
from skelter.transforms._choice import OneOf, OneOfParams, RandomApply, RandomApplyParams
from skelter.transforms._compose import Compose, ComposeParams, Lambda, MultiView
from skelter.transforms._normalise import (
    AlignShoulders,
    AlignSpine,
    CentreOnJoint,
    CheckFinite,
    FillFrames,
    UnitScale,
)
from skelter.transforms._spatial import JointJitter, JointJitterParams, Shear, ShearParams
from skelter.transforms._temporal import CentreCropResize, CropParams, TemporalCropResize

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
    "JointJitter",
    "JointJitterParams",
    "Lambda",
    "MultiView",
    "OneOf",
    "OneOfParams",
    "RandomApply",
    "RandomApplyParams",
    "Shear",
    "ShearParams",
    "TemporalCropResize",
    "Transform",
    "UnitScale",
    "functional",
    "presets",
]
