"""ST-GCN: the original, and the encoders of most contrastive methods.

Statistics of an input norm may be slightly negative, as those of a joint that is always at the
origin: about -1e-12, far from the 1e-5 that the norm adds before it takes the root.
"""

from __future__ import annotations

import torch
from torch import nn

from skelter import _checks
from skelter.checkpoints.published._family import Clips, Family, Weights
from skelter.encoders import STGCN
from skelter.layouts import SkeletonLayout

STRATEGIES = ("st-gcn", "spatial", "spatial-configuration", "uniform", "distance")


def _build(weights: Weights, clips: Clips) -> STGCN:
    V = weights.size("A", 2)
    _checks.joint_count(weights.what, V, clips.layout)
    blocks = weights.count(r"st_gcn_networks\.(\d+)\.tcn\.2\.weight")
    block = "st_gcn_networks.{}.tcn.2.weight"
    return STGCN(
        clips.layout,
        weights.size("st_gcn_networks.0.gcn.conv.weight", 1),
        widths=[weights.size(block.format(number), 0) for number in range(max(blocks, 1))],
        adjacency=_strategy(weights, clips.layout),
    )


def _strategy(weights: Weights, layout: SkeletonLayout) -> str:
    """Return the strategy whose matrices are those of the weights."""
    graph = weights["A"].float()
    for strategy in STRATEGIES:
        own = layout.adjacency(strategy)
        if own.shape == graph.shape and torch.allclose(own, graph, atol=1e-6):
            return strategy
    _checks.require(
        False,
        f"the graph 'A' of {weights.what}",
        f"be that of layout {layout.name} by a strategy of `SkeletonLayout.adjacency`",
        f"{tuple(graph.shape)} with other edges",
        "Pass the layout whose bones it has.",
    )
    raise AssertionError


def _refuse_negative(encoder: nn.Module, weights: Weights) -> None:
    """Refuse variances that make a norm divide by nothing: below -eps."""
    for name in weights.find(r"running_var$"):
        least = float(weights[name].min())
        fits = least > -1e-6
        _checks.require(fits, f"{name!r} of {weights.what}", "be variances", least)


STGCN_FAMILY = Family(
    "ST-GCN",
    mark=r"^st_gcn_networks\.0\.gcn\.conv\.weight$",
    reads="graph",
    build=_build,
    names={
        r"^input_norm": "data_bn",
        r"^blocks\.(\d+)\.graph\.edge_importance": r"edge_importance.\1",
        r"^blocks\.(\d+)\.": r"st_gcn_networks.\1.",
        r"graph\.project": "gcn.conv",
        r"(\d)\.norm": r"\1.tcn.0",
        r"temporal\.0": "tcn.2",
        r"temporal\.1": "tcn.3",
    },
    heads=r"(fc|fcn)\.",
    constants="A",
    frames=50,
    check=_refuse_negative,
)
