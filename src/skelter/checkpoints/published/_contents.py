"""Find the networks, the method and the training of a published file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from torch import Tensor, nn

from skelter import _checks
from skelter.checkpoints._weights import check_tensors, list_names, select_prefix
from skelter.checkpoints.published._families import FAMILIES
from skelter.checkpoints.published._family import Family
from skelter.layouts import SkeletonLayout
from skelter.representations import ToBones, ToGraph, ToImage, ToMotion, ToSequence

# The query network of each stream, and the copy of it that makes keys or targets.
ROLES = {
    "encoder_q": "encoder_k",
    "encoder_q_motion": "encoder_k_motion",
    "encoder_q_bone": "encoder_k_bone",
    "encoder_r": "encoder_l",
    "online_encoder": "target_encoder",
    "backbone": "",
}
STREAMS = {"encoder_q": "joint", "encoder_q_motion": "motion", "encoder_q_bone": "bone"}
CONTAINERS = ("state_dict", "model")
PREFIXES = ("module.", "model.")
# Patterns that have to be found among the names of a file, and the method that they tell. The
# first of which all are found counts.
METHODS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("inter-skeleton contrast", (r"^encoder_r\.",)),
    ("HYSP", (r"^online_encoder\.", r"st_gcn_networks")),
    ("CrosSCLR or AimCLR++", (r"^encoder_q_motion\.st_gcn",)),
    ("ActCLR", (r"^encoder_q\.st_gcn", r"^encoder_q\.fc(\.\d+)?\.weight:4")),
    ("SkeleMixCLR", (r"^encoder_q\.st_gcn", r"^encoder_q\.fc\.1\.running_mean")),
    ("SkeletonCLR or AimCLR", (r"^encoder_q\.st_gcn",)),
    ("ST-GCN, supervised", (r"^st_gcn_networks", r"^fcn\.")),
    ("PSTL, or an ST-GCN without its head", (r"^st_gcn_networks",)),
    ("CMD", (r"^encoder_q_motion\.encoder\.gru",)),
    ("HaLP", (r"^encoder_q\.encoder\.gru", r"^prototypes")),
    ("PCM3", (r"^encoder_q\.encoder\.gru", r"^cl_prompt")),
    ("CMD, one stream", (r"^encoder_q\.encoder\.gru", r"^encoder_q\.input_norm")),
    ("intra-skeleton contrast", (r"^encoder_q\.(encoder\.gru|l1\.gcn1\.conv_a|conv1\.0)",)),
    ("HiCo", (r"hi_encoder\.",)),
    ("UmURL", (r"^backbone\.j_emb",)),
    ("USDRL", (r"^backbone\.ske_emb",)),
    ("MAMP, pre-training", (r"^joints_embed", r"^decoder_blocks")),
    ("MAMP, linear probe", (r"^joints_embed", r"^head\.fc\.")),
    ("MAMP, fine-tuning", (r"^joints_embed", r"^head\.fc1")),
    ("MAMP", (r"^joints_embed",)),
    ("CTR-GCN, supervised", (r"^l1\.gcn1\.convs", r"^fc\.")),
    ("2s-AGCN, supervised", (r"^l1\.gcn1\.conv_a", r"^fc\.")),
)
# Networks of this field that are known by name, and not built.
STRANGERS = {
    "a SkateFormer": r"stages\.0\.blocks\.0\.transformer\.gconv",
    "a Hyperformer": r"l1\.vit1\.attn\.rpe",
    "an SCD-Net": r"encoder\.gcn_t\.",
    "an ST-GCN of pyskl": r"backbone\.gcn\.0\.gcn\.A",
}
DATA_SETS = {
    "NTU RGB+D 120": r"ntu.?(rgb.?d)?.?120",
    "NTU RGB+D 60": r"ntu.?(rgb.?d)?.?60|nturgbd(?!.?120)",
    "PKU-MMD": r"pku",
    "NW-UCLA": r"ucla",
    "Kinetics": r"kinetics",
}
SPLITS = {
    "cross-subject": r"x.?sub|c.?sub|cross.?sub|_cs\b",
    "cross-view": r"x.?view|c.?view|cross.?view|_cv\b",
    "cross-setup": r"x.?set|c.?set|cross.?set",
}


CONVERTERS: Mapping[str, type[nn.Module]] = {
    "sequence": ToSequence,
    "graph": ToGraph,
    "image": ToImage,
}


class Network(NamedTuple):
    """An encoder of a published file, by its published names.

    Args:
        name: ``"joint"``, ``"motion"`` or ``"bone"`` in a file of several streams, else the
            representation that it reads.
        family: The kind of its weights.
        weights: Its tensors, its head among them.
        keys: Those of its momentum copy, empty where there is none.
    """

    name: str
    family: Family
    weights: Mapping[str, Tensor]
    keys: Mapping[str, Tensor]


class Contents(NamedTuple):
    """The content of a published file.

    Args:
        method: The method that its names tell, empty if they tell none.
        networks: Its encoders by name.
        epoch: The epoch that it was written in, if it tells.
        data_set: The data set that its name or its settings tell, possibly empty.
        others: Names of tensors, or of groups of them, that are of no encoder.
    """

    method: str
    networks: Mapping[str, Network]
    epoch: int | None
    data_set: str
    others: tuple[str, ...]


def read_contents(state: Mapping[str, Any], what: str) -> Contents:
    """Find the encoders of a published file.

    Args:
        state: The content of the file.
        what: What messages call it.

    Raises:
        ValueError: It has no encoder, or one that this library does not build.
    """
    weights = check_tensors(_unwrap(state), what)
    for prefix in PREFIXES:
        if weights and all(name.startswith(prefix) for name in weights):
            weights = select_prefix(weights, prefix)
    networks = _find_networks(weights, what)
    used = {name.split(".", 1)[0] for name in weights if _is_part(name, weights)}
    others = {name.split(".", 1)[0] for name in weights} - used
    return Contents(
        method=_find_method(weights),
        networks=networks,
        epoch=_find_epoch(state, what),
        data_set=_find_data_set(state, what),
        others=tuple(sorted(others)) if used != {""} else (),
    )


def make_stream(name: str, reads: str, layout: SkeletonLayout) -> nn.Module:
    """Return what makes the input of an encoder of this name, of joints, their motion or bones."""
    converter: nn.Module = CONVERTERS[reads]()
    if name == "motion":
        return nn.Sequential(ToMotion(layout=layout), converter)
    if name == "bone":
        return nn.Sequential(ToBones(layout), converter)
    return converter


def _unwrap(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the tensors of a container, or of a flat file."""
    for name in CONTAINERS:
        if isinstance(state.get(name), Mapping):
            inner: Mapping[str, Any] = state[name]
            return inner
    return state


