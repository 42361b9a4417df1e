"""Clips mixed with others of their batch: laws, loops, golden numbers, draws and messages."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from reference import mixing as oracle
from reference.golden_transforms import Golden
from reference.golden_transforms import given as golden_input

from skelter import transforms as T
from skelter.layouts import COCO17, KINECT20, NTU25, SBU15
from skelter.transforms import functional as F
from transforms.cases.mixing import MIXERS
from transforms.ragged import ragged
from transforms.test_battery import Seen, seeded
from transforms.test_layouts import bodies

LENGTHS = torch.tensor([20, 13, 1, 7])
EVERY = pytest.mark.parametrize("case", MIXERS, ids=str)
SEEDS = st.integers(0, 10**6)


@pytest.fixture
def mixer(case):
    return case.build(NTU25)


def assert_same(mixed, other):
    for name in T.Mixed._fields:
        assert torch.equal(getattr(mixed, name), getattr(other, name)), name


def assert_equal(actual, expected, atol=1e-6):
    np.testing.assert_allclose(actual.numpy(), expected, rtol=0, atol=atol)


def test_every_mixer_is_here():
    exported = {
        name
        for name, kind in vars(T).items()
        if isinstance(kind, type) and issubclass(kind, T.Mixer) and not inspect.isabstract(kind)
    }
    assert exported == {type(case.build(NTU25)).__name__ for case in MIXERS}


@EVERY
class TestLaws:
    def test_fields(self, mixer, clips):
        mixed = mixer(clips, num_frames=LENGTHS)
        assert isinstance(mixed, T.Mixed)
        assert mixed.clips.shape == clips.shape
        assert mixed.partner.shape == mixed.share.shape == (4,)
        assert mixed.mask.shape == (4, 20, 25)
        assert (mixed.partner != torch.arange(4)).all()
        assert mixed.partner.dtype == torch.int64
        assert mixed.mask.dtype == mixed.share.dtype == torch.float32
        assert (mixed.mask >= 0).all()
        assert (mixed.mask <= 1).all()
        share = mixed.mask.sum((1, 2)) / (25 * LENGTHS)
        torch.testing.assert_close(share, mixed.share)
        for row, count in enumerate(LENGTHS.tolist()):
            assert not mixed.mask[row, count:].any()

    def test_never_in_place(self, mixer, clips):
        before = clips.clone()
        mixer(clips, num_frames=LENGTHS).clips.zero_()
        assert torch.equal(clips, before)

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
    def test_keeps_dtype_and_draws(self, mixer, clips, dtype, device):
        mixed = mixer(clips.to(device, dtype), num_frames=LENGTHS, generator=seeded())
        expected = mixer(clips, num_frames=LENGTHS, generator=seeded())
        assert mixed.clips.dtype == dtype
        assert mixed.clips.device.type == device.type
        assert torch.equal(mixed.mask.cpu(), expected.mask)
        assert torch.equal(mixed.partner.cpu(), expected.partner)
        torch.testing.assert_close(mixed.clips.cpu().float(), expected.clips, rtol=0.05, atol=0.05)

    def test_default_dtype_changes_nothing(self, mixer, clips):
        expected = mixer(clips, num_frames=LENGTHS, generator=seeded())
        torch.set_default_dtype(torch.float64)
        try:
            mixed = mixer(clips, num_frames=LENGTHS, generator=seeded())
        finally:
            torch.set_default_dtype(torch.float32)
        assert_same(mixed, expected)

    def test_autocast_changes_nothing(self, mixer, clips):
        expected = mixer(clips, num_frames=LENGTHS, generator=seeded())
        with torch.autocast("cpu", torch.bfloat16):
            assert_same(mixer(clips, num_frames=LENGTHS, generator=seeded()), expected)

    def test_leaves_the_global_generator_alone(self, mixer, clips):
        before = torch.random.get_rng_state()
        mixer(clips, generator=seeded())
        assert torch.equal(torch.random.get_rng_state(), before)

    def test_replays_params_drawn_from_shapes(self, mixer, clips):
        params = mixer.sample(Seen(clips), num_frames=LENGTHS, generator=seeded())
        drawn = mixer(clips, num_frames=LENGTHS, generator=seeded())
        assert_same(mixer(clips, params=params), drawn)
        assert_same(mixer.transform(clips, params), drawn)

    def test_any_leading_axes(self, mixer, clips):
        folded = clips.reshape(2, 2, *clips.shape[1:])
        mixed = mixer(folded, num_frames=LENGTHS.view(2, 2), generator=seeded())
        expected = mixer(clips, num_frames=LENGTHS, generator=seeded())
        assert_same(T.Mixed(*(field.flatten(0, 1) for field in mixed)), expected)

    def test_empty_batch(self, mixer, clips):
        assert [field.shape[0] for field in mixer(clips[:0])] == [0, 0, 0, 0]

    def test_two_clips_are_enough(self, mixer, clips):
        assert mixer(clips[:2]).partner.tolist() == [1, 0]

    @pytest.mark.parametrize("count", [None, 1])
    def test_one_clip_is_not(self, mixer, clips, count):
        x = clips[0] if count is None else clips[:1]
        with pytest.raises(ValueError, match="`x` must hold at least 2 clips, as .* takes someth"):
            mixer(x)

    @pytest.mark.parametrize("nesting", ["planes", "interleaved"])
    def test_ragged(self, mixer, nesting):
        x = ragged(nesting=nesting)
        expected = mixer(x.padded(), num_frames=x.num_frames, generator=seeded())
        assert_same(mixer(x, generator=seeded()), expected)
        for clip, count in zip(expected.clips, x.num_frames.tolist(), strict=True):
            assert not clip[:, count:].any()

    def test_numpy_at_the_door(self, mixer, clips):
        assert_same(mixer(clips.numpy(), generator=seeded()), mixer(clips, generator=seeded()))

    def test_pickles_and_copies(self, mixer, clips):
        again = pickle.loads(pickle.dumps(copy.deepcopy(mixer)))
        assert_same(again(clips, generator=seeded()), mixer(clips, generator=seeded()))

    def test_pure_part_compiles_whole(self, mixer, clips):
        params = mixer.sample(clips, num_frames=LENGTHS, generator=seeded())
        torch.compiler.reset()
        compiled = torch.compile(
            lambda x: mixer.transform(x, params).clips, fullgraph=True, backend="eager"
        )
        torch.testing.assert_close(compiled(clips), mixer.transform(clips, params).clips)

    def test_gradients(self, mixer, clips):
        clips[0, ..., 1] = 0
        clips.requires_grad_()
        mixer(clips, num_frames=LENGTHS).clips.square().sum().backward()
        assert clips.grad.isfinite().all()
        assert clips.grad.any()

    @pytest.mark.parametrize("layout", [KINECT20, COCO17, SBU15])
    @pytest.mark.parametrize("persons", [1, 2])
    @pytest.mark.parametrize("dimensions", [2, 3])
    def test_any_layout(self, case, layout, persons, dimensions):
        x = bodies(layout, dimensions, persons)
        mixer = case.build(dataclasses.replace(layout, dimensions=dimensions))
        mixed = mixer(x, num_frames=LENGTHS, generator=seeded())
        assert mixed.clips.isfinite().all()
        for clip, count in zip(mixed.clips, LENGTHS.tolist(), strict=True):
            assert not clip[:, count:].any()
        if not isinstance(mixer, T.MixInTime) and persons > 1:
            assert not mixed.clips[0, ..., 1].any(), "a missing person has appeared"

    def test_compose_refuses_it(self, mixer):
        name = type(mixer).__name__
        with pytest.raises(TypeError, match=f"got {name}, which gives mixed.*Put it outermost"):
            T.Compose([T.Shear(), mixer])
        with pytest.raises(TypeError, match="Put it outermost"):
            T.RandomApply(mixer)

    def test_no_seed_for_a_generator(self, mixer, clips):
        with pytest.raises(TypeError, match="`generator` must be"):
            mixer(clips, generator=0)


def pair(seed, layout=SBU15):
    """Two clips in which joints, and now and then a person, are missing."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(2, 3, 12, layout.num_joints, 2, generator=generator) + 1
    x *= torch.rand(2, 1, *x.shape[2:], generator=generator) > 0.15
    return x * (torch.rand(2, 1, 1, 1, 2, generator=generator) > 0.2)


