from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from reference import golden as names
from reference import published
from torch.nn import functional as F

from skelter.checkpoints import encoder_from_reference, from_reference, head_from_reference
from skelter.data import SkeletonFormatError
from skelter.encoders import AGCN, HCN, BiGRU, ProjectionHead
from skelter.layouts import KINECT20, NTU25, SBU15
from skelter.methods import InterSkeletonContrast, IntraSkeletonContrast
from skelter.representations import ToGraph, ToImage, ToSequence

KINDS = {"sequence": ("bigru", BiGRU), "graph": ("agcn", AGCN), "image": ("hcn", HCN)}
EVERY = pytest.mark.parametrize("name", KINDS)


def weights(name):
    return names.weights(published.NETWORKS[name])


def assert_same(module, expected):
    state = module.state_dict()
    assert state.keys() == expected.keys()
    for key, tensor in expected.items():
        torch.testing.assert_close(state[key], tensor.to(state[key]), rtol=0, atol=1e-7)


class TestEncoderFromReference:
    @EVERY
    @pytest.mark.parametrize("prefix", ["", "module."])
    def test_recognises_sizes_and_loads(self, name, prefix):
        reference = weights(name)
        encoder = encoder_from_reference({prefix + key: w for key, w in reference.items()})
        rename, kind = KINDS[name]
        assert type(encoder) is kind
        assert_same(encoder, getattr(names, rename)(reference))

    def test_sizes_of_a_gru(self):
        shapes = published.gru(in_features=60, hidden=5, layers=3)
        encoder = encoder_from_reference(names.weights(shapes))
        assert encoder.direction == "forward-pair"
        assert encoder(torch.randn(2, 7, 60)).shape == (2, 10)

    def test_sizes_of_an_agcn(self):
        shapes = published.agcn(V=15, C=2, M=3, widths=(8, 16))
        encoder = encoder_from_reference(names.weights(shapes), layout=SBU15)
        assert encoder(torch.randn(2, 2, 8, 15, 3)).shape == (2, 16)

    def test_sizes_of_an_hcn(self):
        reference = names.weights(published.hcn(V=20, C=2, channels=32))
        encoder = encoder_from_reference(reference, persons=1, frames=32)
        assert encoder(torch.randn(3, 2, 32, 20, 1)).shape == (3, encoder.feature_dim)

    @EVERY
    def test_any_missing_tensor(self, name):
        small = {"sequence": published.gru(), "image": published.hcn()}
        reference = names.weights(small.get(name, published.agcn(widths=(8, 16))))
        for key in reference:
            some = {other: tensor for other, tensor in reference.items() if other != key}
            with pytest.raises(ValueError, match=f"`state_dict` must have .*{key}'.*complete"):
                encoder_from_reference(some)

    @EVERY
    def test_unknown(self, name):
        extra = {f"extra.{i}": torch.zeros(1) for i in range(6)}
        with pytest.raises(ValueError, match=r"no others; got 'extra\.0', .*\.\.\. \(6 in all\)"):
            encoder_from_reference(weights(name) | extra)

    @pytest.mark.parametrize(
        ("name", "key", "shape"),
        [
            ("sequence", "encoder.gru.weight_hh_l1", (24, 9)),
            ("sequence", "encoder.gru.bias_ih_l0", ()),
            ("graph", "l3.gcn1.conv_d.1.weight", (8, 4, 1, 1)),
            ("graph", "data_bn.weight", (151,)),
            ("graph", "l2.gcn1.PA", (2, 25, 25)),
            ("image", "conv6.0.weight", (64, 32, 1, 3)),
            ("image", "conv3m.0.weight", (8, 17, 3, 3)),
        ],
    )
    def test_wrong_sizes(self, name, key, shape):
        reference = weights(name) | {key: torch.zeros(shape)}
        with pytest.raises(ValueError, match=r"of `state_dict` must have shape \(.*; got \("):
            encoder_from_reference(reference)

    def test_sizes_that_are_no_sizes(self):
        reference = weights("sequence") | {"encoder.gru.weight_ih_l0": torch.zeros(24)}
        with pytest.raises(ValueError, match=r"have a size on axis 1; got \(24,\)"):
            encoder_from_reference(reference)

    def test_other_skeletons_need_a_layout(self):
        reference = names.weights(published.agcn(V=20))
        with pytest.raises(ValueError, match=r"has 20 joints, but layout NTU25 .* Pass layout="):
            encoder_from_reference(reference)
        assert encoder_from_reference(reference, layout=KINECT20).layout is KINECT20

    def test_whole_checkpoint(self):
        checkpoint = published.made_up("sequence")
        with pytest.raises(ValueError, match=r"no tensors for 'epoch'.*checkpoint\['state_dict'\]"):
            encoder_from_reference(checkpoint)
        with pytest.raises(ValueError, match=r"published encoder, one of GRU.*`from_reference`"):
            encoder_from_reference(checkpoint["state_dict"])
        with pytest.raises(ValueError, match="must map names to tensors; got list"):
            encoder_from_reference([])


