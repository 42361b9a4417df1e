"""The NumPy normalisations do what skelter's do, so that comparing is honest."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from benchmarks.baselines.normalisation import ROWS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_values_are_equal(row, generator):
    """A walk of two persons, padded, of which one comes late."""
    x = 0.1 * torch.randn(3, 60, 25, 2, generator=generator).cumsum(1) + 2
    x[1] *= 2
    x[:, :20, :, 1] = 0
    x[:, 25:28] = 0
    x[:, 50:] = 0
    before = x.clone()
    out = row.numpy(x.numpy(), 50, np.random.default_rng(0))
    torch.testing.assert_close(torch.from_numpy(np.float32(out)), row.build()(x), rtol=0, atol=2e-5)
    assert torch.equal(x, before)
