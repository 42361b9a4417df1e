"""Adjacent joint maps become one: same draws, same clips, same gradients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from reference import augment

from skelter import transforms as T
from skelter.data import RaggedClips
from skelter.layouts import NTU25
from skelter.transforms import functional as F
from transforms.cases import ON_NTU25
from transforms.ragged import ragged
from transforms.test_battery import seeded

IN_AN_IMAGE = replace(NTU25, name="NTU25 in an image", dimensions=2, spine=None, shoulders=None)


class Doubling(T.JointMap):
    """A joint map of a user's own, whose matrices hold twice the identity."""

    def sample(self, x, *, num_frames=None, generator=None):
        return 2.0

    def matrices(self, x, params):
        return params * torch.eye(x.shape[-4], dtype=x.dtype).expand(
            *x.shape[:-4], x.shape[-2], -1, -1
        )


class ByLargest(T.Transform):
    """Looks at the values that reach it, when it is applied."""

    def sample(self, x, *, num_frames=None, generator=None):
        return T.uniform(x.shape[:-4], x, generator)

    def transform(self, x, params):
        size = x.detach().abs().amax((-4, -3, -2, -1)) * params.to(x.dtype)
        return x / size[..., None, None, None, None]


class Backwards(T.FrameMap):
    """Picks whole frames: the valid ones in reverse."""

    def sample(self, x, *, num_frames=None, generator=None):
        whole = torch.full(x.shape[:-4], x.shape[-3])
        return whole if num_frames is None else num_frames

    def positions(self, x, params):
        time = torch.arange(x.shape[-3])
        backwards = params[..., None] - 1 - time
        return torch.where(backwards >= 0, backwards, time)


def in_a_plane():
    return T.Lambda(lambda x: x[..., :2, :, :, :], lambda s: (*s[:-4], 2, *s[-3:]))


def some_joints():
    return T.Lambda(lambda x: x[..., :9, :], lambda s: (*s[:-2], 9, s[-1]))


def crop():
    return T.TemporalCropResize(16, min_frames=4)


def choice():
    return T.OneOf([T.Shear(), T.JointJitter(), T.Compose([T.Shear(0.2), T.JointJitter(4)])])


SERIES = {
    "crop, shear, jitter": [crop(), T.Shear(), T.JointJitter()],
    "crop between": [T.Shear(), T.Shear(0.3), crop(), T.JointJitter(), T.Shear()],
    "choices": [crop(), choice(), T.RandomApply(T.Shear()), T.RandomApply(T.JointJitter(), 0.9)],
    "choices of choices": [T.OneOf([choice(), T.RandomApply(choice())]), crop(), choice()],
    "nested": [T.Compose([T.Shear(), T.JointJitter()]), T.Compose([T.Shear(), crop()]), T.Shear()],
    "scores": [T.Shear(layout=IN_AN_IMAGE), T.JointJitter(layout=IN_AN_IMAGE), T.Shear()],
    "values between": [T.Shear(), T.JointJitter(), ByLargest(), T.Shear(), T.Shear()],
    "values after a crop": [T.Shear(), crop(), ByLargest(), choice(), T.JointJitter()],
    "own maps": [T.Shear(), Doubling(), T.JointJitter(), Doubling()],
    "other channels": [
        T.Lambda(lambda x: x[..., :2, :, :, :], lambda s: (*s[:-4], 2, *s[-3:])),
        T.Shear(),
        T.JointJitter(),
    ],
    "other joints": [
        T.Shear(),
        T.Lambda(lambda x: x[..., :9, :], lambda s: (*s[:-2], 9, s[-1])),
        crop(),
        T.Shear(),
        choice(),
    ],
}
SERIES |= {
    "whole frames": [Backwards(), T.Shear(), Backwards(), Backwards()],
    "whole frames, then between": [Backwards(), crop(), T.JointJitter()],
    "between frames, then whole": [crop(), Backwards(), T.Shear()],
    "between frames twice": [crop(), T.CentreCropResize(9), Backwards(), crop()],
    "frames of some clips": [T.RandomApply(Backwards()), crop()],
    "choices of frames": [T.OneOf([crop(), T.CentreCropResize(16)]), T.RandomApply(Backwards())],
}
EVERY = pytest.mark.parametrize("members", SERIES.values(), ids=SERIES)


def one_after_another(members, x, num_frames, generator):
    """What `Compose` means, without any fusing: each member draws, and is applied by itself."""
    drawn = []
    for member in members:
        params = member.sample(x, num_frames=num_frames, generator=generator)
        drawn.append(params)
        x = unfused(member, x, params)
        num_frames = None if member.output_frames is not None else num_frames
    return x, drawn


def unfused(member, x, params):
    """Apply combinations by their members, one at a time."""
    if isinstance(member, T.Compose):
        for inner, its_params in zip(member.transforms, params.params, strict=True):
            x = unfused(inner, x, its_params)
        return x
    if isinstance(member, T.OneOf):
        candidates = torch.stack(
            [
                unfused(inner, x, its_params)
                for inner, its_params in zip(member.transforms, params.params, strict=True)
            ]
        )
        return candidates[params.choice, torch.arange(len(x))]
    return member.transform(x, params)


def tensors(params):
    """All tensors of parameters, in order."""
    if isinstance(params, torch.Tensor):
        return [params]
    if isinstance(params, (tuple, list)):
        return [tensor for member in params for tensor in tensors(member)]
    return tensors(tuple(vars(params).values())) if hasattr(params, "__dict__") else []


