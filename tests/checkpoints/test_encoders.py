"""An encoder in one call: of runs, of files, of published ones, and of other versions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from reference import published
from torch import nn

from skelter import checkpoints, encoders, evaluation, representations
from skelter.checkpoints import ClipFacts, TrainedEncoder, load_encoder, save_encoder
from skelter.data import SkeletonDataset, SkeletonFormatError, SkeletonStore, collate, synthetic
from skelter.encoders import (
    AGCN,
    CTRGCN,
    HCN,
    STGCN,
    TCN,
    BiGRU,
    DenseSTTransformer,
    FrameTransformer,
    HierarchicalEncoder,
    MultiStreamTransformer,
    SkeletonTransformer,
    STTransformer,
)
from skelter.layouts import COCO17, KINECT20, NTU25, SkeletonLayout
from skelter.representations import ToBones, ToGraph, ToImage, ToMotion, ToSequence
from skelter.transforms import presets
from skelter.transforms.functional import count_frames

FACTS = ClipFacts(KINECT20, 3, 2, frames=32, normalisation="isc_normalise")
CLIPS = torch.randn(3, 3, 60, 20, 2)
# Small ones of each encoder, with arguments that are not the defaults.
ENCODERS = {
    "AGCN": lambda: AGCN(KINECT20, widths=(8, 16), adjacency="uniform", recompute=True),
    "CTRGCN": lambda: CTRGCN(KINECT20, widths=(8, 16), adjacency="uniform", skip_missing=True),
    "BiGRU": lambda: BiGRU(
        120, 4, layers=2, direction="bidirectional", input_norm=True, pooling="max"
    ),
    "DenseSTTransformer": lambda: DenseSTTransformer(
        20, 8, frames=32, depth=1, drop_path=0.2, pooling="mean"
    ),
    "FrameTransformer": lambda: FrameTransformer(
        120, 8, layers=1, heads=2, mlp_ratio=1, frames=32, patch_frames=4, motion=False
    ),
    "HCN": lambda: HCN(20, 2, frames=32, channels=16, dropout=0.3),
    "STGCN": lambda: STGCN(
        KINECT20, widths=(8, 16), halving=[0], adjacency="uniform", dropout=0.1, skip_missing=True
    ),
    "HierarchicalEncoder": lambda: HierarchicalEncoder(
        20, 8, frames=32, units="transformer", granularity=2, dropout=0.3
    ),
    "MultiStreamTransformer": lambda: MultiStreamTransformer(
        KINECT20, 8, frames=32, depth=2, heads=2, streams=("motion", "joint")
    ),
    "STTransformer": lambda: STTransformer(20, 8, frames=32, depth=1, heads=2, pooling="mean-max"),
    "TCN": lambda: TCN(120, 8, kernel=5, dilations=(1, 2), motion=False, pooling="max"),
    "SkeletonTransformer": lambda: SkeletonTransformer(
        KINECT20, frames=32, patch_frames=8, width=16, depth=2, heads=2, recompute=True
    ),
}
READS = {
    "AGCN": ToGraph(),
    "CTRGCN": ToGraph(),
    "BiGRU": ToSequence("m v c"),
    "HCN": ToImage(),
    "STGCN": ToGraph(),
    "DenseSTTransformer": ToGraph(),
    "HierarchicalEncoder": ToGraph(),
    "MultiStreamTransformer": ToGraph(),
    "STTransformer": ToGraph(),
    "SkeletonTransformer": ToGraph(),
    "FrameTransformer": ToSequence(),
    "TCN": ToSequence(),
}
STREAMS = {
    "ToAcceleration": lambda: nn.Sequential(
        representations.ToAcceleration(layout=KINECT20), ToSequence()
    ),
    "ToBones": lambda: nn.Sequential(ToBones(KINECT20), ToSequence()),
    "ToGraph": lambda: nn.Sequential(ToGraph(), nn.Sequential(ToMotion(), ToSequence())),
    "ToImage": lambda: nn.Sequential(ToImage(), nn.Identity(), ToSequence("c v m")),
    "ToMotion": lambda: nn.Sequential(ToMotion(layout=KINECT20), ToSequence()),
    "ToSequence": lambda: ToSequence("m v c"),
}


class Own(nn.Module):
    """An encoder of a user's own."""

    feature_dim = 6

    def __init__(self, width=6):
        super().__init__()
        self.layer = nn.Linear(120, width)

    def forward(self, sequence):
        return self.layer(sequence).mean(1)


