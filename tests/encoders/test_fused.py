"""The fused layers against their plain forms: values, gradients, compiled, narrow, recomputed."""

from __future__ import annotations

import copy

import pytest
import torch
from reference import plain_layers

from skelter.encoders import AGCN, HCN, BiGRU
from skelter.layouts import SkeletonLayout

OPS = torch.ops.skelter
MINE = SkeletonLayout("mine", tuple("abcdefg"), parents=(-1, 0, 1, 1, 1, 4, 4), centre=0)


def encoders(**options):
    return {
        "BiGRU": (BiGRU(21, 16, layers=2, **options), torch.randn(6, 9, 21)),
        "bidirectional": (
            BiGRU(21, 16, layers=2, direction="bidirectional", **options),
            torch.randn(6, 9, 21),
        ),
        "AGCN": (AGCN(MINE, persons=1, widths=(8, 8, 16), **options), torch.randn(6, 3, 9, 7, 1)),
        "HCN": (HCN(7, 1, frames=16, channels=16, **options), torch.randn(6, 3, 16, 7, 1)),
    }


EVERY = pytest.mark.parametrize("name", encoders())


def gradients(module, loss):
    module.zero_grad()
    loss.backward()
    return [parameter.grad.clone() for parameter in module.parameters()]


class TestGRUPair:
    @pytest.mark.parametrize("direction", ["forward-pair", "bidirectional"])
    @pytest.mark.parametrize(("N", "T"), [(1, 1), (5, 1), (1, 7), (5, 12)])
    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_equals_frame_by_frame(self, direction, N, T, dtype):
        torch.manual_seed(N + T)
        encoder = BiGRU(10, 8, direction=direction).to(dtype)
        x = torch.randn(N, T, 10, dtype=dtype, requires_grad=True)
        states = plain_layers.gru(x, encoder.gru, forward_pair=direction == "forward-pair")
        first, second = states.chunk(2, -1)
        last = -1 if direction == "forward-pair" else 0
        plain = torch.cat([first[:, -1], second[:, last]], -1)
        weight = torch.randn_like(plain)
        fused = encoder(x)
        torch.testing.assert_close(fused, plain, rtol=1e-5, atol=1e-6)
        expected = torch.autograd.grad((plain * weight).sum(), [x, *encoder.parameters()])
        actual = torch.autograd.grad((fused * weight).sum(), [x, *encoder.parameters()])
        for ours, theirs in zip(actual, expected, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)

    def test_bidirectional_equals_torch(self):
        encoder = BiGRU(10, 8, direction="bidirectional")
        x = torch.randn(3, 6, 10)
        gru = torch.nn.GRU(10, 8, 3, batch_first=True, bidirectional=True)
        gru.load_state_dict(encoder.gru.state_dict())
        _, state = gru(x)
        torch.testing.assert_close(encoder(x), torch.cat([state[-2], state[-1]], -1))

    @pytest.mark.parametrize("reverse", [False, True])
    def test_operator(self, reverse):
        """Schema, shapes, gradients and the traced form: all that torch can check."""
        encoder = BiGRU(4, 3, layers=1).double()
        x = torch.randn(5, 2, 4, dtype=torch.float64, requires_grad=True)
        weights = list(encoder.gru.parameters())
        torch.library.opcheck(OPS.gru_pair.default, (x, weights, reverse))
        assert torch.autograd.gradcheck(
            lambda x, *weights: OPS.gru_pair(x, weights, reverse)[0], (x, *weights)
        )

    def test_no_gradient_for_a_constant_input(self):
        encoder, x = BiGRU(10, 8), torch.randn(3, 6, 10)
        encoder(x).sum().backward()
        assert x.grad is None
        assert all(parameter.grad is not None for parameter in encoder.parameters())


