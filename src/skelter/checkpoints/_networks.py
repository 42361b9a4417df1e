"""Encoders and heads from weights in the reference's layout."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from skelter import _checks
from skelter.checkpoints._sources import refuse_own
from skelter.checkpoints._weights import check_tensors, list_names, load_weights, select_prefix
from skelter.encoders import AGCN, HCN, BiGRU, ProjectionHead
from skelter.layouts import NTU25, SkeletonLayout

MARKS = {"encoder.gru.": BiGRU, "l1.gcn1.": AGCN, "conv1.": HCN}
STATE = "`state_dict`"


def encoder_from_reference(
    state_dict: Mapping[str, Any],
    *,
    layout: SkeletonLayout = NTU25,
    persons: int = 2,
    frames: int = 64,
) -> BiGRU | AGCN | HCN:
    """Build the encoder whose weights these are, and load them.

    The reference's GRU, 2s-AGCN and HCN are told apart by the names of their tensors and sized by
    the shapes. The head (``fc``) is left out: `head_from_reference` builds it.

    Args:
        state_dict: Tensors by the reference's names, with or without ``module.`` before them.
        layout: The skeleton of an AGCN, which its weights do not tell.
        persons: Persons M of a clip for an HCN, whose weights do not tell.
        frames: Frames T of a clip for an HCN, whose weights do not tell.

    Returns:
        A `BiGRU` (forward pair), an `AGCN` or an `HCN`.

    Raises:
        ValueError: Tensors are missing, unknown, or of sizes that do not fit each other or the
            layout.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021

    Example:
        >>> gru = BiGRU(60, 32).state_dict()
        >>> published = {f"module.encoder.{name}": tensor for name, tensor in gru.items()}
        >>> encoder_from_reference(published).feature_dim
        64
    """
    if isinstance(state_dict, Mapping):
        refuse_own(state_dict, STATE)
    weights = check_tensors(state_dict, STATE)
    return build_encoder(weights, STATE, layout=layout, persons=persons, frames=frames)


def head_from_reference(state_dict: Mapping[str, Any]) -> nn.Module:
    """Build the head whose weights these are, and load them.

    Args:
        state_dict: Tensors by the reference's names. Those that are not ``fc`` are left out.

    Returns:
        A `ProjectionHead`, or a linear layer if it was trained without the hidden one. Either has
        ``out_dim``.

    Raises:
        ValueError: Tensors are missing, unknown, or of sizes that do not fit each other.

    Example:
        >>> head = nn.Linear(64, 128)
        >>> published = {f"fc.{name}": tensor for name, tensor in head.state_dict().items()}
        >>> head_from_reference(published).out_dim
        128
    """
    return build_head(check_tensors(state_dict, STATE), STATE)


def kind_of(weights: Mapping[str, Tensor], what: str) -> type[BiGRU | AGCN | HCN]:
    """Return the encoder that tensors belong to."""
    for mark, kind in MARKS.items():
        if select_prefix(weights, mark):
            return kind
    raise ValueError(
        f"{what} must have tensors of the reference's GRU, 2s-AGCN or HCN, whose names begin with "
        f"{', '.join(MARKS)}; got {list_names(weights)}. Of a whole checkpoint, `from_reference` "
        "makes a method."
    )


def build_encoder(
    weights: Mapping[str, Tensor],
    what: str,
    *,
    layout: SkeletonLayout,
    persons: int,
    frames: int,
) -> BiGRU | AGCN | HCN:
    """Build and load an encoder. `what` stands for the weights in messages."""
    kind = kind_of(weights, what)
    encoder: BiGRU | AGCN | HCN
    if kind is BiGRU:
        encoder = _bigru(weights, what)
    elif kind is AGCN:
        encoder = _agcn(weights, what, layout)
    else:
        encoder = _hcn(weights, what, persons, frames)
    load_weights(encoder, drop_head(weights), what)
    return encoder


def build_head(weights: Mapping[str, Tensor], what: str) -> ProjectionHead | _LinearHead:
    """Build and load a head. `what` stands for the weights in messages."""
    own = select_head(weights)
    head: ProjectionHead | _LinearHead
    if "fc.weight" in own:
        head = _LinearHead(_size(own, what, "fc.weight", 1), _size(own, what, "fc.weight", 0))
    else:
        head = ProjectionHead(
            _size(own, what, "fc.0.weight", 1),
            _size(own, what, "fc.0.weight", 0),
            _size(own, what, "fc.2.weight", 0),
        )
    load_weights(head, own, what)
    return head


def select_head(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of the head."""
    return {key: tensor for key, tensor in weights.items() if key.startswith("fc.")}


def drop_head(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of the encoder."""
    return {key: tensor for key, tensor in weights.items() if not key.startswith("fc.")}


class _LinearHead(nn.Module):
    """A head without a hidden layer."""

    def __init__(self, in_dim: int, out_dim: int) -> None:
        super().__init__()
        self.out_dim = out_dim
        self.layers = nn.Linear(in_dim, out_dim)

    def forward(self, features: Tensor) -> Tensor:
        embeddings: Tensor = self.layers(features)
        return embeddings


def _bigru(weights: Mapping[str, Tensor], what: str) -> BiGRU:
    return BiGRU(
        _size(weights, what, "encoder.gru.weight_ih_l0", 1),
        _size(weights, what, "encoder.gru.weight_hh_l0", 1),
        layers=_count(weights, r"encoder\.gru\..*_l(\d+)"),
    )


def _agcn(weights: Mapping[str, Tensor], what: str, layout: SkeletonLayout) -> AGCN:
    V = _size(weights, what, "l1.gcn1.PA", 2)
    _checks.joint_count(what, V, layout)
    C = _size(weights, what, "l1.gcn1.conv_a.0.weight", 1)
    blocks = _count(weights, r"l(\d+)\.")
    return AGCN(
        layout,
        C,
        persons=max(1, _size(weights, what, "data_bn.weight", 0) // (V * C)),
        widths=[_size(weights, what, f"l{i}.tcn1.conv.weight", 0) for i in range(1, blocks + 1)],
    )


def _hcn(weights: Mapping[str, Tensor], what: str, persons: int, frames: int) -> HCN:
    return HCN(
        _size(weights, what, "conv3.0.weight", 1),
        persons,
        frames=frames,
        channels=_size(weights, what, "conv1.0.weight", 0),
        in_channels=_size(weights, what, "conv1.0.weight", 1),
    )


def _size(weights: Mapping[str, Tensor], what: str, key: str, axis: int) -> int:
    """Return a size of the network."""
    _checks.require(key in weights, what, f"have {key!r}", list_names(weights), "Is it complete?")
    shape = tuple(weights[key].shape)
    fits = len(shape) > axis and shape[axis] > 0
    _checks.require(fits, f"{key!r} of {what}", f"have a size on axis {axis}", shape)
    return shape[axis]


def _count(weights: Mapping[str, Tensor], pattern: str) -> int:
    """Return how many layers have a tensor."""
    return len({found[1] for key in weights if (found := re.match(pattern, key))})
