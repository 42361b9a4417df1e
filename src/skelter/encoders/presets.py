"""Encoders at the sizes that papers published, for any layout.

Each function builds one encoder with new weights, started as the method starts it. Published
weights are loaded by `skelter.checkpoints.PublishedFile`.
"""

from __future__ import annotations

from skelter.encoders._hcn import HCN
from skelter.encoders._initialise import initialise_normal
from skelter.encoders.branches._dense_st_transformer import DenseSTTransformer
from skelter.encoders.branches._hierarchical import HierarchicalEncoder
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
from skelter.layouts import NTU25, SkeletonLayout

__all__ = [
    "cmd",
    "crosclr",
    "ctrgcn",
    "hico",
    "hysp",
    "isc_graph",
    "isc_image",
    "isc_sequence",
    "mamp",
    "mamp_decoder",
    "skelemix",
    "small_tcn",
    "small_transformer",
    "stgcn",
    "umurl",
    "usdrl",
    "usdrl_dense",
]


def _numbers(layout: SkeletonLayout, persons: int) -> int:
    """Return the numbers of a frame, V * C * M."""
    return layout.num_joints * layout.dimensions * persons


def isc_sequence(layout: SkeletonLayout = NTU25, persons: int = 2) -> BiGRU:
    """Build the sequence encoder of inter-skeleton contrast, 2048 features.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021

    Example:
        >>> isc_sequence().feature_dim
        2048
    """
    return BiGRU(_numbers(layout, persons))


def isc_graph(layout: SkeletonLayout = NTU25, persons: int = 2) -> AGCN:
    """Build the graph encoder of inter-skeleton contrast, one stream of 2s-AGCN, 256 features.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021; Shi et al., CVPR 2019

    Example:
        >>> isc_graph().feature_dim
        256
    """
    return AGCN(layout, layout.dimensions, persons=persons)


def isc_image(layout: SkeletonLayout = NTU25, persons: int = 2, frames: int = 64) -> HCN:
    """Build the image encoder of inter-skeleton contrast, 4096 features at 64 frames.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021; Li et al., IJCAI 2018

    Example:
        >>> isc_image().feature_dim
        4096
    """
    return HCN(layout.num_joints, persons, frames=frames, in_channels=layout.dimensions)


def stgcn(layout: SkeletonLayout = NTU25) -> STGCN:
    """Build the original ST-GCN, 256 features.

    References:
        Yan et al., AAAI 2018

    Example:
        >>> stgcn().feature_dim
        256
    """
    encoder = STGCN(layout, layout.dimensions, widths=[64] * 4 + [128] * 3 + [256] * 3)
    initialise_normal(encoder)
    return encoder


def crosclr(layout: SkeletonLayout = NTU25) -> STGCN:
    """Build the ST-GCN of a quarter of the width, 256 features, that contrastive methods train.

    SkeletonCLR, CrosSCLR, AimCLR, AimCLR++ and ActCLR start it so. PSTL has the same sizes.

    References:
        Li et al., CrosSCLR, CVPR 2021

    Example:
        >>> sum(w.numel() for w in crosclr().parameters())
        821380
    """
    encoder = STGCN(layout, layout.dimensions)
    initialise_normal(encoder)
    return encoder


def skelemix(layout: SkeletonLayout = NTU25) -> STGCN:
    """Build the ST-GCN of SkeleMixCLR, which has the graph of 2s-AGCN, 256 features.

    References:
        Chen et al., SkeleMixCLR, 2022

    Example:
        >>> skelemix().adjacency
        'spatial'
    """
    encoder = STGCN(layout, layout.dimensions, adjacency="spatial")
    initialise_normal(encoder)
    return encoder


def hysp(layout: SkeletonLayout = NTU25) -> STGCN:
    """Build the ST-GCN of HYSP, 1024 features.

    References:
        Franco et al., HYSP, ICLR 2023

    Example:
        >>> hysp().feature_dim
        1024
    """
    widths = [64] * 4 + [128] * 3 + [256] * 2 + [1024]
    return STGCN(layout, layout.dimensions, widths=widths)


