from __future__ import annotations

import dataclasses

import pytest
import torch

from skelter import transforms as T
from skelter.layouts import COCO17, NTU25
from skelter.transforms import presets


class Probe(T.Transform):
    """Remembers what it was given."""

    def sample(self, x, *, num_frames=None, generator=None):
        self.shape, self.num_frames = x.shape, num_frames

    def transform(self, x, params):
        self.clips = x.clone()
        return x + 1


class TestCompose:
    def test_applies_in_order(self, clips):
        out = T.Compose([T.Lambda(lambda x: x * 2), T.Lambda(lambda x: x + 1)])(clips)
        torch.testing.assert_close(out, clips * 2 + 1)

    def test_num_frames_end_at_a_resampling(self, clips):
        first, second = Probe(), Probe()
        lengths = torch.tensor([5, 6, 7, 8])
        T.Compose([first, T.CentreCropResize(8), second])(clips, num_frames=lengths)
        assert torch.equal(first.num_frames, lengths)
        assert second.num_frames is None
        assert second.shape[2] == 8

    @pytest.mark.parametrize("call", ["forward", "sample"])
    def test_members_sample_for_the_shape_that_reaches_them(self, clips, call):
        probe, half = Probe(), T.Lambda(lambda x: x[..., :2, :], lambda s: (*s[:-2], 2, s[-1]))
        getattr(T.Compose([T.CentreCropResize(8), half, T.Lambda(torch.neg), probe]), call)(clips)
        assert probe.shape == (4, 3, 8, 2, 2)

    def test_nothing_is_applied_while_drawing(self, clips):
        fails = T.Lambda(lambda x: pytest.fail("applied"))
        T.Compose([fails, T.Shear(), fails]).sample(clips)

    def test_everything_is_applied_once(self, clips):
        calls = []
        note = T.Lambda(lambda x: calls.append(x.shape) or x)
        T.Compose([T.CentreCropResize(8), note, T.Shear()])(clips)
        assert calls == [(4, 3, 8, 25, 2)]

    def test_a_function_that_changes_the_shape_says_so(self, clips):
        with pytest.raises(
            ValueError, match=r"must give clips of shape \(4, 3, 20, 25, 2\).*output_shape"
        ):
            T.Compose([T.Lambda(lambda x: x[:, :2]), T.Shear()])(clips)

    def test_draws_what_its_members_draw(self, clips):
        shear, jitter = T.Shear(), T.JointJitter()
        generator = torch.Generator().manual_seed(0)
        expected = jitter(shear(clips, generator=generator), generator=generator)
        out = T.Compose([shear, jitter])(clips, generator=torch.Generator().manual_seed(0))
        torch.testing.assert_close(out, expected)

    def test_plain_functions_are_refused_with_a_hint(self):
        with pytest.raises(TypeError, match=r"got function.*Lambda\(function\)"):
            T.Compose([lambda x: x])

    def test_mixed_layouts(self):
        """Layouts of other joints are refused before anything is drawn, in members of members."""
        shear = T.Shear(layout=NTU25, keep=1)
        message = "layouts of the same joints; got NTU25 with 25 joints and COCO17 with 17"
        for member in (T.Mirror(COCO17), T.RescaleBones(COCO17), T.RandomApply(T.Mirror(COCO17))):
            with pytest.raises(ValueError, match=message):
                T.Compose([shear, T.Reverse(), member])
        named = dataclasses.replace(NTU25, name="mine")
        assert len(T.Compose([shear, T.Mirror(named)]).transforms) == 2

    def test_layouts_around_a_conversion(self):
        convert = T.Lambda(lambda x: x[..., :17, :], lambda shape: (*shape[:-2], 17, shape[-1]))
        inner = T.Compose([convert, T.RescaleBones(COCO17)])
        for chain in ([T.Mirror(NTU25), convert, T.Mirror(COCO17)], [T.Mirror(NTU25), inner]):
            assert T.Compose(chain).output_shape(torch.Size((2, 20, 25, 1))) == (2, 20, 17, 1)
        with pytest.raises(ValueError, match="got COCO17 with 17 joints and NTU25 with 25"):
            T.Compose([inner, T.Mirror(NTU25)])

    def test_nothing_to_compose(self):
        with pytest.raises(ValueError, match="at least one transform"):
            T.Compose([])


class TestOneOf:
    def test_each_clip_gets_its_own_choice(self, generator):
        x = torch.zeros(6000, 1, 1, 1, 1)
        members = [T.Lambda(lambda x, i=i: x + i) for i in (1, 2, 3)]
        out = T.OneOf(members, weights=[1, 0, 3])(x, generator=generator).flatten().long()
        share = torch.bincount(out, minlength=4) / 6000
        torch.testing.assert_close(share, torch.tensor([0, 0.25, 0, 0.75]), rtol=0, atol=0.02)

    def test_matches_its_choice(self, clips):
        one_of = T.OneOf([T.Shear(), T.JointJitter()])
        params = one_of.sample(clips)
        out = one_of(clips, params=params)
        for member, its_params, number in zip(
            one_of.transforms, params.params, (0, 1), strict=True
        ):
            chosen = params.choice == number
            torch.testing.assert_close(out[chosen], member(clips, params=its_params)[chosen])

    @pytest.mark.parametrize("weights", [[1], [0, 0], [1, -1]])
    def test_wrong_weights(self, weights):
        with pytest.raises(
            ValueError, match="`weights` must be one number from 0 for each of the 2"
        ):
            T.OneOf([T.Shear(), T.Shear()], weights)

    def test_members_must_agree_in_time(self):
        with pytest.raises(ValueError, match=r"clips of the same shape.*\[64, None\]"):
            T.OneOf([T.CentreCropResize(), T.Shear()])

    def test_members_must_agree_for_any_length(self):
        """Half of 60 frames is 30 for both, of 61 it is 31 for one and 30 for the other."""
        with pytest.raises(ValueError, match="clips of the same shape"):
            T.OneOf([T.Downsample(2), T.FourierResample([0.5])])


