"""UmURL, USDRL and HiCo: encoders of published weights, and their numbers."""

from __future__ import annotations

import re

import pytest
import torch
from reference import branches
from reference.golden_encoders import CLOSE, Golden, assert_gradnorms
from torch import nn

from skelter.checkpoints import (
    PublishedFile,
    encoder_from_reference,
    head_from_reference,
    load_encoder,
    retarget,
)
from skelter.encoders import (
    DenseSTTransformer,
    HierarchicalEncoder,
    MultiStreamTransformer,
    STTransformer,
)
from skelter.layouts import COCO17, KINECT20

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
    positions = branches.sine_buffer(width)
    constants = dict.fromkeys(numbers.about["constants"], positions)
    state = numbers.weights(published=published, constants=constants)
    for name in state:
        if ".DSA.attn." in name:
            state[name.replace("DSA", "CA")] = state[name]
    return state


def embedding(name, size, D=8):
    return {
        f"{name}.0.weight": (D, size), f"{name}.0.bias": (D,), f"{name}.1.weight": (D,),
        f"{name}.1.bias": (D,), f"{name}.3.weight": (D, D), f"{name}.3.bias": (D,),
    }  # fmt: skip


def attention(name, D=8):
    return {
        f"{name}.in_proj_weight": (3 * D, D), f"{name}.in_proj_bias": (3 * D,),
        f"{name}.out_proj.weight": (D, D), f"{name}.out_proj.bias": (D,),
    }  # fmt: skip


def norms(name, D=8):
    return {f"{name}.norm{i}.{end}": (D,) for i in (1, 2) for end in ("weight", "bias")}


def linear(name, out, size):
    return {f"{name}.weight": (out, size), f"{name}.bias": (out,)}


def post_norm(name, D=8):
    perceptron = linear(f"{name}.linear1", D, D) | linear(f"{name}.linear2", D, D)
    return attention(f"{name}.self_attn") | perceptron | norms(name)


def projector(name, size, hidden, out):
    """Two linear layers with batch norms, and one more."""
    shapes = linear(f"{name}.6", out, hidden)
    for layer, before in (("0", size), ("3", hidden)):
        shapes |= linear(f"{name}.{layer}", hidden, before)
        ends = ("weight", "bias", "running_mean", "running_var")
        shapes |= {f"{name}.{int(layer) + 1}.{end}": (hidden,) for end in ends}
        shapes[f"{name}.{int(layer) + 1}.num_batches_tracked"] = ()
    return shapes


def umurl(frame=150, joint=192):
    shapes = {"backbone.ma_encoder.pe.pe": (1, 200, 8)}
    for letter, size in (("t", frame), ("s", joint)):
        for stream in "jbm":
            shapes |= embedding(f"backbone.{stream}_emb.{letter}_embedding", size)
        shapes[f"backbone.mm_fusion.{letter}_fusion.0.weight"] = (8, 8)
        shapes |= post_norm(f"backbone.ma_encoder.{letter}_tr.layers.0")
    for stream in "jbm":
        shapes |= projector(f"{stream}_projector", 16, 16, 32)
    return shapes


def usdrl(frame=150, joint=192, tokens=50, *, dense=False):
    shapes = {"backbone.tpe.pe": (1, 200, 8), "backbone.spe": (1, tokens, 8)}
    for letter, size, L in (("t", frame, 64), ("s", joint, tokens)):
        shapes |= embedding(f"backbone.ske_emb.{letter}_embedding", size)
        if not dense:
            for layer in range(2):
                shapes |= post_norm(f"backbone.{letter}_tr.layers.{layer}")
            continue
        for layer in (f"{letter}_tr", f"{letter}_tr1"):
            for half in ("CA", "DSA"):
                place = f"backbone.{layer}.{half}"
                shapes |= attention(f"{place}.attn") | norms(place)
                shapes |= linear(f"{place}.mlp.fc1", 16, 8) | linear(f"{place}.mlp.fc2", 8, 16)
            shapes |= linear(f"backbone.{layer}.DSA.wt1", L, L)
            shapes |= linear(f"backbone.{layer}.DSA.wt2", L, L)
            shapes[f"backbone.{layer}.CA.conv1.weight"] = (8, 8, 1)
            shapes[f"backbone.{layer}.CA.conv1.bias"] = (8,)
    for name, size in (("i", 16), ("t", 8), ("s", 8)):
        shapes |= projector(f"{name}_proj", size, 16, 2 * size)
    return shapes


