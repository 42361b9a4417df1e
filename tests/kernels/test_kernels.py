"""The fused operators against the plain forms in their layers: values, gradients, dtypes."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from skelter._kernels import is_fused, use_plain
from skelter.encoders import AGCN, CTRGCN, BiGRU, HierarchicalEncoder, SkeletonTransformer
from skelter.layouts import SkeletonLayout
from skelter.losses import functional as F

OPS = torch.ops.skelter
MINE = SkeletonLayout("mine", tuple("abcdefg"), parents=(-1, 0, 1, 1, 1, 4, 4), centre=0)
DIRECTIONS = pytest.mark.parametrize("direction", ["forward-pair", "bidirectional"])
FORMS = (nullcontext, use_plain)
WIDE = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])


def graph_layer(channels=8, width=5):
    """Build the graph convolution of an AGCN's block, its parameters far from where they start."""
    layer = AGCN(MINE, channels, persons=1, widths=(4 * width,)).blocks[0].graph
    nn.init.normal_(layer.learned_adjacency)
    nn.init.ones_(layer.norm.weight)
    for conv in (layer.theta, layer.phi, layer.project):
        nn.init.normal_(conv.weight, 0, 0.3)
        nn.init.normal_(conv.bias)
    return layer


def lstm_layer(width):
    """Return the sequence encoder of a branch: two units, one in each direction."""
    encoder = HierarchicalEncoder(7, width, persons=1, frames=5, units="lstm", granularity=1)
    return encoder.temporal.encoder


def both_forms(function, inputs):
    """Return values and gradients at the inputs, fused and plain."""
    results, weight = [], None
    for form in FORMS:
        with form():
            value = function()
        weight = torch.randn_like(value) if weight is None else weight
        results.append((value.detach(), torch.autograd.grad((value * weight).sum(), inputs)))
    return results


def assert_equal(function, inputs):
    fused, plain = both_forms(function, inputs)
    close = {"rtol": 1e-4, "atol": 1e-5} if fused[0].dtype == torch.float32 else {}
    torch.testing.assert_close(fused, plain, **close)


def assert_close_in_bfloat16(function, inputs):
    """Compare in the narrow dtype, whose numbers have three digits."""
    with torch.autocast("cpu", torch.bfloat16):
        (fused, fused_grads), (plain, plain_grads) = both_forms(function, inputs)
    assert fused.dtype == plain.dtype == torch.bfloat16
    torch.testing.assert_close(fused, plain, rtol=0.03, atol=0.03)
    # Some gradients are zero but for rounding: those of a bias that a softmax ignores.
    negligible = 0.003 * torch.cat([grad.flatten() for grad in plain_grads]).norm()
    for ours, theirs in zip(fused_grads, plain_grads, strict=True):
        assert ours.dtype == theirs.dtype == torch.float32
        assert (ours - theirs).norm() <= 0.05 * theirs.norm() + negligible


class TestSwitch:
    def test_plain_inside_and_fused_again_behind(self):
        assert is_fused()
        with use_plain(), use_plain():
            assert not is_fused()
        assert is_fused()
        with pytest.raises(KeyError), use_plain():
            raise KeyError
        assert is_fused()

    @pytest.mark.parametrize(
        "layer",
        [
            BiGRU(6, 4, layers=1),
            AGCN(MINE, persons=1, widths=(8,)),
            CTRGCN(MINE, persons=1, widths=(8,)),
            SkeletonTransformer(MINE, frames=5, patch_frames=5, width=8, depth=1),
            lstm_layer(8),
        ],
    )
    def test_no_operator_of_ours_runs_in_the_plain_form(self, layer):
        clips = isinstance(layer, AGCN | CTRGCN | SkeletonTransformer)
        x = (
            torch.randn(2, 3, 5, 7, 1)
            if clips
            else torch.randn(2, 5, next(layer.parameters()).shape[1])
        )
        z = torch.randn(3, 8)
        for form, count in zip(FORMS, (2, 0), strict=True):
            with form(), torch.profiler.profile() as profile:
                layer(x)
                F.queue_contrast(z, z, z)
            ours = [event.name for event in profile.events() if "skelter" in event.name]
            operators = ("queue_contrast", "gru_pair", "lstm_pair", "graph_conv", "attention")
            assert sum(any(name in event for event in ours) for name in operators) == count

    def test_a_compiled_layer_follows_it(self):
        encoder, x = BiGRU(6, 4, layers=1), torch.randn(2, 5, 6)
        torch.compiler.reset()
        graphs = []

        def keep(graph, _):
            graphs.append(str(graph.code))
            return graph.forward

        compiled = torch.compile(encoder, fullgraph=True, backend=keep)
        expected = compiled(x)
        with use_plain():
            torch.testing.assert_close(compiled(x), expected)
        assert ["skelter" in code for code in graphs] == [True, False]


