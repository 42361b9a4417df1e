from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from reference import time as oracle
from reference.golden_transforms import Golden, formula
from reference.golden_transforms import given as given_input

from skelter import transforms as T
from skelter.data import RaggedClips
from skelter.transforms import functional as F
from transforms.ragged import ragged

SEEDS = st.integers(0, 1000)
MANY = 20000


@st.composite
def lengths(draw, longest=12):
    """Valid frames of a padded clip, and all frames."""
    valid = draw(st.integers(1, longest))
    return valid, draw(st.integers(valid, longest + 3))


@pytest.fixture
def dictate(monkeypatch):
    """Say what the draws of the next transform of one clip are."""

    def say(*blocks):
        draws = torch.cat([torch.as_tensor(block).float().reshape(-1) for block in blocks])

        def rand(size, **options):
            assert size == len(draws)
            return draws.clone()

        monkeypatch.setattr(torch, "rand", rand)

    return say


def hitting(number, count):
    """Draws from U(0, 1) that become integers below a count."""
    return (torch.as_tensor(number) + 0.5) / torch.as_tensor(count)


def hitting_ratio(length, n, low, high):
    """A draw that makes ``length`` of n frames."""
    return ((length + 0.5) / n - low) / (high - low)


def keys_of(chosen, count):
    """Draws of which those of the chosen places are the smallest."""
    keys = 0.5 + torch.arange(count) / (4.0 * count)
    keys[torch.as_tensor(chosen, dtype=torch.int64)] -= 0.5
    return keys


def clip(seed, T, shape=(3, 5, 2)):
    """Single joints are missing."""
    C, V, M = shape
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(C, T, V, M, generator=generator, dtype=torch.float64) + 1
    return x * (torch.rand((T, V, M), generator=generator) > 0.1)


def numbered(T, count=None):
    """Clips whose only value is the number of the frame, from 1."""
    x = torch.arange(1.0, T + 1).reshape(1, T, 1, 1)
    return x if count is None else x.expand(count, 1, T, 1, 1)


def frames_of(out):
    """The frames that clips of `numbered` show, -1 for zeros."""
    return out[..., 0, :, 0, 0] - 1


def shown(transform, T, n, count=MANY, seed=3):
    """Return the frames that many clips of n valid frames show, and how many of them are valid."""
    x = numbered(T, count) * (torch.arange(T) < n).view(-1, 1, 1)
    generator = torch.Generator().manual_seed(seed)
    out, counts = transform.with_num_frames(
        x, num_frames=torch.full((count,), n), generator=generator
    )
    return frames_of(out), counts


def assert_equal(actual, expected, atol=1e-9):
    np.testing.assert_allclose(np.asarray(actual), np.asarray(expected), rtol=0, atol=atol)


def assert_uniform(numbers, count):
    """Integers from 0 below a count, each alike likely."""
    share = torch.bincount(numbers.long().flatten(), minlength=count) / numbers.numel()
    assert len(share) == count
    tolerance = 5 * (1 / count / numbers.numel()) ** 0.5
    torch.testing.assert_close(share, torch.full((count,), 1 / count), rtol=0, atol=tolerance)


class TestCropReflect:
    @pytest.mark.parametrize("key", ["crosclr_crop", "crosclr_crop_b"])
    def test_golden(self, golden, key, dictate):
        x, numbers = given_input("in_x"), Golden(golden, key)
        out = F.crop_reflect(x, numbers["start"], torch.tensor(4))
        assert torch.equal(out, numbers["out"])
        dictate(hitting(numbers["start"], 9))
        assert torch.equal(T.CropReflect()(x), numbers["out"])

    @given(lengths(), SEEDS, st.data())
    def test_oracle(self, sizes, seed, data):
        n, T_ = sizes
        x, pad = clip(seed, T_), data.draw(st.integers(0, n))
        start = data.draw(st.integers(0, 2 * pad))
        out = F.crop_reflect(x, torch.tensor(start), torch.tensor(pad), torch.tensor(n))
        assert_equal(out, oracle.read(x.numpy(), oracle.crop_reflect(n, T_, start, pad)))

    def test_starts_are_uniform(self):
        first, _ = shown(T.CropReflect(3), 20, 13)
        # Pad 4: starts 0 to 8 begin with the frames 3, 2, 1, 0, 0, 1, 2, 3, 4.
        share = torch.bincount(first[:, 0].long()) / MANY
        expected = torch.tensor([2.0, 2, 2, 2, 1]) / 9
        torch.testing.assert_close(share, expected, rtol=0, atol=0.015)

    @pytest.mark.parametrize(("divisor", "error"), [(0, ValueError), (6.0, TypeError)])
    def test_wrong_divisor(self, divisor, error):
        with pytest.raises(error, match="`divisor` must be"):
            T.CropReflect(divisor)

    def test_wrong_shape(self):
        with pytest.raises(ValueError, match="`start` must have shape"):
            F.crop_reflect(numbered(5), torch.zeros(2).long(), torch.tensor(1))


