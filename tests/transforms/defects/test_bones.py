"""Defects of the originals in bone lengths."""

from __future__ import annotations

import pytest
import torch
from reference import bones as oracle
from reference.golden_transforms import Golden, given

from skelter import transforms as T
from skelter.layouts import COCO17, KINECT20, NTU25, SBU15, SkeletonLayout
from skelter.transforms import functional as F

EVERY = [T.RescaleBones, T.ScaleLimbs, T.TransferBones, T.SwapPosture]


@pytest.mark.parametrize("layout", [KINECT20, COCO17, SBU15])
@pytest.mark.parametrize("build", EVERY)
def test_02_any_layout(build, layout):
    """Rescaling, limbs and bone transfer know 25 joints: others raise an IndexError."""
    x = torch.randn(4, layout.dimensions, 8, layout.num_joints, 1)
    assert not torch.equal(build(layout)(x), x)


@pytest.mark.parametrize(
    "build",
    [T.TransferBones, T.TransferPath, T.TransferStatistics, T.TransferMotion, T.TransferLengths],
)
def test_01_clips_draw_their_own_partner(build):
    """ActCLR draws the distance to the partner once a batch."""
    partner = build().sample(torch.ones(1).expand(64, 3, 8, 25, 1)).partner
    assert len(((partner - torch.arange(64)) % 64).unique()) > 8


def test_05_bodies_keep_their_size(generator):
    """Factors 0.5 U(0, 1) leave a quarter of every bone: the body collapses."""
    x = torch.randn(500, 3, 2, 25, 1, generator=generator)
    ratio = F.bone_lengths(T.RescaleBones()(x, generator=generator)) / F.bone_lengths(x)
    assert abs(ratio.nanmean() - 1) < 0.02
    original = T.RescaleBones(NTU25, (0.0, 0.5), symmetric=False, root=20)
    ratio = F.bone_lengths(original(x, generator=generator)) / F.bone_lengths(x)
    assert abs(ratio.nanmean() - 0.25) < 0.02


def slim_layout():
    """The tree of SLiM: fingers hang on the hand."""
    parents = oracle.hang_on(0, NTU25.parents)
    for finger, hand in ((21, 7), (23, 11)):
        parents[finger] = hand
    return SkeletonLayout(
        "SLiM", NTU25.joints, parents=parents, left_right=NTU25.left_right, parts=NTU25.parts
    )


class TestHeadAndArms:
    """Joints are rebuilt in the order of their numbers, head and arms before what they hang on."""

    DETACHED = (2, 4, 8)

    def both(self, golden):
        """Return ours and the original, for the same factors of trunk, arms and legs."""
        layout, case = slim_layout(), Golden(golden, "slim_limb_scale")
        names = list(T.ScaleLimbs(layout).groups)
        assert [name.split()[-1] for name in names] == ["trunk", "arm", "leg"]
        factors = case["factors"].T[T.ScaleLimbs(layout).group][None]
        return F.scale_bones(given("in_x"), factors, layout), case["out"], layout

    def test_12_limbs_stay_attached(self, golden):
        ours, original, layout = self.both(golden)
        x = given("in_x")
        before = F.bone_lengths(x, layout)
        ratio = F.bone_lengths(ours, layout) / before
        broken = F.bone_lengths(original, layout) / before
        for joint in self.DETACHED:
            assert (ratio[:, joint] - 1).abs().max() < 0.2
            assert broken[:, joint].mean() > 2

    def test_12_the_order_is_all_that_differs(self, golden):
        """Chains that never meet a later joint are equal, the others off by the place of 20."""
        ours, original, layout = self.both(golden)
        for joint in range(25):
            chain = [joint]
            while layout.parents[chain[-1]] >= 0:
                chain.append(layout.parents[chain[-1]])
            off = ours[:, :, 20] if set(chain) & set(self.DETACHED) else 0.0
            difference = ours[:, :, joint] - original[:, :, joint] - off
            assert difference.abs().max() < 1e-5, joint


@pytest.mark.parametrize("layout", [NTU25, KINECT20, COCO17, SBU15])
def test_12_bones_grow_by_their_factor(layout, generator):
    """The first bones of head and arms come out 2.1 to 2.3 times as long, whatever the factor."""
    x = torch.randn(4, layout.dimensions, 8, layout.num_joints, 2, generator=generator)
    scale = T.ScaleLimbs(layout, root=0)
    before, after = (F.bone_lengths(clips, layout, root=0) for clips in (x, scale(x)))
    ratio = (after / before)[before > 0]
    assert 0.849 < ratio.min() < ratio.max() < 1.151


def test_13_no_frame_behind_the_last():
    """The rounded frame of a partner of less than half the length is one past its end."""
    x = torch.randn(2, 3, 40, 25, 1)
    x[1, :, 3:] = 0
    params = T.PartnerParams(torch.tensor([1, 0]), torch.tensor([40, 3]))
    ratio = F.bone_lengths(T.TransferBones()(x, params=params))[0] / F.bone_lengths(x[1])[2]
    last = ratio[-1, [0, 2, 5], 0]
    torch.testing.assert_close(last, torch.ones(3), rtol=1e-2, atol=0)


def test_13_an_absent_partner_leaves_the_body():
    """Bones get the lengths of a person who is not there: the body becomes a point."""
    x = torch.randn(2, 3, 8, 25, 2)
    x[1, ..., 1] = 0
    for transform in (T.TransferBones(), T.TransferPath(), T.TransferStatistics(), T.SwapPosture()):
        assert torch.equal(transform(x)[0, ..., 1], x[0, ..., 1])


@pytest.mark.parametrize("build", EVERY)
def test_24_never_in_place(build):
    """Limbs, rescaling and bone transfer write into the caller's clips."""
    x = torch.randn(4, 3, 8, 25, 2)
    before = x.clone()
    build(NTU25)(x)
    assert torch.equal(x, before)
