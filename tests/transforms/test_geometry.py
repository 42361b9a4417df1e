from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from reference import geometry as oracle
from reference.golden_transforms import Golden
from reference.golden_transforms import given as given_input

from skelter import transforms as T
from skelter.layouts import COCO17, KINECT20, NTU25, SBU15, SkeletonLayout
from skelter.transforms import functional as F

SEEDS = st.integers(0, 1000)
ANGLES = st.floats(-7, 7)
ARM = SkeletonLayout("arm", ["shoulder", "elbow", "hand"], parents=[-1, 0, 1])
IN_IMAGE = dataclasses.replace(NTU25, dimensions=2)


def clip(seed, shape=(3, 7, 5, 2)):
    """Person 1 is missing in the first half, and single joints everywhere."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(*shape, generator=generator, dtype=torch.float64) + 1
    x[:, : shape[1] // 2, :, 1:] = 0
    return x * (torch.rand(shape[1:], generator=generator) > 0.1)


def numbers(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def assert_equal(actual, expected, atol=1e-12):
    np.testing.assert_allclose(np.asarray(actual), np.asarray(expected), rtol=0, atol=atol)


def of_many(count=20000, C=3, frames=1, joints=25, persons=1):
    return torch.ones(1, C, frames, joints, persons).expand(count, -1, -1, -1, -1)


def uncorrelated(draws, limit=0.05):
    """No two columns, and no clip with the next one."""
    columns = draws.double().flatten(1)
    columns = columns[:, columns.std(0) > 0]
    both = torch.cat([columns[:-1], columns[1:]], 1)
    correlation = torch.corrcoef(both.T).reshape(both.shape[1], -1) - torch.eye(both.shape[1])
    assert correlation.abs().max() < limit


def is_uniform(draws, low, high):
    draws = draws.double()
    assert low <= draws.min() + 1e-6
    assert draws.max() <= high + 1e-6
    span = high - low
    assert float(draws.mean()) == pytest.approx((low + high) / 2, abs=0.02 * span)
    assert float(draws.std()) == pytest.approx(span / 12**0.5, rel=0.03)


def pixels():
    """Points of an image (C, T, V, M), of which person 1 is missing in frame 5."""
    x = given_input("in_kp2d").clone()
    x[1, 5] = 0
    return x.permute(3, 1, 2, 0)


class TestGolden:
    """What the originals returned for their own draws."""

    def test_crosclr_shear(self, golden):
        g = Golden(golden, "crosclr_shear")
        out = T.Shear(0.5)(given_input("in_x"), params=T.ShearParams(g["matrix"]))
        assert_equal(out, g["out"], 1e-5)

    def test_actclr_shear(self, golden):
        g = Golden(golden, "actclr_shear")
        transform = T.Shear(0.5, layout=NTU25, keep="spine (shoulder level)")
        x = given_input("in_x")
        out = transform(x, params=T.ShearParams(g["matrix"]))
        assert_equal(out, g["out"], 1e-5)
        assert torch.equal(out[:, :, 20], x[:, :, 20])

    def test_pstl_shear(self, golden):
        """Its draws are one matrix for the batch, which is transposed."""
        g = Golden(golden, "pstl_shear")
        matrix = torch.eye(3, dtype=torch.float64)
        matrix[~torch.eye(3, dtype=torch.bool)] = g["draws"]
        params = T.ShearParams(matrix.T.expand(2, 3, 3))
        assert_equal(T.Shear()(given_input("in_xb")[:2], params=params), g["out"], 1e-5)

    def test_aimclr_rotate(self, golden):
        g = Golden(golden, "aimclr_rotate")
        radians = g["degrees"].deg2rad()
        assert_equal(F.rotation_matrix(radians), g["matrix"], 1e-7)
        out = T.RotateMainAxis()(given_input("in_x"), params=T.RotationParams(radians))
        assert_equal(out, g["out"], 1e-5)

    def test_skateformer_rotate(self, golden):
        g = Golden(golden, "skateformer_rotate")
        radians = torch.zeros(3, dtype=torch.float64)
        radians[g["axis"]] = g["degrees"].deg2rad()
        transform = T.RotateMainAxis((-30, 30), (0, 0))
        out = transform(given_input("in_x"), params=T.RotationParams(radians))
        assert_equal(out, g["out"], 1e-5)

    def test_ctrgcn_rot(self, golden):
        g = Golden(golden, "ctrgcn_rot")
        assert_equal(F.rotation_matrix(g["radians"]), g["matrix"], 1e-7)
        params = T.RotationParams(g["radians"])
        assert_equal(T.Rotate(radians=0.3)(given_input("in_x"), params=params), g["out"], 1e-5)

    def test_pyskl_rot(self, golden):
        g = Golden(golden, "pyskl_rot")
        x, params = given_input("in_x")[:, :8], T.RotationParams(g["radians"])
        assert_equal(T.Rotate(radians=0.3)(x, params=params), g["out"], 1e-5)

    def test_pyskl_rot2d(self, golden):
        g = Golden(golden, "pyskl_rot2d")
        x, params = given_input("in_x")[:2, :8], T.RotationParams(g["radians"].reshape(1))
        assert_equal(T.Rotate(radians=0.3)(x, params=params), g["out"], 1e-5)

    def test_torchskeleton_rotate(self, golden):
        """Right-handed X Y Z, which is the transpose of the field's Z Y X."""
        g = Golden(golden, "torchskeleton_rotate")
        matrix = F.rotation_matrix(g["degrees"].deg2rad()).mT
        assert_equal(F.shear(given_input("in_x_pad")[:, :20], matrix), g["out"], 1e-5)

    def test_slim_rot(self, golden):
        g = Golden(golden, "slim_rot")
        matrix = F.right_handed_rotation_matrix(g["radians_xyz"])
        assert_equal(F.shear(given_input("in_x"), matrix), g["out"], 1e-5)

    def test_skateformer_scale(self, golden):
        g = Golden(golden, "skateformer_scale")
        params = T.ScaleParams(g["factors"])
        assert_equal(T.ScaleAxes(0.2)(given_input("in_x"), params=params), g["out"], 1e-5)

    def test_pyskl_scale(self, golden):
        g = Golden(golden, "pyskl_scale")
        x, params = given_input("in_x")[:, :8], T.ScaleParams(g["factors"])
        assert_equal(T.ScaleAxes(0.1)(x, params=params), g["out"], 1e-5)

    def test_ikem_camera(self, golden):
        g = Golden(golden, "ikem_camera")
        params = T.CameraParams(g["radians"], g["scale"])
        assert_equal(T.CameraView()(given_input("in_x"), params=params), g["out"], 1e-5)

    @pytest.mark.parametrize(("key", "segments"), [("stgcn_move", 1), ("stgcn_move3", 3)])
    def test_stgcn_move(self, golden, key, segments):
        g = Golden(golden, key)
        shift = torch.stack([g["shift_x"], g["shift_y"]], -1)
        params = T.MoveParams(g["angle_degrees"].deg2rad(), g["scale"], shift, torch.tensor(24))
        out = T.RandomMove(segments=segments)(given_input("in_x"), params=params)
        assert_equal(out, g["out"], 1e-5)

    def test_aimclr_flip(self, golden):
        g = Golden(golden, "aimclr_flip")
        assert torch.equal(T.Mirror(NTU25)(given_input("in_x")), g["out"])

    def test_stars_flip(self, golden):
        g = Golden(golden, "stars_flip")
        assert torch.equal(T.Mirror(NTU25, "x")(given_input("in_x")), g["out"])

    def test_pyskl_flip2d(self, golden):
        g = Golden(golden, "pyskl_flip2d")
        assert_equal(T.Mirror(COCO17, width=1920)(pixels()), g["out"], 1e-3)

    def test_torchskeleton_shift(self, golden):
        """The original moves what is missing, too."""
        g = Golden(golden, "torchskeleton_shift")
        x = given_input("in_x_pad")[:, :20]
        out = T.Translate()(x, params=T.TranslationParams(g["offset"]))
        there = (x != 0).any(0)
        assert_equal(out[:, there], g["out"][:, there], 1e-5)
        assert not out[:, ~there].any()
        assert g["out"][:, ~there].any()

    def test_poseformat_augment2d(self, golden):
        g = Golden(golden, "poseformat")
        params = T.Affine2dParams(*g["shear_angle_scale"])
        x = given_input("in_kp2d").permute(3, 1, 2, 0)
        assert_equal(T.Affine2d()(x, params=params), g["augment2d_out"], 1e-3)

    def test_ucla_train(self, golden):
        """Centre, turn, bring every axis to [-1, 1], choose frames."""
        g = Golden(golden, "ucla_train")
        x = given_input("in_u20").permute(2, 0, 1)[..., None].double()
        x = x - x[:, :1, 1:2]
        a, b = g["degrees"].double().deg2rad()
        params = T.CameraParams(torch.stack([a, b, torch.zeros_like(a)]), g["scale"])
        turned = T.WholeDegreeView()(x, params=params)
        low, high = turned.amin((1, 2, 3), keepdim=True), turned.amax((1, 2, 3), keepdim=True)
        out = (2 * (turned - low) / (high - low) - 1)[:, g["frames"]]
        assert_equal(out, g["out"], 1e-5)

    def test_pyskl_boxcrop(self, golden):
        g = Golden(golden, "pyskl_boxcrop")
        out = T.BoxCrop((64, 64))(pixels(), params=T.BoxCropParams(g["box_ltrb"]))
        there = (pixels() != 0).any(0)
        assert_equal(out[:, there], g["out"][:, there], 1e-3)
        assert not out[:, ~there].any()
        size = oracle.first_box(g["area_u"].tolist(), g["aspect_log_u"].exp().tolist(), 64, 64)
        left, top, right, bottom = g["box_ltrb"].tolist()
        assert size == (right - left, bottom - top)


