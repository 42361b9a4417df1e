"""Where encoders to evaluate come from: runs of pretrain.py, published files, or nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from parts import assembly, settings
from parts.configuration import PRESETS, Pretraining
from parts.recordings import Fold
from parts.runs import refuse
from skelter import checkpoints
from skelter.data import SkeletonFormatError, SkeletonStore

RANDOM = "random encoder"


@dataclass(frozen=True)
class Encoders:
    """Encoders of one origin, by the names of their representations."""

    origin: str  # a row of the table: "random encoder", "sequence + image"
    by_name: dict[str, nn.Module]
    frames: int
    seed: int
    stream: str = "joint"
    trained_on: str = ""  # name of the split
    history: tuple[dict[str, float], ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)


def load(path: Path, store: SkeletonStore, representations: tuple[str, ...]) -> list[Encoders]:
    """Return the encoders of a run or a published file, and their random twins."""
    try:
        if path.is_dir():
            return of_run(path, store)
        state = checkpoints.read(path)
        if "skelter" in state:
            return of_state(path, checkpoints.read_own(path), store)
        return published(path, state, store, representations)
    except (FileNotFoundError, SkeletonFormatError, ValueError, RuntimeError) as error:
        refuse(f"--checkpoint {path}: {error}")


def of_run(path: Path, store: SkeletonStore) -> list[Encoders]:
    """Return the newest encoders of a folder of pretrain.py."""
    found = checkpoints.CheckpointFolder(path / "checkpoints").newest()
    if found is None:
        refuse(f"--checkpoint {path} holds no checkpoint. Name the --output of a pretrain.py run.")
    return of_state(*found, store)


def of_state(path: Path, state: dict[str, Any], store: SkeletonStore) -> list[Encoders]:
    """Return the encoders that a run saved, and what they were at its start."""
    config = settings.restored(Pretraining, state["configuration"])
    data = state["data"]
    here = {"layout": store.layout.name, "channels": store.channels, "persons": store.persons}
    differ = [f"{name} {data[name]}, not {value}" for name, value in here.items()
              if data[name] != value]  # fmt: skip
    if differ:
        refuse(
            f"--checkpoint {path} was trained on clips with {'; '.join(differ)} as --data has. "
            "Convert one of the sets (`layout.convert`), or train on clips like these."
        )
    trained = build(config, store)
    prefix = "encoders."
    weights = {
        name.removeprefix(prefix): value
        for name, value in state["method"].items()
        if name.startswith(prefix)
    }
    nn.ModuleDict(trained.encoders).load_state_dict(weights)
    names = {
        "frames": config.frames,
        "seed": config.seed,
        "stream": config.stream,
        "trained_on": data["protocol"],
    }
    twin = assembly.encoders_of(config, build(config, store))
    return [
        Encoders(RANDOM, twin, **names),
        Encoders(
            title(config),
            assembly.encoders_of(config, trained),
            history=tuple(state["history"]),
            settings={**state["configuration"], "step": state["step"], "skelter": state["skelter"]},
            **names,
        ),
    ]


def title(config: Pretraining) -> str:
    """Return what tables call the encoders of a configuration."""
    names = config.representations
    joined = " + ".join(names) if len(names) > 1 else "intra-skeleton"
    return joined if config.stream == "joint" else f"{joined}, {config.stream}"


def build(config: Pretraining, store: SkeletonStore) -> Any:
    """Build a method as the run did at its start: the seed decides its weights."""
    state = torch.random.get_rng_state()
    torch.manual_seed(config.seed)
    try:
        return assembly.method(config, store, 1)
    finally:
        torch.random.set_rng_state(state)


def published(
    path: Path, state: dict[str, Any], store: SkeletonStore, representations: tuple[str, ...]
) -> list[Encoders]:
    """Return the encoders of a file in the reference implementation's layout."""
    made = checkpoints.from_reference(state, representations, layout=store.layout)
    trained = dict(zip(representations, made.encoders.values(), strict=True))
    config = replace(PRESETS["isc-ntu60-xview"], representations=representations)
    twin = assembly.encoders_of(config, build(config, store))
    return [
        Encoders(RANDOM, twin, config.frames, config.seed),
        Encoders(f"published, {path.name}", trained, config.frames, config.seed),
    ]


def folds_for(encoders: Encoders, folds: list[Fold]) -> list[Fold]:
    """Return the fold that encoders were trained on, or all where it is none of them."""
    return [fold for fold in folds if fold.name == encoders.trained_on] or folds