def saved(tmp_path, encoder, representation, **options):
    trained = TrainedEncoder(encoder, representation, options.pop("facts", FACTS), **options)
    save_encoder(trained, tmp_path / "encoder.pt")
    return trained, tmp_path / "encoder.pt"


def modules(room):
    kinds = {name: getattr(room, name) for name in room.__all__}
    return {name for name, kind in kinds.items() if isinstance(kind, type)}


class TestRoundTrip:
    def test_all_that_are_exported_are_here(self):
        assert modules(encoders) - {"Levels", "ProjectionHead", "SkeletonDecoder"} == set(ENCODERS)
        assert modules(representations) == set(STREAMS)

    @pytest.mark.parametrize("name", ENCODERS)
    def test_encoders(self, tmp_path, name):
        before, path = saved(tmp_path, ENCODERS[name](), READS[name])
        torch.manual_seed(9)
        after = load_encoder(path)
        assert type(after.encoder).__name__ == name
        assert repr(after) == repr(before)
        assert torch.equal(after(CLIPS), before(CLIPS))
        assert not after.training

    @pytest.mark.parametrize("name", STREAMS)
    def test_representations(self, tmp_path, name):
        before, path = saved(tmp_path, BiGRU(120, 4, layers=1), STREAMS[name]())
        after = load_encoder(path)
        assert repr(after.representation) == repr(before.representation)
        assert torch.equal(after(CLIPS), before(CLIPS))

    def test_facts_and_classifier(self, tmp_path):
        facts = replace(FACTS, label_names=("wave", "kick", "bow"))
        before, path = saved(
            tmp_path, BiGRU(120, 4), ToSequence(), facts=facts, classifier=nn.Linear(8, 3), name="s"
        )
        after = load_encoder(path, "s")
        assert (after.layout, after.frames) == (KINECT20, 32)
        assert after.label_names == ("wave", "kick", "bow")
        scores = after.predict(CLIPS)
        assert scores.shape == (3, 3)
        torch.testing.assert_close(scores.sum(1), torch.ones(3))
        expected = before.classifier(before(CLIPS)).softmax(1)
        assert torch.equal(scores, expected)

    def test_a_layout_of_ones_own(self, tmp_path):
        arm = SkeletonLayout("arm", ["shoulder", "elbow", "hand"], parents=[-1, 0, 1], dimensions=2)
        facts = ClipFacts(arm, 2, 1, frames=16, normalisation="size and place")
        before, path = saved(
            tmp_path, BiGRU(6, 4), nn.Sequential(ToBones(arm), ToSequence()), facts=facts
        )
        after, x = load_encoder(path), torch.randn(2, 30, 3, 1)
        assert after.layout == arm
        assert torch.equal(after(x), before(x))

    def test_from_anywhere(self, tmp_path):
        before, path = saved(tmp_path, BiGRU(120, 4), ToSequence())
        for source in (path, str(path), tmp_path, checkpoints.load(path)):
            assert torch.equal(load_encoder(source)(CLIPS), before(CLIPS))

    def test_what_is_written_runs_no_code(self, tmp_path):
        _, path = saved(tmp_path, BiGRU(120, 4), ToSequence())
        torch.load(path, weights_only=True)


