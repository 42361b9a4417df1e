"""Defects of noise and filters in the originals, by their numbers."""

from __future__ import annotations

import pytest
import torch

from skelter import transforms as T
from skelter.layouts import BUILT_IN
from skelter.transforms import functional as F

ADDED = [
    T.GaussianNoise(0.05),
    T.GaussianNoise(0.05, shared="frames"),
    T.BoxNoise(0.05),
    T.BoxNoise(0.05, "clip", shared=("frames", "persons")),
    T.MotionNoise(),
    T.JointNoise(0.05, 1.0),
    T.FrameNoise(0.05, 1.0),
]
EVERY_NOISE = pytest.mark.parametrize("transform", ADDED, ids=str)


@pytest.mark.parametrize("layout", BUILT_IN, ids=lambda layout: layout.name)
def test_02_joint_noise_for_any_layout(layout):
    """Joints are drawn out of 25: with 17 joints, the index is out of range."""
    x = torch.ones(64, layout.dimensions, 6, layout.num_joints, 1)
    hit = (T.JointNoise(0.1)(x) != x).any(1).any(1).any(-1)
    assert torch.equal(hit.sum(-1), torch.full((64,), round(0.2 * layout.num_joints)))
    assert hit.any(0).all(), "some joint is never hit"


def test_03_blur_in_a_plane():
    """The convolution is made for 3 channels, and raises on images."""
    x = torch.randn(4, 2, 30, 17, 1)
    blurred = F.temporal_blur(x, torch.ones(4))
    in_space = F.temporal_blur(torch.cat([x, x[:, :1]], 1), torch.ones(4))
    torch.testing.assert_close(blurred, in_space[:, :2])


def test_04_blur_gain():
    """The kernel is not normalised: bodies grow to as much as 5 times their size."""
    x = torch.randn(64, 3, 1, 25, 2).expand(64, 3, 40, 25, 2)
    torch.testing.assert_close(T.TemporalBlur()(x), x, rtol=0, atol=1e-5)
    grown = F.temporal_blur(x, torch.full((64,), 2.0), normalise=False)
    assert float((grown[:, :, 20] / x[:, :, 20]).mean()) == pytest.approx(5.01, abs=0.01)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_04_blur_dtype(dtype):
    """The kernel is float64, and the convolution raises on float32."""
    x = torch.randn(4, 3, 30, 25, 2, dtype=dtype)
    assert T.TemporalBlur()(x).dtype == dtype


@pytest.mark.parametrize(("frames", "joints"), [(30, 17), (120, 15), (200, 25), (1, 20)])
def test_15_joints_and_frames_are_not_counted_on(frames, joints):
    """25 joints and 120 frames are written into joint and frame noise."""
    x = torch.ones(8, 3, frames, joints, 2)
    hit = (T.JointNoise(0.1, 0.4)(x) != x).any(1).any(1).any(-1)
    assert torch.equal(hit.sum(-1), torch.full((8,), round(0.4 * joints)))
    hit = (T.FrameNoise(0.1, 0.4)(x) != x).any(1).any(-1).any(-1)
    assert torch.equal(hit.sum(-1), torch.full((8,), max(1, round(0.4 * frames))))


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 8, 14, 15, 16])
def test_16_short_clips_are_smoothed(frames):
    """The window of 15 frames raises on clips of fewer."""
    x = torch.randn(4, 3, frames, 25, 2)
    out = T.SavitzkyGolay()(x)
    if frames <= 4:  # a parabola goes through 3 frames, and a window of 3 is the largest in 4
        torch.testing.assert_close(out, x, rtol=0, atol=1e-5)
    else:
        assert out.std() < x.std()


@EVERY_NOISE
def test_20_missing_persons_stay_missing(transform):
    """Noise is added to absent persons, missing joints and padding, too."""
    x = torch.randn(4, 3, 20, 25, 2) + 3
    x[0, ..., 1] = 0
    x[1, :, 4, 7] = 0
    x[2, :, 12:] = 0
    missing = (x == 0).all(1)
    out = transform(x, num_frames=torch.tensor([20, 20, 12, 20]))
    assert not out.movedim(1, -1)[missing].any()
    assert ((out != x).any(1) | missing)[:2].any()


@pytest.mark.parametrize("box", ["frame", "clip"])
def test_22_noise_on_an_empty_clip(box):
    """An assertion fails where nobody is there."""
    x = torch.zeros(2, 3, 20, 25, 2)
    assert torch.equal(T.BoxNoise(0.05, box)(x), x)


@pytest.mark.parametrize("box", ["frame", "clip"])
def test_22_bodies_at_the_origin_get_noise(box):
    """A person whose smallest coordinates are near zero passes for absent."""
    x = torch.rand(3, 20, 25, 1) + 0.001
    x[:, :, 0] = 0.001
    assert ((T.BoxNoise(0.05, box)(x) != x).any(0)).all()


@EVERY_NOISE
def test_24_clips_of_the_caller_are_left_alone(transform):
    """Joint noise is written into the caller's array."""
    x = torch.randn(4, 3, 20, 25, 2)
    before = x.clone()
    transform(x)
    assert torch.equal(x, before)
