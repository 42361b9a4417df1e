from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from reference import transformer as oracle
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from skelter.encoders import SkeletonDecoder, SkeletonTransformer, functional
from skelter.layouts import COCO17, KINECT20, NTU25, SkeletonLayout, pair_joints
from skelter.transforms import MotionTokenMask, TubeTokenMask, UniformTokenMask
from skelter.transforms import functional as T

MINE = SkeletonLayout("mine", list("abcdefg"), parents=[-1, 0, 1, 2, 0, 4, 4])
SMALL = {"frames": 12, "patch_frames": 3, "width": 16, "depth": 2, "heads": 4}


def small(layout=MINE, **options):
    return SkeletonTransformer(layout, **{**SMALL, **options})


def arrays(module):
    return {name: tensor.numpy() for name, tensor in module.state_dict().items()}


def scrambled(module):
    """Move all parameters away from zeros and ones."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(torch.randn_like(parameter) / 4)
    return module.double()


class TestSkeletonTransformer:
    @pytest.mark.parametrize("persons", [1, 2])
    def test_oracle(self, persons):
        encoder = scrambled(small())
        x = torch.randn(2, 3, 12, 7, persons, dtype=torch.float64)
        expected = np.stack([oracle.encode(clip, arrays(encoder), 4, 3, 2) for clip in x.numpy()])
        np.testing.assert_allclose(encoder.tokens(x).detach().numpy(), expected, atol=1e-12)
        features = expected.mean((1, 2))
        np.testing.assert_allclose(encoder(x).detach().numpy(), features, atol=1e-12)

    def test_oracle_of_a_block(self):
        block = scrambled(small()).blocks[0]
        tokens = torch.randn(3, 5, 16, dtype=torch.float64)
        expected = [oracle.block(row, arrays(block), 4) for row in tokens.numpy()]
        np.testing.assert_allclose(block(tokens).detach().numpy(), np.array(expected), atol=1e-12)

    @pytest.mark.parametrize(("layout", "C"), [(NTU25, 3), (KINECT20, 3), (COCO17, 2), (MINE, 4)])
    @pytest.mark.parametrize("persons", [1, 3])
    def test_any_layout_channels_and_persons(self, layout, C, persons):
        encoder = SkeletonTransformer(layout, C, **SMALL)
        x = torch.randn(2, C, 12, layout.num_joints, persons)
        assert encoder(x).shape == (2, encoder.feature_dim)
        assert encoder.feature_map(x).shape == (2, 16, 4, layout.num_joints, persons)
        assert encoder.tokens(x).shape == (2, persons, 4 * layout.num_joints, 16)

    def test_sizes_are_the_papers(self):
        with torch.device("meta"):
            encoder = SkeletonTransformer()
            decoders = [SkeletonDecoder.for_encoder(encoder, depth) for depth in (5, 3)]
        counts = [sum(p.numel() for p in m.parameters()) for m in (encoder, *decoders)]
        assert counts[0] == 6_336_000
        assert [counts[0] + count for count in counts[1:]] == [10_368_524, 8_789_004]

    def test_operations_are_the_papers(self):
        """28.10 GFLOP a clip of two persons, in the processor's own operators, too."""
        encoder, x = SkeletonTransformer().eval(), torch.zeros(1, 3, 120, 25, 2)
        for device in ("cpu", "meta"):
            with torch.no_grad(), FlopCounterMode(display=False) as counter:
                encoder.to(device)(x.to(device))
            assert counter.get_total_flops() == pytest.approx(28.10e9, rel=1e-3)

    def test_parts_join(self):
        encoder, x = small(), torch.randn(2, 3, 12, 7, 2)
        tokens = encoder.encode(encoder.embed(x))
        assert torch.equal(tokens, encoder.tokens(x))
        feature_map = encoder.feature_map(x)
        assert torch.equal(feature_map[:, :, 2, 5, 1], tokens[:, 1, 2 * 7 + 5])
        assert torch.equal(encoder.pool(feature_map), encoder(x))

    def test_pooling_looks_where_it_is_told(self):
        encoder, x = small(), torch.randn(2, 3, 12, 7, 2)
        x[..., 1] = 0
        feature_map = encoder.feature_map(x)
        there = T.token_presence(x, 3).movedim(1, -1)
        expected = feature_map[..., 0].mean((2, 3))
        torch.testing.assert_close(encoder.pool(feature_map, there), expected)

    def test_tokens_are_encoded_alone_and_in_any_order(self):
        encoder, x = small(), torch.randn(2, 3, 12, 7, 2)
        tokens = encoder.embed(x)
        order = torch.randperm(28)[:9]
        some = encoder.encode(tokens[:, :, order])
        torch.testing.assert_close(some[0, 1], encoder.encode(tokens[0, 1, order][None])[0])
        torch.testing.assert_close(encoder.encode(tokens[:, :, order.flip(0)]), some.flip(2))

    def test_persons_do_not_meet(self):
        encoder, x = small(), torch.randn(2, 3, 12, 7, 2)
        alone = encoder.tokens(x[..., 1:])
        torch.testing.assert_close(encoder.tokens(x)[:, 1:], alone)

    @pytest.mark.parametrize("mask", [UniformTokenMask(0.7, 3), MotionTokenMask(0.7, 3)])
    def test_visible_tokens(self, mask):
        encoder, x = small(), torch.randn(2, 3, 12, 7, 2)
        keep = mask(x)
        visible = encoder.tokens(x, keep)
        assert visible.shape == (2, 2, 8, 16)
        expected = encoder.encode(encoder.embed(x)[keep.flatten(-2)].view(2, 2, 8, 16))
        torch.testing.assert_close(visible, expected)
        assert torch.equal(encoder.tokens(x, keep, 8), visible)

    def test_hidden_tokens_are_not_seen(self):
        encoder, x = small(), torch.randn(2, 3, 12, 7, 2)
        keep = UniformTokenMask(0.7, 3)(x)
        hidden = ~keep.movedim(1, -1).repeat_interleave(3, 1)[:, None]
        other = torch.where(hidden, torch.randn_like(x), x)
        assert torch.equal(encoder.tokens(x, keep), encoder.tokens(other, keep))

    def test_initialisation(self):
        encoder = SkeletonTransformer(depth=1)
        block = encoder.blocks[0]
        linear = [m for m in block.modules() if isinstance(m, nn.Linear)]
        assert len(linear) == 4
        for layer in linear:
            bound = math.sqrt(6 / sum(layer.weight.shape))
            assert layer.weight.abs().max() <= bound
            assert float(layer.weight.detach().std()) == pytest.approx(bound / 3**0.5, rel=0.02)
            assert not layer.bias.any()
        for positions in (encoder.temporal_positions, encoder.joint_positions):
            assert float(positions.detach().std()) == pytest.approx(0.02, rel=0.05)
        embedding = encoder.patch_embedding
        assert float(embedding.weight.detach().std()) == pytest.approx(
            (1 / 12) ** 0.5 / 3**0.5, rel=0.05
        )
        assert encoder.norm.eps == block.norm1.eps == 1e-5

    def test_stochastic_depth_rises_with_depth(self):
        encoder = small(depth=4)
        assert encoder.drop_path == 0
        encoder.drop_path = 0.3
        assert encoder.drop_path == 0.3
        chances = [block.drop.chance for block in encoder.blocks]
        assert chances == pytest.approx([0, 0.1, 0.2, 0.3])
        with pytest.raises(ValueError, match="`drop_path` must lie between 0.0 and 1.0; got 2"):
            encoder.drop_path = 2

    def test_stochastic_depth_leaves_out_whole_branches_of_samples(self):
        block = small().blocks[0]
        x = torch.randn(400, 5, 16)
        block.drop.chance = 0.25
        branch = block.drop(x)
        kept = (branch != 0).any(-1).any(-1)
        torch.testing.assert_close(branch[kept], x[kept] / 0.75)
        assert not branch[~kept].any()
        assert float(kept.float().mean()) == pytest.approx(0.75, abs=0.07)
        assert torch.equal(block.eval().drop(x), x)

    @pytest.mark.parametrize(
        ("shape", "message"),
        [
            ((2, 3, 9, 7, 1), r"`x` has 9 frames, but this SkeletonTransformer has 12.*frames=9"),
            ((2, 3, 15, 7, 1), r"`x` has 15 frames, .* has 12; got .*`retarget` does so"),
            ((2, 3, 13, 7, 1), r"`x` has 13 frames, .*TemporalCropResize\(12\)\.$"),
            ((2, 3, 12, 8, 1), "`x` has 8 joints, but layout mine has 7"),
            ((2, 2, 12, 7, 1), "`x` has 2 coordinates, but this SkeletonTransformer has 3"),
            ((3, 12, 7, 1), r"`x` must have shape \(N, C, T, V, M\)"),
        ],
    )
    def test_wrong_shape(self, shape, message):
        with pytest.raises(ValueError, match=message):
            small()(torch.zeros(shape))

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"frames": 10}, "`frames` must be a multiple of patch_frames=3; got 10"),
            ({"width": 18}, "`width` must be a multiple of heads=4; got 18"),
            ({"depth": 0}, "`depth` must be at least 1; got 0"),
            ({"in_channels": 0}, "`in_channels` must be at least 1; got 0"),
        ],
    )
    def test_wrong_arguments(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            small(**arguments)

    @pytest.mark.parametrize(
        ("keep", "error", "message"),
        [
            (torch.ones(2, 2, 4, 6) > 0, ValueError, r"T / 3, V\) = \(2, 2, 4, 7\).*patch=3"),
            (torch.ones(2, 1, 4, 7) > 0, ValueError, r"\(2, 2, 4, 7\) for these clips; got"),
            (torch.ones(2, 2, 4, 7), TypeError, "`keep` must be True where a token is visible"),
            (torch.rand(2, 2, 4, 7) > 0.5, ValueError, "tokens of every person; got other numb"),
            (torch.zeros(2, 2, 4, 7) > 0, ValueError, "at least one token of every person; got no"),
        ],
    )
    def test_wrong_masks(self, keep, error, message):
        with pytest.raises(error, match=message):
            small().tokens(torch.zeros(2, 3, 12, 7, 2), keep)

    def test_masks_of_tubes_need_one_ratio(self):
        x = torch.randn(2, 3, 12, 25, 2)
        encoder = small(NTU25)
        assert encoder.tokens(x, TubeTokenMask(ratio=0.6, patch=3)(x)).shape == (2, 2, 40, 16)
        with pytest.raises(ValueError, match="with one ratio, not a range"):
            encoder.tokens(x, TubeTokenMask(patch=3)(x))


class TestRetarget:
    def test_other_frames(self):
        encoder = small().eval().double()
        other = encoder.retarget(frames=24)
        assert (other.frames, other.layout, other.training) == (24, MINE, False)
        expected = functional.resize_positions(encoder.temporal_positions, 8)
        assert torch.equal(other.temporal_positions, expected)
        same = [name for name in encoder.state_dict() if name != "temporal_positions"]
        for name in same:
            assert torch.equal(other.state_dict()[name], encoder.state_dict()[name])
        assert other(torch.randn(2, 3, 24, 7, 1, dtype=torch.float64)).shape == (2, 16)

    def test_other_joints_are_matched_by_name(self):
        encoder = small(NTU25)
        encoder.drop_path = 0.2
        other = encoder.retarget(KINECT20)
        pairs = pair_joints(NTU25, KINECT20)
        assert len(pairs) == 20
        for joint, source in pairs.items():
            assert torch.equal(
                other.joint_positions[:, :, joint], encoder.joint_positions[:, :, source]
            )
        assert other.drop_path == 0.2
        assert torch.equal(other.temporal_positions, encoder.temporal_positions)
        back = other.retarget(NTU25)
        new = [joint for joint in range(25) if joint not in pairs.values()]
        differences = (back.joint_positions - encoder.joint_positions).abs().amax((0, 1, 3))
        assert differences.nonzero().flatten().tolist() == new

    def test_is_a_copy(self):
        encoder, x = small(), torch.randn(2, 3, 12, 7, 1)
        other = encoder.retarget()
        assert torch.equal(other(x), encoder(x))
        nn.init.zeros_(other.norm.weight)
        assert encoder.norm.weight.any()

    def test_decoders(self):
        decoder = SkeletonDecoder(NTU25, 16, patches=4, width=16, depth=1, heads=2)
        other = decoder.retarget(KINECT20, patches=6)
        assert other.temporal_positions.shape == (1, 6, 1, 16)
        assert torch.equal(other.joint_positions[:, :, 2], decoder.joint_positions[:, :, 20])
        assert torch.equal(other.predict.weight, decoder.predict.weight)


class TestSkeletonDecoder:
    @staticmethod
    def pair():
        encoder = small()
        return encoder, SkeletonDecoder.for_encoder(encoder, depth=1)

    def test_predicts_every_token(self):
        encoder, decoder = self.pair()
        x = torch.randn(2, 3, 12, 7, 2)
        keep = UniformTokenMask(0.7, 3)(x)
        predictions = decoder(encoder.tokens(x, keep), keep)
        assert predictions.shape == functional.patchify(x, 3).shape == (2, 2, 28, 9)

    def test_oracle(self):
        decoder = scrambled(SkeletonDecoder(MINE, 6, patches=2, width=8, depth=1, heads=2))
        visible = torch.randn(1, 1, 3, 6, dtype=torch.float64)
        keep = torch.zeros(1, 1, 2, 7, dtype=torch.bool)
        keep.view(-1)[[2, 5, 12]] = True
        weights = arrays(decoder)
        tokens = []
        for place in range(14):
            token = weights["mask_token"][0, 0]
            if place in (2, 5, 12):
                row = visible[0, 0, (2, 5, 12).index(place)].numpy()
                token = weights["embedding.weight"] @ row + weights["embedding.bias"]
            token = token + weights["temporal_positions"][0, place // 7, 0]
            tokens.append(token + weights["joint_positions"][0, 0, place % 7])
        own = "blocks.0."
        block = {k.removeprefix(own): v for k, v in weights.items() if k.startswith(own)}
        encoded = oracle.block(np.array(tokens), block, 2)
        norm = {"weight": weights["norm.weight"], "bias": weights["norm.bias"]}
        rows = [oracle.layer_norm(row, **norm) for row in encoded]
        expected = [weights["predict.weight"] @ row + weights["predict.bias"] for row in rows]
        actual = decoder(visible, keep)[0, 0].detach().numpy()
        np.testing.assert_allclose(actual, np.array(expected), atol=1e-12)

    def test_gradients_reach_all_parameters_of_both(self):
        encoder, decoder = self.pair()
        x = torch.randn(2, 3, 12, 7, 2)
        keep = UniformTokenMask(0.7, 3)(x)
        decoder(encoder.tokens(x, keep), keep).square().mean().backward()
        for module in (encoder, decoder):
            for name, parameter in module.named_parameters():
                assert parameter.grad.any(), name

    def test_recomputing_changes_nothing(self):
        _, decoder = self.pair()
        lean = SkeletonDecoder(
            MINE, 16, out_dim=9, patches=4, width=16, depth=1, heads=4, recompute=True
        )
        lean.load_state_dict(decoder.state_dict())
        keep = torch.arange(28).view(1, 1, 4, 7) % 4 == 0
        visible = torch.randn(1, 1, 7, 16)
        results = []
        for module in (decoder, lean):
            out = module(visible, keep)
            out.square().sum().backward()
            results.append((out, [p.grad for p in module.parameters()]))
        torch.testing.assert_close(*results)

    def test_is_one_graph_with_the_encoder(self):
        encoder, decoder = self.pair()
        x = torch.randn(2, 3, 12, 7, 2)
        keep = UniformTokenMask(0.7, 3)(x)

        def predict(x, keep):
            return decoder(encoder.tokens(x, keep, 8), keep)

        torch.compiler.reset()
        compiled = torch.compile(predict, fullgraph=True, backend="aot_eager")
        torch.testing.assert_close(compiled(x, keep), predict(x, keep))

    def test_under_autocast(self):
        encoder, decoder = self.pair()
        x = torch.randn(2, 3, 12, 7, 2)
        keep = UniformTokenMask(0.7, 3)(x)
        with torch.autocast("cpu", torch.bfloat16):
            out = decoder(encoder.tokens(x, keep), keep)
        assert out.dtype == torch.bfloat16
        wide = decoder(encoder.tokens(x, keep), keep)
        cosine = nn.functional.cosine_similarity(out.detach().float(), wide.detach(), dim=-1)
        assert float(cosine.min()) > 0.98

    @pytest.mark.parametrize(
        ("visible", "keep", "error", "message"),
        [
            ((2, 1, 3, 8), (2, 1, 4, 7), ValueError, r"in_dim=16; got \(2, 1, 3, 8\)"),
            ((2, 3, 16), (2, 1, 4, 7), ValueError, r"have shape \(N, M, K, in_dim\)"),
            ((2, 1, 28, 16), (2, 1, 5, 7), ValueError, r"`keep` .*\(2, 1, 4, 7\) for these tokens"),
            ((2, 1, 3, 16), (2, 1, 4, 7), ValueError, "`keep` must keep 3 tokens of every person"),
        ],
    )
    def test_wrong_input(self, visible, keep, error, message):
        _, decoder = self.pair()
        with pytest.raises(error, match=message):
            decoder(torch.zeros(visible), torch.ones(keep, dtype=torch.bool))

    def test_another_dtype(self):
        _, decoder = self.pair()
        keep = torch.ones(1, 1, 4, 7, dtype=torch.bool)
        with pytest.raises(TypeError, match=r"`visible` must have the dtype torch.float32"):
            decoder(torch.zeros(1, 1, 28, 16).double(), keep)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"in_dim": 0}, "`in_dim` must be at least 1"),
            ({"patches": 0}, "`patches` must be at least 1"),
            ({"width": 9, "heads": 2}, "`width` must be a multiple of heads=2; got 9"),
        ],
    )
    def test_wrong_arguments(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            SkeletonDecoder(MINE, **arguments)


class TestPatchify:
    @pytest.mark.parametrize("shape", [(3, 8, 5, 2), (2, 3, 8, 5, 1), (2, 3, 1, 4, 7, 3)])
    def test_oracle_and_inverse(self, shape):
        x = torch.randn(shape)
        patches = functional.patchify(x, 4)
        flat = x.reshape(-1, *shape[-4:]).numpy()
        expected = np.stack([oracle.patch_numbers(clip, 4) for clip in flat])
        np.testing.assert_array_equal(patches.reshape(expected.shape).numpy(), expected)
        back = functional.unpatchify(patches, 4, joints=shape[-2])
        assert torch.equal(back, x)

    def test_frames_left_over(self):
        with pytest.raises(ValueError, match=r"multiple of patch_frames=4 frames; got T=10"):
            functional.patchify(torch.zeros(3, 10, 5, 1), 4)

    @pytest.mark.parametrize("shape", [(2, 24, 12), (2, 25, 13), (25, 12)])
    def test_other_numbers(self, shape):
        with pytest.raises(
            ValueError, match=r"`patches` must have shape \(\.\.\., M, blocks \* 5,"
        ):
            functional.unpatchify(torch.zeros(shape), 4, joints=5)


class TestVisibleIndices:
    def test_are_in_order(self, generator):
        keep = UniformTokenMask(0.5, 4)(torch.randn(3, 3, 16, 5, 2), generator=generator)
        indices = functional.visible_indices(keep)
        for row, mask in zip(indices.view(6, -1), keep.view(6, -1), strict=True):
            assert torch.equal(row, mask.nonzero().flatten())

    def test_numbers_that_differ(self):
        keep = torch.zeros(2, 1, 2, 3, dtype=torch.bool)
        keep[0, 0, 0, 0] = True
        with pytest.raises(ValueError, match="keep 1 token of every person; got other numbers"):
            functional.visible_indices(keep)
        with pytest.raises(ValueError, match="keep 2 tokens of every person"):
            functional.visible_indices(keep, 2)

    def test_take_tokens(self):
        tokens, indices = torch.randn(2, 3, 7, 4), torch.randint(7, (2, 3, 5))
        taken = functional.take_tokens(tokens, indices)
        assert torch.equal(taken[1, 2, 3], tokens[1, 2, indices[1, 2, 3]])
        with pytest.raises(ValueError, match="`indices` must lead with the axes of `tokens`"):
            functional.take_tokens(tokens, indices[:1])


class TestResizePositions:
    def test_the_same_length_changes_nothing(self):
        positions = torch.randn(1, 30, 1, 8)
        torch.testing.assert_close(functional.resize_positions(positions, 30), positions)

    @pytest.mark.golden
    @pytest.mark.parametrize("patches", [10, 16, 60])
    def test_golden(self, golden, patches):
        from reference.golden_encoders import uniform

        positions = torch.from_numpy((2 * uniform(0, (1, 30, 1, 4)) - 1).astype(np.float32))
        with np.load(golden / "encoders2.npz") as file:
            expected = torch.from_numpy(file[f"mamp_temp_embed_30to{patches}"])
        actual = functional.resize_positions(positions, patches)
        torch.testing.assert_close(actual, expected, rtol=1e-5, atol=1e-5)

    @pytest.mark.parametrize("shape", [(30, 8), (1, 30, 2, 8)])
    def test_other_shapes(self, shape):
        with pytest.raises(ValueError, match=r"`positions` must have shape \(1, T / P, 1, D\)"):
            functional.resize_positions(torch.zeros(shape), 4)
