r"""Evaluate encoders by the protocols of the papers, and write a report.

    python examples/evaluate.py --checkpoint runs/pretrain
    python examples/evaluate.py --checkpoint runs/seed0 runs/seed1 runs/seed2 \
        --tasks knn linear semi finetune --data utd_mhad.npz
    python examples/evaluate.py --checkpoint checkpoint_0450.pth.tar --data stores/ntu60 \\
        --protocol ntu60-xview --preset isc --representations sequence graph

Several checkpoints are seeds or folds of one experiment: the table has their mean and deviation.
Those of pretrain.py bring their own settings; a file in the layout of the reference implementation
needs --representations. Training on one set and evaluating on another (transfer) needs no option.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from parts import evaluation_report, recordings, settings, sources
from parts.configuration import REPRESENTATIONS, require
from parts.evaluation_figures import class_name
from parts.evaluator import Evaluator, Row, ensembles
from parts.recordings import PROTOCOLS
from parts.runs import refuse
from parts.settings import setting
from tqdm import tqdm

from skelter import evaluation
from skelter.data import SkeletonFormatError, SkeletonStore

TASKS = ("knn", "knn-ae", "linear", "semi", "finetune", "one-shot", "ensemble")


@dataclass(frozen=True)
class Evaluation:
    """What is evaluated, how, and where the report goes."""

    checkpoint: tuple[Path, ...] = setting(
        (), "folders of pretrain.py, checkpoints, or published files; empty: raw poses only"
    )
    data: Path | None = setting(None, "store directory or ragged .npz file; none: a synthetic set")
    protocol: str | None = setting(
        None, "which clips train and which test; none: what fits the set", choices=[*PROTOCOLS]
    )
    split_file: Path | None = setting(None, "for pku-mmd: such as Split/cross-subject.txt")
    lists: tuple[str, ...] | None = setting(None, "for recorded: such as xsub_train xsub_val")
    representations: tuple[str, ...] = setting(
        ("sequence", "graph"), "of a published file, in its order", choices=REPRESENTATIONS
    )
    tasks: tuple[str, ...] = setting(("knn", "linear"), "what to run", choices=TASKS)

    neighbours: int = setting(1, "that vote in k-NN")
    probe: str = setting("isc", "settings of the linear probe", choices=sorted(evaluation.PRESETS))
    fresh_crops: bool = setting(
        False, "the probe sees new crops in every epoch, ratio U(0.5, 1), as the reference method"
    )
    fractions: tuple[float, ...] = setting((0.1,), "of the labels, semi-supervised")
    balanced: bool = setting(True, "take as large a share of every class, instead of any clips")
    label_seeds: int = setting(5, "draws of the labelled clips")
    finetune: str = setting(
        "cmd", "settings of fine-tuning", choices=sorted(evaluation.FINE_TUNE_PRESETS)
    )
    exemplars: tuple[str, ...] = setting(
        evaluation.NTU120_EXEMPLARS, "clips of the novel classes, for one-shot"
    )
    weights: tuple[float, ...] = setting(
        (), "of the encoders in the ensemble, in the order of the table; empty: equal ones"
    )

    baselines: bool = setting(True, "evaluate raw poses and random encoders, too")
    seed: int = setting(0, "of probes, label draws and crops")
    accelerator: str = setting("auto", "auto, cpu or cuda")
    output: Path = setting(Path("runs/evaluate"), "folder of the report")
    overwrite: bool = setting(False, "replace a report that is there")

    def __post_init__(self) -> None:
        """Refuse what cannot work before anything is read."""
        require(len(self.tasks) > 0, "tasks", f"some of {', '.join(TASKS)}", "none")
        require(self.neighbours >= 1, "neighbours", "1 or more", self.neighbours)
        require(self.label_seeds >= 1, "label_seeds", "1 or more", self.label_seeds)
        for fraction in self.fractions:
            require(0 < fraction <= 1, "fractions", "above 0, up to 1", fraction)


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


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate as the command line says; return the exit code."""
    config = settings.parse(Evaluation, PRESETS, __doc__, arguments)
    device = chosen_device(config.accelerator)
    if (config.output / "report.md").exists() and not config.overwrite:
        refuse(f"--output {config.output} has a report. Name another folder, or --overwrite.")
    store = opened(config)
    folds = folds_of(config, store)
    found = [sources.load(path, store, config.representations) for path in config.checkpoint]
    check_weights(config, [encoders for group in found for encoders in group])
    store = recordings.normalised(store)
    work = [
        (fold, encoders)
        for group in found
        for encoders in group
        for fold in sources.folds_for(encoders, folds)
        if config.baselines or encoders.origin != sources.RANDOM
    ]
    rows: list[Row] = []
    with tqdm(total=len(work), desc="evaluating", unit="encoder set") as bar:
        if config.baselines:
            for fold in folds:
                rows += Evaluator(config, store, fold, device, bar.set_postfix_str).raw_poses()
        for fold, encoders in work:
            rows += Evaluator(config, store, fold, device, bar.set_postfix_str).evaluate(encoders)
            bar.update()
    if "ensemble" in config.tasks:
        rows += ensembles(rows, config.weights)
    evaluation_report.write(config, store, folds, rows, [e for group in found for e in group])
    return 0


