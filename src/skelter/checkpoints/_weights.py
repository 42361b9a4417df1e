"""Names of tensors here and in the reference, and loading by them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from skelter import _checks
from skelter.encoders import AGCN, HCN, BiGRU

# Parts of our names, and of theirs. A star is one of the three subsets of neighbours, which are
# convolutions of their own in the reference and one here.
NAMES = {
    BiGRU: {"gru.": "encoder.gru."},
    AGCN: {
        "input_norm": "data_bn",
        "graph.learned_adjacency": "gcn1.PA",
        "graph.theta": "gcn1.conv_a.*",
        "graph.phi": "gcn1.conv_b.*",
        "graph.project": "gcn1.conv_d.*",
        "graph.norm": "gcn1.bn",
        "graph.shortcut": "gcn1.down",
        "temporal.0": "tcn1.conv",
        "temporal.1": "tcn1.bn",
        "residual.0": "residual.conv",
        "residual.1": "residual.bn",
    },
    HCN: {
        "position.0": "conv1.0",
        "position.2": "conv2",
        "position.4": "conv3.0",
        "position.6": "conv4.0",
        "motion.0": "conv1m.0",
        "motion.2": "conv2m",
        "motion.4": "conv3m.0",
        "motion.6": "conv4m.0",
        "fusion.0": "conv5.0",
        "fusion.4": "conv6.0",
    },
}
HEAD = {"layers": "fc"}
SUBSETS = 3


def check_tensors(state_dict: Mapping[str, Any], what: str) -> dict[str, Tensor]:
    """Check a state dict, and return it without the prefix of data-parallel training."""
    mapping = isinstance(state_dict, Mapping)
    _checks.require(mapping, what, "map names to tensors", type(state_dict).__name__)
    others = [key for key, value in state_dict.items() if not isinstance(value, Tensor)]
    hint = "Of a whole checkpoint, pass checkpoint['state_dict']."
    _checks.require(
        not others, what, "map names to tensors", f"no tensors for {list_names(others)}", hint
    )
    return {key.removeprefix("module."): tensor for key, tensor in state_dict.items()}


def select_prefix(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors whose names start with a prefix, without it."""
    length = len(prefix)
    return {key[length:]: tensor for key, tensor in weights.items() if key.startswith(prefix)}


def list_names(names: Collection[str]) -> str:
    """Return the first names as a text, and how many there are."""
    shown = ", ".join(repr(name) for name in sorted(names, key=str)[:4])
    return f"{shown}, ... ({len(names)} in all)" if len(names) > 4 else shown or "none"


def load_weights(module: nn.Module, weights: Mapping[str, Tensor], what: str) -> None:
    """Load all tensors of an encoder or a head by the reference's names, and refuse others."""
    names = NAMES.get(type(module), HEAD)
    ours = module.state_dict()
    pieces = {name: _pieces(name, tensor, names) for name, tensor in ours.items()}
    shapes = {key: shape for piece in pieces.values() for key, shape in piece.items()}
    kind = type(module).__name__.removeprefix("_")
    whole = f"have the {len(shapes)} tensors of the reference's {kind}"
    missing, unknown = shapes.keys() - weights.keys(), weights.keys() - shapes.keys()
    _checks.require(not missing, what, whole, f"none for {list_names(missing)}", "Is it complete?")
    _checks.require(not unknown, what, f"{whole} and no others", list_names(unknown))
    for key, shape in shapes.items():
        came = tuple(weights[key].shape)
        _checks.require(came == shape, f"{key!r} of {what}", f"have shape {shape}", came)
    joined = {name: _join(name, [weights[key] for key in piece]) for name, piece in pieces.items()}
    module.load_state_dict(joined)


def _pieces(name: str, tensor: Tensor, names: Mapping[str, str]) -> dict[str, tuple[int, ...]]:
    """Return the tensors of the reference that make up one of ours, as shapes by name."""
    theirs = re.sub(r"blocks\.(\d+)", lambda match: f"l{int(match[1]) + 1}", name)
    for part, replacement in names.items():
        theirs = theirs.replace(part, replacement)
    if "*" not in theirs:
        return {theirs: tuple(tensor.shape)}
    parts: Sequence[Tensor] = [tensor] * SUBSETS
    if not name.endswith("project.bias"):
        parts = tensor.chunk(SUBSETS, _axis(name))
    return {theirs.replace("*", str(s)): tuple(part.shape) for s, part in enumerate(parts)}


def _join(name: str, parts: Sequence[Tensor]) -> Tensor:
    """Make a tensor of ours: three convolutions are concatenated, their last biases summed."""
    if len(parts) == 1:
        return parts[0]
    if name.endswith("project.bias"):
        return torch.stack(list(parts)).sum(0)
    return torch.cat(list(parts), _axis(name))


def _axis(name: str) -> int:
    """Return the axis of concatenation: that of inputs where the convolutions are summed."""
    return 1 if name.endswith("project.weight") else 0