class TestOracle:
    @given(SEEDS, st.sampled_from([None, 0, 3]))
    def test_shear(self, seed, keep):
        x, matrix = clip(seed), torch.eye(3, dtype=torch.float64) + 0.5 * numbers(seed, 3, 3)
        if keep is None:
            out = F.shear(x, matrix)
        else:
            layout = SkeletonLayout("five", list("abcde"), parents=[-1, 0, 1, 2, 3])
            out = T.Shear(layout=layout, keep=keep)(x, params=T.ShearParams(matrix))
        assert_equal(out, oracle.shear(x.numpy(), matrix.numpy(), keep))

    @given(SEEDS, st.sampled_from([2, 3]))
    def test_rotate(self, seed, C):
        x, radians = clip(seed, (C, 4, 5, 2)), 3 * numbers(seed, 1 if C == 2 else 3)
        assert_equal(F.rotate(x, radians), oracle.rotate(x.numpy(), radians.tolist()))

    @given(SEEDS)
    def test_camera_view(self, seed):
        x, (a, b, c, scale) = clip(seed), numbers(seed, 4)
        params = T.CameraParams(torch.stack([a, b, c]), scale)
        expected = oracle.camera_view(x.numpy(), (a, b, c), scale.item())
        assert_equal(T.CameraView()(x, params=params), expected)
        params = T.CameraParams(torch.stack([a, b, torch.zeros_like(a)]), scale)
        expected = oracle.whole_degree_view(x.numpy(), a, b, scale.item())
        assert_equal(T.WholeDegreeView()(x, params=params), expected)

    @given(SEEDS, st.sampled_from([2, 3]))
    def test_scale(self, seed, C):
        x, factors = clip(seed, (C, 4, 5, 2)), numbers(seed, C)
        assert_equal(F.scale(x, factors), oracle.scale(x.numpy(), factors.numpy()))
        out = T.ScaleAxes()(x, params=T.ScaleParams(factors))
        assert_equal(out, oracle.scale(x.numpy(), factors.numpy()))

    @given(SEEDS, st.floats(0.5, 3), st.sampled_from([1, 2, 3]), st.integers(1, 3))
    def test_box_scale(self, seed, factor, C, joints):
        """Boxes of 3 points and fewer, too."""
        x = clip(seed, (C, 2, joints, 2))
        assert_equal(
            F.box_scale(x, torch.tensor(factor, dtype=torch.float64)),
            oracle.box_scale(x.numpy(), factor),
        )

    @given(SEEDS, st.sampled_from([2, 3]))
    def test_translate(self, seed, C):
        x, offset = clip(seed, (C, 4, 5, 2)), numbers(seed, C)
        assert_equal(F.translate(x, offset), oracle.translate(x.numpy(), offset.numpy()))

    @given(SEEDS, st.integers(1, 6), st.integers(1, 15), st.sampled_from([2, 3]))
    def test_move(self, seed, segments, valid, C):
        """More segments than frames, too."""
        x = clip(seed, (C, 15, 3, 2))
        x[:, valid:] = 0
        radians, scale, across, along = numbers(seed, 4, segments + 1)
        shift = torch.stack([across, along], -1)
        params = T.MoveParams(radians, scale, shift, torch.tensor(valid))
        out = T.RandomMove(segments=segments)(x, params=params)
        expected = oracle.move(x.numpy(), radians.tolist(), scale.tolist(), shift.tolist(), valid)
        assert_equal(out, expected)

    @given(SEEDS, st.sampled_from([2, 3]))
    def test_affine2d(self, seed, C):
        x, (a, b, d) = clip(seed, (C, 4, 5, 2)), numbers(seed, 3)
        out = T.Affine2d()(x, params=T.Affine2dParams(a, b, d))
        assert_equal(out, oracle.affine2d(x.numpy(), a.item(), b.item(), d.item()))

    @pytest.mark.parametrize("layout", [NTU25, KINECT20, COCO17, SBU15], ids=lambda x: x.name)
    @pytest.mark.parametrize(("negate", "width"), [(None, None), ("x", None), ("y", None),
                                                   (None, 640), ("x", 640)])  # fmt: skip
    def test_mirror(self, layout, negate, width):
        x = clip(1, (layout.dimensions, 4, layout.num_joints, 2))
        axis = {"x": 0, "y": 1}.get(negate, None if width is None else 0)
        expected = oracle.mirror(x.numpy(), layout.left_right, axis, width)
        assert_equal(T.Mirror(layout, negate, width=width)(x), expected, 0)

    @given(SEEDS, st.integers(1, 3), st.sets(st.integers(0, 2)), st.sampled_from([2, 3]))
    def test_persons(self, seed, persons, missing, C):
        x = clip(seed, (C, 4, 5, persons)) + numbers(seed + 1, C, 4, 1, 1)
        for person in missing:
            x[..., person : person + 1] = 0
        assert_equal(F.swap_persons(x), oracle.swap_persons(x.numpy()), 0)
        if seed % 2:
            x[:, :, 3, 0] = 0
        expected = oracle.swap_viewpoint(x.numpy(), 3, 1)
        assert_equal(F.swap_viewpoint(x, joint=3, up=1), expected, 1e-12)
        order = numbers(seed, persons).sigmoid()
        out = T.DropPerson()(x, params=T.DropPersonParams(order))
        assert_equal(out, oracle.drop_person(x.numpy(), order.tolist()), 0)

    @given(SEEDS, st.sampled_from([None, (56, 40)]))
    def test_crop_image(self, seed, size):
        x, box = clip(seed, (2, 4, 5, 2)), torch.tensor([3, 5, 50, 64])
        out = F.crop_image(x, box, size)
        assert_equal(out, oracle.crop_image(x.numpy(), box.tolist(), size))


