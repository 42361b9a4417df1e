"""Settings of an evaluation: the protocols to run, and those of the papers by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import torch

from parts.command_line import refuse, require
from parts.recordings import Fold, Recordings
from skelter import evaluation
from skelter.data import SkeletonStore
from skelter.data.splits import Split

Task = Literal["knn", "knn-ae", "linear", "semi", "finetune", "one-shot", "ensemble"]


@dataclass(frozen=True)
class Evaluation(Recordings):
    """Everything that an evaluation depends on, and where the report goes."""

    checkpoint: tuple[Path, ...] = ()
    """Folders of pretrain.py, checkpoints, or published files. Empty: raw poses only."""

    tasks: tuple[Task, ...] = ("knn", "linear")
    """Protocols to run."""

    neighbours: int = 1
    """Neighbours that vote in k-NN."""

    probe: Literal[*sorted(evaluation.PRESETS)] = "isc"
    """Settings of the linear probe."""

    fresh_crops: bool = False
    """Show the probe new crops in every epoch, ratio U(0.5, 1), as the reference method."""

    fractions: tuple[float, ...] = (0.1,)
    """Shares of the labels, for semi."""

    balanced: bool = True
    """Take as large a share of every class, instead of any clips."""

    label_seeds: int = 5
    """Draws of the labelled clips."""

    finetune: Literal[*sorted(evaluation.FINE_TUNE_PRESETS)] = "cmd"
    """Settings of fine-tuning."""

    exemplars: tuple[str, ...] = evaluation.NTU120_EXEMPLARS
    """Clips of the novel classes, for one-shot."""

    weights: tuple[float, ...] = ()
    """Of the encoders in the ensemble, in the order of the table. Empty: equal ones."""

    baselines: bool = True
    """Evaluate raw poses and random encoders, too."""

    seed: int = 0
    """Seed of probes, label draws and crops."""

    accelerator: Literal["auto", "cpu", "cuda"] = "auto"
    """Where encoders run."""

    output: Path = Path("runs/evaluate")
    """Folder of the report."""

    keep_classifiers: bool = True
    """Write what linear and finetune train into the folder classifiers, for predict.py."""

    overwrite: bool = False
    """Replace a report that is there, and its classifiers."""

    def __post_init__(self) -> None:
        """Refuse values that cannot work before anything is read."""
        require(len(self.tasks) > 0, "tasks", f"some of {', '.join(get_args(Task))}", "none")
        require(self.neighbours >= 1, "neighbours", "1 or more", self.neighbours)
        require(self.label_seeds >= 1, "label_seeds", "1 or more", self.label_seeds)
        for fraction in self.fractions:
            require(0 < fraction <= 1, "fractions", "above 0, up to 1", fraction)

    def device(self) -> torch.device:
        """Return the device of the encoders, or end with the reason why not."""
        available = torch.cuda.is_available()
        if self.accelerator == "cuda" and not available:
            refuse("--accelerator cuda: this machine has no GPU that torch can use. Try auto.")
        return torch.device("cuda" if available and self.accelerator != "cpu" else "cpu")

    def check(self, store: SkeletonStore, folds: Sequence[Fold]) -> None:
        """End with the reason where the labels of the clips do not allow what is asked for."""
        for fold in folds:
            train, test = (set(store.labels[side].tolist()) for side in fold.split)
            if test - train:
                names = ", ".join(class_name(store, label) for label in test - train)
                refuse(
                    f"{fold.name}: no training clip shows {names}, which test clips do. Such "
                    "classes cannot be learnt: choose another --split, or leave them out."
                )
            if "semi" in self.tasks:
                self._check_fractions(torch.from_numpy(store.labels[fold.split.train]), fold.name)
        if "one-shot" in self.tasks and not np.isin(self.exemplars, store.names).all():
            missing = ", ".join(name for name in self.exemplars if name not in set(store.names))
            refuse(
                f"--exemplars: the set has no clip called {missing}. Name one of each novel class."
            )
        if "one-shot" in self.tasks:
            chosen = np.isin(store.names, self.exemplars) & (store.labels < 0)
            if chosen.any():
                name = store.names[int(chosen.argmax())]
                refuse(f"--exemplars: {name} has no label. Name clips whose class is known.")

    def _check_fractions(self, labels: torch.Tensor, fold: str) -> None:
        for fraction in self.fractions:
            try:
                evaluation.label_subset(labels, fraction, balanced=self.balanced)
            except ValueError as error:
                refuse(f"--fractions {fraction} on {fold}: {error}")


def leave_out_unlabelled(store: SkeletonStore, folds: Sequence[Fold]) -> list[Fold]:
    """Return folds of the clips whose label is known, and say how many are left out."""
    kept = []
    for fold in folds:
        sides = [side[store.labels[side] >= 0] for side in fold.split]
        if not all(map(len, sides)):
            refuse(f"{fold.name}: no {'training' if not len(sides[0]) else 'test'} clip has a "
                   "label. Evaluation compares with labels.")  # fmt: skip
        out = [len(all_of) - len(some) for all_of, some in zip(fold.split, sides, strict=True)]
        if any(out):
            print(f"{fold.name}: {out[0]} training and {out[1]} test clips have no label (-1), and "
                  "are left out")  # fmt: skip
        repeats = fold.repeats[store.labels[fold.repeats] >= 0]
        kept.append(Fold(fold.name, Split(*sides), repeats))
    return kept


def class_name(store: SkeletonStore, label: int) -> str:
    """Return the name of a class."""
    return store.label_names[label] if store.label_names else f"class {label}"


BASE = Evaluation()
PRESETS = {
    "small": replace(BASE, probe="standardized", finetune="small"),
    "isc": replace(BASE, probe="isc", fresh_crops=True, fractions=(0.01, 0.05, 0.1, 0.2)),
    "cmd": replace(
        BASE, probe="cmd", fresh_crops=True, finetune="cmd", balanced=False,
        fractions=(0.01, 0.05, 0.1, 0.2),
    ),
    "skelemix": replace(BASE, probe="skelemix", neighbours=20, finetune="skelemix"),
    **{
        name: replace(BASE, probe=name, fractions=(0.01, 0.1))
        for name in ("crosclr", "aimclr", "actclr", "halp", "hico", "umurl", "hysp", "pstl",
                     "gl_transformer")
    },
    "mamp": replace(BASE, probe="mamp", balanced=False, fractions=(0.01, 0.1)),
}  # fmt: skip
