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
from skelter.transforms.normalisation._fill import FillFrames
from skelter.transforms.normalisation._place import CentreOnJoint, UnitScale
from skelter.transforms.time._crop import CentreCropResize, CropParams, TemporalCropResize
from skelter.transforms.time._cycles import CycleWarp
from skelter.transforms.time._drop import Downsample, DropFrames
from skelter.transforms.time._fourier import FourierResample
from skelter.transforms.time._frames import FramesParams
from skelter.transforms.time._motion_scale import MotionScale, MotionScaleParams
from skelter.transforms.time._order import (
    Reverse,
    ReverseParams,
    Roll,
    RollParams,
    Shuffle,
    ShuffleParams,
)
from skelter.transforms.time._reflect import CropReflect, CropReflectParams
from skelter.transforms.time._segments import (
    CentreSegmentSample,
    EqualSegments,
    SegmentSample,
    UniformSample,
)
from skelter.transforms.time._sorted import EvenSample, SortedSample
from skelter.transforms.time._speed import Speed, SpeedParams
from skelter.transforms.time._warp import Warp, WarpParams
from skelter.transforms.time._window import Pad, RandomShift, RandomWindow, WindowParams

__all__ = [
    "AlignShoulders",
    "AlignSpine",
    "BoneFactorParams",
    "BoxNoise",
    "BoxNoiseParams",
    "CentreCropResize",
    "CentreOnJoint",
    "CentreSegmentSample",
    "CheckFinite",
    "Compose",
    "ComposeParams",
    "CropParams",
    "CropReflect",
    "CropReflectParams",
    "CycleWarp",
    "Deterministic",
    "Downsample",
    "DropFrames",
    "EqualSegments",
    "EvenSample",
    "FillFrames",
    "FourierResample",
    "FrameMap",
    "FrameNoise",
    "FrameNoiseParams",
    "FramesParams",
    "GaussianNoise",
    "ImpulseNoise",
    "ImpulseNoiseParams",
    "JointJitter",
    "JointJitterParams",
    "JointMap",
    "JointNoise",
    "JointNoiseParams",
    "Lambda",
    "Mask",
    "MotionNoise",
    "MotionScale",
    "MotionScaleParams",
    "MultiView",
    "NoiseParams",
    "OneOf",
    "OneOfParams",
    "Pad",
    "PartnerParams",
    "RandomApply",
    "RandomShift",
    "RandomWindow",
    "RescaleBones",
    "Reverse",
    "ReverseParams",
    "Roll",
    "RollParams",
    "SavitzkyGolay",
    "SavitzkyGolayParams",
    "ScaleLimbs",
    "SegmentSample",
    "Shear",
    "ShearParams",
    "Shuffle",
    "ShuffleParams",
    "SomeOf",
    "SomeOfParams",
    "SortedSample",
    "Speed",
    "SpeedParams",
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
    "UniformSample",
    "UnitScale",
    "Warp",
    "WarpParams",
    "WindowParams",
    "functional",
    "normal",
    "presets",
    "uniform",
]
