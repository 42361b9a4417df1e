"""Normalisations of published preparations: values, golden numbers, frames that are left."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given as draw
from hypothesis import strategies as st
from reference import normalise as oracle
from reference.golden_transforms import Golden, given

from skelter import transforms as T
from skelter.layouts import COCO17, KINECT20, NTU25, SBU15, SkeletonLayout
from skelter.transforms import functional as F
from skelter.transforms import presets

STUMP = SkeletonLayout("stump", ["low", "middle", "left", "right"], parents=[-1, 0, 1, 1],
                       centre=1, spine=(0, 1), shoulders=(2, 3))  # fmt: skip


def gaps(seed, shape=(3, 16, 4, 2)):
    """Clips of persons who come and go, with joints that are missing at times."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(shape, generator=generator, dtype=torch.float64) * 0.4 + 1.0
    x = x * (torch.rand(1, *shape[1:], generator=generator) > 0.1)
    x = x * (torch.rand(1, shape[1], 1, shape[3], generator=generator) > 0.2)
    x[:, -3:] = 0
    return x


def same(out, expected, atol=1e-9):
    expected = torch.as_tensor(expected.copy() if isinstance(expected, np.ndarray) else expected)
    torch.testing.assert_close(out, expected.to(out.dtype), rtol=0, atol=atol)


SEEDS = st.integers(0, 10_000)


class TestAgainstOracle:
    @draw(SEEDS)
    def test_empty_frames(self, seed):
        x = gaps(seed)
        expected, count = oracle.pack(x.numpy())
        out = T.DropEmptyFrames()(x)
        same(out, expected)
        assert F.count_frames(out) == max(count, 1)
        same(T.DropEmptyFrames(1)(x), oracle.pack(x.numpy(), 1)[0])

    @draw(SEEDS)
    def test_origins(self, seed):
        x = gaps(seed)
        same(T.CentreEachPerson(STUMP)(x), oracle.centre_persons(x.numpy(), 1))
        same(T.CentreOnStart(STUMP)(x), oracle.centre_start(x.numpy(), 1))
        same(T.CentreWithTrajectory(STUMP)(x), oracle.centre_with_trajectory(x.numpy(), 1))

    @draw(SEEDS, st.integers(1, 40))
    def test_resizing(self, seed, frames):
        x = gaps(seed)
        count = int(F.count_frames(x))
        same(T.ResizeFrames(frames)(x), oracle.resize(x.numpy(), count, frames), 1e-5)
        steps = oracle.differences(x.numpy())
        same(T.ResizeMotion(frames)(x), oracle.resize(steps, count, frames), 1e-5)

    @draw(SEEDS)
    def test_shoulders(self, seed):
        x = gaps(seed)
        same(T.TurnShoulders(STUMP)(x), oracle.turn(x.numpy(), 2, 3))

    @draw(SEEDS, st.sampled_from([0.0, 5.0]))
    def test_boxes(self, seed, min_range):
        x = gaps(seed)
        same(T.MinMax(min_range)(x), oracle.min_max(x.numpy(), min_range))
        pixels = 100 + 300 * gaps(seed, (2, 16, 4, 2)).abs()
        pixels = pixels * (gaps(seed, (2, 16, 4, 2)) != 0)
        if pixels.any():
            out, corner, size = oracle.compact(pixels.numpy())
            same(F.compact_pose(pixels), out)
            for ours, theirs in zip(F.compact_box(pixels), (corner, size), strict=True):
                same(ours, theirs)

    @draw(SEEDS)
    def test_mean(self, seed):
        x = gaps(seed)
        same(T.MeanRelative()(x), oracle.mean_relative(x.numpy()))

    @draw(SEEDS, st.integers(2, 4))
    def test_actors(self, seed, persons):
        x = gaps(seed, (3, 40, 4, persons))
        x[1] = x[1] * 2  # high enough
        rng = np.random.default_rng(seed)
        for person in range(persons):
            start, end = sorted(rng.integers(0, 40, 2))
            x[:, :start, :, person] = 0
            x[:, end:, :, person] = 0
        x[:, 5, 0, 0] = 1.0  # somebody
        expected = oracle.centre_start(oracle.actors(x.numpy()), 1)
        same(presets.ctrgcn_normalise(STUMP)(x), expected)

    @draw(SEEDS)
    def test_pyskl(self, seed):
        x = gaps(seed)
        x[:, 0] = 1 + torch.rand(3, 4, 2, dtype=torch.float64)
        bare = oracle.pyskl_3d(x.numpy(), centre_joint=1)
        same(presets.pyskl_normalise_3d(STUMP, spine=False)(x), bare)
        whole = oracle.pyskl_3d(x.numpy(), centre_joint=1, spine=(0, 1), shoulders=(2, 3))
        same(presets.pyskl_normalise_3d(STUMP)(x), whole)


