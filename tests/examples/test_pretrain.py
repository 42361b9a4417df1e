"""Pre-training from the command line: it ends, it goes on, and it says what is wrong."""

from __future__ import annotations

import csv
import os
import signal

import numpy as np
import pytest
import torch
from benchmarks import kill_training

from skelter import checkpoints
from skelter.data import SkeletonStore
from skelter.layouts import KINECT20

pytestmark = [
    pytest.mark.usefixtures("on_path"),
    pytest.mark.filterwarnings("ignore"),  # of Fabric and TensorBoard
]
TINY = (
    "--gru-hidden", 8, "--hcn-channels", 16, "--agcn-widths", 4, 8, "--frames", 16,
    "--crop-floor", 8, "--batch-size", 12, "--accelerator", "cpu",
)  # fmt: skip


def pretrain(*arguments):
    import pretrain as script

    return script.main([str(argument) for argument in arguments])


@pytest.fixture
def train(recordings, tmp_path):
    """Run on the small set; return the exit code and the folder."""

    def run(name, *arguments, steps=8):
        folder = tmp_path / name
        code = pretrain(
            "--data", recordings, *TINY, "--steps", steps, "--output", folder, *arguments
        )
        return code, folder

    return run


def last(folder):
    return kill_training.last(folder)


class TestPretrain:
    def test_to_the_end(self, train, capsys):
        code, folder = train("run", "--monitor", 0.2, "--monitor-every", 2)
        assert code == 0
        state = last(folder)
        assert state["step"] == 8
        assert state["configuration"]["gru_hidden"] == 8
        with (folder / "metrics.csv").open() as file:
            rows = list(csv.DictReader(file))
        assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
        assert 0 <= float(rows[-1]["1-NN"]) <= 1
        assert {"loss", "accuracy", "lr", "1-NN, image", "effective rank, sequence"} <= set(rows[0])
        assert list((folder / "tensorboard").iterdir())
        out = capsys.readouterr()
        assert f"pre-trained: {folder}" in out.out
        assert "epoch 4/4, loss" in out.err
        assert "clips/s" in out.err

    @pytest.mark.parametrize(
        "names",
        [["sequence"], ["graph"], ["image"], ["graph", "sequence"], ["sequence", "graph", "image"]],
    )
    def test_any_representations(self, train, names):
        code, folder = train("run", "--representations", *names, steps=1)
        assert code == 0
        found = {key.split(".")[1] for key in last(folder)["method"] if key.startswith("encoders.")}
        assert found == (set(names) if len(names) > 1 else {"skeleton"})

    def test_without_labels(self, tmp_path):
        clips = [np.random.default_rng(n).normal(size=(30, 1, 20, 3)) for n in range(24)]
        SkeletonStore.build(tmp_path / "store", clips, labels=[-1] * 24, layout=KINECT20)
        code = pretrain("--data", tmp_path / "store", "--protocol", "all", *TINY, "--steps", 2,
                        "--monitor", 0.2, "--output", tmp_path / "run")  # fmt: skip
        assert code == 0
        assert "1-NN" not in last(tmp_path / "run")["history"][-1]
        assert "uniformity, image" in last(tmp_path / "run")["history"][-1]

    @pytest.mark.parametrize(
        "options",
        [("--accumulate", 3), ("--clip-norm", 0.1), ("--precision", "bf16-mixed"), ("--resident",),
         ("--stream", "bone"), ("--stream", "motion"), ("--no-drop-last", "--batch-size", 22),
         ("--random-queue", "--queue-size", 50), ("--optimiser", "sgd", "--drops", 1)],
    )  # fmt: skip
    def test_options_change_the_weights_and_still_train(self, train, options):
        _, plain = train("plain", steps=3)
        code, folder = train("other", *options, steps=3)
        assert code == 0
        changed = kill_training.differences(last(plain)["method"], last(folder)["method"])
        assert bool(changed) == (options != ("--resident",))


class TestResume:
    def test_bit_by_bit_after_a_signal(self, train, monkeypatch, capsys):
        import pretrain as script

        _, undisturbed = train("undisturbed")
        step = script.Pretrainer.take_step

        def interrupted(self, indices):
            if self.step == 3 and not list(self.folder.path.glob("checkpoints/*")):
                os.kill(os.getpid(), signal.SIGTERM)
            return step(self, indices)

        monkeypatch.setattr(script.Pretrainer, "take_step", interrupted)
        code, folder = train("stopped", "--checkpoint-every", 100)
        assert code == 75
        assert last(folder)["step"] == 4
        assert "stopped at step 4 of 9; the same command goes on" in capsys.readouterr().out
        code, folder = train("stopped", "--checkpoint-every", 100)
        assert code == 0
        found = kill_training.differences(last(undisturbed), last(folder))
        assert found == [".configuration.checkpoint_every"]
        assert (folder / "metrics.csv").read_text() == (undisturbed / "metrics.csv").read_text()

    def test_a_damaged_checkpoint_is_passed_over(self, train):
        _, undisturbed = train("run")
        expected = last(undisturbed)
        newest = kill_training.saved(undisturbed)[-1]
        newest.write_bytes(newest.read_bytes()[:-200])
        with pytest.warns(UserWarning, match=f"passed over.*{newest.name}"):
            code, folder = train("run")
        assert code == 0
        assert kill_training.differences(expected, last(folder)) == []

    def test_a_finished_run_stays_as_it_is(self, train):
        _, folder = train("run")
        before = last(folder)
        code, _ = train("run")
        assert code == 0
        assert kill_training.differences(before, last(folder)) == []

    @pytest.mark.parametrize(("processes", "kills"), [(1, 2), (2, 1)])
    def test_bit_by_bit_after_kills(self, recordings, tmp_path, processes, kills):
        options = ("--data", recordings, *TINY, "--representations", "sequence", "graph", "image")
        kill_training.trial(tmp_path, kills, processes, 12, 0, *options)


