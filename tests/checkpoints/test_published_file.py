"""Published files: what they are recognised as, and what is refused."""

from __future__ import annotations

import pytest
import torch
from reference import branches, containers, published
from reference.golden_encoders import CLOSE, Golden

from skelter.checkpoints import PublishedFile, load_encoder, save
from skelter.data import SkeletonFormatError
from skelter.encoders import AGCN, BiGRU
from skelter.layouts import NTU25
from skelter.representations import ToSequence

# By project: the method, the encoders by name, and what else is in its file.
EXPECTED = {
    "crosclr_3views": ("CrosSCLR or AimCLR++", ["joint", "motion", "bone"], "ST-GCN"),
    "aimclr": ("SkeletonCLR or AimCLR", ["graph"], "ST-GCN"),
    "aimclr_v2_3views": ("CrosSCLR or AimCLR++", ["joint", "motion", "bone"], "ST-GCN"),
    "skelemix": ("SkeleMixCLR", ["graph"], "ST-GCN"),
    "actclr": ("ActCLR", ["graph"], "ST-GCN"),
    "hysp": ("HYSP", ["graph"], "ST-GCN"),
    "cmd": ("CMD", ["joint", "motion", "bone"], "GRU"),
    "halp": ("HaLP", ["sequence"], "GRU"),
    "pcm3": ("PCM3", ["sequence"], "GRU"),
    "hico_transformer": ("HiCo", ["graph"], "HiCo"),
    "umurl": ("UmURL", ["graph"], "UmURL"),
    "usdrl_dste": ("USDRL", ["graph"], "USDRL"),
    "usdrl_sttr": ("USDRL", ["graph"], "USDRL"),
}

# By project: the golden numbers of its encoder, and the name of one of its encoders.
NUMBERS = {
    "crosclr_3views": ("crosclr", "joint"),
    "aimclr": ("crosclr", "graph"),
    "skelemix": ("skelemix", "graph"),
    "actclr": ("crosclr", "graph"),
    "hysp": ("hysp", "graph"),
    "cmd": ("cmd", "joint"),
    "pcm3": ("cmd", "sequence"),
    "hico_transformer": ("hico_transformer", "graph"),
    "umurl": ("umurl", "graph"),
    "usdrl_dste": ("usdrl_dste", "graph"),
    "usdrl_sttr": ("usdrl_sttr", "graph"),
}
BACKBONES = ("umurl", "usdrl_dste", "usdrl_sttr")
QUERY = {
    project: "online_encoder." if project == "hysp"
    else "backbone." if project in BACKBONES else "encoder_q."
    for project in NUMBERS
}  # fmt: skip