class TestFunctions:
    @given(ANGLES, ANGLES, ANGLES)
    def test_rotations_keep_lengths_and_hands(self, a, b, c):
        matrix = F.rotation_matrix(torch.tensor([a, b, c], dtype=torch.float64))
        assert_equal(matrix @ matrix.T, np.eye(3))
        assert float(torch.linalg.det(matrix)) == pytest.approx(1)

    def test_right_handed(self):
        """A quarter turn about each axis takes each of the others to the third."""
        for axis in range(3):
            radians = torch.zeros(3, dtype=torch.float64)
            radians[axis] = math.pi / 2
            start, end = torch.eye(3).double()[[(axis + 1) % 3, (axis + 2) % 3]]
            assert_equal(F.right_handed_rotation_matrix(radians) @ start, end)
            assert_equal(F.rotation_matrix(radians) @ end, start)

    def test_gradients(self):
        x, radians = clip(1, (3, 2, 3, 1)).requires_grad_(), numbers(1, 3).requires_grad_()
        assert torch.autograd.gradcheck(F.rotate, (x, radians))
        factors = numbers(2, 3).requires_grad_()
        assert torch.autograd.gradcheck(F.scale, (x, factors))
        assert torch.autograd.gradcheck(F.translate, (clip(3, (3, 2, 3, 1)), factors), eps=1e-7)
        times = [numbers(seed, 2).requires_grad_() for seed in (3, 4)]
        shift = numbers(5, 2, 2).requires_grad_()
        x = (clip(1, (2, 2, 3, 1)) + 3).requires_grad_()
        assert torch.autograd.gradcheck(F.move, (x, *times, shift))

    def test_wrong_angles(self):
        for function, expected in [(F.rotation_matrix, "1 or 3"),
                                   (F.right_handed_rotation_matrix, "3")]:  # fmt: skip
            with pytest.raises(
                ValueError, match=rf"`radians` must have a last axis of {expected} angles; got \(2"
            ):
                function(torch.zeros(2))
        with pytest.raises(ValueError, match=r"`radians` must have shape \(4, 3\).*\(3,\)"):
            F.rotate(torch.zeros(4, 3, 2, 5, 1), torch.zeros(3))

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
    def test_half_precision_is_rounded_once(self, dtype):
        """Pixels of 1000: what is computed between is exact."""
        x = (500 + 400 * numbers(1, 2, 4, 5, 1)).to(dtype)
        out = F.box_scale(x, torch.tensor(1.0))
        assert_equal(out.double(), oracle.box_scale(x.double().numpy(), 1.0), 4e-3)
        out = F.crop_image(x, torch.tensor([100, 100, 900, 900]), (8, 8))
        expected = oracle.crop_image(x.double().numpy(), [100, 100, 900, 900], (8, 8))
        assert_equal(out.double(), expected, 0.04)

    def test_mirror_without_a_swap(self):
        x = clip(1)
        out = F.mirror(x, range(5), axis=1)
        assert torch.equal(out, x * torch.tensor([1.0, -1.0, 1.0]).view(3, 1, 1, 1))

    def test_wrong_arguments(self):
        x = torch.ones(2, 4, 5, 2)
        with pytest.raises(ValueError, match="`order` must have one entry for each of 5 joints"):
            F.mirror(x, [0, 1])
        with pytest.raises(ValueError, match="`axis` must lie between 0 and 1; got 2"):
            F.mirror(x, range(5), axis=2)
        with pytest.raises(ValueError, match="`width` must come with an axis; got 9. Pass axis=0"):
            F.mirror(x, range(5), width=9)
        with pytest.raises(ValueError, match="`joint` must lie between 0 and 4; got 5"):
            F.swap_viewpoint(x, joint=5, up=1)
        with pytest.raises(ValueError, match="`up` must lie between 0 and 1; got 2"):
            F.swap_viewpoint(x, joint=0, up=2)
        with pytest.raises(ValueError, match="`values` must have a last axis of 2 or more nodes"):
            F.interpolate_nodes(torch.ones(1), torch.tensor(4), 4)
        with pytest.raises(ValueError, match=r"3 coordinates, but a crop of an image has 2"):
            F.crop_image(torch.ones(3, 4, 5, 2), torch.tensor([0, 0, 4, 4]))