class TestCrop:
    def test_golden(self, golden, dictate):
        x, numbers = given_input("in_x_long"), Golden(golden, "ctrgcn_crop")
        out = F.crop_resize(x, numbers["start"], numbers["length"], 16)
        assert_equal(out, numbers["out"], 1e-5)
        share, spare = (float(numbers["ratio"]) - 0.5) / 0.5, 90 - int(numbers["length"])
        dictate([share, hitting(numbers["start"], spare + 1)])
        crop = T.TemporalCropResize(16, (0.5, 1), min_frames=64)
        assert_equal(crop(x, num_frames=torch.tensor(90)), numbers["out"], 1e-5)

    def test_golden_centre(self, golden):
        out = T.CentreCropResize(16)(given_input("in_x_long"), num_frames=torch.tensor(90))
        assert_equal(out, Golden(golden, "ctrgcn_centre")["out"], 1e-5)


class TestReverse:
    def test_golden(self, golden):
        out = T.Reverse()(given_input("in_x"))
        assert torch.equal(out, Golden(golden, "aimclr_reverse")["out"])
        assert torch.equal(F.reverse_frames(given_input("in_x")), out)

    @given(lengths(), SEEDS)
    def test_oracle(self, sizes, seed):
        n, T_ = sizes
        x, count = clip(seed, T_), torch.tensor(n)
        assert_equal(F.reverse_frames(x, count), oracle.read(x.numpy(), oracle.reverse(n, T_)))
        assert torch.equal(T.Reverse()(x, num_frames=count), F.reverse_frames(x, count))

    def test_twice_is_the_identity(self, clips):
        count = torch.tensor([20, 13, 1, 7])
        twice = T.Compose([T.Reverse(), T.Reverse()])
        assert torch.equal(twice(clips, num_frames=count), clips)


class TestRoll:
    def test_golden(self, golden, dictate):
        numbers = Golden(golden, "hysp_roll")
        dictate(hitting(numbers["offset"], 24))
        assert torch.equal(T.Roll()(given_input("in_x")), numbers["out"])

    @given(lengths(), SEEDS, st.data())
    def test_oracle(self, sizes, seed, data):
        n, T_ = sizes
        x, offset = clip(seed, T_), data.draw(st.integers(0, n - 1))
        out = F.roll_frames(x, torch.tensor(offset), torch.tensor(n))
        assert_equal(out, oracle.read(x.numpy(), oracle.roll(n, T_, offset)))

    def test_offsets_are_uniform(self):
        frames, _ = shown(T.Roll(), 12, 7)
        assert_uniform(frames[:, 0], 7)

    def test_wrong_shape(self):
        with pytest.raises(ValueError, match="`offset` must have shape"):
            F.roll_frames(numbered(5), torch.zeros(2).long())


class TestShuffle:
    def test_golden(self, golden, dictate):
        numbers = Golden(golden, "pcm3_shuffle")
        order = numbers["order"]
        out = F.shuffle_chunks(given_input("in_x"), order)
        assert torch.equal(out, numbers["out"])
        assert torch.equal(frames_of(F.shuffle_chunks(numbered(22), order)), numbers["T22_frames"])
        dictate(hitting(order.argsort(), 4))
        assert torch.equal(T.Shuffle()(given_input("in_x")), numbers["out"])

    @given(lengths(), SEEDS, st.permutations(range(4)))
    def test_oracle(self, sizes, seed, order):
        n, T_ = sizes
        x = clip(seed, T_)
        out = F.shuffle_chunks(x, torch.tensor(order), torch.tensor(n))
        assert_equal(out, oracle.read(x.numpy(), oracle.shuffle(n, T_, order)))

    def test_orders_are_uniform(self):
        frames, _ = shown(T.Shuffle(3), 6, 3)
        names, counts = frames[:, :3].unique(dim=0, return_counts=True)
        assert len(names) == 6
        torch.testing.assert_close(counts / MANY, torch.full((6,), 1 / 6), rtol=0, atol=0.015)

    @pytest.mark.parametrize(("chunks", "error"), [(0, ValueError), (2.5, TypeError)])
    def test_wrong_chunks(self, chunks, error):
        with pytest.raises(error, match="`chunks` must be"):
            T.Shuffle(chunks)


