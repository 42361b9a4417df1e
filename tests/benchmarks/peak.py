"""The peak memory of one piece of work, in a process of its own.

Run as a script, it does the work and prints the bytes by which the resident set (on a GPU: the
allocated memory) grew above what it was before the first call.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import subprocess
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks import galleries, harness, steps

STATUS = Path("/proc/self/status")
CALLS = 3


def step(side):
    return lambda sizes, device: steps.SIDES[side](sizes, device)


def retrieval(side):
    return lambda sizes, device: galleries.SIDES[side](*galleries.features(sizes))


WORK = {
    f"{name} {side}": work(side)
    for name, work in (("step", step), ("retrieval", retrieval))
    for side in ("baseline", "ours")
}


def measure(work, *, quick=False, device="cpu", threads=2):
    """Start the process; return bytes."""
    command = [sys.executable, "-W", "ignore", __file__, work, "--device", str(device)]
    command += ["--threads", str(1 if quick else threads), *(["--quick"] if quick else [])]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)["bytes"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", choices=WORK)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    with harness.threads_limited(args.threads):
        call = WORK[args.work](harness.sizes(args.quick), torch.device(args.device))
        growth = on_gpu(call) if args.device == "cuda" else on_cpu(call)
    print(json.dumps({"bytes": growth}))


def on_gpu(call):
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    for _ in range(CALLS):
        call()
    return torch.cuda.max_memory_allocated() - before


def on_cpu(call):
    before = forget_peak()
    for _ in range(CALLS):
        call()
    return resident("VmHWM") - before


def forget_peak():
    """Bring the recorded peak down to what is resident now, where the system can; return that."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return resident("VmRSS")


def resident(field):
    """Read bytes of the resident set: now (VmRSS) or at its peak (VmHWM)."""
    if STATUS.exists():
        for line in STATUS.read_text().splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main()
