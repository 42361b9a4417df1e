"""From measurements to lines: ratios over passes, quartiles, targets, a table, a JSON file."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass
from typing import Any

HEADER = ("row", "variant", "baseline", "ours", "ratio", "quartiles", "target", "met")


@dataclass(frozen=True)
class Line:
    """A line of the table: one variant of ours beside the baseline of its row."""

    row: str
    variant: str
    baseline: str
    ours: str
    ratio: float | None = None
    quartiles: tuple[float, float] | None = None
    target: str = ""
    met: bool | None = None
    best_of: str = ""

    def cells(self):
        quartiles = f"{self.quartiles[0]:.2f} to {self.quartiles[1]:.2f}" if self.quartiles else ""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        met = {True: "yes", False: "no", None: ""}[self.met]
        return (
            self.row,
            self.variant,
            self.baseline,
            self.ours,
            ratio,
            quartiles,
            self.target,
            met,
        )


def lines(measurements):
    """Return the lines of all rows, in the order in which the rows first came."""
    made = []
    for row, its_own in grouped(measurements, lambda m: m.row).items():
        variants = grouped((m for m in its_own if m.role != "baseline"), lambda m: m.variant)
        baselines = {m.pass_number: m for m in its_own if m.role == "baseline"}
        for variant, found in variants.items():
            kind = KINDS.get(found[0].role)
            if kind is not None:
                made.append(kind(row, variant, found, baselines))
    return with_shared_targets(made)


def ratio_line(row, variant, found, baselines):
    """Compare with the baseline, pass by pass; rounds give the quartiles."""
    pairs = [(baselines[m.pass_number], m) for m in found if m.pass_number in baselines]
    is_memory = "bytes" in found[0].facts
    target = found[0].facts.get("target")
    ours = cost(found)
    if not pairs:
        return Line(row, variant, "", ours, target=worded(target))
    if is_memory:
        ratios = [m.median / b.median for b, m in pairs]
        spread = ratios
    else:
        ratios = [b.median / m.median for b, m in pairs]
        spread = [ratio for pair in pairs for ratio in ratios_of_rounds(*pair)]
    ratio = statistics.median(ratios)
    # A limit in bytes is one of ours; all others are of the ratio.
    value = statistics.median(m.median for m in found) if in_bytes(target) else ratio
    return Line(
        row, variant, cost([b for b, _ in pairs]), ours, ratio, quartiles(spread), worded(target),
        reached(target, value), f"{row} {target['best_of']}" if "best_of" in (target or {}) else "",
    )  # fmt: skip


def ratios_of_rounds(baseline, ours):
    """Yield, for each round of either side, its ratio to the other side's median."""
    for seconds in ours.seconds:
        yield baseline.median / seconds
    for seconds in baseline.seconds:
        yield seconds / ours.median


def rate_line(row, variant, found, baselines):
    """Tell work a second, without a baseline."""
    unit = found[0].facts["work_unit"]
    rates = [m.facts["work"] / seconds / 1e9 for m in found for seconds in m.seconds]
    text = f"{statistics.median(rates):.1f} {unit}"
    return Line(row, variant, "", text, quartiles=quartiles(rates))


def flat_line(row, variant, found, baselines):
    """Tell how much the cost of an item varies over the points of a sweep."""
    points = grouped(found, lambda m: m.facts["sweep"]["value"])
    costs = {value: statistics.median(m.per_item for m in at) for value, at in points.items()}
    ratio = max(costs.values()) / min(costs.values())
    in_order = ", ".join(readable(costs[value]) for value in sorted(costs))
    target = found[0].facts.get("target")
    unit = found[0].facts["unit"]
    return Line(
        row, variant, "", f"{in_order} / {unit}", ratio, target=worded(target),
        met=reached(target, ratio),
    )  # fmt: skip


KINDS = {"ours": ratio_line, "rate": rate_line, "flat": flat_line}


def with_shared_targets(made):
    """Where variants share a target, all of them meet it if the best one does."""
    best = {line.best_of for line in made if line.best_of and line.met}
    return [
        Line(**{**vars(line), "met": True}) if line.best_of in best and line.best_of else line
        for line in made
    ]


def cost(found):
    """Word the median over passes of the cost of an item, or of memory."""
    if "bytes" in found[0].facts:
        return f"{statistics.median(m.median for m in found) / 2**20:.0f} MiB"
    return f"{readable(statistics.median(m.per_item for m in found))} / {found[0].facts['unit']}"


def readable(seconds):
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def worded(target):
    if not target:
        return ""
    value = f"{target['value'] / 2**20:.0f} MiB" if in_bytes(target) else f"{target['value']:g}"
    shared = ", the best" if "best_of" in target else ""
    return f"{target['kind']} {value}{shared}"


def reached(target, value):
    if not target:
        return None
    return value >= target["value"] if target["kind"] == "at least" else value <= target["value"]


def in_bytes(target):
    return bool(target) and target.get("unit") == "bytes"


def quartiles(values):
    values = list(values)
    if len(values) < 2:
        return (values[0], values[0])
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return (low, high)


def grouped(items, key):
    groups: dict[Any, list[Any]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def table(made):
    """Return an aligned Markdown table."""
    cells = [HEADER, *(line.cells() for line in made)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEADER))]
    rows = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in cells
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([rows[0], rule, *rows[1:]])


def as_dict(made, measurements, about):
    """Return everything for the JSON file."""
    return {
        "about": about,
        "lines": [asdict(line) for line in made],
        "measurements": [measurement.as_dict() for measurement in measurements],
    }
