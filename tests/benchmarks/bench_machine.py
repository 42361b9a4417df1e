"""What the machine can do at best: matrix products and copies, measured in the same run."""

from __future__ import annotations

import pytest
import torch
from benchmarks import harness

THREADS = 2


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
def test_matrix_product(timed, sizes, device, dtype):
    generator = harness.seeded()
    size = sizes.matrix
    a, b = (torch.randn(size, size, generator=generator).to(device, dtype) for _ in range(2))
    out = torch.empty_like(a)
    timed(
        lambda: torch.mm(a, b, out=out),
        f"matrix product, {size} x {size}",
        "rate",
        str(dtype).removeprefix("torch."),
        items=1,
        unit="product",
        threads=THREADS,
        work=2 * size**3,
        work_unit="GFLOP/s",
    )


@pytest.mark.parametrize("threads", [1, THREADS])
def test_copy(timed, sizes, device, threads):
    source = torch.zeros(sizes.copied // 4, device=device)
    destination = torch.empty_like(source)
    timed(
        lambda: destination.copy_(source),
        f"copy of {sizes.copied / 2**20:.0f} MiB, read and written",
        "rate",
        "float32",
        items=1,
        unit="copy",
        threads=threads,
        work=2 * sizes.copied,
        work_unit="GB/s",
    )
