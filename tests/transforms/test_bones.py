"""Lengths of bones, postures and statistics, against loops, golden numbers and their draws."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from reference import bones as oracle
from reference.golden_transforms import Golden
from reference.golden_transforms import given as golden_input

from skelter import transforms as T
from skelter.layouts import COCO17, HAND21, KINECT20, NTU25, SBU15, SkeletonLayout
from skelter.transforms import functional as F

LAYOUTS = [NTU25, KINECT20, COCO17, SBU15, HAND21]
SEEDS = st.integers(0, 10**6)


def body(layout=NTU25, *, frames=6, persons=2, seed=0, batch=()):
    """Clips in which joints, frames and now and then a person are missing."""
    generator = torch.Generator().manual_seed(seed)
    shape = (*batch, layout.dimensions, frames, layout.num_joints, persons)
    x = torch.randn(shape, generator=generator, dtype=torch.float64) + 1
    there = torch.rand((*batch, 1, *shape[-3:]), generator=generator) > 0.15
    whole = torch.rand((*batch, 1, 1, 1, persons), generator=generator) > 0.2
    return x * there * whole


def assert_equal(actual, expected, atol=1e-10):
    np.testing.assert_allclose(actual.numpy(), np.asarray(expected), rtol=0, atol=atol)


def seen_from(layout, root=None):
    return oracle.hang_on(layout.centre if root is None else root, layout.parents)


class TestScaleBones:
    @given(SEEDS, st.sampled_from(LAYOUTS), st.integers(0, 14), st.booleans())
    def test_oracle(self, seed, layout, root, centred):
        x = body(layout, seed=seed)
        if centred:
            x[..., root, :] = 0
        factors = torch.rand(6, layout.num_joints, 2, dtype=torch.float64) * 2
        expected = oracle.rebuild(
            x, lambda t, v, m: float(factors[t, v, m]), seen_from(layout, root)
        )
        assert_equal(F.scale_bones(x, factors, layout, root=root), expected)

    def test_golden(self, golden):
        """ActCLR's augmentation."""
        case = Golden(golden, "actclr_rescale")
        factors = torch.ones(1, 25, 1, dtype=torch.float64)
        factors[0, Golden(golden, "actclr")["bone_order"][:, 0], 0] = case["factors"]
        out = F.scale_bones(golden_input("in_x"), factors, NTU25, root="spine shoulder")
        assert (out - case["out"]).abs().max() < 1e-5

    def test_lengths_are_multiplied(self):
        x = torch.randn(3, 6, 25, 2, dtype=torch.float64)
        factors = torch.rand(1, 25, 2, dtype=torch.float64) + 0.5
        out = F.bone_lengths(F.scale_bones(x, factors))
        torch.testing.assert_close(out, F.bone_lengths(x) * factors)

    def test_ones_change_nothing(self):
        x = body(seed=2)
        assert torch.equal(F.scale_bones(x, torch.ones(1, 25, 1)), x)

    def test_root_stays(self):
        x = torch.randn(3, 6, 25, 2)
        for root in (0, 11, 20):
            out = F.scale_bones(x, torch.rand(1, 25, 1), root=root)
            torch.testing.assert_close(out[:, :, root], x[:, :, root])

    def test_what_hangs_on_a_missing_joint_moves_with_the_rest(self):
        """It does not jump to the origin, from which the missing joint would be measured."""
        x = torch.randn(2, 1, 17, 1) + 1000
        x[:, :, COCO17.index("left elbow")] = 0
        factors = torch.ones(1, 17, 1)
        factors[0, [7, 9]] = 1.5  # the left arm
        out = F.scale_bones(x, factors, COCO17)
        assert torch.equal(out, x)

    def test_a_root_at_the_origin_is_not_missing(self):
        x = torch.randn(3, 4, 25, 1)
        x -= x[:, :, [NTU25.centre]]
        out = F.scale_bones(x, torch.full((1, 25, 1), 2.0))
        torch.testing.assert_close(out, 2 * x)

    @given(SEEDS, st.sampled_from(LAYOUTS))
    def test_inverse_factors_undo_it(self, seed, layout):
        x = body(layout, seed=seed)
        factors = torch.rand(1, layout.num_joints, 1, dtype=torch.float64) + 0.5
        again = F.scale_bones(F.scale_bones(x, factors, layout), 1 / factors, layout)
        torch.testing.assert_close(again, x)

    def test_turned_bodies_stay_turned(self):
        """It commutes with rotations and, in the whole body, with translations."""
        x = torch.randn(3, 6, 25, 2, dtype=torch.float64)
        turn, factors = torch.linalg.qr(torch.randn(3, 3).double()).Q, torch.rand(1, 25, 1).double()
        turned = F.scale_bones(F.shear(x, turn), factors)
        torch.testing.assert_close(turned, F.shear(F.scale_bones(x, factors), turn))
        torch.testing.assert_close(F.scale_bones(x + 5, factors), F.scale_bones(x, factors) + 5)

    def test_several_trees(self):
        layout = SkeletonLayout("two", "abcdef", parents=(-1, 0, 1, -1, 3, 4), centre=1)
        x = body(layout, seed=3)
        factors = torch.rand(1, 6, 1, dtype=torch.float64)
        expected = oracle.rebuild(x, lambda t, v, m: float(factors[0, v, 0]), (1, -1, 1, -1, 3, 4))
        assert_equal(F.scale_bones(x, factors, layout), expected)

    def test_gradient(self):
        x, factors = body(frames=2, persons=1, seed=4), torch.rand(1, 25, 1, dtype=torch.float64)
        x = (x + 3).requires_grad_()
        factors.requires_grad_()
        assert torch.autograd.gradcheck(F.scale_bones, (x, factors))

    def test_wrong_arguments(self):
        x = torch.randn(4, 3, 6, 25, 2)
        with pytest.raises(ValueError, match=r"`factors` must have shape \(4, 1, 25, 1\)"):
            F.scale_bones(x, torch.ones(1, 25, 1))
        with pytest.raises(ValueError, match="`x` has 25 joints, but layout COCO17 has 17"):
            F.scale_bones(x, torch.ones(4, 1, 17, 1), COCO17)
        points = SkeletonLayout("points", "ab", parents=(-1, -1))
        with pytest.raises(ValueError, match=r"`layout` points must have bones; got joints w"):
            F.bone_lengths(x, points)
        with pytest.raises(ValueError, match="tail"):
            T.RescaleBones(NTU25, root="tail")
        with pytest.raises(TypeError, match="`layout` must be a SkeletonLayout"):
            T.ScaleLimbs("NTU25")