class TestGRUPair:
    @DIRECTIONS
    @WIDE
    @pytest.mark.parametrize(("N", "T"), [(1, 1), (5, 1), (1, 7), (5, 12)])
    def test_equals_the_plain_form(self, direction, dtype, N, T):
        encoder = BiGRU(10, 8, direction=direction).to(dtype)
        x = torch.randn(N, T, 10, dtype=dtype, requires_grad=True)
        assert_equal(lambda: encoder(x), [x, *encoder.parameters()])

    @DIRECTIONS
    @pytest.mark.parametrize("N", [1, 5, 16, 20])
    def test_equals_it_in_bfloat16(self, direction, N):
        encoder = BiGRU(10, 16, layers=2, direction=direction)
        x = torch.randn(N, 6, 10, requires_grad=True)
        assert_close_in_bfloat16(lambda: encoder(x), [x, *encoder.parameters()])

    def test_plain_equals_torch(self):
        encoder = BiGRU(10, 8, direction="bidirectional")
        x = torch.randn(3, 6, 10)
        gru = nn.GRU(10, 8, 3, batch_first=True, bidirectional=True)
        gru.load_state_dict(encoder.gru.state_dict())
        _, state = gru(x)
        with use_plain():
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


class TestLSTMPair:
    @WIDE
    @pytest.mark.parametrize(("N", "T"), [(1, 1), (5, 1), (1, 7), (5, 12)])
    def test_equals_the_plain_form(self, dtype, N, T):
        layer = lstm_layer(8).to(dtype)
        x = torch.randn(N, T, 8, dtype=dtype, requires_grad=True)
        assert_equal(lambda: layer(x), [x, *layer.parameters()])

    @pytest.mark.parametrize("N", [1, 5, 16, 20])
    def test_equals_it_in_bfloat16(self, N):
        layer, x = lstm_layer(16), torch.randn(N, 6, 16, requires_grad=True)
        assert_close_in_bfloat16(lambda: layer(x), [x, *layer.parameters()])

    def test_operator(self):
        """Schema, shapes, gradients and the traced form: all that torch can check."""
        weights = list(lstm_layer(4).double().parameters())
        x = torch.randn(5, 2, 4, dtype=torch.float64, requires_grad=True)
        torch.library.opcheck(OPS.lstm_pair.default, (x, weights))
        assert torch.autograd.gradcheck(
            lambda x, *weights: OPS.lstm_pair(x, weights)[0], (x, *weights)
        )

    def test_no_gradient_for_a_constant_input(self):
        layer, x = lstm_layer(8), torch.randn(3, 6, 8)
        layer(x).sum().backward()
        assert x.grad is None
        assert all(parameter.grad is not None for parameter in layer.parameters())

    def test_products_are_counted(self):
        """The first state is constant: no gradient goes through its product."""
        weights = list(lstm_layer(8).parameters())
        x = torch.randn(6, 3, 8, requires_grad=True)
        with FlopCounterMode(display=False) as counter:
            OPS.lstm_pair(x, weights)[0].sum().backward()
        forward = 2 * 3 * 6 * 2 * (16 * 8 + 16 * 4)
        assert counter.get_total_flops() == 3 * forward - 2 * 3 * 2 * 16 * 4


class TestAdaptiveGraphConv:
    @WIDE
    @pytest.mark.parametrize(("N", "C", "T"), [(1, 1, 1), (2, 3, 4), (4, 8, 6)])
    def test_equals_the_plain_form(self, dtype, N, C, T):
        layer = graph_layer(C).to(dtype)
        x = torch.randn(N, C, T, 7, dtype=dtype, requires_grad=True)
        assert_equal(lambda: layer(x), [x, *layer.parameters()])

    def test_equals_it_where_the_batch_goes_in_parts(self):
        layer = graph_layer(64, 1).double().eval()
        x = torch.randn(61, 64, 64, 7, dtype=torch.float64, requires_grad=True)
        assert 3 * x.numel() > 2**22
        assert_equal(lambda: layer(x), [x, *layer.parameters()])

    def test_equals_it_in_bfloat16(self):
        layer = graph_layer().eval()
        x = torch.randn(4, 8, 6, 7, requires_grad=True)
        parameters = [p for p in layer.parameters() if p.requires_grad]
        assert_close_in_bfloat16(lambda: layer(x), [x, *parameters])

    def test_any_memory_format(self):
        layer, x = graph_layer(), torch.randn(2, 8, 5, 7)
        last = x.contiguous(memory_format=torch.channels_last).requires_grad_()
        assert_equal(lambda: layer(last), [last, *layer.parameters()])
        torch.testing.assert_close(layer(last), layer(x))

    def test_operator(self):
        graph, embed = torch.rand(3, 4, 4), torch.randn(6, 2)
        rest = torch.randn(6), torch.randn(2, 6), torch.randn(2)
        tensors = (torch.randn(2, 2, 3, 4), graph, embed, *rest)
        inputs = tuple(tensor.double().requires_grad_() for tensor in tensors)
        torch.library.opcheck(OPS.adaptive_graph_conv.default, inputs)
        assert torch.autograd.gradcheck(lambda *a: OPS.adaptive_graph_conv(*a)[0], inputs)


