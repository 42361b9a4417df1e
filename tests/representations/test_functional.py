from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from einops import rearrange
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from skelter import representations as R
from skelter.layouts import (
    COCO17,
    H36M17,
    KINECT20,
    MEDIAPIPE33,
    NTU25,
    OPENPOSE18,
    SBU15,
    SMPL24,
)
from skelter.representations import functional as F

LAYOUTS = [NTU25, KINECT20, SBU15, OPENPOSE18, COCO17, H36M17, SMPL24, MEDIAPIPE33]
ORDERS = ["v c m", "m v c", "c v m", "m c v", "v m c", "c m v"]


class TestSequence:
    def test_oracle_of_the_papers_order(self, clips):
        out = F.to_sequence(clips)
        assert out.shape == (4, 20, 150)
        for v, c, m in [(0, 0, 0), (3, 1, 1), (24, 2, 1)]:
            assert torch.equal(out[..., (v * 3 + c) * 2 + m], clips[:, c, :, v, m])

    def test_oracle_of_the_other_order(self, clips):
        out = F.to_sequence(clips, "m v c")
        for v, c, m in [(0, 0, 0), (3, 1, 1), (24, 2, 1)]:
            assert torch.equal(out[..., (m * 25 + v) * 3 + c], clips[:, c, :, v, m])

    @given(
        st.sampled_from(ORDERS),
        st.sampled_from([(), (0,), (4,), (2, 3)]),
        st.integers(1, 4),
        st.integers(1, 5),
        st.integers(1, 7),
        st.integers(1, 3),
    )
    def test_is_a_rearrangement(self, order, batch, C, T, V, M):
        x = torch.randn(*batch, C, T, V, M, requires_grad=True)
        y = x.detach().clone().requires_grad_()
        out, expected = F.to_sequence(x, order), rearrange(y, f"... c t v m -> ... t ({order})")
        assert torch.equal(out, expected)
        weight = torch.randn_like(out)
        (out * weight).sum().backward()
        (expected * weight).sum().backward()
        assert torch.equal(x.grad, y.grad)

    @pytest.mark.parametrize("order", ORDERS)
    def test_of_any_strides_and_dtype(self, order):
        x = torch.randn(5, 2, 3, 6).permute(2, 0, 3, 1)
        expected = rearrange(x, f"c t v m -> t ({order})")
        for dtype in (torch.float16, torch.bfloat16, torch.float64):
            assert torch.equal(F.to_sequence(x.to(dtype), order), expected.to(dtype))

    @given(st.sampled_from(ORDERS), st.integers(1, 3), st.integers(1, 7), st.integers(1, 3))
    def test_inverse(self, order, C, V, M):
        x = torch.randn(2, C, 5, V, M)
        back = F.from_sequence(F.to_sequence(x, order), joints=V, persons=M, order=order)
        assert torch.equal(back, x)

    @pytest.mark.parametrize("order", ["v c", "v c t", "v c m m", ""])
    def test_wrong_order(self, order, clips):
        with pytest.raises(ValueError, match=r"`order` must name v \(joint\)"):
            F.to_sequence(clips, order)
        with pytest.raises(ValueError, match="such as 'v c m' or 'm v c'"):
            R.ToSequence(order)

    def test_wrong_width(self):
        with pytest.raises(ValueError, match=r"V=25 and M=2; got \(4, 64, 120\)"):
            F.from_sequence(torch.zeros(4, 64, 120), joints=25)


class TestGraphAndImage:
    @pytest.mark.parametrize("name", ["graph", "image"])
    def test_identity_and_check(self, name, clips):
        forth, back = getattr(F, f"to_{name}"), getattr(F, f"from_{name}")
        assert torch.equal(forth(clips), clips)
        assert torch.equal(back(forth(clips)), clips)
        with pytest.raises(ValueError, match=r"shape \(\.\.\., C, T, V, M\)"):
            forth(torch.zeros(4, 20, 150))


