"""Encoders of frames and of joints: against loops, torch's own layers, and their arguments."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from reference import branches as oracle
from torch import nn

from skelter.encoders import (
    DenseSTTransformer,
    HierarchicalEncoder,
    Levels,
    MultiStreamTransformer,
    STTransformer,
)
from skelter.layouts import NTU25, OPENPOSE18, SkeletonLayout
from skelter.representations import functional as R

MINE = SkeletonLayout("mine", list("abcdefg"), parents=[-1, 0, 1, 2, 0, 4, 4])
SMALL = {"persons": 2, "frames": 9}
UNITS = ["gru", "lstm", "transformer"]
BUILDS = {
    "STTransformer": lambda **options: STTransformer(7, 8, **SMALL, **options),
    "DenseSTTransformer": lambda **options: DenseSTTransformer(7, 8, **SMALL, **options),
    "MultiStreamTransformer": lambda **options: MultiStreamTransformer(MINE, 8, **SMALL, **options),
    "HierarchicalEncoder": lambda **options: HierarchicalEncoder(
        7, 8, **SMALL, **({"granularity": 3} | options)
    ),
}
EVERY = pytest.mark.parametrize("name", BUILDS)


def moved(encoder):
    """Move all weights away from where they start, in float64 and eval mode."""
    for parameter in encoder.double().eval().parameters():
        nn.init.normal_(parameter, std=0.5)
    return encoder


def arrays(module):
    return {name: tensor.numpy() for name, tensor in module.state_dict().items()}


def clips():
    return torch.randn(2, 3, 9, 7, 2, dtype=torch.float64)


def same(actual, expected):
    """Sines of positions are of single precision in any encoder."""
    np.testing.assert_allclose(actual.detach().numpy(), expected, atol=1e-6, rtol=1e-5)


@EVERY
class TestEvery:
    def test_outputs_by_name(self, name):
        encoder, x = BUILDS[name]().eval(), clips().float()
        temporal, spatial = encoder.branches(x)
        assert temporal.shape == spatial.shape == (2, encoder.feature_dim // 2)
        torch.testing.assert_close(encoder(x), torch.cat([temporal, spatial], 1))
        frames, joints = encoder.frame_features(x), encoder.joint_features(x)
        assert frames.shape == (2, 9, 8)
        assert joints.shape == (2, 7, 2, 8)
        torch.testing.assert_close(frames.amax(1), temporal[:, :8])
        torch.testing.assert_close(joints.amax((1, 2)), spatial[:, :8])

    def test_a_branch_alone_does_not_run_the_other(self, name):
        encoder, x = BUILDS[name](), clips().float()
        encoder.frame_features(x).sum().backward()
        assert all(p.grad is None for p in encoder.spatial.parameters())
        encoder.joint_features(x).sum().backward()
        assert any(p.grad is not None for p in encoder.spatial.parameters())

    @pytest.mark.parametrize(
        ("shape", "message"),
        [
            ((2, 2, 9, 7, 2), "`x` has 2 coordinates, but this {} has 3"),
            ((2, 3, 8, 7, 2), "`x` has 8 frames, but this {} has 9; got .*Build it for the shape"),
            ((2, 3, 9, 6, 2), "`x` has 6 joints, but this {} has 7"),
            ((2, 3, 9, 7, 1), "`x` has 1 person, but this {} has 2"),
            ((3, 9, 7, 2), r"shape \(N, C, T, V, M\); got \(3, 9, 7, 2\).*x\[None\]"),
        ],
    )
    def test_wrong_shape(self, name, shape, message):
        for method in ("forward", "branches", "frame_features", "joint_features"):
            with pytest.raises(ValueError, match=message.format(name)):
                getattr(BUILDS[name](), method)(torch.zeros(shape))

    @pytest.mark.parametrize("argument", ["in_channels"])
    def test_wrong_counts(self, name, argument):
        with pytest.raises(ValueError, match=f"`{argument}` must be at least 1; got 0"):
            BUILDS[name](**{argument: 0})
        with pytest.raises(TypeError, match=f"`{argument}` must be an integer; got 1.5"):
            BUILDS[name](**{argument: 1.5})

    def test_points_of_images(self, name):
        kind = type(BUILDS[name]())
        first = OPENPOSE18 if kind is MultiStreamTransformer else 18
        encoder = kind(first, 8, in_channels=2, persons=1, frames=16)
        assert encoder(torch.rand(3, 2, 16, 18, 1)).shape == (3, encoder.feature_dim)

    def test_parts_may_be_replaced(self, name):
        class Wrapped(nn.Module):
            def __init__(self, linear):
                super().__init__()
                self.linear, self.calls = linear, 0

            def forward(self, x):
                self.calls += 1
                return self.linear(x)

        encoder, x = BUILDS[name]().eval(), clips().float()
        expected, wrapped = encoder(x), []
        for parent in list(encoder.modules()):
            for child, module in list(parent.named_children()):
                if isinstance(module, nn.Linear):
                    wrapped.append(Wrapped(module))
                    setattr(parent, child, wrapped[-1])
        torch.testing.assert_close(encoder(x), expected)
        assert all(module.calls > 0 for module in wrapped)

    def test_no_constants_in_the_state_dict(self, name):
        encoder = BUILDS[name]()
        assert set(encoder.state_dict()) == {key for key, _ in encoder.named_parameters()}

    def test_second_derivatives(self, name):
        encoder = moved(BUILDS[name]())
        x, v = clips().requires_grad_(), clips()

        def gradient(x):
            return torch.autograd.grad(encoder(x).square().sum(), x, create_graph=True)[0]

        (actual,) = torch.autograd.grad((gradient(x) * v).sum(), x)
        step = 1e-6 * v
        expected = (gradient(x + step) - gradient(x - step)).detach() / 2e-6
        torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-5 * expected.abs().max())

    def test_gradients_clip_by_clip(self, name):
        encoder, x = BUILDS[name]().eval(), clips().float()
        parameters = dict(encoder.named_parameters())

        def loss(parameters, clip):
            return torch.func.functional_call(encoder, parameters, (clip[None],)).square().sum()

        rows = torch.func.vmap(torch.func.grad(loss), (None, 0))(parameters, x)
        encoder(x).square().sum().backward()
        for key, parameter in parameters.items():
            torch.testing.assert_close(rows[key].sum(0), parameter.grad, rtol=1e-3, atol=1e-4)

    def test_exports_for_any_number_of_clips(self, name):
        encoder, x = BUILDS[name]().eval(), clips().float()
        many = {0: torch.export.Dim("n", min=2)}
        program = torch.export.export(encoder, (x,), dynamic_shapes=(many,))
        x = torch.cat([x, x, x])
        torch.testing.assert_close(program.module()(x), encoder(x), rtol=1e-4, atol=1e-5)

    def test_is_built_without_memory(self, name):
        with torch.device("meta"):
            encoder = BUILDS[name]()
        assert all(parameter.is_meta for parameter in encoder.parameters())


class TestSTTransformer:
    def test_oracle(self):
        encoder, x = moved(BUILDS["STTransformer"](heads=2)), clips()
        for row, clip in enumerate(x.numpy()):
            frames, joints = oracle.st_transformer(clip, arrays(encoder), depth=2, heads=2)
            same(encoder.frame_features(x)[row], frames)
            same(encoder.joint_features(x)[row].transpose(0, 1).flatten(0, 1), joints)
            same(encoder(x)[row], np.concatenate([frames.max(0), joints.max(0)]))

    @pytest.mark.parametrize("pooling", ["max", "mean", "mean-max"])
    def test_pooling(self, pooling):
        encoder, x = moved(BUILDS["STTransformer"](pooling=pooling)), clips()
        frames = encoder.frame_features(x)
        pooled = {"mean": [frames.mean(1)], "max": [frames.amax(1)]}
        pooled["mean-max"] = pooled["mean"] + pooled["max"]
        temporal, _ = encoder.branches(x)
        assert encoder.feature_dim == 2 * temporal.shape[1]
        torch.testing.assert_close(temporal, torch.cat(pooled[pooling], 1))

    def test_starts_as_the_published_one(self):
        encoder = STTransformer(7, 256, **SMALL)
        block = encoder.temporal.blocks[0]
        for layer in (block.mlp[0], block.attention.project, encoder.spatial.embedding[0]):
            assert float(layer.weight.detach().std()) == pytest.approx(0.02, rel=0.03)
            assert not layer.bias.any()
        assert float(encoder.spatial.positions.table.detach().std()) == pytest.approx(0.02, rel=0.1)
        bound = math.sqrt(6 / (4 * 256))  # Xavier, of queries, keys and values as one matrix
        qkv = block.attention.qkv
        assert float(qkv.weight.detach().std()) == pytest.approx(bound / 3**0.5, rel=0.03)
        assert not qkv.bias.any()

    def test_joints_are_told_apart_by_their_positions(self):
        encoder, x = moved(BUILDS["STTransformer"]()), clips()
        _, before = encoder.branches(x)
        _, after = encoder.branches(x.flip(3))
        assert (before - after).abs().max() > 1e-3

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"width": 9}, "`width` must be even, for sines and cosines; got 9"),
            ({"width": 8, "heads": 3}, "`width` must be a multiple of heads=3; got 8"),
            ({"depth": 0}, "`depth` must be at least 1; got 0"),
            ({"joints": 0}, "`joints` must be at least 1; got 0"),
            ({"frames": 0}, "`frames` must be at least 1; got 0"),
            ({"persons": 0}, "`persons` must be at least 1; got 0"),
            ({"pooling": "last"}, "`pooling` must be one of 'mean', 'max', 'mean-max'; got 'last'"),
        ],
    )
    def test_wrong_arguments(self, options, message):
        for kind in (STTransformer, DenseSTTransformer):
            if "heads" not in options or kind is STTransformer:
                with pytest.raises(ValueError, match=message):
                    kind(**options)


class TestDenseSTTransformer:
    def test_oracle(self):
        encoder, x = moved(BUILDS["DenseSTTransformer"]()), clips()
        for row, clip in enumerate(x.numpy()):
            frames, joints = oracle.dense_st_transformer(clip, arrays(encoder), depth=2)
            same(encoder.frame_features(x)[row], frames)
            same(encoder(x)[row], np.concatenate([frames.max(0), joints.max(0)]))

    def test_both_halves_share_one_attention(self):
        layer = DenseSTTransformer(7, 8, **SMALL).temporal.layers[0]
        assert [name for name, _ in layer.named_parameters() if "qkv" in name] == [
            "attention.qkv.weight", "attention.qkv.bias",
        ]  # fmt: skip
        seen = []
        layer.attention.register_forward_hook(lambda *call: seen.append(call[2].shape))
        layer(torch.randn(3, 9, 8))
        assert seen == [(3, 9, 8), (6, 9, 8)]

    def test_stochastic_depth(self):
        encoder, x = BUILDS["DenseSTTransformer"](), clips().float()
        drops = [module for module in encoder.modules() if type(module).__name__ == "DropPath"]
        assert [drop.chance for drop in drops] == [0.1] * 8
        assert not torch.equal(encoder(x), encoder(x))
        encoder = BUILDS["DenseSTTransformer"](drop_path=0.0)
        assert torch.equal(encoder(x), encoder.eval()(x))
        with pytest.raises(ValueError, match="`drop_path` must lie between"):
            DenseSTTransformer(drop_path=1.5)


class TestMultiStreamTransformer:
    @pytest.mark.parametrize("streams", [("joint", "bone", "motion"), ("motion",)])
    def test_oracle(self, streams):
        encoder = moved(BUILDS["MultiStreamTransformer"](depth=2, heads=2, streams=streams))
        x = clips()
        made = {"joint": x, "bone": R.to_bones(x, MINE), "motion": R.to_motion(x)}
        for row in range(2):
            own = {name: made[name][row].numpy() for name in streams}
            tokens = oracle.multi_stream(own, arrays(encoder), depth=2, heads=2)
            same(encoder(x)[row], np.concatenate([branch.max(0) for branch in tokens]))
            for name, clip in own.items():
                alone = oracle.multi_stream({name: clip}, arrays(encoder), depth=2, heads=2)
                expected = np.concatenate([branch.max(0) for branch in alone])
                same(encoder.stream_features(x, name)[row], expected)

    def test_one_stream_has_no_dead_parameters(self):
        encoder = BUILDS["MultiStreamTransformer"](streams=["bone"])
        assert not any("fusion" in name for name in encoder.state_dict())
        x = clips().float()
        assert torch.equal(encoder(x), encoder.stream_features(x, "bone"))
        encoder(x).sum().backward()
        assert all(parameter.grad is not None for parameter in encoder.parameters())

    def test_has_no_positions_of_joints(self):
        encoder = moved(BUILDS["MultiStreamTransformer"](streams=["joint"]))
        x = clips()
        _, before = encoder.branches(x)
        _, after = encoder.branches(x.flip(3))
        torch.testing.assert_close(after, before)

    def test_starts_as_layers_of_torch(self):
        encoder = MultiStreamTransformer(MINE, 256, **SMALL)
        theirs = nn.TransformerEncoderLayer(256, 1, 256)
        block = encoder.spatial.blocks[0]
        pairs = [
            (block.attention.qkv.weight, theirs.self_attn.in_proj_weight),
            (block.attention.project.weight, theirs.self_attn.out_proj.weight),
            (block.mlp[0].weight, theirs.linear1.weight),
            (block.mlp[3].bias, theirs.linear2.bias),
        ]
        for ours, expected in pairs:
            std = float(expected.detach().std())
            assert float(ours.detach().std()) == pytest.approx(std, rel=0.1)
        assert not block.attention.qkv.bias.any()
        assert not block.attention.project.bias.any()

    @pytest.mark.parametrize("streams", [(), ("joint", "joint"), ("joint", "acceleration")])
    def test_wrong_streams(self, streams):
        with pytest.raises(ValueError, match="`streams` must name each at most once, one or more"):
            MultiStreamTransformer(streams=streams)

    def test_wrong_stream(self):
        encoder = BUILDS["MultiStreamTransformer"](streams=("joint", "bone"))
        with pytest.raises(ValueError, match="`stream` must be one of 'joint', 'bone'; got 'mo"):
            encoder.stream_features(torch.zeros(2, 3, 9, 7, 2), "motion")

    def test_needs_a_layout(self):
        with pytest.raises(TypeError, match="`layout`"):
            MultiStreamTransformer(25)


class TestHierarchicalEncoder:
    @pytest.mark.parametrize("units", UNITS)
    def test_oracle(self, units):
        encoder, x = moved(BUILDS["HierarchicalEncoder"](units=units)), clips()
        levels = encoder.levels(x)
        assert isinstance(levels, Levels)
        for row, clip in enumerate(x.numpy()):
            expected = oracle.hierarchical(clip, arrays(encoder), units=units, granularity=3)
            same(torch.stack([branch[row] for branch in levels]), expected)
            same(encoder(x)[row], expected.reshape(-1))

    @pytest.mark.parametrize("units", UNITS)
    def test_matrices_are_xavier_uniform(self, units):
        encoder = HierarchicalEncoder(7, 128, **SMALL, units=units, granularity=3)
        for name, parameter in encoder.named_parameters():
            if parameter.ndim == 2:
                out, size = parameter.shape
                std = math.sqrt(2 / (out + size))
                assert float(parameter.detach().std()) == pytest.approx(std, rel=0.1), name

    def test_dropout_is_that_of_the_transformer_in_training(self):
        encoder, x = BUILDS["HierarchicalEncoder"](units="transformer"), clips().float()
        assert not torch.equal(encoder(x), encoder(x))
        assert torch.equal(encoder.eval()(x), encoder(x))
        encoder = BUILDS["HierarchicalEncoder"](units="transformer", dropout=0.0)
        torch.testing.assert_close(encoder(x), encoder.eval()(x))

    def test_one_level_has_no_down_sampling(self):
        encoder = BUILDS["HierarchicalEncoder"](granularity=1)
        assert not any("downsampling" in name for name in encoder.state_dict())
        assert encoder.levels(clips().float()).temporal.shape == (2, 1, 8)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"units": "rnn"}, "`units` must be one of 'gru', 'lstm', 'transformer'; got 'rnn'"),
            ({"width": 9}, "`width` must be a multiple of 2 for a gru; got 9"),
            ({"width": 6, "units": "transformer"}, "`width` must be a multiple of 4 for a trans"),
            ({"granularity": 0}, "`granularity` must be at least 1; got 0"),
            ({"granularity": 7}, "`granularity` must leave at least one token.*got 7. .*50 joints"),
            ({"dropout": 2}, "`dropout` must lie between"),
        ],
    )
    def test_wrong_arguments(self, options, message):
        with pytest.raises(ValueError, match=message):
            HierarchicalEncoder(**options)


class TestParts:
    @pytest.mark.parametrize(("units", "theirs"), [("gru", nn.GRU), ("lstm", nn.LSTM)])
    def test_units_are_those_of_torch(self, units, theirs):
        ours = HierarchicalEncoder(7, 8, **SMALL, units=units, granularity=1).temporal.encoder
        torchs = theirs(8, 4, batch_first=True, bidirectional=True).double()
        torchs.load_state_dict(ours.double().state_dict())
        x = torch.randn(3, 7, 8, dtype=torch.float64)
        actual, expected = ours(x), torchs(x)[0]
        torch.testing.assert_close(actual, expected)
        for out in (actual, expected):
            out.square().sum().backward()
        for name, parameter in torchs.named_parameters():
            torch.testing.assert_close(getattr(ours, name).grad, parameter.grad)

    @pytest.mark.parametrize("train", [True, False])
    def test_a_block_is_that_of_torch(self, train):
        ours = STTransformer(7, 16, **SMALL, heads=4).temporal.blocks[0].train(train)
        theirs = nn.TransformerEncoderLayer(16, 4, 16, dropout=0.0, batch_first=True).train(train)
        state = ours.state_dict()
        names = {
            "attention.qkv.weight": "self_attn.in_proj_weight",
            "attention.qkv.bias": "self_attn.in_proj_bias",
        }
        renames = {
            "attention.project": "self_attn.out_proj",
            "mlp.0": "linear1",
            "mlp.3": "linear2",
        }
        for name in state.keys() - names.keys():
            names[name] = name
            for old, new in renames.items():
                names[name] = names[name].replace(old, new)
        theirs.load_state_dict({names[name]: tensor for name, tensor in state.items()})
        x = torch.randn(3, 5, 16)
        torch.testing.assert_close(ours(x), theirs(x))

    def test_attention_drops_tokens_in_training(self):
        options = {"units": "transformer", "granularity": 1, "dropout": 0.5}
        attention = HierarchicalEncoder(7, 8, **SMALL, **options).temporal.encoder.attention
        x = torch.randn(3, 5, 8)
        assert not torch.equal(attention(x), attention(x))
        means = torch.stack([attention(x) for _ in range(4000)]).mean(0)
        torch.testing.assert_close(means, attention.eval()(x), atol=0.05, rtol=0)

    def test_sines(self):
        table = STTransformer(7, 10, frames=12).temporal.positions.table[0]
        np.testing.assert_allclose(table.numpy(), oracle.sines(12, 10), atol=1e-6)

    def test_published_sizes(self):
        def count(encoder):
            return sum(parameter.numel() for parameter in encoder.parameters())

        with torch.device("meta"):
            sizes = [count(HierarchicalEncoder(units=units)) for units in UNITS]
            assert sizes == [3_077_120, 3_865_600, 3_867_648]
            assert count(STTransformer()) == 27_713_536
            assert count(DenseSTTransformer()) == 57_137_368
            assert count(MultiStreamTransformer(NTU25)) == 22_067_200
