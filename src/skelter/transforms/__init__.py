"""Augmentations and normalisation of skeleton clips, batched, with a draw for every clip.

Every transform is a module: ``y = transform(x, num_frames=n, generator=g)``. Its `sample` draws
parameters, its `transform` is pure, and a pure function of the same idea is in `functional`.
"""

from skelter.transforms import functional, presets
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
from skelter.transforms.masks._axis import AxisMask, AxisMaskParams
from skelter.transforms.masks._elements import CellMask, ElementDropout, ElementMaskParams
from skelter.transforms.masks._fill import FillMasked, FillMaskedParams
from skelter.transforms.masks._frames import (
    FrameMask,
    FrameMaskParams,
    FrameSpanMask,
    JointFrameMask,
    JointFrameMaskParams,
)
from skelter.transforms.masks._graph import CentralityMask, NeighbourhoodMask
from skelter.transforms.masks._jitter import JointJitter, JointJitterParams
from skelter.transforms.masks._joints import JointMask, JointMaskParams
from skelter.transforms.masks._parts import (
    ChunkMaskParams,
    JointChunkMask,
    PartChunkMask,
    PartMask,
)
from skelter.transforms.masks._removal import FrameDrop, FrameDropParams
from skelter.transforms.masks._tokens import (
    MotionTokenMask,
    TokenMask,
    TokenMaskParams,
    UniformTokenMask,
)
from skelter.transforms.masks._tubes import TubeTokenMask, TubeTokenMaskParams
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

__all__ = [
    "AlignShoulders",
    "AlignSpine",
    "AxisMask",
    "AxisMaskParams",
    "BoxNoise",
    "BoxNoiseParams",
    "CellMask",
    "CentralityMask",
    "CentreCropResize",
    "CentreOnJoint",
    "CheckFinite",
    "ChunkMaskParams",
    "Compose",
    "ComposeParams",
    "CropParams",
    "Deterministic",
    "ElementDropout",
    "ElementMaskParams",
    "FillFrames",
    "FillMasked",
    "FillMaskedParams",
    "FrameDrop",
    "FrameDropParams",
    "FrameMap",
    "FrameMask",
    "FrameMaskParams",
    "FrameNoise",
    "FrameNoiseParams",
    "FrameSpanMask",
    "GaussianNoise",
    "ImpulseNoise",
    "ImpulseNoiseParams",
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
    "MotionNoise",
    "MotionTokenMask",
    "MultiView",
    "NeighbourhoodMask",
    "NoiseParams",
    "OneOf",
    "OneOfParams",
    "PartChunkMask",
    "PartMask",
    "RandomApply",
    "SavitzkyGolay",
    "SavitzkyGolayParams",
    "Shear",
    "ShearParams",
    "SomeOf",
    "SomeOfParams",
    "TemporalBlur",
    "TemporalBlurParams",
    "TemporalCropResize",
    "TokenMask",
    "TokenMaskParams",
    "Transform",
    "TubeTokenMask",
    "TubeTokenMaskParams",
    "UniformTokenMask",
    "UnitScale",
    "functional",
    "normal",
    "presets",
    "uniform",
]
