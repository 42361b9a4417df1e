r"""Evaluate encoders by the protocols of the papers, and write a report.

    python examples/evaluate.py --checkpoint runs/pretrain
    python examples/evaluate.py --checkpoint runs/seed0 runs/seed1 runs/seed2 \
        --tasks knn linear semi finetune --data utd_mhad.npz
    python examples/evaluate.py --checkpoint checkpoint_0450.pth.tar --data stores/ntu60 \
        --split ntu60-xview --preset isc --representations sequence graph

Several checkpoints are seeds or folds of one experiment: the table has their mean and deviation.
Those of pretrain.py bring their own settings. A file in the layout of the reference implementation
needs --representations. Training on one set and evaluating on another (transfer) needs no option.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence

from parts import recordings, report, sources
from parts.command_line import parse, refuse
from parts.evaluator import Evaluator, ensembles
from parts.protocols import PRESETS, Evaluation, leave_out_unlabelled
from parts.sources import RANDOM, RAW, Candidate
from tqdm import tqdm

from skelter.data import SkeletonStore


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate as the command line says, and return the exit code."""
    evaluate(parse(Evaluation, PRESETS, __doc__, arguments))
    return 0


def evaluate(config: Evaluation, store: SkeletonStore | None = None) -> None:
    """Run the protocols on every encoder, on a store that is open, and write the report."""
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
            Evaluator(config, store, fold, candidate, bar.set_postfix_str).run()
            for fold, candidate in bar
        ]
    if "ensemble" in config.tasks:
        rows += ensembles(rows, config.weights)
    runs = {str(one.run.path): one.run for one in found if one.run is not None}
    report.write(config, store, folds, rows, list(runs.values()))


def candidates(config: Evaluation, store: SkeletonStore) -> list[Candidate]:
    """Return all encoders to evaluate: the baselines, then those of each checkpoint."""
    found = [sources.raw_poses(config.seed)] if config.baselines or not config.checkpoint else []
    for path in config.checkpoint:
        found += sources.load(path, store, config.representations)
    return [one for one in found if config.baselines or one.kind != RANDOM]


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
