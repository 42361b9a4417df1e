"""Transforms of ragged clips give what they give for the padded ones, and read nothing else."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch._dynamo.testing import CompileCounter

from skelter import transforms as T
from skelter.data import RaggedClips
from skelter.transforms import functional as F
from transforms.cases import CASES as ALONE
from transforms.cases import ON_NTU25
from transforms.ragged import LENGTHS, NESTINGS, ragged
from transforms.test_battery import seeded


class Scale(T.Transform):
    """A user's own, which knows nothing of ragged clips and looks at values and frames."""

    def sample(self, x, *, num_frames=None, generator=None):
        assert num_frames is None or num_frames.shape == x.shape[:-4]
        longest = x.shape[-3] if num_frames is None else num_frames
        return longest * T.uniform(x.shape[:-4], x, generator)

    def transform(self, x, params):
        assert isinstance(x, torch.Tensor)
        return x * (params * x.abs().amax((-4, -3, -2, -1)))[..., None, None, None, None]


class Plain(nn.Module):
    """Neither a `Transform` nor callable: only what members must have."""

    sample = Scale.sample
    transform = Scale.transform


class OwnCrop(T.TemporalCropResize):
    """A frame map that reads other frames than the one it inherits from."""

    def positions(self, x, params):
        return super().positions(x, params).flip(-1)


def crop(frames=16, **arguments):
    return T.TemporalCropResize(frames, min_frames=4, **arguments)


CASES = ON_NTU25 | {
    "nested Compose": T.Compose([T.Compose([crop(), T.Shear()]), T.Compose([T.JointJitter()])]),
    "OneOf of crops, then maps": T.Compose(
        [T.OneOf([crop(8), T.CentreCropResize(8)]), T.RandomApply(T.Shear()), T.JointJitter()]
    ),
    "OneOf of a crop and an own one": T.OneOf([crop(8), T.Compose([Scale(), crop(8)])]),
    "OneOf of own ones": T.OneOf([Scale(), T.Shear()]),
    "RandomApply of an own one": T.RandomApply(Scale()),
    "maps before a crop": T.Compose([T.Shear(), T.JointJitter(), crop()]),
    "own": Scale(),
    "own first": T.Compose([Scale(), crop(), T.Shear()]),
    "own in the middle": T.Compose([crop(), T.Shear(), Scale(), T.Shear(), T.JointJitter()]),
    "own last": T.Compose([T.Shear(), Scale()]),
    "plain": T.Compose([Plain(), crop(), Plain()]),
    "own crop": OwnCrop(16, min_frames=4),
}
VIEWS = {
    "views": T.MultiView([CASES["isc_view"], CASES["isc_view"]]),
    "views of all kinds": T.MultiView([T.Shear(), crop(), Scale(), Plain(), CASES["own first"]]),
}
READ_VALUES = tuple(type(ON_NTU25[case.name]) for case in ALONE if case.reads_values)
EVERY = pytest.mark.parametrize("transform", CASES.values(), ids=CASES)
EACH_KIND = pytest.mark.parametrize("transform", (CASES | VIEWS).values(), ids=CASES | VIEWS)
BOTH = pytest.mark.parametrize("nesting", NESTINGS)
DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float16])


def assert_views_close(actual, expected, **tolerance):
    if isinstance(actual, torch.Tensor):
        actual, expected = (actual,), (expected,)
    for view, its_expected in zip(actual, expected, strict=True):
        torch.testing.assert_close(view, its_expected, **tolerance)


class TestRaggedClips:
    @BOTH
    @DTYPES
    def test_padded(self, nesting, dtype):
        clips = ragged(nesting=nesting, dtype=dtype)
        x = clips.padded()
        assert x.shape == clips.shape == (4, 3, 20, 25, 2)
        assert x.dtype == clips.dtype == torch.float32
        assert x.is_contiguous()
        for row, start, length in zip(x, clips.starts, LENGTHS, strict=True):
            expected = clips.frames[start : start + length].transpose(0, 1).float()
            assert torch.equal(row[:, :length], expected)
            assert not row[:, length:].any()

    def test_padded_is_a_copy(self):
        clips = ragged((2,))
        clips.padded().zero_()
        assert clips.padded().all()

    def test_float64_stays(self):
        assert ragged(dtype=torch.float64).padded().dtype == torch.float64

    @BOTH
    def test_rows_are_a_view(self, nesting):
        clips = ragged(nesting=nesting)
        assert clips.rows.data_ptr() == clips.frames.data_ptr()
        rows = clips.rows[clips.starts][:, None]
        expected = clips.frames[clips.starts][:, :, None]
        assert torch.equal(clips.clips_of(rows), expected)

    @given(
        st.lists(st.integers(1, 9), min_size=1, max_size=5),
        st.sampled_from(NESTINGS),
        st.integers(1, 3),
        st.integers(1, 4),
        st.integers(1, 3),
    )
    def test_any_sizes(self, lengths, nesting, C, V, M):
        clips = ragged(lengths, nesting=nesting, C=C, V=V, M=M)
        x = clips.padded()
        assert x.shape == (len(lengths), C, max(lengths), V, M)
        assert x.isfinite().all()
        crop = T.TemporalCropResize(6, min_frames=2)
        out = crop(clips, generator=seeded())
        expected = crop(x, num_frames=clips.num_frames, generator=seeded())
        torch.testing.assert_close(out, expected)