class TestRegions:
    @given(SEEDS, st.sampled_from([T.MixRegions, T.ResizeMix]), SEEDS)
    def test_oracle(self, seed, kind, draws):
        x, layout = pair(seed), dataclasses.replace(SBU15, centre=0)
        counts = torch.tensor([12, 1 + draws % 12])
        mixer = kind(layout, (1, 4), blocks=(1, 2), block_frames=2)
        params = mixer.sample(x, num_frames=counts, generator=seeded(draws))
        mixed = mixer(x, params=params)
        for row in range(2):
            joints = params.joints[row].nonzero().flatten().tolist()
            start, length = int(params.start[row]), int(params.length[row])
            expected = oracle.mix_regions(
                x[row].numpy(), x[1 - row].numpy(), joints, start, length, kind is T.ResizeMix
            )
            assert_equal(mixed.clips[row], expected)
            mask = np.zeros((12, 15))
            mask[start : start + length, joints] = 1
            assert_equal(mixed.mask[row], mask)

    @pytest.mark.parametrize(
        ("key", "kind"), [("skelemix", T.MixRegions), ("actclr_cutmix", T.MixRegions),
                          ("actclr_resizemix", T.ResizeMix)],
    )  # fmt: skip
    def test_golden(self, golden, key, kind):
        case, x = Golden(golden, key), golden_input("in_xb")
        parts = ["trunk", "right arm", "left arm", "right leg", "left leg"]
        joints = torch.zeros(25, dtype=torch.bool)
        for number in case["parts"].tolist():
            joints[list(NTU25.parts[parts[number]])] = True
        params = T.RegionParams(
            (torch.arange(4) + int(case["shift"])) % 4,
            joints.expand(4, -1),
            (4 * case["first_block"]).expand(4),
            (4 * case["blocks"]).expand(4),
            torch.full((4,), 16),
        )
        mixed = (
            kind(blocks=(1, 3))(x, params=params)
            if kind is T.MixRegions
            else (kind(blocks=(1, 2))(x, params=params))
        )
        assert torch.equal(mixed.clips, case["out"])
        if "mask" in case:
            assert torch.equal(mixed.mask[0, ::4], case["mask"].float())
            assert torch.equal(mixed.partner, case["partner"])

    def test_draws(self, generator):
        x, count = torch.zeros(20000, 1, 64, 25, 1), 20000
        params = T.MixRegions().sample(x, generator=generator)
        member = torch.stack(
            [params.joints[:, list(joints)].all(1) for joints in NTU25.parts.values()], 1
        )
        chosen = member.sum(1)
        assert sorted(chosen.unique().tolist()) == [2, 3]
        assert abs((chosen == 2).float().mean() - 0.5) < 0.02
        assert ((member.float().mean(0) - 0.5).abs() < 0.02).all()
        sizes = torch.tensor([len(joints) for joints in NTU25.parts.values()])
        assert torch.equal((member * sizes).sum(1), params.joints.sum(1)), "whole parts"
        blocks, first = params.length // 4, params.start // 4
        found, counts = blocks.unique(return_counts=True)
        assert found.tolist() == [7, 8, 9, 10, 11]
        assert ((counts / count - 0.2).abs() < 0.02).all()
        for size in range(7, 12):
            places = first[blocks == size]
            assert sorted(places.unique().tolist()) == list(range(16 - size + 1))
        assert len(params.start.unique()) > 5
        assert abs(torch.corrcoef(torch.stack([first[:-1], first[1:]]).float())[0, 1]) < 0.03

    def test_share_of_the_original(self, generator):
        """It measured 0.28 on average, 0.14 to 0.47."""
        share = T.MixRegions()(torch.zeros(2000, 1, 64, 25, 1), generator=generator).share
        assert abs(share.mean() - 0.28) < 0.01
        assert 0.13 < share.min() < share.max() < 0.48

    def test_stays_where_both_are_valid(self):
        x = torch.randn(300, 3, 64, 25, 1)
        counts = torch.randint(1, 65, (300,))
        for mixer in (T.MixRegions(), T.ResizeMix()):
            params = mixer.sample(x, num_frames=counts)
            theirs = counts[params.partner] // mixer.stride
            end = params.start + params.length
            assert (end <= counts).all()
            assert (params.length <= theirs).all()
            assert isinstance(mixer, T.ResizeMix) or (end <= theirs).all()
            fits = torch.minimum(counts, theirs) >= 4 * mixer.blocks[0]
            assert (params.length[fits] >= 4 * mixer.blocks[0]).all()

    def test_resized_regions_lie_anywhere(self, generator):
        """They show the beginning of the partner, and so their place does not depend on it."""
        params = T.ResizeMix().sample(torch.zeros(20000, 1, 64, 25, 1), generator=generator)
        blocks, first = params.length // 4, params.start // 4
        assert sorted(blocks.unique().tolist()) == [3, 4, 5]
        for size in range(3, 6):
            places, counts = first[blocks == size].unique(return_counts=True)
            assert places.tolist() == list(range(16 - size + 1))
            assert ((counts / counts.sum() * len(counts) - 1).abs() < 0.2).all()

    def test_wrong_arguments(self):
        bare = dataclasses.replace(NTU25, parts={})
        with pytest.raises(ValueError, match="`layout` NTU25 must have parts; got none.*Name them"):
            T.MixRegions(bare)
        with pytest.raises(ValueError, match=r"`parts`.*from <= to <= 5; got \(2, 6\).*has 5 p"):
            T.MixRegions(NTU25, (2, 6))
        with pytest.raises(ValueError, match=r"`blocks` must be two integers.*got \(3, 2\)"):
            T.MixRegions(blocks=(3, 2))
        with pytest.raises(TypeError, match="`parts` must be integers"):
            T.MixRegions(NTU25, (0.5, 1.5))
        with pytest.raises(ValueError, match="`block_frames` must be at least 1; got 0"):
            T.ResizeMix(block_frames=0)
        x = torch.randn(4, 3, 27, 25, 1)
        with pytest.raises(ValueError, match=r"at least 28 frames, as MixRegions takes 7 or more"):
            T.MixRegions()(x)
        with pytest.raises(ValueError, match=r"at least 24 frames, as ResizeMix .*got T=23. Lower"):
            T.ResizeMix()(x[:, :, :23])
        with pytest.raises(ValueError, match="`x` has 25 joints, but layout COCO17 has 17"):
            T.MixRegions(COCO17, blocks=(1, 2))(x)
        with pytest.raises(ValueError, match=r"`mask` must have shape \(27, 25\)"):
            F.mix_regions(x[0], x[1], torch.ones(25, dtype=torch.bool))

    def test_repr(self):
        expected = "MixRegions(layout=NTU25, parts=(2, 3), blocks=(7, 11), block_frames=4)"
        assert repr(T.MixRegions()) == expected


