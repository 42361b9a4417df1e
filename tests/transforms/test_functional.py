from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from reference import augment, normalise

from skelter.layouts import NTU25
from skelter.transforms import functional as F
from skelter.transforms import presets


def clip(seed=0, shape=(3, 9, 6, 2)):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def mask(joints, size=6):
    chosen = torch.zeros(size, dtype=torch.bool)
    chosen[list(joints)] = True
    return chosen


def assert_equal(actual, oracle, atol=1e-12):
    np.testing.assert_allclose(actual.numpy(), oracle, rtol=0, atol=atol)


class TestShear:
    def test_oracle(self):
        x, matrix = clip(), torch.randn(3, 3, dtype=torch.float64)
        assert_equal(F.shear(x, matrix), augment.shear(x.numpy(), matrix.numpy()))

    @given(st.integers(0, 1000), st.floats(-3, 3), st.floats(-3, 3))
    def test_is_linear_and_fixes_the_origin(self, seed, a, b):
        x, y = clip(seed), clip(seed + 1)
        matrix = clip(seed + 2, (3, 3, 1, 1))[..., 0, 0]
        left = F.shear(a * x + b * y, matrix)
        torch.testing.assert_close(left, a * F.shear(x, matrix) + b * F.shear(y, matrix))
        assert not F.shear(torch.zeros_like(x), matrix).any()

    def test_gradient(self):
        x, matrix = clip().requires_grad_(), torch.eye(3).double().requires_grad_()
        assert torch.autograd.gradcheck(F.shear, (x, matrix))

    def test_wrong_matrix(self):
        with pytest.raises(ValueError, match=r"`matrix` must have shape \(4, 3, 3\).*\(3, 3\)"):
            F.shear(torch.zeros(4, 3, 2, 2, 1), torch.eye(3))


class TestMixCoordinates:
    def test_oracle(self):
        x, matrix = clip(), torch.randn(3, 3, dtype=torch.float64)
        expected = augment.mix_coordinates(x.numpy(), [1, 4], matrix.numpy())
        assert_equal(F.mix_coordinates(x, mask([1, 4]), matrix), expected)

    def test_keeps_the_rest_bit_equal(self):
        x, chosen = clip(), mask([0, 2, 5])
        mixed = F.mix_coordinates(x, chosen, torch.randn(3, 3, dtype=torch.float64))
        assert torch.equal(mixed[:, :, ~chosen], x[:, :, ~chosen])

    def test_zero_matrix_drops_the_joints(self):
        x, chosen = clip(), mask([0, 2, 5])
        zero = torch.zeros(3, 3, dtype=torch.float64)
        assert torch.equal(F.mix_coordinates(x, chosen, zero), F.zero_joints(x, chosen))

    def test_gradient(self):
        x, matrix = clip().requires_grad_(), torch.eye(3).double().requires_grad_()
        assert torch.autograd.gradcheck(
            lambda a, b: F.mix_coordinates(a, mask([1]), b), (x, matrix)
        )


