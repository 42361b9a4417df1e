"""MAMP: encoders, decoders and classifiers of published weights, and their numbers."""

from __future__ import annotations

import argparse
import re

import pytest
import torch
from reference import transformer as oracle
from reference.golden_encoders import CLOSE, Golden, assert_gradnorms, clips, uniform

from skelter.checkpoints import (
    PublishedFile,
    classifier_from_reference,
    decoder_from_reference,
    encoder_from_reference,
    load_encoder,
)
from skelter.encoders import SkeletonDecoder, SkeletonTransformer, functional
from skelter.layouts import KINECT20
from skelter.transforms import functional as T

NAMES = {
    "joints_embed.proj": "patch_embedding",
    "decoder_embed": "embedding",
    "decoder_pred": "predict",
    "temp_embed": "temporal_positions",
    "pos_embed": "joint_positions",
    "attn.qkv": "attention.qkv",
    "attn.proj": "attention.project",
    "mlp.fc1": "mlp.0",
    "mlp.fc2": "mlp.2",
}


def renamed(name):
    """Return our name of a tensor."""
    for theirs, ours in NAMES.items():
        name = name.replace(theirs, ours)
    return name.removeprefix("decoder_")


def published(C=3, P=2, blocks=2, V=25, D=8, depth=2, decoder=0, head=()):
    """Return weights by the published names, small ones."""
    shapes = {
        "joints_embed.proj.weight": (D, C, P, 1),
        "joints_embed.proj.bias": (D,),
        "temp_embed": (1, blocks, 1, D),
        "pos_embed": (1, 1, V, D),
        **stack("", depth, D),
    }
    if decoder:
        shapes |= {
            "mask_token": (1, 1, D),
            "decoder_embed.weight": (D, D),
            "decoder_embed.bias": (D,),
            "decoder_temp_embed": (1, blocks, 1, D),
            "decoder_pos_embed": (1, 1, V, D),
            "decoder_pred.weight": (C * P, D),
            "decoder_pred.bias": (C * P,),
            **stack("decoder_", decoder, D),
        }
    shapes |= dict(head)
    return {name: torch.randn(shape) for name, shape in shapes.items()}


def stack(prefix, depth, D):
    layers = {"attn.qkv": (3 * D, D), "attn.proj": (D, D), "mlp.fc1": (4 * D, D)}
    layers |= {"mlp.fc2": (D, 4 * D), "norm1": (D,), "norm2": (D,)}
    shapes = {f"{prefix}norm.weight": (D,), f"{prefix}norm.bias": (D,)}
    for i in range(depth):
        for layer, shape in layers.items():
            shapes[f"{prefix}blocks.{i}.{layer}.weight"] = shape
            shapes[f"{prefix}blocks.{i}.{layer}.bias"] = shape[:1]
    return shapes


PROBE = {
    "head.fc.0.running_mean": (8,),
    "head.fc.0.running_var": (8,),
    "head.fc.0.num_batches_tracked": (),
    "head.fc.1.weight": (5, 8),
    "head.fc.1.bias": (5,),
}
TUNED = {
    "head.fc1.weight": (6, 200),
    "head.fc1.bias": (6,),
    "head.bn.weight": (6,),
    "head.bn.bias": (6,),
    "head.bn.running_mean": (6,),
    "head.bn.running_var": (6,),
    "head.bn.num_batches_tracked": (),
    "head.fc2.weight": (5, 6),
    "head.fc2.bias": (5,),
}


class TestEncoders:
    @pytest.mark.parametrize("decoder", [0, 1])
    @pytest.mark.parametrize("head", [(), PROBE, TUNED], ids=["none", "probe", "tuned"])
    def test_recognises_sizes_and_loads(self, decoder, head):
        weights = published(decoder=decoder, head=head)
        encoder = encoder_from_reference(weights)
        assert type(encoder) is SkeletonTransformer
        assert (encoder.frames, encoder.patch_frames, encoder.depth) == (4, 2, 2)
        state = encoder.state_dict()
        theirs = {
            renamed(name): tensor
            for name, tensor in weights.items()
            if not re.match("head|decoder|mask", name)
        }
        assert state.keys() == theirs.keys()
        for name, tensor in theirs.items():
            assert torch.equal(state[name], tensor)

    def test_heads_are_32_wide(self):
        assert encoder_from_reference(published(D=64)).heads == 2
        assert encoder_from_reference(published(D=8)).heads == 1

    def test_other_joints(self):
        with pytest.raises(ValueError, match="25 joints, but layout KINECT20 has 20"):
            encoder_from_reference(published(), layout=KINECT20)
        assert encoder_from_reference(published(V=20), layout=KINECT20).layout is KINECT20

    def test_any_missing_tensor(self):
        weights = published()
        for key in weights:
            some = {name: tensor for name, tensor in weights.items() if name != key}
            if key.startswith("joints_embed"):
                continue
            with pytest.raises(ValueError, match=f"{key}'.*complete"):
                encoder_from_reference(some)

    def test_unknown(self):
        with pytest.raises(ValueError, match=r"and no others; got 'cls_token'"):
            encoder_from_reference(published() | {"cls_token": torch.zeros(1, 1, 8)})

    def test_a_file(self, tmp_path):
        args = argparse.Namespace(dataset="ntu120_xsub", qk_scale="None")
        content = {"model": published(decoder=1), "optimizer": {}, "epoch": 399, "args": args}
        path = tmp_path / "checkpoint-399.pth"
        torch.save(content, path)
        file = PublishedFile(path)
        assert file.families == {"graph": "MAMP"}
        assert (file.method, file.epoch) == ("MAMP, pre-training", 399)
        trained = load_encoder(path)
        assert (trained.facts.frames, trained.facts.normalisation) == (4, "ctrgcn_normalise")
        assert trained(torch.randn(2, 3, 30, 25, 2)).shape == (2, 8)
        with pytest.raises(ValueError, match=r"`frames` must be that of .*, 4; got 120"):
            load_encoder(path, frames=120)