class TestHeadFromReference:
    def test_hidden_layer(self):
        reference = weights("image")
        head = head_from_reference(reference)
        assert isinstance(head, ProjectionHead)
        assert head.out_dim == 128
        expected = {f"layers.{key[3:]}": w for key, w in reference.items() if key[:3] == "fc."}
        assert_same(head, expected)

    def test_linear(self):
        reference = names.weights(published.linear_head(16, out=32))
        head = head_from_reference({f"module.{key}": w for key, w in reference.items()})
        assert head.out_dim == 32
        x = torch.randn(5, 16)
        expected = F.linear(x, reference["fc.weight"], reference["fc.bias"])
        torch.testing.assert_close(head(x), expected)

    @pytest.mark.parametrize("key", sorted(published.head(16)))
    def test_missing(self, key):
        reference = names.weights(published.head(16))
        del reference[key]
        with pytest.raises(ValueError, match=f"`state_dict` must have .*{key}'"):
            head_from_reference(reference)

    def test_unknown_and_wrong_sizes(self):
        reference = names.weights(published.head(16))
        with pytest.raises(ValueError, match="have .fc.4.weight."):
            head_from_reference(reference | {"fc.4.bias": torch.zeros(1)})
        with pytest.raises(ValueError, match=r"'fc.2.weight' of .*\(128, 16\); got \(128, 8\)"):
            head_from_reference(reference | {"fc.2.weight": torch.zeros(128, 8)})