class TestBoneLengths:
    @given(SEEDS, st.sampled_from(LAYOUTS), st.integers(0, 14))
    def test_oracle(self, seed, layout, root):
        x = body(layout, seed=seed)
        parents = seen_from(layout, root)
        expected = [
            [
                [oracle.length(x.numpy(), t, v, m, parents) for m in range(2)]
                for v in range(len(parents))
            ]
            for t in range(6)
        ]
        assert_equal(F.bone_lengths(x, layout, root=root), expected)

    def test_autocast_changes_nothing(self):
        x = torch.randn(3, 6, 25, 2)
        with torch.autocast("cpu", torch.bfloat16):
            inside = F.bone_lengths(x)
        assert torch.equal(inside, F.bone_lengths(x))

    def test_scores_are_not_lengths(self):
        x = body(COCO17)
        scored = torch.cat([x, torch.rand(1, 6, 17, 2)])
        assert torch.equal(F.bone_lengths(scored, COCO17), F.bone_lengths(x, COCO17))


class TestRescaleBones:
    def test_draws(self, generator):
        x = torch.zeros(20000, 3, 1, 25, 2)
        logs = T.RescaleBones(symmetric=False).sample(x, generator=generator).factors.log()
        assert logs.shape == (20000, 1, 25, 1)
        assert abs(logs.mean()) < 1e-3
        assert abs(logs.std() - 0.1) < 1e-3
        correlation = torch.corrcoef(logs.view(20000, 25).T) - torch.eye(25)
        assert correlation.abs().max() < 0.04

    def test_draws_of_a_range(self, generator):
        x = torch.zeros(20000, 3, 1, 25, 2)
        factors = T.RescaleBones(NTU25, (0.5, 1.5)).sample(x, generator=generator).factors
        assert factors.min() >= 0.5
        assert factors.max() < 1.5
        assert abs(factors.mean() - 1) < 3e-3
        assert abs(factors.var() - 1 / 12) < 1e-3

    @pytest.mark.parametrize("layout", [NTU25, KINECT20, COCO17, SBU15])
    def test_left_and_right_alike(self, layout):
        transform = T.RescaleBones(layout, 0.3)
        x = torch.randn(8, layout.dimensions, 4, layout.num_joints, 2)
        ratio = F.bone_lengths(transform(x), layout) / F.bone_lengths(x, layout)
        parents = seen_from(layout)
        for left, right in layout.left_right:
            mirrored = parents[right] == layout.swap[parents[left]]
            same = torch.allclose(ratio[..., left, :], ratio[..., right, :], rtol=1e-3)
            assert same == mirrored

    def test_independent(self):
        x = torch.randn(8, 3, 4, 25, 2)
        factors = T.RescaleBones(symmetric=False).sample(x).factors
        assert len(factors.unique()) == 8 * 25

    def test_same_for_frames_and_persons(self):
        x = torch.randn(8, 3, 4, 25, 2)
        ratio = F.bone_lengths(T.RescaleBones()(x)) / F.bone_lengths(x)
        bones = ratio[..., [0, 2, 20], :]
        torch.testing.assert_close(bones, bones[:, :1, :, :1].expand_as(bones), rtol=1e-3, atol=0)

    def test_wrong_arguments(self):
        with pytest.raises(ValueError, match=r"`spread` must lie between 0.0 and inf; got -0.1"):
            T.RescaleBones(NTU25, -0.1)
        with pytest.raises(ValueError, match=r"`spread`.*0 <= from <= to; got \(0.5, 0.1\)"):
            T.RescaleBones(NTU25, (0.5, 0.1))
        with pytest.raises(TypeError, match="`spread` must be a number; got 'small'"):
            T.RescaleBones(NTU25, "small")
        with pytest.raises(ValueError, match=r"HAND21 must have pairs in `left_right`.*symmetric="):
            T.RescaleBones(HAND21)
        with pytest.raises(ValueError, match="`x` has 17 joints, but layout NTU25 has 25"):
            T.RescaleBones()(torch.randn(3, 4, 17, 1))

    def test_repr(self):
        assert "spread=0.1, symmetric=True" in repr(T.RescaleBones())
        assert "Tree(layout=NTU25, root=1)" in repr(T.RescaleBones())


