"""Augmentations and normalisation of skeleton clips, batched, with a draw for every clip.

Every transform is a module: ``y = transform(x, num_frames=n, generator=g)``. Its `sample` draws
parameters, its `transform` is pure, and a pure function of the same idea is in `functional`.
"""

from skelter.transforms import functional, presets
from skelter.transforms.bones._limbs import ScaleLimbs
from skelter.transforms.bones._partner import PartnerParams
from skelter.transforms.bones._posture import SwapPosture, SwapPostureParams
from skelter.transforms.bones._rescale import BoneFactorParams, RescaleBones
from skelter.transforms.bones._statistics import TransferMotion, TransferStatistics
from skelter.transforms.bones._transfer import TransferBones, TransferLengths
from skelter.transforms.combining._choice import OneOf, OneOfParams, RandomApply
from skelter.transforms.combining._compose import Compose, ComposeParams, MultiView
from skelter.transforms.combining._plain import CheckFinite, Lambda
from skelter.transforms.combining._some_of import SomeOf, SomeOfParams
from skelter.transforms.geometry._shear import Shear, ShearParams
from skelter.transforms.kinds._base import Deterministic, Transform
from skelter.transforms.kinds._frame_map import FrameMap
from skelter.transforms.kinds._joint_map import JointMap
from skelter.transforms.kinds._mask import Mask
from skelter.transforms.kinds._numbers import normal, uniform
from skelter.transforms.masks._jitter import JointJitter, JointJitterParams
from skelter.transforms.noise._blur import TemporalBlur, TemporalBlurParams
from skelter.transforms.noise._box import BoxNoise, BoxNoiseParams
from skelter.transforms.noise._gaussian import GaussianNoise, NoiseParams
from skelter.transforms.noise._impulse import ImpulseNoise, ImpulseNoiseParams
from skelter.transforms.noise._motion import MotionNoise
from skelter.transforms.noise._savgol import SavitzkyGolay, SavitzkyGolayParams
from skelter.transforms.noise._some import (
    FrameNoise,
    FrameNoiseParams,
    JointNoise,
    JointNoiseParams,
)
from skelter.transforms.normalisation._align import AlignShoulders, AlignSpine
from skelter.transforms.normalisation._box import MinMax
from skelter.transforms.normalisation._denoise import (
    DropShortPersons,
    DropWidePersons,
    SortByMotion,
)
from skelter.transforms.normalisation._empty import DropEmptyFrames
from skelter.transforms.normalisation._fill import FillFrames
from skelter.transforms.normalisation._image import CompactPose, DropUnsure, UnitImage
from skelter.transforms.normalisation._mean import MeanRelative
from skelter.transforms.normalisation._origin import (
    CentreEachPerson,
    CentreOnStart,
    CentreWithTrajectory,
)
from skelter.transforms.normalisation._persons import DuplicatePerson, JoinPersons, SortPersons
from skelter.transforms.normalisation._place import CentreOnJoint, UnitScale
from skelter.transforms.normalisation._resize import ResizeFrames, ResizeMotion
from skelter.transforms.normalisation._turn import TurnShoulders
from skelter.transforms.time._crop import CentreCropResize, CropParams, TemporalCropResize

__all__ = [
    "AlignShoulders",
    "AlignSpine",
    "BoneFactorParams",
    "BoxNoise",
    "BoxNoiseParams",
    "CentreCropResize",
    "CentreEachPerson",
    "CentreOnJoint",
    "CentreOnStart",
    "CentreWithTrajectory",
    "CheckFinite",
    "CompactPose",
    "Compose",
    "ComposeParams",
    "CropParams",
    "Deterministic",
    "DropEmptyFrames",
    "DropShortPersons",
    "DropUnsure",
    "DropWidePersons",
    "DuplicatePerson",
    "FillFrames",
    "FrameMap",
    "FrameNoise",
    "FrameNoiseParams",
    "GaussianNoise",
    "ImpulseNoise",
    "ImpulseNoiseParams",
    "JoinPersons",
    "JointJitter",
    "JointJitterParams",
    "JointMap",
    "JointNoise",
    "JointNoiseParams",
    "Lambda",
    "Mask",
    "MeanRelative",
    "MinMax",
    "MotionNoise",
    "MultiView",
    "NoiseParams",
    "OneOf",
    "OneOfParams",
    "PartnerParams",
    "RandomApply",
    "RescaleBones",
    "ResizeFrames",
    "ResizeMotion",
    "SavitzkyGolay",
    "SavitzkyGolayParams",
    "ScaleLimbs",
    "Shear",
    "ShearParams",
    "SomeOf",
    "SomeOfParams",
    "SortByMotion",
    "SortPersons",
    "SwapPosture",
    "SwapPostureParams",
    "TemporalBlur",
    "TemporalBlurParams",
    "TemporalCropResize",
    "TransferBones",
    "TransferLengths",
    "TransferMotion",
    "TransferStatistics",
    "Transform",
    "TurnShoulders",
    "UnitImage",
    "UnitScale",
    "functional",
    "normal",
    "presets",
    "uniform",
]
