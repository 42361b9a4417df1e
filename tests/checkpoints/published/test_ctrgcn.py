"""CTR-GCN: encoders and heads of published weights, and their numbers."""

from __future__ import annotations

import pytest
import torch
from reference.golden_encoders import CLOSE, Golden, assert_gradnorms

from skelter.checkpoints import encoder_from_reference
from skelter.checkpoints.published._heads import build_head
from skelter.encoders import CTRGCN
from skelter.layouts import KINECT20, NTU25, SBU15

LAYOUTS = {"ctrgcn": NTU25, "ctrgcn_ucla": KINECT20}
JOINED = {
    "graph.theta": [f"gcn1.convs.{s}.conv1" for s in range(3)],
    "graph.phi": [f"gcn1.convs.{s}.conv2" for s in range(3)],
    "graph.value": [f"gcn1.convs.{s}.conv3" for s in range(3)],
    "graph.relation": [f"gcn1.convs.{s}.conv4" for s in range(3)],
    "graph.learned_adjacency": ["gcn1.PA"],
    "graph.alpha": ["gcn1.alpha"],
    "graph.norm": ["gcn1.bn"],
    "graph.shortcut.0": ["gcn1.down.0"],
    "graph.shortcut.1": ["gcn1.down.1"],
    "temporal.project": [f"tcn1.branches.{b}.0" for b in range(4)],
    "temporal.entry_norm": [f"tcn1.branches.{b}.1" for b in range(3)],
    "temporal.dilated.0": ["tcn1.branches.0.3.conv"],
    "temporal.dilated.1": ["tcn1.branches.1.3.conv"],
    "temporal.norm": [f"tcn1.branches.{end}" for end in ("0.3.bn", "1.3.bn", "2.4", "3.1")],
    "residual.0": ["residual.conv"],
    "residual.1": ["residual.bn"],
}


def cut(name, tensor):
    """Yield the published names of a tensor of ours, and its parts."""
    if name.startswith("input_norm."):
        yield name.replace("input_norm", "data_bn"), tensor
        return
    _, number, place = name.split(".", 2)
    ours, last = (place, "") if place in JOINED else place.rsplit(".", 1)
    names = JOINED[ours]
    for theirs, part in zip(names, tensor.chunk(len(names)), strict=True):
        yield ".".join(filter(None, (f"l{int(number) + 1}", theirs, last))), part


def norms(tensors):
    return {key: part.norm() for name, tensor in tensors for key, part in cut(name, tensor)}


class Loaded:
    """An encoder by golden weights, and what is compared with it."""

    def __init__(self, folder, name):
        self.golden, self.layout = Golden(folder, name), LAYOUTS[name]
        self.weights = self.golden.weights()
        self.encoder = encoder_from_reference(self.weights, layout=self.layout)
        self.x = self.golden.clips()


@pytest.fixture(scope="module", params=list(LAYOUTS))
def loaded(request, golden):
    return Loaded(golden, request.param)


@pytest.mark.golden
class TestGolden:
    """Numbers of the released modules, by their own names."""

    def test_sizes(self, loaded):
        encoder = loaded.encoder
        assert encoder.persons == loaded.x.shape[-1]
        learned = sum(parameter.numel() for parameter in encoder.parameters())
        head = sum(loaded.weights[f"fc.{kind}"].numel() for kind in ("weight", "bias"))
        assert learned + head == loaded.golden.about["params"]

    def test_features_and_logits(self, loaded):
        encoder, first = loaded.encoder.eval(), []
        handle = encoder.blocks[0].register_forward_hook(lambda *a: first.append(a[2]))
        with torch.no_grad():
            features = encoder(loaded.x)
            handle.remove()
            head = build_head(loaded.weights, "the network", "fc")
            logits = head(features)
        for what, actual in (("features", features), ("first_block", first[0]), ("logits", logits)):
            actual = loaded.golden.cut(what, actual)
            torch.testing.assert_close(actual, loaded.golden[what].flatten(), **CLOSE)

    def test_one_person(self, golden):
        loaded = Loaded(golden, "ctrgcn")
        loaded.x[..., 1] = 0.0
        with torch.no_grad():
            features = loaded.encoder.eval()(loaded.x)
        torch.testing.assert_close(features, loaded.golden["features_oneperson"], **CLOSE)

    def test_training_mode(self, loaded):
        encoder = encoder_from_reference(loaded.weights, layout=loaded.layout).train()
        features = encoder(loaded.x)
        torch.testing.assert_close(features.detach(), loaded.golden["train_features"], **CLOSE)
        own = norms((key, value) for key, value in encoder.named_buffers() if "running" in key)
        actual = torch.stack([own[key] for key in sorted(own)])
        torch.testing.assert_close(actual, loaded.golden["train_bn_norms"].float(), **CLOSE)

    def test_gradients(self, loaded):
        encoder = encoder_from_reference(loaded.weights, layout=loaded.layout).double().train()
        encoder(loaded.x.double()).square().mean().backward()
        own = norms((key, value.grad) for key, value in encoder.named_parameters())
        actual = loaded.golden.gradnorms(own)
        assert_gradnorms(actual, loaded.golden["gradnorms"], largest=1e-9)

    @pytest.mark.parametrize(("name", "layout"), [("ntu", NTU25), ("ucla", KINECT20)])
    def test_graphs(self, golden, name, layout):
        theirs = torch.from_numpy(Golden(golden, "ctrgcn").file[f"graph_ctrgcn_{name}"])
        torch.testing.assert_close(layout.adjacency("spatial"), theirs.float(), atol=1e-7, rtol=0)


def published(encoder):
    """Return the state dict of an encoder in the published names."""
    state = encoder.state_dict()
    return {
        key: part
        for name, tensor in state.items()
        for key, part in (cut(name, tensor) if tensor.ndim else counts(name, tensor))
    }


def counts(name, tensor):
    end = "num_batches_tracked"
    for key, _ in cut(name.replace(end, "bias"), torch.zeros(12)):
        yield key.removesuffix("bias") + end, tensor


class TestFiles:
    @pytest.mark.parametrize("prefix", ["", "module."])
    @pytest.mark.parametrize(("layout", "persons"), [(NTU25, 2), (KINECT20, 1)])
    def test_are_recognised(self, layout, persons, prefix):
        encoder = CTRGCN(layout, persons=persons, widths=(8, 8, 16))
        for norm in encoder.modules():
            if isinstance(norm, torch.nn.BatchNorm2d):
                torch.nn.init.normal_(norm.running_mean)
        weights = {f"{prefix}{key}": value for key, value in published(encoder).items()}
        weights |= {f"{prefix}fc.weight": torch.zeros(4, 16), f"{prefix}fc.bias": torch.zeros(4)}
        again = encoder_from_reference(weights, layout=layout)
        assert isinstance(again, CTRGCN)
        assert (again.persons, again.widths) == (persons, (8, 8, 16))
        torch.testing.assert_close(again.state_dict(), encoder.state_dict(), rtol=0, atol=0)

    def test_are_refused(self):
        weights = published(CTRGCN(widths=(8, 8)))
        with pytest.raises(ValueError, match=r"25 joints.*SBU15"):
            encoder_from_reference(weights, layout=SBU15)
        name = "l2.tcn1.branches.2.4.weight"
        with pytest.raises(ValueError, match=r"CTR-GCN; got none for 'l2\.tcn1\.branches\.2\.4"):
            encoder_from_reference({key: weights[key] for key in weights if key != name})
        with pytest.raises(ValueError, match=r"branches\.2\.4\.weight' of .* shape \(2,\); got"):
            encoder_from_reference(weights | {name: torch.zeros(5)})
