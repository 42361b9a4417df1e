"""Write what a run of paper_pipeline.py found: a table, figures, and the numbers as JSON."""

from __future__ import annotations

import json
import platform
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import torch

import skelter
from parts.configuration import OF_THE_RUN
from parts.recordings import Fold, coordinates_of
from skelter import viz
from skelter.data import SkeletonStore
from skelter.evaluation import FeatureSet, LinearProbeResult, RetrievalResult, retrieval
from skelter.transforms import MultiView, Transform


@dataclass(frozen=True)
class Row:
    """What one encoder reached."""

    retrieval: RetrievalResult
    probe: LinearProbeResult
    labels: torch.Tensor
    clean: dict[str, float]  # figures without test clips that are training clips; {}: none are

    @classmethod
    def of(cls, train: FeatureSet, test: FeatureSet, probed: LinearProbeResult, fold: Fold) -> Row:
        """Retrieve, and judge again without the repeats that a fold has."""
        found = retrieval(train.features, train.labels, test.features, test.labels)
        clean = {}
        if len(fold.repeats):
            kept = torch.from_numpy(~np.isin(fold.split.test, fold.repeats))
            again = retrieval(train.features, train.labels, test.features[kept], test.labels[kept])
            right = probed.predictions[kept] == test.labels[kept]
            clean = {
                "1-NN, no repeats": again.top[1],
                "linear, no repeats": float(right.float().mean()),
            }
        return cls(found, probed, test.labels, clean)


@dataclass(frozen=True)
class Run:
    """What one seed gave: rows of the table by name, the loss of every epoch, and the time."""

    fold: str
    seed: int
    rows: dict[str, Row]
    losses: list[float]
    seconds: float


@dataclass(frozen=True)
class Experiment:
    """What all runs have in common."""

    store: SkeletonStore
    folds: list[Fold]
    preset: str
    view: Transform[Any]
    settings: Any  # a dataclass


COLUMNS: dict[str, Callable[[Row], float]] = {
    "1-NN": lambda row: row.retrieval.top[1],
    "top-5": lambda row: row.retrieval.top[5],
    "mAP": lambda row: row.retrieval.mean_average_precision,
    "linear, last epoch": lambda row: row.probe.last,
    "linear, best epoch": lambda row: row.probe.best,
}

REPORT = """# Inter-skeleton contrast

{facts}

Test results in percent{spread}.

{table}

Retrieval is by cosine between features of centre crops, encoders in eval mode; mAP is mean average
precision. The best epoch of the linear probe is chosen on the test set: an upper bound, no result.
{repeats}
![Loss](loss.png)

![Confusion of the linear probe](confusion.png)

![A clip and its two views](views.png)

## Settings

{settings}
"""


def write(folder: Path, runs: list[Run], experiment: Experiment) -> None:
    """Write report.md, report.json and the figures into a folder, and print the table."""
    folder.mkdir(parents=True, exist_ok=True)
    rows, facts = table(runs), describe(runs, experiment)
    chosen = vars(experiment.settings)
    used = {**vars(chosen["pretraining"]), **chosen, "view": experiment.view}
    used = {name: used[name] for name in used if name not in OF_THE_RUN | {"pretraining"}}
    settings = {name: repr(value) for name, value in used.items()}
    draw(folder, runs, experiment)
    (folder / "report.md").write_text(
        REPORT.format(
            facts=bullets(facts),
            spread=over(runs),
            table=rows,
            repeats=repeats(experiment),
            settings=bullets({name: " ".join(text.split()) for name, text in settings.items()}),
        )
    )
    numbers = {"facts": facts, "settings": settings, "runs": [as_dict(run) for run in runs]}
    (folder / "report.json").write_text(json.dumps(numbers, indent=1))
    print(f"{rows}\nreport: {folder / 'report.md'}")


