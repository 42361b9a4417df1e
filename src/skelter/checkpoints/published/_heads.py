"""Heads from published weights: layers that are numbered as in a sequence of modules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from torch import Tensor

from skelter import _checks
from skelter.checkpoints._weights import list_names
from skelter.checkpoints.published._family import Weights
from skelter.encoders import ProjectionHead


def build_head(weights: Mapping[str, Tensor], what: str, name: str = "fc") -> ProjectionHead:
    """Build and load a head: linear layers, or convolutions of one, with or without batch norms.

    Args:
        weights: The tensors of a network.
        what: What messages call them.
        name: The name of the head among them. Where there is no ``"fc"``, it stands for
            ``"fcn"``, the classifier of ST-GCN.

    Raises:
        ValueError: There is no such head, or its tensors are not those of a `ProjectionHead`.
    """
    if name == "fc" and not _select(weights, name) and _select(weights, "fcn"):
        name = "fcn"
    own = Weights(_select(weights, name), what)
    layers = _numbered(own, name)
    linear = [layer for layer in layers if own[f"{layer}.weight"].ndim == 2]
    norm = "batch" if any(layer not in linear for layer in layers[:-1]) else None
    expected = f"have a head {name!r} of linear layers"
    _checks.require(len(linear) > 0, what, expected, list_names(weights), "Is it complete?")
    head = ProjectionHead(
        own.size(f"{linear[0]}.weight", 1),
        own.size(f"{linear[0]}.weight", 0) if len(linear) > 1 else None,
        own.size(f"{linear[-1]}.weight", 0),
        layers=len(linear),
        norm=norm,
        last="bias" if norm is None or f"{linear[-1]}.bias" in own else "no-bias",
    )
    load_head_weights(head, weights, what, name)
    return head


def load_head_weights(
    head: ProjectionHead, weights: Mapping[str, Tensor], what: str, name: str = "fc"
) -> None:
    """Load all tensors of a head by their published names, and refuse others."""
    ours, theirs = head.state_dict(), _select(weights, name)
    pairs = zip(_numbered(ours, "layers"), _numbered(theirs, name), strict=False)
    names = dict(pairs)  # of the modules, in their order
    expected = {
        re.sub(r"(.*)\.", lambda found: f"{names.get(found[1], found[1])}.", key): key
        for key in ours
    }
    whole = f"have the {len(ours)} tensors of the head {name!r}"
    theirs = _without_idle_biases(theirs, expected.keys())
    missing, unknown = expected.keys() - theirs.keys(), theirs.keys() - expected.keys()
    _checks.require(not missing, what, whole, f"none for {list_names(missing)}", "Is it complete?")
    _checks.require(not unknown, what, f"{whole} and no others", list_names(unknown))
    for key, own in expected.items():
        shape, came = tuple(ours[own].shape), tuple(theirs[key].shape)
        _checks.require(came == shape, f"{key!r} of {what}", f"have shape {shape}", came)
    head.load_state_dict({own: theirs[key] for key, own in expected.items()})


def _select(weights: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    """Return the tensors of a head, with kernels of one as matrices."""
    own = {key: tensor for key, tensor in weights.items() if key.startswith(f"{name}.")}
    return {key: tensor.flatten(1) if tensor.ndim > 2 else tensor for key, tensor in own.items()}


def _numbered(names: Iterable[str], head: str) -> list[str]:
    """Return the names of the modules of a head that have tensors, in their order."""
    pattern = rf"({re.escape(head)}(?:\.\d+)*)\.(?:weight|bias)"
    found = {match[1] for name in names if (match := re.fullmatch(pattern, name))}
    return sorted(found, key=lambda name: [int(part) for part in name.split(".") if part.isdigit()])


def _without_idle_biases(
    theirs: Mapping[str, Tensor], expected: Iterable[str]
) -> dict[str, Tensor]:
    """Move a bias that a batch norm subtracts again into the mean that it subtracts."""
    out, known = dict(theirs), set(expected)
    for name in theirs:
        place, _, end = name.rpartition(".")
        stem, _, number = place.rpartition(".")
        mean = f"{stem}.{int(number) + 1}.running_mean" if number.isdigit() else ""
        if end == "bias" and name not in known and mean in out:
            out[mean] = out[mean] - out.pop(name)
    return out
