"""Augmentations and normalisation of skeleton clips, batched, with a draw for every clip.

Every transform is a module: ``y = transform(x, num_frames=n, generator=g)``. Its `sample` draws
parameters, its `transform` is pure, and a pure function of the same idea is in `functional`.
"""

from skelter.transforms import functional, presets
from skelter.transforms.bones._limbs import ScaleLimbs
from skelter.transforms.bones._partner import PartnerParams
from skelter.transforms.bones._path import TransferPath
from skelter.transforms.bones._posture import SwapPosture, SwapPostureParams
from skelter.transforms.bones._rescale import BoneFactorParams, RescaleBones
from skelter.transforms.bones._statistics import TransferMotion, TransferStatistics
from skelter.transforms.bones._transfer import TransferBones, TransferLengths
from skelter.transforms.combining._choice import OneOf, OneOfParams, RandomApply
from skelter.transforms.combining._compose import Compose, ComposeParams, MultiView
from skelter.transforms.combining._plain import CheckFinite, Lambda
from skelter.transforms.combining._some_of import SomeOf, SomeOfParams
from skelter.transforms.geometry._affine import Affine2d, Affine2dParams
from skelter.transforms.geometry._box_crop import BoxCrop, BoxCropParams
from skelter.transforms.geometry._box_scale import BoxScale, BoxScaleParams
from skelter.transforms.geometry._mirror import Mirror
from skelter.transforms.geometry._move import MoveParams, RandomDrift, RandomMove
from skelter.transforms.geometry._persons import (
    DropPerson,
    DropPersonParams,
    SwapPersons,
    SwapViewpoint,
)
from skelter.transforms.geometry._rotation import Rotate, RotateMainAxis, RotationParams
from skelter.transforms.geometry._scale import Scale, ScaleAxes, ScaleParams
from skelter.transforms.geometry._shear import Shear, ShearParams
from skelter.transforms.geometry._translate import Translate, TranslationParams
from skelter.transforms.geometry._view import (
    CameraParams,
    CameraView,
    RotateView,
    WholeDegreeView,
)
from skelter.transforms.kinds._base import Deterministic, Transform
from skelter.transforms.kinds._frame_map import FrameMap
from skelter.transforms.kinds._joint_map import JointMap
from skelter.transforms.kinds._mask import Mask
from skelter.transforms.kinds._mixer import Mixed, Mixer
from skelter.transforms.kinds._numbers import normal, uniform
from skelter.transforms.masks._axis import AxisMask, AxisMaskParams
from skelter.transforms.masks._chunks import ChunkMaskParams, JointChunkMask, PartChunkMask
from skelter.transforms.masks._elements import CellMask, ElementDropout, ElementMaskParams
from skelter.transforms.masks._fill import FillMasked, FillMaskedParams
from skelter.transforms.masks._frames import FrameMask, FrameMaskParams, FrameSpanMask
from skelter.transforms.masks._graph import CentralityMask, NeighbourhoodMask
from skelter.transforms.masks._grid import JointFrameMask, JointFrameMaskParams
from skelter.transforms.masks._jitter import JointJitter, JointJitterParams
from skelter.transforms.masks._joints import JointMask, JointMaskParams
from skelter.transforms.masks._parts import PartMask
from skelter.transforms.masks._removal import DropMovingFrames, DropMovingFramesParams
from skelter.transforms.masks._single_tokens import MotionTokenMask, UniformTokenMask
from skelter.transforms.masks._tokens import TokenMask, TokenMaskParams
from skelter.transforms.masks._tubes import TubeTokenMask, TubeTokenMaskParams
from skelter.transforms.mixing._choice import MixOneOf, MixOneOfParams
from skelter.transforms.mixing._in_time import MixInTime, MixInTimeParams
from skelter.transforms.mixing._mixup import MixAxes, Mixup, MixupParams
from skelter.transforms.mixing._regions import MixRegions, RegionParams, ResizeMix
from skelter.transforms.noise._blur import TemporalBlur, TemporalBlurParams
from skelter.transforms.noise._box import BoxNoise, BoxNoiseParams
from skelter.transforms.noise._frames import FrameNoise, FrameNoiseParams
from skelter.transforms.noise._gaussian import GaussianNoise, NoiseParams
from skelter.transforms.noise._impulse import ImpulseNoise, ImpulseNoiseParams
from skelter.transforms.noise._joints import JointNoise, JointNoiseParams
from skelter.transforms.noise._motion import MotionNoise
from skelter.transforms.noise._savgol import SavitzkyGolay, SavitzkyGolayParams
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
    CentreOnJoint,
    CentreOnStart,
    CentreWithTrajectory,
)
from skelter.transforms.normalisation._persons import DuplicatePerson, JoinPersons, SortPersons
from skelter.transforms.normalisation._resize import ResizeFrames, ResizeMotion
from skelter.transforms.normalisation._size import UnitScale
from skelter.transforms.normalisation._turn import TurnShoulders
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
    "Affine2d",
    "Affine2dParams",
    "AlignShoulders",
    "AlignSpine",
    "AxisMask",
    "AxisMaskParams",
    "BoneFactorParams",
    "BoxCrop",
    "BoxCropParams",
    "BoxNoise",
    "BoxNoiseParams",
    "BoxScale",
    "BoxScaleParams",
    "CameraParams",
    "CameraView",
    "CellMask",
    "CentralityMask",
    "CentreCropResize",
    "CentreEachPerson",
    "CentreOnJoint",
    "CentreOnStart",
    "CentreSegmentSample",
    "CentreWithTrajectory",
    "CheckFinite",
    "ChunkMaskParams",
    "CompactPose",
    "Compose",
    "ComposeParams",
    "CropParams",
    "CropReflect",
    "CropReflectParams",
    "CycleWarp",
    "Deterministic",
    "Downsample",
    "DropEmptyFrames",
    "DropFrames",
    "DropMovingFrames",
    "DropMovingFramesParams",
    "DropPerson",
    "DropPersonParams",
    "DropShortPersons",
    "DropUnsure",
    "DropWidePersons",
    "DuplicatePerson",
    "ElementDropout",
    "ElementMaskParams",
    "EqualSegments",
    "EvenSample",
    "FillFrames",
    "FillMasked",
    "FillMaskedParams",
    "FourierResample",
    "FrameMap",
    "FrameMask",
    "FrameMaskParams",
    "FrameNoise",
    "FrameNoiseParams",
    "FrameSpanMask",
    "FramesParams",
    "GaussianNoise",
    "ImpulseNoise",
    "ImpulseNoiseParams",
    "JoinPersons",
    "JointChunkMask",
    "JointFrameMask",
    "JointFrameMaskParams",
    "JointJitter",
    "JointJitterParams",
    "JointMap",
    "JointMask",
    "JointMaskParams",
    "JointNoise",
    "JointNoiseParams",
    "Lambda",
    "Mask",
    "MeanRelative",
    "MinMax",
    "Mirror",
    "MixAxes",
    "MixInTime",
    "MixInTimeParams",
    "MixOneOf",
    "MixOneOfParams",
    "MixRegions",
    "Mixed",
    "Mixer",
    "Mixup",
    "MixupParams",
    "MotionNoise",
    "MotionScale",
    "MotionScaleParams",
    "MotionTokenMask",
    "MoveParams",
    "MultiView",
    "NeighbourhoodMask",
    "NoiseParams",
    "OneOf",
    "OneOfParams",
    "Pad",
    "PartChunkMask",
    "PartMask",
    "PartnerParams",
    "RandomApply",
    "RandomDrift",
    "RandomMove",
    "RandomShift",
    "RandomWindow",
    "RegionParams",
    "RescaleBones",
    "ResizeFrames",
    "ResizeMix",
    "ResizeMotion",
    "Reverse",
    "ReverseParams",
    "Roll",
    "RollParams",
    "Rotate",
    "RotateMainAxis",
    "RotateView",
    "RotationParams",
    "SavitzkyGolay",
    "SavitzkyGolayParams",
    "Scale",
    "ScaleAxes",
    "ScaleLimbs",
    "ScaleParams",
    "SegmentSample",
    "Shear",
    "ShearParams",
    "Shuffle",
    "ShuffleParams",
    "SomeOf",
    "SomeOfParams",
    "SortByMotion",
    "SortPersons",
    "SortedSample",
    "Speed",
    "SpeedParams",
    "SwapPersons",
    "SwapPosture",
    "SwapPostureParams",
    "SwapViewpoint",
    "TemporalBlur",
    "TemporalBlurParams",
    "TemporalCropResize",
    "TokenMask",
    "TokenMaskParams",
    "TransferBones",
    "TransferLengths",
    "TransferMotion",
    "TransferPath",
    "TransferStatistics",
    "Transform",
    "Translate",
    "TranslationParams",
    "TubeTokenMask",
    "TubeTokenMaskParams",
    "TurnShoulders",
    "UniformSample",
    "UniformTokenMask",
    "UnitImage",
    "UnitScale",
    "Warp",
    "WarpParams",
    "WholeDegreeView",
    "WindowParams",
    "functional",
    "normal",
    "presets",
    "uniform",
]
