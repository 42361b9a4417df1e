from __future__ import annotations

import json
import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from reference import encoders as oracle
from reference import golden as names
from torch import nn
from torch.nn import functional as F

from skelter.encoders import AGCN, HCN, BiGRU, ProjectionHead
from skelter.layouts import (
    COCO17,
    H36M17,
    KINECT20,
    MEDIAPIPE33,
    NTU25,
    OPENPOSE18,
    SBU15,
    SMPL24,
    SkeletonLayout,
)
from skelter.representations import functional as R
from skelter.typing import Encoder

WIDTHS = (8, 8, 16)
MINE = SkeletonLayout("mine", list("abcdefg"), parents=[-1, 0, 1, 2, 0, 4, 4])


def build(name, layout=NTU25, persons=2, C=3):
    V = layout.num_joints
    if name == "BiGRU":
        return BiGRU(C * V * persons, 8, layers=2)
    if name == "AGCN":
        return AGCN(layout, C, persons=persons, widths=WIDTHS)
    return HCN(V, persons, frames=16, channels=16, dropout=0.1, in_channels=C)


def represent(name, x):
    return R.to_sequence(x) if name == "BiGRU" else x


EVERY = pytest.mark.parametrize("name", ["BiGRU", "AGCN", "HCN"])


@EVERY
class TestEvery:
    @pytest.mark.parametrize("layout", [NTU25, KINECT20, SBU15, MINE], ids=lambda x: x.name)
    @pytest.mark.parametrize("persons", [1, 2, 3])
    def test_any_layout_and_persons(self, name, layout, persons):
        encoder = build(name, layout, persons)
        out = encoder(represent(name, torch.randn(2, 3, 16, layout.num_joints, persons)))
        assert out.shape == (2, encoder.feature_dim)
        assert isinstance(encoder, Encoder)

    @pytest.mark.parametrize("layout", [H36M17, SMPL24, MEDIAPIPE33], ids=lambda x: x.name)
    def test_layouts_of_estimators_and_models(self, name, layout):
        encoder = build(name, layout, 1)
        x = torch.randn(2, 3, 16, layout.num_joints, 1)
        assert encoder(represent(name, x)).shape == (2, encoder.feature_dim)

    @pytest.mark.parametrize(("layout", "C"), [(COCO17, 2), (OPENPOSE18, 2), (OPENPOSE18, 3)])
    def test_points_of_images_with_and_without_scores(self, name, layout, C):
        encoder = build(name, layout, 2, C)
        x = torch.rand(3, C, 16, layout.num_joints, 2)
        out = encoder(represent(name, x))
        assert out.shape == (3, encoder.feature_dim)
        assert out.isfinite().all()
        with pytest.raises(ValueError, match="`x`"):
            encoder(represent(name, x[:, :1]))


class TestBiGRU:
    def test_oracle_steps_the_pair_frame_by_frame(self):
        encoder = BiGRU(6, 4, layers=3).double()
        weights = {k.removeprefix("gru."): v.numpy() for k, v in encoder.state_dict().items()}
        x = torch.randn(2, 9, 6, dtype=torch.float64)
        for row, sequence in zip(encoder(x), x, strict=True):
            expected = oracle.gru_pair(sequence.numpy(), weights, 3)
            np.testing.assert_allclose(row.detach().numpy(), expected, atol=1e-12)

    def test_bidirectional_is_the_textbook_one(self):
        encoder = BiGRU(6, 4, layers=2, direction="bidirectional")
        gru = nn.GRU(6, 4, 2, batch_first=True, bidirectional=True)
        gru.load_state_dict(encoder.gru.state_dict())
        x = torch.randn(3, 9, 6)
        output, _ = gru(x)
        expected = torch.cat([output[:, -1, :4], output[:, 0, 4:]], 1)
        torch.testing.assert_close(encoder(x), expected)

    def test_the_two_differ_but_share_weights(self):
        pair, both = BiGRU(6, 4), BiGRU(6, 4, direction="bidirectional")
        both.load_state_dict(pair.state_dict())
        x = torch.randn(3, 9, 6)
        assert (pair(x) - both(x)).abs().max() > 0.01

    def test_matrices_are_xavier_uniform(self):
        weight = BiGRU(150, 64).gru.weight_ih_l0.detach()
        bound = math.sqrt(6 / (150 + 3 * 64))
        assert weight.abs().max() <= bound
        assert float(weight.std()) == pytest.approx(bound / 3**0.5, rel=0.03)

    @pytest.mark.parametrize("shape", [(4, 3, 16, 25, 2), (4, 16, 120), (150,)])
    def test_wrong_shape(self, shape):
        with pytest.raises(ValueError, match=r"in_features=150; got .*ToSequence\(\)"):
            BiGRU(150, 8)(torch.zeros(shape))

    def test_wrong_direction(self):
        with pytest.raises(ValueError, match="`direction` must be one of 'forward-pair'"):
            BiGRU(150, 8, direction="both")


