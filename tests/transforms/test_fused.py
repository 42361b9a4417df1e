"""Adjacent joint maps become one: same draws, same clips, same gradients."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from skelter import transforms as T
from skelter.transforms import functional as F
from transforms.ragged import ragged
from transforms.test_battery import TRANSFORMS, seeded


class Doubling(T.Transform):
    """A joint map of a user's own, whose matrices hold twice the identity."""

    @property
    def maps_joints(self):
        return True

    def sample(self, x, *, num_frames=None, generator=None):
        return 2.0

    def joint_maps(self, x, params):
        return params * torch.eye(x.shape[-4], dtype=x.dtype).expand(
            *x.shape[:-4], x.shape[-2], -1, -1
        )

    def transform(self, x, params):
        return params * x


class ByLargest(T.Transform):
    """Draws by the values that reach it."""

    def sample(self, x, *, num_frames=None, generator=None):
        return x.abs().amax((-4, -3, -2, -1)) * torch.rand(x.shape[:-4], generator=generator)

    def transform(self, x, params):
        return x / params[..., None, None, None, None]


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
    "scores": [T.Shear(coordinates=2), T.JointJitter(coordinates=2), T.Shear()],
    "values between": [T.Shear(), T.JointJitter(), ByLargest(), T.Shear(), T.Shear()],
    "values after a crop": [T.Shear(), crop(), ByLargest(), choice(), T.JointJitter()],
    "own maps": [T.Shear(), Doubling(), T.JointJitter(), Doubling()],
    "other channels": [T.Lambda(lambda x: x[..., :2, :, :, :]), T.Shear(), T.JointJitter()],
    "other joints": [T.Shear(), T.Lambda(lambda x: x[..., :9, :]), crop(), T.Shear(), choice()],
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
    if isinstance(member, T.RandomApply):
        applied = params.applied[:, None, None, None, None]
        return torch.where(applied, unfused(member.member, x, params.params), x)
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


class TestOnePass:
    def test_maps_once(self, clips, monkeypatch):
        """However many joint maps stand side by side."""
        calls = []
        mapped = F.map_joints
        monkeypatch.setattr(F, "map_joints", lambda x, m: calls.append(x.shape) or mapped(x, m))
        monkeypatch.setattr(F, "shear", lambda *_: pytest.fail("a pass of its own"))
        T.Compose([T.Shear(), choice(), T.RandomApply(T.Shear()), T.Compose([T.JointJitter()])])(
            clips
        )
        assert calls == [clips.shape]

    def test_one_alone_stays_itself(self, clips):
        """Jitter leaves other joints bit-equal, and so it does in a view."""
        jitter = T.Compose([T.JointJitter(3)])
        params = jitter.sample(clips)
        out = jitter.transform(clips, params)
        kept = ~params.params[0].joints[:, None, None, :, None].expand_as(clips)
        assert torch.equal(out[kept], clips[kept])

    def test_a_user_sees_what_reaches_it(self, clips):
        """Its draw is by the values that the maps before it gave."""
        probe = ByLargest()
        view = T.Compose([T.Shear(), T.Shear(), probe, T.Shear()])
        params = view.sample(clips, generator=seeded())
        generator = seeded()
        sheared = T.Shear()(T.Shear()(clips, generator=generator), generator=generator)
        torch.testing.assert_close(params.params[2], probe.sample(sheared, generator=generator))


MAPS = {name: transform for name, transform in TRANSFORMS.items() if transform.maps_joints}


class TestJointMaps:
    def test_who_maps_joints(self):
        assert {"Shear", "JointJitter", "RandomApply", "Shear with scores"} <= set(MAPS)
        assert T.Compose([choice(), Doubling()]).maps_joints
        assert not T.Compose([T.Shear(), crop()]).maps_joints
        assert not T.OneOf([T.Shear(), T.Lambda(torch.neg)]).maps_joints

    @pytest.mark.parametrize("batch", [(4,), (), (2, 2)])
    @pytest.mark.parametrize("transform", [*MAPS.values(), choice(), Doubling()], ids=repr)
    def test_agree_with_the_transform(self, transform, batch):
        x = torch.randn(*batch, 3, 6, 25, 2)
        params = transform.sample(x, generator=seeded())
        maps = transform.joint_maps(x, params)
        assert maps.shape == (*batch, 25, 3, 3)
        torch.testing.assert_close(F.map_joints(x, maps), transform.transform(x, params))

    @pytest.mark.parametrize(
        "transform", [T.CentreCropResize(), T.FillFrames(), ByLargest()], ids=repr
    )
    def test_others_have_none(self, transform, clips):
        name = type(transform).__name__
        with pytest.raises(NotImplementedError, match=f"{name} maps no joints by matrices"):
            transform.joint_maps(clips, transform.sample(clips))