class TestMapJoints:
    @given(st.integers(0, 1000), st.integers(1, 4), st.integers(1, 5), st.integers(1, 3))
    def test_oracle(self, seed, C, V, M):
        x = clip(seed, (C, 4, V, M))
        matrices = clip(seed + 1, (V, C, C))
        assert_equal(F.map_joints(x, matrices), augment.map_joints(x.numpy(), matrices.numpy()))

    @pytest.mark.parametrize("batch", [(), (0,), (1,), (2, 3)])
    def test_any_leading_axes(self, batch):
        x, matrices = torch.randn(*batch, 3, 5, 4, 2), torch.randn(*batch, 4, 3, 3)
        out = F.map_joints(x, matrices)
        assert out.shape == x.shape
        rows = zip(x.reshape(-1, 3, 5, 4, 2), matrices.reshape(-1, 4, 3, 3), strict=True)
        for row, (one, its_matrices) in zip(out.reshape(-1, 3, 5, 4, 2), rows, strict=True):
            torch.testing.assert_close(row, F.map_joints(one, its_matrices))

    def test_any_strides(self):
        x, matrices = clip(shape=(9, 2, 3, 6)).permute(2, 0, 3, 1), clip(1, (6, 3, 3))
        expected = F.map_joints(x.contiguous(), matrices)
        torch.testing.assert_close(F.map_joints(x, matrices), expected)
        expanded = x[:, :1].expand(-1, 9, -1, -1)
        torch.testing.assert_close(
            F.map_joints(expanded, matrices), F.map_joints(expanded.contiguous(), matrices)
        )

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
    def test_keeps_the_dtype(self, dtype):
        x, matrices = clip(), clip(1, (6, 3, 3))
        out = F.map_joints(x.to(dtype), matrices)
        assert out.dtype == dtype
        torch.testing.assert_close(out.double(), F.map_joints(x, matrices), rtol=0.05, atol=0.1)

    def test_identity_is_bit_equal(self):
        x = clip().float()
        before = x.clone()
        assert torch.equal(F.map_joints(x, torch.eye(3).expand(6, 3, 3)), before)
        assert torch.equal(x, before)

    def test_gradient(self):
        x, matrices = clip(shape=(3, 2, 4, 2)).requires_grad_(), clip(1, (4, 3, 3)).requires_grad_()
        assert torch.autograd.gradcheck(F.map_joints, (x, matrices))

    @pytest.mark.parametrize(
        "shape", [(6, 3, 3), (4, 5, 3, 3), (4, 6, 2, 3), (4, 3, 3), (1, 6, 3, 3)]
    )
    def test_wrong_matrix(self, shape):
        expected = (
            r"`matrix` must have shape \(4, 6, 3, 3\), one entry for each clip of `x` \(4, 3,"
        )
        with pytest.raises(ValueError, match=f"{expected}.*got "):
            F.map_joints(torch.zeros(4, 3, 2, 6, 1), torch.zeros(shape))


class TestZeroJoints:
    def test_values(self):
        x, chosen = clip(), mask([0, 2, 5])
        out = F.zero_joints(x, chosen)
        assert not out[:, :, chosen].any()
        assert torch.equal(out[:, :, ~chosen], x[:, :, ~chosen])