def describe(runs: list[Run], experiment: Experiment) -> dict[str, str]:
    """Return what a reader needs to run it again."""
    sides = [
        f"{fold.name}, {len(fold.split.train)} clips train, {len(fold.split.test)} test"
        for fold in experiment.folds
    ]
    made = {**experiment.store.info.provenance}
    made["skipped"] = len(made.get("skipped", ()))
    made.pop("pieces", None)  # a digest, of no use to a reader
    seconds = sum(run.seconds for run in runs)
    return {
        "data": f"{experiment.store}",
        "made": "; ".join(f"{name}: {value}" for name, value in made.items() if value),
        "protocol": "; ".join(sides),
        "preset": experiment.preset,
        "seeds": ", ".join(str(seed) for seed in dict.fromkeys(run.seed for run in runs)),
        "time": f"{seconds:.0f} s for {len(runs)} run(s), {torch.get_num_threads()} threads",
        "versions": f"skelter {skelter.__version__}, torch {torch.__version__}, Python "
        f"{platform.python_version()}, {date.today()}",
    }


def over(runs: list[Run]) -> str:
    """Return what the figures are means over."""
    folds, seeds = len({run.fold for run in runs}), len({run.seed for run in runs})
    parts = [f"{n} {what}" for n, what in ((folds, "folds"), (seeds, "seeds")) if n > 1]
    return f", mean ± standard deviation over {' x '.join(parts)}" if parts else ""


def repeats(experiment: Experiment) -> str:
    """Return a paragraph on test clips that are training clips."""
    counts = [len(fold.repeats) for fold in experiment.folds]
    if not any(counts):
        return ""
    tested = sum(len(fold.split.test) for fold in experiment.folds)
    return (
        f"\n**{sum(counts)} of {tested} test clips repeat the coordinates of training clips.** The "
        "columns *no repeats* leave them out of the test.\n"
    )


def bullets(facts: dict[str, str]) -> str:
    """Return a Markdown list."""
    return "\n".join(f"- {name}: {value}" for name, value in facts.items())


def as_dict(run: Run) -> dict[str, Any]:
    """Return all numbers of a run, ready for JSON."""
    rows = {name: figures(row) for name, row in run.rows.items()}
    return {
        "fold": run.fold,
        "seed": run.seed,
        "seconds": run.seconds,
        "losses": run.losses,
        "rows": rows,
    }


def figures(row: Row) -> dict[str, float]:
    """Return a row of the table by column."""
    return {column: value(row) for column, value in COLUMNS.items()} | row.clean


def table(runs: list[Run]) -> str:
    """Return a Markdown table over all runs."""
    by_run = [{name: figures(row) for name, row in run.rows.items()} for run in runs]
    columns = list(dict.fromkeys(c for rows in by_run for row in rows.values() for c in row))
    lines = ["| | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    for name in by_run[0]:
        cells = [
            spread([100 * rows[name][column] for rows in by_run if column in rows[name]])
            for column in columns
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def spread(values: list[float]) -> str:
    """Return a mean, with its deviation where there are several values."""
    mean = f"{statistics.mean(values):.1f}"
    return mean if len(values) == 1 else f"{mean} ± {statistics.stdev(values):.1f}"


def draw(folder: Path, runs: list[Run], experiment: Experiment) -> None:
    """Write the figures."""
    store, first = experiment.store, runs[0]
    curves = {f"{run.fold}, seed {run.seed}": run.losses for run in runs}
    viz.plot_curves(curves, xlabel="epoch", ylabel="loss").savefig(folder / "loss.png")
    name, row = list(first.rows.items())[-1]
    viz.plot_confusion(
        row.labels,
        row.probe.predictions,
        store.label_names,
        title=f"linear probe, {name}, {first.fold}, seed {first.seed}",
    ).savefig(folder / "confusion.png")
    x, num_frames, labels = store.batch(experiment.folds[0].split.train[:1])
    views = MultiView([experiment.view, experiment.view])
    generator = torch.Generator().manual_seed(first.seed)
    view1, view2 = views(x, num_frames=num_frames, generator=generator)
    action = store.label_names[int(labels)] if store.label_names else f"class {int(labels)}"
    clips = {action: x[0], "view 1": view1[0], "view 2": view2[0]}
    plane = "xz"  # the pre-normalisation turns the spine to z
    if coordinates_of(store) == 2 or store.channels == 2:
        plane, clips = "xy", {name: upright(clip) for name, clip in clips.items()}
    viz.plot_clips(clips, store.layout, plane=plane).savefig(folder / "views.png")


def upright(clip: torch.Tensor) -> torch.Tensor:
    """Turn a clip from an image, where y points down, to be drawn with y up."""
    return torch.stack([clip[0], -clip[1]])
