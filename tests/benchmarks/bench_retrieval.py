"""Retrieval by the nearest neighbour: time and peak memory."""

from __future__ import annotations

import pytest
from benchmarks import galleries, harness, peak

THREADS = 2
ROW = "retrieval, {} queries in {}, D = {}"

pytestmark = pytest.mark.usefixtures("cpu_only")


def title(sizes):
    return ROW.format(sizes.queries, sizes.gallery, sizes.dim)


@pytest.mark.parametrize("role", ["baseline", "ours"])
def test_time(timed, sizes, role):
    call = galleries.SIDES[role](*galleries.features(sizes))
    target = harness.at_least(1.0) if role == "ours" else None
    timed(
        call, title(sizes), role, items=sizes.queries, unit="query", threads=THREADS, long=True,
        target=target,
    )  # fmt: skip


@pytest.mark.parametrize("role", ["baseline", "ours"])
def test_memory(benchmark, sizes, quick, role):
    """The time is that of the whole process and says nothing."""
    options = {"quick": quick, "threads": THREADS}
    grown = benchmark.pedantic(peak.measure, (f"retrieval {role}",), options, rounds=1)
    target = harness.at_most(2**30) | {"unit": "bytes"} if role == "ours" else None
    benchmark.extra_info.update(
        row=f"peak memory of {title(sizes)}", role=role, variant="", threads=THREADS,
        bytes=grown, target=target,
    )  # fmt: skip