def channel_layer(channels=8, width=12):
    """Build the graph convolution of a CTRGCN's block, its parameters far from the start."""
    layer = CTRGCN(MINE, channels, persons=1, widths=(width,)).blocks[0].graph
    for parameter in layer.parameters():
        nn.init.normal_(parameter, 0, 0.5)
    return layer


class TestChannelGraphConv:
    @WIDE
    @pytest.mark.parametrize(("N", "C", "T"), [(1, 1, 1), (2, 3, 4), (4, 8, 6)])
    def test_equals_the_plain_form(self, dtype, N, C, T):
        layer = channel_layer(C).to(dtype).eval()
        x = torch.randn(N, C, T, 7, dtype=dtype, requires_grad=True)
        assert_equal(lambda: layer(x), [x, *layer.parameters()])

    def test_equals_it_in_bfloat16(self):
        layer = channel_layer().eval()
        x = torch.randn(4, 8, 6, 7, requires_grad=True)
        assert_close_in_bfloat16(lambda: layer(x), [x, *layer.parameters()])

    def test_any_memory_format(self):
        layer, x = channel_layer().eval(), torch.randn(2, 8, 5, 7)
        last = x.contiguous(memory_format=torch.channels_last).requires_grad_()
        assert_equal(lambda: layer(last), [last, *layer.parameters()])

    def test_operator(self):
        N, C, T, V, S, R, O = 2, 3, 4, 5, 3, 2, 4  # noqa: E741  # outputs
        shapes = ((N, C, T, V), (N, S * R, V), (N, S * R, V), (S, V, V), (S * O, R), (S * O,),
                  (S * O, C), (S * O,))  # fmt: skip
        inputs = tuple(torch.randn(shape).double().requires_grad_() for shape in shapes)
        torch.library.opcheck(OPS.channel_graph_conv.default, inputs)
        assert torch.autograd.gradcheck(OPS.channel_graph_conv, inputs)


def attention_layer(width=8, heads=2):
    """Build the attention of a transformer, its biases away from zero."""
    layer = SkeletonTransformer(MINE, width=width, heads=heads, depth=1).blocks[0].attention
    for linear in (layer.qkv, layer.project):
        nn.init.normal_(linear.bias)
    return layer


class TestAttention:
    @WIDE
    @pytest.mark.parametrize(("N", "L"), [(1, 1), (3, 7), (2, 300)])
    def test_equals_the_plain_form(self, dtype, N, L):
        layer = attention_layer().to(dtype)
        x = torch.randn(N, L, 8, dtype=dtype, requires_grad=True)
        assert_equal(lambda: layer(x), [x, *layer.parameters()])

    def test_equals_it_in_bfloat16(self):
        layer = attention_layer()
        x = torch.randn(3, 7, 8, requires_grad=True)
        assert_close_in_bfloat16(lambda: layer(x), [x, *layer.parameters()])

    @pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
    def test_narrow_weights(self, dtype):
        layer = attention_layer()
        x = torch.randn(3, 7, 8)
        expected = layer(x)
        out = layer.to(dtype)(x.to(dtype))
        assert out.dtype == dtype
        torch.testing.assert_close(out.float(), expected, rtol=0.03, atol=0.03)

    def test_operator(self):
        inputs = tuple(torch.randn(2, 3, 5, 4).double().requires_grad_() for _ in range(3))
        torch.library.opcheck(OPS.attention.default, inputs)
        assert torch.autograd.gradcheck(lambda *a: OPS.attention(*a)[0], inputs)

    def test_operations_are_counted(self):
        N, H, L, D = 2, 3, 5, 4
        inputs = [torch.randn(N, H, L, D, requires_grad=True) for _ in range(3)]
        with FlopCounterMode(display=False) as counter:
            OPS.attention(*inputs)[0].sum().backward()
        forward = 2 * 2 * N * H * L * L * D
        assert counter.get_total_flops() == forward + 5 * forward // 2


class TestQueueContrast:
    @WIDE
    @pytest.mark.parametrize("normalize", [True, False])
    @pytest.mark.parametrize("K", [1, 9, 5000])
    def test_equals_the_plain_form(self, dtype, normalize, K):
        query, key = (torch.randn(3, 6, dtype=dtype, requires_grad=True) for _ in range(2))
        negatives = torch.randn(K, 6, dtype=dtype)

        def contrast(part):
            return F.queue_contrast(query, key, negatives, 0.2, normalize=normalize)[part]

        assert_equal(lambda: contrast(0), [query, key])
        fused = contrast(1)
        with use_plain():
            plain = contrast(1)
        torch.testing.assert_close(fused, plain)
        assert not fused.requires_grad
        assert not plain.requires_grad

    @pytest.mark.parametrize("normalize", [True, False])
    def test_negatives_may_change_before_backward_in_both(self, normalize):
        query, key = (torch.randn(3, 6, requires_grad=True) for _ in range(2))
        grads = []
        for form in FORMS:
            negatives = torch.linspace(-1, 1, 30).reshape(5, 6)
            with form():
                loss, _ = F.queue_contrast(query, key, negatives, normalize=normalize)
            negatives.zero_()
            grads.append(torch.autograd.grad(loss, (query, key)))
        torch.testing.assert_close(*grads)