class TestMixup:
    @given(SEEDS, st.floats(0, 1))
    def test_oracle(self, seed, share):
        x, other = pair(seed)
        expected = oracle.mixup(x.numpy(), other.numpy(), [share] * 3)
        assert_equal(F.mixup(x, other, torch.tensor([share])), expected)

    def test_golden(self, golden):
        case, x = Golden(golden, "actclr_mixup"), golden_input("in_xb")
        out = F.mixup(x, x.roll(-int(case["shift"]), 0), case["lambda"].expand(4, 1))
        assert (out - case["out"]).abs().max() < 1e-5

    def test_draws(self, generator):
        x = torch.zeros(20000, 3, 1, 2, 1)
        share = T.Mixup(0.5)(x, generator=generator).share
        assert 0 <= share.min() < share.max() < 0.5
        assert abs(share.mean() - 0.25) < 3e-3

    def test_wrong_arguments(self):
        with pytest.raises(ValueError, match="`share` must lie between 0.0 and 1.0; got 1.5"):
            T.Mixup(1.5)
        with pytest.raises(ValueError, match=r"`share` must have shape \(2, 3\)"):
            F.mixup(*torch.randn(2, 2, 3, 8, 25, 1), torch.ones(2, 2))
        assert repr(T.Mixup()) == "Mixup(share=1.0)"


