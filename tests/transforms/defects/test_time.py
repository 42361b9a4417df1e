"""Defects of the originals in time, by their numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from skelter import transforms as T
from skelter.transforms import functional as F

DRAWN = [
    T.CropReflect(),
    T.CycleWarp(),
    T.DropFrames(),
    T.MotionScale(),
    T.RandomWindow(12),
    T.Roll(),
    T.SegmentSample(16, min_frames=8),
    T.Shuffle(),
    T.Speed(),
    T.TemporalCropResize(16, min_frames=8),
    T.UniformSample(12),
    T.Warp(16),
]
EVERY = pytest.mark.parametrize("transform", DRAWN, ids=str)


@EVERY
def test_01_one_draw_a_clip(transform, generator):
    """PSTL draws one crop for a whole batch."""
    x = torch.randn(1, 3, 40, 25, 1, generator=generator).expand(64, -1, -1, -1, -1)
    out = transform(x, generator=generator)
    assert len(torch.unique(out.flatten(1), dim=0)) > 5


@pytest.mark.parametrize("count", [np.array(90), np.int64(90), torch.tensor(90)])
def test_21_counts_of_any_kind(count):
    """An array of one element is taken for an integer, which raises since NumPy 2.4."""
    x = torch.randn(3, 100, 25, 2)
    assert T.TemporalCropResize(64)(x, num_frames=count).shape == (3, 64, 25, 2)
    one = T.TemporalCropResize(64)(x[None].numpy(), num_frames=np.array([90]))
    assert one.shape == (1, 3, 64, 25, 2)


def test_19_test_clips_leave_the_global_generators_alone():
    """NumPy's global generator gets the seed 255 with every test clip."""
    views, x = T.MultiView([T.UniformSample(48)] * 10), torch.randn(3, 130, 17, 2)
    states = np.random.get_state()[1].copy(), torch.get_rng_state()
    first, again = (views(x, generator=torch.Generator().manual_seed(255)) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], first[1])
    assert np.array_equal(np.random.get_state()[1], states[0])
    assert torch.equal(torch.get_rng_state(), states[1])


@pytest.mark.parametrize("frames", [3, 20, 50, 120])
def test_23_motion_is_scaled(frames):
    """A feeder calls the camera view in its place, and 50 frames are written into the code."""
    x = torch.randn(3, frames, 25, 2)
    out = F.scale_motion(x, torch.tensor(2.0))
    middle = (x[:, :-2] + x[:, 2:]) / 2
    assert torch.equal(out[:, [0, -1]], x[:, [0, -1]])
    torch.testing.assert_close(out[:, 1:-1], middle + 2 * (x[:, 1:-1] - middle))


@EVERY
def test_24_clips_of_the_caller_are_left_alone(transform):
    """Motion scale is written into the caller's array."""
    x = torch.randn(4, 3, 40, 25, 2)
    before = x.clone()
    transform(x).zero_()
    assert torch.equal(x, before)


@EVERY
def test_26_one_generator_seeds_all(transform):
    """The window tools of ST-GCN mix Python's generator and NumPy's."""
    x = torch.randn(4, 3, 40, 25, 2)
    outs = []
    for seed in (1, 2):
        np.random.seed(seed)
        torch.manual_seed(seed)
        outs.append(transform(x, generator=torch.Generator().manual_seed(9)))
    assert torch.equal(*outs)
