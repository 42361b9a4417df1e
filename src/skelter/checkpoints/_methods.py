"""Whole methods from checkpoints of the reference implementation."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from skelter import _checks
from skelter.checkpoints._sources import Source, open_source, refuse_own
from skelter.checkpoints._weights import check_tensors, list_names, select_prefix
from skelter.checkpoints.published._contents import CONVERTERS
from skelter.checkpoints.published._families import build_encoder, family_of
from skelter.checkpoints.published._family import Clips, Weights
from skelter.checkpoints.published._heads import build_head, load_head_weights
from skelter.checkpoints.published._loading import load_encoder_weights
from skelter.encoders import HCN, ProjectionHead
from skelter.layouts import NTU25, SkeletonLayout
from skelter.methods import InterSkeletonContrast, IntraSkeletonContrast


class _Roles(NamedTuple):
    """Names that the parts of a representation have in a checkpoint."""

    query: str
    key: str
    queue: str
    cursor: str


class _Options(NamedTuple):
    """Options that both methods take besides their networks."""

    queue_size: int
    momentum: float
    temperature: float


INTRA = (_Roles("encoder_q", "encoder_k", "queue", "queue_ptr"),)
INTER = (
    _Roles("encoder_q", "encoder_k", "Queue_S1", "queue_ptr_S1"),
    _Roles("encoder_r", "encoder_l", "Queue_S2", "queue_ptr_S2"),
)


def from_reference(
    checkpoint: Source,
    representations: Sequence[str] = ("sequence", "graph"),
    *,
    layout: SkeletonLayout = NTU25,
    persons: int = 2,
    frames: int = 64,
    momentum: float = 0.999,
    temperature: float = 0.07,
) -> InterSkeletonContrast | IntraSkeletonContrast:
    """Build the method that a checkpoint of the reference implementation holds.

    Encoders, heads, their momentum copies and the queues are loaded. Training can go on from it.
    The state of the optimiser is not taken over, as it goes by the order of the reference's
    parameters.

    Args:
        checkpoint: The file, or its content: ``{"epoch", "state_dict", "optimizer"}``.
        representations: The inputs of its encoders, in their order, out of ``"sequence"``,
            ``"graph"``, ``"image"``: one for a checkpoint of intra-skeleton contrast, two for one
            of inter-skeleton contrast.
        layout: The skeleton of a graph encoder.
        persons: Persons M of a clip for an image encoder, whose weights do not tell.
        frames: Frames T of a clip for an image encoder, whose weights do not tell.
        momentum: Of the key encoders, in [0, 1].
        temperature: Above 0.

    Returns:
        The method, on the CPU. ``method.encoders[name]`` goes downstream, where ``name`` is one of
        the representations. For intra-skeleton contrast ``method.encoder`` is the same.

    Raises:
        FileNotFoundError: The file does not exist.
        SkeletonFormatError: The file cannot be read.
        ValueError: The representations are not those of the encoders, or tensors are missing,
            unknown, or of sizes that do not fit.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021

    Example:
        >>> from skelter.encoders import BiGRU
        >>> network = {f"encoder.{name}": w for name, w in BiGRU(60, 32).state_dict().items()}
        >>> network |= {"fc.weight": torch.zeros(128, 64), "fc.bias": torch.zeros(128)}
        >>> weights = {f"encoder_{qk}.{name}": w for qk in "qk" for name, w in network.items()}
        >>> weights |= {"queue": torch.randn(128, 512), "queue_ptr": torch.tensor([64])}
        >>> method = from_reference({"epoch": 450, "state_dict": weights}, ["sequence"])
        >>> method.encoder.feature_dim, method.queues["sequence"]
        (64, MemoryQueue(capacity=512, dim=128))
    """
    weights = _weights(checkpoint)
    roles = INTER if select_prefix(weights, "encoder_r.") else INTRA
    parts = _parts(weights, roles)
    names = _names(representations, parts, roles)
    encoders, heads = {}, {}
    for name, role in zip(names, roles, strict=True):
        part, what = parts[role.query], f"`{role.query}`"
        encoders[name] = build_encoder(part, what, Clips(layout, persons, frames))
        heads[name] = build_head(part, what)
        _require_match(encoders[name], part, what)
    queue_size = _queue_size(weights, roles, [head.out_dim for head in heads.values()])
    options = _Options(queue_size, momentum, temperature)
    method = _assemble(encoders, heads, options)
    for name, role in zip(method.encoders, roles, strict=True):
        _load_keys(method, name, parts[role.key], f"`{role.key}`")
        _load_queue(method.queues[name], weights[role.queue], weights[role.cursor])
    return method


def _weights(checkpoint: Source) -> dict[str, Tensor]:
    known = isinstance(checkpoint, (str, os.PathLike, Mapping))
    expected = "be a file, or the dictionary that is in it"
    _checks.require(known, "`checkpoint`", expected, type(checkpoint).__name__, error=TypeError)
    state, what = open_source(checkpoint)
    refuse_own(state, what)
    return check_tensors(state.get("state_dict", state), "the checkpoint")


def _parts(weights: Mapping[str, Tensor], roles: Sequence[_Roles]) -> dict[str, dict[str, Tensor]]:
    """Return the tensors of each network, and refuse tensors that belong to none."""
    networks = [name for role in roles for name in (role.query, role.key)]
    queues = {name for role in roles for name in (role.queue, role.cursor)}
    known = tuple(f"{name}." for name in networks)
    unknown = [key for key in weights if not key.startswith(known) and key not in queues]
    expected = f"hold nothing but {', '.join([*networks, *sorted(queues)])}"
    _checks.require(not unknown, "the checkpoint", expected, list_names(unknown))
    missing = queues - weights.keys()
    _checks.require(
        not missing, "the checkpoint", "have its queues", f"none for {list_names(missing)}"
    )
    return {name: select_prefix(weights, f"{name}.") for name in networks}


def _names(
    representations: Sequence[str],
    parts: Mapping[str, Mapping[str, Tensor]],
    roles: Sequence[_Roles],
) -> tuple[str, ...]:
    """Return the representations of the encoders, and refuse a caller who expects others."""
    families = [family_of(parts[role.query], f"`{role.query}`") for role in roles]
    names = tuple(family.reads for family in families)
    listed = ", ".join(family.name for family in families)
    different = len(set(names)) == len(names)
    expected = "have encoders of different representations"
    _checks.require(different, "the checkpoint", expected, listed)
    _checks.require(
        not isinstance(representations, str) and tuple(representations) == names,
        "`representations`",
        f"be {names}, as this checkpoint of {'inter' if len(roles) > 1 else 'intra'}-skeleton "
        f"contrast has the encoders {listed}",
        repr(representations),
    )
    return names


def _require_match(encoder: Any, part: Mapping[str, Tensor], what: str) -> None:
    """Check that a head takes the features of its encoder."""
    first = "fc.0.weight" if "fc.0.weight" in part else "fc.weight"
    _checks.require(
        part[first].shape[1] == encoder.feature_dim,
        f"{first!r} of {what}",
        f"take the {encoder.feature_dim} features of its {type(encoder).__name__}",
        tuple(part[first].shape),
        "Pass frames=... as in training." if isinstance(encoder, HCN) else "",
    )


def _queue_size(weights: Mapping[str, Tensor], roles: Sequence[_Roles], dims: Sequence[int]) -> int:
    """Check the queues, and return the number of keys of each."""
    K: int = (0, *weights[roles[0].queue].shape)[-1]
    for role, D in zip(roles, dims, strict=True):
        shape = tuple(weights[role.queue].shape)
        expected = f"have shape (D, K) = {(D, K)}, keys of its head's size as columns"
        _checks.require(shape == (D, K) and K > 0, f"`{role.queue}`", expected, shape)
        cursor = weights[role.cursor]
        inside = cursor.numel() == 1 and 0 <= int(cursor) < K
        _checks.require(inside, f"`{role.cursor}`", f"lie between 0 and {K - 1}", cursor.tolist())
    return K


def _assemble(
    encoders: Mapping[str, nn.Module], heads: Mapping[str, nn.Module], options: _Options
) -> InterSkeletonContrast | IntraSkeletonContrast:
    converters = {name: CONVERTERS[name]() for name in encoders}
    shared: dict[str, Any] = {**options._asdict(), "random_queue": False}
    if len(encoders) > 1:
        return InterSkeletonContrast(encoders, converters, heads=heads, **shared)
    (name,) = encoders
    return IntraSkeletonContrast(
        encoders[name], converters[name], name=name, head=heads[name], **shared
    )


def _load_keys(
    method: InterSkeletonContrast | IntraSkeletonContrast,
    name: str,
    part: Mapping[str, Tensor],
    what: str,
) -> None:
    """Load the momentum copies of an encoder and its head."""
    encoders = cast(nn.ModuleDict, method.key_encoders.module)
    heads = cast(nn.ModuleDict, method.key_heads.module)
    weights = Weights(part, what)
    load_encoder_weights(encoders[name], family_of(part, what), weights)
    load_head_weights(cast(ProjectionHead, heads[name]), part, what)


def _load_queue(queue: nn.Module, columns: Tensor, cursor: Tensor) -> None:
    """Load a full queue from its keys (D, K) and the place of the oldest."""
    K = columns.shape[1]
    queue.load_state_dict(
        {"features": columns.T, "cursor": cursor.reshape(()), "count": torch.tensor(K)}
    )
