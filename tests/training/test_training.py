"""Any method trains by one road: it ends, it goes on, and what is wrong is said in words."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
import train_byol
from benchmarks import kill_training
from benchmarks.kill_training import differences
from lightning_fabric import Fabric
from torch import Tensor, nn

from skelter import checkpoints, training
from skelter.data import SkeletonStore
from skelter.encoders import BiGRU
from skelter.layouts import KINECT20
from skelter.methods import IntraSkeletonContrast
from skelter.representations import ToSequence
from skelter.training import Monitor, Run, Trainer, TrainingConfig
from skelter.transforms import presets

pytestmark = pytest.mark.filterwarnings("ignore")  # of Fabric and TensorBoard
SCRIPT = Path(train_byol.__file__)


class Output(NamedTuple):
    loss: Tensor
    metrics: dict[str, Tensor]


class Trainee(nn.Module):
    """A method that does as little as can be, and notes what the trainer does with it."""

    name = "trainee of mine"

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        encoder = nn.Sequential(nn.Flatten(), nn.Linear(16 * 120, 4))
        encoder.feature_dim = 4
        self.encoders = nn.ModuleDict({"flat": encoder})
        self.representations = nn.ModuleDict({"flat": nn.Identity()})
        self.warmed, self.progress, self.seen = [], [], []

    def warm_up(self, view):
        assert not torch.is_grad_enabled()
        self.warmed.append(view)
        return len(self.warmed) == 2

    def advance(self, progress):
        self.progress.append(progress)

    def forward(self, *views):
        self.seen.append(views)
        features = self.encoders["flat"](views[0])
        return Output(features.square().mean(), {"size": features.detach().abs().mean()})


@pytest.fixture(scope="module")
def store():
    return train_byol.clips()


@pytest.fixture
def train(store, tmp_path):
    """Train BYOL for some steps; return the run."""

    def fit(name, steps=8, method=None, fit_options=None, **options):
        config = {"epochs": 1, "steps": steps, "batch_size": 12, **options.pop("config", {})}
        trainer = Trainer(tmp_path / name, TrainingConfig(**config), fabric=cpu(), **options)
        return trainer.fit(
            method or train_byol.method(), train_byol.views(), store, range(60),
            **(fit_options or {}),
        )  # fmt: skip

    return fit


def cpu(**options):
    fabric = Fabric(accelerator="cpu", devices=1, **options)
    fabric.launch()
    return fabric


def last(run):
    return kill_training.last(run.path)


def interrupt_at(monkeypatch, step, number=signal.SIGTERM):
    """Send a signal when a step begins."""
    advance = train_byol.example().advance
    steps = iter(range(1000))

    def interrupted(self, progress):
        if next(steps) == step:
            os.kill(os.getpid(), number)
        advance(self, progress)

    monkeypatch.setattr(train_byol.example(), "advance", interrupted)


class TestFit:
    def test_to_the_end(self, train, capsys):
        run = train("run", steps=8, monitor=Monitor(0.2, every=2),
                    fit_options={"configuration": {"lr": 1}, "split": "by hand"})  # fmt: skip
        assert (run.name, run.split, run.seed, run.step) == ("BYOL", "by hand", 0, 8)
        assert dict(run.configuration) == {"lr": 1}
        assert run.encoder_names == ["mine"]
        assert (run.store["layout"], run.store["persons"]) == (KINECT20.name, 2)
        assert set(run.versions) == {"skelter", "torch", "python"}
        with (run.path / "metrics.csv").open() as file:
            rows = list(csv.DictReader(file))
        assert [row["epoch"] for row in rows] == ["1", "2"]
        assert list(rows[1])[:5] == ["epoch", "step", "loss", "similarity", "lr"]
        assert 0 <= float(rows[1]["1-NN"]) <= 1
        assert {"1-NN, mine", "alignment, mine", "effective rank, mine"} <= rows[1].keys()
        assert list((run.path / "tensorboard").iterdir())
        assert json.loads((run.path / "run.json").read_text()) == run.state["run"]
        shown = capsys.readouterr().err
        assert "epoch 2/2, loss" in shown
        assert "clips/s" in shown

    def test_what_a_method_is_called_with(self, store, tmp_path):
        method = Trainee()
        before = torch.random.get_rng_state()
        config = TrainingConfig(epochs=2, batch_size=20)
        run = Trainer(tmp_path / "run", config, fabric=cpu()).fit(
            method, train_byol.views(), store, range(60)
        )
        assert torch.equal(torch.random.get_rng_state(), before)
        assert run.name == "trainee of mine"
        assert method.progress == [step / 6 for step in range(6)]
        assert [len(view) for view in method.warmed] == [20, 20]  # it had enough
        assert {len(views) for views in method.seen} == {2}
        assert "size" in run.history[-1]

    def test_a_single_view(self, store, tmp_path):
        method = Trainee()
        view = presets.isc_small_view(frames=16)
        Trainer(tmp_path, TrainingConfig(epochs=1, batch_size=20), fabric=cpu()).fit(
            method, view, store, range(60)
        )
        assert {len(views) for views in method.seen} == {1}
        assert method.warmed[0].shape == (20, 3, 16, 20, 2)

    def test_rates_follow_the_schedule(self, train):
        method = train_byol.method()
        optimiser = torch.optim.SGD(
            [{"params": method.encoders.parameters()},
             {"params": method.predictor.parameters(), "lr": 0.3}], 0.1
        )  # fmt: skip
        options = {"optimiser": optimiser, "schedule": lambda step, steps: (step + 1) / steps}
        run = train("run", steps=5, method=method, fit_options=options)
        assert [group["lr"] for group in optimiser.param_groups] == [0.1, 0.3]
        assert run.history[-1]["lr"] == pytest.approx(0.1 * 3 / 5)

    def test_queues_are_filled_with_keys(self, train):
        method = IntraSkeletonContrast(
            BiGRU(120, 8), ToSequence(), queue_size=48, random_queue=False
        )
        train("run", steps=1, method=method)
        assert len(method.queues["skeleton"]) == 48

    def test_clips_without_labels(self, tmp_path):
        clips = [np.random.default_rng(n).normal(size=(30, 2, 20, 3)) for n in range(24)]
        SkeletonStore.build(tmp_path / "store", clips, labels=[-1] * 24, layout=KINECT20)
        store = SkeletonStore.open(tmp_path / "store")
        config = TrainingConfig(epochs=1, batch_size=8)
        run = Trainer(tmp_path / "run", config, fabric=cpu(), monitor=Monitor(0.2)).fit(
            train_byol.method(), train_byol.views(), store, range(24)
        )
        assert "1-NN" not in run.history[-1]
        assert "uniformity, mine" in run.history[-1]

    @pytest.mark.parametrize(
        "config",
        [
            {"accumulate": 3},
            {"clip_norm": 0.1},
            {"seed": 1},
            {"drop_last": False, "batch_size": 25},
        ],
    )
    def test_settings_change_the_weights(self, train, config):
        plain, other = train("plain", steps=3), train("other", steps=3, config=config)
        assert differences(last(plain)["method"], last(other)["method"])

    def test_mixed_precision(self, store, tmp_path):
        trainer = Trainer(tmp_path, TrainingConfig(epochs=1), fabric=cpu(precision="bf16-mixed"))
        run = trainer.fit(train_byol.method(), train_byol.views(), store, range(60))
        assert run.state["run"]["precision"] == "bf16-mixed"

    def test_in_a_thread_of_its_own(self, train):
        runs = []
        thread = threading.Thread(target=lambda: runs.append(train("run", steps=1)))
        thread.start()
        thread.join()
        assert runs[0].step == 5

    def test_keeps_the_newest_and_the_best(self, train):
        run = train("run", steps=20, monitor=Monitor(0.2, every=1), keep=1)
        kept = [path.stem for path in kill_training.saved(run.path)]
        assert kept[-1] == "step-000000020"
        assert len(kept) <= 2
        scores = [row["1-NN"] for row in run.history]
        assert Run.open(run.path, best=True).history[-1]["1-NN"] == max(scores)


class TestResume:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_bit_by_bit_after_a_signal(self, train, monkeypatch, number):
        undisturbed = train("undisturbed", checkpoint_every=100)
        with monkeypatch.context() as patch:
            interrupt_at(patch, 3, number)
            with pytest.raises(training.StoppedError, match=r"Stopped at step 4 of 10\. The same"):
                train("stopped", checkpoint_every=100)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        assert last(undisturbed)["step"] == 10
        again = train("stopped", checkpoint_every=100)
        assert differences(last(undisturbed), last(again)) == []
        texts = [(run.path / "metrics.csv").read_text() for run in (undisturbed, again)]
        assert texts[0] == texts[1]

    def test_a_second_sigint_stops_at_once(self, train, monkeypatch):
        class Impatient(Trainee):
            def advance(self, progress):
                os.kill(os.getpid(), signal.SIGINT)
                os.kill(os.getpid(), signal.SIGINT)

        with pytest.raises(KeyboardInterrupt):
            train("run", method=Impatient())

    def test_a_damaged_checkpoint_is_passed_over(self, train):
        run = train("run")
        expected = last(run)
        newest = kill_training.saved(run.path)[-1]
        newest.write_bytes(newest.read_bytes()[:-200])
        with pytest.warns(UserWarning, match=f"passed over.*{newest.name}"):
            again = train("run")
        assert differences(expected, last(again)) == []

    def test_a_finished_run_stays_as_it_is(self, train):
        before = last(train("run"))
        assert differences(before, last(train("run", method=train_byol.method(seed=1)))) == []

    @pytest.mark.parametrize(("processes", "kills"), [(1, 2), (2, 1)])
    def test_bit_by_bit_after_kills(self, tmp_path, monkeypatch, processes, kills):
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(SCRIPT.parents[1]), *sys.path]))
        state = kill_training.trial(tmp_path, kills, processes, 12, 0, command=SCRIPT)
        assert state["run"]["name"] == "BYOL"
        assert state["processes"] == processes

    def test_torchrun_says_how_many_processes(self, tmp_path, monkeypatch):
        (tmp_path / "script.py").write_text(
            "import sys, train_byol as t\nfrom skelter import training\n"
            "training.Trainer(sys.argv[1], training.TrainingConfig(epochs=1)).fit("
            "t.method(), t.views(), t.clips(), range(60))\n"
        )
        monkeypatch.setenv(
            "PYTHONPATH", os.pathsep.join([str(SCRIPT.parent), str(SCRIPT.parents[1]), *sys.path])
        )
        subprocess.run(
            [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
             tmp_path / "script.py", tmp_path / "run"],
            check=True, timeout=120, capture_output=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        )  # fmt: skip
        assert kill_training.last(tmp_path / "run")["processes"] == 2

    def test_another_number_of_processes_is_said(self, train):
        run = train("run", steps=5)
        path = kill_training.saved(run.path)[-1]
        state = checkpoints.load(path)
        checkpoints.save({**state, "processes": 4}, path)
        with pytest.warns(UserWarning, match=r"1 process\(es\) instead of 4"):
            train("run", steps=5)


class TestRun:
    def test_loads_encoders(self, train):
        run = train("run")
        other = train_byol.method(seed=1)
        for source in (run.path, kill_training.saved(run.path)[-1]):
            found = Run.open(source)
            assert (found.name, found.step) == ("BYOL", 10)
            found.load_encoders(other)
            state = run.state["method"]
            for key, value in other.encoders.state_dict().items():
                assert torch.equal(value, state[f"encoders.{key}"])

    def test_other_encoders(self, train):
        with pytest.raises(training.RunFolderError, match="other encoders than this Trainee"):
            train("run").load_encoders(Trainee())

    def test_no_run(self, tmp_path, train):
        with pytest.raises(training.RunFolderError, match="holds no checkpoint. Name the folder"):
            Run.open(tmp_path)
        checkpoints.save({"configuration": {}, "data": {}}, tmp_path / "old.pt")
        with pytest.raises(training.RunFolderError, match=r"not written by a `Trainer`.*skelter 0"):
            Run.open(tmp_path / "old.pt")
        with pytest.raises(training.RunFolderError, match="no checkpoint with a score"):
            Run.open(train("run").path, best=True)


class TestWrong:
    def test_loss_that_is_not_finite(self, train):
        method = train_byol.method()
        optimiser = torch.optim.SGD(method.parameters(), 1e38)
        with pytest.raises(training.NotFiniteError, match="lower the learning rate") as error:
            train("run", 40, method=method, fit_options={"optimiser": optimiser})
        (listed,) = error.value.args[0].split("listed in ")[1].split(": look")[:1]
        assert len(Path(listed).read_text().splitlines()) == 12

    def test_features_that_are_not_finite_end_the_training_before_they_are_saved(self, train):
        method = train_byol.method()
        method.encoders["mine"].register_forward_hook(
            lambda encoder, _, rows: rows if encoder.training else rows / 0
        )
        message = "monitor cannot look at encoder 'mine'.*be finite.*before is whole"
        with pytest.raises(training.TrainingError, match=message):
            train("run", 8, method=method, monitor=Monitor(0.2))

    @pytest.mark.parametrize(
        ("config", "message"),
        [
            ({"batch_size": 0}, "`batch_size` must be at least 1; got 0"),
            ({"epochs": 0}, "`epochs` must be at least 1"),
            ({"steps": -1}, "`steps` must lie between 0"),
            ({"clip_norm": -1}, "`clip_norm` must lie between"),
            ({"batch_size": 2, "accumulate": 3}, "`accumulate` must be at most `batch_size`, 2"),
        ],
    )
    def test_settings(self, config, message):
        with pytest.raises(ValueError, match=message):
            TrainingConfig(**config)

    def test_monitor_and_trainer(self, tmp_path):
        with pytest.raises(ValueError, match=r"`share` of the monitor must be from 0 and below 1"):
            Monitor(1)
        with pytest.raises(ValueError, match="`every` must be at least 1"):
            Monitor(0.1, every=0)
        with pytest.raises(ValueError, match="`keep` must be at least 1"):
            Trainer(tmp_path, keep=0)
        with pytest.raises(ValueError, match="`checkpoint_every` must lie between 0"):
            Trainer(tmp_path, checkpoint_every=-1)
        with pytest.raises(ValueError, match="`warm_up` must lie between"):
            training.warm_up_cosine(2)

    def test_no_method(self, train):
        with pytest.raises(TypeError, match="`method` must be a module with `encoders`.*BiGRU"):
            train("run", method=BiGRU(120, 8))

    def test_a_loss_for_each_clip(self, train):
        class Rows(Trainee):
            def forward(self, *views):
                return Output(self.encoders["flat"](views[0]).mean(1), {})

        with pytest.raises(ValueError, match="`loss` of the method's output must be a scalar"):
            train("run", method=Rows())

    def test_too_few_clips(self, train):
        expected = r"1 process\(es\) with 12 part\(s\) of a batch each need 12 clips; got 6"
        with pytest.raises(training.TrainingError, match=expected):
            train("run", monitor=Monitor(0.9), config={"accumulate": 12})

    def test_another_run_in_the_folder(self, train):
        train("run", fit_options={"configuration": {"drops": (1, 2)}})
        again = {"configuration": {"drops": [1, 2]}}
        train("run", fit_options=again)
        for options, message in [
            ({"fit_options": {"configuration": {"drops": []}}}, "drops 1 2, not empty"),
            ({"fit_options": again, "config": {"seed": 3}}, "made with seed 0, not 3"),
            ({"fit_options": again | {"split": "x"}}, "split , not x"),
            ({"fit_options": again, "monitor": Monitor(0.5)}, "monitor 0.0, not 0.5"),
            ({"fit_options": again, "method": Trainee()}, "name BYOL, not trainee of mine"),
            ({"fit_options": again, "resume": False}, "exists. Name another folder, or switch"),
        ]:
            with pytest.raises(training.RunFolderError, match=message):
                train("run", **options)

    def test_another_rate(self, train):
        for rate, fits in [(0.1, True), (0.2, False)]:
            method = train_byol.method()
            optimiser = torch.optim.SGD(method.parameters(), rate)
            if fits:
                train("run", method=method, fit_options={"optimiser": optimiser})
            else:
                with pytest.raises(training.RunFolderError, match="lr 0.1, not 0.2"):
                    train("run", method=method, fit_options={"optimiser": optimiser})

    def test_a_folder_of_something_else(self, train, tmp_path):
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "thesis.tex").touch()
        with pytest.raises(training.RunFolderError, match="holds no run"):
            train("run")
        (tmp_path / "file").touch()
        with pytest.raises(training.RunFolderError, match="cannot be made"):
            train("file/run")

    def test_a_full_disk_is_seen_before(self, train, monkeypatch):
        monkeypatch.setattr("shutil.disk_usage", lambda path: type("Use", (), {"free": 1000}))
        with pytest.raises(training.RunFolderError, match="Make room, or keep fewer"):
            train("run")

    def test_a_full_disk_leaves_what_was_there(self, train, monkeypatch):
        write = checkpoints.CheckpointFolder.save

        def full(self, state, step, *, score=None):
            if step > 5:
                raise OSError(28, "No space left on device")
            return write(self, state, step, score=score)

        undisturbed = train("undisturbed")
        with monkeypatch.context() as patch:
            patch.setattr(checkpoints.CheckpointFolder, "save", full)
            with pytest.raises(training.RunFolderError, match="Earlier ones are whole"):
                train("run")
        assert differences(last(undisturbed), last(train("run"))) == []

    def test_without_the_extra(self):
        code = (
            "import sys; sys.modules['lightning_fabric'] = None\n"
            "import skelter\n"
            "try: skelter.training\n"
            "except ImportError as error: print(error)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert "skelter.training needs lightning_fabric: pip install 'skelter[training]'" in (
            done.stdout
        )
