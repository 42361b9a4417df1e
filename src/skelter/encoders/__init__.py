"""Encoders of each representation, without heads, and the projection head.

An encoder is any ``nn.Module`` with ``feature_dim`` whose call maps a representation to features
``(N, feature_dim)``; nothing has to be inherited.
"""

from skelter.encoders import functional
from skelter.encoders._agcn import AGCN
from skelter.encoders._bigru import BiGRU
from skelter.encoders._ctrgcn import CTRGCN
from skelter.encoders._dense_st_transformer import DenseSTTransformer
from skelter.encoders._frame_transformer import FrameTransformer
from skelter.encoders._hcn import HCN
from skelter.encoders._heads import ProjectionHead
from skelter.encoders._hierarchical import HierarchicalEncoder, Levels
from skelter.encoders._initialise import initialise_normal
from skelter.encoders._multi_stream import MultiStreamTransformer
from skelter.encoders._skeleton_decoder import SkeletonDecoder
from skelter.encoders._skeleton_transformer import SkeletonTransformer
from skelter.encoders._st_transformer import STTransformer
from skelter.encoders._stgcn import STGCN
from skelter.encoders._tcn import TCN

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
]
