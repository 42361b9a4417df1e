"""Encoders to evaluate: of runs, of published files, untrained ones, and none at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import nn

from parts import assembly
from parts.command_line import refuse, restored
from parts.configuration import PRESETS, Pretraining
from parts.recordings import Fold
from skelter import checkpoints, training
from skelter.data import SkeletonFormatError, SkeletonStore
from skelter.representations import ToSequence

RAW, RANDOM, TRAINED = "raw poses", "random encoder", "trained"
RAW_FRAMES = 32
PAPER = {"sequence": "bigru", "graph": "agcn", "image": "hcn"}  # the encoders of published files


@dataclass(frozen=True)
class Candidate:
    """An encoder to evaluate, a row of the report.

    Args:
        title: Its name in tables: "BYOL: sequence".
        kind: RAW, RANDOM or TRAINED.
        encoder: From the representation to features (N, D).
        representation: From clips (N, C, T, V, M) to the encoder's input.
        frames: Frames of a crop.
        seed: Seed of its pre-training.
        trained_on: Name of the split whose clips it was trained on.
        run: The run that trained it.
    """

    title: str
    kind: str
    encoder: nn.Module
    representation: nn.Module
    frames: int
    seed: int
    trained_on: str = ""
    run: training.Run | None = None

    def folds(self, folds: Sequence[Fold]) -> list[Fold]:
        """Return the fold that it was trained on, or all where it was trained on none of them."""
        return [fold for fold in folds if fold.name == self.trained_on] or [*folds]


def raw_poses(seed: int) -> Candidate:
    """Return the poses themselves, as one long vector."""
    return Candidate(RAW, RAW, nn.Flatten(), ToSequence(), RAW_FRAMES, seed)


def load(path: Path, store: SkeletonStore, representations: Sequence[str]) -> list[Candidate]:
    """Return the encoders of a run or of a published file, and their untrained twins."""
    try:
        state = {} if path.is_dir() else checkpoints.load_published(path)
        if path.is_dir() or "skelter" in state:
            return of_run(training.Run.open(path), store)
        return of_published(path, state, store, representations)
    except (FileNotFoundError, SkeletonFormatError, training.TrainingError, ValueError,
            RuntimeError) as error:  # fmt: skip
        refuse(f"--checkpoint {path}: {error}")


def of_run(run: training.Run, store: SkeletonStore) -> list[Candidate]:
    """Return the encoders that a run trained, and what they were at its start."""
    here = {"layout": store.layout.name, "channels": store.channels, "persons": store.persons}
    differ = [f"{name} {run.store[name]}, not {value}" for name, value in here.items()
              if run.store[name] != value]  # fmt: skip
    if differ:
        refuse(
            f"--checkpoint {run.path} was trained on clips with {'; '.join(differ)} as --data has. "
            "Convert one of the sets (`layout.convert`), or train on clips like these."
        )
    if run.configuration.get("method") not in assembly.METHODS:
        refuse(
            f"--checkpoint {run.path} is of {run.name}, which `METHODS` of parts/assembly.py does "
            "not have by the name in its configuration. Add its constructor there."
        )
    config = restored(Pretraining, run.configuration)
    trained, twin = (assembly.method(config, store, 1) for _ in range(2))
    run.load_encoders(trained)
    about = {"frames": config.frames, "seed": run.seed, "trained_on": run.split}
    return [
        *of_method(twin, RANDOM, RANDOM, about),
        *of_method(trained, title(run, config), TRAINED, {**about, "run": run}),
    ]


def of_method(method: Any, origin: str, kind: str, about: Mapping[str, Any]) -> list[Candidate]:
    """Return the encoders of a method."""
    return [
        Candidate(f"{origin}: {name}", kind, encoder, method.representations[name], **about)
        for name, encoder in method.encoders.items()
    ]


def title(run: training.Run, config: Pretraining) -> str:
    """Return the name of a run in tables: its method, and what sets it apart from others of it."""
    names = run.encoder_names
    parts = [run.name, " + ".join(names) if len(names) > 1 else "",
             config.stream if config.stream != "joint" else ""]  # fmt: skip
    return ", ".join(part for part in parts if part)


def of_published(
    path: Path, state: dict[str, Any], store: SkeletonStore, representations: Sequence[str]
) -> list[Candidate]:
    """Return the encoders of a file in the reference implementation's layout."""
    made = checkpoints.from_reference(state, representations, layout=store.layout)
    config = replace(
        PRESETS["isc-ntu60-xview"],
        method="inter" if len(representations) > 1 else "intra",
        encoders=tuple(f"{name}={PAPER[name]}" for name in representations),
    )
    twin = assembly.method(config, store, 1)
    about = {"frames": config.frames, "seed": config.seed}
    return [
        *of_method(twin, RANDOM, RANDOM, about),
        *of_method(made, f"published, {path.name}", TRAINED, about),
    ]
