"""A run goes on by its content: elsewhere, longer, from another run, with a scaler."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
import train_byol
from benchmarks import kill_training
from benchmarks.kill_training import differences
from lightning_fabric import Fabric
from lightning_fabric.plugins.precision.amp import MixedPrecision
from torch import nn

from skelter import checkpoints, evaluation, training
from skelter.data import SkeletonStore
from skelter.encoders import BiGRU
from skelter.layouts import KINECT20
from skelter.methods import IntraSkeletonContrast
from skelter.representations import ToBones, ToSequence
from skelter.training import Monitor, Run, Trainer, TrainingConfig
from skelter.transforms import (
    Compose,
    Lambda,
    MultiView,
    Shear,
    TemporalCropResize,
    presets,
)

pytestmark = pytest.mark.filterwarnings("ignore")  # of Fabric and TensorBoard
RAW = train_byol.clips()
NORMAL = RAW.map(presets.isc_normalise(KINECT20), name="isc_normalise")


def cpu(**options):
    fabric = Fabric(accelerator="cpu", devices=1, **options)
    fabric.launch()
    return fabric


def small(hidden=8, queue=48):
    torch.manual_seed(0)
    stream = nn.Sequential(ToBones(KINECT20), ToSequence())
    return IntraSkeletonContrast(
        BiGRU(120, hidden, layers=1), stream, name="bones", queue_size=queue, random_queue=False
    )


@pytest.fixture
def train(tmp_path):
    """Train a small method for some epochs; return the run."""

    def fit(
        name="run", *, store=NORMAL, epochs=1, method=None, config=None, indices=None, **options
    ):
        settings = TrainingConfig(**{"epochs": epochs, "batch_size": 12, **(config or {})})
        given = options.pop("fit_options", {})
        trainer = Trainer(tmp_path / name, settings, **{"fabric": cpu(), **options})
        chosen = range(len(store)) if indices is None else indices
        return trainer.fit(method or small(), train_byol.views(), store, chosen, **given)

    return fit


class TestEncoders:
    def test_come_back_ready_for_a_new_clip(self, train):
        run = train()
        method = small()
        run.load_encoders(method)
        dataset = NORMAL.batch(range(5), transform=presets.isc_test_view(frames=16))
        expected = evaluation.extract_features(
            method.encoders["bones"], method.representations["bones"], [dataset]
        ).features
        raw, num_frames, _ = RAW.batch(range(5))
        for source in (run.path, kill_training.saved(run.path)[-1], run.state):
            trained = checkpoints.load_encoder(source)
            found = trained(raw, num_frames=num_frames)
            torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)
        assert trained.name == "bones"
        assert (trained.layout, trained.frames) == (KINECT20, 16)
        assert trained.label_names == RAW.label_names
        assert trained.facts.normalisation == "isc_normalise"

    def test_of_ones_own(self, train):
        run = train(method=train_byol.method())
        with pytest.raises(ValueError, match=r"'mine' encoder needs.*Pass encoder=\.\.\. as in"):
            checkpoints.load_encoder(run.path)
        own = train_byol.method(seed=1).encoders["mine"]
        trained = checkpoints.load_encoder(run.path, encoder=own)
        assert trained(torch.randn(3, 40, 20, 2)).shape == (16,)
        for name, value in trained.encoder.state_dict().items():
            assert torch.equal(value, run.state["method"][f"encoders.mine.{name}"])

    def test_clips_that_were_changed_without_a_name(self, train):
        run = train(store=NORMAL.map(torch.neg))
        with pytest.raises(ValueError, match="'isc_normalise and a function without a name'"):
            checkpoints.load_encoder(run.path)
        assert checkpoints.load_encoder(run.path, normalisation=torch.neg).frames == 16

    def test_views_that_do_not_crop(self, tmp_path):
        method = IntraSkeletonContrast(BiGRU(120, 4), ToSequence(), queue_size=24)
        turned = MultiView([Shear(), Shear()])
        run = Trainer(tmp_path, TrainingConfig(epochs=1, batch_size=30), fabric=cpu()).fit(
            method, turned, NORMAL, range(60)
        )
        assert checkpoints.load_encoder(run.path).frames is None

    def test_of_version_0_5(self, train, tmp_path):
        """Which kept the name of the layout, coordinates and persons."""
        run = train()
        about = {k: v for k, v in run.state["run"].items() if k not in ("parts", "input")}
        about["store"] = {
            name: about["store"][name] for name in ("description", "layout", "channels", "persons")
        }
        old = {**run.state, "run": about, "skelter": "0.5.0"}
        expected = r"skelter 0\.5\.0 wrote it, and that version did not keep it\. Pass "
        expected += r"encoder=\.\.\., representation=\.\.\., frames=\.\.\., normalisation=\.\.\."
        with pytest.raises(ValueError, match=expected):
            checkpoints.load_encoder(old)
        method = small()
        trained = checkpoints.load_encoder(
            old, encoder=method.encoders["bones"], representation=method.representations["bones"],
            frames=16, normalisation="isc_normalise",
        )  # fmt: skip
        x = torch.randn(3, 40, 20, 2)
        assert torch.equal(trained(x), checkpoints.load_encoder(run.path)(x))

    def test_a_file_that_is_not_a_run(self, train, tmp_path):
        checkpoints.save_encoder(checkpoints.load_encoder(train().path), tmp_path / "encoder.pt")
        with pytest.raises(training.RunFolderError, match=r"an encoder, not a run.*load_encoder"):
            Run.open(tmp_path / "encoder.pt")

    def test_where_a_published_file_is_expected(self, train):
        run = train()
        for source in (run.path, kill_training.saved(run.path)[-1]):
            with pytest.raises(ValueError, match=r"checkpoint of skelter.*load_encoder\(path\)"):
                checkpoints.from_reference(source, ["sequence"])


class TestContent:
    def test_a_copy_goes_on(self, train, tmp_path):
        whole = train("whole", epochs=2)
        for name in ("here", "there"):
            SkeletonStore.build(
                tmp_path / name, NORMAL, layout=KINECT20, label_names=NORMAL.label_names
            )
        run = train(store=SkeletonStore.open(tmp_path / "here"))
        again = train(store=SkeletonStore.open(tmp_path / "there"), epochs=2)
        assert again.step == 2 * run.step
        assert set(whole.state["method"]) == set(again.state["method"])

    def test_other_recordings_are_refused(self, train):
        train()
        other = NORMAL.map(torch.neg)
        with pytest.raises(training.RunFolderError, match=r"other recordings.*wherever they lie"):
            train(store=other)

    def test_other_settings_of_an_encoder_are_refused(self, train):
        train()
        turned = small()
        turned.encoder.direction = "bidirectional"
        with pytest.raises(training.RunFolderError, match="forward-pair, not bidirectional"):
            train(method=turned)
        again = small()
        again.encoder.recompute = True  # saves memory, and changes nothing
        train(method=again)

    def test_another_version_is_named(self, train, monkeypatch):
        run = train()
        path = kill_training.saved(run.path)[-1]
        state = checkpoints.load(path)
        state["run"]["versions"]["skelter"] = "0.4.0"
        checkpoints.save(state, path)
        with pytest.raises(training.RunFolderError, match=r"Skelter 0\.4\.0 began it"):
            train(config={"seed": 3})


class TestLonger:
    def test_goes_on_at_the_place_of_the_new_schedule(self, train):
        short = train(epochs=2)
        with pytest.warns(UserWarning, match=r"from 2 to 4 epochs.*step 10 of 20") as caught:
            longer = train(epochs=4)
        assert caught
        assert [row["epoch"] for row in longer.history] == [1, 2, 3, 4]
        assert longer.history[:2] == short.history
        schedule = training.warm_up_cosine()
        assert longer.history[-1]["lr"] == pytest.approx(
            np.mean([1e-3 * schedule(step, 20) for step in range(15, 20)])
        )
        assert Run.open(longer.path).state["run"]["training"]["epochs"] == 4

    def test_by_steps(self, train):
        train(epochs=1)
        assert train(epochs=1, config={"steps": 11}).step == 15

    def test_a_configuration_may_repeat_the_length(self, train):
        train(epochs=1, fit_options={"configuration": {"epochs": 1, "lr": 3}})
        run = train(epochs=2, fit_options={"configuration": {"epochs": 2, "lr": 3}})
        assert run.configuration == {"epochs": 2, "lr": 3}
        with pytest.raises(training.RunFolderError, match="lr 3, not 4"):
            train(epochs=2, fit_options={"configuration": {"epochs": 2, "lr": 4}})

    def test_is_not_shortened(self, train):
        train(epochs=3)
        with pytest.raises(training.RunFolderError, match="run of 3 epochs; got 2.*not shortened"):
            train(epochs=2)

    def test_the_same_length_says_nothing(self, train):
        train(epochs=2)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            train(epochs=2)
        assert not [one for one in caught if "lengthened" in str(one.message)]


class TestFromAnother:
    def test_the_whole_method(self, train):
        run, other = train(), small()
        torch.nn.init.zeros_(other.encoder.gru.weight_hh_l0)
        assert run.load_method(other)
        assert differences(other.state_dict(), run.state["method"]) == []

    def test_encoders_alone(self, train):
        run, other = train(), small(queue=24)
        before = other.state_dict()
        before = {name: value.clone() for name, value in before.items()}
        assert not run.load_method(other)
        assert differences(other.state_dict(), before) == []
        encoders = nn.ModuleDict({"bones": BiGRU(120, 8, layers=1)})
        run.load_encoders(encoders)
        made = IntraSkeletonContrast(encoders["bones"], ToSequence(), name="bones", queue_size=24)
        copies = made.key_encoders.module.state_dict()
        for name, value in copies.items():
            assert torch.equal(value, run.state["method"][f"encoders.{name}"])

    def test_that_has_no_such_encoder(self, train):
        with pytest.raises(
            training.RunFolderError, match="other encoders than this ModuleDict: bones"
        ):
            train().load_encoders(nn.ModuleDict({"image": BiGRU(120, 8, layers=1)}))

    def test_digest_is_of_the_weights(self, train):
        first, same = train("a"), train("b")
        assert first.digest == same.digest == Run.open(first.path).digest
        assert first.digest != train("c", epochs=2).digest


class TestScaler:
    """float16 needs a GPU; its scaler works on the CPU, where it is tested."""

    def scaled(self, growth=2):
        scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10, growth_interval=growth)
        return cpu(plugins=[MixedPrecision("16-mixed", "cpu", scaler)])

    def test_goes_on_bit_by_bit(self, train, monkeypatch):
        config = {"config": {"clip_norm": 1.0}}
        whole = train("whole", epochs=3, fabric=self.scaled(), **config)
        assert whole.state["precision"]["scale"] > 2.0**10  # it grew
        folder = checkpoints.CheckpointFolder
        save = folder.save

        def stop(self, state, step, *, score=None):
            if step == 10:
                raise KeyboardInterrupt
            return save(self, state, step, score=score)

        with monkeypatch.context() as patch:
            patch.setattr(folder, "save", stop)
            with pytest.raises(KeyboardInterrupt):
                train("stopped", epochs=3, fabric=self.scaled(), **config)
        again = train("stopped", epochs=3, fabric=self.scaled(), **config)
        assert differences(kill_training.last(whole.path), kill_training.last(again.path)) == []

    def test_a_gradient_that_is_not_finite_ends_a_run_without_one(self, train):
        class Steep(type(small())):
            def forward(self, *views):
                output = super().forward(*views)
                zero = self.encoder.gru.bias_hh_l0.sum() * 0
                return output._replace(loss=output.loss + zero.sqrt())

        method = small()
        method.__class__ = Steep
        with pytest.raises(training.NotFiniteError, match="The gradient of step 0 is not finite"):
            train(method=method, config={"clip_norm": 1.0})

    def test_a_step_that_overflows_is_left_out(self, train):
        scaler = torch.amp.GradScaler("cpu", init_scale=2.0**120, growth_interval=1000)
        run = train(fabric=cpu(plugins=[MixedPrecision("16-mixed", "cpu", scaler)]))
        assert run.state["precision"]["scale"] < 2.0**120
        assert all(np.isfinite(row["loss"]) for row in run.history)


class TestMonitor:
    def labelled(self, known):
        labels = np.where(np.arange(len(NORMAL)) % known == 0, NORMAL.labels, -1)
        clips = [clip.joints for clip in NORMAL]
        return SkeletonStore.from_clips(clips, labels, layout=KINECT20)

    def test_leaves_unlabelled_clips_out(self, train):
        store = self.labelled(2)
        run = train(store=store, monitor=Monitor(0.3, every=1))
        assert 0 <= run.history[-1]["1-NN"] <= 1
        assert Run.open(run.path, best=True).step == run.step

    def test_25_it_looks_at_clips_that_are_not_augmented(self, tmp_path):
        """The monitors of two published projects retrieve sheared, randomly cropped clips."""
        store, found = self.labelled(1), {}
        strong = Compose([TemporalCropResize(16, min_frames=4), Lambda(lambda x: 0 * x)])
        for name, view in (("mild", presets.isc_test_view(frames=16)), ("nothing", strong)):
            method, config = small(), TrainingConfig(epochs=1, batch_size=12)
            still = torch.optim.SGD(method.parameters(), lr=0.0)
            monitor = Monitor(0.3, every=1)
            trainer = Trainer(tmp_path / name, config, fabric=cpu(), monitor=monitor)
            run = trainer.fit(
                method, MultiView([view, view]), store, range(len(store)), optimiser=still
            )
            found[name] = run.history[-1]["1-NN, bones"]
        assert found["nothing"] == found["mild"] > 0.1

    def test_says_that_it_cannot_watch(self, train):
        none = SkeletonStore.from_clips([clip.joints for clip in NORMAL], layout=KINECT20)
        with pytest.warns(UserWarning, match="measures no 1-NN accuracy.*no best checkpoint"):
            run = train(store=none, monitor=Monitor(0.3))
        assert "1-NN" not in run.history[-1]
        with pytest.warns(
            UserWarning, match=r"cannot look: it needs 2 clips, and 0\.01 of them are 1"
        ):
            train("few", monitor=Monitor(0.01))


class TestWrong:
    @pytest.mark.parametrize(
        ("indices", "error"),
        [
            ([0.0, 1.0], TypeError),
            (["a"], TypeError),
            ([True, False], (ValueError, IndexError)),
            ([[0, 1]], ValueError),
            ([0, 60], IndexError),
        ],
    )
    def test_indices(self, train, indices, error):
        with pytest.raises(error, match="`indices`"):
            train(indices=indices)

    def test_a_mask_selects(self, train):
        mask = NORMAL.labels != 0
        run = train(indices=mask)
        same = train("same", indices=np.flatnonzero(mask))
        assert run.state["run"]["clips"] == same.state["run"]["clips"]
        assert run.state["run"]["clips"]["count"] == 40

    def test_hold_out(self):
        with pytest.raises(TypeError, match="`indices`"):
            Monitor(0.5).hold_out(np.array([True, False]), seed=0)

    def test_other_arguments(self, train, tmp_path):
        trainer = Trainer(tmp_path, TrainingConfig(epochs=1, batch_size=12), fabric=cpu())
        with pytest.raises(TypeError, match=r"`store` must be a SkeletonStore; got str\. Open one"):
            trainer.fit(small(), train_byol.views(), "stores/ntu60", range(60))
        with pytest.raises(TypeError, match="`views` must be a transform of clips; got NoneType"):
            trainer.fit(small(), None, NORMAL, range(60))
        elsewhere = torch.optim.SGD(small().parameters(), 0.1)
        with pytest.raises(ValueError, match=r"`optimiser` must train parameters of the method"):
            train(fit_options={"optimiser": elsewhere})