class TestGolden:
    def test_crosclr(self, golden):
        """All but the sign of the angle is as released; so is the sign in many frames."""
        x = given("in_x_long")
        expected = Golden(golden, "crosclr_norm")["out"]
        whole = presets.crosclr_normalise(frames=16)
        steps = T.Compose(list(whole.transforms)[:-1])(x)
        same(steps.new_tensor(oracle.turn(steps.double().numpy(), 4, 8, as_released=True)),
             expected, 1e-5)  # fmt: skip
        along = steps[2, :, 8] - steps[2, :, 4]
        agree = (along >= 0) == (along.sum(0) >= 0)
        ours = whole(x)
        # The original adds 1e-4 to the length that it divides by.
        error = (ours - expected).abs().amax((0, 2))
        assert error[agree].max() < 0.05
        assert error[agree].median() < 5e-3
        assert agree.float().mean() > 0.4

    def test_crosclr_motion(self, golden):
        expected = Golden(golden, "crosclr_norm_motion")["out"]
        same(presets.crosclr_motion(frames=16)(given("in_x_long")), expected, 1e-5)

    def test_crosclr_with_gaps(self, golden):
        """As released, the frames that are counted are not those that are there."""
        case = Golden(golden, "crosclr_norm_null")
        x = given("in_x_null")
        assert int(case["length"]) == 15
        steps = T.Compose([T.CentreEachPerson(NTU25, 20), T.ResizeFrames(16)])(x[:, :15])
        out = oracle.turn(steps.double().numpy(), 4, 8, as_released=True)
        same(steps.new_tensor(out), case["out"], 1e-5)
        packed = T.DropEmptyFrames()(x)
        assert F.count_frames(packed) == 16
        assert torch.equal(packed[:, 15], x[:, 17])

    def test_gltransformer(self, golden):
        """Padding and missing joints differ: they stay zero."""
        x = given("in_x_pad")
        expected = Golden(golden, "gltransformer_norm")["out"]
        steps = T.CentreWithTrajectory(NTU25, 20)(x)
        assert not steps[:, 3, 7].any()
        assert expected[:, 3, 7, 0].any()
        released = oracle.turn(steps.double().numpy(), 4, 8, as_released=True)
        released[:, 3, 7] = expected[:, 3, 7]
        same(steps.new_tensor(released)[:, :18], expected[:, :18], 1e-5)
        assert (expected[:, 18:] == 99.9).all()
        assert not presets.gltransformer_normalise()(x)[:, 18:].any()

    def test_ctrgcn(self, golden):
        out = T.CentreOnStart(NTU25)(given("in_x_null"))
        same(out, Golden(golden, "ctrgcn_norm")["out"], 1e-5)

    def test_ucla(self, golden):
        x = given("in_u20").movedim(-1, 0)[..., None]
        frames = torch.linspace(0, 39, 52, dtype=torch.float64).long()
        out = presets.ucla_normalise()(x)[:, frames]
        same(out, Golden(golden, "ucla_val")["out"], 1e-5)

    def test_ucla_with_a_view(self, golden):
        case = Golden(golden, "ucla_train")
        x = given("in_u20").movedim(-1, 0)[..., None]
        matrix = case["scale"] * view(*case["degrees"].deg2rad().tolist())
        turned = F.map_joints(x, matrix.float()[None])
        same(presets.ucla_normalise()(turned)[:, case["frames"]], case["out"], 1e-5)

    @pytest.mark.parametrize(("key", "spine"), [("", True), ("_nospine", False)])
    def test_pyskl_3d(self, golden, key, spine):
        out = presets.pyskl_normalise_3d(spine=spine)(given("in_x_null"))
        expected = Golden(golden, f"pyskl_norm3d{key}")["out"]
        same(out[:, :15], expected, 1e-5)
        assert F.count_frames(out) == 15

    @pytest.mark.parametrize(
        ("key", "size"), [("fix", {"width": 1920, "height": 1080}), ("auto", {})]
    )
    def test_pyskl_2d(self, golden, key, size):
        x = torch.cat([given("in_kp2d"), given("in_score2d")[..., None]], -1)
        out = presets.pyskl_normalise_2d(COCO17, **size)(x.permute(3, 1, 2, 0))
        same(out, Golden(golden, f"pyskl_norm2d_{key}")["out"], 1e-5)

    def test_compact_pose(self, golden):
        case = Golden(golden, "pyskl_compact")
        x = given("in_kp2d").permute(3, 1, 2, 0).clone()
        x[:, 5, :, 1] = 0
        same(T.CompactPose()(x), case["out"], 1e-3)
        same(F.compact_box(x)[1].flip(0), case["shape_hw"])


