"""Loading of published weights: every tensor, by its name, or a sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from skelter import _checks
from skelter.checkpoints._weights import list_names
from skelter.checkpoints.published._family import Family, Weights


def load_encoder_weights(encoder: nn.Module, family: Family, weights: Weights) -> None:
    """Load all tensors of an encoder by their published names, and refuse others."""
    what, theirs = weights.what, family.of_encoder(weights)
    ours = encoder.state_dict()
    pieces = {name: _pieces(name, tensor, family) for name, tensor in ours.items()}
    shapes = {key: shape for piece in pieces.values() for key, shape in piece.items()}
    whole = f"have the {len(shapes)} tensors of the reference's {family.name}"
    missing, unknown = shapes.keys() - theirs.keys(), theirs.keys() - shapes.keys()
    _checks.require(not missing, what, whole, f"none for {list_names(missing)}", "Is it complete?")
    _checks.require(not unknown, what, f"{whole} and no others", list_names(unknown))
    for key, shape in shapes.items():
        came = tuple(theirs[key].shape)
        _checks.require(_same(came, shape), f"{key!r} of {what}", f"have shape {shape}", came)
    for copy in (name for name in weights if any(re.match(p, name) for p in family.copies)):
        first = _first_name(copy, family)
        same = first in theirs and torch.equal(weights[copy], theirs[first])
        _checks.require(
            same, f"{copy!r} of {what}", f"equal {first!r}, as both are one tensor", "others"
        )
    if family.check is not None:
        family.check(encoder, weights)
    encoder.load_state_dict(
        {
            name: _join(family.published_name(name), name, [theirs[key] for key in piece]).reshape(
                ours[name].shape
            )
            for name, piece in pieces.items()
        }
    )


def _pieces(name: str, tensor: Tensor, family: Family) -> dict[str, tuple[int, ...]]:
    """Return the published tensors that make up one of ours, as shapes by name."""
    theirs, S = family.published_name(name), family.subsets
    if braces := re.search(r"\{(.*)\}", theirs):
        names = [theirs.replace(braces[0], one) for one in braces[1].split(",")]
        rows: Sequence[Tensor] = tensor.chunk(len(names)) if tensor.ndim else [tensor] * len(names)
        return {key: tuple(part.shape) for key, part in zip(names, rows, strict=True)}
    if "*" not in theirs and "+" not in theirs:
        return {theirs: tuple(tensor.shape)}
    parts: Sequence[Tensor] = [tensor] * S
    if "*" in theirs or name.endswith("weight"):
        parts = tensor.chunk(S, 0 if "*" in theirs else 1)
    return {re.sub(r"[*+]", str(s), theirs): tuple(part.shape) for s, part in enumerate(parts)}


def _join(theirs: str, name: str, parts: Sequence[Tensor]) -> Tensor:
    """Make a tensor of ours: convolutions are side by side, and biases of a sum are summed."""
    if len(parts) == 1:
        return parts[0]
    if "{" in theirs and parts[0].ndim == 0:  # batches that norms have seen: all of them the same
        return parts[0]
    if "*" in theirs or "{" in theirs:
        return torch.cat(list(parts))
    return torch.cat(list(parts), 1) if name.endswith("weight") else torch.stack(list(parts)).sum(0)


def _same(came: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Tell whether shapes are equal but for axes of size 1 at the end, as of 1 x 1 kernels."""
    short, long = sorted((came, shape), key=len)
    return long[: len(short)] == short and set(long[len(short) :]) <= {1}


def _first_name(copy: str, family: Family) -> str:
    for pattern, first in family.copies.items():
        copy = re.sub(pattern, first, copy)
    return copy
