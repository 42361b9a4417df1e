"""CTR-GCN, as its authors publish it. The graph is learned, so files have no constants."""

from __future__ import annotations

from skelter import _checks
from skelter.checkpoints.published._family import Clips, Family, Weights
from skelter.checkpoints.published._isc import BLOCKS
from skelter.encoders import CTRGCN


def _build(weights: Weights, clips: Clips) -> CTRGCN:
    V = weights.size("l1.gcn1.PA", 2)
    _checks.joint_count(weights.what, V, clips.layout)
    C = weights.size("l1.gcn1.convs.0.conv3.weight", 1)
    blocks = weights.count(r"l(\d+)\.")
    width = "l{}.gcn1.convs.0.conv3.weight"
    return CTRGCN(
        clips.layout,
        C,
        persons=max(1, weights.size("data_bn.weight", 0) // (V * C)),
        widths=[weights.size(width.format(number), 0) for number in range(1, blocks + 1)],
    )


CTRGCN_FAMILY = Family(
    "CTR-GCN",
    mark=r"^l1\.gcn1\.convs\.0\.conv1\.weight$",
    reads="graph",
    build=_build,
    names={
        **BLOCKS,
        r"^input_norm": "data_bn",
        r"graph\.learned_adjacency": "gcn1.PA",
        r"graph\.alpha": "gcn1.alpha",
        r"graph\.theta": "gcn1.convs.*.conv1",
        r"graph\.phi": "gcn1.convs.*.conv2",
        r"graph\.value": "gcn1.convs.*.conv3",
        r"graph\.relation": "gcn1.convs.*.conv4",
        r"graph\.norm": "gcn1.bn",
        r"graph\.shortcut": "gcn1.down",
        r"temporal\.project": "tcn1.branches.{0,1,2,3}.0",
        r"temporal\.entry_norm": "tcn1.branches.{0,1,2}.1",
        r"temporal\.dilated\.(\d)": r"tcn1.branches.\1.3.conv",
        r"temporal\.norm": "tcn1.branches.{0.3.bn,1.3.bn,2.4,3.1}",
        r"residual\.0": "residual.conv",
        r"residual\.1": "residual.bn",
    },
)
