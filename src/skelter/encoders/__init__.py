"""Encoders of each representation, without heads, and the projection head.

An encoder is any ``nn.Module`` with ``feature_dim`` whose call maps a representation to features
``(N, feature_dim)``; nothing has to be inherited.
"""

from skelter.encoders import functional, presets
from skelter.encoders._hcn import HCN
from skelter.encoders._heads import ProjectionHead
from skelter.encoders._initialise import initialise_normal
from skelter.encoders.branches._dense_st_transformer import DenseSTTransformer
from skelter.encoders.branches._hierarchical import HierarchicalEncoder, Levels
from skelter.encoders.branches._multi_stream import MultiStreamTransformer
from skelter.encoders.branches._st_transformer import STTransformer
from skelter.encoders.graphs._agcn import AGCN
from skelter.encoders.graphs._ctrgcn import CTRGCN
from skelter.encoders.graphs._stgcn import STGCN
from skelter.encoders.sequences._bigru import BiGRU
from skelter.encoders.sequences._frame_transformer import FrameTransformer
from skelter.encoders.sequences._tcn import TCN
from skelter.encoders.tokens._skeleton_decoder import SkeletonDecoder
from skelter.encoders.tokens._skeleton_transformer import SkeletonTransformer

__all__ = [
    "AGCN",
    "CTRGCN",
    "HCN",
    "STGCN",
    "TCN",
    "BiGRU",
    "DenseSTTransformer",
    "FrameTransformer",
    "HierarchicalEncoder",
    "Levels",
    "MultiStreamTransformer",
    "ProjectionHead",
    "STTransformer",
    "SkeletonDecoder",
    "SkeletonTransformer",
    "functional",
    "initialise_normal",
    "presets",
]