class TestWrong:
    def test_loss_that_is_not_finite(self, train, capsys):
        code, folder = train("run", "--lr", 1e38, steps=40)
        assert code == 76
        (named,) = folder.glob("not-finite-step-*-process-0.txt")
        assert len(named.read_text().splitlines()) == 12
        assert "lower --lr" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--batch-size", 0], "--batch-size must be 1 or more; got 0"),
            (["--lr", -1], "--lr must be above 0"),
            (["--representations", "image", "image"], "--representations must be different ones"),
            (["--representations"], "--representations must be different ones"),
            (["--monitor", 1], "--monitor must be from 0 and below 1"),
            (["--accelerator", "cuda"], "this machine has no GPU"),
            (["--sync-batch-norm"], "torch has it on GPUs only"),
            (["--fold", 3], "--fold 3: there are 1"),
            (["--protocol", "ntu60-xsub"], "Or train on every clip: --protocol all"),
            (["--data", "nowhere.npz"], "nowhere.npz"),
            (["--batch-size", 2, "--accumulate", 3], "no more parts than clips"),
        ],
    )
    def test_arguments(self, train, capsys, arguments, message):
        if "cuda" in arguments and torch.cuda.is_available():
            pytest.skip("there is a GPU")
        with pytest.raises(SystemExit) as end:
            train("run", *arguments)
        assert end.value.code == 2
        assert message in capsys.readouterr().err

    def test_more_processes_than_clips(self, tmp_path, capsys):
        import pretrain as script
        from parts.configuration import PRESETS

        class Fabric:
            global_rank, world_size = 0, 70

        clips = script.training_clips(PRESETS["small"])
        few = type(clips)(clips.store, "few", clips.train[:60], clips.held_out)
        with pytest.raises(SystemExit):
            script.Pretrainer(Fabric(), PRESETS["small"], few)
        assert "70 processes" in capsys.readouterr().err

    def test_another_run_in_the_folder(self, train, capsys):
        train("run", steps=2)
        for arguments, message in [
            (("--lr", 0.5), "made with --lr 0.002, not 0.5"),
            (("--resume", "never"), "exists. Name another, or --resume auto"),
            (("--protocol", "cross-subject"), "--protocol none, not cross-subject"),
        ]:
            with pytest.raises(SystemExit):
                train("run", *arguments, steps=2)
            assert message in capsys.readouterr().err

    def test_a_folder_of_something_else(self, train, tmp_path, capsys):
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "thesis.tex").touch()
        with pytest.raises(SystemExit):
            train("run")
        assert "holds no run" in capsys.readouterr().err

    def test_a_full_disk_is_seen_before(self, train, monkeypatch, capsys):
        from parts import runs

        monkeypatch.setattr(runs.shutil, "disk_usage", lambda path: type("Use", (), {"free": 1000}))
        with pytest.raises(SystemExit):
            train("run")
        assert "Make room, or --keep fewer" in capsys.readouterr().err

    def test_a_full_disk_leaves_what_was_there(self, train, monkeypatch, capsys):
        write = checkpoints.CheckpointFolder.save

        def full(self, state, step, *, score=None):
            if step > 4:
                raise OSError(28, "No space left on device")
            return write(self, state, step, score=score)

        _, undisturbed = train("undisturbed")
        with monkeypatch.context() as patch:
            patch.setattr(checkpoints.CheckpointFolder, "save", full)
            with pytest.raises(SystemExit):
                train("run")
        assert "Earlier ones are whole" in capsys.readouterr().err
        assert train("run")[0] == 0
        found = last(undisturbed.parent / "run")
        assert kill_training.differences(last(undisturbed), found) == []


def test_help_documents_every_option(capsys):
    from dataclasses import fields

    from parts.configuration import PRESETS, Pretraining

    for preset in PRESETS:
        with pytest.raises(SystemExit) as end:
            pretrain("--preset", preset, "--help")
        assert end.value.code == 0
        text = " ".join(capsys.readouterr().out.split())
        for field in fields(Pretraining):
            assert f"--{field.name.replace('_', '-')}" in text
            assert field.metadata["text"].split()[0] in text
    assert "(default: 16384; Thoker et al. 2021)" in text


def test_presets_are_the_papers():
    from parts.configuration import PRESETS
    from parts.recordings import PROTOCOLS

    ntu60, ntu120 = PRESETS["isc-ntu60-xview"], PRESETS["isc-ntu120-xset"]
    assert (ntu60.queue_size, ntu60.momentum, ntu60.temperature) == (16384, 0.999, 0.07)
    assert (ntu60.epochs, ntu60.drops, ntu60.lr, ntu60.batch_size) == (451, (351,), 0.01, 64)
    assert (ntu120.epochs, ntu120.drops) == (351, (251, 351))
    assert {preset.protocol for preset in PRESETS.values()} - {None} <= set(PROTOCOLS)