@pytest.mark.parametrize(
    "transform",
    [T.Rotate(radians=0.3), T.BoxScale(), T.SwapViewpoint(), T.RandomMove(), T.Mirror(width=9)],
    ids=lambda transform: type(transform).__name__,
)
def test_an_empty_clip_stays_empty(transform):
    x = torch.zeros(2, 3, 20, 25, 2)
    assert torch.equal(transform(x), x)


class TestShear:
    def test_a_joint_is_kept(self, clips):
        transform = T.Shear(0.5, layout=NTU25, keep="head")
        out = transform(clips)
        changed = (out != clips).any(1).any(1).any(-1)
        assert torch.equal(changed, (torch.arange(25) != 3).expand(4, -1))
        assert "keep=3" in repr(transform)

    def test_kept_among_other_maps(self, clips):
        """In a chain, its matrices are multiplied by those of the others."""
        chain = T.Compose([T.Shear(layout=NTU25, keep=3), T.Rotate(degrees=20)])
        params = chain.sample(clips)
        expected = clips
        for member, own in zip(chain.transforms, params.params, strict=True):
            expected = member(expected, params=own)
        torch.testing.assert_close(chain(clips, params=params), expected)

    def test_wrong_joint(self, clips):
        with pytest.raises(ValueError, match="`keep` must come with a layout.*got 20. Pass layout"):
            T.Shear(keep=20)
        with pytest.raises(ValueError, match="17"):
            T.Shear(layout=COCO17, keep=17)
        with pytest.raises(ValueError, match="tail"):
            T.Shear(layout=NTU25, keep="tail")
        with pytest.raises(ValueError, match="`x` has 25 joints, but layout KINECT20 has 20"):
            T.Shear(layout=KINECT20, keep=3)(clips)


class TestRotate:
    @pytest.mark.parametrize("C", [2, 3])
    def test_draws(self, C, generator):
        radians = T.Rotate(radians=0.3).sample(of_many(C=C), generator=generator).radians
        assert radians.shape == (20000, 1 if C == 2 else 3)
        for column in radians.T:
            is_uniform(column, -0.3, 0.3)
        uncorrelated(radians)

    def test_each_axis(self, generator):
        degrees = T.Rotate(degrees=(10, 0, 90)).sample(of_many(), generator=generator)
        degrees = degrees.radians.rad2deg()
        is_uniform(degrees[:, 0], -10, 10)
        assert not degrees[:, 1].any()
        is_uniform(degrees[:, 2], -90, 90)

    def test_degrees_are_radians(self, clips):
        one = T.Rotate(degrees=30)(clips, generator=torch.Generator().manual_seed(0))
        two = T.Rotate(radians=math.pi / 6)(clips, generator=torch.Generator().manual_seed(0))
        torch.testing.assert_close(one, two)

    def test_one_of_two_units(self):
        for arguments, came in [({}, "neither"), ({"degrees": 1, "radians": 1}, "both")]:
            with pytest.raises(
                ValueError, match=rf"Rotate must have either `degrees` or `radians`; got {came}"
            ):
                T.Rotate(**arguments)

    @pytest.mark.parametrize(("degrees", "message"), [
        (-1, "`degrees` must lie between 0.0 and inf; got -1"),
        ((1, 2), r"`degrees` must be one number, or three for x, y and z; got \(1, 2\)"),
        ((1, 2, -3), "`degrees` must lie between 0.0 and inf; got -3"),
    ])  # fmt: skip
    def test_wrong_angles(self, degrees, message):
        with pytest.raises(ValueError, match=message):
            T.Rotate(degrees=degrees)

    def test_angles_of_another_type(self):
        with pytest.raises(TypeError, match="`degrees` must be a number; got '17'"):
            T.Rotate(degrees="17")

    def test_three_angles_in_a_plane(self):
        with pytest.raises(ValueError, match="the angles of Rotate must be one number for.* of 2 "):
            T.Rotate(degrees=(1, 2, 3))(torch.ones(2, 4, 5, 1))

    def test_params_of_another_batch(self, clips):
        with pytest.raises(ValueError, match=r"`radians` must have shape \(4, 3\).*Sample it"):
            T.Rotate(degrees=1)(clips, params=T.RotationParams(torch.zeros(3)))