@EACH_KIND
@DTYPES
@BOTH
class TestEqualsPadded:
    def test_forward(self, transform, nesting, dtype):
        clips = ragged(nesting=nesting, dtype=dtype)
        out = transform(clips, generator=seeded())
        expected = transform(clips.padded(), num_frames=clips.num_frames, generator=seeded())
        assert_views_close(out, expected)
        assert all(view.isfinite().all() for view in out)

    def test_given_frames(self, transform, nesting, dtype):
        clips = ragged(nesting=nesting, dtype=dtype)
        fewer = clips.num_frames // 2 + 1
        out = transform(clips, num_frames=fewer, generator=seeded())
        expected = transform(clips.padded(), num_frames=fewer, generator=seeded())
        assert_views_close(out, expected)


@EACH_KIND
class TestSampleAndTransform:
    def test_as_a_call(self, transform):
        """With `num_frames` left out, draws are for the frames that ragged clips bring."""
        clips = ragged()
        if isinstance(transform, Scale):
            clips = (
                clips.padded()
            )  # its `transform` is given padded clips by calls and combinations
        frames = None if isinstance(clips, RaggedClips) else torch.tensor(LENGTHS)
        params = transform.sample(clips, num_frames=frames, generator=seeded())
        expected = transform(clips, num_frames=frames, generator=seeded())
        assert_views_close(transform.transform(clips, params), expected)
        assert_views_close(transform(clips, params=params), expected)

    def test_draws_of_padded_clips(self, transform):
        clips = ragged()
        params = transform.sample(clips.padded(), num_frames=clips.num_frames, generator=seeded())
        out = transform(clips, params=params)
        assert_views_close(out, transform(clips, generator=seeded()))

    def test_as_many_draws(self, transform):
        clips, first, second = ragged(), seeded(), seeded()
        transform(clips, generator=first)
        transform(clips.padded(), num_frames=clips.num_frames, generator=second)
        assert torch.equal(first.get_state(), second.get_state())


class TestReading:
    @pytest.mark.parametrize("name", ["isc_view", "nested Compose", "OneOf of crops, then maps"])
    def test_views_never_pad(self, name, monkeypatch):
        monkeypatch.setattr(RaggedClips, "padded", lambda clips: pytest.fail("padded"))
        clips = ragged()
        view = CASES[name]
        view(clips, generator=seeded())
        view.transform(clips, view.sample(clips, generator=seeded()))
        T.MultiView([view, view])(clips)


class TestWrongArguments:
    def test_more_frames_than_a_clip_has(self):
        frames = torch.tensor([20, 14, 1, 7])
        with pytest.raises(
            ValueError, match=r"`num_frames` must lie within each of the ragged clips; got \[20, 14"
        ):
            crop()(ragged(), num_frames=frames)

    def test_too_many_frames(self):
        with pytest.raises(ValueError, match="between 1 and T=20"):
            crop()(ragged(), num_frames=torch.tensor([21, 13, 1, 7]))

    def test_parameters_of_another_batch(self):
        params = crop().sample(ragged())
        with pytest.raises(
            ValueError, match=r"batch axes \(2,\) of `x`; got \(4, 16\). Sample them again"
        ):
            crop()(ragged((4, 5)), params=params)


class TestCompiles:
    @pytest.mark.parametrize("name", ["isc_view", "nested Compose", "TemporalCropResize"])
    def test_once_for_all_batches(self, name):
        """Whatever the longest clip of a batch, and from wherever in the store it comes."""
        view = CASES[name]
        torch.compiler.reset()
        counter = CompileCounter()
        compiled = torch.compile(view.transform, fullgraph=True, backend=counter)
        store = ragged((20, 13, 1, 7, 30, 4, 2, 9))
        for rows in ([0, 1, 2, 3], [4, 5, 6, 7], [2, 6, 3, 1]):
            lengths = store.num_frames[rows]
            clips = RaggedClips(
                store.frames, store.starts[rows], lengths, longest=int(lengths.max())
            )
            params = view.sample(clips, generator=seeded())
            torch.testing.assert_close(compiled(clips, params), view.transform(clips, params))
            assert counter.frame_count == 1

    @EVERY
    def test_whole(self, transform):
        if isinstance(transform, (Scale, *READ_VALUES)):
            pytest.skip("reads values on purpose, or padded clips only")
        clips = ragged()
        params = transform.sample(clips, generator=seeded())
        torch.compiler.reset()
        compiled = torch.compile(transform.transform, fullgraph=True, backend="eager")
        torch.testing.assert_close(compiled(clips, params), transform.transform(clips, params))


class TestGradients:
    @BOTH
    def test_of_frames(self, nesting):
        """Those of the padded clips, and none for what was not read."""
        clips = ragged((9, 4), nesting=nesting, dtype=torch.float64, V=3)
        frames = clips.frames.detach().requires_grad_()
        clips = RaggedClips(frames, clips.starts, clips.num_frames, clips.longest)
        start, length = torch.tensor([2, 0]), torch.tensor([5, 4])
        weight = torch.randn(2, 3, 7, 3, 2, dtype=torch.float64)
        (F.crop_resize(clips, start, length, 7) * weight).sum().backward()
        x = clips.padded().detach().requires_grad_()
        (F.crop_resize(x, start, length, 7) * weight).sum().backward()
        for row, first, count in zip(x.grad, clips.starts, clips.num_frames, strict=True):
            torch.testing.assert_close(
                frames.grad[first : first + count].transpose(0, 1), row[:, :count]
            )
        assert frames.grad.isfinite().all()
