"""Kill a build at random moments, run it again, and compare with one that was left alone.

    python tests/benchmarks/kill_build.py --kills 10 --workers 2

The build runs in a process of its own and ends by SIGKILL, which no program can catch, at a moment
between its first part and its end; its workers must end by themselves. Every file of the store must
come out the same, byte by byte.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from skelter.data import Clip, synthetic, write_ntu

COMMAND = Path(__file__).parents[2] / "examples" / "prepare_data.py"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        trial(Path(folder), args.kills, args.workers, args.files, args.seed)


def trial(folder, kills, workers, files, seed):
    """Return how many parts were there at each kill; raise if a store comes out different."""
    write_files(folder / "raw", files)
    seconds = build(folder, "undisturbed", workers)
    expected = contents(folder / "undisturbed")
    moments = random.Random(seed)
    found = []
    for number in range(kills):
        name = f"killed-{number}"
        process = start(folder, name, workers)
        wait_for_a_part(folder / f".{name}.parts", process)
        time.sleep(moments.uniform(0.0, 1.0) * seconds)
        process.kill()
        process.wait()
        parts = len(list((folder / f".{name}.parts").glob("*.json")))
        state = "complete" if (folder / name).exists() else f"{parts} parts"
        build(folder, name, workers)
        assert contents(folder / name) == expected, f"{name} is another store"
        assert not (folder / f".{name}.parts").exists()
        print(f"kill {number + 1}: {state} at the kill, the same store after it")
        found.append(state)
        shutil.rmtree(folder / name)
    return found


def build(folder, name, workers):
    """Build a store to the end; return the seconds from its first part on."""
    process = start(folder, name, workers)
    wait_for_a_part(folder / f".{name}.parts", process)
    begun = time.perf_counter()
    assert process.wait() == 0, (folder / "log").read_text()
    return time.perf_counter() - begun


def wait_for_a_part(folder, process):
    """Wait for the first part of a build; one that finds its store finished makes none."""
    while process.poll() is None and not list(folder.glob("*.json")):
        time.sleep(0.002)


def start(folder, name, workers):
    with (folder / "log").open("w") as log:
        return subprocess.Popen(
            [
                sys.executable, "-W", "ignore", str(COMMAND), "ntu60", str(folder / "raw"),
                str(folder / name), "--workers", str(workers), "--normalise",
            ],
            stdout=log, stderr=log,
        )  # fmt: skip


def contents(store):
    return {path.name: path.read_bytes() for path in sorted(store.iterdir())}


def write_files(folder, files):
    store = synthetic.generate(clips_per_class=2)
    names = (
        f"S001C{camera:03d}P{performer:03d}R001A{action:03d}"
        for performer in range(1, 41)
        for camera in (1, 2, 3)
        for action in range(1, 61)
    )
    clips = (
        Clip(store[number % len(store)].joints[: 20 + number % 7], name=name)
        for number, name in zip(range(files), names, strict=False)
    )
    write_ntu(folder, clips)


if __name__ == "__main__":
    main()