def hico(units="gru", *, prefix="", levels=3):
    shapes = {}
    for letter, size in (("t", 150), ("s", 192)):
        shapes |= embedding(f"hi_encoder.{letter}_embedding", size)
        down = f"hi_encoder.{letter}_downsample"
        shapes[f"{down}.conv.dw_conv.weight"] = (8, 1, 5)
        shapes |= {f"{down}.conv.dw_conv.bias": (8,)}
        shapes |= {f"{down}.norm.weight": (8,), f"{down}.norm.bias": (8,)}
        if units == "transformer":
            shapes |= post_norm(f"hi_encoder.{letter}_encoder.layers.0")
            continue
        rows = {"gru": 12, "lstm": 16}[units]
        for end in ("l0", "l0_reverse"):
            name = f"hi_encoder.{letter}_encoder"
            shapes |= {f"{name}.weight_ih_{end}": (rows, 8), f"{name}.weight_hh_{end}": (rows, 4)}
            shapes |= {f"{name}.bias_ih_{end}": (rows,), f"{name}.bias_hh_{end}": (rows,)}
    sizes = {"clip": 1, "part": 1, "td": levels, "sd": levels, "instance": 2 * levels}
    for name, vectors in sizes.items():
        shapes |= linear(f"{name}_proj.0", 8, 8 * vectors) | linear(f"{name}_proj.2", 16, 8)
    return {prefix + name: shape for name, shape in shapes.items()}


def random(shapes):
    """Return random weights, with the constants of the encoder and one attention in each layer."""
    state = {name: torch.randn(shape) for name, shape in shapes.items()}
    for name in state:
        if name.endswith(".pe"):
            state[name] = branches.sine_buffer(8)
        if name.endswith("running_var"):
            state[name] = torch.rand(state[name].shape)
        if name.endswith("num_batches_tracked"):
            state[name] = torch.tensor(7)
        if ".DSA.attn." in name:
            state[name] = state[name.replace("DSA", "CA")]
    return state


FILES = {
    "UmURL": umurl(),
    "USDRL STTR": usdrl(),
    "USDRL DSTE": usdrl(dense=True),
    "HiCo gru": hico(),
    "HiCo lstm": hico("lstm"),
    "HiCo transformer": hico("transformer"),
}
OF_ENCODER = [
    (kind, name)
    for kind, shapes in FILES.items()
    for name in shapes
    if "_proj" not in name and not name.endswith(".pe")
]


class TestLoading:
    @pytest.mark.parametrize("prefix", ["", "module."])
    @pytest.mark.parametrize("kind", FILES)
    def test_recognises_sizes_and_loads(self, kind, prefix):
        state = random(FILES[kind])
        encoder = encoder_from_reference({prefix + name: w for name, w in state.items()})
        assert (encoder.persons, encoder.frames, encoder.in_channels) == (2, 64, 3)
        assert (encoder.joints, encoder.width) == (25, 8)
        if kind.startswith("HiCo"):
            assert (encoder.units, encoder.granularity) == (kind.removeprefix("HiCo "), 3)
        else:
            assert encoder.depth == (1 if kind == "UmURL" else 2)
        names = published_names(encoder, state)
        learned = {name for name in state if not re.search(r"^\w+_proj|\.pe$|\.DSA\.attn", name)}
        assert set(names.values()) == learned

    @pytest.mark.parametrize(("kind", "name"), OF_ENCODER[::7])
    def test_any_missing_tensor(self, kind, name):
        state = random(FILES[kind])
        del state[name]
        if ".CA.attn." in name:
            del state[name.replace("CA", "DSA")]
        if ".DSA.attn." not in name:
            with pytest.raises(ValueError, match=r"`state_dict` must .*; got .*complete"):
                encoder_from_reference(state)

    @pytest.mark.parametrize("kind", FILES)
    def test_unknown_tensors(self, kind):
        state = random(FILES[kind])
        with pytest.raises(ValueError, match=r"and no others; got '(backbone\.)?extra\.weight'"):
            encoder_from_reference(state | {"extra.weight": torch.zeros(2, 2)})

    @pytest.mark.parametrize("kind", FILES)
    def test_another_layout_or_length(self, kind):
        for options, words in (
            ({"layout": KINECT20}, r"20 joints of KINECT20; got 150 numbers a frame and 192 a"),
            ({"frames": 50}, r"50 frames and 25 joints of NTU25; got 150 numbers"),
        ):
            with pytest.raises(ValueError, match=rf"read clips of .*{words}.*Pass layout=.*frames"):
                encoder_from_reference(random(FILES[kind]), **options)

    @pytest.mark.parametrize("dense", [False, True])
    def test_files_of_other_skeletons(self, dense):
        state = random(usdrl(102, 192, 34, dense=dense))
        encoder = encoder_from_reference(state, layout=COCO17)
        assert (encoder.joints, encoder.persons, encoder.in_channels) == (17, 2, 3)
        state = random(usdrl(102, 192, 50, dense=dense))
        with pytest.raises(ValueError, match="have positions of 2 x 17 joints; got 50"):
            encoder_from_reference(state, layout=COCO17)

    def test_two_attentions_that_should_be_one(self):
        state = random(usdrl(dense=True))
        state["backbone.t_tr1.DSA.attn.in_proj_bias"] = torch.zeros(24)
        with pytest.raises(ValueError, match="must equal 't_tr1.CA.attn.in_proj_bias', as both"):
            encoder_from_reference(state)

    @pytest.mark.parametrize("kind", ["UmURL", "USDRL STTR", "USDRL DSTE"])
    def test_other_positions(self, kind):
        state = random(FILES[kind])
        name = next(name for name in state if name.endswith(".pe"))
        with pytest.raises(ValueError, match="must be sines and cosines with base 10000"):
            encoder_from_reference(state | {name: state[name].flip(1)})