class TestCropResize:
    @given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 70), st.integers(0, 10))
    def test_oracle(self, before, length, frames, behind):
        x = clip(length, (2, before + length + behind, 3, 1))
        out = F.crop_resize(x, torch.tensor(before), torch.tensor(length), frames)
        # Positions are float32 by design.
        assert_equal(out, augment.crop_resize(x.numpy(), before, length, frames), atol=1e-4)

    def test_agrees_with_torch_interpolate(self):
        x = clip(shape=(3, 50, 6, 2)).float()
        out = F.crop_resize(x, torch.tensor(5), torch.tensor(40), 64)
        flat = x[:, 5:45].permute(0, 2, 3, 1).reshape(1, -1, 40)
        expected = torch.nn.functional.interpolate(flat, 64, mode="linear", align_corners=False)
        expected = expected.reshape(3, 6, 2, 64).permute(0, 3, 1, 2)
        torch.testing.assert_close(out, expected, rtol=0, atol=1e-5)

    def test_full_length_at_the_same_size_is_the_identity(self):
        x = clip()
        assert torch.equal(F.crop_resize(x, torch.tensor(0), torch.tensor(9), 9), x)

    def test_one_frame_repeats(self):
        x = clip(shape=(3, 1, 6, 2))
        out = F.crop_resize(x, torch.tensor(0), torch.tensor(1), 5)
        assert torch.equal(out, x.expand(3, 5, 6, 2))

    def test_stays_inside_the_crop(self):
        x = torch.zeros(1, 10, 1, 1)
        x[:, :3], x[:, 7:] = 100, 100
        assert not F.crop_resize(x, torch.tensor(3), torch.tensor(4), 9).any()

    def test_gradient(self):
        x = clip().requires_grad_()
        start, length = torch.tensor(2), torch.tensor(5)
        assert torch.autograd.gradcheck(lambda a: F.crop_resize(a, start, length, 7), (x,))

    @given(st.integers(0, 500), st.integers(1, 20))
    def test_oracle_of_a_batch(self, seed, frames):
        """A crop of its own for each clip, and the gradient of each: that of the oracle."""
        x = clip(seed, (4, 2, 12, 3, 2)).requires_grad_()
        start, length = torch.tensor([0, 3, 11, 2]), torch.tensor([12, 5, 1, 10])
        out = F.crop_resize(x, start, length, frames)
        rows = zip(x.detach().numpy(), start.tolist(), length.tolist(), strict=True)
        expected = np.stack([augment.crop_resize(*row, frames) for row in rows])
        assert_equal(out.detach(), expected, atol=1e-4)
        weight = clip(seed + 1, tuple(out.shape))
        (out * weight).sum().backward()
        # Resampling is linear: its gradient is its transpose, and <w, A u> = <A' w, u> for any u.
        u = clip(seed + 2, tuple(x.shape))
        rows = zip(u.numpy(), start.tolist(), length.tolist(), strict=True)
        moved = np.stack([augment.crop_resize(*row, frames) for row in rows])
        left, right = float((weight.numpy() * moved).sum()), float((x.grad * u).sum())
        assert left == pytest.approx(right, abs=1e-2)

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
    def test_every_dtype(self, dtype):
        x = clip().to(dtype)
        out = F.crop_resize(x, torch.tensor(1), torch.tensor(7), 11)
        assert out.dtype == dtype
        expected = augment.crop_resize(x.double().numpy(), 1, 7, 11)
        tolerance = {torch.float16: 4e-3, torch.bfloat16: 4e-2}.get(dtype, 1e-5)
        assert_equal(out.double(), expected, atol=tolerance)
        assert torch.equal(F.crop_resize(x, torch.tensor(0), torch.tensor(9), 9), x)

    @pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
    @pytest.mark.parametrize("frames", [1, 4, 9])
    def test_broken_frames_outside_do_not_leak(self, dtype, frames):
        x = clip(shape=(2, 3, 9, 6, 2)).to(dtype)
        x[0, :, :3], x[0, :, 7:], x[1, :, 1:] = torch.nan, torch.inf, torch.nan
        x.requires_grad_()
        out = F.crop_resize(x, torch.tensor([3, 0]), torch.tensor([4, 1]), frames)
        assert out.isfinite().all()
        out.sum().backward()
        assert x.grad.isfinite().all()
        assert not x.grad[0, :, :3].any()
        assert not x.grad[0, :, 7:].any()

    def test_any_strides(self):
        x = clip(shape=(9, 2, 3, 6)).permute(2, 0, 3, 1)
        start, length = torch.tensor(2), torch.tensor(6)
        expected = F.crop_resize(x.contiguous(), start, length, 5)
        assert torch.equal(F.crop_resize(x, start, length, 5), expected)

    def test_gradient_of_a_batch(self):
        x = clip(shape=(2, 2, 5, 2, 1)).requires_grad_()
        start, length = torch.tensor([1, 0]), torch.tensor([3, 5])
        assert torch.autograd.gradcheck(lambda a: F.crop_resize(a, start, length, 4), (x,))

    def test_no_frames(self):
        with pytest.raises(ValueError, match="`frames` must be at least 1; got 0"):
            F.crop_resize(clip(), torch.tensor(0), torch.tensor(1), 0)


