"""Write what a run of paper_pipeline.py found: a table, figures, and the numbers as JSON."""

from __future__ import annotations

import json
import platform
import statistics
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path

import torch

import skelter
from skelter import viz
from skelter.data import SkeletonStore, protocols
from skelter.evaluation import LinearProbeResult, RetrievalResult
from skelter.transforms import MultiView


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


COLUMNS: dict[str, Callable[[Row], float]] = {
    "1-NN": lambda row: row.retrieval.top[1],
    "top-5": lambda row: row.retrieval.top[5],
    "mAP": lambda row: row.retrieval.mean_average_precision,
    "linear, last epoch": lambda row: row.probe.last,
    "linear, best epoch": lambda row: row.probe.best,
}


def write(
    folder: Path,
    runs: list[Run],
    *,
    store: SkeletonStore,
    split: protocols.Split,
    protocol: str,
    preset: str,
    settings: object,
) -> None:
    """Write report.md, report.json and the figures into a folder, and print the table."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = table(runs)
    print("\n".join(lines))
    facts = {
        "data": f"{store}",
        "protocol": f"{protocol}, {len(split.train)} clips train, {len(split.test)} test",
        "seeds": ", ".join(str(run.seed) for run in runs),
        "preset": preset,
        "time": ", ".join(f"{run.seconds:.0f} s" for run in runs)
        + f" ({torch.get_num_threads()} threads)",
        "versions": f"skelter {skelter.__version__}, torch {torch.__version__}, Python "
        f"{platform.python_version()}, {date.today()}",
    }
    draw(folder, runs, store, split, settings)
    text = ["# Inter-skeleton contrast", ""]
    text += [f"- {name}: {value}" for name, value in facts.items()]
    text += [
        "",
        "Test accuracy in percent, mean ± standard deviation over seeds."
        if len(runs) > 1
        else "Test accuracy in percent.",
        "",
    ]
    text += lines
    text += [
        "",
        "Retrieval is by cosine between features of centre crops (encoders in eval mode). The best",
        "epoch of the linear probe is chosen on the test set: it is an upper bound, not a result.",
        "",
        "![Loss](loss.png)",
        "",
        "![Confusion of the linear probe](confusion.png)",
        "",
        "![A clip and its two views](views.png)",
        "",
        "## Settings",
        "",
        *(
            f"- {field.name}: {getattr(settings, field.name)!r}".replace("\n", " ")
            for field in fields(settings)
        ),  # type: ignore[arg-type]
        "",
    ]
    (folder / "report.md").write_text("\n".join(text))
    numbers = {
        "facts": facts,
        "runs": [
            {
                "seed": run.seed,
                "seconds": run.seconds,
                "losses": run.losses,
                "rows": {
                    name: {column: value(row) for column, value in COLUMNS.items()}
                    for name, row in run.rows.items()
                },
            }
            for run in runs
        ],
    }
    (folder / "report.json").write_text(json.dumps(numbers, indent=1))
    print(f"report: {folder / 'report.md'}")


def table(runs: list[Run]) -> list[str]:
    """Return the lines of a Markdown table over all runs."""
    lines = ["| | " + " | ".join(COLUMNS) + " |", "|---|" + "---|" * len(COLUMNS)]
    for name in runs[0].rows:
        cells = [
            spread([100 * value(run.rows[name]) for run in runs]) for value in COLUMNS.values()
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def spread(values: list[float]) -> str:
    """Return a mean, with its deviation where there are several values."""
    mean = f"{statistics.mean(values):.1f}"
    return mean if len(values) == 1 else f"{mean} ± {statistics.stdev(values):.1f}"


def draw(
    folder: Path, runs: list[Run], store: SkeletonStore, split: protocols.Split, settings: object
) -> None:
    """Write the figures."""
    curves = {f"seed {run.seed}": run.losses for run in runs}
    viz.plot_curves(curves, xlabel="epoch", ylabel="loss").savefig(folder / "loss.png")
    name, row = list(runs[0].rows.items())[-1]
    title = f"linear probe, {name}, seed {runs[0].seed}"
    viz.plot_confusion(row.labels, row.probe.predictions, store.label_names, title=title).savefig(
        folder / "confusion.png"
    )
    x, num_frames, labels = store.batch(split.train[:1])
    view = settings.view
    first, second = MultiView([view, view])(
        x, num_frames=num_frames, generator=torch.Generator().manual_seed(runs[0].seed)
    )
    action = store.label_names[int(labels)] if store.label_names else f"class {int(labels)}"
    clips = {f"{action}": x[0], "view 1": first[0], "view 2": second[0]}
    viz.plot_clips(clips, store.layout, plane="xz").savefig(folder / "views.png")