class TestMixAxes:
    @given(SEEDS, st.lists(st.booleans(), min_size=3, max_size=3))
    def test_oracle(self, seed, switched):
        """The sum of copies without one axis each is a blend of coordinates."""
        x, other = torch.randn(2, 3, 5, 15, 2, generator=seeded(seed))
        chosen = torch.tensor(switched).float()
        share = (chosen.sum() - chosen) / 2
        expected = oracle.mix_axes(x.numpy(), other.numpy(), switched)
        assert_equal(F.mixup(x, other, share), expected)

    def test_draws(self, generator):
        params = T.MixAxes().sample(torch.zeros(20000, 3, 1, 2, 1), generator=generator)
        found, counts = params.share.unique(return_counts=True)
        assert found.tolist() == [0, 0.5, 1]
        assert ((counts / 60000 - torch.tensor([0.25, 0.5, 0.25])).abs() < 0.02).all()

    def test_scores_are_passed_on(self):
        x = torch.randn(4, 3, 6, 17, 1)
        mixed = T.MixAxes(layout=COCO17)(x)
        assert torch.equal(mixed.clips[:, 2], x[:, 2])
        assert set(mixed.share.tolist()) <= {0.0, 0.5, 1.0}
        assert repr(T.MixAxes(layout=COCO17)) == "MixAxes(layout=COCO17)"