def view(x, y):
    """The matrix of columns for rows that are turned about y, then about x."""
    cx, sx, cy, sy = np.cos(x), np.sin(x), np.cos(y), np.sin(y)
    about_x = np.array([[1, 0, 0], [0, cx, sx], [0, -sx, cx]])
    about_y = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    return torch.from_numpy((about_y @ about_x).T.copy())


class TestSteps:
    def test_counts_lead_with_the_batch(self):
        x = torch.zeros(2, 2, 3, 8, 4, 2)
        x[0, 1, 0, 4, 2, 1] = 1.0
        assert F.count_frames(x).tolist() == [[1, 5], [1, 1]]

    def test_people_face_one_way_while_they_turn(self):
        x = torch.randn(3, 1, 25, 1) * 0.3
        time = torch.linspace(0, 6, 40)
        c, s = time.cos()[:, None, None], time.sin()[:, None, None]
        turning = torch.stack([c * x[0] - s * x[2], x[1].expand(40, 25, 1), s * x[0] + c * x[2]])
        out = T.TurnShoulders(NTU25)(turning)
        torch.testing.assert_close(out, out[:, :1].expand_as(out), rtol=0, atol=1e-5)
        across = out[:, :, 8] - out[:, :, 4]
        assert (across[0] > 0).all()
        assert across[2].abs().max() < 1e-6

    def test_the_vertical_is_the_layouts(self):
        x = torch.randn(3, 8, 25, 1)
        out = T.TurnShoulders(replace(NTU25, up="z"))(x)
        assert torch.equal(out[2], x[2])
        assert (out[1, :, 8] - out[1, :, 4]).abs().max() < 1e-6

    def test_upright_shoulders_stay(self):
        x = torch.zeros(3, 1, 25, 1)
        x[1, 0, 4], x[1, 0, 8] = 1.0, 2.0
        assert torch.equal(T.TurnShoulders(NTU25)(x), x)

    def test_unsure_joints_are_missing(self):
        x = torch.ones(3, 4, 17, 1)
        x[2, 1, 3] = 0.01
        out = T.DropUnsure()(x)
        assert not out[:, 1, 3].any()
        assert (out != 0).sum() == x.numel() - 3

    def test_a_second_actor(self):
        x = torch.randn(3, 40, 25, 2) * torch.tensor([1.0, 3.0, 1.0]).view(3, 1, 1, 1)
        x[..., 1] = 0
        alone = presets.ctrgcn_normalise()(x)
        twice = presets.ctrgcn_normalise(single="duplicate")(x)
        assert not alone[..., 1].any()
        assert torch.equal(twice[..., 0], alone[..., 0])
        assert torch.equal(twice[..., 1], alone[..., 0])

    def test_the_last_person_is_never_dropped(self):
        x = torch.zeros(3, 40, 25, 2)
        x[:, 3:8, :, 0] = torch.randn(3, 5, 25) * torch.tensor([9.0, 1.0, 1.0]).view(3, 1, 1)
        out = presets.ctrgcn_normalise()(x)
        assert F.count_frames(out) == 5
        x[:, :30, :, 1] = torch.randn(3, 30, 25) * torch.tensor([1.0, 3.0, 1.0]).view(3, 1, 1)
        assert F.count_frames(presets.ctrgcn_normalise()(x)) == 30

    def test_nobody(self):
        x = torch.zeros(3, 8, 25, 2)
        for name in ("crosclr", "gltransformer", "ctrgcn", "ucla", "pyskl_3d"):
            family, _, kind = name.partition("_")
            build = presets.NORMALISATIONS[f"{family}_normalise{'_' * bool(kind)}{kind}"]
            assert not build(NTU25)(x).any()


