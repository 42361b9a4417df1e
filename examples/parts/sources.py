"""Encoders to evaluate: of runs, of published files, untrained ones, and none at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import nn

from parts import assembly
from parts.command_line import refuse, restored
from parts.configuration import Pretraining
from parts.recordings import Fold
from skelter import checkpoints, training
from skelter.data import SkeletonFormatError, SkeletonStore
from skelter.representations import ToSequence

RAW, RANDOM, TRAINED = "raw poses", "random encoder", "trained"
RAW_FRAMES = 32


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
        name: Its name among the encoders of its method.
    """

    title: str
    kind: str
    encoder: nn.Module
    representation: nn.Module
    frames: int
    seed: int
    trained_on: str = ""
    run: training.Run | None = None
    name: str = ""

    def folds(self, folds: Sequence[Fold]) -> list[Fold]:
        """Return the fold that it was trained on, or all where it was trained on none of them."""
        return [fold for fold in folds if fold.name == self.trained_on] or [*folds]


def raw_poses(seed: int) -> Candidate:
    """Return the poses themselves, as one long vector."""
    return Candidate(RAW, RAW, nn.Flatten(), ToSequence(), RAW_FRAMES, seed)


def load(path: Path, store: SkeletonStore) -> list[Candidate]:
    """Return the encoders of a run or of a file, and the untrained twins of those of a run."""
    try:
        state = {} if path.is_dir() else checkpoints.load_published(path)
        if path.is_dir() or "run" in state:
            return of_run(training.Run.open(path), store)
        if "skelter" in state:
            return of_file(path, store)
        return of_published(path, store)
    except (OSError, SkeletonFormatError, training.TrainingError, ValueError,
            RuntimeError) as error:  # fmt: skip
        refuse(f"--checkpoint {path}: {error}")


def of_run(run: training.Run, store: SkeletonStore) -> list[Candidate]:
    """Return the encoders that a run trained, and what they were at its start, where that is known.

    Encoders of this library come back from the checkpoint. Those of your own are built by
    parts/assembly.py, if the run was made by it.
    """
    require_alike(run.path, run.store, store)
    config = restored(Pretraining, run.configuration) if is_assembled(run) else None
    twin = config and assembly.method(config, store, 1)
    name, found = title(run), []
    for encoder in run.encoder_names:
        given: dict[str, Any] = {}
        if twin is not None:  # for what the checkpoint does not tell
            own = {"encoder": deepcopy(twin.encoders[encoder]),
                   "representation": twin.representations[encoder]}  # fmt: skip
            given = {**own, "layout": store.layout, "frames": config.frames,
                     "normalisation": normalisation_of(store) or None}  # fmt: skip
        try:
            trained = checkpoints.load_encoder(run.state, encoder, **given)
        except ValueError as error:
            raise ValueError(f"{error} Here, rows of ENCODERS and METHODS of parts/assembly.py "
                             "build them.") from error  # fmt: skip
        found.append(of_trained(trained, f"{name}: {encoder}", run.seed, run.split, run))
    about = {"seed": run.seed, "trained_on": run.split}
    twins = [
        Candidate(f"{RANDOM}: {one.name}", RANDOM, twin.encoders[one.name], one.representation,
                  one.frames, name=one.name, **about)
        for one in found if twin is not None
    ]  # fmt: skip
    return [*twins, *found]


def of_file(path: Path, store: SkeletonStore) -> list[Candidate]:
    """Return the encoder of a file of `checkpoints.save_encoder`, such as a fine-tuned one."""
    trained = checkpoints.load_encoder(path)
    require_alike(path, vars(trained.facts), store)
    return [of_trained(trained, f"{path.stem}: {trained.name}", 0)]


def of_trained(
    trained: checkpoints.TrainedEncoder, name: str, seed: int, trained_on: str = "",
    run: training.Run | None = None,
) -> Candidate:  # fmt: skip
    """Return a candidate of an encoder that was loaded."""
    if trained.frames is None:
        raise ValueError("it reads whole clips. Evaluate it by skelter.evaluation.")
    return Candidate(name, TRAINED, trained.encoder, trained.representation, trained.frames,
                     seed, trained_on, run, trained.name)  # fmt: skip


def is_assembled(run: training.Run) -> bool:
    """Return whether parts/assembly.py can build the method of a run again."""
    return run.configuration.get("method") in assembly.METHODS


def require_alike(path: Path, facts: Mapping[str, Any], store: SkeletonStore) -> None:
    """End where the clips of a store are not like those that an encoder was trained on."""
    here = {"layout": store.layout.name, "channels": store.channels, "persons": store.persons}
    if done := normalisation_of(store):
        here["normalisation"] = done
    there = {**facts, "layout": getattr(facts["layout"], "name", facts["layout"])}
    differ = [f"{name} {there[name] or 'none'}, not {value}" for name, value in here.items()
              if there.get(name, value) != value]  # fmt: skip
    if differ:
        refuse(
            f"--checkpoint {path} was trained on clips with {'; '.join(differ)} as --data has. "
            "Convert one of the sets (`layout.convert`), or train on clips like these."
        )


def normalisation_of(store: SkeletonStore) -> str:
    """Return the name of what was done to the clips of a store."""
    return training.describe_clips(store, None).normalisation


def title(run: training.Run) -> str:
    """Return the name of a run in tables: its method, and what sets it apart from others of it."""
    names, stream = run.encoder_names, run.configuration.get("stream", "joint")
    parts = [run.name, " + ".join(names) if len(names) > 1 else "",
             stream if stream != "joint" else ""]  # fmt: skip
    return ", ".join(part for part in parts if part)


def of_published(path: Path, store: SkeletonStore) -> list[Candidate]:
    """Return the encoders of a published file, and what they were before they were trained."""
    file = checkpoints.PublishedFile(path)
    print(file)
    found = []
    for name in file.families:
        try:
            trained = checkpoints.load_encoder(
                path, name, layout=store.layout, persons=store.persons, frames=None
            )
        except ValueError as error:
            raise ValueError(
                f"{error} Its layout and persons are those of --data, {store}."
            ) from error
        here, there = normalisation_of(store), trained.facts.normalisation
        if here != there:
            print(f"{path}: trained on clips of {there or 'no normalisation'}, evaluated on clips "
                  f"of {here or 'none'}")  # fmt: skip
        one = of_trained(trained, f"published, {path.name}: {name}", 0)
        new = checkpoints.untrained(trained.encoder)
        found += [replace(one, title=f"{RANDOM}: {name}", kind=RANDOM, encoder=new), one]
    return found
