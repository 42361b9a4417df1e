"""Report of an evaluation: tables, figures, and every number as JSON."""

from __future__ import annotations

import json
import platform
import statistics
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import torch

import skelter
from parts import published
from parts.command_line import plain
from parts.evaluator import Row
from parts.figures import draw, losses
from parts.protocols import Evaluation
from parts.recordings import Fold
from parts.sources import TRAINED
from skelter.data import SkeletonStore
from skelter.training import Run

Cells = dict[str, dict[str, list[float]]]  # values by title and column

PAGE = """# Evaluation

{facts}

Accuracy on the test clips in percent{spread}. *1-NN* finds the class of a test clip by its nearest
training clip, *top-5* among the five nearest. After the name of another column, *top-5* is the
share of clips whose class is among the five of highest score. *mAP* is mean average precision.
Encoders are in eval mode. Where nothing is said, figures are of the last epoch. A best epoch is
chosen on the test clips: an upper bound, not a result.

{table}
{published}{repeats}
## How

{how}

## Time

Seconds of evaluation, mean over runs.

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
    folds: Sequence[Fold],
    rows: Sequence[Row],
    runs: Sequence[Run],
) -> None:
    """Write report.md, report.json and figures into a folder, and print the table."""
    config.output.mkdir(parents=True, exist_ok=True)
    cells = collect(rows, lambda row: row.figures)
    lines = table(cells, percent)
    shown = next((row for row in rows if row.kind == TRAINED), rows[0])
    figures = draw(shown, rows, store, folds, runs)
    for name, figure in figures.items():
        figure.savefig(config.output / f"{name}.png", dpi=150)
    facts = describe(config, store, folds, rows)
    settings, trained_with = plain(config), [settings_of(run) for run in runs]
    text = PAGE.format(
        facts=bullets(facts),
        spread=over(rows),
        table=lines,
        published=beside(folds[0], columns_of(cells)),
        repeats=repeated(folds),
        how=bullets(how(config, rows)),
        seconds=table(collect(rows, lambda row: row.seconds), seconds),
        shown=shown.title,
        figures="\n\n".join(f"![{name.replace('_', ' ')}]({name}.png)" for name in figures),
        settings=bullets({name: in_words(value) for name, value in settings.items()}),
        pretraining=f"\n## Pre-training\n\n{bullets(merge(trained_with))}\n" if runs else "",
    )
    (config.output / "report.md").write_text(text)
    numbers = {
        "facts": facts, "settings": settings, "pre-training": trained_with,
        "losses": [losses(run) for run in runs],
        "rows": [
            {name: getattr(row, name)
             for name in ("title", "fold", "seed", "figures", "seconds", "results")}
            for row in rows
        ],
    }  # fmt: skip
    (config.output / "report.json").write_text(json.dumps(numbers, indent=1, default=str))
    print(f"{lines}\nreport: {config.output / 'report.md'}")


def collect(rows: Sequence[Row], values: Callable[[Row], Mapping[str, float]]) -> Cells:
    """Return the values of all runs, by title and column."""
    cells: Cells = {}
    for row in rows:
        for column, value in values(row).items():
            cells.setdefault(row.title, {}).setdefault(column, []).append(value)
    return cells


def columns_of(cells: Cells) -> list[str]:
    """Return all columns in the order in which they come first."""
    return list(dict.fromkeys(column for values in cells.values() for column in values))


def table(cells: Cells, show: Callable[[list[float]], str]) -> str:
    """Return a Markdown table."""
    columns = columns_of(cells)
    lines = ["| | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    for title, values in cells.items():
        shown = [show(values[name]) if name in values else "" for name in columns]
        lines.append(f"| {title} | " + " | ".join(shown) + " |")
    return "\n".join(lines)


def percent(shares: list[float]) -> str:
    """Return a mean in percent, with its deviation where there is more than one share."""
    mean = f"{100 * statistics.mean(shares):.1f}"
    return mean if len(shares) == 1 else f"{mean} ± {100 * statistics.stdev(shares):.1f}"


def seconds(values: list[float]) -> str:
    """Return a mean."""
    return f"{statistics.mean(values):.1f}"


def describe(
    config: Evaluation, store: SkeletonStore, folds: Sequence[Fold], rows: Sequence[Row]
) -> dict[str, str]:
    """Return the facts that a reader needs to run it again."""
    made = {**store.info.provenance, "skipped": len(store.info.provenance.get("skipped", ()))}
    return {
        "data": repr(store),
        "made": "; ".join(f"{name}: {value}" for name, value in made.items()
                          if value and name != "pieces"),
        "split": "; ".join(f"{fold.name}, {len(fold.split.train)} clips train, "
                           f"{len(fold.split.test)} test, {len(fold.repeats)} repeats across"
                           for fold in folds),
        "checkpoints": ", ".join(map(str, config.checkpoint)) or "none",
        "seeds": f"pre-training {', '.join(sorted({str(row.seed) for row in rows}))}; evaluation "
                 f"{config.seed}",
        "time": f"{sum(sum(row.seconds.values()) for row in rows):.0f} s of evaluation, "
                f"{torch.get_num_threads()} threads",
        "versions": f"skelter {skelter.__version__}, torch {torch.__version__}, Python "
                    f"{platform.python_version()}, {date.today()}",
    }  # fmt: skip


def over(rows: Sequence[Row]) -> str:
    """Return the words for the folds and seeds that the figures are means over."""
    runs: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for row in rows:
        runs[row.title].add((row.fold, row.seed))
    most = max(runs.values(), key=len)
    folds, seeds = len({fold for fold, _ in most}), len({seed for _, seed in most})
    parts = [f"{n} {what}" for n, what in ((folds, "folds"), (seeds, "seeds")) if n > 1]
    return f", mean ± standard deviation over {' x '.join(parts)}" if parts else ""


HOW = {
    "knn": "cosine between features of centre crops",
    "knn-ae": "cosine between features of centre crops",
    "linear": "{labels_used} labels; settings `{probe}`, {crops}",
    "semi": "{labels_used} labels, {choice}; label draws {seeds}; fine-tuned as `{finetune}`",
    "finetune": "{labels_used} labels; settings `{finetune}`",
    "one-shot": "cosine to one clip of each novel class",
    "ensemble": "the scores of the linear probes added up, of {of}",
}


def how(config: Evaluation, rows: Sequence[Row]) -> dict[str, str]:
    """Return the meaning of each task here, labels included."""
    common = vars(config) | {
        "choice": "the same share of every class" if config.balanced else "any clips",
        "crops": "new crops every epoch" if config.fresh_crops else "centre crops",
    }
    meanings: dict[str, str] = {}
    for row in rows:
        for task, result in row.results.items():
            meanings.setdefault(task, HOW[task.split()[0]].format(**common | result))
    return meanings


def beside(fold: Fold, columns: Sequence[str]) -> str:
    """Return published figures of the same set and split."""
    found = published.of(fold.name, sum(map(len, fold.split)), columns)
    cells = {method: {name: [value] for name, value in figures.items()}
             for method, figures in found.items()}  # fmt: skip
    return f"\nPublished figures of {fold.name}:\n\n{table(cells, percent)}\n" if cells else ""


def repeated(folds: Sequence[Fold]) -> str:
    """Return a paragraph on test clips that are training clips."""
    repeats = sum(len(fold.repeats) for fold in folds)
    if not repeats:
        return ""
    tested = sum(len(fold.split.test) for fold in folds)
    return (
        f"\n**{repeats} of {tested} test clips repeat the coordinates of training clips.** The "
        "columns *no repeats* leave them out of the test.\n"
    )


def settings_of(run: Run) -> dict[str, Any]:
    """Return the settings of pre-training, its step and the versions it ran with."""
    return {**run.configuration, "method": run.name, "step": run.step, **run.versions}


def merge(settings: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return settings in words, those that differ between runs with all values."""
    names = dict.fromkeys(name for values in settings for name in values)
    return {
        name: ", ".join(dict.fromkeys(in_words(values.get(name)) for values in settings))
        for name in names
    }


def in_words(value: Any) -> str:
    """Return a setting as one would type it."""
    return " ".join(map(str, value)) or "none" if isinstance(value, list | tuple) else str(value)


def bullets(facts: Mapping[str, str]) -> str:
    """Return a Markdown list."""
    return "\n".join(f"- {name}: {value}" for name, value in facts.items())
