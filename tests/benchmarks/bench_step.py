"""The training step of inter-skeleton contrast, sequence and graph: time and peak memory."""

from __future__ import annotations

import pytest
from benchmarks import harness, peak, steps

THREADS = 2
ROW = "training step, sequence and graph, batch {}, queue {}"
TARGETS = {"float32": 1.5, "bfloat16": 3.0}


def test_baseline(timed, sizes, device):
    time_step(timed, sizes, steps.baseline(sizes, device), "baseline", "float32")


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_ours(timed, sizes, device, dtype):
    target = harness.at_least(TARGETS[dtype])
    time_step(timed, sizes, steps.ours(sizes, device, dtype), "ours", dtype, target=target)


def time_step(timed, sizes, call, role, variant, **options):
    row = ROW.format(sizes.step_batch, sizes.queue)
    timed(call, row, role, variant, items=sizes.step_batch, threads=THREADS, long=True, **options)


@pytest.mark.parametrize("role", ["baseline", "ours"])
def test_memory(benchmark, sizes, device, quick, role):
    """The time is that of the whole process and says nothing."""
    row = "peak memory of " + ROW.format(sizes.step_batch, sizes.queue)
    options = {"quick": quick, "device": device.type, "threads": THREADS}
    grown = benchmark.pedantic(peak.measure, (f"step {role}",), options, rounds=1)
    target = harness.at_most(0.75) if role == "ours" else None
    benchmark.extra_info.update(
        row=row, role=role, variant="float32", threads=THREADS, bytes=grown, target=target
    )