class TestOnesOwn:
    def test_is_passed_in(self, tmp_path):
        before, path = saved(tmp_path, Own(), lambda x: ToSequence()(x))
        own = Own()
        after = load_encoder(path, encoder=own, representation=ToSequence())
        assert after.encoder is own
        assert torch.equal(after(CLIPS), before(CLIPS))

    def test_is_asked_for(self, tmp_path):
        _, path = saved(tmp_path, Own(), lambda x: ToSequence()(x))
        expected = (
            r"'encoder' encoder needs: skelter .* wrote it.*of your own.*Pass encoder=\.\.\., rep"
        )
        with pytest.raises(ValueError, match=expected):
            load_encoder(path)
        with pytest.raises(ValueError, match=r"Pass representation=\.\.\. as in training"):
            load_encoder(path, encoder=Own())

    def test_of_another_size(self, tmp_path):
        _, path = saved(tmp_path, Own(), ToSequence())
        with pytest.raises(ValueError, match=r"(?s)does not fit this Own.*sizes of the training"):
            load_encoder(path, encoder=Own(7))

    def test_a_subclass_is_ones_own(self, tmp_path):
        class Deeper(BiGRU):
            pass

        _, path = saved(tmp_path, Deeper(120, 4), ToSequence())
        with pytest.raises(ValueError, match=r"Pass encoder=\.\.\."):
            load_encoder(path)

    @pytest.mark.parametrize(
        "name", [*presets.NORMALISATIONS, "crosclr_normalise, frames=30", "ctrgcn_normalise, then "
                 "mean_relative", "pyskl_normalise_2d, width=640, height=480"]
    )  # fmt: skip
    def test_normalisations_come_back_by_name(self, tmp_path, name):
        layout = COCO17 if "2d" in name or "compact" in name else KINECT20
        channels = layout.dimensions
        facts = ClipFacts(layout, channels, 1, frames=16, normalisation=name)
        encoder = BiGRU(channels * layout.num_joints, 4)
        path = tmp_path / "encoder.pt"
        save_encoder(TrainedEncoder(encoder, ToSequence(), facts), path)
        trained = load_encoder(path)
        x = torch.randn(2, channels, 30, layout.num_joints, 1) + 2
        x[0, :, 20:] = 0
        x[1, :, 5:9] = 0
        out = trained(x, num_frames=[20, 30])
        normal = presets.find_normalisation(name, layout)
        for clip, length, feature in zip(x, (20, 30), out, strict=True):
            y = normal(clip[:, :length])
            y = y[:, : int(count_frames(y))]
            view = presets.isc_test_view(frames=16)(y)
            expected = trained.encoder(ToSequence()(view[None]))[0]
            torch.testing.assert_close(feature, expected, rtol=0, atol=1e-5)

    def test_a_normalisation(self, tmp_path):
        facts = replace(FACTS, normalisation="halved")
        before, path = saved(
            tmp_path, BiGRU(120, 4), ToSequence(), facts=facts, normalise=lambda x: x / 2
        )
        with pytest.raises(ValueError, match=r"must be one .* knows.*got 'halved'.*normalisation="):
            load_encoder(path)
        after = load_encoder(path, normalisation=lambda x: x / 2)
        assert torch.equal(after(CLIPS), before(CLIPS))
        assert after.facts.normalisation == "halved"

    def test_a_classifier_that_is_not_linear(self, tmp_path):
        with pytest.raises(TypeError, match=r"`classifier` must be an nn\.Linear .*got Sequential"):
            saved(tmp_path, BiGRU(120, 4), ToSequence(), classifier=nn.Sequential())