class TestWindows:
    def test_golden_choose(self, golden, dictate):
        numbers = Golden(golden, "stgcn_choose")
        dictate(hitting(numbers["start"], 15))
        assert torch.equal(T.RandomWindow(10)(given_input("in_x")), numbers["out"])

    def test_golden_choose_pad(self, golden, dictate):
        numbers = Golden(golden, "stgcn_choose_pad")
        dictate(hitting(numbers["start"], 5))
        out, count = T.RandomWindow(12, pad=True).with_num_frames(given_input("in_x")[:, :8])
        assert torch.equal(out, numbers["out"])
        assert int(count) == int(numbers["start"]) + 8

    def test_golden_shift(self, golden, dictate):
        numbers = Golden(golden, "stgcn_shift")
        dictate(hitting(numbers["start"], 7))
        x, count = given_input("in_x_pad"), torch.tensor(18)
        out, valid = T.RandomShift().with_num_frames(x, num_frames=count)
        assert torch.equal(out, numbers["out"])
        assert int(valid) == int(numbers["start"]) + 18

    def test_golden_loop(self, golden):
        out = T.Pad(30, fill="loop")(numbered(12))
        assert torch.equal(frames_of(out), Golden(golden, "pyskl_padto_loop")["frames"])

    @given(lengths(), SEEDS, st.integers(-5, 12), st.integers(1, 15))
    def test_oracle(self, sizes, seed, start, frames):
        n, T_ = sizes
        x = clip(seed, T_)
        out = F.cut_window(x, torch.tensor(start), frames, torch.tensor(n))
        assert_equal(out, oracle.read(x.numpy(), oracle.window(n, start, frames)))

    def test_starts_of_windows_are_uniform(self):
        frames, counts = shown(T.RandomWindow(5), 20, 13)
        assert_uniform(frames[:, 0], 9)
        assert (counts == 5).all()

    def test_places_of_short_clips_are_uniform(self):
        frames, counts = shown(T.RandomWindow(12, pad=True), 10, 6)
        assert ((frames >= 0).sum(-1) == 6).all()
        assert_uniform((frames >= 0).float().argmax(-1), 7)
        assert torch.equal(counts, (frames == 5).float().argmax(-1) + 1)

    def test_short_clips_of_long_batches_begin_the_window(self):
        frames, counts = shown(T.RandomWindow(8), 20, 6, 5)
        expected = torch.tensor([0.0, 1, 2, 3, 4, 5, -1, -1]).expand(5, -1)
        assert torch.equal(frames, expected)
        assert (counts == 6).all()

    def test_shifts_are_uniform(self):
        frames, counts = shown(T.RandomShift(), 10, 6)
        start = (frames >= 0).float().argmax(-1)
        assert_uniform(start, 5)
        assert torch.equal(counts, start + 6)

    def test_pad(self):
        frames, counts = shown(T.Pad(9), 7, 4, 3)
        assert torch.equal(frames, torch.tensor([0.0, 1, 2, 3, -1, -1, -1, -1, -1]).expand(3, -1))
        assert (counts == 4).all()
        frames, counts = shown(T.Pad(9, fill="loop"), 7, 4, 3)
        assert torch.equal(frames[0], torch.tensor(oracle.loop(4, 9)).float())
        assert (counts == 9).all()

    def test_a_window_longer_than_clips(self):
        with pytest.raises(
            ValueError, match="`x` must have at least the 150 frames of the window; got T=90.*pad="
        ):
            T.RandomWindow(150)(torch.ones(2, 3, 90, 25, 2))

    def test_clips_longer_than_padding(self):
        with pytest.raises(ValueError, match="at most the 60 frames.*got T=90.*RandomWindow"):
            T.Pad(60)(torch.ones(2, 3, 90, 25, 2))

    def test_wrong_arguments(self):
        with pytest.raises(ValueError, match="`fill` must be one of 'zeros', 'loop'; got 'edge'"):
            T.Pad(60, fill="edge")
        with pytest.raises(TypeError, match="`frames` must be an integer"):
            T.Pad(6.5)
        with pytest.raises(ValueError, match="`frames` must be at least 1"):
            T.RandomWindow(0)
        with pytest.raises(ValueError, match="`frames` must be at least 1"):
            F.cut_window(numbered(3), torch.tensor(0), 0)


