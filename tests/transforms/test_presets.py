"""Chains of published methods: their steps, their views, and what they do not repeat."""

from __future__ import annotations

import dataclasses
import inspect

import pytest
import torch
from reference.golden_transforms import Golden
from reference.golden_transforms import given as given_input

from skelter import transforms as T
from skelter.layouts import COCO17, KINECT20, NTU25, SBU15
from skelter.transforms import presets
from transforms.test_battery import seeded

VIEWS = {
    "aimclr_views": 3, "hysp_views": 2, "hiclr_views": 4, "skelemixclr_views": 2, "pstl_views": 3,
    "actclr_views": 4, "isc_views": 2, "umurl_views": 4, "pcm3_views": 3, "slim_views": 5,
}  # fmt: skip
MIXERS = ["skelemixclr_mixer", "actclr_mixer", "pcm3_mixer"]
NAMED = pytest.mark.parametrize("layout", [NTU25, KINECT20, SBU15, COCO17], ids=lambda x: x.name)


def build(name, layout):
    make = getattr(presets, name)
    in_space = dataclasses.replace(layout, dimensions=3)
    return make(layout=in_space) if "layout" in inspect.signature(make).parameters else make()


@NAMED
@pytest.mark.parametrize(("name", "count"), VIEWS.items())
class TestViews:
    def test_as_many_as_the_method_has(self, name, count, layout):
        x = torch.randn(4, 3, 60, layout.num_joints, 2, generator=seeded()) + 3.0
        views = build(name, layout)(x, num_frames=torch.tensor([60, 50, 44, 21]))
        assert len(views) == count
        assert all(view.isfinite().all() for view in views)
        assert not torch.equal(views[0], views[1])

    def test_empty_persons_stay_empty(self, name, count, layout):
        x = torch.randn(4, 3, 60, layout.num_joints, 2, generator=seeded()) + 3.0
        x[..., 1] = 0
        for view in build(name, layout)(x):
            assert not view[..., 1].any()

    def test_one_clip(self, name, count, layout):
        views = build(name, layout)(torch.randn(3, 60, layout.num_joints, 1))
        assert all(view.shape[0] == 3 for view in views)


@NAMED
@pytest.mark.parametrize("name", MIXERS)
def test_mixers(name, layout):
    x = torch.randn(2, 3, 64, layout.num_joints, 2)
    mixed = build(name, layout)(x)
    assert mixed.clips.shape == x.shape
    assert mixed.partner.tolist() == [1, 0]


class TestAimCLR:
    def test_golden(self, golden):
        """The whole strong chain with all gates open; its blur is not normalised there."""
        numbers, x = Golden(golden, "aimclr_strong"), given_input("in_x")
        gates_open = T.Compose(
            [
                member.transforms[0] if isinstance(member, T.RandomApply) else member
                for member in presets.aimclr_strong_view().transforms
            ]
        )
        gates_open.transforms[5].normalise = False
        crop, _, _, rotation, _, blur, _ = gates_open.sample(x).params
        drawn = (
            dataclasses.replace(crop, start=numbers["crop_start"]),
            T.ShearParams(numbers["shear_matrix"].float()),
            None,
            dataclasses.replace(rotation, radians=numbers["degrees"].deg2rad().float()),
            T.NoiseParams(numbers["noise"]),
            dataclasses.replace(blur, sigma=numbers["sigma"].float().view(blur.sigma.shape)),
            T.AxisMaskParams(numbers["axis"]),
        )
        out = gates_open(x, params=T.ComposeParams(drawn))
        torch.testing.assert_close(out, numbers["out"], rtol=0, atol=1e-5)

    def test_the_order_of_its_steps(self):
        names = [
            type(member.transforms[0] if isinstance(member, T.RandomApply) else member).__name__
            for member in presets.aimclr_strong_view(reverse=True).transforms
        ]
        assert names == ["CropReflect", "Shear", "Mirror", "RotateMainAxis", "GaussianNoise",
                         "TemporalBlur", "AxisMask", "Reverse"]  # fmt: skip

    def test_gates_are_open_for_half_of_the_clips(self):
        x = torch.randn(400, 3, 12, 25, 1, generator=seeded()) + 3.0
        out = presets.aimclr_strong_view()(x, generator=seeded())
        hidden = (out == 0).all(2).all(2).any(1).any(-1)
        assert 0.4 < float(hidden.float().mean()) < 0.6

    def test_a_layout_of_17_joints(self):
        in_space = dataclasses.replace(COCO17, dimensions=3)
        view = presets.aimclr_strong_view(in_space)
        assert view(torch.randn(4, 3, 50, 17, 1)).shape == (4, 3, 50, 17, 1)


