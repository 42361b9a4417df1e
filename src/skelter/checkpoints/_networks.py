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
from skelter.checkpoints.published._mamp import build_classifier, build_decoder
from skelter.encoders import ProjectionHead, SkeletonDecoder
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


def head_from_reference(state_dict: Mapping[str, Any], name: str = "fc") -> ProjectionHead:
    """Build the head whose weights these are, and load them.

    Args:
        state_dict: Tensors by the reference's names. Those of other parts are left out.
        name: What the names of its tensors begin with, such as ``"j_projector"`` for UmURL,
            ``"i_proj"`` for USDRL, or ``"encoder_q.clip_proj"`` for HiCo. ``"fc"`` is also the
            ``fcn`` of ST-GCN.

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
    return build_head(check_tensors(state_dict, STATE), STATE, name)


def decoder_from_reference(
    state_dict: Mapping[str, Any], *, layout: SkeletonLayout = NTU25
) -> SkeletonDecoder:
    """Build the decoder of masked pre-training whose weights these are, and load them.

    Args:
        state_dict: Tensors by the names of MAMP. Those of the encoder are left out.
        layout: The skeleton.

    Raises:
        ValueError: The decoder is missing, or its tensors contradict each other or the layout.

    References:
        Mao et al., ICCV 2023 (MAMP)

    Example:
        >>> import torch
        >>> names = {"weight": torch.zeros(12, 64), "bias": torch.zeros(12)}
        >>> published = {f"decoder_pred.{name}": tensor for name, tensor in names.items()}
        >>> decoder_from_reference(published)
        Traceback (most recent call last):
        ValueError: `state_dict` must have a decoder of MAMP; got 'decoder_pred.bias', ...
    """
    return build_decoder(check_tensors(state_dict, STATE), STATE, layout)


def classifier_from_reference(state_dict: Mapping[str, Any]) -> nn.Module:
    """Build the classifier of a linear probe or of a fine-tuned MAMP, and load its weights.

    The classifier of a linear probe reads features, ``encoder(x)``. That of a fine-tuned model
    keeps joints apart and reads ``encoder.feature_map(x)``.

    Args:
        state_dict: Tensors by the names of MAMP, those of the encoder among them.

    Raises:
        ValueError: The classifier is missing, or its tensors contradict each other.

    References:
        Mao et al., ICCV 2023 (MAMP)

    Example:
        >>> import torch
        >>> names = {"weight": torch.zeros(60, 256), "bias": torch.zeros(60)}
        >>> published = {f"head.fc.{name}": tensor for name, tensor in names.items()}
        >>> classifier_from_reference(published)(torch.zeros(4, 256)).shape
        torch.Size([4, 60])
    """
    return build_classifier(check_tensors(state_dict, STATE), STATE)
