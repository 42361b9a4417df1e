"""ST-GCN: encoders and heads of published weights, and their numbers."""

from __future__ import annotations

import pytest
import torch
from reference.golden_encoders import CLOSE, Golden, assert_gradnorms
from torch import nn

from skelter.checkpoints import encoder_from_reference
from skelter.checkpoints.published._heads import build_head
from skelter.encoders import functional
from skelter.layouts import KINECT20, NTU25, OPENPOSE18

NAMES = ["crosclr", "crosclr_mlp", "skelemix", "pstl", "hysp", "stgcn"]
HEADS = {"crosclr": "fc", "crosclr_mlp": "fc", "skelemix": "fc", "stgcn": "fcn"}
IGNORED = [2, 3, 7, 11, 15, 19, 20, 24]


def graph_of(name):
    return NTU25.adjacency("spatial" if name == "skelemix" else "st-gcn")


def renamed(name):
    """Return the published name of a tensor of ours."""
    if name.startswith("input_norm"):
        return name.replace("input_norm", "data_bn")
    _, number, rest = name.split(".", 2)
    if rest == "graph.edge_importance":
        return f"edge_importance.{number}"
    for ours, theirs in {
        "graph.project": "gcn.conv",
        "norm": "tcn.0",
        "temporal.0": "tcn.2",
        "temporal.1": "tcn.3",
    }.items():
        if rest.startswith(f"{ours}."):
            rest = rest.replace(ours, theirs)
            break
    return f"st_gcn_networks.{number}.{rest}"


class Loaded:
    """An encoder by golden weights, and what is compared with it."""

    def __init__(self, folder, name):
        self.golden = Golden(folder, name)
        self.weights = self.golden.weights(constants={"A": graph_of(name)})
        self.encoder = encoder_from_reference(self.weights)
        self.x = self.golden.clips()


@pytest.fixture(scope="module", params=NAMES)
def loaded(request, golden):
    return Loaded(golden, request.param)


def without_dropout(encoder):
    for module in encoder.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return encoder


@pytest.mark.golden
class TestGolden:
    """Numbers of the released modules, by their own names."""

    def test_features_and_logits(self, loaded):
        encoder = loaded.encoder.eval()
        with torch.no_grad():
            first = []
            handle = encoder.blocks[0].register_forward_hook(lambda *a: first.append(a[2]))
            features = encoder(loaded.x)
            handle.remove()
            torch.testing.assert_close(features, loaded.golden["features"], **CLOSE)
            actual = loaded.golden.cut("first_block", first[0])
            torch.testing.assert_close(actual, loaded.golden["first_block"], **CLOSE)
            name = loaded.golden.name
            if name in HEADS:
                head = build_head(loaded.weights, "the network", HEADS[name]).eval()
                torch.testing.assert_close(head(features), loaded.golden["logits"], **CLOSE)
            one = loaded.x.clone()
            one[..., 1] = 0.0
            expected = loaded.golden["features_oneperson"]
            torch.testing.assert_close(encoder(one), expected, **CLOSE)

    def test_training_mode(self, loaded):
        encoder = without_dropout(encoder_from_reference(loaded.weights)).train()
        features = encoder(loaded.x)
        torch.testing.assert_close(features.detach(), loaded.golden["train_features"], **CLOSE)
        norms = {renamed(key): value.norm() for key, value in encoder.named_buffers()
                 if "running" in key}  # fmt: skip
        names = sorted(key for key in loaded.weights if "running" in key)
        own = [not key.startswith("fc.") for key in names]
        actual = torch.stack([norms[key] for key in sorted(norms)])
        expected = loaded.golden["train_bn_norms"][torch.tensor(own)]
        torch.testing.assert_close(actual, expected, **CLOSE)

    def test_gradients(self, loaded):
        encoder = without_dropout(encoder_from_reference(loaded.weights)).double().train()
        encoder(loaded.x.double()).square().mean().backward()
        norms = {renamed(key): p.grad.norm() for key, p in encoder.named_parameters()}
        actual = loaded.golden.gradnorms(norms)
        assert_gradnorms(actual, loaded.golden["gradnorms"], largest=1e-9)

    def test_ignored_joints(self, golden):
        loaded = Loaded(golden, "pstl")
        mask = torch.zeros(25, dtype=torch.bool)
        mask[IGNORED] = True
        names = [NTU25.joints[joint] for joint in IGNORED]
        with torch.no_grad():
            for ignored in (IGNORED, mask, names):
                features = loaded.encoder.eval()(loaded.x, ignored)
                torch.testing.assert_close(features, loaded.golden["features_ignore"], **CLOSE)

    def test_dropped_features(self, golden):
        loaded = Loaded(golden, "crosclr_mlp")
        encoder, head = loaded.encoder.eval(), build_head(loaded.weights, "the network").eval()
        with torch.no_grad():
            dropped = functional.energy_dropping(encoder.feature_map(loaded.x))
            logits = head(encoder.pool(dropped))
        expected = torch.from_numpy(loaded.golden.file["aimclr_logits_drop"])
        torch.testing.assert_close(logits, expected, **CLOSE)

    def test_convolutions_of_one_are_a_head_too(self, golden):
        loaded = Loaded(golden, "crosclr_mlp")
        weights = {key: w[..., None, None] if key.startswith("fc") and w.ndim == 2 else w
                   for key, w in loaded.weights.items()}  # fmt: skip
        with torch.no_grad():
            features = encoder_from_reference(weights).eval()(loaded.x)
            logits = build_head(weights, "the network")(features)
        torch.testing.assert_close(logits, loaded.golden["logits"], **CLOSE)

    def test_published_width(self, golden):
        numbers = Golden(golden, "hysp")
        weights = numbers.weights(published=True, constants={"A": graph_of("hysp")})
        with torch.no_grad():
            features = encoder_from_reference(weights).eval()(numbers.clips())
        expected, norms = numbers["published_features16"], numbers["published_norms"]
        torch.testing.assert_close(features[:, :16], expected, rtol=0, atol=1e-4)
        torch.testing.assert_close(features.norm(dim=1), norms, rtol=1e-4, atol=1e-4)

    @pytest.mark.parametrize(
        "layout", [NTU25, OPENPOSE18, KINECT20], ids=lambda layout: layout.name
    )
    @pytest.mark.parametrize("strategy", ["st-gcn", "uniform", "distance"])
    def test_graphs(self, golden, layout, strategy):
        file = Golden(golden, "stgcn").file
        theirs = {"NTU25": "ntu-rgb+d", "OPENPOSE18": "openpose", "KINECT20": "nw-ucla"}
        name = f"graph_stgcn_{theirs[layout.name]}_{strategy.replace('st-gcn', 'spatial')}"
        if name in file:
            assert torch.equal(layout.adjacency(strategy), torch.from_numpy(file[name]))
        graph = torch.from_numpy(file["graph_skelemix"])
        torch.testing.assert_close(NTU25.adjacency("spatial"), graph, rtol=0, atol=0)