class TestMixInTime:
    @given(SEEDS, st.integers(1, 12), st.integers(1, 12), st.floats(0, 1))
    def test_oracle(self, seed, own, theirs, place):
        x, other = pair(seed)
        frames = max(1, int(place * own))
        out = F.mix_in_time(
            x, other, torch.tensor(frames), num_frames=torch.tensor(own),
            other_frames=torch.tensor(theirs),
        )  # fmt: skip
        expected = oracle.mix_in_time(x.numpy(), other.numpy(), frames, own, theirs)
        assert_equal(out, expected, atol=5e-6)

    def test_golden(self, golden):
        case, x = Golden(golden, "jmda_temporal"), golden_input("in_xb")
        frames = (case["lambda"] * 16).long().expand(4)
        params = T.MixInTimeParams(case["index"], frames, torch.full((4,), 16))
        mixed = T.MixInTime()(x, params=params)
        assert (mixed.clips - case["out"]).abs().max() < 1e-5
        one_hot = torch.eye(4)
        share = mixed.share[:, None]
        labels = (1 - share) * one_hot + share * one_hot[mixed.partner]
        assert torch.equal(labels, case["labels"])

    def test_draws(self, generator):
        x = torch.zeros(20000, 3, 20, 2, 1)
        counts = torch.full((20000,), 10)
        params = T.MixInTime().sample(x, num_frames=counts, generator=generator)
        found, counts = params.frames.unique(return_counts=True)
        assert found.tolist() == list(range(1, 10))
        expected = torch.tensor([0.2] + [0.1] * 8)
        assert ((counts / 20000 - expected).abs() < 0.01).all()

    def test_one_frame_is_its_own(self):
        x = torch.randn(3, 3, 4, 25, 1)
        mixed = T.MixInTime()(x, num_frames=torch.tensor([1, 1, 1]))
        assert torch.equal(mixed.clips, x)
        assert not mixed.share.any()


class TestMixOneOf:
    def test_each_clip_is_of_its_mixer(self, clips):
        mixer = T.MixOneOf([T.Mixup(), T.MixInTime()], [2, 1])
        x = clips.repeat(16, 1, 1, 1, 1)
        params = mixer.sample(x, generator=seeded())
        mixed = mixer.transform(x, params)
        alone = [
            own.transform(x, its) for own, its in zip(mixer.mixers, params.params, strict=True)
        ]
        assert set(params.choice.tolist()) == {0, 1}
        for row, choice in enumerate(params.choice.tolist()):
            for field, expected in zip(mixed, alone[choice], strict=True):
                assert torch.equal(field[row], expected[row])

    def test_weights(self, generator):
        mixer = T.MixOneOf([T.Mixup(), T.MixInTime(), T.MixAxes()], [2, 1, 1])
        choice = mixer.sample(torch.zeros(20000, 3, 2, 2, 1), generator=generator).choice
        shares = torch.bincount(choice) / 20000
        assert ((shares - torch.tensor([0.5, 0.25, 0.25])).abs() < 0.02).all()

    def test_a_single_mixer(self, clips):
        assert T.MixOneOf([T.Mixup()])(clips).clips.shape == clips.shape

    def test_wrong_arguments(self):
        with pytest.raises(TypeError, match="`mixers` must be mixers, such as MixR.*got Shear"):
            T.MixOneOf([T.Shear()])
        with pytest.raises(ValueError, match="`weights` must be one number from 0 for each of"):
            T.MixOneOf([T.Mixup()], [1, 2])
        with pytest.raises(ValueError, match="`weights`"):
            T.MixOneOf([])
        assert "weights=[1.0]" in repr(T.MixOneOf([T.Mixup()]))


@pytest.mark.parametrize("function", [
    lambda x, other: F.mixup(x, other, torch.ones(1)),
    lambda x, other: F.mix_regions(x, other, torch.ones(8, 25, dtype=torch.bool)),
])  # fmt: skip
def test_clips_of_other_shapes_are_refused(function):
    with pytest.raises(ValueError, match=r"`other` must have the shape \(3, 8, 25, 1\) of `x`"):
        function(torch.ones(3, 8, 25, 1), torch.ones(3, 8, 25, 2))
