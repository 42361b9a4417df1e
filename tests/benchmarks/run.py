"""Measure skelter beside what people copy today, and print one table.

    python tests/benchmarks/run.py                        every row, three passes, the CPU
    python tests/benchmarks/run.py --rows views --passes 1
    python tests/benchmarks/run.py --rows transforms -k blur --passes 1
    python tests/benchmarks/run.py --quick                tiny sizes: does everything run?
    python tests/benchmarks/run.py --device cuda          the rows that make sense on a GPU

Needs `pip install -e ".[benchmark]"`. Every pass runs every topic in a process of its own; even
passes take the rows in the other order, so that a machine that slows down or warms up favours
neither side. Leave the machine alone meanwhile.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
sys.path.insert(0, str(HERE.parent))

from benchmarks import measurements, page, report  # noqa: E402  # after the path they lie on

TOPICS = ("views", "transforms", "encoders", "step", "store", "retrieval")
ON_GPU = ("encoders", "step", "store")
# Freed memory is kept, as it comes to be in a long training. Otherwise large results are new pages
# from the system at every call, depending on what ran before.
KEEPING = os.environ | dict.fromkeys(
    ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"), str(2**30)
)
OUTPUT = REPOSITORY / "runs" / "speed"


def main(arguments=None):
    args = parse(arguments)
    args.output.mkdir(parents=True, exist_ok=True)
    found, machine, failed = [], {}, []
    topics = args.rows if args.k else ["machine", *args.rows]
    for number in range(1, args.passes + 1):
        for topic in topics if number % 2 else reversed(topics):
            print(f"\n== pass {number} of {args.passes}: {topic}", flush=True)
            path = args.output / f"pass-{number}-{topic}.json"
            path.unlink(missing_ok=True)
            if run(topic, path, args, reverse=number % 2 == 0) != 0:
                failed.append(f"pass {number}, {topic}")
            if path.exists() and path.stat().st_size > 0:
                new, machine = measurements.read(path, number)
                found += new
    about = describe(machine, args)
    finish(found, about, args)
    if failed:
        print(f"\nNot complete: {'; '.join(failed)}. See above.", file=sys.stderr)
    return 1 if failed else 0


def parse(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rows", nargs="+", choices=TOPICS, metavar="TOPIC",
        help=f"which of {', '.join(TOPICS)} (default: all; on a GPU {', '.join(ON_GPU)})",
    )  # fmt: skip
    parser.add_argument("-k", metavar="WORDS", help="only rows of these words, as pytest's -k")
    parser.add_argument("--passes", type=int, default=3, help="how often each row (default: 3)")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="default: cpu")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that it runs")
    parser.add_argument(
        "--store-clips", type=int, nargs="+", metavar="N",
        help="sizes of the stores; 200,000 clips take 5 GB of disk "
        "(default: 1000 10000 50000 200000)",
    )  # fmt: skip
    parser.add_argument(
        "--scratch", type=Path, default=Path(tempfile.gettempdir()),
        help="where stores are written meanwhile (default: the system's temporary folder)",
    )  # fmt: skip
    parser.add_argument("--output", type=Path, default=OUTPUT, help="default: runs/speed")
    parser.add_argument(
        "--page", type=Path, help="a page with markers to update, docs/explanation/speed.md"
    )
    args = parser.parse_args(arguments)
    if args.passes < 1:
        parser.error("--passes: at least 1")
    args.rows = args.rows or list(ON_GPU if args.device == "cuda" else TOPICS)
    return args


def run(topic, path, args, *, reverse):
    """Run one file through pytest; return its exit status."""
    options = [f"--bench-device={args.device}"]
    options += ["-k", args.k] if args.k else []
    options += ["--bench-quick"] if args.quick else []
    options += ["--bench-reverse"] if reverse else []
    options += ["--bench-store-clips", *map(str, args.store_clips)] if args.store_clips else []
    with tempfile.TemporaryDirectory(dir=args.scratch, prefix="skelter-benchmarks-") as scratch:
        command = [
            sys.executable, "-m", "pytest", str(HERE / f"bench_{topic}.py"),
            f"--rootdir={REPOSITORY}", f"--confcutdir={HERE}", f"--basetemp={scratch}/pytest",
            "-o", "addopts=--import-mode=importlib", "-o", "filterwarnings=default",
            "-p", "no:cacheprovider", "--no-header", "-v", "--disable-warnings",
            f"--benchmark-json={path.resolve()}", "--benchmark-quiet", *options,
        ]  # fmt: skip
        return subprocess.run(command, cwd=REPOSITORY, check=False, env=KEEPING).returncode


def describe(machine, args):
    """Say what was measured with, and where."""
    names = ("torch", "numpy", "scikit-learn", "skelter")
    versions = {"python": platform.python_version()}
    versions |= {name: importlib.metadata.version(name) for name in names}
    gpu = None
    if args.device == "cuda":
        import torch

        gpu = torch.cuda.get_device_name()
    return {
        "versions": versions,
        "cpu": machine.get("cpu", {}).get("brand_raw") or platform.processor(),
        "cores": os.cpu_count(),
        "gpu": gpu,
        "system": platform.platform(),
        "date": datetime.date.today().isoformat(),
        "passes": args.passes,
        "quick": args.quick,
        "device": args.device,
    }


def finish(found, about, args):
    """Print the table and write the files."""
    made = report.lines(found)
    content = report.as_dict(made, found, about)
    path = args.output / "speed.json"
    path.write_text(json.dumps(content, indent=1) + "\n")
    print(f"\n{page.sentence(about)}\n\n{report.table(made)}\n\nAll numbers: {path}")
    if args.page is not None:
        page.update(args.page, made, found, about)
        print(f"Updated {args.page}")


if __name__ == "__main__":
    sys.exit(main())
