"""What evaluate.py writes: a table, figures, and every number as JSON."""

from __future__ import annotations

import json
import platform
import statistics
from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING

import torch

import skelter
from parts import published, settings
from parts.evaluation_figures import draw
from parts.evaluator import Row
from parts.recordings import Fold
from parts.sources import RANDOM, Encoders
from skelter.data import SkeletonStore

if TYPE_CHECKING:
    from evaluate import Evaluation

PAGE = """# Evaluation

{facts}

Accuracy on the test clips in percent{spread}. Encoders are in eval mode; where nothing is said,
figures are of the last epoch. A best epoch is chosen on the test clips: an upper bound, no result.

{table}
{published}{repeats}
## How

{how}

## Time

Seconds, mean over runs.

{seconds}

## Figures

Of the first run of "{shown}".

{figures}

## Settings

{settings}
{pretraining}"""


def write(
    config: Evaluation,
    store: SkeletonStore,
    folds: list[Fold],
    rows: list[Row],
    encoders: list[Encoders],
) -> None:
    """Write report.md, report.json and figures into a folder, and print the table."""
    folder = config.output
    folder.mkdir(parents=True, exist_ok=True)
    columns = list(dict.fromkeys(name for row in rows for name in row.figures))
    lines = table(collected(rows), columns)
    shown = next((row for row in rows if not row.title.startswith((RANDOM, "raw"))), rows[0])
    figures = draw(shown, rows, store, folds, encoders)
    for name, figure in figures.items():
        figure.savefig(folder / f"{name}.png", dpi=150)
    facts = about(config, store, folds, rows)
    text = PAGE.format(
        facts=bullets(facts),
        spread=over(rows),
        table=lines,
        published=beside(folds[0], columns),
        repeats=repeated(folds),
        how=bullets(how(config, rows)),
        seconds=times(rows),
        shown=shown.title,
        figures="\n\n".join(f"![{name.replace('_', ' ')}]({name}.png)" for name in figures),
        settings=bullets({name: settings.shown(value) for name, value in vars(config).items()}),
        pretraining=trained_with(encoders),
    )
    (folder / "report.md").write_text(text)
    numbers = {
        "facts": facts,
        "settings": settings.plain(config),
        "pre-training": [e.settings for e in encoders if e.settings and e.origin != RANDOM],
        "rows": [
            {
                "title": row.title, "fold": row.fold, "seed": row.seed, "figures": row.figures,
                "seconds": row.seconds, "results": row.results,
            }
            for row in rows
        ],
    }  # fmt: skip
    (folder / "report.json").write_text(json.dumps(numbers, indent=1, default=str))
    print(f"{lines}\nreport: {folder / 'report.md'}")


def collected(rows: list[Row]) -> dict[str, dict[str, list[float]]]:
    """Return the figures of all runs, by title and column."""
    cells: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        cell = cells.setdefault(row.title, defaultdict(list))
        for column, value in row.figures.items():
            cell[column].append(value)
    return cells


