"""Defects of the originals that concern masks."""

from __future__ import annotations

import pytest
import torch

from skelter import transforms as T
from skelter.layouts import COCO17, KINECT20, NTU25, SBU15
from skelter.transforms import functional as F

LAYOUTS = pytest.mark.parametrize("layout", [NTU25, KINECT20, COCO17, SBU15], ids=str)
OF_JOINTS = [T.CentralityMask, T.NeighbourhoodMask, T.PartMask, T.PartChunkMask]
DRAWN = [
    *[build() for build in (*OF_JOINTS, T.JointMask, T.JointChunkMask, T.AxisMask, T.FrameMask)],
    *(
        T.JointFrameMask(),
        T.FrameSpanMask(),
        T.DropMovingFrames(30),
        T.ElementDropout(),
        T.CellMask(),
    ),
]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def moving(N, *, frames=50, layout=NTU25, persons=2):
    """Clips that are alike in a batch, and nowhere zero."""
    shape = (3, frames, layout.num_joints, persons)
    return (torch.randn(shape, generator=seeded(9)).abs() + 1).expand(N, *shape)


@pytest.mark.parametrize("mask", DRAWN, ids=lambda mask: type(mask).__name__)
def test_01_a_mask_for_every_clip(mask):
    """PSTL, PCM3 and HiCLR hide the same in all clips of a batch."""
    out = mask(moving(64), generator=seeded())
    assert len(out.flatten(1).unique(dim=0)) >= (3 if isinstance(mask, T.AxisMask) else 5)


@LAYOUTS
@pytest.mark.parametrize("build", OF_JOINTS, ids=lambda build: build.__name__)
def test_02_any_layout(layout, build):
    """Parts, centrality and neighbourhood raise an IndexError where there are 17 joints."""
    out = build(layout)(moving(4, layout=layout), generator=seeded())
    assert (out == 0).any()
    assert (out != 0).any()


def test_03_an_axis_of_points_in_an_image():
    """The axis is drawn out of three where there are two, so that one clip of three is whole."""
    out = T.AxisMask()(moving(300)[:, :2], generator=seeded())
    assert ((out == 0).all(-1).all(-1).all(-1).sum(-1) == 1).all()


def test_10_central_joints_are_hidden_once():
    """PSTL draws joints with repeats: 8 draws hide 7.35 joints on average, and 4 at the fewest."""
    x = torch.ones(1).expand(5000, 3, 2, 25, 1)
    hidden = T.CentralityMask(NTU25, 8).sample(x, generator=seeded()).joints
    assert (hidden.sum(-1) == 8).all()
    assert float(hidden[:, 20].float().mean()) > 0.55  # 0.53 with repeats


@pytest.mark.parametrize("frames", [1, 7, 24, 31])
@pytest.mark.parametrize("mask", [T.JointFrameMask(), T.JointFrameMask((5, 15), (16, 32))])
def test_13_joints_are_hidden_in_short_clips(frames, mask):
    """SkateFormer chooses up to 32 frames without replacement, and fails for fewer."""
    hidden = mask(moving(16, frames=frames), generator=seeded()) == 0
    assert hidden.any(-1).any(-1).any(-1).any(-1).all()


@pytest.mark.parametrize("frames", [1, 20, 50, 64, 100])
@pytest.mark.parametrize("persons", [1, 2])
def test_14_parts_in_chunks_of_all_persons(frames, persons):
    """PCM3 takes 64 frames and two persons for granted, and hides person 0 alone."""
    out = T.PartChunkMask()(moving(4, frames=frames, persons=persons), generator=seeded())
    hidden = (out == 0).all(1)
    assert hidden.any(2).all()
    assert torch.equal(hidden, hidden[..., :1].expand_as(hidden))


def test_15_parts_are_filled_with_noise():
    """MacDiff's occlusion of a part raises an error where it fills in random numbers."""
    x = moving(16)
    out = T.FillMasked(T.PartMask())(x, generator=seeded())
    filled = (out != x).all(1).all(1).all(-1)
    sizes = {len(part) for part in NTU25.parts.values()}
    assert set(filled.sum(-1).tolist()) <= sizes
    assert out[out < 1].unique().numel() > 1000


def test_17_frames_of_a_batch_of_one():
    """PSTL's removal of frames loses the batch axis where there is one clip, and fails."""
    drop, x = T.DropMovingFrames(30), moving(1)
    assert drop(x).shape == (1, 3, 30, 25, 2)
    assert drop(x[0]).shape == (3, 30, 25, 2)


@pytest.mark.parametrize("mask", [T.UniformTokenMask(0.9, 4), T.MotionTokenMask(0.9, 4)])
@pytest.mark.parametrize(("frames", "visible"), [(120, 75), (24, 15)])
def test_18_no_token_is_lost(mask, frames, visible):
    """int(750 * (1 - 0.9)) is 74, as floating numbers have it."""
    keep = mask(moving(2, frames=frames), generator=seeded())
    assert (keep.sum((-2, -1)) == visible).all()


def test_18_released_models_saw_one_token_less():
    """Their number can be asked for."""
    x = moving(2, frames=120)
    assert (T.MotionTokenMask(0.9, 4, visible=74)(x).sum((-2, -1)) == 74).all()


def test_24_limbs_are_not_hidden_in_place():
    """HYSP writes zeros into the clip of its caller."""
    x = moving(4).clone()
    before = x.clone()
    limbs = {"left": [5, 6, 7, 13, 14, 15, 21, 22], "right": [9, 10, 11, 17, 18, 19, 23, 24]}
    assert (T.PartMask(groups=limbs)(x) == 0).any()
    F.zero_axis(x, torch.zeros(4, dtype=torch.int64))
    assert torch.equal(x, before)
