from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from reference import augment

from skelter import transforms as T


def draw(crop, valid, clips=4000, T_=300):
    x = torch.zeros(1, T_, 1, 1).expand(clips, -1, -1, -1, -1)
    num_frames = torch.full((clips,), valid)
    return crop.sample(x, num_frames=num_frames, generator=torch.Generator().manual_seed(3))


class TestTemporalCropResize:
    @pytest.mark.parametrize("valid", [1, 20, 64])
    def test_short_clips_are_never_cropped(self, valid):
        params = draw(T.TemporalCropResize(), valid)
        assert (params.length == valid).all()
        assert (params.start == 0).all()

    @pytest.mark.parametrize(("valid", "share"), [(80, 0.79), (120, 0.50)])
    def test_as_often_at_the_floor_as_the_reference(self, valid, share):
        length = draw(T.TemporalCropResize(), valid, 20000).length
        assert float((length == 64).float().mean()) == pytest.approx(share, abs=0.015)

    @given(st.integers(1, 300), st.integers(1, 100))
    def test_stays_within_the_valid_frames(self, valid, floor):
        params = draw(T.TemporalCropResize(min_frames=floor), valid, 50)
        assert (params.start >= 0).all()
        assert (params.start + params.length <= valid).all()
        assert (params.length >= min(valid, floor)).all()

    def test_starts_are_uniform(self):
        params = draw(T.TemporalCropResize(ratio=(0.5, 0.5), min_frames=1), 19, 30000)
        assert set(params.length.tolist()) == {augment.crop_length(19, 0.5, 1)}
        share = torch.bincount(params.start) / 30000
        torch.testing.assert_close(share, torch.full((11,), 1 / 11), rtol=0, atol=0.008)

    def test_lengths_follow_the_ratio(self):
        length = draw(T.TemporalCropResize(ratio=(0.2, 0.4), min_frames=1), 300, 30000).length
        assert length.min() == 60
        assert length.max() == 119
        assert float(length.float().mean()) == pytest.approx(89.5, abs=0.5)

    def test_never_reads_padding(self, generator):
        x = torch.ones(8, 3, 50, 4, 1)
        num_frames = torch.arange(1, 9) * 6
        for row, valid in zip(x, num_frames, strict=True):
            row[:, valid:] = 1e6
        out = T.TemporalCropResize(16, min_frames=2)(x, num_frames=num_frames, generator=generator)
        assert torch.equal(out, torch.ones_like(out))

    @pytest.mark.parametrize("ratio", [(0.0, 1.0), (0.6, 0.5), (0.5, 1.1), (0.5,)])
    def test_wrong_ratio(self, ratio):
        with pytest.raises(ValueError, match=r"`ratio` must be two numbers.*got"):
            T.TemporalCropResize(ratio=ratio)

    def test_wrong_frames(self):
        with pytest.raises(ValueError, match="`frames` must be at least 1; got 0"):
            T.TemporalCropResize(0)
        with pytest.raises(TypeError, match="`frames` must be an integer; got 6.5"):
            T.TemporalCropResize(6.5)


class TestCentreCropResize:
    @given(st.integers(1, 300), st.floats(0.05, 1.0))
    def test_oracle(self, valid, ratio):
        params = draw(T.CentreCropResize(ratio=ratio), valid, 1)
        assert (int(params.start), int(params.length)) == augment.centre_crop(valid, ratio)

    def test_is_deterministic(self, clips):
        crop = T.CentreCropResize(16)
        assert torch.equal(crop(clips), crop(clips))
