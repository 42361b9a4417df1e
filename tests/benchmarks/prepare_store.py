"""How fast `prepare` builds a store of NTU files, and how much memory it takes for it.

    python tests/benchmarks/prepare_store.py --files 1000 5000 --workers 2

Writes that many ``.skeleton`` files of synthetic clips, once, and builds a store of each number in
a process of its own. Memory is the largest resident size of that process and of its workers.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from skelter.data import Clip, prepare, sources, splits, synthetic, write_ntu


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, nargs="+", default=[1000, 5000])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--build", nargs=2, metavar=("RAW", "OUT"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.build:
        build(*args.build, args.workers)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder / "all", max(args.files))
        print("| files | MB | seconds | files/s | parent, MB | largest worker, MB |")
        print("|---|---|---|---|---|---|")
        for number in args.files:
            print(row(folder, number, args.workers), flush=True)


def row(folder, number, workers):
    raw = folder / f"raw-{number}"
    raw.mkdir()
    size = 0
    for file in sorted((folder / "all").iterdir())[:number]:
        (raw / file.name).hardlink_to(file)
        size += file.stat().st_size
    done = subprocess.run(
        [sys.executable, "-W", "ignore", __file__, "--workers", str(workers),
         "--build", str(raw), str(folder / "store")],
        check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    shutil.rmtree(folder / "store")
    cells = (
        f"{number:,}", f"{size / 1e6:.0f}", f"{found['seconds']:.1f}",
        f"{number / found['seconds']:.0f}", f"{found['parent']:.0f}", f"{found['worker']:.0f}",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def build(raw, out, workers):
    start = time.perf_counter()
    report = prepare(sources.ntu60(raw), out, workers=workers)
    seconds = time.perf_counter() - start
    assert len(report.store) == len(list(Path(raw).iterdir()))
    parent, worker = (
        resource.getrusage(who).ru_maxrss / 1e3
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(json.dumps({"seconds": seconds, "parent": parent, "worker": worker}))


def write_files(folder, files):
    store = synthetic.generate(clips_per_class=20)
    names = (
        f"S{setup:03d}C{camera:03d}P{performer:03d}R001A{action:03d}"
        for setup in range(1, 18)
        for performer in range(1, 41)
        for camera in (1, 2, 3)
        for action in range(1, 61)
    )
    names = (name for name in names if name not in splits.ntu_missing())
    clips = (
        Clip(store[number % len(store)].joints, name=name)
        for number, name in zip(range(files), names, strict=False)
    )
    write_ntu(folder, clips)


if __name__ == "__main__":
    main()