class TestScaleLimbs:
    def test_groups(self):
        groups = T.ScaleLimbs().groups
        assert list(groups) == ["trunk", "left arm and right arm", "left leg and right leg"]
        assert sorted(groups["left leg and right leg"]) == list(range(12, 20))
        assert len(T.ScaleLimbs(HAND21).groups) == 6

    def test_draws(self, generator):
        x = torch.zeros(20000, 3, 1, 25, 2)
        factors = T.ScaleLimbs().sample(x, generator=generator).factors
        assert factors.shape == (20000, 1, 25, 2)
        assert 0.85 <= factors.min() < factors.max() <= 1.15
        assert abs(factors.mean() - 1) < 2e-3
        arms = factors[:, 0, NTU25.parts["left arm"] + NTU25.parts["right arm"]]
        assert torch.equal(arms, arms[:, :1].expand_as(arms))
        alone = torch.stack([factors[:, 0, v, m] for v in (0, 4, 12) for m in (0, 1)])
        assert (torch.corrcoef(alone) - torch.eye(6)).abs().max() < 0.04

    def test_joints_in_no_group_keep_their_bones(self):
        limbs = T.ScaleLimbs(NTU25, (3.0, 3.0), groups={"arm": ["left elbow", 6]})
        x = torch.randn(3, 4, 25, 1)
        ratio = F.bone_lengths(limbs(x)) / F.bone_lengths(x)
        expected = torch.ones(25)
        expected[[5, 6]] = 3
        expected[1] = torch.nan
        torch.testing.assert_close(ratio[0, :, 0], expected, rtol=1e-3, atol=0, equal_nan=True)

    def test_wrong_arguments(self):
        with pytest.raises(ValueError, match=r"`scale` must be two numbers .*\(0.0, 1.0\)"):
            T.ScaleLimbs(NTU25, (0.0, 1.0))
        bare = dataclasses.replace(NTU25, parts={})
        with pytest.raises(ValueError, match=r"NTU25 must have parts where no `groups`.*Pass gr"):
            T.ScaleLimbs(bare)
        with pytest.raises(ValueError, match=r"`groups` must name joints.*left elbow more tha"):
            T.ScaleLimbs(groups={"a": [5], "b": ["left elbow"]})
        with pytest.raises(ValueError, match=r"`groups` must name joints.*got none"):
            T.ScaleLimbs(groups={})
        with pytest.raises(ValueError, match="tail"):
            T.ScaleLimbs(groups={"a": ["tail"]})

    def test_repr(self):
        assert "scale=(0.85, 1.15), groups=['trunk', " in repr(T.ScaleLimbs())