class TestRotateMainAxis:
    def test_draws(self, generator):
        degrees = T.RotateMainAxis().sample(of_many(60000), generator=generator).radians.rad2deg()
        main = degrees.argmax(-1)
        rows = torch.arange(len(main))
        sure = degrees.sort(-1).values[:, -1] > 1.001
        assert torch.bincount(main[sure], minlength=3).min() > 0.32 * int(sure.sum())
        # An angle of at most 1 degree about the main axis may pass for one about another.
        assert float(sure.float().mean()) == pytest.approx(29 / 30, abs=0.005)
        is_uniform(degrees[rows, main][sure], 1, 30)
        is_uniform(degrees[sure][torch.arange(3) != main[sure, None]], 0, 1)

    def test_one_axis_both_ways(self, generator):
        """As SkateFormer has it."""
        transform = T.RotateMainAxis((-30, 30), (0, 0))
        degrees = transform.sample(of_many(), generator=generator).radians.rad2deg()
        assert torch.equal((degrees != 0).sum(-1), torch.ones(20000, dtype=torch.int64))
        is_uniform(degrees[degrees != 0], -30, 30)
        uncorrelated(degrees.sum(-1, keepdim=True))

    def test_in_a_plane(self, generator):
        degrees = T.RotateMainAxis().sample(of_many(C=2), generator=generator).radians.rad2deg()
        is_uniform(degrees[:, 0], 0, 30)

    @pytest.mark.parametrize("degrees", [(30, 0), (0, math.inf), (0,), (0, 1, 2), 30])
    def test_wrong_range(self, degrees):
        with pytest.raises(ValueError, match=r"`degrees` must be two numbers \(from, to\) with fr"):
            T.RotateMainAxis(degrees)
        with pytest.raises(ValueError, match="`others` must be two numbers"):
            T.RotateMainAxis(others=degrees)


class TestViews:
    @pytest.mark.parametrize("up", ["x", "y", "z", "-x", "-y", "-z"])
    def test_about_the_vertical(self, up, generator):
        layout = dataclasses.replace(NTU25, up=up)
        degrees = T.RotateView(layout).sample(of_many(), generator=generator).radians.rad2deg()
        vertical = "xyz".index(up[-1])
        is_uniform(degrees[:, vertical], -30, 30)
        for axis in {0, 1, 2} - {vertical}:
            assert float(degrees[:, axis].mean()) == pytest.approx(0, abs=0.15)
            assert float(degrees[:, axis].std()) == pytest.approx(5, rel=0.02)
        uncorrelated(degrees)

    @pytest.mark.parametrize("up", ["x", "y", "-z"])
    def test_heights_stay_without_tilt(self, up, clips):
        layout = dataclasses.replace(NTU25, up=up)
        out = T.RotateView(layout, degrees=180, tilt=0)(clips)
        vertical = "xyz".index(up[-1])
        torch.testing.assert_close(out[:, vertical], clips[:, vertical])
        assert (out != clips).any()

    def test_of_an_image(self):
        with pytest.raises(ValueError, match="layout COCO17 must have positions in space to turn"):
            T.RotateView(COCO17)
        with pytest.raises(ValueError, match="`degrees` must lie between 0.0 and 180.0; got 200"):
            T.RotateView(NTU25, degrees=200)
        with pytest.raises(ValueError, match="`tilt` must lie between 0.0 and inf; got -1"):
            T.RotateView(NTU25, tilt=-1)

    @pytest.mark.parametrize("transform", [T.RotateView(), T.CameraView(), T.WholeDegreeView()],
                             ids=["RotateView", "CameraView", "WholeDegreeView"])  # fmt: skip
    def test_points_of_a_plane(self, transform):
        owner = type(transform).__name__
        with pytest.raises(
            ValueError, match=rf"`x` must have positions in space, x, y and z, for {owner}; got 2"
        ):
            transform(torch.ones(4, 2, 6, 25, 1))

    def test_camera_draws(self, generator):
        params = T.CameraView(20, (0.5, 2)).sample(of_many(), generator=generator)
        for column in params.radians.rad2deg().T:
            is_uniform(column, -20, 20)
        is_uniform(params.scale, 0.5, 2)
        uncorrelated(torch.cat([params.radians, params.scale[:, None]], 1))

    def test_whole_degrees(self, generator):
        params = T.WholeDegreeView(3).sample(of_many(70000), generator=generator)
        degrees = params.radians.rad2deg()
        torch.testing.assert_close(degrees, degrees.round(), rtol=0, atol=1e-4)
        assert not degrees[:, 2].any()
        for column in degrees.round().long().T[:2]:
            counts = torch.bincount(column + 3, minlength=7)
            assert len(counts) == 7
            assert (counts / 10000 - 1).abs().max() < 0.04
        is_uniform(params.scale, 0.5, 1.5)
        uncorrelated(torch.cat([degrees, params.scale[:, None]], 1))

    def test_wrong_arguments(self):
        with pytest.raises(ValueError, match=r"`scale` must be two numbers \(from, to\) with 0"):
            T.CameraView(scale=(0, 1))
        with pytest.raises(ValueError, match="`degrees` must lie between 0.0 and inf; got -3"):
            T.CameraView(-3)
        with pytest.raises(TypeError, match="`degrees` must be an integer; got 3.5"):
            T.WholeDegreeView(3.5)
        with pytest.raises(ValueError, match="`degrees` must be at least 1; got 0"):
            T.WholeDegreeView(0)


