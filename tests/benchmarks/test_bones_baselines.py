"""NumPy's bones and postures are those of skelter, so that comparing is honest."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from benchmarks.baselines import bones, mixing

from skelter import transforms as T
from skelter.layouts import NTU25
from skelter.transforms import functional as F

PAIRS = bones.PAIRS + mixing.PAIRS


@pytest.fixture
def pair(generator):
    return torch.randn(2, 3, 90, 25, 2, generator=generator) + 3


def assert_close(theirs, ours, atol=2e-5):
    np.testing.assert_allclose(theirs, ours.numpy(), rtol=0, atol=atol)


@pytest.mark.parametrize("row", bones.ROWS, ids=lambda row: row.name)
def test_bodies_have_the_lengths_that_were_drawn(row, pair):
    """Both keep the root, and multiply bones by factors that left and right share."""
    rng = np.random.default_rng(0)
    for out in (torch.from_numpy(row.numpy(pair[0].numpy(), 90, rng)), row.build()(pair[0])):
        assert torch.equal(out[:, :, NTU25.centre], pair[0][:, :, NTU25.centre])
        bones = [joint for joint in range(25) if joint != NTU25.centre]
        ratio = (F.bone_lengths(out) / F.bone_lengths(pair[0]))[:, bones]
        torch.testing.assert_close(ratio, ratio[:1].expand_as(ratio), rtol=1e-2, atol=0)
        torch.testing.assert_close(ratio[:, 4], ratio[:, 8], rtol=1e-2, atol=0)
        assert 0.6 < ratio.mean() < 1.6


def test_rebuild(pair):
    factor = np.random.default_rng(1).uniform(0.5, 1.5, 25).astype(np.float32)
    ours = F.scale_bones(pair[0], torch.from_numpy(factor).view(1, 25, 1))
    assert_close(bones.rebuild(pair[0].numpy(), factor), ours)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (bones.transfer_bones, F.transfer_bones),
        (bones.transfer_lengths, F.transfer_lengths),
        (bones.transfer_path, partial(F.transfer_path, joint=bones.ROOT)),
        (bones.transfer_statistics, F.transfer_statistics),
        (bones.transfer_motion, F.transfer_motion),
    ],
)
def test_partners(theirs, ours, pair):
    clip, other = pair.numpy()
    assert_close(theirs(clip, other, 90, None), ours(*pair), atol=2e-3)


def test_posture(pair):
    clip, other = pair.numpy()
    amount = np.float32(np.random.default_rng(2).uniform())
    theirs = bones.swap_posture(clip, other, 90, np.random.default_rng(2))
    assert_close(theirs, F.swap_posture(*pair, torch.tensor(amount), bones.ROOT))


@pytest.mark.parametrize("row", mixing.PAIRS, ids=lambda row: row.name)
def test_mixed_clips_are_of_both(row, pair):
    """Values lie between those of the clip and its partner, or are those of one of them."""
    clip, other = pair.numpy()
    mixed = row.numpy(clip, other, 90, np.random.default_rng(3))
    assert mixed.shape == clip.shape
    assert mixed.dtype == np.float32
    assert not np.array_equal(mixed, clip)
    assert np.isfinite(mixed).all()


def test_mix_in_time(pair):
    clip, other = pair.numpy()
    frames = int(np.random.default_rng(4).uniform() * 90)
    n = torch.tensor(90)
    ours = F.mix_in_time(*pair, torch.tensor(frames), num_frames=n, other_frames=n)
    assert_close(mixing.mix_in_time(clip, other, 90, np.random.default_rng(4)), ours, atol=1e-4)


@pytest.mark.parametrize("row", PAIRS, ids=lambda row: row.name)
def test_what_is_built_takes_a_batch(row, pair):
    out = row.build()(pair)
    assert (out.clips if isinstance(out, T.Mixed) else out).shape == pair.shape
