"""Options of the benchmarks, and the fixture that every row is timed with."""

from __future__ import annotations

import pytest
import torch
from benchmarks import harness


def pytest_addoption(parser):
    group = parser.getgroup("skelter benchmarks")
    group.addoption("--bench-device", default="cpu", choices=["cpu", "cuda"], help="where to run")
    group.addoption("--bench-quick", action="store_true", help="tiny sizes: does it run at all?")
    group.addoption("--bench-reverse", action="store_true", help="from the last row to the first")
    group.addoption("--bench-store-clips", type=int, nargs="+", help="sizes of the stores")


def pytest_collection_modifyitems(config, items):
    """Take the rows of the benchmarks in the other order, where asked to."""
    if config.getoption("--bench-reverse", False):
        items.reverse()


@pytest.fixture(scope="session")
def device(request):
    return torch.device(request.config.getoption("--bench-device"))


@pytest.fixture(scope="session")
def quick(request):
    return request.config.getoption("--bench-quick")


@pytest.fixture(scope="session")
def sizes(request, quick):
    return harness.sizes(quick, request.config.getoption("--bench-store-clips"))


@pytest.fixture
def cpu_only(device):
    if device.type != "cpu":
        pytest.skip("a row of the CPU")


@pytest.fixture
def gpu_only(device):
    if device.type != "cuda":
        pytest.skip("a row of the GPU")


@pytest.fixture
def timed(benchmark, device, sizes):
    """Time calls of one side of a row.

    Args of a call: what to call; the row, its role (baseline or ours) and variant; items of work
    a call, so that the cost of one can be shown; threads, for the CPU; `setup`, which gives fresh
    arguments for every round; the target; whether a call takes seconds; other rounds than the
    usual ones; the calls that warm up; and whatever else the report is to know (`facts`).
    """

    def time(
        call, row, role, variant="", *, items, unit="clip", threads=None, setup=None, target=None,
        long=False, rounds=None, warmup=2, **facts,
    ):  # fmt: skip
        if device.type == "cuda":
            threads = None
        if threads is not None:
            row = f"{row}, {threads} thread{'s' if threads > 1 else ''}"
        benchmark.group = row
        benchmark.extra_info.update(
            {"row": row, "role": role, "variant": variant, "items": items, "unit": unit}
            | {"threads": threads, "target": target, "device": device.type}
            | facts
        )
        usual = sizes.long_rounds if long else sizes.rounds
        with harness.threads_limited(1 if sizes.rehearsal else threads):
            return benchmark.pedantic(
                harness.synchronised(call, device),
                setup=setup and (lambda: (setup(), {})),
                rounds=rounds or usual,
                warmup_rounds=warmup,
            )

    return time
