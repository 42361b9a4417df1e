"""The operators on clips stored frame by frame, against their plain forms."""

from __future__ import annotations

import math
from contextlib import nullcontext

import pytest
import torch

from skelter import _kernels
from skelter._kernels._derivatives import _plain_forms
from skelter._kernels._temporal_conv import _is_tiled, _matrices
from skelter.encoders import STGCN
from skelter.layouts import NTU25

OPS, PLAIN = torch.ops.skelter, _plain_forms
WIDE = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])


def leaves(*shapes, dtype=torch.float64):
    return [torch.randn(shape, dtype=dtype).requires_grad_() for shape in shapes]


def spread(encoder):
    """Move parameters and statistics away from where they start."""
    for name, tensor in encoder.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5)
        elif tensor.is_floating_point():
            tensor.add_(0.3 * torch.randn_like(tensor))
    return encoder.eval()


def assert_equal(fused, plain, inputs, scale=1.0):
    """Compare values, and gradients at all inputs, with errors as shares of the largest number."""
    weight = torch.randn_like(plain)
    pairs = [(fused.detach(), plain.detach())]
    pairs += zip(*(torch.autograd.grad((out * weight).sum(), inputs) for out in (fused, plain)),
                 strict=True)  # fmt: skip
    limit = scale * (1e-11 if fused.dtype == torch.float64 else 3e-6)
    for ours, theirs in pairs:
        assert float((ours - theirs).abs().max()) <= limit * float(theirs.abs().max())


class TestTemporalConv:
    @WIDE
    @pytest.mark.parametrize("T", [1, 2, 16, 17, 25, 50])
    @pytest.mark.parametrize(
        ("C", "D", "K", "stride"),
        [(3, 5, 9, 1), (5, 5, 9, 2), (5, 6, 1, 1), (5, 6, 1, 2), (48, 50, 9, 1), (96, 96, 9, 2),
         (48, 48, 5, 1)],
    )  # fmt: skip
    def test_equals_the_plain_form(self, dtype, T, C, D, K, stride):
        x, weight, bias = leaves((T, C, 2, 3), (D, C, K, 1), (D,), dtype=dtype)
        fused = _kernels.temporal_conv(x, weight, bias, stride)
        plain = PLAIN["temporal_conv"](x, weight, bias, stride=stride)
        assert_equal(fused, plain, [x, weight, bias])
        assert _is_tiled(weight, stride) == (K > 1 and C >= 48)

    @pytest.mark.parametrize(("C", "stride"), [(3, 1), (48, 1), (96, 2)])
    def test_operator(self, C, stride):
        inputs = leaves((5, C, 1, 2), (C, C, 9, 1), (C,))
        torch.library.opcheck(OPS.temporal_conv.default, (*inputs, stride))

    @pytest.mark.parametrize("stride", [1, 2])
    def test_gradients(self, stride):
        inputs = leaves((5, 2, 1, 2), (3, 2, 9, 1), (3,))
        assert torch.autograd.gradcheck(lambda *a: OPS.temporal_conv(*a, stride), inputs)
        assert torch.autograd.gradgradcheck(lambda *a: OPS.temporal_conv(*a, stride), inputs)

    @pytest.mark.parametrize("length", [9, 16, 21, 24])
    def test_matrices(self, length):
        """They make a correlation, of few products and of numbers that do not grow."""
        forth, taps, back = _matrices(length, 9)
        x, w = torch.randn(length).double(), torch.randn(9).double()
        outs = length - 8
        expected = x.unfold(0, 9, 1) @ w
        torch.testing.assert_close((back @ ((taps @ w) * (forth @ x)))[:outs], expected)
        assert len(forth) <= 3 * length / 2
        assert all(float(m.abs().max()) <= 2 for m in (forth, taps, back))

    def test_errors_are_those_of_the_direct_sum(self):
        x, weight, bias = torch.randn(32, 64, 4, 25), torch.randn(64, 64, 9, 1), torch.zeros(64)
        exact = PLAIN["temporal_conv"](x.double(), weight.double(), bias.double(), 1)
        errors = [
            float((form(x, weight, bias, 1) - exact).square().mean().sqrt() / exact.std())
            for form in (_kernels.temporal_conv, PLAIN["temporal_conv"])
        ]
        assert errors[0] < 3 * errors[1] + 1e-7
        assert errors[0] < 1e-6