class TestActCLR:
    @pytest.mark.parametrize(("count", "weak_count"), [(7, 5), (5, 3), (3, 1), (0, 0)])
    def test_counts_of_its_epochs(self, count, weak_count):
        views = presets.actclr_views(count=count, weak_count=weak_count)
        assert views.transforms[0].transforms[-1].count == count
        assert views.transforms[1].transforms[-1].count == weak_count
        assert len(views(torch.randn(4, 3, 50, 25, 2))) == 4

    def test_gates_of_all_augmentations_are_open_for_half_of_the_clips(self, generator):
        """The second view is AimCLR's strong one where it gets all five."""
        x = torch.randn(2000, 3, 12, 25, 1, generator=generator) + 5
        strong, weak, _, _ = presets.actclr_views()(x, generator=generator)
        for view in (strong, weak):
            flat = (view == 0).all(-1).all(-1).all(-1).any(1)
            assert float(flat.float().mean()) == pytest.approx(0.5, abs=0.04)
        shorter = (strong[:, :, -1] == 0).flatten(1).all(1)  # a slow half, so that a quarter is cut
        assert float(shorter.float().mean()) == pytest.approx(0.25, abs=0.04)

    @pytest.mark.parametrize(("layout", "joint"), [(NTU25, 20), (KINECT20, 2)])
    def test_the_joint_that_is_kept_is_the_origin_of_normalised_clips(self, layout, joint):
        """Were another one kept, it would lie beside the body."""
        x = presets.crosclr_normalise(layout)(torch.randn(8, 3, 50, layout.num_joints, 1))
        for view in presets.actclr_views(layout)(x)[2:]:
            assert not view[..., joint, :].any()
        strong, _, weak, _ = presets.actclr_views(layout).transforms
        assert weak.transforms[1].keep == joint
        assert strong.transforms[-1].transforms[-1].tree.root == joint

    def test_too_many(self):
        with pytest.raises(ValueError, match="`count` must lie between 0 and 7; got 8"):
            presets.actclr_views(count=8)


class TestMasked:
    def test_mamp_keeps_a_tenth_of_its_tokens(self):
        keep = presets.mamp_token_mask()(torch.randn(2, 3, 120, 25, 2))
        assert keep.flatten(2).sum(-1).tolist() == [[75, 75], [75, 75]]

    def test_slim_hides_tubes(self):
        x = torch.randn(3, 64, 25, 1)
        keep = presets.slim_token_mask()(x)
        assert keep.shape == (1, 8, 25)
        assert 0.1 <= float(keep.float().mean()) <= 0.5


class TestPoseConv3D:
    def test_points_lie_in_the_image(self):
        x = 400 + 90 * torch.randn(6, 3, 80, 17, 2, generator=seeded())
        x[:, 2] = 0.9
        x[..., 1] = 0
        out = presets.poseconv3d_view()(x, generator=seeded())
        assert out.shape == (6, 3, 48, 17, 2)
        shown = out[..., 0]
        inside = ((shown[:, :2] >= 0) & (shown[:, :2] <= 56)).float().mean()
        assert inside > 0.7
        assert not out[..., 1].any()


def test_every_chain_is_exported_and_cites_its_source():
    for name in presets.__all__:
        made = getattr(presets, name)
        if callable(made):
            words = inspect.getdoc(made)
            assert "References:" in words or name in OWN, name
            assert "Example:" in words, name


OWN = {"isc_small_view", "size_and_place", "mean_relative", "find_normalisation"}
