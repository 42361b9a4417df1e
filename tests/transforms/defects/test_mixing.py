"""Defects of the originals that mix clips."""

from __future__ import annotations

import pytest
import torch

from skelter import transforms as T
from skelter.layouts import KINECT20, NTU25
from transforms.cases.mixing import MIXERS

EVERY = pytest.mark.parametrize("case", MIXERS, ids=str)


@EVERY
def test_01_clips_draw_for_themselves(case):
    """Parts, blocks, place, share and the distance to the partner are drawn once a batch."""
    x = torch.randn(64, 3, 64, 25, 2)
    mixed = case.build(NTU25)(x)
    shift = (mixed.partner - torch.arange(64)) % 64
    assert len(shift.unique()) > 8
    assert len(mixed.mask.flatten(1).unique(dim=0)) > 2


@EVERY
def test_02_any_layout(case):
    """Parts are lists of the joints of NTU25: others raise an IndexError."""
    x = torch.randn(4, 3, 16, 20, 1)
    assert not torch.equal(case.build(KINECT20)(x).clips, x)


@EVERY
def test_11_two_clips_are_enough(case):
    """The distance to the partner is drawn from 1 to N - 2, which is empty for two clips."""
    x = torch.randn(2, 3, 16, 25, 1)
    assert case.build(NTU25)(x).partner.tolist() == [1, 0]


@EVERY
def test_11_every_other_clip_can_be_the_partner(case):
    """The last distance, N - 1, is never drawn."""
    x, mixer = torch.randn(3, 3, 16, 25, 1), case.build(NTU25)
    seen = torch.stack([mixer(x).partner for _ in range(50)])
    for row in range(3):
        assert sorted(seen[:, row].unique().tolist()) == [
            other for other in range(3) if other != row
        ]


def test_11_forty_frames():
    """Up to 11 blocks of 4 frames are drawn whatever the length, which fails below 44 frames."""
    x = torch.randn(500, 3, 40, 25, 1)
    blocks = T.MixRegions().sample(x).length // 4
    assert sorted(blocks.unique().tolist()) == [7, 8, 9, 10]


@EVERY
def test_24_never_in_place(case):
    """A third branch mixes clips that a branch before has changed."""
    x = torch.randn(4, 3, 16, 25, 2)
    before = x.clone()
    case.build(NTU25)(x)
    assert torch.equal(x, before)
