"""Kill pre-training at random moments, run it again, and compare with a run that was left alone.

    python tests/benchmarks/kill_training.py --kills 20 --processes 1
    python tests/benchmarks/kill_training.py --kills 20 --processes 2

Training runs in processes of its own and ends by SIGKILL, which no program can catch, at a moment
between its first checkpoint and its end; the same command then goes on. Everything that the last
checkpoint holds (weights, momentum encoders, queues, optimiser, history) must come out the same,
bit by bit.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from skelter import checkpoints

COMMAND = Path(__file__).parents[2] / "examples" / "pretrain.py"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        trial(Path(folder), args.kills, args.processes, args.steps, args.seed)


def trial(folder, kills, processes, steps, seed, *options, command=COMMAND):
    """Raise if a run that was killed ends with another state; return the last one."""
    command = [command, "--accelerator", "cpu", "--devices", processes, "--steps", steps]
    command += ["--checkpoint-every", 3, "--monitor", 0.1, *options]
    seconds = run(folder, "undisturbed", command)
    expected = last(folder / "undisturbed")
    moments = random.Random(seed)
    for number in range(kills):
        name = f"killed-{number}"
        process = start(folder, name, command)
        wait_for_a_checkpoint(folder / name, process)
        time.sleep(moments.uniform(0.0, 0.9) * seconds)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        reached = max((path.stem for path in saved(folder / name)), default="no step")
        run(folder, name, command)
        differing = differences(expected, last(folder / name))
        assert not differing, f"{name} differs in {differing[:5]}"
        print(f"kill {number + 1}: at {reached}, the same end", flush=True)
        shutil.rmtree(folder / name)
    return expected


def run(folder, name, command):
    """Train to the end; return the seconds from the first checkpoint on."""
    process = start(folder, name, command)
    wait_for_a_checkpoint(folder / name, process)
    begun = time.perf_counter()
    assert process.wait() == 0, (folder / f"{name}.log").read_text()[-2000:]
    return time.perf_counter() - begun


def start(folder, name, command):
    with (folder / f"{name}.log").open("w") as log:
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", *map(str, command), "--output", folder / name],
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )


def wait_for_a_checkpoint(folder, process):
    while process.poll() is None and not saved(folder):
        time.sleep(0.005)


def saved(folder):
    return sorted((folder / "checkpoints").glob("step-*.pt"))


def last(folder):
    return checkpoints.load(saved(folder)[-1])


def differences(ours, theirs, at=""):
    """Name what differs between two nested states."""
    if isinstance(ours, torch.Tensor):
        same = ours.dtype == theirs.dtype and torch.equal(ours, theirs)
        return [] if same else [at]
    if isinstance(ours, dict):
        if ours.keys() != theirs.keys():
            return [f"{at}: {ours.keys() ^ theirs.keys()}"]
        pairs = ((key, ours[key], theirs[key]) for key in ours if key != "output")
        return [found for key, a, b in pairs for found in differences(a, b, f"{at}.{key}")]
    if isinstance(ours, list | tuple):
        pairs = enumerate(zip(ours, theirs, strict=True))
        return [found for key, (a, b) in pairs for found in differences(a, b, f"{at}[{key}]")]
    return [] if ours == theirs else [at]


if __name__ == "__main__":
    main()