class TestMadeUp:
    def test_one_encoder(self, tmp_path):
        torch.save(published.made_up("sequence"), tmp_path / "checkpoint_0450.pth.tar")
        file = PublishedFile(tmp_path / "checkpoint_0450.pth.tar")
        assert (file.method, file.epoch, file.data_set) == ("intra-skeleton contrast", 450, "")
        assert file.families == {"sequence": "GRU"}
        assert file.others == ("queue", "queue_ptr")
        assert "besides   queue, queue_ptr" in str(file)
        encoder = file.encoder()
        copy = file.encoder(role="key")
        torch.testing.assert_close(copy.gru.weight_ih_l0, 0.5 * encoder.gru.weight_ih_l0)
        assert (file.head().out_dim, file.head(role="key").in_dim) == (128, 16)

    def test_two_encoders(self):
        file = PublishedFile(published.made_up("sequence", "graph"))
        assert file.families == {"sequence": "GRU", "graph": "2s-AGCN"}
        assert isinstance(file.encoder("graph"), AGCN)
        with pytest.raises(ValueError, match=r"have one encoder; got 'sequence', 'graph'\. Name"):
            file.encoder()
        with pytest.raises(ValueError, match="`name` of .* one of 'sequence', 'graph'; got 'bone'"):
            file.encoder("bone")
        with pytest.raises(ValueError, match="`role` must be one of 'query', 'key'"):
            file.encoder("graph", role="teacher")

    @pytest.mark.parametrize(
        ("name", "expected", "epoch"),
        [
            ("ntu60_xview_joint.pt", "NTU RGB+D 60, cross-view", None),
            ("ntu120_cross_setup/checkpoint.pt", "NTU RGB+D 120, cross-setup", None),
            ("ntu60_cross_subject_epoch300_model.pt", "NTU RGB+D 60, cross-subject", 300),
            ("pkuI.pt", "PKU-MMD", None),
            ("ntu60_and_ntu120.pt", "", None),
            ("model.pt", "", None),
        ],
    )
    def test_what_a_name_tells(self, tmp_path, name, expected, epoch):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        torch.save(published.made_up("sequence")["state_dict"], path)
        file = PublishedFile(path)
        assert (file.data_set, file.epoch) == (expected, epoch)

    def test_settings_tell_as_well(self):
        content = published.made_up("sequence")
        content["args"] = {"data": {"train": "/data/NTU-RGB-D-60/xsub/train.npy"}}
        content["epoch"] = 12
        file = PublishedFile(content)
        assert (file.data_set, file.epoch) == ("NTU RGB+D 60, cross-subject", 12)

    def test_prefixes_of_frameworks(self):
        network = {f"encoder.{name}": w for name, w in BiGRU(150, 4).state_dict().items()}
        for prefix in ("", "module.", "model.", "module.encoder_q.", "model.encoder_q."):
            content = {f"{prefix}{name}": w for name, w in network.items()}
            assert PublishedFile(content).encoder().feature_dim == 8
            assert PublishedFile({"model": content}).encoder().feature_dim == 8

    def test_without_a_copy_or_a_head(self):
        network = {f"encoder.{name}": w for name, w in BiGRU(150, 4).state_dict().items()}
        file = PublishedFile(network)
        with pytest.raises(ValueError, match="must have a momentum copy; got none"):
            file.encoder(role="key")
        with pytest.raises(ValueError, match="must have a head 'fc' of linear layers"):
            file.head()


class TestRefused:
    @pytest.mark.parametrize(
        ("name", "stranger"),
        [
            ("stages.0.blocks.0.transformer.gconv", "a SkateFormer"),
            ("l1.vit1.attn.rpe", "a Hyperformer"),
            ("encoder_q.encoder.gcn_t.data_bn.weight", "an SCD-Net"),
            ("backbone.gcn.0.gcn.A", "an ST-GCN of pyskl"),
        ],
    )
    def test_networks_that_are_not_built(self, name, stranger):
        with pytest.raises(ValueError, match=f"the weights of {stranger}, which this library"):
            PublishedFile({name: torch.zeros(3), "fc.weight": torch.zeros(2, 3)})

    def test_strangers(self):
        with pytest.raises(ValueError, match=r"published encoder, one of GRU.*got 'layer\.weight'"):
            PublishedFile({"layer.weight": torch.zeros(3)})
        with pytest.raises(ValueError, match="no tensors for 'epoch'"):
            PublishedFile({"epoch": 3})

    def test_a_file_of_this_library(self, tmp_path):
        save({"method": {}}, tmp_path / "mine.pt")
        with pytest.raises(ValueError, match=r"is a checkpoint of skelter.*load_encoder"):
            PublishedFile(tmp_path / "mine.pt")

    def test_truncated(self, tmp_path):
        path = tmp_path / "checkpoint.pt"
        torch.save(published.made_up("sequence"), path)
        path.write_bytes(path.read_bytes()[:-1000])
        with pytest.raises(SkeletonFormatError, match=r"checkpoint\.pt"):
            PublishedFile(path)

    def test_missing(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="does not exist"):
            PublishedFile(tmp_path / "none.pt")

    @pytest.mark.parametrize("change", ["missing", "left over", "width", "joints"])
    def test_tensors_that_do_not_fit(self, change):
        content = published.made_up("graph")
        weights = content["state_dict"]
        name = "module.encoder_q.l2.tcn1.conv.weight"
        if change == "missing":
            del weights[name]
            message = r"encoder of the checkpoint must have .*none for 'l2\.tcn1\.conv\.weight'|'l2"
        elif change == "left over":
            weights["module.encoder_q.l2.own"] = torch.zeros(1)
            message = r"and no others; got 'l2\.own'"
        elif change == "width":
            weights[name] = torch.zeros(8, 16, 9, 1)
            message = r"'l2\.tcn1\.conv\.weight' of .* must have shape \(8, 8, 9, 1\); got \(8, 16"
        else:
            for block in range(1, 11):
                weights[f"module.encoder_q.l{block}.gcn1.PA"] = torch.zeros(3, 17, 17)
            message = "has 17 joints, but layout NTU25 has 25"
        with pytest.raises(ValueError, match=message):
            PublishedFile(content).encoder()


