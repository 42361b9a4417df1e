"""Encoders of the sequence representation: input norm and poolings of BiGRU, and small ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from reference import encoders as oracle
from reference import sequences as slow
from torch import nn

from skelter.encoders import TCN, BiGRU, FrameTransformer
from skelter.representations import ToMotion, ToSequence

SMALL = {
    "BiGRU": lambda **options: BiGRU(6, 4, input_norm=True, **options),
    "TCN": lambda **options: TCN(6, 8, **options),
    "FrameTransformer": lambda **options: FrameTransformer(6, 8, frames=12, **options),
}
EVERY = pytest.mark.parametrize("name", SMALL)
POOLED = pytest.mark.parametrize("name", ["BiGRU", "TCN"])


def far(encoder):
    """Move all numbers of an encoder away from where they start, in float64 and eval mode."""
    for tensor in encoder.state_dict().values():
        if tensor.is_floating_point() and tensor.ndim < 2:
            tensor.copy_(torch.rand_like(tensor) + 0.5)
    return encoder.double().eval()


def arrays(encoder):
    return {name: tensor.numpy() for name, tensor in encoder.state_dict().items()}


class TestBiGRU:
    def test_state_dicts_of_before_load(self):
        assert list(BiGRU(6, 4, layers=1).state_dict()) == [
            f"gru.{name}_l0{end}"
            for end in ("", "_reverse")
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        ]

    def test_the_norm_comes_first(self):
        encoder = far(BiGRU(6, 4, input_norm=True))
        weights = arrays(encoder.gru)
        x = torch.randn(2, 9, 6, dtype=torch.float64)
        for row, sequence in zip(encoder(x), x, strict=True):
            normed = slow.batch_norm(sequence.numpy(), arrays(encoder), "norm")
            expected = oracle.gru_pair(normed, weights, 3)
            np.testing.assert_allclose(row.detach().numpy(), expected, atol=1e-12)

    def test_statistics_are_over_clips_and_frames(self):
        encoder = BiGRU(6, 4, input_norm=True)
        x = 3 * torch.randn(5, 7, 6) + 2
        encoder(x)
        rows = x.flatten(0, 1)
        torch.testing.assert_close(encoder.norm.running_mean, 0.1 * rows.mean(0))
        torch.testing.assert_close(encoder.norm.running_var, 0.9 + 0.1 * rows.var(0))

    # torch 2.4 calls a deprecated function of its own.
    @pytest.mark.filterwarnings("ignore:.*torch.cpu.amp.autocast:FutureWarning")
    def test_recomputing_counts_a_batch_once(self):
        encoder = BiGRU(6, 4, input_norm=True, recompute=True)
        encoder(torch.randn(5, 7, 6)).sum().backward()
        assert int(encoder.norm.num_batches_tracked) == 1

    @pytest.mark.parametrize("direction", ["forward-pair", "bidirectional"])
    def test_poolings(self, direction):
        x = torch.randn(3, 7, 6)
        encoder = BiGRU(6, 4, direction=direction)
        frames = encoder.frame_features(x)
        assert frames.shape == (3, 7, 8)
        first, second = frames[..., :4], frames[..., 4:]
        last = second[:, 0] if direction == "bidirectional" else second[:, -1]
        torch.testing.assert_close(encoder(x), torch.cat([first[:, -1], last], 1))

    def test_prints_what_it_was_built_with(self):
        text = repr(BiGRU(6, 4, pooling="max"))
        assert "direction='forward-pair', pooling='max'" in text


@POOLED
class TestPooling:
    def test_is_over_frame_features(self, name):
        x = torch.randn(3, 8, 6)
        for pooling, size in (("mean", 1), ("max", 1), ("mean-max", 2)):
            encoder = SMALL[name](pooling=pooling).eval()
            frames = encoder.frame_features(x)
            both = [frames.mean(1), frames.max(1).values]
            expected = {"mean": both[0], "max": both[1], "mean-max": torch.cat(both, 1)}[pooling]
            torch.testing.assert_close(encoder(x), expected)
            assert encoder.feature_dim == expected.shape[1] == size * frames.shape[2]

    def test_wrong(self, name):
        with pytest.raises(ValueError, match="`pooling` must be one of .*'mean-max'; got 'sum'"):
            SMALL[name](pooling="sum")


class TestTCN:
    @pytest.mark.parametrize("T", [1, 5, 12])
    def test_oracle(self, T):
        encoder = far(TCN(5, 4, kernel=3, dilations=(1, 3)))
        x = torch.randn(2, T, 5, dtype=torch.float64)
        for row, sequence in zip(encoder(x), x, strict=True):
            expected = slow.tcn(sequence.numpy(), arrays(encoder), (1, 3), 3)
            np.testing.assert_allclose(row.detach().numpy(), expected, atol=1e-12)

    def test_is_the_recipes(self):
        encoder = TCN(150)
        convs = [module for module in encoder.modules() if isinstance(module, nn.Conv1d)]
        shapes = [(c.in_channels, c.out_channels, c.kernel_size[0], c.dilation[0]) for c in convs]
        block = [(64, 64, 1, 1)]
        assert shapes == [(300, 64, 1, 1)] + [
            shape for d in (1, 2, 4) for shape in [(64, 64, 3, d), *block]
        ]
        assert encoder.feature_dim == 128
        # 300 x 64 + 64, 3 x (3 + 1) x 64 x 64, and norms of 300 and 6 x 64 numbers
        assert sum(p.numel() for p in encoder.parameters()) == 19264 + 49152 + 600 + 768

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"kernel": 4}, "`kernel` must be odd, to have a middle frame; got 4"),
            ({"dilations": ()}, r"`dilations` must be one or more numbers of frames; got \(\)"),
            ({"dilations": (1, 0)}, "`dilations` must be at least 1; got 0"),
            ({"width": 0}, "`width` must be at least 1; got 0"),
            ({"in_features": 0}, "`in_features` must be at least 1"),
        ],
    )
    def test_wrong_arguments(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            TCN(**arguments)


class TestFrameTransformer:
    @pytest.mark.parametrize("T", [2, 8, 12])
    def test_oracle(self, T):
        encoder = far(FrameTransformer(5, 8, heads=2, frames=12))
        x = torch.randn(2, T, 5, dtype=torch.float64)
        for row, sequence in zip(encoder(x), x, strict=True):
            expected = slow.frame_transformer(sequence.numpy(), arrays(encoder), 2, 2, 2)
            np.testing.assert_allclose(row.detach().numpy(), expected, atol=1e-10)

    def test_is_the_recipes(self):
        encoder = FrameTransformer(150, frames=32)
        assert encoder.patch_embedding.weight.shape == (64, 300, 2)
        assert encoder.patch_embedding.stride == (2,)
        assert encoder.positions.shape == (1, 16, 64)
        assert [block.attention.heads for block in encoder.blocks] == [4, 4]
        assert {block.mlp[0].out_features for block in encoder.blocks} == {128}
        assert encoder.feature_dim == 64
        assert float(encoder.positions.detach().std()) == pytest.approx(0.02, rel=0.1)

    def test_other_patches(self):
        encoder = FrameTransformer(6, 8, patch_frames=4, frames=16, mlp_ratio=3)
        assert encoder.frame_features(torch.randn(2, 12, 6)).shape == (2, 3, 8)

    @pytest.mark.parametrize(
        ("T", "message"),
        [
            (66, r"`x` must have at most the 64 frames.*got \(2, 66, 6\)\. Pass frames="),
            (31, r"`x` must have frames in a multiple of patch_frames=2; got \(2, 31, 6\)\. Crop"),
        ],
    )
    def test_frames_that_do_not_fit(self, T, message):
        with pytest.raises(ValueError, match=message):
            FrameTransformer(6)(torch.zeros(2, T, 6))

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"frames": 33}, "`frames` must be a multiple of patch_frames=2; got 33"),
            ({"width": 10}, "`width` must be a multiple of heads=4; got 10"),
            ({"mlp_ratio": 0}, "`mlp_ratio` must be at least 1"),
            ({"layers": 0}, "must be at least 1; got 0"),
        ],
    )
    def test_wrong_arguments(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            FrameTransformer(**arguments)


@pytest.mark.parametrize("name", ["TCN", "FrameTransformer"])
class TestMotion:
    def test_is_that_of_the_motion_stream(self, name):
        clips = torch.randn(4, 3, 8, 2, 1)
        encoder = SMALL[name]()
        seen = []
        encoder.input_norm.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        encoder(ToSequence()(clips))
        expected = torch.cat([ToSequence()(clips), ToSequence()(ToMotion()(clips))], -1)
        assert torch.equal(seen[0], expected.transpose(1, 2))

    def test_may_be_left_out(self, name):
        encoder = SMALL[name](motion=False)
        assert encoder.input_norm.num_features == 6
        assert encoder(torch.randn(4, 8, 6)).shape == (4, encoder.feature_dim)


@EVERY
class TestInput:
    def test_one_frame_cannot_train_a_norm(self, name):
        options = {"patch_frames": 1} if name == "FrameTransformer" else {}
        encoder, x = SMALL[name](**options), torch.zeros(1, 1, 6)
        with pytest.raises(ValueError, match=r"at least 2 frames in all.*\(1, 1, 6\).*eval\(\)"):
            encoder(x)
        assert encoder.eval()(x).isfinite().all()

    @pytest.mark.parametrize("shape", [(4, 3, 8, 2, 1), (4, 8, 5), (4, 0, 6), (6,)])
    def test_wrong_shape(self, name, shape):
        with pytest.raises(ValueError, match=r"in_features=6; got .*ToSequence\(\)"):
            SMALL[name]()(torch.zeros(shape))