class TestTransferBones:
    @given(SEEDS, st.sampled_from(LAYOUTS), st.integers(0, 14))
    def test_oracle(self, seed, layout, root):
        x, other = body(layout, seed=seed), body(layout, seed=seed + 1)
        expected = oracle.transfer_bones(x, other, seen_from(layout, root))
        assert_equal(F.transfer_bones(x, other, layout, root=root), expected)

    def test_golden(self, golden):
        case, x = Golden(golden, "actclr_transfer_joint"), golden_input("in_xb")
        out = F.transfer_bones(x, x.roll(-int(case["shift"]), 0), root=20)
        assert (out - case["out"]).abs().max() < 1e-5

    def test_golden_of_skateformer(self, golden):
        """Its ratio, and the path of the other body, out of the same parts."""
        case = Golden(golden, "skateformer_adain")
        tree = [(child, parent) for child, parent in case["bones"].tolist() if child != parent]
        layout = SkeletonLayout.from_bones("tree", NTU25.joints, bones=tree, centre=1)
        x = golden_input("in_x")
        i = np.arange(3 * 40 * 25 * 2, dtype=np.float64)
        long = np.sin(0.3 + 0.0137 * i) + 0.3 * np.sin(0.91 * i + 0.3)
        other = torch.from_numpy(long.astype(np.float32).reshape(3, 40, 25, 2)[:, 16:])
        own, theirs = F.bone_lengths(x, layout), F.bone_lengths(other, layout)
        out = F.scale_bones(x, (theirs + 1e-5) / (own + 1e-5), layout)
        out = F.transfer_path(out, other, joint=1)
        assert (out - case["out"]).abs().max() < 1e-5

    @given(SEEDS)
    def test_batch(self, seed):
        x = body(COCO17, seed=seed, batch=(3,), frames=9)
        x[..., 0, :] = 0.5  # a root that is missing at times is told by all frames of the clip
        counts, partner = torch.tensor([9, 4, 1]), torch.tensor([1, 2, 0])
        out = T.TransferBones(COCO17)(x, params=T.PartnerParams(partner, counts))
        for row, own in enumerate(counts.tolist()):
            theirs = int(counts[partner[row]])
            frames = [oracle.frame_of_partner(t, own, theirs) for t in range(9)]
            other = x[partner[row]][:, frames]
            assert_equal(out[row], oracle.transfer_bones(x[row], other, seen_from(COCO17)))

    def test_partners(self, generator):
        x = torch.zeros(5, 3, 2, 25, 1)
        seen = torch.stack([T.TransferBones().sample(x).partner for _ in range(400)])
        for row in range(5):
            others, counts = seen[:, row].unique(return_counts=True)
            assert others.tolist() == [other for other in range(5) if other != row]
            assert counts.min() > 60

    def test_missing_persons_keep_their_bodies(self):
        x = torch.randn(2, 3, 6, 25, 2)
        x[0, ..., 1] = 0
        out = T.TransferBones()(x)
        assert not out[0, ..., 1].any()
        assert torch.equal(out[1, ..., 1], x[1, ..., 1])

    def test_wrong_arguments(self):
        with pytest.raises(ValueError, match=r"hold at least 2 clips, as TransferBones takes"):
            T.TransferBones()(torch.randn(1, 3, 6, 25, 2))
        with pytest.raises(ValueError, match=r"`other` must have the shape \(3, 6, 25, 2\) of `x`"):
            F.transfer_bones(torch.randn(3, 6, 25, 2), torch.randn(3, 5, 25, 2))

    def test_gradient(self):
        x, other = (body(SBU15, frames=2, persons=1, seed=s) + 3 for s in (5, 6))
        x.requires_grad_()
        other.requires_grad_()
        assert torch.autograd.gradcheck(lambda a, b: F.transfer_bones(a, b, SBU15), (x, other))
        assert torch.autograd.gradcheck(F.transfer_statistics, (x, other))
        assert torch.autograd.gradcheck(F.transfer_motion, (x, other))
        amount = torch.tensor(0.5, dtype=torch.float64)
        assert torch.autograd.gradcheck(lambda a, b: F.swap_posture(a, b, amount, 1), (x, other))


