"""Some of several transforms, chosen for each clip."""

from __future__ import annotations

import pytest
import torch

from skelter import transforms as T


def add(number):
    return T.Lambda(lambda x: x * 10 + number)


class TestSomeOf:
    def test_so_many_in_their_order(self, generator):
        x = torch.zeros(6000, 3, 1, 2, 1)
        out = T.SomeOf([add(1), add(2), add(3)], 2)(x, generator=generator)[:, 0, 0, 0, 0]
        found, counts = out.unique(return_counts=True)
        assert found.tolist() == [12, 13, 23]
        assert ((counts / 6000 - 1 / 3).abs() < 0.03).all()

    @pytest.mark.parametrize(("count", "value"), [(0, 0), (2, 12)])
    @pytest.mark.parametrize("batch", [(), (3,)])
    def test_none_and_all(self, count, value, batch):
        out = T.SomeOf([add(1), add(2)], count)(torch.zeros(*batch, 3, 1, 2, 1))
        assert (out == value).all()

    def test_joint_maps_are_one(self):
        assert T.SomeOf([T.Shear(), T.JointJitter()], 1).as_joint_map() is not None
        assert T.SomeOf([T.Shear(), add(1)], 1).as_joint_map() is None

    def test_same_shear_as_alone(self, clips):
        some = T.SomeOf([T.Shear(), T.JointJitter()], 1)
        params = some.sample(clips)
        out = some.transform(clips, params)
        sheared, jittered = (
            member.transform(clips, own)
            for member, own in zip(some.transforms, params.params, strict=True)
        )
        for row, (of_shear, _) in enumerate(params.chosen.tolist()):
            expected = sheared if of_shear else jittered
            torch.testing.assert_close(out[row], expected[row])

    def test_too_many(self):
        with pytest.raises(ValueError, match=r"`count` must lie between 0 and 2; got 3"):
            T.SomeOf([T.Shear(), T.JointJitter()], 3)
        with pytest.raises(TypeError, match="`count`"):
            T.SomeOf([T.Shear()], 0.5)

    def test_resampling_is_refused(self):
        with pytest.raises(ValueError, match="`transforms` of SomeOf must leave the shape"):
            T.SomeOf([T.TemporalCropResize()], 1)