def ctrgcn(layout: SkeletonLayout = NTU25, persons: int = 2) -> CTRGCN:
    """Build the CTR-GCN, 256 features.

    References:
        Chen et al., CTR-GCN, ICCV 2021

    Example:
        >>> ctrgcn().feature_dim
        256
    """
    return CTRGCN(layout, layout.dimensions, persons=persons)


def cmd(layout: SkeletonLayout = NTU25, persons: int = 2) -> BiGRU:
    """Build the sequence encoder of CMD, HaLP and PCM3, with a norm of its input, 2048 features.

    References:
        Mao et al., CMD, ECCV 2022

    Example:
        >>> cmd().input_norm
        True
    """
    return BiGRU(_numbers(layout, persons), input_norm=True)


def mamp(layout: SkeletonLayout = NTU25, frames: int = 120) -> SkeletonTransformer:
    """Build the encoder of MAMP, 8 blocks of width 256.

    References:
        Mao et al., MAMP, ICCV 2023

    Example:
        >>> sum(w.numel() for w in mamp().parameters())
        6336000
    """
    return SkeletonTransformer(layout, layout.dimensions, frames=frames)


def mamp_decoder(
    layout: SkeletonLayout = NTU25, frames: int = 120, depth: int = 5
) -> SkeletonDecoder:
    """Build the decoder of MAMP's pre-training.

    Args:
        layout: That of the encoder.
        frames: Those of the encoder.
        depth: Blocks: 5 on NTU-120 and PKU-MMD, 3 on NTU-60.

    References:
        Mao et al., MAMP, ICCV 2023

    Example:
        >>> len(mamp_decoder(depth=3).blocks)
        3
    """
    return SkeletonDecoder.for_encoder(mamp(layout, frames), depth=depth)


def umurl(layout: SkeletonLayout = NTU25, persons: int = 2) -> MultiStreamTransformer:
    """Build the encoder of UmURL for joints, bones and motion together, 2048 features.

    References:
        Sun et al., UmURL, ACM MM 2023

    Example:
        >>> umurl().feature_dim
        2048
    """
    return MultiStreamTransformer(layout, in_channels=layout.dimensions, persons=persons)


def usdrl(layout: SkeletonLayout = NTU25, persons: int = 2) -> STTransformer:
    """Build the STTR backbone of USDRL, 2048 features.

    References:
        Weng et al., USDRL, AAAI 2025

    Example:
        >>> usdrl().feature_dim
        2048
    """
    return STTransformer(layout.num_joints, in_channels=layout.dimensions, persons=persons)


def usdrl_dense(layout: SkeletonLayout = NTU25, persons: int = 2) -> DenseSTTransformer:
    """Build the DSTE backbone of USDRL, 2048 features.

    References:
        Weng et al., USDRL, AAAI 2025

    Example:
        >>> usdrl_dense().feature_dim
        2048
    """
    return DenseSTTransformer(layout.num_joints, in_channels=layout.dimensions, persons=persons)


def hico(
    layout: SkeletonLayout = NTU25, persons: int = 2, units: str = "transformer"
) -> HierarchicalEncoder:
    """Build the encoder of HiCo, 4096 features.

    Args:
        layout: The layout of the clips.
        persons: Persons M of a clip.
        units: ``"gru"``, ``"lstm"`` or ``"transformer"``.

    References:
        Dong et al., HiCo, AAAI 2023

    Example:
        >>> hico(units="gru").feature_dim
        4096
    """
    return HierarchicalEncoder(
        layout.num_joints, in_channels=layout.dimensions, persons=persons, units=units
    )


def small_tcn(layout: SkeletonLayout = NTU25, persons: int = 2) -> TCN:
    """Build the temporal convolutions for small sets, 128 features.

    Example:
        >>> small_tcn().feature_dim
        128
    """
    return TCN(_numbers(layout, persons))


def small_transformer(
    layout: SkeletonLayout = NTU25, persons: int = 2, frames: int = 32
) -> FrameTransformer:
    """Build the transformer over frames for small sets, 64 features.

    Example:
        >>> small_transformer().feature_dim
        64
    """
    return FrameTransformer(_numbers(layout, persons), frames=frames)
