"""Every transform on skeletons of 25, 20, 17 and 15 joints, in a plane and in space."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from skelter.layouts import COCO17
from transforms.cases import CASES
from transforms.test_battery import seeded, take

LENGTHS = torch.tensor([20, 13, 1, 7])
VARIANTS = [
    pytest.param(case, layout, dimensions, id=f"{case}-{layout.name}-{dimensions}d")
    for case in CASES
    for layout in case.layouts
    for dimensions in case.dimensions
]
EVERY = pytest.mark.parametrize(("case", "layout", "dimensions"), VARIANTS)


def bodies(layout, dimensions, persons, *, batch=4, frames=20):
    """Padded clips: person 1 of clip 0 is missing, and one joint of clip 1 now and then."""
    generator = torch.Generator().manual_seed(3)
    shape = (batch, dimensions, frames, layout.num_joints, persons)
    x = torch.randn(shape, generator=generator) + 3.0
    if persons > 1:
        x[:1, ..., 1] = 0
    x[1:2, :, 2:5, 4] = 0
    for clip, length in zip(x, LENGTHS.tolist(), strict=False):
        clip[:, length:] = 0
    return x


def build(case, layout, dimensions):
    return case.build(dataclasses.replace(layout, dimensions=dimensions))


@EVERY
class TestLayouts:
    @pytest.mark.parametrize("persons", [1, 2])
    def test_shapes_and_zeros(self, case, layout, dimensions, persons):
        transform = build(case, layout, dimensions)
        x = bodies(layout, dimensions, persons)
        before = x.clone()
        out, counts = transform.with_num_frames(x, num_frames=LENGTHS, generator=seeded())
        assert torch.equal(x, before)
        assert out.shape == transform.output_shape(x.shape)
        assert out.isfinite().all()
        assert ((counts >= 1) & (counts <= out.shape[2])).all()
        if case.keeps_zeros:
            for clip, count in zip(out, counts.tolist(), strict=True):
                assert not clip[:, count:].any(), "padding has become something"
        if case.keeps_zeros and persons > 1:
            assert not out[0, ..., 1].any(), "a missing person has appeared"
        stays = out.shape == x.shape and transform.as_frame_map() is None
        if case.keeps_zeros and stays and not case.moves_joints:
            missing = (x == 0).all(1)
            assert not out.movedim(1, -1)[missing].any(), "a missing joint has appeared"

    def test_clips_do_not_depend_on_each_other(self, case, layout, dimensions):
        if case.partners:
            pytest.skip("takes something over from another clip")
        transform = build(case, layout, dimensions)
        x = bodies(layout, dimensions, 2)
        params = transform.sample(x, num_frames=LENGTHS, generator=seeded())
        batch = transform.transform(x, params)
        for row, clip in enumerate(x):
            alone = transform.transform(clip, take(params, row))
            torch.testing.assert_close(alone, batch[row], rtol=0, atol=1e-5)

    @pytest.mark.parametrize("frames", [1, 2, 300])
    def test_any_number_of_frames(self, case, layout, dimensions, frames):
        transform = build(case, layout, dimensions)
        x = bodies(layout, dimensions, 1, frames=frames).nan_to_num()
        out, counts = transform.with_num_frames(x, generator=seeded())
        assert out.shape == transform.output_shape(x.shape)
        assert out.isfinite().all()
        assert (counts >= 1).all()

    def test_empty_batch(self, case, layout, dimensions):
        transform = build(case, layout, dimensions)
        x = bodies(layout, dimensions, 2, batch=0)
        assert transform(x).shape == transform.output_shape(x.shape)


IN_AN_IMAGE = [
    case for case in CASES if case.scores and 2 in case.dimensions and COCO17 in case.layouts
]


@pytest.mark.parametrize("case", IN_AN_IMAGE, ids=str)
class TestScores:
    """A detector's score behind the two coordinates of an image."""

    def test_positions_are_as_without_it(self, case):
        transform = case.build(COCO17)
        x = with_scores()
        out = transform(x, num_frames=LENGTHS, generator=seeded())
        expected = transform(x[:, :2], num_frames=LENGTHS, generator=seeded())
        torch.testing.assert_close(out[:, :2], expected, rtol=1e-5, atol=1e-4)

    def test_it_is_not_moved(self, case):
        """Where joints are hidden, it may be as well."""
        x = torch.randn(4, 3, 20, 17, 2, generator=seeded()) + 3.0
        x[:, 2] = 0.75
        out = case.build(COCO17)(x, generator=seeded())
        shown = (out[:, :2] != 0).any(1, keepdim=True)
        assert (out[:, 2:][shown] - 0.75).abs().max() < 1e-6


def with_scores():
    """Return bodies of an image with scores of 0 to 1."""
    x = bodies(COCO17, 3, 2)
    x[:, 2:] = x[:, 2:].sigmoid()
    return x * (x[:, :2] != 0).any(1, keepdim=True)
