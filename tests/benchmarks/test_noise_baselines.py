"""The NumPy noise and filters do what skelter's do, so that comparing is honest."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from benchmarks.baselines.noise import ROWS

LENGTH = 50


@pytest.fixture
def clip(generator):
    """A walk of two persons, padded, of which one comes late and one joint is missing at times."""
    x = 0.1 * torch.randn(3, 60, 25, 2, generator=generator).cumsum(1) + 2
    x[:, :20, :, 1] = 0
    x[:, 5:9, 4] = 0
    x[:, LENGTH:] = 0
    return x


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
class TestRows:
    def test_changes_are_as_large(self, row, clip, generator):
        transform, rng = row.build(), np.random.default_rng(0)
        count = torch.tensor(LENGTH)
        ours = [transform(clip, num_frames=count, generator=generator) for _ in range(200)]
        theirs = [torch.from_numpy(row.numpy(clip.numpy(), LENGTH, rng)) for _ in range(200)]
        # SciPy fits through the gap before frame 20, and skelter leaves what is near it.
        away = (slice(None), slice(28, 42), slice(10, None))
        change, other = (
            float(torch.stack([(out - clip)[away] for out in outs]).square().mean().sqrt())
            for outs in (ours, theirs)
        )
        assert change == pytest.approx(other, rel=0.1)

    def test_what_is_missing_stays_zero(self, row, clip):
        before = clip.clone()
        out = row.numpy(clip.numpy(), LENGTH, np.random.default_rng(0))
        assert out.dtype == np.float32
        assert out.shape == tuple(clip.shape)
        assert not out[clip.numpy() == 0].any()
        assert torch.equal(clip, before)