class TestFromReference:
    @pytest.mark.parametrize("pair", [("sequence", "graph"), ("image", "sequence")])
    def test_inter(self, tmp_path, pair):
        checkpoint = published.made_up(*pair)
        torch.save(checkpoint, tmp_path / "published.pth.tar")
        method = from_reference(tmp_path / "published.pth.tar", pair, temperature=0.1)
        assert isinstance(method, InterSkeletonContrast)
        assert (list(method.encoders), method.temperature) == (list(pair), 0.1)
        for name, number, cursor in zip(pair, (1, 2), (5, 7), strict=True):
            self.assert_loaded(method, name, weights(name), name)
            queue = method.queues[name]
            columns = checkpoint["state_dict"][f"module.Queue_S{number}"]
            assert torch.equal(queue.snapshot(), columns.T)
            assert (int(queue.cursor), len(queue), queue.capacity) == (cursor, 24, 24)

    @EVERY
    def test_intra(self, name):
        checkpoint = published.made_up(name)
        method = from_reference(checkpoint, [name], momentum=0.5)
        assert isinstance(method, IntraSkeletonContrast)
        assert method.key_encoders.momentum == 0.5
        self.assert_loaded(method, name, weights(name), name)
        expected = {"sequence": ToSequence, "graph": ToGraph, "image": ToImage}[name]
        assert type(method.representations[name]) is expected
        columns = checkpoint["state_dict"]["module.queue"]
        assert torch.equal(method.queues[name].snapshot(), columns.T)

    @staticmethod
    def assert_loaded(method, name, reference, kind):
        rename = getattr(names, KINDS[kind][0])
        assert_same(method.encoders[name], rename(reference))
        copies = {key: w * 0.5 if w.ndim else w for key, w in reference.items()}
        assert_same(method.key_encoders.module[name], rename(copies))
        heads = {f"layers.{key[3:]}": w for key, w in reference.items() if key[:3] == "fc."}
        assert_same(method.heads[name], heads)
        halves = {key: tensor * 0.5 for key, tensor in heads.items()}
        assert_same(method.key_heads.module[name], halves)

    def test_training_goes_on(self):
        method = from_reference(published.made_up("sequence", "graph"))
        view1, view2 = torch.randn(2, 4, 3, 16, 25, 2)
        method(view1, view2).loss.backward()
        assert int(method.queues["sequence"].cursor) == 9
        assert not any(p.requires_grad for p in method.key_encoders.parameters())

    def test_bare_state_dict_and_linear_heads(self):
        networks = [published.gru() | published.linear_head(16)]
        checkpoint = published.checkpoint(*map(names.weights, networks))
        method = from_reference(checkpoint["state_dict"], ["sequence"])
        assert method.heads["sequence"].out_dim == 128

    @pytest.mark.parametrize(
        ("held", "given", "message"),
        [
            (
                ("sequence", "graph"),
                ("graph", "sequence"),
                r"must be \('sequence', 'graph'\), as .*inter-skeleton.*encoders GRU, 2s-AGCN; got",
            ),
            (("sequence", "graph"), ["sequence"], r"must be \('sequence', 'graph'\), as"),
            (("graph",), ("sequence", "graph"), r"must be \('graph',\), as .*intra-skeleton"),
            (("graph",), ["sequence"], r"must be \('graph',\), .* 2s-AGCN; got \['sequence'\]"),
            (("graph",), "graph", r"must be \('graph',\), .*; got 'graph'"),
            (("image",), ["pictures"], r"must be \('image',\), .*HCN; got \['pictures'\]"),
        ],
    )
    def test_wrong_representations(self, held, given, message):
        with pytest.raises(ValueError, match="`representations` " + message):
            from_reference(published.made_up(*held), given)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"module.queue": torch.zeros(24, 128)}, r"`queue` must have shape \(D, K\) = \(128,"),
            ({"module.queue": torch.zeros(64, 24)}, r"= \(128, 24\), .*; got \(64, 24\)"),
            ({"module.queue": torch.zeros(())}, r"`queue` must have shape"),
            ({"module.queue_ptr": torch.tensor([24])}, r"`queue_ptr` must lie between 0 and 23"),
            (
                {"module.queue_ptr": torch.tensor([1, 2])},
                r"`queue_ptr` must lie .*; got \[1, 2\]",
            ),
            ({"module.queue": None}, "must have its queues; got none for 'queue'"),
            ({"module.encoder_k.fc.2.bias": None}, "`encoder_k` must have .* none for 'fc.2.bias'"),
            (
                {"module.encoder_q.encoder.gru.bias_hh_l1": None},
                "`encoder_q` must have .*none for 'encoder.gru.bias_hh_l1'",
            ),
            ({"module.encoder_l.fc.weight": torch.zeros(1)}, "hold nothing but encoder_q, .*; got"),
        ],
    )
    def test_wrong_content(self, change, message):
        checkpoint = published.made_up("sequence")
        state = checkpoint["state_dict"] | change
        checkpoint["state_dict"] = {key: w for key, w in state.items() if w is not None}
        with pytest.raises(ValueError, match=message):
            from_reference(checkpoint, ["sequence"])

    def test_queues_of_two_sizes(self):
        checkpoint = published.made_up("sequence", "graph")
        checkpoint["state_dict"]["module.Queue_S2"] = torch.zeros(128, 12)
        with pytest.raises(ValueError, match=r"`Queue_S2` must .* \(128, 24\), .*\(128, 12\)"):
            from_reference(checkpoint)

    def test_two_encoders_of_a_representation(self):
        with pytest.raises(ValueError, match="different representations; got GRU, GRU"):
            from_reference(published.made_up("sequence", "sequence"))

    def test_head_of_clips_of_another_length(self):
        checkpoint = published.made_up("image")
        with pytest.raises(ValueError, match=r"take the 128 features of its HCN; .* Pass frames="):
            from_reference(checkpoint, ["image"], frames=32)

    def test_wrong_kinds(self, tmp_path):
        with pytest.raises(TypeError, match="`checkpoint` must be a file, or the dictionary"):
            from_reference(None)
        (tmp_path / "broken.pth").write_bytes(b"<html>")
        with pytest.raises(SkeletonFormatError, match=r"broken\.pth"):
            from_reference(tmp_path / "broken.pth")


@pytest.fixture(scope="module")
def files(golden):
    keys = json.loads((golden / "encoder_keys.json").read_text())
    with np.load(golden / "encoders.npz") as file:
        return keys, {name: torch.from_numpy(file[name]) for name in file.files}


@pytest.mark.golden
class TestGolden:
    """Features of the reference implementation, by weights read from a checkpoint of its form."""

    def test_names_and_shapes_are_the_references(self, files):
        widths = (64, 64, 64, 64, 128, 128, 128, 256, 256, 256)
        made = {
            "bigru": published.gru(150, 256, 3) | published.linear_head(512),
            "agcn": published.agcn(widths=widths) | published.linear_head(256),
            "hcn": published.hcn(channels=64) | published.linear_head(4096),
        }
        theirs = {kind: {n: tuple(s) for n, s in files[0][kind].items()} for kind in made}
        assert made == theirs

    @pytest.mark.parametrize("held", [("sequence", "graph"), ("image",)])
    def test_features_and_logits(self, files, held):
        keys, numbers = files
        kinds = [KINDS[name][0] for name in held]
        networks = [names.weights(keys[kind]) for kind in kinds]
        method = from_reference(published.checkpoint(*networks), held, layout=NTU25).eval()
        for name, kind in zip(method.encoders, kinds, strict=True):
            with torch.no_grad():
                features = method.encoders[name](method.representations[name](names.clips()))
                logits = method.heads[name](features)
            for actual, number in ((features, "features"), (logits, "logits")):
                torch.testing.assert_close(actual, numbers[f"{kind}_{number}"], rtol=0, atol=1e-5)