class TestScales:
    @pytest.mark.parametrize("C", [2, 3])
    def test_draws(self, C, generator):
        factors = T.Scale((0.5, 2)).sample(of_many(C=C), generator=generator).factors
        assert factors.shape == (20000, C)
        assert torch.equal(factors, factors[:, :1].expand(-1, C))
        is_uniform(factors[:, 0], 0.5, 2)
        factors = T.ScaleAxes(0.2).sample(of_many(C=C), generator=generator).factors
        for column in factors.T:
            is_uniform(column, 0.8, 1.2)
        uncorrelated(factors)

    def test_box_draws(self, generator):
        is_uniform(T.BoxScale().sample(of_many(), generator=generator).factor, 1, 3)

    def test_test_time_box(self):
        """Twice the box: bodies of every size fill half of the square."""
        x = 960 + 300 * torch.rand(4, 2, 6, 17, 1)
        out = T.BoxScale((2, 2))(x)
        torch.testing.assert_close(out.abs().amax((1, 2, 3, 4)), torch.full((4,), 0.5))
        torch.testing.assert_close(T.BoxScale((2, 2))(x / 10), out, rtol=0, atol=1e-5)

    def test_joints_without_a_score_are_missing(self):
        x = torch.rand(3, 6, 17, 1) + 1
        x[2, 2] = 0
        x[:2, 2] = 1000
        out = T.BoxScale((1, 1), layout=COCO17)(x)
        assert not out[:2, 2].any()
        assert torch.equal(out[2], x[2])
        torch.testing.assert_close(out[:2].abs().max(), torch.tensor(1.0))

    @pytest.mark.parametrize("count", [0, 1, 3])
    def test_too_few_joints(self, count):
        x = torch.zeros(2, 1, 17, 1)
        x[:, 0, :count] = torch.rand(2, count, 1) + 1
        assert not T.BoxScale()(x).any()

    def test_wrong_arguments(self):
        for factor in [(0, 1), (2, 1), (1,), (-1, 1)]:
            with pytest.raises(ValueError, match="`factor` must be two numbers"):
                T.Scale(factor)
            with pytest.raises(ValueError, match="`factor` must be two numbers"):
                T.BoxScale(factor)
        with pytest.raises(ValueError, match="`amplitude` must lie between 0.0 and 1.0; got 1.5"):
            T.ScaleAxes(1.5)


class TestTranslate:
    def test_draws(self, generator):
        offset = T.Translate((0.1, 0, 2)).sample(of_many(), generator=generator).offset
        is_uniform(offset[:, 0], -0.1, 0.1)
        assert not offset[:, 1].any()
        is_uniform(offset[:, 2], -2, 2)
        uncorrelated(offset)

    def test_wrong_arguments(self):
        with pytest.raises(ValueError, match="`amplitude` must lie between 0.0 and inf; got -1"):
            T.Translate(-1)
        with pytest.raises(ValueError, match="`amplitude` must be one number, or three for x, y a"):
            T.Translate((1, 2))
        with pytest.raises(ValueError, match="`amplitude` of Translate must be one number for pos"):
            T.Translate((1, 2, 3))(torch.ones(2, 4, 5, 1))


class TestMoves:
    def test_choices(self, generator):
        params = T.RandomMove(segments=2).sample(of_many(30000), generator=generator)
        assert params.radians.shape == params.scale.shape == (30000, 3)
        assert params.shift.shape == (30000, 3, 2)
        for draws, values in [
            (params.radians.rad2deg(), [-10, -5, 0, 5, 10]),
            (params.scale, [0.9, 1.0, 1.1]),
            (params.shift, [-0.2, -0.1, 0.0, 0.1, 0.2]),
        ]:
            for column in draws.flatten(1).T:
                share = torch.tensor([((column - v).abs() < 1e-4).float().mean() for v in values])
                assert (share * len(values) - 1).abs().max() < 0.05
                assert float(share.sum()) == pytest.approx(1)
        uncorrelated(torch.cat([params.radians, params.scale, params.shift.flatten(1)], 1))

    def test_ranges(self, generator):
        transform = T.RandomDrift((-5, 20), (0.5, 1), shift=(0, 3), segments=2)
        params = transform.sample(of_many(), generator=generator)
        is_uniform(params.radians.rad2deg(), -5, 20)
        is_uniform(params.scale, 0.5, 1)
        is_uniform(params.shift, 0, 3)
        uncorrelated(torch.cat([params.radians, params.scale, params.shift.flatten(1)], 1))

    def test_valid_frames_alone_are_divided(self):
        params = T.RandomMove().sample(of_many(3, frames=9), num_frames=torch.tensor([9, 5, 1]))
        assert params.num_frames.tolist() == [9, 5, 1]
        values = F.interpolate_nodes(torch.tensor([[0.0, 4.0]] * 3), params.num_frames, 9)
        assert values[1].tolist() == [0, 1, 2, 3, 4, 4, 4, 4, 4]

    def test_both_ends_of_a_segment(self):
        """The last frame of a segment has the value of the next node."""
        values = F.interpolate_nodes(torch.tensor([0.0, 1.0, 0.0]), torch.tensor(6), 6)
        assert values.tolist() == [0, 0.5, 1, 1, 0.5, 0]

    def test_wrong_arguments(self):
        with pytest.raises(ValueError, match="`segments` must be at least 1; got 0"):
            T.RandomMove(segments=0)
        with pytest.raises(ValueError, match="`degrees` must hold at least one number"):
            T.RandomMove([])
        with pytest.raises(TypeError, match="`scales` must be a number; got 'a'. Give a list of"):
            T.RandomMove(scales="a")
        with pytest.raises(ValueError, match=r"`shift` must be two numbers \(from, to\)"):
            T.RandomDrift(shift=(1, 0))
        params = T.RandomMove().sample(torch.ones(3, 4, 5, 1))
        with pytest.raises(ValueError, match=r"`params` must have shape \(4, 3\).*Sample it again"):
            T.RandomMove(segments=2)(torch.ones(3, 4, 5, 1), params=params)