class TestSegmentSample:
    N, JOINTS = torch.tensor(90), [0, 6, 12, 18, 24]

    def dictated(self, golden, dictate, key):
        numbers = Golden(golden, f"skateformer_uniform_{key}")
        W, L, start = (int(numbers[name]) for name in ("window", "length", "start"))
        size = torch.tensor([(i + 1) * L // W - i * L // W for i in range(W)])
        offsets = hitting(numbers["offsets"], size) if key == "long" else torch.zeros(W)
        left_out = numbers["inserted"] if key == "mid" else []
        ratio = hitting_ratio(L, 90, 0.5, 1)
        dictate([ratio, hitting(start, 90 - L + 1)], offsets, keys_of(left_out, W + 1))
        return numbers, T.SegmentSample(W)

    @pytest.mark.parametrize("key", ["short", "mid", "long"])
    def test_golden(self, golden, dictate, key):
        numbers, sample = self.dictated(golden, dictate, key)
        x = given_input("in_x_long")
        params = sample.sample(x, num_frames=self.N)
        out = sample(x, params=params)[:, :, self.JOINTS]
        assert_equal(out, numbers["out"], 1e-5)
        assert_equal(sample.time(params), numbers["time"], 1e-6)

    @given(st.integers(1, 9), st.integers(0, 30), st.data())
    def test_spread_oracle(self, W, more, data):
        L = W + more
        size = [(i + 1) * L // W - i * L // W for i in range(W)]
        offsets = [data.draw(st.integers(0, count - 1)) for count in size]
        few = min(L - W, W + 1)
        left_out = data.draw(st.permutations(range(W + 1)))[:few]
        frames = F.spread_frames(
            torch.tensor(L), torch.tensor(offsets), keys_of(left_out, W + 1).double()
        )
        assert frames.tolist() == oracle.spread(L, W, offsets, left_out)

    @pytest.mark.parametrize(("n", "W"), [(40, 8), (15, 10), (16, 16), (32, 16), (31, 16)])
    def test_frames_rise_within_the_stretch(self, n, W):
        frames, _ = shown(T.SegmentSample(W, (0.9, 1), min_frames=W), 50, n, 500)
        assert (frames.diff() >= 1).all()
        assert frames.min() >= 0
        assert frames.max() < n
        assert torch.equal(frames, frames.round())

    def test_offsets_are_uniform_and_independent(self):
        frames, _ = shown(T.SegmentSample(4, (1, 1)), 40, 40)
        offsets = frames - 10 * torch.arange(4)
        for segment in offsets.T:
            assert_uniform(segment, 10)
        assert (torch.corrcoef(offsets.T) - torch.eye(4)).abs().max() < 0.04

    def test_left_out_frames_are_uniform(self):
        frames, _ = shown(T.SegmentSample(6, (1, 1)), 9, 8)
        seen = torch.zeros(MANY, 8).scatter_(1, frames.long(), 1.0)
        assert (seen.sum(-1) == 6).all()
        # Single frames are left out: two neighbours never, so both ends less seldom.
        gaps = frames.diff(prepend=torch.full((MANY, 1), -1.0)) - 1
        last = 7 - frames[:, -1:]
        share = torch.cat([gaps, last], 1).mean(0)
        torch.testing.assert_close(share, torch.full((7,), 2 / 7), rtol=0, atol=0.02)

    def test_short_clips_are_resampled(self, clips):
        out = T.SegmentSample(32)(clips)
        start, length = torch.zeros(4).long(), torch.full((4,), 20)
        assert torch.equal(out, F.crop_resize(clips, start, length, 32))

    def test_time_of_the_centre(self):
        sample = T.CentreSegmentSample(5, 1.0)
        params = sample.sample(numbered(10))
        assert_equal(sample.time(params), [-1, -0.6, -0.2, 0.2, 0.6], 1e-6)

    @given(st.integers(1, 40), st.integers(1, 20))
    def test_centre_oracle(self, n, W):
        x = clip(n, n)
        start = int((1 - 0.95) * n / 2)
        L = n - 2 * start
        places = [start + i * L // W for i in range(W)] if L >= W else oracle.resize(start, L, W)
        assert_equal(T.CentreSegmentSample(W)(x), oracle.read(x.numpy(), places), 1e-5)

    @pytest.mark.parametrize("ratio", [(0.0, 1.0), (0.6, 0.5), (0.5, 1.1)])
    @pytest.mark.parametrize("build", [T.SegmentSample, T.UniformSample])
    def test_wrong_ratio(self, build, ratio):
        with pytest.raises(ValueError, match="`ratio` must be two numbers"):
            build(8, ratio)

    @pytest.mark.parametrize(
        "build",
        [T.SegmentSample, T.CentreSegmentSample, T.UniformSample, T.EqualSegments, T.EvenSample,
         T.SortedSample, T.Warp],
    )  # fmt: skip
    def test_wrong_frames(self, build):
        with pytest.raises(ValueError, match="`frames` must be at least 1"):
            build(0)
        with pytest.raises(TypeError, match="`frames` must be an integer"):
            build(8.5)


class TestUniformSample:
    W = 48

    @pytest.mark.parametrize("key", ["short", "mid", "long"])
    def test_golden(self, golden, dictate, key):
        numbers = Golden(golden, f"pyskl_uniform_{key}")
        n, W = int(numbers["T"]), self.W
        size = torch.tensor([(i + 1) * n // W - i * n // W for i in range(W)])
        offsets = hitting(numbers["offsets"], size) if key == "long" else torch.zeros(W)
        left_out = numbers["inserted"] if key == "mid" else []
        first = hitting(numbers["start"], n) if key == "short" else 0.5
        dictate([0.5, 0.5, first], offsets, keys_of(left_out, W + 1))
        assert torch.equal(frames_of(T.UniformSample(W)(numbered(n))), numbers["frames"])

    def test_golden_part(self, golden, dictate):
        numbers = Golden(golden, "pyskl_uniform_pint")
        L = int(100 * numbers["ratio"])
        size = torch.tensor([(i + 1) * L // 20 - i * L // 20 for i in range(20)])
        draws = [(numbers["ratio"] - 0.5) / 0.5, hitting(numbers["start"], 101 - L), 0.5]
        dictate(draws, hitting(numbers["offsets"], size), torch.rand(21))
        out = T.UniformSample(20, (0.5, 1))(numbered(100))
        assert torch.equal(frames_of(out), numbers["frames"])

    def test_golden_test_clips(self, golden, dictate):
        """The original seeds NumPy's global generator before each test clip."""
        expected = Golden(golden, "pyskl_uniform_test")["frames"]
        rng = np.random.RandomState(255)
        for frames in expected:
            rng.rand()  # the share of the clip, which is all of it
            left_out = rng.choice(101, 30, replace=False)
            dictate([0.5, 0.5, 0.5], torch.zeros(100), keys_of(left_out, 101))
            assert torch.equal(frames_of(T.UniformSample(100)(numbered(130))), frames)

    def test_short_clips_loop(self):
        frames, counts = shown(T.UniformSample(9), 8, 5)
        assert_uniform(frames[:, 0], 5)
        assert (frames.diff() % 5 == 1).all()
        assert (counts == 9).all()

    def test_short_parts_go_on_behind_them(self):
        """A part of 4 of 8 frames, and 6 frames."""
        frames, _ = shown(T.UniformSample(6, (0.5, 0.5)), 8, 8)
        assert (frames.diff() % 8 == 1).all()
        assert set(frames[:, 0].tolist()) == set(range(8))


class TestEqualSegments:
    def test_golden(self, golden, dictate):
        numbers = Golden(golden, "torchskeleton_segments")
        shift, *offsets = numbers["draws"].tolist()
        dictate(hitting(shift, 10), hitting(offsets, 2))
        out = T.EqualSegments(20, shift=True)(numbered(50))
        assert torch.equal(frames_of(out), numbers["frames"])
        assert numbers["frames"].tolist() == oracle.equal_segments(50, 20, shift, offsets)

    def test_offsets_are_uniform(self):
        frames, counts = shown(T.EqualSegments(4), 30, 27)
        for segment in (frames - 6 * torch.arange(4)).T:
            assert_uniform(segment, 6)
        assert (counts == 4).all()

    def test_shifts_are_uniform(self):
        frames, _ = shown(T.EqualSegments(4, shift=True), 30, 7)  # segments of one frame
        assert_uniform(frames[:, 0], 3)
        assert (frames.diff() == 1).all()

    @pytest.mark.parametrize("shift", [False, True])
    def test_short_clips_get_zeros(self, shift):
        frames, counts = shown(T.EqualSegments(6, shift=shift), 8, 4, 5)
        assert torch.equal(frames, torch.tensor([0.0, 1, 2, 3, -1, -1]).expand(5, -1))
        assert (counts == 4).all()


class TestSortedSample:
    def test_frames_rise(self):
        frames, _ = shown(T.SortedSample(52), 40, 31, 2000)
        assert (frames.diff() >= 0).all()
        share = torch.bincount(frames.long().flatten(), minlength=31) / frames.numel()
        torch.testing.assert_close(share, torch.full((31,), 1 / 31), rtol=0, atol=0.003)

    def test_sets_are_alike_likely(self):
        """Of 2 frames in 4 copies, 3 are drawn: a hypergeometric distribution."""
        frames, _ = shown(T.SortedSample(3, 4), 3, 2)
        share = torch.bincount(frames.sum(-1).long()) / MANY
        expected = torch.tensor([4.0, 24, 24, 4]) / 56
        torch.testing.assert_close(share, expected, rtol=0, atol=0.015)

    def test_all_copies(self):
        frames, _ = shown(T.SortedSample(5, 5), 3, 1, 50)
        assert (frames == 0).all()

    @given(st.integers(1, 60), st.integers(2, 60))
    def test_even(self, n, frames):
        expected = [i * (n - 1) // (frames - 1) for i in range(frames)]
        assert frames_of(T.EvenSample(frames)(numbered(n))).tolist() == expected

    def test_one_even_frame(self):
        assert frames_of(T.EvenSample(1)(numbered(5))).tolist() == [0]

    def test_too_few_copies(self):
        with pytest.raises(ValueError, match="`copies` must be at least the 52 frames to draw"):
            T.SortedSample(52, 20)


class TestSpeed:
    @pytest.mark.parametrize("key", ["slow", "fast"])
    def test_golden(self, golden, dictate, key):
        numbers = Golden(golden, f"actclr_speed_{key}")
        dictate(numbers["ratio"] - 0.5)
        out, count = T.Speed().with_num_frames(given_input("in_x"))
        assert_equal(out, numbers["out"], 1e-5)
        assert int(count) == min(int(24 * numbers["ratio"]), 24)

    def test_golden_longer(self, golden, dictate):
        numbers = Golden(golden, "gltransformer_speed")
        dictate((1 + numbers["sign"] * numbers["u"]) / 2)
        out, count = T.Speed((0.7, 1.3), frames=29).with_num_frames(given_input("in_x"))
        assert_equal(out, numbers["out"], 1e-5)
        assert int(count) == 29

    @given(lengths(), SEEDS, st.integers(1, 20), st.integers(1, 20))
    def test_oracle(self, sizes, seed, length, frames):
        n, T_ = sizes
        x = clip(seed, T_)
        out = F.change_speed(x, torch.tensor(length), frames, torch.tensor(n))
        assert_equal(out, oracle.read(x.numpy(), oracle.speed(n, length, frames)), 1e-5)

    def test_lengths_follow_the_ratio(self):
        _, counts = shown(T.Speed((0.5, 1.5)), 300, 100)
        assert counts.min() == 50
        assert counts.max() == 149
        assert float(counts.double().mean()) == pytest.approx(99.5, abs=1)

    def test_the_shortest_has_a_frame(self):
        _, counts = shown(T.Speed((0.01, 0.1)), 8, 8, 20)
        assert (counts == 1).all()

    @pytest.mark.parametrize("ratio", [(0, 1), (1.5, 0.5), (1,)])
    def test_wrong_ratio(self, ratio):
        with pytest.raises(ValueError, match="`ratio` must be two numbers"):
            T.Speed(ratio)

    def test_wrong_frames(self):
        with pytest.raises(ValueError, match="`frames` must be at least 1"):
            T.Speed(frames=0)


class TestFourierResample:
    def test_golden(self, golden, dictate):
        numbers = Golden(golden, "hysp_resample")
        x = given_input("in_x")[:, :, :5]
        out, count = T.FourierResample([float(numbers["rate"])]).with_num_frames(x)
        assert int(count) == 19
        assert_equal(out, numbers["out"], 1e-5)
        dictate(hitting(1, 7))
        longer, count = T.FourierResample().with_num_frames(x)
        assert longer.shape[1] == 31
        assert_equal(longer[:, :19], numbers["out"], 1e-5)
        assert int(count) == 19
        assert not longer[:, 19:].any()

    @given(lengths(9), SEEDS, st.integers(1, 12), st.integers(1, 12))
    def test_oracle(self, sizes, seed, length, frames):
        n, T_ = sizes
        x = clip(seed, T_, (2, 2, 1))
        out = F.resample_fourier(x, torch.tensor(length), frames, torch.tensor(n))
        assert_equal(out, oracle.fourier(x.numpy(), n, length, frames), 1e-9)

    def test_rates_are_uniform(self):
        params = T.FourierResample().sample(torch.zeros(MANY, 1, 30, 1, 1))
        assert_uniform((params.length - 21) // 3, 7)

    @pytest.mark.parametrize(
        ("rates", "error"), [([], ValueError), ([0.0], ValueError), (["a"], TypeError)]
    )
    def test_wrong_rates(self, rates, error):
        with pytest.raises(error, match="`rates` must"):
            T.FourierResample(rates)


class TestWarp:
    @given(
        lengths(), SEEDS, st.floats(-0.5, 0.5), st.floats(-0.5, 0.5), st.integers(1, 12), st.data()
    )
    def test_oracle(self, sizes, seed, a, b, frames, data):
        n, T_ = sizes
        x, start = clip(seed, T_), data.draw(st.integers(0, n - 1))
        length = data.draw(st.integers(1, n - start))
        bend = torch.tensor([a, b], dtype=torch.float64)
        out = F.warp_time(x, torch.tensor(start), torch.tensor(length), bend, frames)
        assert_equal(out, oracle.read(x.numpy(), oracle.warp(start, length, a, b, frames)), 1e-5)

    def test_without_bends_it_is_a_crop(self, clips):
        generator, other = (torch.Generator().manual_seed(1) for _ in range(2))
        params = T.Warp(12, bend=(0, 0)).sample(clips, generator=generator)
        out = T.Warp(12, bend=(0, 0))(clips, generator=other)
        expected = F.crop_resize(clips, params.start, params.length, 12)
        torch.testing.assert_close(out, expected, rtol=0, atol=1e-5)

    def test_time_runs_forwards(self):
        frames, _ = shown(T.Warp(30, bend=(0.6, 0.4)), 100, 80, 2000)
        assert (frames.diff() >= -1e-4).all()
        assert frames.min() >= 0
        assert frames.max() <= 79

    def test_bends_are_uniform(self):
        bend = T.Warp().sample(torch.zeros(MANY, 3, 60, 1, 1)).bend
        for column, size in zip(bend.T, (0.4, 0.2), strict=True):
            assert float(column.mean()) == pytest.approx(0, abs=0.02 * size)
            assert float(column.std()) == pytest.approx(size / 3**0.5, rel=0.02)
            assert column.abs().max() <= size
        assert abs(torch.corrcoef(bend.T)[0, 1]) < 0.03

    @pytest.mark.parametrize("bend", [(0.8, 0.3), (-0.1, 0.1), (0.4,)])
    def test_wrong_bend(self, bend):
        with pytest.raises(ValueError, match="`bend` must be two numbers.*backwards"):
            T.Warp(bend=bend)


class TestCycleWarp:
    @pytest.mark.parametrize("wave", ["sin", "cos"])
    def test_golden(self, golden, dictate, wave):
        numbers = Golden(golden, f"stars_warp_{wave}")
        keys = keys_of(numbers["fixed"], 120)
        shape = 0.2 if wave == "sin" else 0.7
        dictate([hitting(numbers["cycle"] - 1, 16), shape], keys)
        assert torch.equal(frames_of(T.CycleWarp()(numbered(120))), numbers["frames"])

    @given(lengths(30), SEEDS, st.integers(1, 16), st.booleans())
    def test_oracle(self, sizes, seed, count, is_sine):
        n, T_ = sizes
        heights = oracle.cycle_heights(n, count, is_sine)
        assume(all(abs(height % 1 - 0.5) > 1e-9 for height in heights))  # either way is right
        keys = torch.rand(T_, generator=torch.Generator().manual_seed(seed))
        frames = F.cycle_frames(torch.tensor(count), torch.tensor(is_sine), keys, torch.tensor(n))
        assert frames.tolist() == oracle.cycles(n, T_, count, is_sine, keys.tolist())

    @pytest.mark.parametrize(
        ("cycles", "error"), [((0, 4), ValueError), ((4, 2), ValueError), ((1, 2.5), TypeError)]
    )
    def test_wrong_cycles(self, cycles, error):
        with pytest.raises(error, match="`cycles` must be"):
            T.CycleWarp(cycles)


class TestDropFrames:
    def test_sets_are_alike_likely(self):
        frames, counts = shown(T.DropFrames((0.5, 0.5)), 9, 6)
        assert (counts == 3).all()
        assert (frames[:, 3:] == -1).all()
        assert (frames[:, :3].diff() > 0).all()
        names, times = frames[:, :3].unique(dim=0, return_counts=True)
        assert len(names) == 20
        torch.testing.assert_close(times / MANY, torch.full((20,), 0.05), rtol=0, atol=0.008)

    def test_numbers_follow_the_ratio(self):
        _, counts = shown(T.DropFrames(), 120, 100)
        dropped = 100 - counts
        assert dropped.min() == 20
        assert dropped.max() == 99
        assert float(dropped.double().mean()) == pytest.approx(59.5, abs=1)

    def test_none_is_the_identity(self, clips):
        assert torch.equal(T.DropFrames((0, 0))(clips), clips)

    @pytest.mark.parametrize("ratio", [(-0.1, 0.5), (0.5, 1.1), (0.6, 0.5)])
    def test_wrong_ratio(self, ratio):
        with pytest.raises(ValueError, match="`ratio` must be two numbers"):
            T.DropFrames(ratio)


class TestDownsample:
    @given(lengths(), st.integers(1, 6), SEEDS)
    def test_oracle(self, sizes, step, seed):
        n, T_ = sizes
        generator = torch.Generator().manual_seed(seed)
        transform = T.Downsample(step)
        out, count = transform.with_num_frames(
            numbered(T_), num_frames=torch.tensor(n), generator=generator
        )
        frames = [None if frame < 0 else frame for frame in frames_of(out).tolist()]
        assert frames == oracle.downsample(n, T_, step, int(frames[0]))
        assert int(count) == sum(frame is not None for frame in frames)

    def test_starts_are_uniform(self):
        frames, _ = shown(T.Downsample(4), 15, 13)
        assert_uniform(frames[:, 0], 4)

    @pytest.mark.parametrize(("step", "error"), [(0, ValueError), (1.5, TypeError)])
    def test_wrong_step(self, step, error):
        with pytest.raises(error, match="`step` must be"):
            T.Downsample(step)


class TestMaskedFrames:
    def test_counts_differ_under_vmap_where_positions_do_not(self) -> None:
        x, frames = torch.ones(1, 4, 1, 1), torch.arange(4)

        def read(count: torch.Tensor) -> torch.Tensor:
            params = T.FramesParams(frames, count, torch.tensor(4))
            return T.Downsample(1).transform(x, params).flatten()

        read_all = torch.func.vmap(read)(torch.tensor([1, 3]))
        assert read_all.tolist() == [[1, 0, 0, 0], [1, 1, 1, 0]]
        assert bool((x == 1).all())


class TestMotionScale:
    def test_golden(self, golden, dictate):
        numbers = Golden(golden, "ikem_motion_scale")
        dictate((numbers["s"] + 2) / 5)
        out = T.MotionScale()(torch.from_numpy(formula(3, 50, 25, 1)))
        assert_equal(out, numbers["out"], 1e-5)

    @given(lengths(), SEEDS, st.floats(-2, 3))
    def test_oracle(self, sizes, seed, scale):
        n, T_ = sizes
        x = clip(seed, T_)
        out = F.scale_motion(x, torch.tensor(scale, dtype=torch.float64), torch.tensor(n))
        assert_equal(out, oracle.scale_motion(x.numpy(), scale, n))

    def test_factors_are_uniform(self):
        scale = T.MotionScale().sample(torch.zeros(MANY, 3, 5, 1, 1)).scale
        assert float(scale.mean()) == pytest.approx(0.5, abs=0.05)
        assert float(scale.std()) == pytest.approx(5 / 12**0.5, rel=0.02)
        assert -2 <= scale.min() < scale.max() <= 3

    def test_gradient(self):
        x = torch.rand(2, 5, 2, 1, dtype=torch.float64) + 1  # missing joints have none on purpose
        scale = torch.tensor(1.5, dtype=torch.float64)
        x, scale = x.requires_grad_(), scale.requires_grad_()
        assert torch.autograd.gradcheck(F.scale_motion, (x, scale))

    def test_wrong_scale(self):
        with pytest.raises(ValueError, match="`scale` must be two numbers"):
            T.MotionScale((2, 1))
        with pytest.raises(TypeError, match="`scale` must be a number"):
            T.MotionScale(("a", "b"))


FIXED = [
    T.SegmentSample(8, min_frames=4), T.CentreSegmentSample(8), T.UniformSample(8),
    T.EqualSegments(5), T.SortedSample(9), T.EvenSample(9), T.Speed(frames=12), T.Warp(10),
    T.RandomWindow(9, pad=True), T.Pad(30), T.Pad(30, fill="loop"),
]  # fmt: skip


@pytest.mark.parametrize("transform", FIXED, ids=str)
def test_ragged_clips_are_read_where_they_lie(transform, monkeypatch):
    monkeypatch.setattr(RaggedClips, "padded", lambda clips: pytest.fail("padded"))
    assert transform(ragged()).isfinite().all()


def test_samples_fuse_with_orders(clips):
    """A chain reads every frame once, and gives what its members give one after another."""
    count = torch.tensor([20, 13, 1, 7])
    members = [T.UniformSample(8), T.Reverse(), T.Roll()]
    chain = T.Compose(members)
    params = chain.sample(clips, num_frames=count)
    expected = clips
    for member, own in zip(members, params.params, strict=True):
        expected = member(expected, params=own)
    assert torch.equal(chain(clips, params=params), expected)