class TestAGCN:
    def test_oracle_of_the_adaptive_aggregation(self):
        block = AGCN(MINE, widths=(8,), persons=1).double().eval().blocks[0].graph
        nn.init.normal_(block.learned_adjacency)
        x = torch.randn(1, 3, 5, 7, dtype=torch.float64)
        seen = []
        block.norm.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        block(x)
        aggregated = []
        for subset in range(3):
            parts = [
                (conv.weight.chunk(3)[subset][..., 0, 0], conv.bias.chunk(3)[subset])
                for conv in (block.theta, block.phi)
            ]
            (theta, phi) = [[tensor.detach().numpy() for tensor in part] for part in parts]
            aggregated.append(
                oracle.adaptive_graph(
                    x[0].numpy(),
                    theta,
                    phi,
                    block.adjacency[subset].numpy(),
                    block.learned_adjacency[subset].detach().numpy(),
                )
            )
        weight = block.project.weight.detach().numpy()[..., 0, 0]
        expected = np.einsum("oc,ctv->otv", weight, np.concatenate(aggregated))
        np.testing.assert_allclose(seen[0][0].detach().numpy(), expected, atol=1e-10)

    def test_starts_as_the_papers(self):
        encoder = AGCN()
        graph = encoder.blocks[4].graph
        assert (graph.learned_adjacency == 1e-6).all()
        assert (graph.norm.weight == 1e-6).all()
        std = math.sqrt(2 / (3 * 64 * 128))
        assert float(graph.project.weight.detach().std()) == pytest.approx(std, rel=0.03)
        assert float(graph.theta.weight.detach().std()) == pytest.approx(
            math.sqrt(2 / 32), rel=0.05
        )
        conv = encoder.blocks[4].temporal[0]
        assert float(conv.weight.detach().std()) == pytest.approx(
            math.sqrt(2 / (128 * 9)), rel=0.03
        )
        assert not any(p.any() for n, p in encoder.named_parameters() if n.endswith("bias"))

    def test_strides_and_residuals(self):
        blocks = AGCN().blocks
        assert [block.temporal[0].stride[0] for block in blocks] == [1, 1, 1, 1, 2, 1, 1, 2, 1, 1]
        assert blocks[0].residual is None
        assert isinstance(blocks[1].residual, nn.Identity)
        assert isinstance(blocks[4].residual, nn.Sequential)

    def test_adjacency_moves_with_the_module_but_is_not_saved(self):
        encoder = AGCN(SBU15, widths=(8,))
        assert not any("graph.adjacency" in key for key in encoder.state_dict())
        assert encoder.double().blocks[0].graph.adjacency.dtype == torch.float64

    @pytest.mark.parametrize(
        ("shape", "message"),
        [
            ((2, 3, 8, 17, 2), "`x` has 17 joints, but layout NTU25 has 25. Pass layout="),
            ((2, 3, 8, 25, 1), r"`x` has 1 person, but this AGCN has 2.*Pass persons="),
            ((2, 2, 8, 25, 2), "`x` has 2 coordinates, but this AGCN has 3.*Pass in_channels="),
            ((3, 8, 25, 2), r"shape \(N, C, T, V, M\); got \(3, 8, 25, 2\).*x\[None\]"),
            ((1, 2, 3, 8, 25, 2), r"Flatten the leading axes"),
        ],
    )
    def test_wrong_shape(self, shape, message):
        with pytest.raises(ValueError, match=message):
            AGCN(widths=(8,))(torch.zeros(shape))

    def test_wrong_widths(self):
        with pytest.raises(ValueError, match="`widths` must be one or more channel counts from 4"):
            AGCN(widths=(2,))


