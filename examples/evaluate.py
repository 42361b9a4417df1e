r"""Evaluate encoders by the protocols of the papers, and write a report.

    python examples/evaluate.py --checkpoint runs/pretrain
    python examples/evaluate.py --checkpoint runs/seed0 runs/seed1 runs/seed2 \
        --tasks knn linear semi finetune --data utd_mhad.npz
    python examples/evaluate.py --checkpoint checkpoint_0450.pth.tar --data stores/ntu60 \
        --split ntu60-xview --preset isc

Several checkpoints are seeds or folds of one experiment: the table has their mean and deviation.
Those of pretrain.py bring their own settings. Published files of other projects are recognised, and
what was found is printed. Training on one set and evaluating on another (transfer) needs no option.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from parts import recordings, report, sources
from parts.command_line import parse, refuse
from parts.evaluator import Evaluator, ensembles
from parts.protocols import PRESETS, Evaluation, leave_out_unlabelled
from parts.recordings import Fold
from parts.sources import RANDOM, RAW, TRAINED, Candidate
from tqdm import tqdm

from skelter import distributed
from skelter.data import SkeletonStore

CLASSIFIERS = "classifiers"  # folder beside the report


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate as the command line says, and return the exit code."""
    evaluate(parse(Evaluation, PRESETS, __doc__, arguments))
    return 0


def evaluate(config: Evaluation, store: SkeletonStore | None = None) -> None:
    """Run the protocols on every encoder, on a store that is open, and write the report.

    Of several processes, as `torchrun` starts them, the first does it alone.
    """
    if int(os.environ.get("RANK", "0")) > 0 or distributed.rank() > 0:
        return
    config.device()  # or end with the reason why not
    if (config.output / "report.md").exists() and not config.overwrite:
        refuse(f"--output {config.output} has a report. Name another folder, or --overwrite.")
    store = store or config.open()
    if (store.labels < 0).all():
        refuse(
            f"--data {config.data}: no clip has a label. Pre-training works without; evaluation "
            "compares with labels: build the store with labels=..."
        )
    try:
        folds = recordings.choose_folds(store, config)
    except ValueError as error:
        refuse(str(error))
    folds = leave_out_unlabelled(store, folds)
    config.check(store, folds)
    store = recordings.normalised(store)
    found = candidates(config, store)
    check_weights(config, found)
    work = [(fold, candidate) for candidate in found for fold in candidate.folds(folds)]
    with tqdm(work, desc="evaluating", unit="encoder") as bar:
        rows = [
            Evaluator(config, store, fold, candidate, bar.set_postfix_str, keep).run()
            for (fold, candidate), keep in zip(bar, places(config, work), strict=True)
        ]
    if "ensemble" in config.tasks:
        rows += ensembles(rows, config.weights)
    runs = {str(one.run.path): one.run for one in found if one.run is not None}
    report.write(config, store, folds, rows, list(runs.values()))


def candidates(config: Evaluation, store: SkeletonStore) -> list[Candidate]:
    """Return all encoders to evaluate: the baselines, then those of each checkpoint."""
    found = [sources.raw_poses(config.seed)] if config.baselines or not config.checkpoint else []
    for path in config.checkpoint:
        found += sources.load(path, store)
    return [one for one in found if config.baselines or one.kind != RANDOM]


def places(config: Evaluation, work: Sequence[tuple[Fold, Candidate]]) -> list[Path | None]:
    """Return where the classifiers of each trained encoder go, and remove those of a report before.

    A name is as short as tells the encoders apart.
    """
    trained = [(n, *one) for n, one in enumerate(work) if one[1].kind == TRAINED]
    if not trained or not config.keep_classifiers:
        return [None] * len(work)
    folder = config.output / CLASSIFIERS
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.pt"):
        old.unlink()
    forms = ("{2.name}", "{2.name}-seed{2.seed}", "{2.name}-{1.name}-seed{2.seed}",
             "{2.title}-{1.name}-seed{2.seed}", "{2.name}-{0}")  # fmt: skip
    choices = ([re.sub(r"[^\w.-]+", "-", form.format(*one)) for one in trained] for form in forms)
    names = next(names for names in choices if len(set(names)) == len(names))
    found = {one[0]: folder / f"{name}.pt" for one, name in zip(trained, names, strict=True)}
    return [found.get(n) for n in range(len(work))]


def check_weights(config: Evaluation, found: Sequence[Candidate]) -> None:
    """Refuse weights that are not one for each encoder of a seed and a fold."""
    if not config.weights or "ensemble" not in config.tasks:
        return
    counts = Counter((one.trained_on, one.seed, one.kind) for one in found if one.kind != RAW)
    if set(counts.values()) != {len(config.weights)}:
        there = " and ".join(map(str, sorted(set(counts.values())))) or "no"
        refuse(
            f"--weights: {len(config.weights)} weights for {there} encoders of a seed and fold. "
            "Give one for each, in the order of --checkpoint and of their representations."
        )


if __name__ == "__main__":
    sys.exit(main())
