"""CTR-GCN: its layers against loops, how it starts, sizes, options and errors."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from reference import ctrgcn as oracle
from torch import nn

from skelter.encoders import AGCN, CTRGCN
from skelter.layouts import KINECT20, NTU25, SBU15, SkeletonLayout

MINE = SkeletonLayout("mine", list("abcdefg"), parents=[-1, 0, 1, 2, 0, 4, 4])
GRAPHS = pytest.mark.parametrize("kind", [AGCN, CTRGCN])


def moved(module):
    """Take all tensors of a module away from where they start."""
    for name, tensor in module.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5)
        elif tensor.is_floating_point():
            tensor.normal_(0, 0.3)
    return module


def layers(conv, parts):
    """Return (weight, bias) of each part of a 1 x 1 convolution."""
    weight, bias = conv.weight.detach().numpy()[..., 0, 0], conv.bias.detach().numpy()
    return zip(np.split(weight, parts), np.split(bias, parts), strict=True)


def statistics(norm):
    tensors = (norm.weight, norm.bias, norm.running_mean, norm.running_var)
    return [tensor.detach().numpy() for tensor in tensors]


class TestGraph:
    @pytest.mark.parametrize("plain", [False, True])
    def test_against_loops(self, plain):
        layer = moved(CTRGCN(MINE, 8, widths=(12,), persons=1)).double().eval().blocks[0].graph
        seen = []
        layer.norm.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        x = torch.randn(2, 8, 5, 7, dtype=torch.float64)
        if plain:  # a part that somebody listens to is called
            layer.value.register_forward_hook(lambda *_: None)
        layer(x)
        convs = (layer.theta, layer.phi, layer.value, layer.relation)
        subsets = list(zip(*(layers(conv, 3) for conv in convs), strict=True))
        adjacency = layer.learned_adjacency.detach().numpy()
        for row, clip in zip(seen[0], x.numpy(), strict=True):
            expected = sum(
                oracle.channel_graph(clip, *subset, graph, layer.alpha.item())
                for subset, graph in zip(subsets, adjacency, strict=True)
            )
            np.testing.assert_allclose(row.detach().numpy(), expected, atol=1e-12)

    def test_a_joint_receives_along_its_row(self):
        layer = CTRGCN(MINE, 4, widths=(4,), persons=1).blocks[0].graph.eval()
        nn.init.zeros_(layer.learned_adjacency)
        with torch.no_grad():
            layer.learned_adjacency[1, 2, 5] = 1.0
        seen = []
        layer.norm.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        layer(torch.randn(1, 4, 3, 7))
        assert [bool(joint.any()) for joint in seen[0].unbind(-1)] == [v == 2 for v in range(7)]


class TestTime:
    @pytest.mark.parametrize("stride", [1, 2])
    @pytest.mark.parametrize("T", [1, 2, 9])
    def test_against_loops(self, T, stride):
        widths = (8,) if stride == 1 else (4, 8)
        encoder = moved(CTRGCN(MINE, widths=widths, persons=1)).double().eval()
        layer = encoder.blocks[-1].temporal
        x = torch.randn(1, 8, T, 7, dtype=torch.float64)
        actual = layer(x)[0].detach().numpy()
        entries = [
            np.einsum("dc,ctv->dtv", weight, x[0].numpy()) + bias[:, None, None]
            for weight, bias in layers(layer.project, 4)
        ]
        first = np.concatenate(entries[:3])
        a, b, c = np.split(np.maximum(oracle.norm(first, *statistics(layer.entry_norm)), 0), 3)
        convs = [[tensor.detach().numpy() for tensor in (conv.weight, conv.bias)]
                 for conv in layer.dilated]  # fmt: skip
        branches = [
            oracle.dilated(a, *convs[0], 1, stride),
            oracle.dilated(b, *convs[1], 2, stride),
            oracle.highest_of_three(c, stride),
            entries[3][:, ::stride],
        ]
        expected = oracle.norm(np.concatenate(branches), *statistics(layer.norm))
        np.testing.assert_allclose(actual, expected, atol=1e-12)


class TestStart:
    def test_is_the_authors(self):
        torch.manual_seed(0)
        block = CTRGCN().blocks[4]
        graph, temporal = block.graph, block.temporal
        torch.testing.assert_close(graph.learned_adjacency, NTU25.adjacency("spatial"))
        assert graph.alpha.item() == 0
        assert (graph.norm.weight == 1e-6).all()
        for conv, fan in (
            (graph.theta, 8), (graph.phi, 8), (graph.value, 128), (graph.relation, 128),
            (graph.shortcut[0], 128), (temporal.project, 32), (temporal.dilated[1], 32 * 5),
            (block.residual[0], 128),
        ):  # fmt: skip
            std = float(conv.weight.detach().std())
            assert std == pytest.approx(math.sqrt(2 / fan), rel=0.06)
            assert not conv.bias.any()
        for norm in (temporal.entry_norm, temporal.norm):
            weights = norm.weight.detach()
            assert float(weights.mean()) == pytest.approx(1, abs=0.01)
            assert float(weights.std()) == pytest.approx(0.02, rel=0.25)
        assert (block.residual[1].weight == 1).all()

    @pytest.mark.parametrize(
        ("layout", "persons", "count"), [(NTU25, 2, 1_431_252), (KINECT20, 1, 1_424_322)]
    )
    def test_published_sizes(self, layout, persons, count):
        encoder = CTRGCN(layout, persons=persons)
        assert sum(parameter.numel() for parameter in encoder.parameters()) == count
        assert encoder.feature_dim == 256

    def test_strides_and_residuals(self):
        blocks = CTRGCN().blocks
        assert [block.temporal.stride for block in blocks] == [1, 1, 1, 1, 2, 1, 1, 2, 1, 1]
        assert blocks[0].residual is None
        assert isinstance(blocks[1].residual, nn.Identity)
        assert isinstance(blocks[4].residual, nn.Sequential)


@GRAPHS
class TestOutputs:
    @pytest.mark.parametrize("T", [1, 9, 16])
    @pytest.mark.parametrize("layout", [SBU15, MINE], ids=lambda layout: layout.name)
    def test_features_are_pooled_maps(self, kind, layout, T):
        encoder = kind(layout, persons=3, widths=(4, 8)).eval()
        x = torch.randn(2, 3, T, layout.num_joints, 3)
        maps = encoder.feature_map(x)
        assert maps.shape == (2, 8, (T + 1) // 2, layout.num_joints, 3)
        torch.testing.assert_close(encoder(x), encoder.pool(maps))
        torch.testing.assert_close(encoder(x), maps.mean((2, 3, 4)))

    def test_a_part_of_the_map(self, kind):
        encoder = kind(MINE, widths=(4, 8)).eval()
        maps = encoder.feature_map(torch.randn(2, 3, 8, 7, 2))
        mask = torch.zeros(1, 4, 7, 1, dtype=torch.bool)
        mask[:, 1:3, 2:5] = True
        expected = maps[:, :, 1:3, 2:5].mean((2, 3, 4))
        torch.testing.assert_close(encoder.pool(maps, mask), expected)

    def test_missing_persons_are_left_out(self, kind):
        encoder = kind(MINE, widths=(4, 8), skip_missing=True).eval()
        x = torch.randn(2, 3, 8, 7, 2)
        x[0, ..., 1] = 0.0
        maps, features = encoder.feature_map(x), encoder(x)
        torch.testing.assert_close(features[0], maps[0, ..., 0].mean((1, 2)))
        torch.testing.assert_close(features[1], maps[1].mean((1, 2, 3)))


class TestWrapped:
    def test_hooks_fire_and_layers_may_be_replaced(self):
        """Layers that are listened to or wrapped are called, and the numbers stay."""
        encoder = CTRGCN(MINE, persons=1, widths=(8,)).eval()
        x = torch.randn(2, 3, 5, 7, 1, requires_grad=True)
        nn.init.ones_(encoder.blocks[0].graph.alpha)
        nn.init.ones_(encoder.blocks[0].graph.norm.weight)
        expected, seen = encoder(x), []
        for name, module in encoder.named_modules():
            if not list(module.children()):
                module.register_forward_hook(lambda *_, name=name: seen.append(name))
                module.register_full_backward_hook(lambda *_, name=name: seen.append(name))
        torch.testing.assert_close(encoder(x), expected)
        encoder(x).sum().backward()
        assert seen.count("blocks.0.graph.relation") == 3

        class Wrapped(nn.Module):
            def __init__(self, layer):
                super().__init__()
                self.layer, self.calls = layer, 0

            def forward(self, x):
                self.calls += 1
                return self.layer(x)

        graph = encoder.blocks[0].graph
        for name in ("theta", "phi", "value", "relation"):
            setattr(graph, name, Wrapped(getattr(graph, name)))
        encoder.blocks[0].temporal.project = Wrapped(encoder.blocks[0].temporal.project)
        torch.testing.assert_close(encoder(x), expected)
        calls = [module.calls for module in encoder.modules() if isinstance(module, Wrapped)]
        assert calls == [1] * 5

    @pytest.mark.filterwarnings("ignore::DeprecationWarning")
    @pytest.mark.filterwarnings("ignore::FutureWarning")
    def test_export_and_meta(self):
        encoder, x = CTRGCN(MINE, persons=1, widths=(4, 8)).eval(), torch.randn(2, 3, 6, 7, 1)
        program = torch.export.export(encoder, (x,))
        torch.testing.assert_close(program.module()(x), encoder(x))
        with torch.device("meta"):
            lazy = CTRGCN(MINE, persons=1, widths=(4, 8))
        assert lazy(x.to("meta")).shape == (2, 8)


class TestWrongInput:
    @pytest.mark.parametrize(
        ("shape", "message"),
        [
            ((2, 3, 8, 17, 2), "`x` has 17 joints, but layout NTU25 has 25. Pass layout="),
            ((2, 3, 8, 25, 1), r"`x` has 1 person, but this CTRGCN has 2.*Pass persons="),
            ((2, 2, 8, 25, 2), "`x` has 2 coordinates, but this CTRGCN has 3.*Pass in_channels="),
            ((3, 8, 25, 2), r"shape \(N, C, T, V, M\); got \(3, 8, 25, 2\).*x\[None\]"),
        ],
    )
    def test_wrong_shape(self, shape, message):
        with pytest.raises(ValueError, match=message):
            CTRGCN(widths=(8,))(torch.zeros(shape))

    @pytest.mark.parametrize("widths", [(), (2,), (8, 10)])
    def test_wrong_widths(self, widths):
        with pytest.raises(ValueError, match="`widths` must be one or more multiples of 4; got"):
            CTRGCN(widths=widths)