class TestAffine2d:
    def test_draws(self, generator):
        params = T.Affine2d(0.1, 0.2, stretch=0.3).sample(of_many(40000), generator=generator)
        draws = torch.stack([params.shear, params.radians, params.stretch], 1)
        for column, std in zip(draws.T, (0.1, 0.2, 0.3), strict=True):
            assert float(column.mean()) == pytest.approx(0, abs=0.02 * std)
            assert float(column.std()) == pytest.approx(std, rel=0.02)
        uncorrelated(draws)

    def test_height_is_kept_on_average(self, generator):
        """A copy of it multiplies y by N(0, 0.2), and crushes the body."""
        out = T.Affine2d(0, 0)(of_many(C=2), generator=generator)
        assert float(out[:, 1].mean()) == pytest.approx(1, abs=0.01)

    @pytest.mark.parametrize("name", ["shear", "radians", "stretch"])
    def test_wrong_deviation(self, name):
        with pytest.raises(ValueError, match=f"`{name}` must lie between 0.0 and inf; got -1"):
            T.Affine2d(**{name: -1})


class TestMirror:
    def test_twice_is_the_identity(self, clips):
        for transform in [T.Mirror(), T.Mirror(negate="z")]:
            assert torch.equal(transform(transform(clips)), clips)
        assert (T.Mirror(width=6)(T.Mirror(width=6)(clips)) - clips).abs().max() < 1e-5

    def test_turns_the_hand_of_the_body(self):
        """Of the three, only the negated is a mirror image: bones keep their lengths in all."""
        x = clip(1, (3, 4, 25, 2))
        out = T.Mirror(negate="x")(x)
        triple = x[:, 0, [0, 4, 13], 0], out[:, 0, [0, 8, 17], 0]
        assert float(torch.linalg.det(triple[0]) + torch.linalg.det(triple[1])) == pytest.approx(0)

    def test_scores_go_with_their_joints(self):
        x = torch.rand(3, 4, 17, 1) + 1
        out = T.Mirror(COCO17, width=100)(x)
        assert torch.equal(out[2], x[2][:, list(COCO17.swap)])
        assert torch.equal(out[1], x[1][:, list(COCO17.swap)])
        assert torch.equal(out[0], 100 - x[0][:, list(COCO17.swap)])

    def test_one_side(self):
        with pytest.raises(ValueError, match="layout arm must name its left and right joints to"):
            T.Mirror(ARM)

    @pytest.mark.parametrize(("arguments", "message"), [
        ({"negate": "w"}, "`negate` must be one of None, 'x', 'y', 'z'; got 'w'"),
        ({"layout": COCO17, "negate": "z"}, "`negate` must be one of None, 'x', 'y'; got 'z'"),
        ({"width": 0}, "`width` must be above 0; got 0"),
        ({"width": 9, "negate": "y"}, "`negate` must be 'x' where `width` is given; got 'y'"),
    ])  # fmt: skip
    def test_wrong_arguments(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            T.Mirror(**arguments)

    def test_wrong_clips(self):
        with pytest.raises(ValueError, match="`x` has 17 joints, but layout NTU25 has 25"):
            T.Mirror()(torch.ones(3, 4, 17, 1))
        with pytest.raises(ValueError, match="`x` must have the coordinate z that Mirror negates"):
            T.Mirror(negate="z")(torch.ones(2, 4, 25, 1))


class TestPersons:
    def test_who_is_left_alone(self):
        """Clip 0 has two persons, clip 1 the first alone, clip 2 the second alone."""
        x = torch.rand(3, 3, 4, 25, 2) + 1
        x[1, ..., 1], x[2, ..., 0] = 0, 0
        for transform in [T.SwapPersons(), T.SwapViewpoint(), T.DropPerson()]:
            out = transform(x)
            assert torch.equal(out[1:], x[1:])
            assert not torch.equal(out[0], x[0])

    def test_crowds(self):
        x = torch.rand(3, 4, 25, 3) + 1
        assert torch.equal(T.SwapPersons()(x), x[..., [1, 0, 2]])
        assert torch.equal(T.SwapPersons()(x[..., :1]), x[..., :1])

    @pytest.mark.parametrize(("up", "signs"), [("x", (1, -1, -1)), ("-y", (-1, 1, -1)),
                                               ("z", (-1, -1, 1))])  # fmt: skip
    def test_half_a_turn(self, up, signs):
        layout = dataclasses.replace(NTU25, up=up)
        x = torch.randn(3, 4, 25, 2)
        out = T.SwapViewpoint(layout, "head")(x)
        apart = x[..., 0] - x[:, :, 3:4, 1]
        torch.testing.assert_close(out[..., 1], apart * torch.tensor(signs).view(3, 1, 1))
        assert not out[:, :, 3, 0].any()

    def test_twice_is_the_identity_about_the_centre(self):
        x = T.CentreOnJoint(NTU25)(torch.randn(4, 3, 6, 25, 2))
        out = T.SwapViewpoint(NTU25)(T.SwapViewpoint(NTU25)(x))
        torch.testing.assert_close(out, x, rtol=0, atol=1e-5)

    def test_the_old_centre_moves_with_its_body(self):
        """Zeros mark missing joints, but the centre of centred clips is not missing."""
        x = torch.randn(3, 6, 25, 2)
        centred = T.CentreOnJoint(NTU25)(x)
        torch.testing.assert_close(
            T.SwapViewpoint(NTU25)(centred), T.SwapViewpoint(NTU25)(x), rtol=0, atol=1e-5
        )

    def test_scores_go_with_their_person(self):
        x = torch.rand(3, 6, 17, 2) + 1
        out = T.SwapViewpoint(COCO17)(x)
        assert torch.equal(out[2], x[2].flip(-1))

    def test_drops_each_as_often(self, generator):
        x = of_many(persons=3).clone()
        x[:10000, ..., 1] = 0
        there = T.DropPerson()(x, generator=generator).flatten(1, -2).any(1)
        assert torch.equal(there.sum(-1), torch.tensor([1, 2]).repeat_interleave(10000))
        dropped = x[:, 0, 0, 0] - there.float()
        torch.testing.assert_close(
            dropped[:10000].mean(0), torch.tensor([0.5, 0, 0.5]), rtol=0, atol=0.02
        )
        torch.testing.assert_close(
            dropped[10000:].mean(0), torch.full((3,), 1 / 3), rtol=0, atol=0.02
        )
        uncorrelated(dropped[10000:, :2], 0.6)

    def test_wrong_joint(self):
        with pytest.raises(ValueError, match="tail"):
            T.SwapViewpoint(NTU25, "tail")
        with pytest.raises(ValueError, match="`x` has 25 joints, but layout KINECT20 has 20"):
            T.SwapViewpoint(KINECT20)(torch.ones(3, 4, 25, 2))


class TestBoxCrop:
    def test_draws(self, generator):
        box = T.BoxCrop((64, 48)).sample(of_many(C=2), generator=generator).box
        assert box.dtype == torch.int64
        (width, height), corner = (box[:, 2:] - box[:, :2]).T, box[:, :2]
        assert (corner >= 0).all()
        assert (box[:, 2:] <= torch.tensor([64, 48])).all()
        area, ratio = width * height / (64 * 48), width / height
        assert area.min() > 0.54  # rounded sides
        assert (ratio.log().abs() < math.log(4 / 3) + 0.03).all()
        place = corner / (torch.tensor([64, 48]) - box[:, 2:] + corner).clamp(min=1)
        roomy = (torch.tensor([64, 48]) - box[:, 2:] + corner >= 8).all(-1)
        assert float(place[roomy].mean()) == pytest.approx(0.5, abs=0.02)
        uncorrelated(place[roomy], 0.1)

    def test_sides_are_those_of_the_first_that_fits(self):
        """The draws again, in loops."""
        x = of_many(200, C=2)
        box = T.BoxCrop((64, 40)).sample(x, generator=torch.Generator().manual_seed(3)).box
        draws = torch.rand(200, 22, generator=torch.Generator().manual_seed(3)).double()
        for row, (left, top, right, bottom) in zip(draws.tolist(), box.tolist(), strict=True):
            areas = [0.56 + 0.44 * u for u in row[:10]]
            bend = math.log(4 / 3)
            ratios = [math.exp(-bend + 2 * bend * u) for u in row[10:20]]
            size = oracle.first_box(areas, ratios, 64, 40)
            if size is None:
                assert (left, top, right, bottom) == (12, 0, 52, 40)
            else:
                assert (right - left, bottom - top) == size
                assert left == min(int(row[20] * (65 - size[0])), 64 - size[0])
                assert top == min(int(row[21] * (41 - size[1])), 40 - size[1])

    def test_none_fits(self):
        """In a narrow image: the largest square, in the middle."""
        box = T.BoxCrop((100, 10)).sample(of_many(50, C=2)).box
        assert torch.equal(box, torch.tensor([45, 0, 55, 10]).expand(50, -1))

    def test_resized(self):
        x = 64 * torch.rand(5, 2, 4, 17, 1)
        transform = T.BoxCrop((64, 64), size=(56, 28))
        params = transform.sample(x)
        left, top, right, bottom = params.box.float().T[..., None, None, None]
        out = transform(x, params=params)
        torch.testing.assert_close(out[:, 0], (x[:, 0] - left) * 56 / (right - left))
        torch.testing.assert_close(out[:, 1], (x[:, 1] - top) * 28 / (bottom - top))

    @pytest.mark.parametrize(("arguments", "message"), [
        ({"image": (64,)}, r"`image` must be two integers \(width, height\); got \(64,\)"),
        ({"image": (64, 0)}, "`image` must be at least 1; got 0"),
        ({"image": (64, 64), "area": (0.5, 2)}, r"`area` must be two numbers .* <= 1.0; got"),
        ({"image": (64, 64), "aspect": (0, 1)}, "`aspect` must be two numbers"),
        ({"image": (64, 64), "size": 56}, r"`size` must be two integers \(width, height\); got 56"),
    ])  # fmt: skip
    def test_wrong_arguments(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            T.BoxCrop(**arguments)

    def test_points_in_space(self):
        with pytest.raises(ValueError, match="have positions in an image, x and y.*dimensions=2"):
            T.BoxCrop((64, 64))(torch.ones(3, 4, 17, 1))
