"""Damage files of the formats in many ways, and have them read.

    python tests/fuzzing --format ntu --files 20000 --seed 0

A case depends on its format, the seed and its number alone. Ends with 1 if a reader did anything
but read a file or refuse it by SkeletonFormatError or OSError, soon and in little memory; the
files of those cases are kept.
"""

from __future__ import annotations

import argparse
import faulthandler
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

import torch
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).parents[1]))
from fuzzing.formats import BINARY_FORMATS, FORMATS, TEXT_FORMATS, damaged
from fuzzing.harness import memory_limit, outcome, resource, write


def main():
    args = arguments()
    faulthandler.enable()
    torch.set_num_threads(1)
    groups = {"all": FORMATS, "text": TEXT_FORMATS, "binary": BINARY_FORMATS}
    rows, wrong = [], []
    for name in groups.get(args.format, [args.format]):
        outcomes = list(run(name, args))
        rows.append(row(name, outcomes))
        wrong += [(name, number, one.wrong) for number, one in enumerate(outcomes) if one.wrong]
    print(table(rows))
    for name, number, what in wrong[:20]:
        print(f"WRONG {name} case {number + args.first}: {what}")
    return 1 if wrong else 0


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--format", default="all", choices=["all", "text", "binary", *FORMATS])
    parser.add_argument("--files", type=int, default=1000, help="cases of each format")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--seed", type=int, default=0)
    keep = Path(tempfile.gettempdir()) / "fuzzing"
    what = f"where the files of cases go that went wrong ({keep})"
    parser.add_argument("--keep", type=Path, default=keep, help=what)
    return parser.parse_args()


def run(name, args):
    """Yield the outcome of each case of a format."""
    numbers = range(args.first, args.first + args.files)
    with tempfile.TemporaryDirectory() as folder, memory_limit():
        for number in tqdm(numbers, desc=name, unit="file", mininterval=1):
            files = damaged(name, random.Random(f"{name} {args.seed} {number}"))
            write(folder, files)
            result = outcome(FORMATS[name], Path(folder))
            if result.wrong:
                write(args.keep / f"{name}-{args.seed}-{number}", files)
            yield result


def row(name, outcomes):
    refusals = Counter(one.refusal for one in outcomes if one.refusal)
    whole = sum(1 for one in outcomes if one.clips and not one.refusal)
    partly = sum(1 for one in outcomes if one.clips and one.refusal)
    slowest = max(one.seconds for one in outcomes)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024 if resource else 0
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in refusals.most_common())
    return (name, f"{len(outcomes):,}", f"{whole:,}", f"{partly:,}",
            f"{sum(1 for one in outcomes if one.refusal and not one.clips):,}",
            f"{sum(1 for one in outcomes if one.wrong):,}", f"{slowest * 1e3:.0f} ms",
            f"{peak:,} MB", kinds)  # fmt: skip


def table(rows):
    head = ("format", "files", "read", "in part", "refused", "wrong", "slowest", "peak", "by")
    widths = [max(len(one[i]) for one in [head, *rows]) for i in range(len(head) - 1)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(one, [*widths, 0], strict=True)).rstrip()
        for one in [head, *rows]
    )


if __name__ == "__main__":
    sys.exit(main())
