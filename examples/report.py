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

import torch

import skelter
from skelter import viz
from skelter.data import SkeletonStore, protocols
from skelter.evaluation import LinearProbeResult, RetrievalResult
from skelter.transforms import MultiView, Transform


@dataclass(frozen=True)
class Row:
    """What one encoder reached."""

    retrieval: RetrievalResult
    probe: LinearProbeResult
    labels: torch.Tensor


@dataclass(frozen=True)
class Run:
    """What one seed gave: rows of the table by name, the loss of every epoch, and the time."""

    seed: int
    rows: dict[str, Row]
    losses: list[float]
    seconds: float


@dataclass(frozen=True)
class Experiment:
    """What all seeds have in common."""

    store: SkeletonStore
    split: protocols.Split
    protocol: str
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
    settings = {name: repr(value) for name, value in vars(experiment.settings).items()}
    draw(folder, runs, experiment)
    (folder / "report.md").write_text(
        REPORT.format(
            facts=bullets(facts),
            spread=", mean ± standard deviation over seeds" if len(runs) > 1 else "",
            table=rows,
            settings=bullets({name: " ".join(text.split()) for name, text in settings.items()}),
        )
    )
    numbers = {"facts": facts, "settings": settings, "runs": [as_dict(run) for run in runs]}
    (folder / "report.json").write_text(json.dumps(numbers, indent=1))
    print(f"{rows}\nreport: {folder / 'report.md'}")


def describe(runs: list[Run], experiment: Experiment) -> dict[str, str]:
    """Return what a reader needs to run it again."""
    split = experiment.split
    seconds = ", ".join(f"{run.seconds:.0f} s" for run in runs)
    return {
        "data": f"{experiment.store}",
        "protocol": f"{experiment.protocol}, {len(split.train)} clips train, "
        f"{len(split.test)} test",
        "preset": experiment.preset,
        "seeds": ", ".join(str(run.seed) for run in runs),
        "time": f"{seconds}, {torch.get_num_threads()} threads",
        "versions": f"skelter {skelter.__version__}, torch {torch.__version__}, Python "
        f"{platform.python_version()}, {date.today()}",
    }


def bullets(facts: dict[str, str]) -> str:
    """Return a Markdown list."""
    return "\n".join(f"- {name}: {value}" for name, value in facts.items())


def as_dict(run: Run) -> dict[str, Any]:
    """Return all numbers of a run, ready for JSON."""
    rows = {
        name: {column: value(row) for column, value in COLUMNS.items()}
        for name, row in run.rows.items()
    }
    return {"seed": run.seed, "seconds": run.seconds, "losses": run.losses, "rows": rows}


def table(runs: list[Run]) -> str:
    """Return a Markdown table over all runs."""
    lines = ["| | " + " | ".join(COLUMNS) + " |", "|---|" + "---|" * len(COLUMNS)]
    for name in runs[0].rows:
        cells = [
            spread([100 * value(run.rows[name]) for run in runs]) for value in COLUMNS.values()
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
    curves = {f"seed {run.seed}": run.losses for run in runs}
    viz.plot_curves(curves, xlabel="epoch", ylabel="loss").savefig(folder / "loss.png")
    name, row = list(first.rows.items())[-1]
    viz.plot_confusion(
        row.labels,
        row.probe.predictions,
        store.label_names,
        title=f"linear probe, {name}, seed {first.seed}",
    ).savefig(folder / "confusion.png")
    x, num_frames, labels = store.batch(experiment.split.train[:1])
    views = MultiView([experiment.view, experiment.view])
    generator = torch.Generator().manual_seed(first.seed)
    view1, view2 = views(x, num_frames=num_frames, generator=generator)
    action = store.label_names[int(labels)] if store.label_names else f"class {int(labels)}"
    clips = {action: x[0], "view 1": view1[0], "view 2": view2[0]}
    viz.plot_clips(clips, store.layout, plane="xz").savefig(folder / "views.png")