class TestFiles:
    @pytest.mark.parametrize(
        ("kind", "heads"),
        [("UmURL", "jbm"), ("USDRL STTR", "its"), ("USDRL DSTE", "its")],
    )
    def test_a_backbone_and_its_projectors(self, kind, heads):
        state = {f"module.{name}": w for name, w in random(FILES[kind]).items()}
        file = PublishedFile({"epoch": 450, "state_dict": state, "optimizer": {}})
        assert file.method == kind.split()[0]
        assert file.families == {"graph": kind}
        end = "projector" if kind == "UmURL" else "proj"
        assert file.others == tuple(sorted(f"{letter}_{end}" for letter in heads))
        encoder = file.encoder().eval()
        assert encoder(torch.randn(2, 3, 64, 25, 2)).shape == (2, 16)
        head = file.head(head=f"{heads[0]}_{end}").eval()
        assert head(encoder(torch.randn(2, 3, 64, 25, 2))).shape == (2, 32)
        again = head_from_reference(state, f"{heads[0]}_{end}").eval()
        x = torch.randn(2, 16)
        assert torch.equal(again(x), head(x))

    @pytest.mark.parametrize("units", ["gru", "lstm", "transformer"])
    def test_query_and_key_of_hico(self, tmp_path, units):
        state = random(hico(units, prefix="encoder_q.") | hico(units, prefix="encoder_k."))
        state |= {"c_queue": torch.zeros(16, 32), "c_queue_ptr": torch.zeros(1)}
        torch.save({"epoch": 450, "state_dict": state, "optimizer": {}}, tmp_path / "hico.pth.tar")
        file = PublishedFile(tmp_path / "hico.pth.tar")
        assert (file.method, file.epoch) == ("HiCo", 450)
        assert file.encoder().granularity == 3
        weight = file.encoder(role="key").temporal.embedding[0].weight
        assert torch.equal(weight, state["encoder_k.hi_encoder.t_embedding.0.weight"])
        for name, size in (("clip", 8), ("td", 24), ("instance", 48)):
            head = file.head(head=f"{name}_proj")
            assert (head.in_dim, head.out_dim) == (size, 16)
            assert torch.equal(head.layers[2].bias, state[f"encoder_q.{name}_proj.2.bias"])
        trained = load_encoder(tmp_path / "hico.pth.tar")
        assert trained(torch.randn(2, 3, 70, 25, 2)).shape == (2, 48)

    def test_retargeting_keeps_what_has_no_joints(self):
        made = retarget(DenseSTTransformer(25, 8), COCO17)
        assert made.encoder.joints == 17
        assert "temporal.layers.0.attention.qkv.weight" in made.kept
        assert "spatial.positions.table" in made.rebuilt
        assert "temporal.embedding.0.weight" in made.rebuilt
        assert "spatial.layers.1.shift.shift.0.weight" in made.rebuilt


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
        names = published_names(encoder, weights(numbers))
        found = {names[name]: p.grad.norm() for name, p in encoder.named_parameters()}
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


def published_names(encoder, state):
    """Return the published name of each tensor of ours: that of the same numbers."""
    names = {}
    for name, tensor in encoder.state_dict().items():
        same = (key for key in sorted(state) if equal(state[key], tensor))
        names[name] = next(same)
    return names


def equal(theirs, ours):
    return theirs.numel() == ours.numel() and torch.equal(theirs.flatten(), ours.flatten().float())


def without_drops(encoder):
    for module in encoder.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        for name in ("chance", "dropout"):
            if hasattr(module, name):
                setattr(module, name, 0.0)