class TestBones:
    def test_oracle(self, clips):
        out = F.to_bones(clips)
        for child, parent in NTU25.bones:
            assert torch.equal(out[..., child, :], clips[..., child, :] - clips[..., parent, :])
        assert not out[..., 20, :].any()

    @pytest.mark.parametrize("layout", LAYOUTS, ids=lambda x: x.name)
    def test_inverse(self, layout):
        x = torch.randn(2, 3, 5, layout.num_joints, 2, dtype=torch.float64)
        roots = x[..., list(layout.roots), :]
        torch.testing.assert_close(F.from_bones(F.to_bones(x, layout), layout, roots=roots), x)

    def test_without_roots_hangs_at_the_origin(self, clips):
        assert not F.from_bones(F.to_bones(clips))[..., 20, :].any()

    def test_gradient(self):
        x = torch.randn(3, 2, 15, 1, dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(lambda a: F.to_bones(a, SBU15), (x,))

    def test_wrong_layout(self):
        with pytest.raises(
            ValueError,
            match=r"`x` has 17 joints, but layout NTU25 has 25. Pass layout=... for your skeleton.",
        ):
            F.to_bones(torch.zeros(3, 4, 17, 1))


class TestMotion:
    @given(st.integers(1, 12), st.integers(1, 12))
    def test_oracle(self, frames, valid):
        valid = min(valid, frames)
        x = torch.randn(3, frames, 4, 1, dtype=torch.float64)
        motion = F.to_motion(x, num_frames=torch.tensor(valid)).numpy()
        acceleration = F.to_acceleration(x, num_frames=torch.tensor(valid)).numpy()
        expected, second = np.zeros_like(motion), np.zeros_like(motion)
        for t in range(valid - 1):
            expected[:, t] = x[:, t + 1] - x[:, t]
        for t in range(valid - 2):
            second[:, t] = x[:, t + 2] - 2 * x[:, t + 1] + x[:, t]
        np.testing.assert_allclose(motion, expected, atol=1e-12)
        np.testing.assert_allclose(acceleration, second, atol=1e-12)

    def test_lengths_are_each_clips_own(self, clips):
        motion = F.to_motion(clips, num_frames=torch.tensor([1, 5, 20, 2]))
        still = (motion == 0).all(1).all(-1).all(-1).sum(-1)
        assert still.tolist() == [20, 16, 1, 19]

    def test_inverses(self):
        x = torch.randn(2, 3, 9, 4, 2, dtype=torch.float64)
        first, second = x[:, :, 0], x[:, :, 1]
        torch.testing.assert_close(F.from_motion(F.to_motion(x), first), x)
        torch.testing.assert_close(F.from_acceleration(F.to_acceleration(x), first, second), x)

    def test_wrong_first_frame(self, clips):
        with pytest.raises(ValueError, match=r"`first` must have shape.*\(4, 3, 25, 2\).*got"):
            F.from_motion(clips, clips[:, :, :2])


class TestScores:
    """Two coordinates and a detector's score, which is not a position."""

    @pytest.mark.parametrize("layout", [COCO17, OPENPOSE18], ids=lambda x: x.name)
    @pytest.mark.parametrize(
        ("convert", "function"),
        [
            (R.ToBones, F.to_bones),
            (lambda layout: R.ToMotion(layout=layout), lambda x, _: F.to_motion(x)),
            (lambda layout: R.ToAcceleration(layout=layout), lambda x, _: F.to_acceleration(x)),
        ],
        ids=["bones", "motion", "acceleration"],
    )
    def test_positions_are_converted_and_scores_passed_on(self, convert, function, layout):
        x = torch.randn(4, 3, 9, layout.num_joints, 2)
        out = convert(layout)(x)
        assert torch.equal(out[:, :2], function(x[:, :2], layout))
        assert torch.equal(out[:, 2:], x[:, 2:])
        in_space = convert(dataclasses.replace(layout, dimensions=3))(x)
        assert torch.equal(in_space, function(x, layout))

    def test_motion_passes_on_the_scores_of_padding_too(self):
        x = torch.randn(2, 3, 9, 17, 1)
        out = R.ToMotion(layout=COCO17)(x, num_frames=torch.tensor([3, 9]))
        assert not out[0, :2, 2:].any()
        assert torch.equal(out[:, 2], x[:, 2])

    @pytest.mark.parametrize("convert", [R.ToMotion(), R.ToAcceleration()], ids=repr)
    @pytest.mark.parametrize("channels", [1, 4, 6])
    def test_other_channels_need_a_layout(self, convert, channels):
        with pytest.raises(
            ValueError, match=rf"2 or 3 coordinates where no layout.*got C={channels}.*dimensions"
        ):
            convert(torch.zeros(channels, 4, 17, 1))

    def test_representations_keep_all_channels(self):
        x = torch.randn(2, 3, 5, 18, 2)
        assert R.ToSequence()(x).shape == (2, 5, 3 * 18 * 2)
        assert R.ToSequence()(x[:, :2]).shape == (2, 5, 2 * 18 * 2)
        assert torch.equal(R.ToImage()(x[:, :2]), x[:, :2])
        assert torch.equal(R.ToGraph()(x[:, :2]), x[:, :2])


class TestModules:
    @pytest.mark.parametrize(
        ("module", "function"),
        [
            (R.ToSequence(), F.to_sequence),
            (R.ToSequence("m v c"), lambda x: F.to_sequence(x, "m v c")),
            (R.ToGraph(), F.to_graph),
            (R.ToImage(), F.to_image),
            (R.ToBones(), F.to_bones),
            (R.ToMotion(), F.to_motion),
            (R.ToAcceleration(), F.to_acceleration),
        ],
        ids=lambda value: repr(value) if isinstance(value, nn.Module) else "",
    )
    def test_equal_their_functions(self, module, function, clips):
        assert torch.equal(module(clips), function(clips))
        assert torch.equal(module(clips.half()), function(clips.half()))
        torch.compiler.reset()
        compiled = torch.compile(module, fullgraph=True, backend="eager")
        assert torch.equal(compiled(clips), function(clips))

    def test_compose(self, clips):
        stream = nn.Sequential(R.ToBones(NTU25), R.ToMotion(), R.ToSequence())
        expected = F.to_sequence(F.to_motion(F.to_bones(clips)))
        assert torch.equal(stream(clips), expected)


MODULES = {
    "ToSequence": R.ToSequence(),
    "ToSequence m v c": R.ToSequence("m v c"),
    "ToGraph": R.ToGraph(),
    "ToImage": R.ToImage(),
    "ToBones": R.ToBones(),
    "ToMotion": R.ToMotion(),
    "ToAcceleration": R.ToAcceleration(),
    "bones as a sequence": nn.Sequential(R.ToBones(), R.ToSequence()),
}


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
class TestEveryModule:
    def test_all_are_here(self, module):
        exported = {name for name in R.__all__ if isinstance(getattr(R, name), type)}
        assert exported <= MODULES.keys()

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
    def test_autocast_changes_nothing(self, module, clips, dtype):
        clips = clips.to(dtype)
        expected = module(clips)
        with torch.autocast("cpu", torch.bfloat16):
            out = module(clips)
        assert out.dtype == dtype
        assert torch.equal(out, expected)

    @pytest.mark.parametrize(
        "made", [lambda x: x[:, :, ::-1], lambda x: x.astype(">f4"), lambda x: np.asfortranarray(x)]
    )
    def test_any_array(self, module, clips, made):
        x = made(clips.numpy())
        out = module(x)
        assert torch.equal(out, module(torch.tensor(x.tolist()).to(out.dtype)))

    def test_masked_arrays_are_refused(self, module, clips):
        with pytest.raises(TypeError, match="plain array; got a masked one"):
            module(np.ma.masked_array(clips.numpy(), clips.numpy() > 5))

    def test_an_axis_left_out(self, module):
        with pytest.raises(ValueError, match=r"more persons than frames.*x\[..., None\]"):
            module(torch.randn(8, 3, 100, 25))

    def test_vmap(self, module, clips):
        assert torch.equal(torch.func.vmap(module)(clips), module(clips))


def test_from_bones_under_autocast(clips):
    bones = F.to_bones(clips)
    roots = clips[..., NTU25.roots, :]
    with torch.autocast("cpu", torch.bfloat16):
        back = F.from_bones(bones, roots=roots)
    assert torch.equal(back, F.from_bones(bones, roots=roots))


@pytest.mark.parametrize("wrong", ["ntu-rgb+d", 25, NTU25.joints, "NTU25"])
@pytest.mark.parametrize(
    "call",
    [R.ToBones, lambda layout: R.ToMotion(layout=layout),
     lambda layout: R.ToAcceleration(layout=layout),
     lambda layout: F.to_bones(torch.zeros(3, 4, 25, 1), layout),
     lambda layout: F.from_bones(torch.zeros(3, 4, 25, 1), layout)],
)  # fmt: skip
def test_not_a_layout(call, wrong):
    with pytest.raises(TypeError, match=r"`layout` must be a SkeletonLayout such as skelter"):
        call(wrong)
