"""Poses in images: two coordinates, or two and a score that is not a position."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from reference import normalise

from skelter import transforms as T
from skelter.layouts import (
    COCO17,
    H36M17,
    MEDIAPIPE33,
    NTU25,
    OPENPOSE18,
    SMPL24,
    SkeletonLayout,
)
from skelter.transforms import functional as F
from skelter.transforms import presets


def seeded():
    return torch.Generator().manual_seed(4)


def poses(layout=COCO17, channels=3, dtype=torch.float32):
    """Pixels and scores of shape (4, channels, 12, V, 2), the second person of clip 0 missing."""
    generator = torch.Generator().manual_seed(9)
    shape = (4, channels, 12, layout.num_joints, 2)
    x = 300 + 80 * torch.randn(shape, generator=generator, dtype=dtype)
    if channels > 2:
        x[:, 2:] = torch.rand(x[:, 2:].shape, generator=generator, dtype=dtype) * 0.9 + 0.1
    x[0, ..., 1] = 0
    x[1, :, 3:5, 4] = 0
    return x


BOTH = pytest.mark.parametrize("layout", [COCO17, OPENPOSE18], ids=lambda x: x.name)
WITH_LAYOUT = pytest.mark.parametrize(
    "build",
    [T.Shear, T.JointJitter, T.UnitScale, T.CentreOnJoint, presets.isc_view,
     presets.isc_small_view],
    ids=["Shear", "JointJitter", "UnitScale", "CentreOnJoint", "isc_view", "isc_small_view"],
)  # fmt: skip
IN_SPACE = dataclasses.replace(COCO17, name="COCO17 in space", dimensions=3)


@WITH_LAYOUT
class TestLayout:
    def test_positions_are_as_without_the_others(self, build):
        """The same draws, whether scores come along or not."""
        x = poses()
        out = build(layout=COCO17)(x, generator=seeded())
        alone = build(layout=COCO17)(x[:, :2], generator=seeded())
        torch.testing.assert_close(out[:, :2], alone, rtol=0, atol=1e-4)

    def test_a_layout_in_space_has_three(self, build):
        x = poses()
        out = build(layout=IN_SPACE)(x, generator=seeded())
        flat = build(layout=COCO17)(x, generator=seeded())
        assert not torch.equal(out[:, 2], flat[:, 2])

    def test_a_single_clip(self, build):
        x = poses()[3]
        out = build(layout=COCO17)(x, generator=seeded())
        batch = build(layout=COCO17)(x[None], generator=seeded())
        torch.testing.assert_close(out, batch[0], rtol=1e-5, atol=1e-3)

    def test_one_coordinate(self, build):
        with pytest.raises(ValueError, match="must have 2 or 3 coordinates.*got C=1"):
            build(layout=COCO17)(poses(channels=1))

    def test_says_so(self, build):
        assert "layout=COCO17" in repr(build(layout=COCO17))


@pytest.mark.parametrize(
    "transform", [T.Shear(), T.JointJitter(), T.UnitScale(), presets.isc_view()], ids=repr
)
class TestNoLayout:
    @pytest.mark.parametrize("channels", [1, 4, 6])
    def test_two_or_three_coordinates(self, transform, channels):
        with pytest.raises(
            ValueError, match=rf"2 or 3 coordinates where no layout.*got C={channels}.*dimensions"
        ):
            transform(poses(channels=channels))

    def test_no_other_axis_is_read_as_coordinates(self, transform):
        """Clips of one person without its axis would be one clip of eight coordinates."""
        with pytest.raises(ValueError, match=r"\(8, 3, 100, 25\).*looks like .* x\[..., None\]"):
            transform(torch.randn(8, 3, 100, 25))

    @pytest.mark.parametrize("shape", [(8, 2, 60, 25, 3), (2, 60, 25, 3)])
    def test_coordinates_last(self, transform, shape):
        with pytest.raises(
            ValueError, match=r"2 coordinates of 3 persons.*rearrange.*dimensions=2"
        ):
            transform(torch.randn(shape))


def test_dimensions_are_two_or_three():
    with pytest.raises(ValueError, match="`dimensions` of layout a must be 2.*got 4"):
        SkeletonLayout("a", ["b"], parents=[-1], dimensions=4)


def test_three_persons_of_an_image():
    assert T.Shear(layout=COCO17)(torch.randn(4, 2, 12, 17, 3)).shape == (4, 2, 12, 17, 3)
    with pytest.raises(ValueError, match="2 coordinates of 3 persons"):
        T.Shear(layout=NTU25)(torch.randn(4, 2, 12, 25, 3))


class TestScores:
    @BOTH
    def test_shear_leaves_them(self, layout):
        x = poses(layout)
        params = T.Shear(layout=layout).sample(x, generator=seeded())
        assert torch.equal(params.matrix[:, 2], torch.tensor([0.0, 0, 1]).expand(4, 3))
        assert torch.equal(params.matrix[:, :, 2], torch.tensor([0.0, 0, 1]).expand(4, 3))
        out = T.Shear(layout=layout)(x, params=params)
        torch.testing.assert_close(out[:, 2], x[:, 2], rtol=0, atol=0)
        assert (out[:, :2] != x[:, :2]).any()

    @BOTH
    def test_jitter_leaves_them_or_drops_the_whole_joint(self, layout):
        x = poses(layout).repeat(8, 1, 1, 1, 1)
        jitter = T.JointJitter(0.5, layout=layout)
        params = jitter.sample(x, generator=seeded())
        out = jitter(x, params=params)
        dropped = ~params.matrix.flatten(1).any(1)
        assert 0 < dropped.sum() < len(x)
        for before, after, joints, drop in zip(x, out, params.joints, dropped, strict=True):
            assert torch.equal(after[:, :, ~joints], before[:, :, ~joints])
            if drop:
                assert not after[:, :, joints].any()
            else:
                torch.testing.assert_close(after[2], before[2], rtol=0, atol=0)

    @BOTH
    def test_centring_leaves_them(self, layout):
        x = poses(layout)
        out = T.CentreOnJoint(layout)(x)
        assert torch.equal(out[:, 2], x[:, 2])
        assert not out[:, :2, :, layout.centre, 0].any()
        assert not out[0, ..., 1].any()
        assert not out[1, :, 3:5, 4].any()
        origin = x[3, :2, 7, layout.centre, 0]
        torch.testing.assert_close(out[3, :2, 7, 5, 1], x[3, :2, 7, 5, 1] - origin)

    def test_crops_resample_them_like_positions(self):
        x = poses()
        out = T.CentreCropResize(6, 1.0)(x)
        torch.testing.assert_close(out[:, 2], T.CentreCropResize(6, 1.0)(x[:, 2:])[:, 0])


class TestDraws:
    """Transforms draw what they always drew."""

    def test_shear(self):
        x = poses()
        matrix = T.Shear(0.7).sample(x, generator=seeded()).matrix
        draws = (2 * torch.rand(4, 6, generator=seeded()) - 1) * 0.7
        for one, drawn in zip(matrix, draws, strict=True):
            a, b, c, d, e, f = drawn.tolist()
            expected = torch.tensor([[1, a, b], [c, 1, d], [e, f, 1]])
            assert torch.equal(one, expected)

    def test_jitter(self):
        x, generator = poses(), seeded()
        params = T.JointJitter(5).sample(x, generator=seeded())
        order = torch.rand(4, 17, generator=generator).argsort(-1)[:, :5]
        assert torch.equal(params.joints.nonzero()[:, 1].reshape(4, 5), order.sort(-1).values)
        dropped = torch.rand(4, 1, 1, generator=generator) < 0.5
        matrix = 2 * torch.rand(4, 3, 3, generator=generator) - 1
        assert torch.equal(params.matrix, torch.where(dropped, 0.0, matrix))


class TestUnitScale:
    @given(
        st.integers(0, 500), st.integers(1, 4), st.integers(1, 4), st.floats(0, 1), st.booleans()
    )
    def test_oracle(self, seed, channels, frames, missing, far):
        generator = torch.Generator().manual_seed(seed)
        x = torch.randn(channels, frames, 5, 2, generator=generator, dtype=torch.float64)
        x = x + 1000 * far
        x = x * (torch.rand(frames, 5, 2, generator=generator) >= missing)
        if far and not spread(x):
            return  # the oracle's mean of equal points is off by a rounding
        expected = normalise.unit_scale(x.numpy())
        np.testing.assert_allclose(F.unit_scale(x).numpy(), expected, rtol=1e-9, atol=1e-12)

    @given(st.floats(1e-12, 1e12))
    def test_units_do_not_matter(self, factor):
        x = poses(channels=2, dtype=torch.float64)
        torch.testing.assert_close(F.unit_scale(factor * x), F.unit_scale(x))

    def test_makes_bodies_of_size_one(self):
        x = T.UnitScale()(poses(channels=2)[3])
        offset = x - x.mean(-2, keepdim=True)
        assert float(offset.square().sum(0).mean()) == pytest.approx(1.0)

    def test_each_clip_has_its_own_size(self):
        x = poses(channels=2)
        factors = torch.tensor([1e-3, 1.0, 50.0, 1e4]).reshape(4, 1, 1, 1, 1)
        torch.testing.assert_close(T.UnitScale()(factors * x), T.UnitScale()(x))

    @pytest.mark.parametrize("persons", [1, 2])
    def test_what_has_no_size_stays(self, persons):
        x = torch.zeros(2, 3, 6, 17, persons)
        x[1, :, 2, 5, 0] = 0.1  # a single point
        assert torch.equal(T.UnitScale()(x), x)
        x[1, :, 2, :, 0] = 0.1  # all in one place
        x[1, :, 4, 3] = 0.3  # and every body of later frames, somewhere else
        assert torch.equal(T.UnitScale()(x), x)

    def test_missing_joints_stay_zero_and_do_not_count(self):
        x = poses()
        out = T.UnitScale(layout=COCO17)(x)
        assert torch.equal(out == 0, x == 0)
        assert torch.equal(out[:, 2], x[:, 2])
        kept = [joint for joint in range(17) if joint != 9]
        x[:, :, :, 9] = 0
        torch.testing.assert_close(T.UnitScale()(x)[..., kept, :], T.UnitScale()(x[..., kept, :]))

    def test_half_precision_holds_pixels(self):
        x = poses(channels=2)
        out = T.UnitScale()(x.half())
        torch.testing.assert_close(out.float(), T.UnitScale()(x), rtol=2e-3, atol=2e-3)

    def test_gradient(self):
        x = torch.randn(2, 3, 4, 2, dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(F.unit_scale, (x,))
        x = torch.zeros(2, 3, 4, 2, requires_grad=True)
        F.unit_scale(x).sum().backward()
        assert torch.equal(x.grad, torch.ones_like(x))


def spread(x):
    """Whether any body has two different points."""
    present = (x != 0).any(0)
    for t, m in np.ndindex(x.shape[1], x.shape[3]):
        if len(x[:, t, present[t, :, m], m].unique(dim=1).T) > 1:
            return True
    return False


class TestRotationsInSpace:
    @pytest.mark.parametrize("channels", [2, 4])
    @pytest.mark.parametrize(
        "rotate",
        [
            T.AlignSpine(H36M17),
            T.AlignShoulders(H36M17),
            presets.isc_normalise(H36M17),
            lambda x: F.align_bone(x, 0, 1, 0),
        ],
        ids=["AlignSpine", "AlignShoulders", "isc_normalise", "align_bone"],
    )
    def test_need_three_coordinates(self, rotate, channels):
        with pytest.raises(
            ValueError,
            match=f"`x` has {channels} coordinates, but a rotation in space has 3.*image cannot",
        ):
            rotate(torch.randn(2, channels, 5, 17, 1))

    @pytest.mark.parametrize(("given", "name"), [(0, "vector"), (1, "target")])
    def test_rotation_between_needs_three(self, given, name):
        vectors = [torch.ones(4, 3), torch.ones(3)]
        vectors[given] = vectors[given][..., :2]
        with pytest.raises(ValueError, match=rf"`{name}` must have shape \(\.\.\., 3\); got \(.*2"):
            F.rotation_between(*vectors)

    @BOTH
    @pytest.mark.parametrize(
        ("build", "what"),
        [
            (T.AlignSpine, "spine"),
            (T.AlignShoulders, "shoulders"),
            (presets.isc_normalise, "spine"),
        ],
        ids=["AlignSpine", "AlignShoulders", "isc_normalise"],
    )
    def test_layouts_of_images_are_refused(self, layout, build, what):
        with pytest.raises(
            ValueError,
            match=rf"layout {layout.name} must name its {what} to be aligned; got None. If its "
            rf"joints are points in space, name it: SkeletonLayout\(..., {what}=.*Points of an "
            "image, as in COCO17.*leave the step out",
        ):
            build(layout)

    @pytest.mark.parametrize("layout", [NTU25, H36M17, SMPL24], ids=lambda x: x.name)
    def test_layouts_in_space_are_turned(self, layout):
        out = presets.isc_normalise(layout)(torch.randn(2, 3, 5, layout.num_joints, 1))
        left, right = layout.shoulders
        line = out[:, :, 0, right, 0] - out[:, :, 0, left, 0]
        assert (line[:, 0] > 0).all()
        assert line[:, 1:].abs().max() < 1e-5

    def test_a_layout_without_a_spine_still_turns_its_shoulders(self):
        assert T.AlignShoulders(MEDIAPIPE33)(torch.randn(3, 2, 33, 1)).shape == (3, 2, 33, 1)
        with pytest.raises(ValueError, match="layout MEDIAPIPE33 must name its spine"):
            T.AlignSpine(MEDIAPIPE33)

    def test_a_users_layout_is_told_how(self):
        mine = SkeletonLayout("mine", ["a", "b"], parents=[-1, 0])
        with pytest.raises(ValueError, match=r"layout mine.*SkeletonLayout\(..., spine=\(joint"):
            T.AlignSpine(mine)


@pytest.mark.parametrize("wrong", ["ntu-rgb+d", 25, NTU25.joints, "NTU25"])
@pytest.mark.parametrize(
    "build",
    [T.Shear, T.JointJitter, T.UnitScale, T.CentreOnJoint, T.AlignSpine, T.AlignShoulders,
     presets.isc_view, presets.isc_small_view, presets.isc_normalise],
)  # fmt: skip
def test_not_a_layout(build, wrong):
    with pytest.raises(TypeError, match="`layout` must be a SkeletonLayout such as skelter"):
        build(layout=wrong)


class TestCentreJoint:
    @pytest.mark.parametrize("joint", ["head", "Head", 3])
    def test_by_name_and_index(self, joint):
        assert T.CentreOnJoint(NTU25, joint).joint == 3

    @pytest.mark.parametrize("joint", ["hed", 25, -1])
    def test_unknown(self, joint):
        with pytest.raises(ValueError, match="NTU25"):
            T.CentreOnJoint(NTU25, joint)

    @pytest.mark.parametrize("joint", [True, 1.0, [1]])
    def test_other_kinds(self, joint):
        with pytest.raises(TypeError, match="`joint`"):
            T.CentreOnJoint(NTU25, joint)
