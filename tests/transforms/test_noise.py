from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from reference import noise as oracle
from reference.golden_transforms import Golden
from reference.golden_transforms import given as given_input

from skelter import transforms as T
from skelter.layouts import COCO17
from skelter.transforms import functional as F

SEEDS = st.integers(0, 1000)


def clip(seed, shape=(3, 9, 5, 2)):
    """Person 1 is missing in the first half, and single joints everywhere."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(*shape, generator=generator, dtype=torch.float64) + 1
    x[:, : shape[1] // 2, :, 1:] = 0
    return x * (torch.rand(shape[1:], generator=generator) > 0.1)


def numbers(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def assert_equal(actual, expected, atol=1e-12):
    np.testing.assert_allclose(np.asarray(actual), np.asarray(expected), rtol=0, atol=atol)


def of_many(count=4000, shape=(3, 4, 5, 2)):
    return torch.ones(count, *shape)


class TestAddNoise:
    @given(SEEDS, st.tuples(*(st.sampled_from([1, size]) for size in (3, 9, 5, 2))))
    def test_oracle(self, seed, sizes):
        x, noise = clip(seed), numbers(seed + 1, *sizes)
        assert_equal(F.add_noise(x, noise), oracle.add_noise(x.numpy(), noise.numpy()))

    def test_gradient(self):
        x, noise = clip(1, (2, 3, 2, 2)), numbers(2, 2, 3, 2, 2).requires_grad_()
        assert torch.autograd.gradcheck(F.add_noise, (x.requires_grad_(), noise), eps=1e-7)

    @pytest.mark.parametrize("shape", [(3, 9, 5, 2), (4, 3, 9, 4, 2), (4, 2, 9, 5, 2), (9, 5, 2)])
    def test_wrong_shape(self, shape):
        with pytest.raises(ValueError, match=r"`noise` must have shape \(4, .*Sample it again"):
            F.add_noise(torch.ones(4, 3, 9, 5, 2), torch.ones(shape))


class TestGaussianNoise:
    def test_golden(self, golden):
        numbers = Golden(golden, "aimclr_noise")
        x = given_input("in_x")
        out = T.GaussianNoise()(x, params=T.NoiseParams(numbers["draws"]))
        assert_equal(out, numbers["out"], 1e-5)

    def test_moments(self, generator):
        x = of_many()
        noise = (T.GaussianNoise(0.25)(x, generator=generator) - x).double()
        assert float(noise.mean()) == pytest.approx(0, abs=1e-3)
        assert float(noise.std()) == pytest.approx(0.25, rel=5e-3)
        assert float((noise / 0.25).pow(4).mean()) == pytest.approx(3, rel=0.03)
        values = noise.flatten(1).T[:40]
        correlation = torch.corrcoef(values) - torch.eye(40)
        assert correlation.abs().max() < 0.08

    def test_deviation_of_each_clip(self, generator):
        """Its squares have the mean and the spread of those of U(0.1, 0.3)."""
        noise = T.GaussianNoise((0.1, 0.3)).sample(of_many(), generator=generator).noise
        own = noise.square().flatten(1).mean(1).sqrt()
        assert float(own.mean()) == pytest.approx(0.2, rel=0.02)
        assert float(own.square().mean()) == pytest.approx(0.13 / 3, rel=0.03)
        assert own.min() < 0.12
        assert own.max() > 0.28

    @pytest.mark.parametrize(
        ("shared", "sizes"),
        [
            ((), (4, 5, 2)),
            ("frames", (1, 5, 2)),
            ("joints", (4, 1, 2)),
            (["frames", "persons"], (1, 5, 1)),
            (("joints", "persons"), (4, 1, 1)),
        ],
    )
    def test_shared_axes(self, shared, sizes, generator):
        x = of_many(8)
        transform = T.GaussianNoise(0.1, shared=shared)
        params = transform.sample(x, generator=generator)
        assert params.noise.shape == (8, 3, *sizes)
        torch.testing.assert_close(transform(x, params=params) - x, params.noise.expand_as(x))

    def test_none_is_the_identity(self, clips):
        assert torch.equal(T.GaussianNoise(0)(clips), clips)

    @pytest.mark.parametrize("std", [-1, (0.2, 0.1), (0.1,), (0, math.inf), math.nan, (1, 2, 3)])
    def test_wrong_deviation(self, std):
        with pytest.raises(ValueError, match="`std` must be one number from 0, or two"):
            T.GaussianNoise(std)

    @pytest.mark.parametrize("std", ["0.1", None, True, ("a", "b")])
    def test_deviation_of_another_type(self, std):
        with pytest.raises(TypeError, match=r"`std` must be a number.*or a range \(from, to\)"):
            T.GaussianNoise(std)

    @pytest.mark.parametrize("shared", ["frame", ["frames", "coordinates"], "T"])
    def test_wrong_axis(self, shared):
        with pytest.raises(ValueError, match="`shared` must be one of 'frames', 'joints', 'pers"):
            T.GaussianNoise(shared=shared)


class TestBoxDiagonal:
    @given(SEEDS)
    def test_oracle(self, seed):
        x = clip(seed)
        here = oracle.places(x.numpy())
        whole = oracle.diagonal([x.numpy()[:, t, v, m] for t, v, m in here])
        assert_equal(F.box_diagonal(x, "clip").flatten(), [whole])
        for t, m in np.ndindex(9, 2):
            points = [x.numpy()[:, a, v, n] for a, v, n in here if (a, n) == (t, m)]
            assert_equal(F.box_diagonal(x)[0, t, 0, m], oracle.diagonal(points))

    def test_half_precision_does_not_overflow(self):
        x = torch.tensor([-60000.0, 60000.0]).reshape(1, 1, 2, 1).half()
        assert float(F.box_diagonal(x)) == pytest.approx(120000, rel=1e-3)

    def test_wrong_box(self):
        with pytest.raises(ValueError, match="`box` must be one of 'frame', 'clip'; got 'video'"):
            F.box_diagonal(torch.ones(3, 2, 4, 1), "video")


class TestBoxNoise:
    @pytest.mark.parametrize("kind", ["frame", "video", "shared"])
    def test_golden(self, golden, kind):
        given_numbers = Golden(golden, f"pyskl_noise_{kind}")
        x = given_input("in_x")[:, :8].clone()
        x[..., 1] = 0
        normal, vector = given_numbers["normal"], given_numbers["vector"]
        if kind == "shared":
            length, direction = normal.view(1, 1, 25, 1), vector.view(3, 1, 25, 1)
        else:
            length = normal.view(2, 8, 25).permute(1, 2, 0)[None]
            direction = vector.view(3, 2, 8, 25).permute(0, 2, 3, 1)
        # The recorded shared noise is alike in all frames, so that its box was that of the video.
        box = "frame" if kind == "frame" else "clip"
        params = T.BoxNoiseParams(direction, 0.01 * length)
        out = T.BoxNoise(0.01, box)(x, params=params)
        assert_equal(out - x, given_numbers["delta"], 1e-5)

    @pytest.mark.parametrize("box", ["frame", "clip"])
    @given(seed=SEEDS)
    def test_oracle(self, seed, box):
        x, length = clip(seed), numbers(seed, 1, 9, 5, 2)
        direction = torch.rand(3, 9, 5, 2, dtype=torch.float64) * 2 - 1
        out = T.BoxNoise(box=box)(x, params=T.BoxNoiseParams(direction, length))
        expected = oracle.box_noise(x.numpy(), direction.numpy(), length[0].numpy(), box)
        assert_equal(out, expected, 1e-10)

    def test_draws(self, generator):
        params = T.BoxNoise(0.1).sample(of_many(), generator=generator)
        assert params.direction.abs().max() <= 1
        assert float(params.direction.mean()) == pytest.approx(0, abs=3e-3)
        assert float(params.direction.std()) == pytest.approx(3**-0.5, rel=5e-3)
        assert float(params.length.std()) == pytest.approx(0.1, rel=0.01)

    @pytest.mark.parametrize(
        ("shared", "sizes"), [((), (4, 5, 2)), (["frames", "persons"], (1, 5, 1))]
    )
    def test_shared_axes(self, shared, sizes):
        params = T.BoxNoise(shared=shared).sample(of_many(7))
        assert params.direction.shape == (7, 3, *sizes)
        assert params.length.shape == (7, 1, *sizes)

    def test_metres_and_pixels(self, clips, generator):
        transform = T.BoxNoise(0.05)
        params = transform.sample(clips, generator=generator)
        moved = transform(500 * clips, params=params)
        torch.testing.assert_close(moved, 500 * transform(clips, params=params))

    def test_single_points_stay(self):
        x = torch.full((3, 4, 1, 1), 2.0)
        assert torch.equal(T.BoxNoise()(x), x)

    def test_wrong_box(self):
        with pytest.raises(ValueError, match="`box` must be one of 'frame', 'clip'; got 'video'"):
            T.BoxNoise(0.01, "video")


class TestMotionNoise:
    def test_golden(self, golden):
        given_numbers = Golden(golden, "macdiff_motion_noise")
        params = T.NoiseParams(given_numbers["draws"])
        out = T.MotionNoise()(given_input("in_x"), params=params)
        assert_equal(out, given_numbers["out"], 1e-5)

    @given(SEEDS, st.floats(0.2, 5))
    def test_oracle(self, seed, unit):
        x, noise = clip(seed), numbers(seed, 3, 9, 5, 2)
        out = T.MotionNoise(unit=unit)(x, params=T.NoiseParams(noise))
        expected = oracle.motion_noise(x.numpy(), noise.numpy(), unit)
        assert_equal(out, expected, 1e-9)

    def test_pixels_stay_finite(self):
        x = 1000 * torch.randn(4, 2, 30, 17, 1)
        assert F.motion_weights(x).max() == pytest.approx(10)
        assert T.MotionNoise()(x).isfinite().all()

    def test_a_body_that_appears_does_not_move(self):
        x = torch.zeros(3, 4, 5, 1)
        x[:, 2:] = 7.0
        assert torch.equal(F.motion_weights(x), torch.ones(1, 4, 5, 1))

    @pytest.mark.parametrize("unit", [0, -1])
    def test_wrong_unit(self, unit):
        with pytest.raises(ValueError, match="`unit` must be above 0; got"):
            T.MotionNoise(unit=unit)


class TestJointNoise:
    def test_golden(self, golden):
        given_numbers = Golden(golden, "macdiff_joint_noise")
        params = T.JointNoiseParams(given_numbers["joints"], given_numbers["draws"])
        out = T.JointNoise()(given_input("in_x"), params=params)
        assert_equal(out, given_numbers["out"], 1e-5)

    @given(SEEDS)
    def test_oracle(self, seed):
        x, noise = clip(seed), numbers(seed, 3, 9, 3, 2)
        joints = torch.randperm(5)[:3]
        out = F.add_noise_to_joints(x, joints, noise)
        assert_equal(out, oracle.joint_noise(x.numpy(), joints.tolist(), noise.numpy()))

    @given(st.integers(1, 25), SEEDS)
    def test_touches_exactly_k_joints(self, k, seed):
        x = torch.ones(6, 3, 4, 25, 2)
        generator = torch.Generator().manual_seed(seed)
        changed = T.JointNoise(0.5, k)(x, generator=generator) != x
        assert torch.equal(changed.any(1).any(1).any(-1).sum(-1), torch.full((6,), k))

    def test_every_joint_is_as_likely(self, generator):
        params = T.JointNoise(0.3, 0.4).sample(of_many(8000), generator=generator)
        share = torch.nn.functional.one_hot(params.joints, 5).sum(1).float().mean(0)
        torch.testing.assert_close(share, torch.full((5,), 0.4), rtol=0, atol=0.02)
        assert float(params.noise.std()) == pytest.approx(0.3, rel=0.01)

    @pytest.mark.parametrize("joints", [0.0, 1.5, -0.1])
    def test_wrong_share(self, joints):
        with pytest.raises(ValueError, match=r"`joints` must be a share in \(0, 1\] or an integer"):
            T.JointNoise(joints=joints)

    def test_wrong_count(self, clips):
        with pytest.raises(ValueError, match="`joints` must be at least 1; got 0"):
            T.JointNoise(joints=0)
        with pytest.raises(ValueError, match="`joints` must lie between 1 and 25; got 26"):
            T.JointNoise(joints=26)(clips)


class TestFrameNoise:
    @given(SEEDS)
    def test_oracle(self, seed):
        x, noise = clip(seed), numbers(seed, 3, 4, 5, 2)
        frames = torch.randperm(9)[:4]
        out = F.add_noise_to_frames(x, frames, noise)
        assert_equal(out, oracle.frame_noise(x.numpy(), frames.tolist(), noise.numpy()))

    @given(st.lists(st.integers(1, 30), min_size=3, max_size=3), st.floats(0.01, 1), SEEDS)
    def test_share_of_valid_frames(self, lengths, share, seed):
        x, lengths = torch.ones(3, 2, 30, 4, 1), torch.tensor(lengths)
        generator = torch.Generator().manual_seed(seed)
        out = T.FrameNoise(1.0, share)(x, num_frames=lengths, generator=generator)
        touched = (out != x).any(1).any(-1).any(-1)
        expected = [max(1, round(share * length)) for length in lengths.tolist()]
        assert touched.sum(-1).tolist() == expected
        assert not touched[torch.arange(30) >= lengths[:, None]].any()

    def test_count(self):
        x = torch.ones(2, 2, 30, 4, 1)
        out = T.FrameNoise(1.0, 7)(x, num_frames=torch.tensor([30, 4]))
        assert (out != x).any(1).any(-1).any(-1).sum(-1).tolist() == [7, 4]

    def test_every_frame_is_as_likely(self, generator):
        x = of_many(8000)
        out = T.FrameNoise(0.3, 0.5)(x, generator=generator)
        share = (out != x).any(1).any(-1).any(-1).float().mean(0)
        torch.testing.assert_close(share, torch.full((4,), 0.5), rtol=0, atol=0.02)

    @pytest.mark.parametrize("frames", [0.0, 1.5, -0.1])
    def test_wrong_share(self, frames):
        with pytest.raises(ValueError, match=r"`frames` must be a share in \(0, 1\] or an integer"):
            T.FrameNoise(frames=frames)


class TestImpulseNoise:
    def test_golden(self, golden):
        given_numbers = Golden(golden, "macdiff_impulse")
        factors = torch.tensor([1.0, 5.0, 0.0])
        params = T.ImpulseNoiseParams(factors[given_numbers["mask"].squeeze(0)])
        out = T.ImpulseNoise()(given_input("in_x"), params=params)
        assert_equal(out, given_numbers["out"], 1e-5)

    @given(SEEDS)
    def test_oracle(self, seed):
        x, hits = clip(seed), np.random.default_rng(seed).integers(0, 3, (9, 5, 2))
        factor = torch.tensor([1.0, 3.0, 0.0])[torch.from_numpy(hits)]
        expected = oracle.impulse_noise(x.numpy(), hits, 3.0)
        assert_equal(F.scale_points(x, factor), expected)

    def test_shares(self, generator):
        out = T.ImpulseNoise(0.3, 2.0)(of_many(), generator=generator)
        assert torch.equal(out, out[:, :1].expand_as(out))
        for value, share in [(0, 0.15), (1, 0.7), (2, 0.15)]:
            assert float((out == value).float().mean()) == pytest.approx(share, abs=0.003)

    @pytest.mark.parametrize(("share", "values"), [(0.0, [1.0]), (1.0, [0.0, 5.0])])
    def test_ends(self, share, values):
        assert T.ImpulseNoise(share)(of_many(50)).unique().tolist() == values

    @pytest.mark.parametrize("share", [-0.1, 1.1])
    def test_wrong_share(self, share):
        with pytest.raises(ValueError, match="`share` must lie between 0.0 and 1.0; got"):
            T.ImpulseNoise(share)


class TestTemporalBlur:
    def test_golden(self, golden):
        given_numbers = Golden(golden, "aimclr_blur")
        sigma, x = given_numbers["sigma"], given_input("in_x")
        params = T.TemporalBlurParams(sigma, torch.tensor(24))
        out = T.TemporalBlur(normalise=False)(x, params=params)
        assert_equal(out, given_numbers["out"], 1e-5)
        peak = torch.zeros(1, 15, 1, 1, dtype=torch.float64)
        peak[:, 7] = 1
        spread = torch.ones(1, 15, 1, 1, dtype=torch.float64) * 1e-12 + peak
        kernel = F.temporal_blur(spread, sigma, normalise=False).flatten()
        assert_equal(kernel, given_numbers["kernel"], 1e-9)

    @given(SEEDS, st.floats(0.05, 4), st.integers(1, 9), st.integers(1, 12), st.booleans())
    def test_oracle(self, seed, sigma, num_frames, radius, normalise):
        x = clip(seed)
        x[:, num_frames:] = 0
        out = F.temporal_blur(
            x, torch.tensor(sigma, dtype=torch.float64), torch.tensor(num_frames),
            radius=radius, normalise=normalise,
        )  # fmt: skip
        expected = oracle.temporal_blur(x.numpy(), sigma, num_frames, radius, normalise)
        assert_equal(out, expected, 1e-11)

    @given(SEEDS)
    def test_a_body_at_rest_stays(self, seed):
        pose = torch.randn(4, 3, 1, 17, 2, generator=torch.Generator().manual_seed(seed))
        x = pose.expand(4, 3, 30, 17, 2).clone()
        x[0, :, 5:20, :, 1] = 0
        x[1, :, 11:] = 0
        out = T.TemporalBlur()(x, num_frames=torch.tensor([30, 11, 30, 30]))
        torch.testing.assert_close(out, x, rtol=0, atol=1e-5)

    def test_padding_is_not_looked_at(self):
        x = torch.randn(3, 20, 5, 1)
        other = x.clone()
        other[:, 12:] = 1e6
        sigma, count = torch.tensor(2.0), torch.tensor(12)
        out = F.temporal_blur(other, sigma, count)
        torch.testing.assert_close(out[:, :12], F.temporal_blur(x, sigma, count)[:, :12])

    def test_draws(self, generator):
        sigma = T.TemporalBlur().sample(of_many(20000), generator=generator).sigma
        assert sigma.min() >= 0.1
        assert sigma.max() <= 2.0
        assert float(sigma.mean()) == pytest.approx(1.05, rel=0.01)
        assert float(sigma.std()) == pytest.approx(1.9 / 12**0.5, rel=0.01)

    def test_gradient(self):
        x, sigma = clip(3, (2, 6, 2, 2)), torch.tensor(1.5, dtype=torch.float64)
        x, sigma = x.requires_grad_(), sigma.requires_grad_()
        missing = (x == 0).all(0)

        def blur(x, sigma):
            return F.temporal_blur(x.masked_fill(missing, 0), sigma, radius=2)

        assert torch.autograd.gradcheck(blur, (x, sigma), eps=1e-7)

    @pytest.mark.parametrize("sigma", [0, (0, 2)])
    def test_wrong_sigma(self, sigma):
        with pytest.raises(ValueError, match="`sigma` must be above 0; got 0"):
            T.TemporalBlur(sigma)

    def test_wrong_radius(self):
        with pytest.raises(ValueError, match="`radius` must be at least 1; got 0"):
            T.TemporalBlur(radius=0)


class TestSavitzkyGolay:
    def test_golden(self, golden):
        out = T.SavitzkyGolay()(given_input("in_x"))
        assert_equal(out, Golden(golden, "hysp_savgol")["out"], 1e-5)

    @given(
        SEEDS,
        st.integers(1, 12),
        st.sampled_from([(1, 0), (3, 0), (3, 2), (5, 2), (7, 3), (15, 4)]),
    )
    def test_oracle(self, seed, num_frames, window):
        x = clip(seed, (2, 12, 3, 2))
        x[:, num_frames:] = 0
        out = F.savitzky_golay(x, torch.tensor(num_frames), window=window[0], order=window[1])
        assert_equal(out, oracle.savitzky_golay(x.numpy(), num_frames, *window), 1e-8)

    def test_scipy(self):
        signal = pytest.importorskip("scipy.signal")
        x = numbers(0, 3, 40, 5, 2)
        for window, order in [(15, 2), (7, 3), (5, 4)]:
            expected = signal.savgol_filter(x.numpy(), window, order, axis=1)
            assert_equal(F.savitzky_golay(x, window=window, order=order), expected, 1e-10)

    @given(st.integers(1, 40), st.integers(0, 4))
    def test_keeps_polynomials(self, frames, order):
        time = torch.linspace(-1, 1, frames, dtype=torch.float64)
        x = sum(numbers(order, 3, 1, 4, 1) * time.view(-1, 1, 1) ** k for k in range(order + 1)) + 9
        assert_equal(F.savitzky_golay(x, window=9, order=order), x, 1e-10)

    def test_a_gap_is_not_smeared(self):
        x = torch.full((3, 60, 5, 1), 4.0)
        x[:, 30, 2] = 0
        assert torch.equal(T.SavitzkyGolay()(x)[:, 30, 2], torch.zeros(3, 1))
        torch.testing.assert_close(T.SavitzkyGolay()(x), x)

    @pytest.mark.parametrize(
        ("window", "order", "message"),
        [
            (14, 2, "`window` must be odd, so that it has a middle; got 14"),
            (0, 2, "`window` must be at least 1; got 0"),
            (5, 5, "`order` must lie between 0 and 4; got 5"),
            (5, -1, "`order` must lie between 0 and 4; got -1"),
        ],
    )
    def test_wrong_window(self, window, order, message):
        with pytest.raises(ValueError, match=message):
            T.SavitzkyGolay(window, order)

    def test_order_of_another_type(self):
        with pytest.raises(TypeError, match="`order` must be an integer; got 2.5"):
            T.SavitzkyGolay(7, 2.5)


@pytest.mark.parametrize(
    ("transform", "text"),
    [
        (T.GaussianNoise(0.05), "GaussianNoise(std=0.05, shared=())"),
        (T.BoxNoise((0, 0.1)), "BoxNoise(std=(0.0, 0.1), box='frame', shared=())"),
        (T.JointNoise(layout=COCO17), "JointNoise(std=0.05, joints=0.2, layout=COCO17)"),
        (T.TemporalBlur(1), "TemporalBlur(sigma=1.0, radius=7, normalise=True)"),
    ],
)
def test_names_its_arguments(transform, text):
    assert repr(transform) == text


class TestWeighFrames:
    @given(SEEDS)
    def test_oracle(self, seed):
        x, weights = clip(seed), numbers(seed, 7, 3)
        frames = torch.randint(0, 9, (7, 3))
        out = F.weigh_frames(x, frames, weights)
        for t in range(7):
            expected = sum(weights[t, k] * x[:, frames[t, k]] for k in range(3))
            assert_equal(out[:, t], expected)

    def test_wrong_shape(self):
        frames = torch.zeros(4, 6, 3, dtype=torch.long)
        with pytest.raises(ValueError, match=r"`weights` must have shape \(4, 6, 3\)"):
            F.weigh_frames(torch.ones(4, 3, 9, 5, 2), frames, torch.ones(6, 3))


EVERY = [T.GaussianNoise, T.BoxNoise, T.MotionNoise, T.JointNoise, T.FrameNoise, T.ImpulseNoise,
         T.TemporalBlur, T.SavitzkyGolay]  # fmt: skip


@pytest.mark.parametrize("kind", EVERY)
class TestChannels:
    def test_scores_are_passed_on(self, kind):
        x = torch.rand(4, 3, 20, 17, 2) + 0.5
        out = kind(layout=COCO17)(x)
        assert torch.equal(out[:, 2], x[:, 2])
        assert not torch.equal(out[:, :2], x[:, :2])

    @pytest.mark.parametrize("channels", [1, 4])
    def test_other_channels_need_a_layout(self, kind, channels):
        with pytest.raises(ValueError, match="2 or 3 coordinates where no layout says"):
            kind()(torch.rand(4, channels, 20, 17, 2))

    def test_a_name_is_not_a_layout(self, kind):
        with pytest.raises(TypeError, match="layout"):
            kind(layout="NTU25")