class TestAdaptiveGraphConv:
    @staticmethod
    def inputs(N, C, T, V, dtype, embedding=2, out=5):
        graph, embed = torch.rand(3, V, V), torch.randn(6 * embedding, C) / C
        rest = torch.randn(6 * embedding), torch.randn(out, 3 * C) / C, torch.randn(out)
        inputs = (torch.randn(N, C, T, V), graph, embed, *rest)
        return [tensor.to(dtype).requires_grad_() for tensor in inputs]

    @pytest.mark.parametrize("shape", [(1, 1, 1, 1), (2, 3, 4, 5), (4, 8, 6, 7)])
    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_equals_subset_by_subset(self, shape, dtype):
        torch.manual_seed(sum(shape))
        self.compare(self.inputs(*shape, dtype))

    def test_equals_it_where_the_batch_goes_in_parts(self):
        torch.manual_seed(0)
        self.compare(self.inputs(31, 64, 64, 25, torch.float64, embedding=1, out=2))

    @staticmethod
    def compare(inputs):
        plain = plain_layers.adaptive_graph_conv(*inputs)
        fused, _ = OPS.adaptive_graph_conv(*inputs)
        close = {"rtol": 1e-4, "atol": 1e-5} if plain.dtype == torch.float32 else {}
        torch.testing.assert_close(fused, plain, **close)
        weight = torch.randn_like(plain)
        expected = torch.autograd.grad((plain * weight).sum(), inputs)
        actual = torch.autograd.grad((fused * weight).sum(), inputs)
        for ours, theirs in zip(actual, expected, strict=True):
            torch.testing.assert_close(ours, theirs, **close)

    def test_operator(self):
        inputs = tuple(self.inputs(2, 2, 3, 4, torch.float64, embedding=1, out=2))
        torch.library.opcheck(OPS.adaptive_graph_conv.default, inputs)
        assert torch.autograd.gradcheck(lambda *a: OPS.adaptive_graph_conv(*a)[0], inputs)

    def test_any_memory_format(self):
        inputs = self.inputs(2, 4, 5, 6, torch.float32)
        expected, _ = OPS.adaptive_graph_conv(*inputs)
        inputs[0] = inputs[0].detach().contiguous(memory_format=torch.channels_last)
        torch.testing.assert_close(OPS.adaptive_graph_conv(*inputs)[0], expected)


@EVERY
class TestEveryEncoder:
    def test_compiles_whole(self, name):
        encoder, x = encoders()[name]
        encoder.eval()
        expected = encoder(x)
        wanted = gradients(encoder, expected.square().sum())
        torch.compiler.reset()
        compiled = torch.compile(encoder, fullgraph=True, backend="aot_eager")
        actual = compiled(x)
        torch.testing.assert_close(actual, expected)
        torch.testing.assert_close(gradients(encoder, actual.square().sum()), wanted)

    def test_bfloat16_is_close(self, name):
        encoder, x = encoders()[name]
        encoder.eval()
        wide = encoder(x)
        wanted = torch.cat([g.flatten() for g in gradients(encoder, wide.square().sum())])
        with torch.autocast("cpu", torch.bfloat16):
            narrow = encoder(x)
        assert narrow.dtype == torch.bfloat16
        grads = gradients(encoder, narrow.float().square().sum())
        assert all(g.dtype == torch.float32 for g in grads)
        given = torch.cat([g.flatten() for g in grads])
        cosine = torch.nn.functional.cosine_similarity
        assert float(cosine(narrow.detach().float(), wide.detach()).min()) > 0.99
        assert float(cosine(given, wanted, dim=0)) > 0.98

    # torch 2.4 calls a deprecated function of its own.
    @pytest.mark.filterwarnings("ignore:.*torch.cpu.amp.autocast:FutureWarning")
    def test_recomputed_is_the_same(self, name):
        """Values, gradients, dropped channels and the statistics of batch norms."""
        torch.manual_seed(1)
        plain, x = encoders()[name]
        lean = encoders(recompute=True)[name][0]
        lean.load_state_dict(plain.state_dict())
        results = []
        for encoder in (plain, lean):
            torch.manual_seed(3)
            out = encoder(x)
            results.append((out.detach(), gradients(encoder, out.square().sum())))
        torch.testing.assert_close(results[1], results[0])
        torch.testing.assert_close(dict(lean.named_buffers()), dict(plain.named_buffers()))

    def test_does_not_touch_its_input(self, name):
        encoder, x = encoders()[name]
        before = x.clone()
        encoder(x).sum().backward()
        assert torch.equal(x, before)

    def test_trains_after_a_copy(self, name):
        encoder, x = encoders()[name]
        copied = copy.deepcopy(encoder)
        copied(x).sum().backward()
        assert all(p.grad is None for p in encoder.parameters())