class TestRandomApply:
    def test_share_and_identity(self, generator):
        x = torch.zeros(6000, 1, 1, 1, 1)
        out = T.RandomApply(T.Lambda(lambda x: x + 1), 0.3)(x, generator=generator)
        assert float(out.mean()) == pytest.approx(0.3, abs=0.02)

    @pytest.mark.parametrize("p", [0.0, 0.5, 1.0])
    def test_number_of_draws_does_not_depend_on_p(self, clips, p):
        generator = torch.Generator().manual_seed(0)
        T.RandomApply(T.Shear(), p)(clips, generator=generator)
        after = torch.rand(1, generator=generator)
        again = torch.Generator().manual_seed(0)
        torch.rand(4, generator=again)
        torch.rand(4, 6, generator=again)
        assert torch.equal(after, torch.rand(1, generator=again))

    def test_resampling_is_refused(self):
        with pytest.raises(
            ValueError,
            match=r"`transform` of RandomApply must leave the shape of clips as it is; got "
            r"CentreCropResize, which makes \(1, 3, 64, 25, 1\) of \(1, 3, 60, 25, 1\).*OneOf",
        ):
            T.RandomApply(T.CentreCropResize())

    def test_another_shape_is_refused(self):
        in_a_plane = T.Lambda(lambda x: x[..., :2, :, :, :], lambda s: (*s[:-4], 2, *s[-3:]))
        with pytest.raises(ValueError, match=r"got Lambda, which makes \(1, 2, 60, 25, 1\)"):
            T.RandomApply(in_a_plane)

    def test_wrong_p(self):
        with pytest.raises(ValueError, match="`p` must lie between 0.0 and 1.0; got 1.5"):
            T.RandomApply(T.Shear(), 1.5)


class TestMultiView:
    def test_views_are_independent_and_replay(self, clips):
        views = T.MultiView([presets.isc_view(), presets.isc_view()])
        first, second = views(clips, generator=torch.Generator().manual_seed(1))
        assert not torch.equal(first, second)
        params = views.sample(clips, generator=torch.Generator().manual_seed(1))
        replayed = views(clips, params=params)
        assert torch.equal(replayed[0], first)
        assert torch.equal(replayed[1], second)

    def test_one_object_may_stand_twice(self, clips):
        view = presets.isc_view()
        assert len(T.MultiView([view, view, view])(clips)) == 3

    def test_cannot_stand_in_a_compose(self):
        with pytest.raises(TypeError, match="transforms.*must give one tensor of clips"):
            T.Compose([T.MultiView([T.Shear()])])


class TestPresets:
    def test_isc_view_is_the_papers(self):
        crop, one_of = presets.isc_view().transforms
        assert (crop.frames, crop.ratio, crop.min_frames) == (64, (0.1, 1.0), 64)
        shear, jitter = one_of.transforms
        assert shear.amplitude == 1.0
        assert jitter.count(25) == 15
        assert one_of.weights == [1.0, 1.0]

    def test_probe_and_test_views_are_the_papers(self):
        assert presets.isc_probe_view().ratio == (0.5, 1.0)
        assert presets.isc_test_view().ratio == 0.95


class TestLengths:
    """Members whose output is longer or shorter than their input, by a share of it."""

    def test_compose_knows_its_frames(self, clips):
        view = T.Compose([T.TemporalCropResize(64), T.Downsample(2)])
        assert view.output_frames == view(clips).shape[2] == 32
        assert T.Compose([T.Downsample(2), T.Shear()]).output_frames is None

    @pytest.mark.parametrize(
        "member", [T.Downsample(2), T.FourierResample([0.7]), T.FourierResample([1.005])], ids=repr
    )
    def test_some_clips_alone_are_refused(self, member):
        """Of 60 frames, 1.005 makes 60, but of 300 it makes 301."""
        with pytest.raises(ValueError, match="leave the shape of clips as it is"):
            T.RandomApply(member)
        with pytest.raises(ValueError, match="clips of the same shape"):
            T.OneOf([member, T.Shear()])

    def test_valid_frames_go_on(self):
        """Reversed are those that a change of speed has left."""
        x = torch.arange(1.0, 11.0).view(1, 10, 1, 1).expand(2, 10, 2, 1)
        chain = T.Compose([T.Speed((0.5, 0.5)), T.Reverse()])
        out, counts = chain.with_num_frames(x)
        assert counts == 5
        assert out[0, 5:].eq(0).all()
        assert out[0, :5, 0, 0].tolist() == sorted(out[0, :5, 0, 0].tolist(), reverse=True)

    def test_of_some_clips(self):
        x = torch.ones(200, 3, 10, 2, 1)
        sometimes = T.RandomApply(T.Speed((0.5, 0.5)))
        out, counts = sometimes.with_num_frames(x)
        assert counts.unique().tolist() == [5, 10]
        assert torch.equal((out[:, 0, :, 0, 0] != 0).sum(-1), counts)
