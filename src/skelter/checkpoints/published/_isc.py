"""The three encoders of the reference implementation of inter-skeleton contrast."""

from __future__ import annotations

from skelter import _checks
from skelter.checkpoints.published._family import Clips, Family, Weights
from skelter.encoders import AGCN, HCN, BiGRU


def _bigru(weights: Weights, clips: Clips) -> BiGRU:
    return BiGRU(
        weights.size("encoder.gru.weight_ih_l0", 1),
        weights.size("encoder.gru.weight_hh_l0", 1),
        layers=weights.count(r"encoder\.gru\..*_l(\d+)"),
    )


def _agcn(weights: Weights, clips: Clips) -> AGCN:
    V = weights.size("l1.gcn1.PA", 2)
    _checks.joint_count(weights.what, V, clips.layout)
    C = weights.size("l1.gcn1.conv_a.0.weight", 1)
    blocks = weights.count(r"l(\d+)\.")
    return AGCN(
        clips.layout,
        C,
        persons=max(1, weights.size("data_bn.weight", 0) // (V * C)),
        widths=[weights.size(f"l{i}.tcn1.conv.weight", 0) for i in range(1, blocks + 1)],
    )


def _hcn(weights: Weights, clips: Clips) -> HCN:
    return HCN(
        weights.size("conv3.0.weight", 1),
        clips.persons,
        frames=clips.frames,
        channels=weights.size("conv1.0.weight", 0),
        in_channels=weights.size("conv1.0.weight", 1),
    )


BLOCKS = {rf"^blocks\.{number}\.": f"l{number + 1}." for number in reversed(range(99))}
GRU = Family(
    "GRU",
    mark=r"^encoder\.gru\.",
    reads="sequence",
    build=_bigru,
    names={r"^gru\.": "encoder.gru."},
)
TWO_STREAM_AGCN = Family(
    "2s-AGCN",
    mark=r"^l1\.gcn1\.(conv_a|PA)",
    reads="graph",
    build=_agcn,
    names={
        **BLOCKS,
        r"^input_norm": "data_bn",
        r"graph\.learned_adjacency": "gcn1.PA",
        r"graph\.theta": "gcn1.conv_a.*",
        r"graph\.phi": "gcn1.conv_b.*",
        r"graph\.project": "gcn1.conv_d.+",
        r"graph\.norm": "gcn1.bn",
        r"graph\.shortcut": "gcn1.down",
        r"temporal\.0": "tcn1.conv",
        r"temporal\.1": "tcn1.bn",
        r"residual\.0": "residual.conv",
        r"residual\.1": "residual.bn",
    },
)
HIERARCHICAL_CNN = Family(
    "HCN",
    mark=r"^conv1\.0\.",
    reads="image",
    build=_hcn,
    names={
        r"^position\.0": "conv1.0",
        r"^position\.2": "conv2",
        r"^position\.4": "conv3.0",
        r"^position\.6": "conv4.0",
        r"^motion\.0": "conv1m.0",
        r"^motion\.2": "conv2m",
        r"^motion\.4": "conv3m.0",
        r"^motion\.6": "conv4m.0",
        r"^fusion\.0": "conv5.0",
        r"^fusion\.4": "conv6.0",
    },
)
