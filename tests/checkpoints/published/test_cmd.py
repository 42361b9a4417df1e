"""The encoder of CMD, HaLP and PCM3 by its published names, and the numbers of the original."""

from __future__ import annotations

import pytest
import torch
from reference import golden as made_up
from reference import published
from reference.golden_encoders import CLOSE, Golden, about, assert_gradnorms
from torch import nn

from skelter.checkpoints import encoder_from_reference, head_from_reference, load_encoder
from skelter.encoders import BiGRU
from skelter.representations import ToBones, ToMotion, ToSequence

NETWORK = published.gru() | published.norm("input_norm", 150) | published.head(16)
STREAMS = {"joint": "", "motion": "_motion", "bone": "_bone"}


def weights():
    return made_up.weights(NETWORK)


def checkpoint(*ends, **others):
    """A file of some streams, as the published code writes it."""
    state = {f"queue{end}": torch.zeros(128, 8) for end in ends} | others
    for number, end in enumerate(ends):
        for role in ("encoder_q", "encoder_k"):
            state |= {f"{role}{end}.{key}": w * (1 + number) for key, w in weights().items()}
    return {"epoch": 451, "state_dict": state, "optimizer": {"state": {}, "param_groups": []}}


class TestLoading:
    @pytest.mark.parametrize("prefix", ["", "module."])
    def test_recognises_sizes_and_loads(self, prefix):
        reference = weights()
        encoder = encoder_from_reference({prefix + key: w for key, w in reference.items()})
        assert type(encoder) is BiGRU
        assert (encoder.input_norm, encoder.in_features, encoder.hidden) == (True, 150, 8)
        assert (encoder.layers, encoder.direction, encoder.pooling) == (2, "forward-pair", "last")
        for name, tensor in encoder.state_dict().items():
            end = name.removeprefix("norm.")
            theirs = f"input_norm.{end}" if end != name else f"encoder.{name}"
            assert torch.equal(tensor, reference[theirs].to(tensor))

    def test_the_norm_tells_it_from_the_encoder_without(self):
        plain = {key: w for key, w in weights().items() if not key.startswith("input_norm")}
        assert not encoder_from_reference(plain).input_norm

    @pytest.mark.parametrize("key", sorted(NETWORK.keys() - published.head(16).keys()))
    def test_any_missing_tensor(self, key):
        if key.startswith("encoder") or key in ("input_norm.weight", "input_norm.running_var"):
            some = {other: tensor for other, tensor in weights().items() if other != key}
            with pytest.raises(ValueError, match=f"`state_dict` must have .*{key}'.*complete"):
                encoder_from_reference(some)

    @pytest.mark.parametrize(
        ("key", "shape"),
        [("encoder.gru.weight_ih_l0", (24, 149)), ("input_norm.bias", (149,))],
    )
    def test_wrong_sizes(self, key, shape):
        with pytest.raises(ValueError, match=r"of `state_dict` must have shape \(.*; got \("):
            encoder_from_reference(weights() | {key: torch.zeros(shape)})

    @pytest.mark.parametrize("stream", STREAMS)
    def test_streams_of_a_file(self, tmp_path, stream):
        torch.save(checkpoint(*STREAMS.values()), tmp_path / "checkpoint_0450.pth.tar")
        trained = load_encoder(tmp_path / "checkpoint_0450.pth.tar", stream)
        number = list(STREAMS).index(stream)
        expected = weights()["encoder.gru.weight_hh_l1"] * (1 + number)
        assert torch.equal(trained.encoder.gru.weight_hh_l1, expected)
        kinds = {"joint": ToSequence, "motion": ToMotion, "bone": ToBones}
        makes = trained.representation
        assert isinstance(makes if stream == "joint" else makes[0], kinds[stream])
        assert trained(torch.randn(2, 3, 70, 25, 2)).shape == (2, 16)

    @pytest.mark.parametrize(
        "others",
        [
            {"prototypes": torch.zeros(20, 128)},
            {"cl_prompt": torch.zeros(1, 256), "linear.0.weight": torch.zeros(512, 2048),
             "recons_decoder.reconstruction.weight": torch.zeros(150, 512)},
        ],
        ids=["HaLP", "PCM3"],
    )  # fmt: skip
    def test_one_stream_among_the_tensors_of_a_method(self, tmp_path, others):
        torch.save(checkpoint("", **others), tmp_path / "checkpoint_0200.pth.tar")
        trained = load_encoder(tmp_path / "checkpoint_0200.pth.tar")
        assert trained.name == "sequence"
        assert trained.encoder.input_norm


@pytest.fixture(scope="module")
def numbers(golden):
    return Golden(golden, "cmd")


@pytest.mark.golden
class TestGolden:
    def test_features_and_logits(self, numbers):
        reference, x = numbers.weights(), numbers.clips()
        encoder = encoder_from_reference(reference).eval()
        head = head_from_reference(reference)
        seen = []
        encoder.norm.register_forward_hook(lambda *call: seen.append(call[2]))
        with torch.no_grad():
            features = encoder(ToSequence()(x))
            logits = head(features)
            x[..., 1] = 0
            alone = encoder(ToSequence()(x))
        torch.testing.assert_close(features, numbers["features"], **CLOSE)
        torch.testing.assert_close(logits, numbers["logits"], **CLOSE)
        torch.testing.assert_close(alone, numbers["features_oneperson"], **CLOSE)
        first = numbers.cut("first_block", seen[0])
        torch.testing.assert_close(first, numbers["first_block"], **CLOSE)

    def test_training_mode_and_gradients(self, numbers):
        encoder = encoder_from_reference(numbers.weights()).train()
        features = encoder(ToSequence()(numbers.clips()))
        torch.testing.assert_close(features, numbers["train_features"], **CLOSE)
        norms = [encoder.norm.running_mean.norm(), encoder.norm.running_var.norm()]
        torch.testing.assert_close(torch.stack(norms), numbers["train_bn_norms"], **CLOSE)

        encoder = encoder_from_reference(numbers.weights()).double().train()
        loss = encoder(ToSequence()(numbers.clips().double())).square().mean()
        loss.backward()
        torch.testing.assert_close(loss.float()[None], numbers["train_loss"], **CLOSE)
        theirs = {"gru": "encoder.gru", "norm": "input_norm"}
        found = {}
        for name, parameter in encoder.named_parameters():
            part, end = name.split(".")
            found[f"{theirs[part]}.{end}"] = parameter.grad.norm()
        assert_gradnorms(numbers.gradnorms(found), numbers["gradnorms"], largest=1e-9)

    def test_published_size(self, numbers):
        reference, x = numbers.weights(published=True), ToSequence()(numbers.clips())
        encoder, head = encoder_from_reference(reference).eval(), head_from_reference(reference)
        with torch.no_grad():
            features = encoder(x)
        wide = {"atol": 1e-4, "rtol": 1e-4}
        torch.testing.assert_close(features[:, :16], numbers["published_features16"], **wide)
        torch.testing.assert_close(features.norm(dim=1), numbers["published_norms"], **wide)
        sizes = [p.numel() for p in nn.ModuleList([encoder, head]).parameters()]
        assert sum(sizes) == numbers.about["params"]
        assert sum(p.numel() for p in encoder.parameters()) == 44_998_956

    @pytest.mark.parametrize("method", ["cmd", "halp", "pcm3"])
    def test_every_published_file_has_its_tensors(self, golden, method):
        groups = about(golden)["checkpoints"][method]["groups"]
        assert groups["encoder_q"] == {"layout": "cmd", "differs": {}}