class TestDecoders:
    def test_loads(self):
        weights = published(decoder=3)
        decoder = decoder_from_reference(weights)
        assert type(decoder) is SkeletonDecoder
        assert (decoder.depth, decoder.patches, decoder.out_dim) == (3, 2, 6)
        theirs = {
            renamed(name): tensor
            for name, tensor in weights.items()
            if re.match("decoder|mask", name)
        }
        state = decoder.state_dict()
        assert state.keys() == theirs.keys()
        for name, tensor in theirs.items():
            assert torch.equal(state[name], tensor)

    def test_none(self):
        with pytest.raises(ValueError, match=r"must have a decoder of MAMP.*linear probe"):
            decoder_from_reference(published())


class TestClassifiers:
    def test_of_a_linear_probe(self):
        weights = published(head=PROBE)
        weights["head.fc.0.running_var"].abs_()
        weights["head.fc.0.num_batches_tracked"] = torch.tensor(7)
        classifier = classifier_from_reference(weights).eval()
        x = torch.randn(3, 8)
        mean, var = weights["head.fc.0.running_mean"], weights["head.fc.0.running_var"]
        normed = (x - mean) / (var + 1e-6).sqrt()
        expected = normed @ weights["head.fc.1.weight"].T + weights["head.fc.1.bias"]
        torch.testing.assert_close(classifier(x), expected)

    @pytest.mark.parametrize("head", [PROBE, TUNED], ids=["probe", "tuned"])
    def test_missing_and_unknown(self, head):
        weights = published(head=head)
        first, last = next(iter(head)), list(head)[-1]
        for name in set(head) - {"head.fc1.weight", "head.fc.1.weight"}:
            some = {key: tensor for key, tensor in weights.items() if key != name}
            if name.endswith("num_batches_tracked"):
                classifier_from_reference(some)
                continue
            with pytest.raises(ValueError, match=r"the head of .*complete\?"):
                classifier_from_reference(some)
        with pytest.raises(ValueError, match="and no others; got '"):
            classifier_from_reference({**weights, f"{first}.more": torch.zeros(1)})
        with pytest.raises(
            ValueError, match=r"have shape \(5,\), but|have shape \(5,\); got \(6,\)"
        ):
            classifier_from_reference({**weights, last: torch.zeros(6)})

    def test_none(self):
        with pytest.raises(ValueError, match="must have a head"):
            classifier_from_reference(published())


@pytest.fixture(scope="module", params=["float32", "float64"])
def dtype(request):
    return getattr(torch, request.param)


def by_published_name(about, module, *, decoder=False):
    """Return the gradients of an encoder or a decoder by published names."""
    ours = {name: p.grad.norm() for name, p in module.named_parameters()}
    of_decoder = {name for name in about["keys"] if re.match("decoder_|mask", name)}
    names = of_decoder if decoder else set(about["keys"]) - of_decoder
    return {name: ours[renamed(name)] for name in names if not name.startswith("head.")}