class TestWrongArguments:
    @pytest.mark.parametrize(
        ("build", "message"),
        [
            (lambda: T.TurnShoulders(COCO17), "COCO17 must name its shoulders to be turned; got N"),
            (lambda: presets.crosclr_normalise(COCO17), "COCO17 must name its shoulders"),
            (lambda: presets.gltransformer_normalise(COCO17), "COCO17 must name its shoulders"),
            (lambda: presets.pyskl_normalise_3d(COCO17), "COCO17 must name its spine"),
            (lambda: T.TurnShoulders(NTU25, "y"), "`axis` must be horizontal; got y. The vertical"),
            (lambda: T.TurnShoulders(NTU25, "w"), "`axis` must be one of 'x', 'y', 'z'; got 'w'"),
            (lambda: T.CentreOnStart(NTU25, "tail"), "tail"),
            (lambda: T.DropEmptyFrames(-1), "must be at least 1; got 0. Persons count from 0"),
            (lambda: T.MinMax(-1.0), "`min_range` must lie between 0"),
            (lambda: T.CompactPose(-0.5), "`margin` must lie between 0"),
            (lambda: T.UnitImage(0), "`width` must be above 0; got 0"),
            (lambda: T.ResizeFrames(0), "`frames` must be at least 1; got 0"),
            (lambda: T.DropShortPersons(0), "`min_frames` must be at least 1; got 0"),
            (lambda: T.DropWidePersons(share=1.5), "`share` must lie between 0.0 and 1.0; got 1.5"),
            (lambda: presets.ctrgcn_normalise(single="twice"), "`single` must be one of 'zeros'"),
            (lambda: presets.pyskl_normalise_2d(width=640), "must be given together; got width=6"),
            (lambda: presets.find_normalisation("halved", NTU25), "must be one .* knows.*'halved'"),
            (
                lambda: presets.find_normalisation("crosclr_normalise, length=3", NTU25),
                "a setting of crosclr_normalise must be frames=VALUE or joint=VALUE; got 'length=3",
            ),
            (
                lambda: presets.find_normalisation("ucla_normalise, axis=1", NTU25),
                "a setting of ucla_normalise must be left out; got 'axis=1'",
            ),
            (
                lambda: presets.find_normalisation("pyskl_normalise_3d, spine=no", NTU25),
                "`spine` of pyskl_normalise_3d must be of the type bool; got 'no'",
            ),
            (
                lambda: presets.find_normalisation("crosclr_normalise, frames=few", NTU25),
                "`frames` of crosclr_normalise must be of the type int; got 'few'",
            ),
        ],
    )
    def test_of_constructors(self, build, message):
        with pytest.raises(ValueError, match=message):
            build()

    @pytest.mark.parametrize(
        ("transform", "shape", "message"),
        [
            (T.TurnShoulders(NTU25), (2, 8, 25, 1), "2 coordinates, but a rotation about the vert"),
            (T.CompactPose(layout=KINECT20), (3, 8, 20, 1), "3 coordinates, but an image has 2"),
            (T.UnitImage(layout=KINECT20), (3, 8, 20, 1), "3 coordinates, but an image has 2"),
            (T.CentreEachPerson(SBU15), (3, 8, 20, 1), "20 joints, but layout SBU15 has 15"),
            (T.DropEmptyFrames(1), (3, 8, 20, 1), "`person` must lie between 0 and 0; got 1"),
        ],
    )
    def test_of_calls(self, transform, shape, message):
        with pytest.raises(ValueError, match=message):
            transform(torch.randn(shape))


class TestNames:
    @pytest.mark.parametrize("name", presets.NORMALISATIONS)
    def test_every_name_is_a_transform(self, name):
        layout = COCO17 if name in ("pyskl_normalise_2d", "compact_pose") else NTU25
        assert isinstance(presets.find_normalisation(name, layout), T.Transform)

    def test_settings(self):
        find = presets.find_normalisation
        assert find("crosclr_normalise, frames=64, joint=neck", NTU25).output_frames == 64
        assert len(find("ctrgcn_normalise, single=duplicate", NTU25).transforms) == 7
        assert len(find("pyskl_normalise_3d, spine=False", NTU25).transforms) == 3
        image = find("pyskl_normalise_2d, width=640, height=480", COCO17)
        assert image.transforms[1].width == 640

    def test_several(self):
        x = torch.randn(3, 20, 25, 1)
        both = presets.find_normalisation("ucla_normalise, then mean_relative", NTU25)(x)
        assert torch.equal(both, F.mean_relative(presets.ucla_normalise(NTU25)(x)))