class TestACall:
    trained = TrainedEncoder(BiGRU(120, 4), ToSequence(), FACTS)

    def test_as_an_evaluation_does(self):
        store = synthetic.generate(clips_per_class=2, layout=KINECT20, classes=["wave", "clap"])
        normal = store.map(presets.isc_normalise(KINECT20), name="isc_normalise")
        dataset = SkeletonDataset(normal)
        expected = evaluation.extract_features(
            self.trained.encoder, ToSequence(), [collate([dataset[n] for n in range(4)])],
            transform=presets.isc_test_view(frames=32),
        ).features  # fmt: skip
        raw = [torch.from_numpy(clip.joints).permute(3, 0, 2, 1) for clip in store]
        each = torch.stack([self.trained(x) for x in raw])
        torch.testing.assert_close(each, expected, rtol=0, atol=1e-6)
        x, num_frames, _ = store.batch(range(4))
        together = self.trained(x, num_frames=num_frames)
        torch.testing.assert_close(together, expected, rtol=0, atol=1e-6)

    def test_padding_is_not_looked_at(self):
        x = CLIPS.clone()
        x[0, :, 40:] = 1e4
        features = self.trained(x, num_frames=[40, 60, 60])
        torch.testing.assert_close(features[0], self.trained(CLIPS[0, :, :40]))
        assert torch.equal(x[0, :, 40:], torch.full_like(x[0, :, 40:], 1e4))

    @pytest.mark.parametrize("kind", [np.float64, np.float32, np.float16])
    def test_numpy(self, kind):
        x = CLIPS.numpy().astype(kind)
        torch.testing.assert_close(
            self.trained(x), self.trained(torch.from_numpy(x).float()), rtol=0, atol=0
        )

    def test_leading_axes(self):
        assert self.trained(CLIPS[0]).shape == (8,)
        many = self.trained(CLIPS[:2].reshape(2, 1, *CLIPS.shape[1:]))
        assert many.shape == (2, 1, 8)
        torch.testing.assert_close(many[1, 0], self.trained(CLIPS[1]))

    def test_whole_clips(self):
        trained = TrainedEncoder(BiGRU(120, 4), ToSequence(), replace(FACTS, frames=None))
        together = trained(CLIPS, num_frames=[60, 33, 1])
        for row, frames, clip in zip(together, (60, 33, 1), CLIPS, strict=True):
            torch.testing.assert_close(row, trained(clip[:, :frames]))

    def test_no_gradient_but_one_may_train_on(self):
        assert not self.trained(CLIPS).requires_grad
        assert all(parameter.requires_grad for parameter in self.trained.encoder.parameters())

    @pytest.mark.parametrize(
        ("x", "message"),
        [
            (CLIPS[..., :19, :], "`x` has 19 joints, but layout KINECT20 has 20.*convert"),
            (CLIPS[:, :2], r"`x` has 2 coordinates, but the clips .* have 3|has 2 coordinates"),
            (CLIPS[..., :1], r"has 1 persons?, but the clips.*pad\(x, \(0, missing\)\)"),
            (CLIPS[0].permute(1, 3, 2, 0), r"60 coordinates|2 persons|3 persons"),
            (CLIPS[0, ..., 0], r"have shape \(\.\.\., C, T, V, M\)"),
            (CLIPS / 0, "`x` must be finite"),
        ],
    )
    def test_other_clips(self, x, message):
        with pytest.raises(ValueError, match=message):
            self.trained(x)

    def test_no_classifier(self):
        with pytest.raises(ValueError, match="no classifier.*--tasks finetune"):
            self.trained.predict(CLIPS)

    def test_image_poses(self):
        facts = ClipFacts(COCO17, 3, 1, frames=16, normalisation="size and place")
        trained = TrainedEncoder(BiGRU(51, 4), ToSequence(), facts)
        x = 500 + 80 * torch.randn(3, 20, 17, 1)
        bigger = torch.cat([2 * x[:2], x[2:]])  # the score is no position
        torch.testing.assert_close(trained(x), trained(bigger))


class TestPublished:
    def path(self, tmp_path, *names):
        torch.save(published.made_up(*names), tmp_path / "checkpoint_0450.pth.tar")
        return tmp_path / "checkpoint_0450.pth.tar"

    @pytest.mark.parametrize("name", ["sequence", "graph", "image"])
    def test_one_encoder(self, tmp_path, name):
        path = self.path(tmp_path, name)
        trained = load_encoder(path)
        method = checkpoints.from_reference(path, [name])
        x = torch.randn(2, 3, 70, 25, 2)
        view = presets.isc_test_view(frames=64)(presets.isc_normalise(NTU25)(x))
        expected = method.encoder.eval()(method.representations[name](view))
        torch.testing.assert_close(trained(x), expected)
        assert (trained.name, trained.frames, trained.layout) == (name, 64, NTU25)
        assert trained.facts.normalisation == "isc_normalise"

    def test_two_encoders(self, tmp_path):
        path = self.path(tmp_path, "sequence", "graph")
        with pytest.raises(ValueError, match=r"one encoder; got 'sequence', 'graph'\. Name one"):
            load_encoder(path)
        assert isinstance(load_encoder(path, "graph").encoder, AGCN)
        with pytest.raises(
            ValueError, match="`name` of .* one of 'sequence', 'graph'; got 'image'"
        ):
            load_encoder(path, "image")

    def test_other_clips(self, tmp_path):
        from reference import golden

        one = {"sequence": golden.weights(published.gru(in_features=60) | published.head(16))}
        torch.save(published.checkpoint(*one.values()), tmp_path / "small.pth")
        trained = load_encoder(tmp_path / "small.pth", layout=KINECT20, persons=1, frames=32)
        assert trained(torch.randn(3, 50, 20, 1)).shape == (16,)
        with pytest.raises(
            ValueError, match=r"read 25 joints of NTU25.*60 numbers a frame.*persons="
        ):
            load_encoder(tmp_path / "small.pth")

    def test_weights_that_tell(self, tmp_path):
        path = self.path(tmp_path, "graph")
        with pytest.raises(
            ValueError, match=r"`persons` must be that of .*, 2; got 1\. Leave it out"
        ):
            load_encoder(path, persons=1)
        with pytest.raises(ValueError, match="left out: its weights tell them; got encoder="):
            load_encoder(path, encoder=Own())

    def test_an_encoder_alone(self):
        network = {f"encoder.{key}": w for key, w in BiGRU(150, 4).state_dict().items()}
        assert load_encoder(network).encoder.feature_dim == 8