def _find_networks(weights: Mapping[str, Tensor], what: str) -> dict[str, Network]:
    """Return the encoders by name."""
    parts = {query: select_prefix(weights, f"{query}.") for query in ROLES}
    if parts["backbone"]:  # its heads stand beside it
        beside = {name: w for name, w in weights.items() if not name.startswith("backbone.")}
        parts["backbone"] = beside | parts["backbone"]
    found: dict[str, Network] = {}
    several = sum(bool(parts[query]) for query in STREAMS) > 1
    for query, part in {name: part for name, part in parts.items() if part}.items():
        family = _match(part)
        if family is None:
            continue
        name = STREAMS[query] if several and query in STREAMS else family.reads
        keys = select_prefix(weights, f"{ROLES[query]}.") if ROLES[query] else {}
        free = name not in found
        listed = ", ".join([*found, name])
        expected = "have encoders of different representations"
        _checks.require(free, what, expected, listed)
        found[name] = Network(name, family, part, keys)
    if not found and (family := _match(weights)) is not None:
        found[family.reads] = Network(family.reads, family, weights, {})
    if not found:
        _refuse(weights, what)
    return found


def _match(weights: Mapping[str, Tensor]) -> Family | None:
    return next((family for family in FAMILIES if family.fits(weights)), None)


def _refuse(weights: Mapping[str, Tensor], what: str) -> None:
    """Say what a file without a known encoder holds."""
    for stranger, mark in STRANGERS.items():
        if any(re.search(mark, name) for name in weights):
            raise ValueError(
                f"{what} holds the weights of {stranger}, which this library does not build. Build "
                "the network by its authors' code, and pass it on as an encoder of your own."
            )
    known = ", ".join(family.name for family in FAMILIES)
    raise ValueError(
        f"{what} must have the tensors of a published encoder, one of {known}; got "
        f"{list_names(weights)}. An encoder of your own is passed as encoder=..."
    )


def _is_part(name: str, weights: Mapping[str, Tensor]) -> bool:
    """Tell whether a tensor is of an encoder or of its momentum copy."""
    group = name.split(".", 1)[0]
    grouped = any(key.split(".", 1)[0] in ROLES for key in weights)
    return group in {*ROLES, *ROLES.values()} if grouped else "." in name


def _find_method(weights: Mapping[str, Tensor]) -> str:
    names = [*weights, *(f"{name}:{tensor.ndim}" for name, tensor in weights.items())]
    for method, patterns in METHODS:
        if all(any(re.search(pattern, name) for name in names) for pattern in patterns):
            return method
    return ""


def _find_epoch(state: Mapping[str, Any], what: str) -> int | None:
    """Return the epoch of a container, or the number that the name of a file gives."""
    epoch = state.get("epoch")
    if isinstance(epoch, int):
        return epoch
    told = re.search(r"epoch[_=-]?(\d+)", what)
    return int(told[1]) if told else None


def _find_data_set(state: Mapping[str, Any], what: str) -> str:
    """Return the data set and its split, as far as the name and the settings of a file tell."""
    settings = [state.get(name) for name in ("args", "hyper_parameters", "config")]
    told = " ".join([what, *_texts(settings)]).lower()
    named = [name for name, pattern in DATA_SETS.items() if re.search(pattern, told)]
    split = [name for name, pattern in SPLITS.items() if re.search(pattern, told)]
    if len(named) != 1:
        return ""
    return f"{named[0]}, {split[0]}" if len(split) == 1 else named[0]


def _texts(value: object) -> list[str]:
    """Return all texts among the values of settings."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for inner in value.values() for text in _texts(inner)]
    if isinstance(value, list | tuple):
        return [text for inner in value for text in _texts(inner)]
    return []