class TestTransferLengths:
    @given(SEEDS)
    def test_oracle(self, seed):
        x, other = body(seed=seed), body(seed=seed + 1)
        assert_equal(F.transfer_lengths(x, other), oracle.transfer_lengths(x, other.numpy()))

    def test_golden(self, golden):
        case, x = Golden(golden, "actclr_transfer_bone"), golden_input("in_xb")
        out = F.transfer_lengths(x, x.roll(-int(case["shift"]), 0))
        assert (out - case["out"]).abs().max() < 1e-5

    def test_batch(self):
        x, counts, partner = body(batch=(3,)), torch.tensor([6, 4, 1]), torch.tensor([1, 2, 0])
        out = T.TransferLengths()(x, params=T.PartnerParams(partner, counts))
        for row, own in enumerate(counts.tolist()):
            theirs = int(counts[partner[row]])
            frames = [oracle.frame_of_partner(t, own, theirs) for t in range(6)]
            other = x[partner[row]][:, frames]
            assert_equal(out[row], oracle.transfer_lengths(x[row], other.numpy()))


class TestTransferPath:
    @given(SEEDS, st.integers(0, 14))
    def test_oracle(self, seed, root):
        x, other = body(SBU15, seed=seed), body(SBU15, seed=seed + 1)
        assert_equal(F.transfer_path(x, other, root), oracle.transfer_path(x, other, root))

    def test_batch(self):
        x, counts, partner = body(batch=(3,)), torch.tensor([6, 4, 1]), torch.tensor([1, 2, 0])
        out = T.TransferPath()(x, params=T.PartnerParams(partner, counts))
        for row, own in enumerate(counts.tolist()):
            theirs = int(counts[partner[row]])
            frames = [oracle.frame_of_partner(t, own, theirs) for t in range(6)]
            other = x[partner[row]][:, frames]
            assert_equal(out[row], oracle.transfer_path(x[row], other, NTU25.centre))

    def test_bones_stay(self):
        x, other = torch.randn(2, 3, 6, 25, 2)
        out = F.transfer_path(x, other, 1)
        torch.testing.assert_close(F.bone_lengths(out), F.bone_lengths(x), atol=1e-5, rtol=0)

    def test_wrong_arguments(self):
        with pytest.raises(ValueError, match=r"`joint` must lie between 0 and 24; got 25"):
            F.transfer_path(*torch.randn(2, 3, 6, 25, 2), 25)
        with pytest.raises(ValueError, match="`x` has 25 joints, but layout COCO17 has 17"):
            T.TransferPath(COCO17)(torch.randn(2, 3, 6, 25, 2))
        assert repr(T.TransferPath()) == "TransferPath(layout=NTU25, root=1)"