class TestHCN:
    def test_paper_size(self):
        assert HCN().feature_dim == 4096

    @pytest.mark.parametrize(("frames", "channels"), [(16, 16), (40, 32), (64, 64), (31, 16)])
    def test_feature_dim_is_what_comes_out(self, frames, channels):
        encoder = HCN(7, 1, frames=frames, channels=channels)
        assert encoder(torch.randn(2, 3, frames, 7, 1)).shape[1] == encoder.feature_dim

    def test_motion_is_resampled_over_frames_and_joints(self):
        x = torch.randn(2, 3, 9, 5)
        expected = F.interpolate(x[:, :, 1:] - x[:, :, :-1], (9, 5), mode="bilinear")
        encoder = HCN(5, 1, frames=16, channels=16)
        seen = []
        encoder.motion.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        clip = torch.randn(2, 3, 16, 5, 1)
        encoder(clip)
        motion = clip[..., 0].diff(dim=2)
        assert expected.shape == (2, 3, 9, 5)
        torch.testing.assert_close(seen[0], F.interpolate(motion, (16, 5), mode="bilinear"))

    def test_order_of_persons_does_not_matter(self):
        encoder = HCN(5, 2, frames=16, channels=16).eval()
        x = torch.randn(2, 3, 16, 5, 2)
        torch.testing.assert_close(encoder(x), encoder(x.flip(-1)))

    def test_no_dropout_means_training_equals_eval(self):
        encoder = HCN(5, 1, frames=16, channels=16, dropout=0.0)
        x = torch.randn(2, 3, 16, 5, 1)
        assert torch.equal(encoder.train()(x), encoder.eval()(x))

    @pytest.mark.parametrize(
        ("shape", "message"),
        [
            ((2, 3, 32, 25, 2), "`x` has 32 frames, but this HCN has 64"),
            ((2, 3, 64, 20, 2), "`x` has 20 joints, but this HCN has 25"),
            ((2, 3, 64, 25, 1), "`x` has 1 person, but this HCN has 2"),
        ],
    )
    def test_wrong_shape(self, shape, message):
        with pytest.raises(ValueError, match=message):
            HCN()(torch.zeros(shape))

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"frames": 8}, "`frames` must lie between 16"),
            ({"channels": 24}, "`channels` must be a multiple of 16; got 24"),
            ({"dropout": 1.5}, "`dropout` must lie between 0.0 and 1.0"),
        ],
    )
    def test_wrong_arguments(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            HCN(**arguments)


def head_oracle(sizes, norm=False, last="bias"):
    """The layers as the papers list them."""
    *between, (before, out) = list(pairwise(sizes))
    layers = []
    for before_one, after_one in between:
        layers.append(nn.Linear(before_one, after_one, bias=not norm))
        layers.extend([nn.BatchNorm1d(after_one)] if norm else [])
        layers.append(nn.ReLU())
    layers.append(nn.Linear(before, out, bias=last == "bias"))
    layers.extend({"batch": [nn.BatchNorm1d(out)]}.get(last, []))
    layers.extend({"batch-plain": [nn.BatchNorm1d(out, affine=False)]}.get(last, []))
    return nn.Sequential(*layers)


class TestProjectionHead:
    def test_is_the_papers(self):
        head = ProjectionHead(256)
        assert [tuple(p.shape) for p in head.parameters() if p.ndim == 2] == [
            (256, 256),
            (128, 256),
        ]
        assert head(torch.randn(4, 256)).shape == (4, head.out_dim)

    def test_names_of_the_default_stay(self):
        names = ["layers.0.weight", "layers.0.bias", "layers.2.weight", "layers.2.bias"]
        assert list(ProjectionHead(8).state_dict()) == names

    @pytest.mark.parametrize(
        ("sizes", "options"),
        [
            ((12, 5), {}),
            ((12, 12, 5), {}),
            ((12, 7, 5), {"norm": "batch"}),
            ((12, 7, 5), {"norm": "batch", "last": "no-bias"}),
            ((12, 5), {"last": "batch"}),
            ((12, 7, 7, 5), {"norm": "batch"}),
            ((12, 7, 7, 5), {"norm": "batch", "last": "no-bias"}),
            ((12, 7, 7, 5), {"norm": "batch", "last": "batch-plain"}),
            ((12, 7, 7, 7, 5), {"norm": "batch", "last": "batch"}),
            ((12, 7, 7, 5), {"last": "no-bias"}),
        ],
        ids=str,
    )
    def test_equals_a_plain_sequence(self, sizes, options):
        hidden = sizes[1] if len(sizes) > 2 else None
        head = ProjectionHead(sizes[0], hidden, sizes[-1], layers=len(sizes) - 1, **options)
        plain = head_oracle(sizes, "norm" in options, options.get("last", "bias"))
        plain.load_state_dict(
            {key.removeprefix("layers."): value for key, value in head.state_dict().items()}
        )
        for _ in range(2):
            x = torch.randn(9, 12)
            assert torch.equal(head(x), plain(x))
        assert torch.equal(head.eval()(x), plain.eval()(x))

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"out_dim": 0}, "`out_dim` must be at least 1; got 0"),
            ({"layers": 0}, "`layers` must be at least 1; got 0"),
            ({"hidden_dim": 4, "layers": 1}, "`hidden_dim` must be None for layers=1; got 4"),
            ({"norm": "layer"}, "`norm` must be one of None, 'batch'; got 'layer'"),
            ({"last": "norm"}, "`last` must be one of 'bias', 'no-bias', 'batch', 'batch-plain'"),
        ],
    )
    def test_wrong_arguments(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            ProjectionHead(8, **arguments)

    @pytest.mark.parametrize("norm", [None, "batch"])
    @pytest.mark.parametrize(
        ("features", "error", "message"),
        [
            (torch.zeros(4, 8, dtype=torch.int64), TypeError, "real floating dtype; got torch.int"),
            (torch.zeros(4, 8).double(), TypeError, r"of this ProjectionHead.*features\.float\(\)"),
            (torch.zeros(4, 8).half().numpy(), TypeError, "must have the dtype torch.float32"),
            (torch.zeros(4, 9), ValueError, r"have the 8 columns of in_dim; got \(4, 9\)"),
            ("features", TypeError, "must be a tensor"),
            (torch.zeros(()), ValueError, r"must have shape \(N, D\)"),
        ],
    )
    def test_wrong_features(self, norm, features, error, message):
        with pytest.raises(error, match=f"`features` .*{message}"):
            ProjectionHead(8, norm=norm)(features)

    def test_more_axes_where_nothing_is_normalised(self):
        assert ProjectionHead(8)(torch.zeros(4, 3, 8)).shape == (4, 3, 128)
        with pytest.raises(ValueError, match=r"must have shape \(N, D\).*flatten\(1\)"):
            ProjectionHead(8, norm="batch")(torch.zeros(4, 3, 8))

    def test_arrays_and_autocast(self):
        head, x = ProjectionHead(8), torch.randn(4, 8)
        assert torch.equal(head(x.numpy()), head(x))
        with torch.autocast("cpu", torch.bfloat16):
            assert head(x.bfloat16()).dtype == torch.bfloat16

    def test_one_row_cannot_train_a_batch_norm(self):
        head = ProjectionHead(8, norm="batch")
        with pytest.raises(ValueError, match=r"at least 2 rows to train.*got \(1, 8\).*eval\(\)"):
            head(torch.zeros(1, 8))
        assert head.eval()(torch.zeros(1, 8)).shape == (1, 128)
        assert ProjectionHead(8)(torch.zeros(1, 8)).shape == (1, 128)


@pytest.fixture(scope="module")
def files(golden):
    keys = json.loads((golden / "encoder_keys.json").read_text())
    with np.load(golden / "encoders.npz") as file:
        return keys, {name: torch.from_numpy(file[name]) for name in file.files}


class TestGolden:
    """Features, logits and gradients of the reference implementation, by its own weights."""

    @staticmethod
    def load(name, keys):
        reference = names.weights(keys[name])
        encoder = {"bigru": lambda: BiGRU(150, 256), "agcn": AGCN, "hcn": HCN}[name]()
        encoder.load_state_dict(getattr(names, name)(reference))
        head = nn.Linear(encoder.feature_dim, 128)
        head.load_state_dict({"weight": reference["fc.weight"], "bias": reference["fc.bias"]})
        x = names.clips()
        return encoder, head, R.to_sequence(x) if name == "bigru" else x

    @pytest.mark.golden
    @pytest.mark.parametrize("name", ["bigru", "agcn", "hcn"])
    def test_features_and_logits(self, files, name):
        keys, numbers = files
        encoder, head, x = self.load(name, keys)
        with torch.no_grad():
            features = encoder.eval()(x)
        for actual, kind in ((features, "features"), (head(features), "logits")):
            torch.testing.assert_close(actual, numbers[f"{name}_{kind}"], rtol=0, atol=1e-5)

    @pytest.mark.golden
    @pytest.mark.parametrize("name", ["bigru", "agcn"])
    def test_training_mode_and_gradients(self, files, name):
        keys, numbers = files
        encoder, head, x = self.load(name, keys)
        logits = head(encoder.train()(x))
        torch.testing.assert_close(logits, numbers[f"{name}_train_logits"], rtol=0, atol=1e-5)
        logits.square().mean().backward()
        shapes = keys[name]
        if name == "bigru":
            ours = {f"encoder.{key}": p.grad.norm() for key, p in encoder.named_parameters()}
        else:
            ours = names.agcn_gradients(encoder, shapes)
        ours |= {"fc.weight": head.weight.grad.norm(), "fc.bias": head.bias.grad.norm()}
        parameters = [key for key in sorted(shapes) if key in ours]
        expected = numbers[f"{name}_gradnorms"]
        assert len(parameters) == len(expected)
        actual = torch.stack([ours[key] for key in parameters]).double()
        known = expected >= 0
        torch.testing.assert_close(actual[known], expected[known], rtol=1e-3, atol=1e-5)