def chosen_device(accelerator: str) -> torch.device:
    """Return where encoders run, or say why not there."""
    available = torch.cuda.is_available()
    if accelerator in ("cuda", "gpu") and not available:
        refuse("--accelerator cuda: this machine has no GPU that torch can use. Try auto.")
    return torch.device("cuda" if available and accelerator != "cpu" else "cpu")


def opened(config: Evaluation) -> SkeletonStore:
    """Return the clips, which must have labels."""
    try:
        store = recordings.load(config.data)
    except (FileNotFoundError, SkeletonFormatError) as error:
        refuse(f"--data {config.data}: {error}")
    if (store.labels < 0).all():
        refuse(
            f"--data {config.data}: no clip has a label. Pre-training works without; evaluation "
            "compares with labels: build the store with labels=..."
        )
    return store


def folds_of(config: Evaluation, store: SkeletonStore) -> list[recordings.Fold]:
    """Return the splits, whose clips must have labels, and classes that training knows."""
    try:
        folds = recordings.choose_folds(store, config)
    except ValueError as error:
        refuse(str(error))
    for fold in folds:
        train, test = (set(store.labels[side].tolist()) for side in fold.split)
        if -1 in train | test:
            refuse(f"{fold.name}: some clips have no label (-1). Leave them out of the split.")
        if test - train:
            names = ", ".join(class_name(store, label) for label in test - train)
            refuse(
                f"{fold.name}: no training clip shows {names}, which test clips do. Such classes "
                "cannot be learnt: choose another protocol, or leave them out."
            )
        if "semi" in config.tasks:
            check_fractions(config, store, fold)
    if "one-shot" in config.tasks and not np.isin(config.exemplars, store.names).all():
        missing = ", ".join(name for name in config.exemplars if name not in set(store.names))
        refuse(f"--exemplars: the set has no clip called {missing}. Name one of each novel class.")
    return folds


def check_weights(config: Evaluation, found: Sequence[sources.Encoders]) -> None:
    """Refuse weights that are not one for each encoder of a seed and a fold."""
    if not config.weights or "ensemble" not in config.tasks:
        return
    counts: Counter[tuple[str, int, bool]] = Counter()
    for encoders in found:
        random = encoders.origin == sources.RANDOM
        counts[encoders.trained_on, encoders.seed, random] += len(encoders.by_name)
    if set(counts.values()) != {len(config.weights)}:
        there = " and ".join(map(str, sorted(set(counts.values())))) or "no"
        refuse(
            f"--weights: {len(config.weights)} weights for {there} encoders of a seed and fold. "
            "Give one for each, in the order of --checkpoint and of their representations."
        )


def check_fractions(config: Evaluation, store: SkeletonStore, fold: recordings.Fold) -> None:
    """Refuse fractions that leave no label, or none of a class where all should have as many."""
    labels = torch.from_numpy(store.labels[fold.split.train])
    for fraction in config.fractions:
        try:
            evaluation.label_subset(labels, fraction, balanced=config.balanced)
        except ValueError as error:
            refuse(f"--fractions {fraction} on {fold.name}: {error}")


if __name__ == "__main__":
    sys.exit(main())