class TestTransferStatistics:
    @given(SEEDS, st.booleans())
    def test_oracle(self, seed, per_frame):
        x, other = body(SBU15, seed=seed), body(SBU15, seed=seed + 1)
        expected = oracle.transfer_statistics(x, other, per_frame)
        assert_equal(F.transfer_statistics(x, other, per_frame=per_frame), expected)

    @pytest.mark.parametrize("name", ["TV", "V"])
    def test_golden(self, golden, name):
        x = golden_input("in_xb")
        out = F.transfer_statistics(x, x.flip(0), per_frame=name == "V")
        assert (out - Golden(golden, f"hiclr_adain_{name}")["out"]).abs().max() < 1e-5

    @pytest.mark.parametrize("per_frame", [False, True])
    def test_batch(self, per_frame):
        x, counts, partner = body(batch=(3,)), torch.tensor([6, 4, 2]), torch.tensor([1, 2, 0])
        for clip, count in zip(x, counts, strict=True):
            clip[:, count:] = 0
        out = T.TransferStatistics(per_frame=per_frame)(x, params=T.PartnerParams(partner, counts))
        for row, own in enumerate(counts.tolist()):
            theirs = int(counts[partner[row]])
            other = x[partner[row]].numpy()
            if per_frame:
                other = other[:, [oracle.frame_of_partner(t, own, theirs) for t in range(6)]]
            assert_equal(out[row], oracle.transfer_statistics(x[row], other, per_frame))

    def test_repr(self):
        assert repr(T.TransferStatistics(layout=SBU15)) == (
            "TransferStatistics(per_frame=False, layout=SBU15)"
        )


class TestTransferMotion:
    @given(SEEDS)
    def test_oracle(self, seed):
        x, other = body(SBU15, seed=seed), body(SBU15, seed=seed + 1)
        assert_equal(F.transfer_motion(x, other), oracle.transfer_motion(x, other))

    def test_golden(self, golden):
        case, x = Golden(golden, "actclr_transfer_motion"), golden_input("in_xb")
        out = F.transfer_motion(x, x.roll(-int(case["shift"]), 0))
        assert (out - case["out"]).abs().max() < 1e-5

    def test_one_frame(self):
        x, other = torch.randn(2, 3, 1, 25, 1)
        expected = x - x.mean(2, keepdim=True) + other.mean(2, keepdim=True)
        torch.testing.assert_close(F.transfer_motion(x, other), expected)

    def test_padding_does_not_count(self):
        x = torch.randn(2, 3, 8, 25, 1)
        x[0, :, 5:] = 0
        params = T.PartnerParams(torch.tensor([1, 0]), torch.tensor([5, 8]))
        out = T.TransferMotion()(x, params=params)
        assert not out[0, :, 5:].any()
        frames = [oracle.frame_of_partner(t, 5, 8) for t in range(5)]
        before, after = x[0, :, :5].std(1), x[1].std(1)
        middle = x[0, :, :5].mean(2, keepdim=True)
        expected = (x[0, :, :5] - middle) / (before + 1e-3)[:, None] * after[:, None]
        expected += x[1][:, frames].mean(2, keepdim=True)
        torch.testing.assert_close(out[0, :, :5], expected, rtol=1e-4, atol=1e-5)