class TestPreNormalisation:
    @given(st.integers(0, 500), st.integers(0, 4), st.integers(1, 6), st.booleans())
    def test_fill_frames_oracle(self, seed, leading, present, hole):
        x = torch.zeros(3, 12, 5, 2, dtype=torch.float64)
        x[:, leading : leading + present, :, 0] = clip(seed, (3, present, 5, 1))[..., 0]
        x[:, : present + 2, :, 1] = clip(seed + 1, (3, present + 2, 5, 1))[..., 0]
        if hole and present > 2:
            x[:, leading + 1] = 0
        assert_equal(F.fill_frames(x), normalise.fill_frames(x.numpy()))

    def test_missing_person_stays_missing(self):
        x = clip()
        x[..., 1] = 0
        assert not F.fill_frames(x)[..., 1].any()
        assert not F.centre_on_joint(x, 1)[..., 1].any()

    def test_centre_oracle(self):
        x = clip()
        x[:, 3, 2, 1] = 0
        x[:, 5, 4, 0] = 0
        assert_equal(F.centre_on_joint(x, 1), normalise.centre(x.numpy(), 1))

    @given(st.integers(0, 500), st.integers(0, 2))
    def test_align_oracle(self, seed, axis):
        x = clip(seed)
        assert_equal(F.align_bone(x, 2, 4, axis), normalise.align(x.numpy(), 2, 4, axis), 1e-9)

    def test_align_points_the_bone(self):
        y = F.align_bone(clip(), 2, 4, 0)
        bone = y[:, 0, 4, 0] - y[:, 0, 2, 0]
        torch.testing.assert_close(bone[1:], torch.zeros(2, dtype=bone.dtype))
        assert bone[0] > 0

    @pytest.mark.parametrize("bone", [(0.0, 0.0, 0.0), (0.0, 0.0, 2.0), (0.0, 0.0, -2.0)])
    def test_align_leaves_what_has_no_rotation(self, bone):
        x = clip()
        x[:, 0, 4, 0] = x[:, 0, 2, 0] + torch.tensor(bone)
        torch.testing.assert_close(F.align_bone(x, 2, 4, 2), x)

    def test_align_is_a_rotation(self):
        y = F.rotation_between(clip(1, (7, 3, 1, 1))[..., 0, 0], torch.eye(3).double()[1])
        eye = torch.eye(3, dtype=torch.float64).expand(7, 3, 3)
        torch.testing.assert_close(y @ y.mT, eye)
        torch.testing.assert_close(torch.linalg.det(y), torch.ones(7, dtype=torch.float64))

    def test_align_refuses_two_dimensions(self):
        with pytest.raises(ValueError, match="has 2 coordinates, but a rotation in space has 3"):
            F.align_bone(torch.zeros(2, 5, 6, 1), 0, 1, 0)

    def test_whole_oracle(self):
        x = torch.randn(2, 3, 20, 25, 2, dtype=torch.float64)
        x[0, :, 14:] = 0
        x[1, :, :3] = 0
        x[1, ..., 1] = 0
        out = presets.isc_normalise()(x)
        for ours, theirs in zip(out, x, strict=True):
            expected = normalise.isc(
                theirs.numpy(), centre_joint=1, spine=NTU25.spine, shoulders=NTU25.shoulders
            )
            assert_equal(ours, expected, 1e-9)


class TestGolden:
    @pytest.mark.parametrize("letter", "abcd")
    def test_crop(self, golden, letter):
        with np.load(golden / "augment.npz") as file:
            _, length, start = file[f"crop_{letter}_params"]
            out = F.crop_resize(
                torch.from_numpy(file["x"]), torch.tensor(start), torch.tensor(length), 64
            )
            assert_equal(out, file[f"crop_{letter}"], 1e-6)

    def test_centre_crop(self, golden):
        with np.load(golden / "augment.npz") as file:
            valid = torch.tensor(file["center_crop_params"][0])
            out = presets.isc_test_view()(torch.from_numpy(file["x"]), num_frames=valid)
            assert_equal(out, file["center_crop"], 1e-6)

    def test_shear(self, golden):
        with np.load(golden / "augment.npz") as file:
            matrix = torch.eye(3, dtype=torch.float64)
            rows, columns = (1 - torch.eye(3)).nonzero(as_tuple=True)
            matrix[rows, columns] = torch.from_numpy(file["shear_draws"])
            out = F.shear(torch.from_numpy(file["crop_a"]).double(), matrix)
            assert_equal(out, file["shear"], 1e-6)

    def test_jitter(self, golden):
        with np.load(golden / "augment.npz") as file:
            x, chosen = torch.from_numpy(file["crop_a"]), mask(file["jitter_joints"].tolist(), 25)
            matrix = torch.from_numpy(file["jitter_draws"]).reshape(3, 3)
            assert_equal(F.zero_joints(x, chosen), file["jitter_zero"], 0)
            assert_equal(F.mix_coordinates(x, chosen, matrix), file["jitter_matrix"], 1e-6)

    def test_pre_normalisation(self, golden):
        with np.load(golden / "normalise.npz") as file:
            out = presets.isc_normalise()(torch.from_numpy(file["in"]))
            assert_equal(out, file["out"], 1e-5)
