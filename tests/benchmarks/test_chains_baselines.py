"""The NumPy views of published methods do what skelter's do, so that comparing is honest."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from benchmarks.baselines import chains, time
from torch.testing import assert_close

from skelter.transforms import functional, presets

LENGTH, DRAWS = 50, 400


@pytest.fixture
def clip(generator):
    """A clip of two persons with padding."""
    x = 0.1 * torch.randn(3, 60, 25, 2, generator=generator).cumsum(1) + 2
    x[:, LENGTH:] = 0
    return x


@pytest.mark.parametrize("seed", range(4))
def test_crop_reflect(clip, seed):
    pad = LENGTH // 6
    start = int(np.random.default_rng(seed).integers(0, 2 * pad + 1))
    theirs = time.crop_reflect(clip.numpy(), LENGTH, np.random.default_rng(seed))
    ours = functional.crop_reflect(clip, *torch.tensor([start, pad, LENGTH]))
    assert_close(torch.from_numpy(theirs), ours)


def test_aimclr(clip, generator):
    """A coordinate is zero in half of the views, sizes are alike, and padding stays zero."""
    view, rng = presets.aimclr_strong_view(), np.random.default_rng(0)
    batch, counts = clip.expand(DRAWS, -1, -1, -1, -1), torch.full((DRAWS,), LENGTH)
    ours = view(batch, num_frames=counts, generator=generator)
    made = [chains.aimclr(clip.numpy(), LENGTH, rng) for _ in range(DRAWS)]
    theirs = torch.from_numpy(np.stack(made))
    assert float(ours.std()) == pytest.approx(float(theirs.std()), rel=0.1)
    for views in (ours, theirs):
        assert not views[:, :, LENGTH:].any()
        masked = (views == 0).flatten(2).all(2).any(1)
        assert float(masked.float().mean()) == pytest.approx(0.5, abs=0.1)