class TestSwapPosture:
    @given(SEEDS, st.floats(0, 1), st.integers(0, 14), st.booleans(), st.booleans())
    def test_oracle(self, seed, amount, root, own_origin, other_origin):
        x, other = body(SBU15, seed=seed), body(SBU15, seed=seed + 1)
        for clip, at_origin in ((x, own_origin), (other, other_origin)):
            if at_origin:
                clip[..., root, :] = 0
        expected = oracle.swap_posture(x, other, amount, root)
        out = F.swap_posture(x, other, torch.tensor(amount, dtype=torch.float64), root)
        assert_equal(out, expected)

    def test_formula(self):
        """Where nothing is missing, with the means of each clip by itself."""
        x, other = torch.randn(2, 3, 8, 25, 2, dtype=torch.float64)
        m, o = (clip.mean(1, keepdim=True) for clip in (x, other))
        offset = (o - o[:, :, [1]]) - (m - m[:, :, [1]])
        out = F.swap_posture(x, other, torch.tensor(0.7, dtype=torch.float64), 1)
        torch.testing.assert_close(out, x + 0.7 * offset)

    def test_the_whole_posture_and_none(self):
        x, other = torch.randn(2, 3, 8, 25, 2)
        assert torch.equal(F.swap_posture(x, other, torch.tensor(0.0), 1), x)
        out = F.swap_posture(x, other, torch.tensor(1.0), 1)
        posture = (out - out[:, :, [1]]).mean(1)
        torch.testing.assert_close(posture, (other - other[:, :, [1]]).mean(1), atol=1e-5, rtol=0)
        torch.testing.assert_close(out.diff(dim=1), x.diff(dim=1), atol=1e-5, rtol=0)

    def test_batch(self):
        x, counts = body(batch=(3,)), torch.tensor([6, 4, 1])
        for clip, count in zip(x, counts, strict=True):
            clip[:, count:] = 0
        params = T.SwapPosture().sample(x, num_frames=counts)
        out = T.SwapPosture().transform(x, params)
        for row, clip in enumerate(x):
            other, amount = x[params.partner[row]].numpy(), float(params.amount[row])
            assert_equal(out[row], oracle.swap_posture(clip, other, amount, NTU25.centre))

    def test_frames_behind_the_last_do_not_count(self):
        x = torch.randn(2, 3, 8, 25, 1)
        params = T.SwapPostureParams(torch.tensor([1, 0]), torch.ones(2), torch.tensor([8, 5]))
        shorter = x.clone()
        shorter[1, :, 5:] = 0
        out = T.SwapPosture()(x, params=params)[0]
        assert torch.equal(out, T.SwapPosture()(shorter, params=params)[0])
        assert torch.equal(out, F.swap_posture(*shorter, torch.tensor(1.0), 1))

    def test_persons_missing_in_either_are_left_alone(self):
        x = torch.randn(2, 3, 6, 25, 2)
        x[0, ..., 1] = 0
        out = T.SwapPosture()(x)
        assert not out[0, ..., 1].any()
        assert torch.equal(out[1, ..., 1], x[1, ..., 1])
        assert not torch.equal(out[1, ..., 0], x[1, ..., 0])

    def test_draws(self, generator):
        x = torch.zeros(20000, 3, 1, 25, 2)
        params = T.SwapPosture(NTU25, 0.5).sample(x, generator=generator)
        assert 0 <= params.amount.min() < params.amount.max() < 0.5
        assert abs(params.amount.mean() - 0.25) < 3e-3
        assert (params.partner != torch.arange(20000)).all()

    def test_wrong_arguments(self):
        with pytest.raises(ValueError, match=r"`amplitude` must lie between 0.0 and inf; got -1"):
            T.SwapPosture(NTU25, -1)
        with pytest.raises(ValueError, match=r"hold at least 2 clips, as SwapPosture takes"):
            T.SwapPosture()(torch.randn(3, 6, 25, 2))
        with pytest.raises(ValueError, match="`x` has 25 joints, but layout COCO17 has 17"):
            T.SwapPosture(COCO17)(torch.randn(2, 3, 6, 25, 2))
        with pytest.raises(ValueError, match=r"`joint` must lie between 0 and 24; got 25"):
            F.swap_posture(*torch.randn(2, 3, 6, 25, 2), torch.tensor(1.0), 25)
        with pytest.raises(ValueError, match=r"`amount` must have shape \(\)"):
            F.swap_posture(*torch.randn(2, 3, 6, 25, 2), torch.ones(3), 1)

    def test_repr(self):
        assert repr(T.SwapPosture()) == "SwapPosture(layout=NTU25, amplitude=1.0, root=1)"
