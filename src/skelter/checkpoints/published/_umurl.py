"""UmURL: one transformer of three streams, and what it has in common with USDRL and HiCo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict

import torch
from torch import nn

from skelter import _checks
from skelter.checkpoints.published._family import Clips, Family, Weights
from skelter.encoders import MultiStreamTransformer

STREAMS = {"joint": "j", "bone": "b", "motion": "m"}
HEADS = r"fc\.|\w+_proj(ector)?\."
POST_NORM = {
    r"attention\.qkv\.(\w+)": r"self_attn.in_proj_\1",
    r"attention\.project": "self_attn.out_proj",
    r"mlp\.0": "linear1",
    r"mlp\.3": "linear2",
}


class Sizes(TypedDict):
    """The clips that an encoder of two branches reads, as its arguments."""

    in_channels: int
    persons: int
    frames: int


def read_sizes(weights: Weights, clips: Clips, embedding: str) -> Sizes:
    """Return the clips of two embeddings, that read M * V * C and T * C numbers.

    Args:
        weights: The tensors of an encoder.
        clips: The layout and the frames of its clips, which the products do not tell.
        embedding: The name of an embedding, with ``?`` for the letter of the branch.
    """
    first = (f"{embedding.replace('?', letter)}.0.weight" for letter in "ts")
    frame, joint = (weights.size(name, 1) for name in first)
    V, T = clips.layout.num_joints, clips.frames
    C = max(1, joint // T)
    _checks.require(
        joint == T * C and frame % (V * C) == 0,
        weights.what,
        f"read clips of {T} frames and {V} joints of {clips.layout.name}",
        f"{frame} numbers a frame and {joint} a joint",
        "Pass layout=... and frames=... as in training.",
    )
    return {"in_channels": C, "persons": frame // (V * C), "frames": T}


def check_sines(name: str) -> Callable[[nn.Module, Weights], None]:
    """Make a check that the positions of frames are the sines and cosines of the encoder."""

    def check(encoder: nn.Module, weights: Weights) -> None:
        temporal: Any = encoder.temporal
        ours = temporal.positions.table
        if name in weights:
            theirs = weights[name][:, : ours.shape[1]].to(ours)
            same = theirs.shape == ours.shape and torch.allclose(theirs, ours, atol=1e-4)
            expected = "be sines and cosines with base 10000"
            _checks.require(same, f"{name!r} of {weights.what}", expected, "other positions")

    return check


def _umurl(weights: Weights, clips: Clips) -> MultiStreamTransformer:
    embedding = "j_emb.?_embedding"
    return MultiStreamTransformer(
        clips.layout,
        weights.size("j_emb.t_embedding.0.weight", 0),
        depth=weights.count(r"ma_encoder\.t_tr\.layers\.(\d+)\."),
        **read_sizes(weights, clips, embedding),
    )


UMURL = Family(
    "UmURL",
    mark=r"^(backbone\.)?j_emb\.t_embedding\.",
    reads="graph",
    build=_umurl,
    names={
        rf"^{branch}\.{ours}": theirs
        for branch, letter in (("temporal", "t"), ("spatial", "s"))
        for ours, theirs in (
            *(
                (rf"embedding\.{stream}", f"{short}_emb.{letter}_embedding")
                for stream, short in STREAMS.items()
            ),
            ("fusion", f"mm_fusion.{letter}_fusion.0"),
            ("blocks", f"ma_encoder.{letter}_tr.layers"),
        )
    }
    | POST_NORM,
    heads=HEADS,
    constants=r"ma_encoder\.pe\.pe",
    prefix="backbone.",
    check=check_sines("ma_encoder.pe.pe"),
)
