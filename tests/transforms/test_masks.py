from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from reference import masks as oracle
from reference.golden_transforms import Golden
from reference.golden_transforms import given as given_input

from skelter import transforms as T
from skelter.layouts import COCO17, KINECT20, NTU25, SBU15, SkeletonLayout
from skelter.transforms import functional as F

SEEDS = st.integers(0, 1000)
LAYOUTS = pytest.mark.parametrize("layout", [NTU25, KINECT20, COCO17, SBU15], ids=str)
POINTS = SkeletonLayout("points", ["a", "b", "c"], parents=[-1, -1, -1])
# The five parts as they are numbered in the golden numbers.
TRUNK, LEFT_ARM, RIGHT_ARM = [0, 1, 20, 2, 3], [4, 5, 6, 7, 21, 22], [8, 9, 10, 11, 23, 24]
LEFT_LEG, RIGHT_LEG = [12, 13, 14, 15], [16, 17, 18, 19]


def clip(seed, shape=(3, 9, 5, 2)):
    """Person 1 is missing in the first half, and single joints everywhere."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(*shape, generator=generator, dtype=torch.float64) + 1
    x[:, : shape[1] // 2, :, 1:] = 0
    return x * (torch.rand(shape[1:], generator=generator) > 0.1)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def many(count=8000, shape=(3, 2, 25, 1)):
    """The shape of many small clips."""
    return torch.ones(1).expand(count, *shape)


def marks(indices, size):
    """True at some indices of the last axis, bool (..., size)."""
    indices = torch.as_tensor(indices)
    return torch.zeros(*indices.shape[:-1], size, dtype=torch.bool).scatter(-1, indices, True)


def assert_equal(actual, expected, atol=1e-12):
    np.testing.assert_allclose(np.asarray(actual), np.asarray(expected), rtol=0, atol=atol)


def assert_independent(draws):
    """Draws (N, ...) of neighbouring clips have nothing to do with each other."""
    rows = draws.flatten(1).double()
    rows = rows - rows.mean(0)
    correlation = (rows[1:] * rows[:-1]).mean() / rows.square().mean()
    assert abs(float(correlation)) < 4 / rows.numel() ** 0.5 * rows.shape[1] ** 0.5


class TestAxisMask:
    def test_golden(self, golden):
        numbers = Golden(golden, "aimclr_axis_mask")
        out = T.AxisMask()(given_input("in_x"), params=T.AxisMaskParams(numbers["axis"]))
        assert torch.equal(out, numbers["out"])

    @given(SEEDS, st.integers(0, 2))
    def test_oracle(self, seed, axis):
        x = clip(seed)
        assert_equal(F.zero_axis(x, torch.tensor(axis)), oracle.zero_axis(x.numpy(), axis))

    def test_every_axis_is_as_likely(self, generator):
        axis = T.AxisMask().sample(many(), generator=generator).axis
        shares = torch.bincount(axis) / len(axis)
        torch.testing.assert_close(shares, torch.full((3,), 1 / 3), rtol=0, atol=0.02)
        assert_independent(axis[:, None])

    def test_a_score_is_never_hidden(self, generator):
        out = T.AxisMask(layout=COCO17)(torch.ones(64, 3, 4, 17, 1), generator=generator)
        assert out[:, 2].all()
        assert (out[:, :2] == 0).any(0).all()

    def test_fuses_with_joint_maps(self):
        x, steps = clip(3).float(), [T.Shear(), T.AxisMask(), T.JointMask(2)]
        chain = T.Compose(steps)
        params = chain.sample(x[None], generator=seeded())
        assert chain.as_joint_map() is not None
        apart = x[None]
        for transform, own in zip(steps, params.params, strict=True):
            apart = transform.transform(apart, own)
        torch.testing.assert_close(chain.transform(x[None], params), apart)

    def test_wrong_axis(self):
        with pytest.raises(ValueError, match=r"`axis` must have shape \(4,\).*Sample it again"):
            F.zero_axis(torch.ones(4, 3, 2, 5, 1), torch.tensor(1))
        with pytest.raises(ValueError, match="2 or 3 coordinates.*got C=5"):
            T.AxisMask()(torch.ones(5, 20, 25, 1))


class TestJointMask:
    @given(st.integers(1, 25), SEEDS)
    def test_hides_exactly_k_joints_alike_everywhere(self, k, seed):
        hidden = T.JointMask(k)(torch.ones(6, 3, 4, 25, 2), generator=seeded(seed)) == 0
        assert torch.equal(hidden, hidden[:, :1, :1, :, :1].expand_as(hidden))
        assert torch.equal(hidden[:, 0, 0, :, 0].sum(-1), torch.full((6,), k))

    def test_every_joint_is_as_likely(self, generator):
        joints = T.JointMask(0.2).sample(many(), generator=generator).joints.float()
        torch.testing.assert_close(joints.mean(0), torch.full((25,), 0.2), rtol=0, atol=0.02)
        assert_independent(joints)

    def test_wrong_arguments(self):
        with pytest.raises(ValueError, match=r"`joints` must be a share in \(0, 1\] or an integer"):
            T.JointMask(1.5)
        with pytest.raises(ValueError, match="`joints` must be at least 1; got 0"):
            T.JointMask(0)
        with pytest.raises(ValueError, match="between 1 and 25; got 26. A share as a float fits"):
            T.JointMask(26)(torch.ones(3, 20, 25, 1))


class TestCentralityMask:
    def test_golden_weights(self, golden):
        numbers = Golden(golden, "pstl_central_mask")
        assert torch.equal(F.joint_degrees(NTU25), numbers["weights"])

    def test_golden_draws(self, golden):
        """The original draws 8 tokens, here of 6 joints alone. By design, ours hides 8 joints."""
        numbers = Golden(golden, "pstl_central_mask")
        tokens = torch.repeat_interleave(torch.arange(25), numbers["weights"])
        assert torch.equal(numbers["draws"].unique(), numbers["distinct"])
        assert set(numbers["distinct"].tolist()) <= set(tokens.tolist())
        assert len(numbers["draws"]) == 8
        assert len(numbers["distinct"]) == 6
        hidden = T.CentralityMask(NTU25, 8).sample(many(100)).joints
        assert (hidden.sum(-1) == 8).all()

    @LAYOUTS
    def test_oracle_of_degrees(self, layout):
        assert F.joint_degrees(layout).tolist() == oracle.degrees(layout.bones, layout.num_joints)

    def test_central_joints_are_hidden_more_often(self, generator):
        """Compared with a choice one after another, weighed anew each time."""
        joints = T.CentralityMask(NTU25, 8).sample(many(), generator=generator).joints
        weights = F.joint_degrees(NTU25).float().expand(len(joints), -1)
        chosen = torch.multinomial(weights, 8, generator=generator)
        expected = marks(chosen, 25).float().mean(0)
        torch.testing.assert_close(joints.float().mean(0), expected, rtol=0, atol=0.03)
        assert_independent(joints)

    def test_the_first_is_drawn_by_degree(self, generator):
        joints = T.CentralityMask(NTU25, 1).sample(many(), generator=generator).joints
        degrees = F.joint_degrees(NTU25).float()
        expected = degrees / degrees.sum()
        torch.testing.assert_close(joints.float().mean(0), expected, rtol=0, atol=0.01)

    def test_joints_without_a_bone_are_never_hidden(self):
        layout = SkeletonLayout("arm and point", ["a", "b", "c"], parents=[-1, 0, -1])
        joints = T.CentralityMask(layout, 2).sample(many(100, (3, 2, 3, 1))).joints
        assert torch.equal(joints, torch.tensor([True, True, False]).expand(100, -1))
        with pytest.raises(ValueError, match="between 1 and 2; got 3.*without a bone are never"):
            T.CentralityMask(layout, 3)

    def test_wrong_arguments(self):
        with pytest.raises(ValueError, match="have bones for CentralityMask; got points without"):
            T.CentralityMask(POINTS)
        with pytest.raises(ValueError, match="`joints` must lie between 1 and 17; got 18"):
            T.CentralityMask(COCO17, 18)
        with pytest.raises(ValueError, match="17 joints, but layout NTU25 has 25"):
            T.CentralityMask()(torch.ones(3, 20, 17, 1))
        with pytest.raises(TypeError, match="`layout` must be a SkeletonLayout"):
            T.CentralityMask(8)


class TestNeighbourhoodMask:
    def test_golden(self, golden):
        numbers = Golden(golden, "scd_spatial_mask")
        walks = F.two_step_walks(NTU25)
        # The original leaves joints of the same count as its sort puts them.
        order = torch.full((25,), 0.9)
        order[numbers["joints"]] = 0.1
        joints = F.most_walked(walks, numbers["seeds"], order, 8)
        assert torch.equal(joints, marks(numbers["joints"], 25))

    @LAYOUTS
    def test_oracle_of_walks(self, layout):
        expected = oracle.two_step_walks(layout.bones, layout.num_joints)
        assert_equal(F.two_step_walks(layout), expected)

    @given(SEEDS, st.sampled_from([NTU25, KINECT20, COCO17, SBU15]), st.integers(1, 15))
    def test_oracle(self, seed, layout, count):
        V = layout.num_joints
        seeds = torch.randint(V, (5,), generator=seeded(seed))
        order = torch.rand(V, generator=seeded(seed + 1))
        joints = F.most_walked(F.two_step_walks(layout), seeds, order, count)
        expected = oracle.most_walked(layout.bones, V, seeds.tolist(), order.tolist(), count)
        assert joints.nonzero().flatten().tolist() == expected

    def test_hides_what_lies_together(self, generator):
        """Two steps from the seed are at most four from each other."""
        joints = T.NeighbourhoodMask(NTU25, 3, seeds=1).sample(many(), generator=generator).joints
        far = ((F.two_step_walks(NTU25) @ F.two_step_walks(NTU25)) == 0).double()
        together = joints.double()
        assert not torch.einsum("nv,vw,nw->n", together, far, together).any()
        assert (joints.sum(-1) == 3).all()
        assert_independent(joints)

    def test_wrong_arguments(self):
        with pytest.raises(ValueError, match="bones for NeighbourhoodMask.*from_bones"):
            T.NeighbourhoodMask(POINTS)
        with pytest.raises(ValueError, match="`joints` must lie between 1 and 17; got 18"):
            T.NeighbourhoodMask(COCO17, 18)
        with pytest.raises(ValueError, match="`seeds` must lie between 1 and 17; got 18"):
            T.NeighbourhoodMask(COCO17, seeds=18)
        with pytest.raises(ValueError, match="20 joints, but layout NTU25 has 25"):
            T.NeighbourhoodMask()(torch.ones(3, 20, 20, 1))


LIMBS = {
    "left limbs": [5, 6, 7, 13, 14, 15, 21, 22],
    "right limbs": [9, 10, 11, 17, 18, 19, 23, 24],
}


class TestPartMask:
    def test_golden_limbs(self, golden):
        sides = [Golden(golden, f"hysp_limbs_{side}")["joints"] for side in ("left", "right")]
        drawn = T.PartMask(groups=LIMBS).sample(many(), generator=seeded()).joints
        left, right = (marks(joints, 25) for joints in sides)
        is_left = (drawn == left).all(-1)
        assert (is_left | (drawn == right).all(-1)).all()
        assert float(is_left.float().mean()) == pytest.approx(0.5, abs=0.02)

    @LAYOUTS
    @pytest.mark.parametrize("k", [1, 2, 5])
    def test_hides_k_whole_parts(self, layout, k):
        mask = T.PartMask(layout, k)
        joints = mask.sample(many(200, (3, 2, layout.num_joints, 1)), generator=seeded()).joints
        for row in joints:
            whole = [all(row[list(part)]) for part in layout.parts.values()]
            touched = [any(row[list(part)]) for part in layout.parts.values()]
            assert whole == touched
            assert sum(whole) == k

    def test_every_part_is_as_likely(self, generator):
        joints = T.PartMask(NTU25, 2).sample(many(), generator=generator).joints
        parts = torch.stack([joints[:, part[0]] for part in NTU25.parts.values()], -1)
        torch.testing.assert_close(parts.float().mean(0), torch.full((5,), 0.4), rtol=0, atol=0.02)
        assert_independent(parts)

    def test_groups_by_name(self):
        mask = T.PartMask(groups={"head": ["head"]})
        assert mask(torch.ones(3, 2, 25, 1))[0, 0].flatten().logical_not().nonzero() == 3

    def test_wrong_arguments(self):
        arm = SkeletonLayout("arm", ["a", "b"], parents=[-1, 0])
        with pytest.raises(ValueError, match="`layout` must have parts for PartMask; got arm with"):
            T.PartMask(arm)
        with pytest.raises(ValueError, match="`groups` must have parts for PartMask; got none"):
            T.PartMask(groups={})
        with pytest.raises(ValueError, match="Part 'tail' must have at least one joint"):
            T.PartMask(groups={"tail": []})
        with pytest.raises(ValueError, match="tail"):
            T.PartMask(groups={"tail": ["tail"]})
        with pytest.raises(ValueError, match="`parts` must lie between 1 and 5; got 6"):
            T.PartMask(NTU25, 6)
        with pytest.raises(ValueError, match="17 joints, but layout NTU25 has 25"):
            T.PartMask()(torch.ones(3, 20, 17, 1))


class TestPartChunkMask:
    def test_golden(self, golden):
        """The original hides person 0 alone."""
        numbers = Golden(golden, "pcm3_part_mask")
        parts = [marks(part, 25) for part in (TRUNK, RIGHT_ARM, LEFT_ARM, RIGHT_LEG, LEFT_LEG)]
        joints = torch.stack(parts)[numbers["parts"]].any(1)
        keep = T.PartChunkMask().keep(
            torch.ones(3, 64, 25, 2), T.ChunkMaskParams(joints)
        )  # fmt: skip
        visible = torch.from_numpy(numbers.all["pcm3_part_mask"]).bool()
        assert torch.equal(keep[0, :, :, 0], visible[..., 0])
        assert visible[..., 1].all()

    @pytest.mark.parametrize("frames", [1, 7, 8, 20, 64])
    def test_oracle(self, frames):
        mask = T.PartChunkMask(NTU25, 2, chunk=8)
        x = torch.ones(3, frames, 25, 2)
        params = mask.sample(x, generator=seeded())
        hidden = [row.nonzero().flatten().tolist() for row in params.joints]
        expected = oracle.keep_chunks(frames, 25, hidden, 8)
        assert_equal(mask.keep(x, params)[0, :, :, 0], expected)

    def test_chunks_draw_for_themselves(self, generator):
        mask = T.PartChunkMask(NTU25, 1, chunk=4)
        joints = mask.sample(many(4000, (3, 12, 25, 1)), generator=generator).joints
        parts = torch.stack([joints[..., part[0]] for part in NTU25.parts.values()], -1)
        assert (parts.sum(-1) == 1).all()
        assert float((parts[:, 0] == parts[:, 1]).all(-1).float().mean()) == pytest.approx(
            0.2, abs=0.03
        )
        assert_independent(parts)

    def test_wrong_arguments(self):
        with pytest.raises(ValueError, match="`chunk` must be at least 1; got 0"):
            T.PartChunkMask(chunk=0)
        with pytest.raises(ValueError, match="`layout` must have parts for PartChunkMask"):
            T.PartChunkMask(POINTS)
        with pytest.raises(ValueError, match="`parts` must lie between 1 and 5; got 6"):
            T.PartChunkMask(parts=6)
        with pytest.raises(ValueError, match="17 joints, but layout NTU25 has 25"):
            T.PartChunkMask()(torch.ones(3, 20, 17, 1))


class TestJointChunkMask:
    def test_golden(self, golden):
        numbers = Golden(golden, "hiclr_joint_mask")
        joints = marks(numbers["draws"], 25)
        keep = T.JointChunkMask(0.1).keep(torch.ones(3, 24, 25, 2), T.ChunkMaskParams(joints))
        visible = torch.from_numpy(numbers.all["hiclr_joint_mask"]).bool()
        assert torch.equal(keep[0, :, :, 0], visible)

    def test_two_of_25_in_every_frame(self):
        joints = T.JointChunkMask(0.1).sample(many(100, (3, 24, 25, 1)), generator=seeded()).joints
        assert (joints.sum(-1) == 2).all()
        torch.testing.assert_close(
            joints.float().mean((0, 1)), torch.full((25,), 0.08), rtol=0, atol=0.02
        )

    def test_oracle(self):
        mask, x = T.JointChunkMask(7, chunk=5), torch.ones(3, 13, 25, 2)
        params = mask.sample(x, generator=seeded())
        hidden = [row.nonzero().flatten().tolist() for row in params.joints]
        assert_equal(mask.keep(x, params)[0, :, :, 0], oracle.keep_chunks(13, 25, hidden, 5))

    def test_wrong_arguments(self):
        with pytest.raises(ValueError, match="between 1 and 17; got 18"):
            T.JointChunkMask(18)(torch.ones(3, 20, 17, 1))
        with pytest.raises(TypeError, match="`chunk` must be an integer; got 0.5"):
            T.JointChunkMask(chunk=0.5)


class TestJointFrameMask:
    def test_golden(self, golden):
        numbers = Golden(golden, "skateformer_drop")
        params = T.JointFrameMaskParams(marks(numbers["joints"], 25), marks(numbers["frames"], 24))
        out = T.JointFrameMask()(given_input("in_x"), params=params)
        assert torch.equal(out, numbers["out"])

    @given(SEEDS)
    def test_oracle(self, seed):
        mask, x = T.JointFrameMask(), torch.ones(3, 24, 25, 2)
        params = mask.sample(x, generator=seeded(seed))
        joints, frames = (m.nonzero().flatten().tolist() for m in (params.joints, params.frames))
        assert_equal(mask.keep(x, params)[0, :, :, 0], oracle.keep_grid(24, 25, joints, frames))

    def test_counts_cover_their_ranges(self, generator):
        params = T.JointFrameMask((5, 15), (16, 32)).sample(
            many(20000, (3, 64, 25, 1)), generator=generator
        )
        for drawn, low, high in [(params.joints, 5, 15), (params.frames, 16, 32)]:
            counts = torch.bincount(drawn.sum(-1), minlength=high + 1)
            assert not counts[:low].any()
            assert len(counts) == high + 1
            assert counts[low:].min() > 0.8 * 20000 / (high - low + 1)
        k, f = params.joints.sum(-1).double(), params.frames.sum(-1).double()
        assert abs(float(torch.corrcoef(torch.stack([k, f]))[0, 1])) < 0.03
        assert_independent(params.joints)

    def test_default_shares_are_the_counts_of_64_frames(self, generator):
        params = T.JointFrameMask().sample(many(4000, (3, 64, 25, 1)), generator=generator)
        k, f = params.joints.sum(-1), params.frames.sum(-1)
        assert (k.min(), k.max(), f.min(), f.max()) == (5, 15, 16, 32)

    @pytest.mark.parametrize("frames", [(16, 32), (0.25, 0.5)])
    def test_takes_valid_frames(self, frames):
        counts = torch.tensor([20, 13, 1, 7])
        params = T.JointFrameMask(0.5, frames).sample(
            torch.ones(4, 3, 20, 25, 2), num_frames=counts, generator=seeded()
        )
        behind = torch.arange(20) >= counts[:, None]
        assert not (params.frames & behind).any()
        assert (params.frames.sum(-1) >= 1).all()

    def test_wrong_arguments(self):
        with pytest.raises(ValueError, match="`joints` must lie between 1 and 17; got 25"):
            T.JointFrameMask((5, 25))(torch.ones(3, 20, 17, 1))
        with pytest.raises(ValueError, match=r"`joints` must be \(from, to\) with from <= to"):
            T.JointFrameMask((9, 5))
        with pytest.raises(TypeError, match="`frames` must be two shares as floats or two counts"):
            T.JointFrameMask(frames=(0.5, 8))
        with pytest.raises(ValueError, match=r"`frames` must be a share in \(0, 1\]"):
            T.JointFrameMask(frames=(0.5, 1.5))


class TestFrameMask:
    def test_golden_blocks(self, golden):
        numbers = Golden(golden, "scd_temporal_mask")
        blocks = marks(numbers["blocks"], 16)
        params = T.FrameMaskParams(blocks.repeat_interleave(4))
        keep = T.FrameMask(0.375, block=4).keep(torch.ones(3, 64, 25, 2), params)
        assert torch.equal(keep.flatten(), numbers["frames_kept"].bool())

    def test_blocks_are_those_of_the_paper(self, generator):
        hidden = T.FrameMask(0.375, block=4).sample(many(4000, (3, 64, 25, 1)), generator=generator)
        blocks = hidden.frames.unflatten(-1, (16, 4))
        assert torch.equal(blocks.all(-1), blocks.any(-1))
        assert (blocks.any(-1).sum(-1) == 6).all()
        torch.testing.assert_close(
            blocks[..., 0].float().mean(0), torch.full((16,), 0.375), rtol=0, atol=0.03
        )
        assert_independent(blocks[..., 0])

    def test_golden_frames(self, golden):
        """The original counts padding as masked. Ours leaves it to the number of frames."""
        numbers = Golden(golden, "hiclr_frame_mask")
        visible = torch.from_numpy(numbers.all["hiclr_frame_mask"]).bool()
        hidden = T.FrameMask(0.3).sample(
            torch.ones(3, 24, 25, 1), num_frames=torch.tensor(20), generator=seeded()
        ).frames  # fmt: skip
        valid = torch.arange(24) < 20
        assert (~hidden & valid).sum() == visible.sum() == 14
        kept = torch.zeros(24, dtype=torch.bool)
        kept[:20] = numbers["permutation"] < 14
        keep = T.FrameMask(0.3).keep(torch.ones(3, 24, 25, 1), T.FrameMaskParams(valid & ~kept))
        assert torch.equal(keep.flatten() & valid, visible)

    @given(st.integers(1, 40), st.integers(1, 6), st.floats(0.01, 1.0), SEEDS)
    def test_one_block_stays(self, valid, block, share, seed):
        hidden = T.FrameMask(share, block=block).sample(
            torch.ones(3, 40, 5, 1), num_frames=torch.tensor(valid), generator=seeded(seed)
        ).frames  # fmt: skip
        blocks = -(-valid // block)
        firsts = hidden[:valid:block]
        assert int(firsts.sum()) == min(int(share * blocks + 1e-6), blocks - 1)
        assert torch.equal(hidden[:valid], firsts.repeat_interleave(block)[:valid])
        assert not hidden[valid:].any()

    @pytest.mark.parametrize(("valid", "hidden"), [(40, 6), (6, 5), (1, 0)])
    def test_counts(self, valid, hidden):
        params = T.FrameMask(6).sample(torch.ones(3, 40, 5, 1), num_frames=torch.tensor(valid))
        assert int(params.frames.sum()) == hidden

    def test_wrong_arguments(self):
        with pytest.raises(ValueError, match="between 1 and 15; got 16. One has to stay"):
            T.FrameMask(16, block=4)(torch.ones(3, 64, 25, 1))
        with pytest.raises(ValueError, match=r"`frames` must be a share in \(0, 1\]"):
            T.FrameMask(1.01)
        with pytest.raises(ValueError, match="`block` must be at least 1"):
            T.FrameMask(block=0)


class TestFrameSpanMask:
    @given(st.integers(1, 40), st.floats(0.01, 1.0), SEEDS)
    def test_is_one_span_of_valid_frames(self, valid, share, seed):
        hidden = T.FrameSpanMask(share).sample(
            torch.ones(3, 40, 5, 1), num_frames=torch.tensor(valid), generator=seeded(seed)
        ).frames  # fmt: skip
        length = min(int(share * valid + 1e-6), valid - 1)
        places = hidden.nonzero().flatten()
        assert len(places) == length
        assert length == 0 or int(places[-1] - places[0]) == length - 1
        assert not hidden[valid:].any()

    def test_start_is_uniform(self, generator):
        hidden = T.FrameSpanMask(4).sample(many(12000, (3, 9, 2, 1)), generator=generator).frames
        start = hidden.float().argmax(-1)
        shares = torch.bincount(start) / len(start)
        torch.testing.assert_close(shares, torch.full((6,), 1 / 6), rtol=0, atol=0.02)
        assert_independent(start[:, None])

    def test_wrong_arguments(self):
        with pytest.raises(ValueError, match="between 1 and 19; got 20. One has to stay"):
            T.FrameSpanMask(20)(torch.ones(3, 20, 25, 1))
        with pytest.raises(ValueError, match=r"`frames` must be a share in \(0, 1\]"):
            T.FrameSpanMask(0.0)


class TestFrameDrop:
    def test_golden(self, golden):
        numbers = Golden(golden, "pstl_temporal_mask")
        order = torch.full((4, 16), 0.9)
        kept = numbers["kept_of_remaining"]
        order[:, kept] = torch.linspace(0.0, 0.5, len(kept))
        params = T.DropMovingFramesParams(order, torch.full((4,), 16))
        assert torch.equal(
            T.DropMovingFrames(10)(given_input("in_xb"), params=params), numbers["out"]
        )

    @given(SEEDS, st.integers(1, 9), st.integers(1, 12), st.sampled_from([0.0, 0.3, 0.5, 1.0]))
    def test_oracle(self, seed, valid, frames, moving):
        x = clip(seed)
        x[:, valid:] = 0
        drop = T.DropMovingFrames(frames, moving)
        params = drop.sample(x, num_frames=torch.tensor(valid), generator=seeded(seed))
        out, count = drop.with_num_frames(x, num_frames=torch.tensor(valid), params=params)
        expected, left = oracle.drop_frames(
            x.numpy(), valid, params.order.tolist(), frames, moving
        )  # fmt: skip
        assert_equal(out, expected)
        assert int(count) == left

    def test_oracle_of_motion(self):
        x = clip(5)
        assert_equal(F.motion_of_frames(x), oracle.motion_of_frames(x.numpy()))

    def test_what_moves_goes_first(self):
        x = torch.tensor([0.0, 1, 1, 5, 5, 5, 7, 7]).view(1, 8, 1, 1)
        assert T.DropMovingFrames(6, moving=1.0)(x).flatten().tolist() == [0, 1, 5, 5, 7, 7]

    def test_the_random_part_is_random(self, generator):
        x = torch.arange(8.0).view(1, 8, 1, 1).expand(6000, -1, -1, -1, -1)
        kept = marks(T.DropMovingFrames(5, moving=0.0)(x, generator=generator).flatten(1).long(), 8)
        assert (kept.sum(-1) == 5).all()
        torch.testing.assert_close(kept.float().mean(0), torch.full((8,), 0.625), rtol=0, atol=0.02)
        assert_independent(kept)

    def test_wrong_arguments(self):
        with pytest.raises(ValueError, match="`frames` must be at least 1; got 0"):
            T.DropMovingFrames(0)
        with pytest.raises(ValueError, match="`moving` must lie between 0.0 and 1.0; got 1.5"):
            T.DropMovingFrames(30, moving=1.5)
        params = T.DropMovingFrames(10).sample(torch.ones(2, 3, 20, 25, 1))
        with pytest.raises(ValueError, match=r"`order` must have shape \(2, 16\).*Sample it again"):
            T.DropMovingFrames(10)(torch.ones(2, 3, 16, 25, 1), params=params)


class TestElementDropout:
    @pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
    def test_share(self, p, generator):
        out = T.ElementDropout(p)(torch.ones(400, 3, 20, 25, 2), generator=generator)
        assert float((out == 0).float().mean()) == pytest.approx(p, abs=3e-3)
        if 0 < p < 1:
            axes = (out[:, 0] == 0).float() - p, (out[:, 1] == 0).float() - p
            assert abs(float((axes[0] * axes[1]).mean())) < 3e-3
            assert_independent(out[:, :, :2, :3])

    def test_wrong_arguments(self):
        with pytest.raises(ValueError, match="`p` must lie between 0.0 and 1.0; got 1.1"):
            T.ElementDropout(1.1)
        with pytest.raises(ValueError, match="2 or 3 coordinates"):
            T.ElementDropout()(torch.ones(4, 20, 25, 1))


class TestCellMask:
    def test_golden(self, golden):
        numbers = Golden(golden, "macdiff_occlusion")
        params = T.ElementMaskParams(numbers["u"] < 0.3)
        keep = T.CellMask(0.3).keep(torch.ones(3, 24, 25, 2), params)
        assert torch.equal(keep[0], numbers["kept"].bool())

    def test_share(self, generator):
        out = T.CellMask(0.3)(torch.ones(400, 3, 20, 25, 2), generator=generator)
        assert float((out == 0).float().mean()) == pytest.approx(0.3, abs=3e-3)
        assert torch.equal(out, out[:, :1].expand_as(out))
        assert_independent(out[:, 0, :2, :3])

    def test_wrong_arguments(self):
        with pytest.raises(ValueError, match="`p` must lie between 0.0 and 1.0; got -0.1"):
            T.CellMask(-0.1)


class TestFillMasked:
    def test_fills_what_the_mask_hides(self, generator):
        fill, x = (
            T.FillMasked(T.CellMask(0.4), -2.0, high=3.0),
            torch.full((200, 3, 20, 25, 2), 9.0),
        )
        params = fill.sample(x, generator=generator)
        out, hidden = fill(x, params=params), params.mask.hidden.expand_as(x)
        assert (out[~hidden] == 9).all()
        filled = out[hidden]
        assert filled.min() >= -2
        assert filled.max() <= 3
        assert float(filled.mean()) == pytest.approx(0.5, abs=0.01)
        assert float(filled.std()) == pytest.approx(5 / 12**0.5, rel=0.01)

    def test_whatever_hides(self):
        x = torch.full((3, 20, 25, 1), 9.0)
        for mask in (T.AxisMask(), T.JointMask(), T.FrameMask(), T.ElementDropout()):
            params = T.FillMasked(mask).sample(x, generator=seeded())
            keep = mask.keep(x, params.mask).expand(x.shape)
            out = T.FillMasked(mask)(x, params=params)
            assert torch.equal(out == 9, keep)

    def test_passes_scores_on(self):
        x = torch.full((3, 20, 17, 1), 9.0)
        out = T.FillMasked(T.JointMask(1.0), layout=COCO17)(x)
        assert (out[:2] < 9).all()
        assert (out[2] == 9).all()

    def test_wrong_arguments(self):
        with pytest.raises(TypeError, match=r"`mask` must be a mask such as.*got Shear"):
            T.FillMasked(T.Shear())
        with pytest.raises(ValueError, match="`low` must lie between -inf and 0.5; got 1.0"):
            T.FillMasked(T.JointMask(), 1.0, high=0.5)
        with pytest.raises(ValueError, match=r"`fill` must have shape \(4, 3, 2, 5, 1\)"):
            F.fill_masked(torch.ones(4, 3, 2, 5, 1), torch.ones(1).bool(), torch.ones(3, 2, 5, 1))


TOKEN_MASKS = {
    "uniform": lambda layout: T.UniformTokenMask(0.8, 4),
    "motion": lambda layout: T.MotionTokenMask(0.8, 4),
    "tubes": lambda layout: T.TubeTokenMask(layout, 0.8, patch=4),
}
EVERY_TOKEN_MASK = pytest.mark.parametrize("build", TOKEN_MASKS.values(), ids=TOKEN_MASKS)
LENGTHS = torch.tensor([20, 13, 1, 7])


@EVERY_TOKEN_MASK
class TestTokenMasks:
    """What all of them have in common, as the battery of transforms."""

    @LAYOUTS
    @pytest.mark.parametrize("persons", [1, 2])
    def test_shape_and_number(self, build, layout, persons):
        V = layout.num_joints
        x = torch.randn(4, 3, 20, V, persons)
        keep = build(layout)(x, generator=seeded())
        assert keep.dtype == torch.bool
        assert keep.shape == (4, persons, 5, V)
        assert (keep.sum((-2, -1)) == 5 * V - round(0.8 * 5 * V)).all()

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
    def test_draws_are_those_of_float32(self, build, clips, dtype):
        clips = clips.to(dtype).float()
        keep = build(NTU25)(clips.to(dtype), generator=seeded())
        assert torch.equal(keep, build(NTU25)(clips, generator=seeded()))

    def test_replays_params(self, build, clips):
        mask, before = build(NTU25), clips.clone()
        params = mask.sample(clips, num_frames=LENGTHS, generator=seeded())
        keep = mask(clips, num_frames=LENGTHS, generator=seeded())
        assert torch.equal(mask(clips, params=params), keep)
        assert torch.equal(mask.keep(clips, params), keep)
        assert torch.equal(clips, before)

    def test_one_clip_and_any_batch_axes(self, build, clips):
        mask = build(NTU25)
        keep = mask(clips, num_frames=LENGTHS, generator=seeded())
        folded = clips.reshape(2, 2, *clips.shape[1:])
        out = mask(folded, num_frames=LENGTHS.view(2, 2), generator=seeded())
        assert torch.equal(out.flatten(0, 1), keep)
        single = mask(clips[0], num_frames=LENGTHS[0], generator=seeded())
        batch = mask(clips[:1], num_frames=LENGTHS[:1], generator=seeded())
        assert torch.equal(single, batch[0])
        assert mask(clips[:0]).shape == (0, 2, 5, 25)

    def test_clips_do_not_depend_on_each_other(self, build, clips):
        mask = build(NTU25)
        params = mask.sample(clips, num_frames=LENGTHS, generator=seeded())
        keep = mask.keep(clips, params)
        for row, x in enumerate(clips):
            own = {f.name: getattr(params, f.name)[row] for f in dataclasses.fields(params)}
            assert torch.equal(mask.keep(x, type(params)(**own)), keep[row])

    def test_persons_and_clips_draw_for_themselves(self, build):
        x = torch.randn(1, 3, 20, 25, 1, generator=seeded()).expand(32, -1, -1, -1, 2)
        keep = build(NTU25)(x, generator=seeded()).flatten(0, 1).flatten(1)
        assert len(keep.unique(dim=0)) == 64

    def test_padding_is_visible_only_where_it_has_to_be(self, build, clips):
        for clip_, valid in zip(clips, LENGTHS.tolist(), strict=True):
            clip_[:, valid:] = 0
        keep = build(NTU25)(clips, num_frames=LENGTHS, generator=seeded())
        assert (keep.sum((-2, -1)) == 25).all()
        assert not keep[1, :, 4:].any()
        assert not keep[3, :, 2:].any()
        assert keep[2, :, :1].all()  # one block of five has just as many tokens as are visible

    def test_missing_persons_have_as_many(self, build, clips):
        clips[..., 1] = 0
        keep = build(NTU25)(clips, generator=seeded())
        assert (keep.sum((-2, -1)) == 25).all()
        assert not F.token_presence(clips, 4)[:, 1].any()

    def test_numpy_and_autocast(self, build, clips):
        mask = build(NTU25)
        keep = mask(clips, generator=seeded())
        assert torch.equal(mask(clips.numpy(), generator=seeded()), keep)
        with torch.autocast("cpu", torch.bfloat16):
            assert torch.equal(mask(clips, generator=seeded()), keep)

    def test_samples_from_shapes_alone(self, build, clips):
        mask = build(NTU25)

        class Seen:
            shape, dtype, device = clips.shape, clips.dtype, clips.device

        params = mask.sample(Seen(), generator=seeded())
        assert torch.equal(mask(clips, params=params), mask(clips, generator=seeded()))

    def test_compiles_whole(self, build, clips):
        mask = build(NTU25)
        params = mask.sample(clips, generator=seeded())
        torch.compiler.reset()
        compiled = torch.compile(lambda x: mask.keep(x, params), fullgraph=True, backend="eager")
        assert torch.equal(compiled(clips), mask.keep(clips, params))

    @pytest.mark.filterwarnings("ignore:There is a performance drop")
    def test_vmap(self, build, clips):
        mask = build(NTU25)
        keep = torch.func.vmap(mask, randomness="different")(clips)
        assert (keep.sum((-2, -1)) == 25).all()

    def test_frames_that_are_left_over(self, build):
        with pytest.raises(ValueError, match=r"multiple of patch=4 frames; got T=18. Resize clips"):
            build(NTU25)(torch.randn(3, 18, 25, 2))

    def test_wrong_clips(self, build, clips):
        with pytest.raises(TypeError, match="real floating dtype"):
            build(NTU25)(clips.long())
        with pytest.raises(ValueError, match=r"shape \(\.\.\., C, T, V, M\)"):
            build(NTU25)(clips[0, 0])
        with pytest.raises(TypeError, match=r"Generator\(\).manual_seed"):
            build(NTU25)(clips, generator=0)


class TestUniformTokenMask:
    def test_golden(self, golden):
        numbers = Golden(golden, "mamp_uniform")
        params = T.TokenMaskParams(numbers["u"].view(2, 6, 25), torch.tensor(24))
        keep = T.UniformTokenMask(0.9, visible=14)(given_input("in_x"), params=params)
        assert torch.equal(keep, numbers["mask"] == 0)
        assert torch.equal(keep.flatten(1), marks(numbers["keep"], 150))

    def test_every_token_is_as_likely(self, generator):
        keep = T.UniformTokenMask(0.7, 2)(torch.ones(6000, 3, 8, 5, 1), generator=generator)
        torch.testing.assert_close(
            keep.float().mean((0, 1)), torch.full((4, 5), 0.3), rtol=0, atol=0.025
        )
        assert_independent(keep)

    @given(SEEDS, st.integers(1, 8), st.integers(1, 20))
    def test_oracle(self, seed, valid, visible):
        mask, x = T.UniformTokenMask(patch=2, visible=visible), torch.ones(3, 8, 5, 1)
        params = mask.sample(x, num_frames=torch.tensor(valid), generator=seeded(seed))
        padding = [2 * b >= valid for b in range(4)]
        params = T.TokenMaskParams(params.order.double(), params.num_frames)
        expected = oracle.keep_lowest(params.order[0].numpy(), padding, visible)
        assert_equal(mask.keep(x, params)[0], expected)

    @pytest.mark.parametrize(("ratio", "visible"), [(0.0, 20), (1.0, 1), (0.99, 1), (0.5, 10)])
    def test_at_least_one_is_visible(self, ratio, visible):
        assert int(T.UniformTokenMask(ratio, 2)(torch.ones(3, 8, 5, 1)).sum()) == visible

    @pytest.mark.parametrize("mask", [T.UniformTokenMask, T.MotionTokenMask])
    def test_wrong_arguments(self, mask):
        with pytest.raises(ValueError, match="`ratio` must lie between 0.0 and 1.0; got 1.5"):
            mask(1.5)
        with pytest.raises(ValueError, match="`patch` must be at least 1; got 0"):
            mask(patch=0)
        with pytest.raises(ValueError, match="`visible` must be at least 1; got 0"):
            mask(visible=0)
        with pytest.raises(ValueError, match="`visible` must lie between 1 and 50; got 74. Give a"):
            mask(visible=74)(torch.ones(3, 8, 25, 1))


class TestMotionTokenMask:
    def test_golden(self, golden):
        numbers = Golden(golden, "mamp_motion")
        params = T.TokenMaskParams(numbers["u"].float().view(2, 6, 25), torch.tensor(24))
        keep = T.MotionTokenMask(0.9, visible=14)(given_input("in_x"), params=params)
        assert torch.equal(keep, numbers["mask"] == 0)
        assert torch.equal(keep.flatten(1), marks(numbers["keep"], 150))

    @given(SEEDS, st.sampled_from([1, 2, 4]))
    def test_oracle_of_motion(self, seed, patch):
        x = clip(seed, (3, 8, 5, 2))
        assert_equal(F.motion_of_patches(x, patch), oracle.motion_of_patches(x.numpy(), patch))

    @given(SEEDS, st.integers(1, 8), st.integers(1, 20), st.sampled_from([0.1, 0.8, 5.0]))
    def test_oracle(self, seed, valid, visible, temperature):
        x = clip(seed, (3, 8, 5, 2))
        x[:, valid:] = 0
        mask = T.MotionTokenMask(patch=2, visible=visible, temperature=temperature)
        params = mask.sample(x, num_frames=torch.tensor(valid), generator=seeded(seed))
        order = params.order.double()
        keep = mask.keep(x, T.TokenMaskParams(order, params.num_frames))
        expected = oracle.keep_still_tokens(
            x.numpy(), order.numpy(), 2, valid, temperature, visible
        )
        assert_equal(keep, expected)

    def test_what_moves_is_hidden(self, generator):
        x = torch.ones(2000, 3, 16, 6, 1)
        x[..., 2, :] += torch.arange(16.0)[:, None]
        hidden = ~T.MotionTokenMask(0.25, temperature=0.2)(x, generator=generator)
        shares = hidden.float().mean((0, 1, 2))
        assert shares[2] > 0.95
        assert shares.mean() == pytest.approx(0.25)

    def test_a_person_who_appears_has_not_moved(self):
        x = torch.ones(3, 16, 5, 1)
        x[:, :8] = 0
        assert not F.motion_of_patches(x, 4).any()

    def test_one_block_has_no_motion(self):
        assert torch.equal(F.motion_of_patches(torch.ones(3, 4, 5, 2), 4), torch.zeros(2, 1, 5))

    def test_wrong_arguments(self):
        with pytest.raises(ValueError, match="`temperature` must be above 0; got 0"):
            T.MotionTokenMask(temperature=0)
        with pytest.raises(ValueError, match="multiple of patch=4 frames; got T=6"):
            F.motion_of_patches(torch.ones(3, 6, 5, 1), 4)
        with pytest.raises(ValueError, match="multiple of patch=4 frames; got T=6"):
            F.token_presence(torch.ones(3, 6, 5, 1), 4)


class TestTubeTokenMask:
    def test_golden(self, golden):
        numbers = Golden(golden, "slim_tube")
        hidden = torch.zeros(8, 25, dtype=torch.bool)
        for group, length, start, top, area in numbers["proposals"].tolist():
            part = (TRUNK, LEFT_ARM, RIGHT_ARM, LEFT_LEG, RIGHT_LEG)[int(group)]
            joints = marks(part[int(start) : int(start + length)], 25)
            height = torch.tensor(round(area / length)).clamp(1, 8)
            budget = 140 - hidden.sum()
            hidden = F.add_tube(hidden, joints, torch.tensor(int(top)), height, budget)
        expected = torch.from_numpy(numbers.all["slim_tube_mask"]).bool()
        assert torch.equal(hidden, expected)
        assert int(hidden.sum()) == 140

    @given(SEEDS)
    def test_oracle_of_a_tube(self, seed):
        generator = seeded(seed)
        hidden = torch.rand(6, 5, generator=generator) < 0.3
        joints = torch.rand(5, generator=generator) < 0.6
        top, budget = (
            torch.randint(4, (), generator=generator),
            torch.randint(12, (), generator=generator),
        )
        out = F.add_tube(hidden, joints, top, torch.tensor(3), budget)
        expected = oracle.add_tube(
            hidden.numpy(), joints.nonzero().flatten().tolist(), int(top), 3, int(budget)
        )
        assert_equal(out, expected)

    @given(SEEDS, st.integers(1, 32), st.sampled_from([0.0, 0.3, 0.6, 0.9, 1.0]))
    def test_oracle(self, seed, valid, ratio):
        mask, x = T.TubeTokenMask(ratio=ratio, patch=4), torch.ones(3, 32, 25, 1)
        params = mask.sample(x, num_frames=torch.tensor(valid), generator=seeded(seed))
        wide = {name: getattr(params, name).double() for name in ("area", "top", "order")}
        params = dataclasses.replace(params, **wide)
        runs = [row.nonzero().flatten().tolist() for row in params.joints[0]]
        expected = oracle.keep_tubes(
            runs, params.area[0].tolist(), params.top[0].tolist(), int(params.hidden[0]),
            params.order[0].numpy(), [4 * b >= valid for b in range(8)], (8, 100),
        )  # fmt: skip
        keep = mask.keep(x, params)[0]
        assert int(keep.sum()) == 200 - int(params.hidden[0])
        assert_equal(keep, expected)

    @LAYOUTS
    def test_runs_lie_on_one_part(self, layout):
        x = torch.ones(1).expand(50, 3, 16, layout.num_joints, 1)
        runs = T.TubeTokenMask(layout).sample(x, generator=seeded()).joints.flatten(0, 2)
        assert runs.any(-1).all()
        parts = torch.stack([marks(list(p), layout.num_joints) for p in layout.parts.values()])
        inside = (runs[:, None] & ~parts).any(-1).logical_not()
        assert torch.equal(inside.sum(-1), torch.ones(len(runs), dtype=torch.int64))
        shares = inside.float().mean(0)
        torch.testing.assert_close(shares, torch.full((5,), 0.2), rtol=0, atol=0.03)

    def test_runs_follow_the_bones(self):
        x = torch.ones(1).expand(50, 3, 16, 25, 1)
        runs = T.TubeTokenMask().sample(x, generator=seeded()).joints.flatten(0, 2)
        assert not (runs[:, 1] & runs[:, 2] & ~runs[:, 20]).any()
        bones = torch.tensor(NTU25.bones)
        inside = (runs[:, bones[:, 0]] & runs[:, bones[:, 1]]).sum(-1)
        assert torch.equal(inside, runs.sum(-1) - 1)

    def test_ratio_covers_its_range(self, generator):
        x = torch.ones(1).expand(4000, 3, 64, 25, 2)
        hidden = T.TubeTokenMask(ratio=(0.5, 0.9)).sample(x, generator=generator).hidden.double()
        assert hidden.min() >= 100
        assert hidden.max() <= 180
        assert float(hidden.mean()) == pytest.approx(140, abs=1)
        assert float(hidden.std()) == pytest.approx(80 / 12**0.5, rel=0.03)
        assert abs(float(torch.corrcoef(hidden.T)[0, 1])) < 0.05

    def test_most_is_hidden_by_tubes(self, generator):
        """Neighbouring blocks of a joint are hidden together more often than by chance."""
        x = torch.ones(200, 3, 64, 25, 1)
        hidden = ~T.TubeTokenMask(ratio=0.6)(x, generator=generator)
        together = (hidden[..., 1:, :] & hidden[..., :-1, :]).float().mean()
        assert together > 0.45  # by chance 0.36

    def test_wrong_arguments(self):
        with pytest.raises(ValueError, match="`ratio` must lie between 0.0 and 1.0; got 1.5"):
            T.TubeTokenMask(ratio=(0.5, 1.5))
        with pytest.raises(ValueError, match=r"`ratio` must be \(from, to\) with from <= to"):
            T.TubeTokenMask(ratio=(0.9, 0.5))
        with pytest.raises(ValueError, match="`area` must lie between"):
            T.TubeTokenMask(area=(8, 100))
        with pytest.raises(ValueError, match="`layout` must have parts for TubeTokenMask"):
            T.TubeTokenMask(POINTS)
        with pytest.raises(ValueError, match="17 joints, but layout NTU25 has 25"):
            T.TubeTokenMask()(torch.ones(3, 64, 17, 1))
