"""Encoders and heads from published weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from skelter.checkpoints._sources import refuse_own
from skelter.checkpoints._weights import check_tensors
from skelter.checkpoints.published._families import build_encoder
from skelter.checkpoints.published._family import Clips
from skelter.checkpoints.published._heads import build_head
from skelter.encoders import ProjectionHead
from skelter.layouts import NTU25, SkeletonLayout

STATE = "`state_dict`"


def encoder_from_reference(
    state_dict: Mapping[str, Any],
    *,
    layout: SkeletonLayout = NTU25,
    persons: int = 2,
    frames: int = 64,
) -> nn.Module:
    """Build the encoder whose weights these are, and load them.

    Published encoders are told apart by the names of their tensors and sized by the shapes. The
    head (``fc``) is left out: `head_from_reference` builds it.

    Args:
        state_dict: Tensors by the published names, with or without ``module.`` before them.
        layout: The skeleton, of which weights tell the number of joints at most.
        persons: Persons M of a clip, for encoders whose weights do not tell.
        frames: Frames T of a clip, for encoders whose weights do not tell.

    Returns:
        The encoder, such as a `BiGRU` (forward pair), an `AGCN` or an `HCN`.

    Raises:
        ValueError: Tensors are missing, unknown, or of sizes that do not fit each other or the
            layout.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021

    Example:
        >>> from skelter.encoders import BiGRU
        >>> gru = BiGRU(60, 32).state_dict()
        >>> published = {f"module.encoder.{name}": tensor for name, tensor in gru.items()}
        >>> encoder_from_reference(published).feature_dim
        64
    """
    if isinstance(state_dict, Mapping):
        refuse_own(state_dict, STATE)
    weights = check_tensors(state_dict, STATE)
    return build_encoder(weights, STATE, Clips(layout, persons, frames))


def head_from_reference(state_dict: Mapping[str, Any]) -> ProjectionHead:
    """Build the head whose weights these are, and load them.

    Args:
        state_dict: Tensors by the reference's names. Those that are not ``fc`` are left out.

    Returns:
        The head, with ``out_dim``.

    Raises:
        ValueError: Tensors are missing, unknown, or of sizes that do not fit each other.

    Example:
        >>> head = nn.Linear(64, 128)
        >>> published = {f"fc.{name}": tensor for name, tensor in head.state_dict().items()}
        >>> head_from_reference(published).out_dim
        128
    """
    return build_head(check_tensors(state_dict, STATE), STATE)
