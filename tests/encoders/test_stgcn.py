"""ST-GCN: values, sizes, arguments, and how it bears with torch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from reference import stgcn as oracle
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from skelter.encoders import STGCN, ProjectionHead, functional, initialise_normal
from skelter.layouts import NTU25, SkeletonLayout

FastDropout = type(STGCN(widths=(4,)).blocks[0].dropout)
MINE = SkeletonLayout("mine", tuple("abcdefg"), parents=(-1, 0, 1, 1, 1, 4, 4), centre=0)
ORIGINAL = (64,) * 4 + (128,) * 3 + (256,) * 3
HYSP = (64,) * 4 + (128,) * 3 + (256,) * 2 + (1024,)


def spread(encoder):
    """Move parameters and statistics away from where they start."""
    for name, tensor in encoder.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5)
        elif tensor.is_floating_point():
            tensor.add_(0.3 * torch.randn_like(tensor))
    return encoder.eval()


def numbers(module):
    return {name: tensor.double().numpy() for name, tensor in module.state_dict().items()}


class TestValues:
    @pytest.mark.parametrize("adjacency", ["st-gcn", "uniform"])
    @pytest.mark.parametrize("T", [1, 6, 9])
    def test_blocks_are_the_papers(self, adjacency, T):
        encoder = spread(STGCN(MINE, 2, widths=(4, 4, 6), halving=[2], adjacency=adjacency))
        x = torch.randn(2, 2, T, 7, 3)
        graphs = MINE.adjacency(adjacency).double().numpy()
        state = numbers(encoder.input_norm)
        maps = encoder.feature_map(x).detach()
        for n in range(2):
            for m in range(3):
                clip = x[n, ..., m].double().numpy()
                flat = clip.transpose(2, 0, 1).reshape(14, T, 1)
                normed = oracle.norm(flat, {f"n.{k}": v for k, v in state.items()}, "n")
                out = normed.reshape(7, 2, T).transpose(1, 2, 0)
                for block in encoder.blocks:
                    before = out
                    out = oracle.block(out, graphs, numbers(block), block.stride)
                    if isinstance(block.residual, nn.Identity):
                        bare = numbers(block)
                        out = self.with_identity(before, graphs, bare)
                np.testing.assert_allclose(maps[n, ..., m], out, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(encoder(x), maps.mean((2, 3, 4)))

    @staticmethod
    def with_identity(x, graphs, state):
        eye = np.eye(len(x))
        state["residual.0.weight"] = eye[:, :, None, None]
        state["residual.0.bias"] = np.zeros(len(x))
        state["residual.1.running_mean"] = np.zeros(len(x))
        state["residual.1.running_var"] = np.ones(len(x)) - 1e-5
        state["residual.1.weight"] = np.ones(len(x))
        state["residual.1.bias"] = np.zeros(len(x))
        return oracle.block(x, graphs, state, 1)


class TestSizes:
    @pytest.mark.parametrize(
        ("options", "count", "features"),
        [({}, 821_380, 256), ({"widths": ORIGINAL}, 3_083_412, 256),
         ({"widths": HYSP}, 12_791_956, 1024)],
    )  # fmt: skip
    def test_parameters_of_the_published(self, options, count, features):
        with torch.device("meta"):
            encoder = STGCN(**options)
        assert sum(p.numel() for p in encoder.parameters()) == count
        assert encoder.feature_dim == features

    @pytest.mark.parametrize(("T", "expected"), [(50, 13), (64, 16), (1, 1), (300, 75)])
    def test_frames(self, T, expected):
        encoder = STGCN(widths=(4,) * 10).eval()
        assert encoder.feature_map(torch.randn(1, 3, T, 25, 1)).shape == (1, 4, expected, 25, 1)

    @pytest.mark.parametrize("M", [1, 2, 5])
    def test_persons_share_everything(self, M):
        encoder = spread(STGCN(MINE, widths=(4, 4)))
        x = torch.randn(2, 3, 5, 7, M)
        apart = torch.stack([encoder(x[..., m : m + 1]) for m in range(M)]).mean(0)
        torch.testing.assert_close(encoder(x), apart)


class TestOptions:
    def test_missing_persons(self):
        x = torch.randn(3, 3, 5, 7, 2)
        x[0, ..., 1] = 0
        x[2] = 0
        counting = spread(STGCN(MINE, widths=(4, 4)))
        skipping = STGCN(MINE, widths=(4, 4), skip_missing=True).eval()
        skipping.load_state_dict(counting.state_dict())
        torch.testing.assert_close(skipping(x)[0], counting(x[:1, ..., :1])[0])
        torch.testing.assert_close(skipping(x)[1], counting(x)[1])
        assert not skipping(x)[2].any()
        assert counting(x)[2].any()

    def test_masked_pooling(self):
        encoder = spread(STGCN(MINE, widths=(4, 4)))
        maps = encoder.feature_map(torch.randn(2, 3, 5, 7, 2))
        mask = torch.rand(2, 5, 7, 1) > 0.5
        inside = encoder.pool(maps, mask)
        person = (maps * mask[:, None]).sum((2, 3)) / mask.sum((1, 2))[:, None]
        torch.testing.assert_close(inside, person.mean(-1))

    def test_ignored_joints(self):
        """As a smaller skeleton with the same statistics and edges."""
        encoder = spread(STGCN(MINE, widths=(4, 48)))
        x = torch.randn(2, 3, 5, 7, 2)
        kept = [0, 1, 3, 4, 6]
        expected = encoder.feature_map(x, ["c", 5])
        assert expected.shape == (2, 48, 5, 5, 2)
        changed = x.clone()
        changed[..., [2, 5], :] += 9
        torch.testing.assert_close(encoder.feature_map(changed, [2, 5]), expected)
        smaller = STGCN(MINE, widths=(4, 48)).eval()
        smaller.load_state_dict(encoder.state_dict())
        for block in smaller.blocks:
            cut = block.graph.adjacency.clone()
            cut[:, [2, 5]] = cut[:, :, [2, 5]] = 0
            block.graph.adjacency = cut
        torch.testing.assert_close(
            smaller.feature_map(x)[:, :, :, kept], expected, rtol=1e-4, atol=1e-5
        )
        torch.testing.assert_close(encoder(x, [2, 5]), expected.mean((2, 3, 4)))
        torch.testing.assert_close(encoder(x, []), encoder(x))

    def test_blocks_that_halve(self):
        encoder = STGCN(MINE, widths=(4, 4, 4), halving=[0, 2, 9])
        assert [block.stride for block in encoder.blocks] == [2, 1, 2]
        assert encoder.feature_map(torch.randn(1, 3, 9, 7, 1)).shape[2] == 3

    def test_the_first_block_drops_nothing(self):
        encoder = STGCN(MINE, widths=(4, 4, 4), dropout=0.3)
        assert [block.dropout.p for block in encoder.blocks] == [0.0, 0.3, 0.3]

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"widths": ()}, "`widths` must be one or more channel counts"),
            ({"halving": [-1]}, "`halving` must be numbers of blocks from 0"),
            ({"dropout": 1.5}, "`dropout` must lie between 0.0 and 1.0"),
            ({"adjacency": "star"}, "`strategy` must be one of 'spatial'"),
            ({"in_channels": 0}, "`in_channels` must be at least 1"),
        ],
    )
    def test_wrong_arguments(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            STGCN(**arguments)

    @pytest.mark.parametrize(
        ("x", "ignored", "message"),
        [
            (torch.zeros(1, 3, 5, 20, 2), None, "`x` has 20 joints, but layout NTU25 has 25"),
            (torch.zeros(1, 2, 5, 25, 2), None, "2 coordinates, but this STGCN has 3.*in_channels"),
            (torch.zeros(1, 3, 5, 25, 2), range(25), "`ignore_joints` must leave at least one"),
            (torch.zeros(1, 3, 5, 25, 2), ["tail"], "tail"),
        ],
    )
    def test_wrong_calls(self, x, ignored, message):
        with pytest.raises(ValueError, match=message):
            STGCN(widths=(4,))(x, ignored)

    def test_a_joint_out_of_range(self):
        with pytest.raises(IndexError, match="`ignore_joints` must lie from 0 to 24"):
            STGCN(widths=(4,))(torch.zeros(1, 3, 5, 25, 2), [25])


class TestInitialiseNormal:
    def test_statistics(self):
        module = nn.ModuleList([STGCN(), ProjectionHead(256)])
        initialise_normal(module)
        for name, parameter in module.requires_grad_(False).named_parameters():
            if name.endswith("bias"):
                assert not parameter.any(), name
            elif name.endswith("edge_importance"):
                assert (parameter == 1).all(), name
            else:
                mean = 1.0 if parameter.ndim == 1 else 0.0
                error = 5 * 0.02 / math.sqrt(parameter.numel())
                assert abs(float(parameter.mean()) - mean) < error, name
                assert abs(float(parameter.std()) - 0.02) < error, name

    def test_wrong_deviation(self):
        with pytest.raises(ValueError, match="`std` must lie between"):
            initialise_normal(nn.Linear(2, 2), -1.0)

    def test_norms_without_weights(self):
        initialise_normal(nn.Sequential(nn.BatchNorm1d(3, affine=False), nn.Linear(3, 2, False)))


class TestEnergyDropping:
    @pytest.mark.parametrize("shape", [(2, 3, 4, 5, 2), (1, 1, 1, 7, 1), (3, 8, 6, 4, 1)])
    def test_equals_the_oracle(self, shape):
        maps = torch.randn(shape, dtype=torch.float64).relu()
        expected = oracle.energy_dropping(maps.numpy())
        torch.testing.assert_close(functional.energy_dropping(maps), torch.from_numpy(expected))

    def test_gradient_goes_through_what_remains(self):
        maps = torch.randn(2, 3, 4, 5, 2, dtype=torch.float64, requires_grad=True)
        out = functional.energy_dropping(maps)
        (grad,) = torch.autograd.grad(out.sum(), maps)
        torch.testing.assert_close(grad * maps, out)

    def test_wrong_arguments(self):
        with pytest.raises(ValueError, match=r"`feature_map` must have shape \(N, D, T, V, M\)"):
            functional.energy_dropping(torch.zeros(2, 3, 4, 5))
        with pytest.raises(ValueError, match="`threshold` must lie between"):
            functional.energy_dropping(torch.zeros(1, 2, 3, 4, 1), 2.0)


class TestFastDropout:
    @pytest.mark.parametrize("p", [0.1, 0.5, 0.97])
    def test_statistics(self, p):
        x = torch.full((333, 1001), 2.0, requires_grad=True)
        out = FastDropout(p)(x)
        dropped = float((out == 0).float().mean())
        assert abs(dropped - p) < 4 * math.sqrt(p * (1 - p) / x.numel())
        values = out[out != 0]
        torch.testing.assert_close(values, torch.full_like(values, 2 / (1 - p)), rtol=1e-3, atol=0)
        (grad,) = torch.autograd.grad(out.sum(), x)
        torch.testing.assert_close(grad * x, out)

    def test_neighbours_are_independent(self):
        kept = (FastDropout(0.5)(torch.ones(400_001)) > 0).double()
        for lag in (1, 2, 3, 4, 8):
            product = float(((kept[lag:] - 0.5) * (kept[:-lag] - 0.5)).mean())
            assert abs(product) < 5 * 0.25 / math.sqrt(len(kept))

    def test_ends(self):
        x = torch.randn(7, 5)
        assert torch.equal(FastDropout(0.0)(x), x)
        assert torch.equal(FastDropout(0.5).eval()(x), x)
        assert not FastDropout(1.0)(x).any()

    @pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
    def test_dtypes(self, dtype):
        assert FastDropout(0.5)(torch.ones(5, dtype=dtype)).dtype == dtype


class TestManners:
    """Hooks, wrapped layers, counters and exports see the network that they expect."""

    @pytest.mark.parametrize(
        "name",
        [
            "blocks.1.graph",
            "blocks.1.graph.project",
            "blocks.1.norm",
            "blocks.1.temporal",
            "blocks.1.temporal.0",
            "blocks.1.temporal.1",
            "blocks.1.dropout",
        ],
    )
    def test_hooks_fire(self, name):
        encoder, x = spread(STGCN(MINE, widths=(48, 48))), torch.randn(2, 3, 9, 7, 1)
        expected = encoder(x)
        seen = []
        encoder.get_submodule(name).register_forward_hook(lambda *a: seen.append(a[2].shape))
        encoder.get_submodule(name).register_full_backward_hook(lambda *a: seen.append("back"))
        out = encoder(x)
        out.sum().backward()
        assert seen[1:] == ["back"]
        torch.testing.assert_close(out, expected, rtol=1e-4, atol=1e-4)

    def test_every_norm_and_dropout_is_called(self):
        encoder, x = STGCN(MINE, widths=(8, 48)), torch.randn(2, 3, 9, 7, 1)
        called = []
        for name, module in encoder.named_modules():
            if isinstance(module, nn.BatchNorm2d | nn.Dropout):
                module.register_forward_hook(lambda *_, name=name: called.append(name))
        encoder(x)
        assert len(called) == 3 + 4

    def test_wrapped_layers_are_called(self):
        class Adapter(nn.Module):
            def __init__(self, layer):
                super().__init__()
                self.layer, self.scale = layer, nn.Parameter(torch.tensor(2.0))

            def forward(self, x):
                return self.layer(x) * self.scale

        encoder, x = spread(STGCN(MINE, widths=(8, 8))), torch.randn(2, 3, 9, 7, 1)
        encoder.blocks[1].temporal[0] = Adapter(encoder.blocks[1].temporal[0])
        encoder.blocks[0].graph.project = Adapter(encoder.blocks[0].graph.project)
        encoder(x).sum().backward()
        assert encoder.blocks[1].temporal[0].scale.grad is not None
        assert encoder.blocks[0].graph.project.scale.grad is not None

    def test_operations_are_counted(self):
        encoder, x = STGCN(NTU25), torch.randn(1, 3, 64, 25, 2)
        with FlopCounterMode(display=False) as counter:
            encoder(x)
        assert 1.4e9 < counter.get_total_flops() < 1.7e9  # 1.52 GFLOP

    def test_export(self):
        encoder, x = spread(STGCN(MINE, widths=(48, 48))), torch.randn(2, 3, 9, 7, 1)
        program = torch.export.export(encoder, (x,))
        assert "skelter" not in str(program.graph)
        torch.testing.assert_close(program.module()(x), encoder(x), rtol=1e-4, atol=1e-4)

    def test_meta_device(self):
        with torch.device("meta"):
            encoder = STGCN(MINE, widths=(48, 48))
        assert encoder(torch.zeros(2, 3, 9, 7, 1, device="meta")).shape == (2, 48)

    def test_statistics_that_are_negative_by_rounding(self):
        encoder = STGCN(MINE, widths=(4,)).eval()
        encoder.input_norm.running_var[3] = -1.4e-12
        encoder.input_norm.running_var[4] = 5.6e-45
        assert encoder(torch.randn(2, 3, 9, 7, 1)).isfinite().all()