class TestSomethingElse:
    def test_a_store(self, tmp_path):
        SkeletonStore.build(tmp_path / "store", [np.ones((9, 2, 20, 3))], [0], layout=KINECT20)
        with pytest.raises(FileNotFoundError, match="is a store of clips, not weights"):
            load_encoder(tmp_path / "store")

    @pytest.mark.parametrize("name", ["clips.npz", "clips.npy", "clips.pkl", "a.skeleton"])
    def test_clips(self, tmp_path, name):
        (tmp_path / name).write_bytes(b"not weights")
        with pytest.raises(SkeletonFormatError, match="holds clips, not weights, by its name"):
            load_encoder(tmp_path / name)

    def test_nothing(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="does not exist. Name the folder of a run"):
            load_encoder(tmp_path / "nowhere")
        with pytest.raises(FileNotFoundError, match="one file of weights; it holds none"):
            load_encoder(tmp_path)

    def test_several_files(self, tmp_path):
        for name in ("a.pt", "b.pt"):
            torch.save({}, tmp_path / name)
        with pytest.raises(FileNotFoundError, match=r"it holds several: a\.pt, b\.pt"):
            load_encoder(tmp_path)

    def test_weights_of_strangers(self):
        with pytest.raises(ValueError, match="tensors of a published encoder, one of GRU"):
            load_encoder({"layer.weight": torch.zeros(2, 2)})

    def test_a_class_of_a_later_version(self, tmp_path):
        _, path = saved(tmp_path, BiGRU(120, 4), ToSequence())
        state = checkpoints.load(path)
        part = state["trained"]["parts"]["encoder"]["encoder"]
        part["kind"] = "Mamba"
        with pytest.raises(
            SkeletonFormatError, match="a Mamba is none of AGCN.*or pass the module"
        ):
            load_encoder(state)
        part |= {"kind": "BiGRU", "arguments": {"heads": 3}}
        with pytest.raises(
            SkeletonFormatError, match="BiGRU cannot be built .*Install the version"
        ):
            load_encoder(state)

    @pytest.mark.parametrize("reads", ["file", "content"])
    def test_ours_where_the_references_is_expected(self, tmp_path, reads):
        _, path = saved(tmp_path, BiGRU(120, 4), ToSequence())
        source = path if reads == "file" else checkpoints.load(path)
        expected = r"is a checkpoint of skelter, .*checkpoints\.load_encoder"
        with pytest.raises(ValueError, match=expected):
            checkpoints.from_reference(source, ["sequence"])
        with pytest.raises(ValueError, match=expected):
            checkpoints.encoder_from_reference(checkpoints.load(path))


class TestTold:
    def test_what_agrees_is_taken_and_what_does_not_is_refused(self, tmp_path):
        _, path = saved(tmp_path, BiGRU(120, 4), ToSequence())
        load_encoder(path, layout=KINECT20, persons=2, frames=32, normalisation="isc_normalise")
        for name, value, told in [
            ("frames", 64, "32"), ("persons", 1, "2"), ("layout", NTU25, "KINECT20"),
            ("normalisation", "size and place", "isc_normalise"),
        ]:  # fmt: skip
            with pytest.raises(
                ValueError, match=f"`{name}` must be that of .*{told}.*Leave it out"
            ):
                load_encoder(path, **{name: value})