@pytest.fixture(scope="module")
def layouts(golden):
    return containers.read_layouts(golden)


@pytest.mark.golden
class TestPublishedContainers:
    """Every file of section 10 of the projects, in its container, with the published names."""

    @pytest.fixture(params=EXPECTED)
    def project(self, request):
        return request.param

    def test_is_recognised(self, layouts, project):
        file = PublishedFile(containers.make_file(layouts, project))
        method, names, family = EXPECTED[project]
        assert file.method == method
        assert list(file.families) == names
        assert all(kind.startswith(family) for kind in file.families.values())

    def test_an_encoder_is_built(self, layouts, project):
        graph = NTU25.adjacency("spatial" if project == "skelemix" else "st-gcn")
        constants = {".A": graph, ".pe": branches.sine_buffer(1024)}
        content = containers.make_file(layouts, project, constants)
        name = list(PublishedFile(content).families)[-1]
        trained = load_encoder(content, name)
        features = trained(torch.randn(2, 3, 70, 25, 2))
        assert features.shape == (2, trained.encoder.feature_dim)
        assert features.isfinite().all()

    @pytest.mark.parametrize("project", NUMBERS)
    def test_features_agree(self, golden, layouts, project):
        """Of the weights that numbers of the originals are known for."""
        network, stream = NUMBERS[project]
        numbers = Golden(golden, network)
        graph = NTU25.adjacency("spatial" if project == "skelemix" else "st-gcn")
        sines = branches.sine_buffer(1024)
        constants = {name: graph if name == "A" else sines for name in numbers.about["constants"]}
        weights = numbers.weights(published=True, constants=constants)
        shared = {name: name.replace(".CA.", ".DSA.") for name in weights if ".CA.attn" in name}
        weights |= {name: weights[first] for name, first in shared.items()}
        content = containers.make_file(layouts, project, {".A": graph, ".pe": sines})
        state = content.get("state_dict", content)
        places = [(name, f"{QUERY[project]}{name.removeprefix('backbone.')}") for name in weights]
        placed = {key: weights[name] for name, end in places for key in state if key.endswith(end)}
        assert len(placed) > 20
        file = PublishedFile({**content, "state_dict": {**state, **placed}})
        encoder = file.encoder(stream).eval()
        x = numbers.clips()
        with torch.no_grad():
            features = encoder(ToSequence()(x) if isinstance(encoder, BiGRU) else x)
        if f"{network}_published_features16" in numbers.file:
            close = {"atol": 1e-4, "rtol": 1e-4}
            torch.testing.assert_close(features[:, :16], numbers["published_features16"], **close)
        else:
            torch.testing.assert_close(features, numbers["features"], **CLOSE)

    @pytest.mark.parametrize("project", ["aimclr", "hysp", "halp"])
    def test_on_disk(self, layouts, project, tmp_path):
        path = tmp_path / containers.FILES[project]
        torch.save(containers.make_file(layouts, project), path)
        assert PublishedFile(path).method == EXPECTED[project][0]


@pytest.mark.golden
def test_a_network_that_is_not_built(layouts):
    with pytest.raises(ValueError, match="holds the weights of an SCD-Net"):
        PublishedFile(containers.make_file(layouts, "scdnet"))