def table(cells: dict[str, dict[str, list[float]]], columns: list[str], scale: float = 100) -> str:
    """Return a Markdown table of means, with deviations where there are several runs."""
    lines = ["| | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    for title, figures in cells.items():
        shown = [spread([scale * value for value in figures.get(name, [])]) for name in columns]
        lines.append(f"| {title} | " + " | ".join(shown) + " |")
    return "\n".join(lines)


def spread(values: list[float]) -> str:
    """Return a mean, with its deviation where there are several values."""
    if not values:
        return ""
    mean = f"{statistics.mean(values):.1f}"
    return mean if len(values) == 1 else f"{mean} ± {statistics.stdev(values):.1f}"


def times(rows: list[Row]) -> str:
    """Return the table of seconds."""
    cells = {
        title: {task: [statistics.mean(values)] for task, values in seconds.items()}
        for title, seconds in collected(
            [Row(r.title, r.fold, r.seed, r.seconds) for r in rows]
        ).items()
    }
    tasks = list(dict.fromkeys(task for seconds in cells.values() for task in seconds))
    return table(cells, tasks, scale=1)


def about(
    config: Evaluation, store: SkeletonStore, folds: list[Fold], rows: list[Row]
) -> dict[str, str]:
    """Return what a reader needs to run it again."""
    split = [f"{fold.name}, {len(fold.split.train)} clips train, {len(fold.split.test)} test, "
             f"{len(fold.repeats)} repeats across" for fold in folds]  # fmt: skip
    return {
        "data": repr(store),
        "made": "; ".join(f"{name}: {value}" for name, value in store.info.provenance.items()
                          if value and name in ("format", "normalisation", "version")),
        "protocol": "; ".join(split),
        "checkpoints": ", ".join(map(str, config.checkpoint)) or "none",
        "seeds": f"pre-training {', '.join(sorted({str(r.seed) for r in rows}))}; evaluation "
        f"{config.seed}",
        "time": f"{sum(sum(row.seconds.values()) for row in rows):.0f} s, "
        f"{torch.get_num_threads()} threads",
        "versions": f"skelter {skelter.__version__}, torch {torch.__version__}, Python "
        f"{platform.python_version()}, {date.today()}",
    }  # fmt: skip


def over(rows: list[Row]) -> str:
    """Return what the figures are means over."""
    counts = defaultdict(set)
    for row in rows:
        counts[row.title].add((row.fold, row.seed))
    runs = max(counts.values(), key=len)
    folds, seeds = len({fold for fold, _ in runs}), len({seed for _, seed in runs})
    parts = [f"{n} {what}" for n, what in ((folds, "folds"), (seeds, "seeds")) if n > 1]
    return f", mean ± standard deviation over {' x '.join(parts)}" if parts else ""


def how(config: Evaluation, rows: list[Row]) -> dict[str, str]:
    """Return what each column means here, labels included."""
    said: dict[str, str] = {}
    for row in rows:
        for task, result in row.results.items():
            labels = result.get("labels_used")
            text = f"{labels} labels" if labels is not None else ""
            if task.startswith("semi"):
                kind = "the same share of every class" if config.balanced else "any clips"
                text = (
                    f"{text}, {kind}; label draws {result['seeds']}; fine-tuned as "
                    f"`{config.finetune}`"
                )
            elif task == "finetune":
                text = f"{text}; settings `{config.finetune}`"
            elif task == "linear":
                crops = "new crops every epoch" if config.fresh_crops else "centre crops"
                text = f"{text}; settings `{config.probe}`, {crops}"
            elif task.startswith("knn"):
                text = "cosine between features of centre crops"
            elif task == "ensemble":
                text = f"the scores of the linear probes added up, of {result['of']}"
            said.setdefault(task, text)
    return said


def beside(fold: Fold, columns: list[str]) -> str:
    """Return published figures of the same set and protocol."""
    found = published.of(fold.name, sum(map(len, fold.split)), columns)
    if not found:
        return ""
    names = [name for name in columns if any(name in figures for figures in found.values())]
    cells = {
        method: {name: [value] for name, value in figures.items()}
        for method, figures in found.items()
    }
    return f"\nPublished figures of {fold.name}:\n\n{table(cells, names)}\n"


def trained_with(encoders: list[Encoders]) -> str:
    """Return the settings of pre-training, those that differ between runs with all values."""
    runs = [e.settings for e in encoders if e.settings and e.origin != RANDOM]
    if not runs:
        return ""
    values = {
        name: ", ".join(dict.fromkeys(str(run.get(name)) for run in runs)) for name in runs[0]
    }
    return f"\n## Pre-training\n\n{bullets(values)}\n"


def repeated(folds: list[Fold]) -> str:
    """Return a paragraph on test clips that are training clips."""
    repeats = sum(len(fold.repeats) for fold in folds)
    if not repeats:
        return ""
    tested = sum(len(fold.split.test) for fold in folds)
    return (
        f"\n**{repeats} of {tested} test clips repeat the coordinates of training clips.** The "
        "columns *no repeats* leave them out of the test.\n"
    )


def bullets(facts: dict[str, str]) -> str:
    """Return a Markdown list."""
    return "\n".join(f"- {name}: {value}" for name, value in facts.items())
