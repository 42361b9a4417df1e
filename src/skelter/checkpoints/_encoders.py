"""Encoders of runs and of files, ready for a new clip."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from skelter import _checks
from skelter.checkpoints._files import save
from skelter.checkpoints._plain import module_as_dict, restore_module
from skelter.checkpoints._sources import ENCODER, RUN, Source, open_source
from skelter.checkpoints._trained import ClipFacts, Normalise, TrainedEncoder
from skelter.checkpoints._weights import select_prefix
from skelter.checkpoints.published._contents import make_stream, read_contents
from skelter.checkpoints.published._families import build_encoder
from skelter.checkpoints.published._family import Clips
from skelter.encoders import BiGRU
from skelter.layouts import BUILT_IN, NTU25, SkeletonLayout
from skelter.typing import Representation

PARTS, FACTS = "parts", "input"


def load_encoder(
    source: Source,
    name: str | None = None,
    *,
    encoder: nn.Module | None = None,
    representation: Representation | None = None,
    layout: SkeletonLayout | None = None,
    persons: int | None = None,
    frames: int | None = None,
    normalisation: str | Normalise | None = None,
) -> TrainedEncoder:
    """Load a trained encoder that is ready for a new clip, as it was recorded.

    Encoders and representations of this library come back from the file. One of your own is
    passed in. No code in a file is run.

    Args:
        source: The folder of a run, one of its checkpoints, a file of `save_encoder` such as the
            classifiers of ``examples/evaluate.py``, a published file of any method that
            `PublishedFile` recognises, or the content of any of these files.
        name: The name of the encoder, where there are several. Those of a published file are
            listed by `PublishedFile`.
        encoder: One of your own, built as for the training. Its weights are loaded in place.
        representation: One of your own.
        layout: The layout of the clips, where the source does not tell. A published file is taken
            to be of `NTU25`.
        persons: Persons of a clip, where the source does not tell. For a published file, 2.
        frames: Frames of a crop, where the source does not tell. For a published file, those that
            its method was published with.
        normalisation: A name, where the source does not tell, or a function, for a name that this
            library does not know. For a published file, that of its method.

    Returns:
        The encoder in eval mode, on the CPU.

    Raises:
        FileNotFoundError: There is nothing, or no checkpoint.
        SkeletonFormatError: A file cannot be read.
        ValueError: The source has several encoders, does not tell what is needed, or tells
            something else than an argument.

    Example:
        >>> import tempfile
        >>> from skelter.layouts import KINECT20
        >>> from skelter.representations import ToSequence
        >>> facts = ClipFacts(KINECT20, 3, 1, frames=32, normalisation="isc_normalise")
        >>> path = f"{tempfile.mkdtemp()}/mine.pt"
        >>> save_encoder(TrainedEncoder(BiGRU(60, 8), ToSequence(), facts), path)
        >>> load_encoder(path).encoder.feature_dim
        16
    """
    state, what = open_source(source)
    given: dict[str, Any] = {"layout": layout, "persons": persons, "frames": frames}
    given["normalisation"] = normalisation if isinstance(normalisation, str) else None
    given = {key: value for key, value in given.items() if value is not None}
    own = {"encoder": encoder, "representation": representation}
    normalise = None if normalisation is None or isinstance(normalisation, str) else normalisation
    if RUN in state or ENCODER in state:
        return _of_training(state, what, name, own, given, normalise)
    return _of_published(state, what, name, own, given, normalise)


def save_encoder(trained: TrainedEncoder, path: str | os.PathLike[str]) -> None:
    """Save an encoder, with its classifier if there is one, for `load_encoder`.

    Args:
        trained: The encoder. Where it or its representation is of your own, you pass that to
            `load_encoder` again.
        path: The file, which is replaced if it is there.

    Raises:
        TypeError: The classifier is not a linear layer.
        OSError: The file cannot be written.

    Example:
        >>> import tempfile
        >>> from skelter.layouts import KINECT20
        >>> from skelter.representations import ToSequence
        >>> facts = ClipFacts(KINECT20, 3, 1, frames=32, label_names=("wave", "kick"))
        >>> classifier = nn.Linear(16, 2)
        >>> trained = TrainedEncoder(BiGRU(60, 8), ToSequence(), facts, classifier=classifier)
        >>> path = f"{tempfile.mkdtemp()}/classifier.pt"
        >>> save_encoder(trained, path)
        >>> load_encoder(path).label_names
        ('wave', 'kick')
    """
    layer = trained.classifier
    linear = layer is None or isinstance(layer, nn.Linear)
    _checks.require(
        linear, "`classifier`", "be an nn.Linear to be saved", type(layer).__name__, error=TypeError
    )
    encoders = {trained.name: trained.encoder}
    about = describe_encoders(encoders, {trained.name: trained.representation}, trained.facts)
    weights = {
        f"{trained.name}.{key}": value for key, value in trained.encoder.state_dict().items()
    }
    classifier = None if layer is None else dict(layer.state_dict())
    save({ENCODER: about, "encoders": weights, "classifier": classifier}, path)


def describe_encoders(
    encoders: Mapping[str, nn.Module] | nn.ModuleDict,
    representations: Mapping[str, Representation] | nn.ModuleDict,
    facts: ClipFacts,
) -> dict[str, Any]:
    """Describe encoders in plain values, for a checkpoint that `load_encoder` reads.

    `skelter.training.Trainer` keeps them under ``"run"`` of its checkpoints.

    Args:
        encoders: By name.
        representations: By the same names.
        facts: The clips that they are trained on.

    Example:
        >>> from skelter.layouts import KINECT20
        >>> from skelter.representations import ToSequence
        >>> facts = ClipFacts(KINECT20, 3, 1, frames=32)
        >>> about = describe_encoders({"a": BiGRU(60, 8)}, {"a": ToSequence()}, facts)
        >>> about["parts"]["a"]["representation"]
        {'kind': 'ToSequence', 'arguments': {'order': 'v c m'}}
    """
    parts = {
        name: {
            "encoder": module_as_dict(encoder),
            "representation": module_as_dict(representations[name]),
        }
        for name, encoder in encoders.items()
    }
    about: dict[str, Any] = json.loads(json.dumps({PARTS: parts, FACTS: facts.as_dict()}))
    return about


def _of_training(
    state: Mapping[str, Any],
    what: str,
    name: str | None,
    own: dict[str, Any],
    given: Mapping[str, Any],
    normalise: Normalise | None,
) -> TrainedEncoder:
    """Return an encoder of a checkpoint that a trainer or `save_encoder` wrote."""
    about = state[RUN] if RUN in state else state[ENCODER]
    weights = state["encoders"] if ENCODER in state else select_prefix(state["method"], "encoders.")
    names = about.get("encoders", about.get(PARTS, ()))
    name = _choose(name, list(names), what)
    facts = _settle(_facts(about), given, what)
    modules: dict[str, Any] = dict(own)
    for role, plain in about.get(PARTS, {}).get(name, {}).items():
        if modules[role] is None and plain is not None:
            modules[role] = restore_module(plain)
    if normalise is not None:
        facts.setdefault("normalisation", "of your own")
    missing = [role for role, module in modules.items() if module is None]
    missing += [fact for fact in ("layout", "frames", "normalisation") if fact not in facts]
    if missing:
        raise ValueError(
            f"{what} does not hold what the {name!r} encoder needs: skelter "
            f"{state.get('skelter', 'of an unknown version')} wrote it, and {_reason(about)}. Pass "
            f"{', '.join(f'{part}=...' for part in missing)} as in training."
        )
    _load(modules["encoder"], select_prefix(weights, f"{name}."), f"{what}, encoder {name!r}")
    classifier = state.get("classifier") if ENCODER in state else None
    return TrainedEncoder(
        modules["encoder"], modules["representation"], ClipFacts(**facts), name=name,
        classifier=None if classifier is None else _linear(classifier), normalise=normalise,
    )  # fmt: skip


def _of_published(
    state: Mapping[str, Any],
    what: str,
    name: str | None,
    own: Mapping[str, Any],
    given: Mapping[str, Any],
    normalise: Normalise | None,
) -> TrainedEncoder:
    """Return an encoder of a published file."""
    networks = read_contents(state, what).networks
    name = _choose(name, list(networks), what)
    family, weights = networks[name].family, networks[name].weights
    passed = [f"{role}=" for role, module in own.items() if module is not None]
    expected = "be left out: its weights tell them"
    _checks.require(not passed, f"the parts of {what}", expected, ", ".join(passed))
    facts: dict[str, Any] = {
        "layout": NTU25,
        "persons": 2,
        "frames": family.frames,
        "normalisation": family.normalisation,
        **given,
    }
    layout, persons = facts["layout"], facts["persons"]
    clips = Clips(layout, persons, facts["frames"] or Clips().frames)
    encoder: Any = build_encoder(weights, f"the {name} encoder of {what}", clips)
    if isinstance(encoder, BiGRU):
        channels = layout.dimensions
        expected = f"read {layout.num_joints} joints of {layout.name}, {channels} coordinates and "
        expected += f"{persons} persons"
        fits = encoder.in_features == channels * persons * layout.num_joints
        hint = "Pass layout=... and persons=... as in training."
        came = f"{encoder.in_features} numbers a frame"
        _checks.require(fits, f"the {name} encoder of {what}", expected, came, hint)
    else:
        channels = encoder.in_channels
        for fact in ("persons", "frames"):
            if fixed := getattr(encoder, fact, None):
                _settle({fact: fixed}, {fact: given.get(fact)}, what)
                facts[fact] = fixed
    made = ClipFacts(channels=channels, **facts)
    representation = make_stream(name, family.reads, layout)
    return TrainedEncoder(encoder, representation, made, normalise=normalise, name=name)


def _choose(name: str | None, names: list[str], what: str) -> str:
    """Return the name that is asked for, or the only one."""
    listed = ", ".join(map(repr, names))
    if name is None:
        hint = f"Name one of them: load_encoder(..., name={names[0]!r})" if names else ""
        _checks.require(len(names) == 1, what, "have one encoder", listed or "none", hint)
        return names[0]
    _checks.require(name in names, f"`name` of {what}", f"be one of {listed}", repr(name))
    return name


def _facts(about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of the clips, as far as a checkpoint tells them."""
    if FACTS in about:
        return dict(vars(ClipFacts.from_dict(about[FACTS])))
    store = about["store"]  # version 0.5 and earlier: the name of the layout
    facts = {name: store[name] for name in ("channels", "persons")}
    built_in = {layout.name: layout for layout in BUILT_IN}
    known = store["layout"] in built_in
    return facts | ({"layout": built_in[store["layout"]]} if known else {})


def _settle(told: dict[str, Any], given: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Add what is given to what is told, and refuse what contradicts it."""
    for name, value in given.items():
        fits = value is None or told.get(name, value) == value
        subject, expected = f"`{name}`", f"be that of {what}, {told.get(name)}"
        _checks.require(fits, subject, expected, value, "Leave it out.")
    return {**given, **told}


def _reason(about: Mapping[str, Any]) -> str:
    """Return why something is missing."""
    if PARTS in about:
        return "that is of your own, or was when it was trained"
    return "that version did not keep it"


def _load(encoder: nn.Module, weights: Mapping[str, Tensor], what: str) -> None:
    """Load weights into an encoder of the same names and sizes."""
    try:
        encoder.load_state_dict(weights)
    except RuntimeError as error:
        kind = type(encoder).__name__
        raise ValueError(
            f"{what} does not fit this {kind}: {error} Build it with the sizes of the training."
        ) from error


def _linear(weights: Mapping[str, Tensor]) -> nn.Linear:
    """Return the linear layer that has some weights."""
    classes, size = weights["weight"].shape
    layer = nn.Linear(size, classes, bias="bias" in weights)
    layer.load_state_dict(dict(weights))
    return layer