@EVERY
class TestFused:
    @given(seed=st.integers(0, 1000))
    def test_draws_and_clips(self, members, seed):
        x = torch.randn(5, 3, 20, 25, 2, generator=seeded(seed))
        lengths = torch.tensor([20, 13, 1, 7, 4])
        expected, drawn = one_after_another(members, x, lengths, seeded(seed))
        view = T.Compose(members)
        generator = seeded(seed)
        out = view(x, num_frames=lengths, generator=generator)
        scale = float(expected.abs().max())
        torch.testing.assert_close(out, expected, rtol=1e-5, atol=1e-5 * scale)
        params = view.sample(x, num_frames=lengths, generator=seeded(seed))
        for ours, theirs in zip(tensors(params.params), tensors(drawn), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(view.transform(x, params), out, rtol=1e-5, atol=1e-5 * scale)

    def test_gradient(self, members):
        x = torch.randn(4, 3, 20, 25, 2, dtype=torch.float64, requires_grad=True)
        y = x.detach().clone().requires_grad_()
        out = T.Compose(members)(x, generator=seeded())
        expected, _ = one_after_another(members, y, None, seeded())
        weight = torch.randn_like(out)
        (out * weight).sum().backward()
        (expected * weight).sum().backward()
        torch.testing.assert_close(x.grad, y.grad, rtol=1e-5, atol=1e-8)

    def test_ragged(self, members):
        clips = ragged()
        expected, _ = one_after_another(members, clips.padded(), clips.num_frames, seeded())
        torch.testing.assert_close(
            T.Compose(members)(clips, generator=seeded()), expected, rtol=1e-5, atol=1e-3
        )


def count_calls(monkeypatch, function):
    """Note the shapes that a function of the combinations is called with."""
    calls = []

    def noted(x, by):
        calls.append(tuple(x.shape))
        return function(x, by)

    monkeypatch.setattr(f"skelter.transforms.combining._compose.{function.__name__}", noted)
    return calls


class TestOnePass:
    def test_joints_are_mapped_once(self, clips, monkeypatch):
        """However many joint maps stand side by side."""
        calls = count_calls(monkeypatch, F.map_joints)
        T.Compose([T.Shear(), choice(), T.RandomApply(T.Shear()), T.Compose([T.JointJitter()])])(
            clips
        )
        assert calls == [clips.shape]

    def test_frames_are_read_once(self, monkeypatch):
        """Where one of two neighbours picks whole frames: of ragged clips nothing is padded."""
        clips, padded = ragged(), []
        pad = RaggedClips.padded
        monkeypatch.setattr(RaggedClips, "padded", lambda clips: padded.append(1) or pad(clips))
        T.Compose([Backwards(), T.RandomApply(Backwards()), crop(), Backwards()])(clips)
        assert not padded
        T.Compose([T.Shear()])(clips)  # which pads them
        assert padded

    def test_one_alone_stays_itself(self, clips):
        """Jitter leaves other joints bit-equal, and so it does in a view."""
        jitter = T.Compose([T.JointJitter(3)])
        params = jitter.sample(clips)
        out = jitter.transform(clips, params)
        kept = ~params.params[0].joints[:, None, None, :, None].expand_as(clips)
        assert torch.equal(out[kept], clips[kept])


MAPS = {name: map for name, map in ON_NTU25.items() if map.as_joint_map() is not None}


class TestJointMaps:
    def test_who_maps_joints(self):
        assert {"Shear", "JointJitter", "RandomApply"} <= set(MAPS)
        assert T.Compose([choice(), Doubling()]).as_joint_map() is not None
        assert T.Compose([T.Shear(), crop()]).as_joint_map() is None
        assert T.OneOf([T.Shear(), T.Lambda(torch.neg)]).as_joint_map() is None
        assert T.OneOf([crop(), T.CentreCropResize(16)]).as_frame_map() is not None

    @pytest.mark.parametrize("batch", [(4,), (), (2, 2)])
    @pytest.mark.parametrize("transform", [*MAPS.values(), choice(), Doubling()], ids=repr)
    def test_agree_with_the_transform(self, transform, batch):
        x = torch.randn(*batch, 3, 6, 25, 2)
        params = transform.sample(x, generator=seeded())
        maps = torch.as_tensor(transform.as_joint_map()(x, params))
        assert maps.shape in [(*batch, 25, 3, 3), (*batch, 1, 3, 3)]
        torch.testing.assert_close(F.map_joints(x, maps), transform.transform(x, params))


class TestReadFrames:
    @given(seed=st.integers(0, 1000), frames=st.integers(1, 9), batch=st.sampled_from([(), (3,)]))
    def test_oracle(self, seed, frames, batch):
        x = torch.randn(*batch, 2, 6, 4, 1, generator=seeded(seed), dtype=torch.float64)
        positions = 5 * torch.rand(*batch, frames, generator=seeded(seed), dtype=torch.float64)
        for places in (positions, positions.round().long()):
            expected = augment.read_frames(x.numpy(), places.numpy())
            out = F.read_frames(x, places).numpy()
            np.testing.assert_allclose(out, expected, rtol=1e-6, atol=1e-6)

    def test_wrong_batch(self, clips):
        with pytest.raises(ValueError, match=r"batch axes \(4,\) of `x`; got \(3, 7\)"):
            F.read_frames(clips, torch.zeros(3, 7))
