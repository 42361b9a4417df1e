"""HiCo: the hierarchical encoder, with each of its three sequence encoders."""

from __future__ import annotations

from skelter.checkpoints.published._family import Clips, Family, Weights
from skelter.checkpoints.published._umurl import HEADS, POST_NORM, read_sizes
from skelter.encoders import HierarchicalEncoder

UNITS = {3: "gru", 4: "lstm"}  # by their number of gates
GRANULARITY = 4  # of the published encoders, where no head tells it
ENCODER = "hi_encoder.t_encoder"


def _hico(weights: Weights, clips: Clips) -> HierarchicalEncoder:
    width = weights.size("hi_encoder.t_embedding.0.weight", 0)
    return HierarchicalEncoder(
        clips.layout.num_joints,
        width,
        units=_units(weights),
        granularity=_granularity(weights, width),
        **read_sizes(weights, clips, "hi_encoder.?_embedding"),
    )


def _units(weights: Weights) -> str:
    if weights.find(r"t_encoder\.layers\."):
        return "transformer"
    matrix = f"{ENCODER}.weight_hh_l0"
    return UNITS.get(weights.size(matrix, 0) // weights.size(matrix, 1), "gru")


def _granularity(weights: Weights, width: int) -> int:
    """Return the number of levels, which the first layers of heads tell."""
    for name, vectors in (("td_proj.0.weight", 1), ("fc.weight", 2)):
        if name in weights:
            return max(1, weights.size(name, 1) // (vectors * width))
    return GRANULARITY


HICO = Family(
    "HiCo",
    mark=r"^hi_encoder\.t_embedding\.",
    reads="graph",
    build=_hico,
    names={
        rf"^{branch}\.{ours}": f"hi_encoder.{letter}_{theirs}"
        for branch, letter in (("temporal", "t"), ("spatial", "s"))
        for ours, theirs in (
            ("embedding", "embedding"),
            (r"downsampling\.conv", "downsample.conv.dw_conv"),
            (r"downsampling\.norm", "downsample.norm"),
            (r"encoder\.(attention|mlp|norm)", r"encoder.layers.0.\1"),
            ("encoder", "encoder"),
        )
    }
    | POST_NORM,
    heads=HEADS,
)
