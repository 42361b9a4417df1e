"""Tensors by name: checks of them, and parts of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from torch import Tensor

from skelter import _checks


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
