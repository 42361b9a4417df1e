"""MAMP, and masked autoencoders of its form: transformers over patches of single joints."""

from __future__ import annotations

from collections.abc import Mapping

from einops import rearrange, reduce
from torch import Tensor, nn

from skelter import _checks
from skelter.checkpoints._weights import list_names, select_prefix
from skelter.checkpoints.published._family import Clips, Family, Weights
from skelter.checkpoints.published._loading import load_encoder_weights
from skelter.encoders import SkeletonDecoder, SkeletonTransformer
from skelter.layouts import SkeletonLayout

HEAD_WIDTH = 32  # of all published models; weights do not tell how many heads share a width
BLOCK = {
    r"attention\.qkv": "attn.qkv",
    r"attention\.project": "attn.proj",
    r"mlp\.0": "mlp.fc1",
    r"mlp\.2": "mlp.fc2",
}


def _encoder(weights: Weights, clips: Clips) -> SkeletonTransformer:
    _checks.joint_count(weights.what, weights.size("pos_embed", 2), clips.layout)
    width = weights.size("joints_embed.proj.weight", 0)
    patch_frames = weights.size("joints_embed.proj.weight", 2)
    return SkeletonTransformer(
        clips.layout,
        weights.size("joints_embed.proj.weight", 1),
        frames=patch_frames * weights.size("temp_embed", 1),
        patch_frames=patch_frames,
        width=width,
        depth=weights.count(r"blocks\.(\d+)\."),
        heads=_heads(width),
    )


MAMP = Family(
    "MAMP",
    mark=r"^joints_embed\.proj\.",
    reads="graph",
    build=_encoder,
    names={
        r"^patch_embedding": "joints_embed.proj",
        r"^temporal_positions": "temp_embed",
        r"^joint_positions": "pos_embed",
        **BLOCK,
    },
    heads=r"head\.|decoder_|mask_token",
    frames=120,
    normalisation="ctrgcn_normalise",
)


def _decoder(weights: Weights, clips: Clips) -> SkeletonDecoder:
    _checks.joint_count(weights.what, weights.size("decoder_pos_embed", 2), clips.layout)
    width = weights.size("decoder_embed.weight", 0)
    return SkeletonDecoder(
        clips.layout,
        weights.size("decoder_embed.weight", 1),
        out_dim=weights.size("decoder_pred.weight", 0),
        patches=weights.size("decoder_temp_embed", 1),
        width=width,
        depth=weights.count(r"decoder_blocks\.(\d+)\."),
        heads=_heads(width),
    )


DECODER = Family(
    "MAMP decoder",
    mark=r"^decoder_embed\.",
    reads="graph",
    build=_decoder,
    names={
        r"^embedding": "decoder_embed",
        r"^temporal_positions": "decoder_temp_embed",
        r"^joint_positions": "decoder_pos_embed",
        r"^blocks": "decoder_blocks",
        r"^norm": "decoder_norm",
        r"^predict": "decoder_pred",
        **BLOCK,
    },
    heads=r"(?!decoder_|mask_token)",
)


def build_decoder(
    weights: Mapping[str, Tensor], what: str, layout: SkeletonLayout
) -> SkeletonDecoder:
    """Build the decoder of a pre-training, and load its weights.

    Raises:
        ValueError: There is none, or its tensors contradict each other or the layout.
    """
    there = DECODER.fits(weights)
    hint = "Files of a linear probe or a fine-tuning have none."
    _checks.require(there, what, "have a decoder of MAMP", list_names(weights), hint)
    named = Weights(weights, what)
    decoder = _decoder(named, Clips(layout))
    load_encoder_weights(decoder, DECODER, named)
    return decoder


def build_classifier(weights: Mapping[str, Tensor], what: str) -> nn.Module:
    """Build the classifier of a linear probe or of a fine-tuning, and load its weights.

    Raises:
        ValueError: There is none, or its tensors contradict each other.
    """
    own = select_prefix(weights, "head.")
    head = Weights(own, f"the head of {what}")
    _checks.require(len(own) > 0, what, "have a head", list_names(weights))
    if "fc1.weight" in own:
        width = weights["pos_embed"].shape[-1]
        joints = head.size("fc1.weight", 1) // width
        return _load(JointClassifier(width, joints, *_sizes(head, "fc1", "fc2")), own, head.what)
    if "fc.1.weight" in own:
        classes, width = tuple(own["fc.1.weight"].shape)
        probe = nn.Sequential(
            nn.BatchNorm1d(width, eps=1e-6, affine=False), nn.Linear(width, classes)
        )
        return _load(probe, select_prefix(own, "fc."), head.what)
    linear = nn.Linear(head.size("fc.weight", 1), head.size("fc.weight", 0))
    return _load(linear, select_prefix(own, "fc."), head.what)


class JointClassifier(nn.Module):
    """The classifier of published fine-tuning, which keeps joints apart.

    It reads the map of a `SkeletonTransformer`, ``feature_map(x)`` (N, D, T / P, V, M). Tokens are
    averaged over frames, joints follow each other, persons are averaged, and two linear layers
    with a batch norm between them give the logits. Some numbers of tokens are dropped in training.

    Args:
        width: Size D of the tokens.
        joints: Joints V.
        hidden: Size of the hidden layer.
        classes: Number of classes.
        dropout: Chance that a number of a token is dropped in training.
    """

    def __init__(
        self, width: int, joints: int, hidden: int, classes: int, *, dropout: float = 0.3
    ) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.fc1 = nn.Linear(joints * width, hidden)
        self.bn = nn.BatchNorm1d(hidden)
        self.fc2 = nn.Linear(hidden, classes)

    def forward(self, feature_map: Tensor) -> Tensor:
        """Return logits (N, classes) of maps (N, D, T / P, V, M)."""
        x = reduce(self.dropout(feature_map), "n d t v m -> n d v m", "mean")
        x = reduce(rearrange(x, "n d v m -> n m (v d)"), "n m d -> n d", "mean")
        logits: Tensor = self.fc2(self.bn(self.fc1(x)).relu())
        return logits


def _heads(width: int) -> int:
    return max(1, width // HEAD_WIDTH)


def _sizes(weights: Weights, *layers: str) -> list[int]:
    return [weights.size(f"{layer}.weight", 0) for layer in layers]


def _load(head: nn.Module, weights: Mapping[str, Tensor], what: str) -> nn.Module:
    """Load all tensors of a head, and refuse others."""
    ours = head.state_dict()
    counted = {name for name in ours if name.endswith("num_batches_tracked")}
    missing, unknown = ours.keys() - weights.keys() - counted, weights.keys() - ours.keys()
    whole = f"have the tensors {list_names(ours)}"
    _checks.require(not missing, what, whole, f"none for {list_names(missing)}", "Is it complete?")
    _checks.require(not unknown, what, f"{whole} and no others", list_names(unknown))
    for name, tensor in weights.items():
        shape, came = tuple(ours[name].shape), tuple(tensor.shape)
        _checks.require(came == shape, f"{name!r} of {what}", f"have shape {shape}", came)
    head.load_state_dict({**ours, **weights})
    return head
