"""UmURL, USDRL and HiCo: encoders of published weights, and their numbers."""

from __future__ import annotations

import pytest
import torch
from reference.golden_encoders import CLOSE, Golden, assert_gradnorms
from torch import nn

from skelter.checkpoints import encoder_from_reference, head_from_reference
from skelter.checkpoints.published._families import family_of
from skelter.encoders import (
    DenseSTTransformer,
    HierarchicalEncoder,
    MultiStreamTransformer,
    STTransformer,
)
from skelter.encoders._post_norm import SinePositions

KINDS = {
    "umurl": MultiStreamTransformer,
    "usdrl_sttr": STTransformer,
    "usdrl_dste": DenseSTTransformer,
    "hico_gru": HierarchicalEncoder,
    "hico_lstm": HierarchicalEncoder,
    "hico_transformer": HierarchicalEncoder,
}
WIDE = {"atol": 1e-4, "rtol": 1e-4}


def weights(numbers, *, published=False):
    """Return weights in the published names. Of a tensor with two names, the later one counts."""
    width = numbers.about["published_args" if published else "args"]["hidden_size"]
    positions = SinePositions(200, width).table
    constants = dict.fromkeys(numbers.about["constants"], positions)
    state = numbers.weights(published=published, constants=constants)
    for name in state:
        if ".DSA.attn." in name:
            state[name.replace("DSA", "CA")] = state[name]
    return state


@pytest.fixture(scope="module", params=KINDS)
def numbers(golden, request):
    return Golden(golden, request.param)


@pytest.mark.golden
class TestGolden:
    def test_features_and_logits(self, numbers):
        state, x = weights(numbers), numbers.clips()
        encoder, head = encoder_from_reference(state).eval(), head_from_reference(state)
        assert type(encoder) is KINDS[numbers.name]
        seen = []
        embedding = encoder.temporal.embedding
        if isinstance(embedding, nn.ModuleDict):
            embedding = embedding["joint"]
        embedding.register_forward_hook(lambda *call: seen.append(call[2]))
        with torch.no_grad():
            features = encoder(x)
            torch.testing.assert_close(features, numbers["features"], **CLOSE)
            torch.testing.assert_close(head(features), numbers["logits"], **CLOSE)
            for stream in getattr(encoder, "streams", ()):
                alone = encoder.stream_features(x, stream)
                torch.testing.assert_close(alone, numbers[f"features_{stream}"], **CLOSE)
            first = numbers.cut("first_block", seen[0])
            torch.testing.assert_close(first, numbers["first_block"], **CLOSE)
            x[..., 1] = 0
            torch.testing.assert_close(encoder(x), numbers["features_oneperson"], **CLOSE)

    def test_training_mode_and_gradients(self, numbers):
        encoder = encoder_from_reference(weights(numbers)).train()
        without_drops(encoder)
        features = encoder(numbers.clips())
        torch.testing.assert_close(features, numbers["train_features"], **CLOSE)

        encoder.double()
        loss = encoder(numbers.clips().double()).square().mean()
        loss.backward()
        torch.testing.assert_close(loss.float()[None], numbers["train_loss"], **CLOSE)
        family = family_of(numbers.about["keys"], "the keys")
        found = {
            family.prefix + family.published_name(name): parameter.grad.norm()
            for name, parameter in encoder.named_parameters()
        }
        assert_gradnorms(numbers.gradnorms(found), numbers["gradnorms"], largest=1e-7)

    def test_the_published_size(self, numbers):
        state, x = weights(numbers, published=True), numbers.clips()
        encoder, head = encoder_from_reference(state).eval(), head_from_reference(state)
        sizes = [p.numel() for p in nn.ModuleList([encoder, head]).parameters()]
        assert sum(sizes) == numbers.about["params"]
        with torch.no_grad():
            features = encoder(x)
        torch.testing.assert_close(features[:, :16], numbers["published_features16"], **WIDE)
        torch.testing.assert_close(features.norm(dim=1), numbers["published_norms"], **WIDE)


def without_drops(encoder):
    for module in encoder.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        for name in ("chance", "dropout"):
            if hasattr(module, name):
                setattr(module, name, 0.0)