class TestFixedGraphConv:
    @WIDE
    @pytest.mark.parametrize(
        ("T", "N", "C", "D", "S"),
        [(1, 1, 1, 1, 1), (5, 3, 3, 4, 3), (4, 2, 6, 2, 2), (70, 33, 40, 5, 3)],
    )
    def test_equals_the_plain_form(self, dtype, T, N, C, D, S):
        shapes = ((T, C, N, 7), (S, 7, 7), (S * D, C, 1, 1), (S * D,))
        inputs = leaves(*shapes, dtype=dtype)
        fused = _kernels.fixed_graph_conv(*inputs)
        assert_equal(fused, PLAIN["fixed_graph_conv"](*inputs), inputs, scale=4.0)

    def test_operator(self):
        inputs = leaves((3, 2, 2, 4), (3, 4, 4), (6, 2, 1, 1), (6,))
        torch.library.opcheck(OPS.fixed_graph_conv.default, tuple(inputs))
        assert torch.autograd.gradcheck(OPS.fixed_graph_conv, inputs)
        assert torch.autograd.gradgradcheck(OPS.fixed_graph_conv, inputs)


class TestBlocks:
    @pytest.mark.parametrize("T", [1, 2, 17, 50, 64])
    def test_wide_blocks_equal_the_plain_form(self, T):
        """Over one tile of frames and several, whole ones and not."""
        encoder = spread(STGCN(NTU25, widths=(48, 96, 96), halving=[2])).double()
        x = torch.randn(2, 3, T, 25, 2, dtype=torch.float64)
        results = []
        for form in (torch.enable_grad, _kernels.use_plain):
            with form():
                out = encoder(x)
                grads = torch.autograd.grad(out.square().sum(), list(encoder.parameters()))
                results.append((out, grads))
        torch.testing.assert_close(*results)

    @pytest.mark.parametrize("bias", [True, False])
    def test_convolutions_without_biases(self, bias):
        encoder = spread(STGCN(NTU25, widths=(48, 48)))
        for block in encoder.blocks:
            if not bias:
                block.temporal[0].register_parameter("bias", None)
                block.graph.project.register_parameter("bias", None)
        x = torch.randn(2, 3, 9, 25, 1)
        out = encoder(x)
        with _kernels.use_plain():
            torch.testing.assert_close(encoder(x), out, rtol=1e-4, atol=1e-4)

    def test_wide_blocks_are_as_exact_as_the_direct_sum(self):
        encoder = spread(STGCN(NTU25, widths=(64, 64, 64)))
        x = torch.randn(2, 3, 40, 25, 1)
        errors = []
        with torch.no_grad():
            fused = encoder(x)
            with _kernels.use_plain():
                plain = encoder(x)
                exact = encoder.double()(x.double())
        errors = [(out - exact).abs().max() / exact.abs().max() for out in (fused, plain)]
        assert float(errors[0]) < 4 * float(errors[1]) + 1e-6

    def test_in_bfloat16(self):
        encoder = STGCN(NTU25, widths=(16, 48, 48), halving=[1]).eval()
        x = torch.randn(4, 3, 20, 25, 2)
        results = []
        for form in (nullcontext, _kernels.use_plain):
            with form(), torch.autocast("cpu", torch.bfloat16):
                out = encoder(x)
            grads = torch.autograd.grad(out.float().square().sum(), list(encoder.parameters()))
            results.append((out.detach().float(), torch.cat([g.flatten() for g in grads])))
        (fused, fused_grad), (plain, plain_grad) = results
        assert float((fused - plain).norm() / plain.norm()) < 0.02
        assert float(torch.cosine_similarity(fused_grad, plain_grad, dim=0)) > 0.995

    def test_no_operator_of_ours_runs_in_the_plain_form(self):
        encoder, x = STGCN(widths=(8,)), torch.randn(1, 3, 4, 25, 1)
        for form, count in ((nullcontext, 2), (_kernels.use_plain, 0)):
            with form(), torch.profiler.profile() as profile:
                encoder(x)
            names = {event.name for event in profile.events() if "skelter" in event.name}
            assert len({name for name in names if name.endswith("_conv")}) == count

    def test_clips_that_are_followed_by_one_in_another_order(self):
        """Blocks of both kinds in turn."""
        encoder, x = STGCN(widths=(8, 8, 8)).eval(), torch.randn(2, 3, 9, 25, 2)
        expected = encoder(x)
        encoder.blocks[1].temporal[0].register_forward_hook(lambda *_: None)
        torch.testing.assert_close(encoder(x), expected)


def test_largest_number_of_products():
    """A tile of sixteen frames takes 35 products, where the direct sum takes 144."""
    assert len(_matrices(24, 9)[0]) == 35
    assert math.isclose(144 / 35, 4.1, abs_tol=0.02)