@pytest.mark.golden
class TestGolden:
    def test_features_and_logits(self, golden):
        numbers = Golden(golden, "mamp")
        weights = numbers.weights()
        encoder, x = encoder_from_reference(weights).eval(), numbers.clips()
        first = []
        encoder.blocks[0].register_forward_hook(lambda *a: first.append(a[-1]))
        with torch.no_grad():
            features = encoder(x)
            logits = classifier_from_reference(weights)(features)
            x[..., 1] = 0
            one = encoder(x)
        block = numbers.cut("first_block", first[0])
        for what, actual in {
            "features": features, "logits": logits, "features_oneperson": one, "first_block": block
        }.items():  # fmt: skip
            torch.testing.assert_close(actual, numbers[what], **CLOSE)

    def test_the_published_size(self, golden):
        numbers = Golden(golden, "mamp")
        weights = numbers.weights(published=True)
        encoder = encoder_from_reference(weights).eval()
        with torch.no_grad():
            features = encoder(clips((2, 3, 120, 25, 2)))
        close = {"atol": 1e-4, "rtol": 1e-4}
        torch.testing.assert_close(features[:, :16], numbers["published_features16"], **close)
        torch.testing.assert_close(features.norm(dim=1), numbers["published_norms"], **close)

    def test_gradients(self, golden, dtype):
        numbers = Golden(golden, "mamp")
        encoder = encoder_from_reference(numbers.weights()).to(dtype)
        features = encoder(numbers.clips().to(dtype))
        torch.testing.assert_close(features.float(), numbers["train_features"], **CLOSE)
        loss = features.square().mean()
        torch.testing.assert_close(loss.float(), numbers["train_loss"][0], **CLOSE)
        loss.backward()
        actual = numbers.gradnorms(by_published_name(numbers.about, encoder))
        compare_gradnorms(actual, numbers["gradnorms"], dtype)

    def test_fine_tuning(self, golden, dtype):
        numbers = Golden(golden, "mamp_finetune")
        weights = numbers.weights()
        encoder = encoder_from_reference(weights).to(dtype)
        classifier = classifier_from_reference(weights).to(dtype)
        classifier.dropout.p = 0.0
        x = numbers.clips().to(dtype)
        classifier.eval()
        with torch.no_grad():
            logits = classifier(encoder.feature_map(x))
            alone = x.clone()
            alone[..., 1] = 0
            one = classifier(encoder.feature_map(alone))
        torch.testing.assert_close(logits.float(), numbers["features"], **CLOSE)
        torch.testing.assert_close(one.float(), numbers["features_oneperson"], **CLOSE)
        classifier.train()
        logits = classifier(encoder.feature_map(x))
        torch.testing.assert_close(logits.float(), numbers["train_features"], **CLOSE)
        logits.square().mean().backward()
        ours = by_published_name(numbers.about, encoder)
        ours |= {f"head.{name}": p.grad.norm() for name, p in classifier.named_parameters()}
        compare_gradnorms(numbers.gradnorms(ours), numbers["gradnorms"], dtype)
        moved = torch.stack([classifier.bn.running_mean.norm(), classifier.bn.running_var.norm()])
        torch.testing.assert_close(moved.float(), numbers["train_bn_norms"], **CLOSE)

    @pytest.mark.parametrize("name", ["mamp_pretrain", "mamp_pretrain3"])
    def test_pre_training(self, golden, name, dtype):
        numbers = Golden(golden, name)
        weights = numbers.weights()
        encoder = encoder_from_reference(weights).to(dtype)
        decoder = decoder_from_reference(weights).to(dtype)
        assert decoder.depth == (3 if name.endswith("3") else 5)
        x = numbers.clips().to(dtype)
        order = noise_order(x, uniform(0, (4, 250)))
        kept = order[..., :24]
        keep = torch.zeros(2, 2, 250, dtype=torch.bool).scatter(-1, kept, True)
        mask = (~keep).flatten(0, 1)
        assert torch.equal(mask.float(), numbers["mask"])
        # The first block of the original sees the visible tokens in the order of the noise.
        first = encoder.blocks[0](functional.take_tokens(encoder.embed(x), kept).flatten(0, 1))
        expected = numbers["first_block"]
        torch.testing.assert_close(numbers.cut("first_block", first).float(), expected, **CLOSE)
        keep = keep.view(2, 2, 10, 25)
        prediction = decoder(encoder.tokens(x, keep), keep)
        actual = numbers.cut("features", prediction).float()
        torch.testing.assert_close(actual, numbers["features"], **CLOSE)
        target = functional.patchify(to_motion(x), 4)
        std, mean = torch.std_mean(target, -1, keepdim=True)
        target = (target - mean) / (std.square() + 1e-6).sqrt()
        errors = (prediction - target).square().mean(-1)
        loss = errors[~keep.flatten(-2)].mean()
        torch.testing.assert_close(loss.float(), numbers["loss"][0], **CLOSE)
        slow = oracle.masked_motion_loss(
            prediction.detach().numpy(), x.numpy(), mask.view(2, 2, 250).numpy(), 4
        )
        assert float(loss.detach()) == pytest.approx(slow, rel=1e-5)
        loss.backward()
        ours = by_published_name(numbers.about, encoder)
        ours |= by_published_name(numbers.about, decoder, decoder=True)
        compare_gradnorms(numbers.gradnorms(ours), numbers["gradnorms"], dtype)


def to_motion(x):
    """Return x[t + 1] - x[t], zero in the last frame."""
    return torch.cat([x.diff(dim=2), torch.zeros_like(x[:, :, :1])], 2)


def noise_order(x, draws, temperature=0.75):
    """Return the order of tokens (N, M, L) in which MAMP keeps them, by draws (N M, L)."""
    motion = T.motion_of_patches(x, 4).flatten(-2)
    scaled = motion / (motion.amax(-1, keepdim=True) * temperature + 1e-10)
    u = torch.from_numpy(draws).view(scaled.shape)
    gumbel = -(-(u + 1e-10).log() + 1e-10).log()
    return (scaled.double().softmax(-1).log() + gumbel).argsort(-1)


def compare_gradnorms(actual, expected, dtype):
    if dtype == torch.float64:
        assert_gradnorms(actual, expected, rtol=1e-6, largest=1e-9)
    else:
        assert_gradnorms(actual, expected, rtol=0)
