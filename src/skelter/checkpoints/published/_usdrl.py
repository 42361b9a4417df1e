"""USDRL, and FoundSkelModel after it: both backbones of two branches."""

from __future__ import annotations

from typing import Any

from skelter import _checks
from skelter.checkpoints.published._family import Clips, Family, Weights
from skelter.checkpoints.published._umurl import HEADS, POST_NORM, check_sines, read_sizes
from skelter.encoders import DenseSTTransformer, STTransformer

BRANCHES = (("temporal", "t"), ("spatial", "s"))
EMBEDDINGS = {
    rf"^{branch}\.embedding": f"ske_emb.{letter}_embedding" for branch, letter in BRANCHES
} | {r"^spatial\.positions\.table": "spe"}


def _sizes(weights: Weights, clips: Clips) -> dict[str, Any]:
    """Return the arguments that both backbones share."""
    sizes = read_sizes(weights, clips, "ske_emb.?_embedding")
    tokens, M, V = weights.size("spe", 1), sizes["persons"], clips.layout.num_joints
    expected = f"have positions of {M} x {V} joints"
    _checks.require(tokens == M * V, weights.what, expected, tokens, "Pass layout=... of them.")
    return {"joints": V, "width": weights.size("ske_emb.t_embedding.0.weight", 0), **sizes}


def _sttr(weights: Weights, clips: Clips) -> STTransformer:
    depth = weights.count(r"t_tr\.layers\.(\d+)\.")
    return STTransformer(depth=depth, **_sizes(weights, clips))


def _dste(weights: Weights, clips: Clips) -> DenseSTTransformer:
    depth = weights.count(r"(t_tr\d*)\.")
    return DenseSTTransformer(depth=depth, **_sizes(weights, clips))


USDRL_STTR = Family(
    "USDRL STTR",
    mark=r"^(backbone\.)?t_tr\.layers\.",
    reads="graph",
    build=_sttr,
    names=EMBEDDINGS
    | {rf"^{branch}\.blocks": f"{letter}_tr.layers" for branch, letter in BRANCHES}
    | POST_NORM,
    heads=HEADS,
    constants=r"tpe\.pe",
    prefix="backbone.",
    check=check_sines("tpe.pe"),
)
USDRL_DSTE = Family(
    "USDRL DSTE",
    mark=r"^(backbone\.)?t_tr\.CA\.",
    reads="graph",
    build=_dste,
    names=EMBEDDINGS
    | {rf"^{branch}\.layers\.0\.": f"{letter}_tr." for branch, letter in BRANCHES}
    | {rf"^{branch}\.layers\.(\d+)\.": rf"{letter}_tr\1." for branch, letter in BRANCHES}
    | {
        r"\.attention\.qkv\.(\w+)": r".CA.attn.in_proj_\1",
        r"\.attention\.project": ".CA.attn.out_proj",
        r"\.convolution\.mix": ".CA.conv1",
        r"\.convolution\.": ".CA.",
        r"\.shift\.shift\.0": ".DSA.wt1",
        r"\.shift\.shift\.2": ".DSA.wt2",
        r"\.shift\.": ".DSA.",
        r"mlp\.0": "mlp.fc1",
        r"mlp\.2": "mlp.fc2",
    },
    heads=HEADS,
    constants=r"tpe\.pe",
    # One attention under two names.
    copies={r"(.*)\.DSA\.attn\.": r"\1.CA.attn."},
    prefix="backbone.",
    check=check_sines("tpe.pe"),
)
