"""Pre-training from the command line: any encoders by any method, and exit codes."""

from __future__ import annotations

import signal
from dataclasses import fields

import numpy as np
import pytest
import torch
from benchmarks import kill_training
from torch import nn

from skelter import checkpoints, data, training
from skelter.data import SkeletonStore
from skelter.layouts import KINECT20

pytestmark = [
    pytest.mark.usefixtures("on_path"),
    pytest.mark.filterwarnings("ignore"),  # of Fabric and TensorBoard
]
TINY = (
    "--gru-hidden", 8, "--hcn-channels", 16, "--agcn-widths", 8, 16, "--frames", 16,
    "--crop-floor", 8, "--batch-size", 12, "--accelerator", "cpu",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _wide(monkeypatch):
    """Leave the sentences of the command line in one line each."""
    monkeypatch.setenv("COLUMNS", "400")


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
        run = training.Run.open(folder)
        assert (run.step, run.name) == (8, "InterSkeletonContrast")
        assert run.configuration["gru_hidden"] == 8
        assert "output" not in run.configuration
        assert run.split == "cross-view"
        row = run.history[-1]
        assert {"loss", "accuracy", "lr", "1-NN, image", "effective rank, sequence"} <= row.keys()
        out = capsys.readouterr()
        assert f"pre-trained: {folder}" in out.out
        assert "epoch 4/4, loss" in out.err

    @pytest.mark.parametrize(
        ("method", "encoders"),
        [
            ("intra", ["sequence=bigru"]),
            ("intra", ["graph=agcn"]),
            ("intra", ["image=hcn"]),
            ("intra", ["image=agcn"]),
            ("inter", ["graph=hcn", "sequence=bigru"]),
            ("inter", ["sequence=bigru", "graph=agcn", "image=hcn"]),
        ],
    )
    def test_any_encoder_for_any_representation(self, train, method, encoders):
        code, folder = train("run", "--method", method, "--encoders", *encoders, steps=1)
        assert code == 0
        names = [pair.split("=")[0] for pair in encoders]
        assert training.Run.open(folder).encoder_names == names
        found = {key.split(".")[1] for key in last(folder)["method"] if key.startswith("encoders.")}
        assert found == set(names)

    def test_a_newcomers_encoder_and_method_are_rows(self, recordings, tmp_path, monkeypatch):
        """A row each: of the table of encoders, and of that of methods."""
        from method_builders import example
        from parts import assembly
        from parts.configuration import PRESETS, replace

        class Mean(nn.Module):
            feature_dim = 6

            def __init__(self, inputs):
                super().__init__()
                self.layer = nn.Linear(inputs, 6)

            def forward(self, sequence):
                return self.layer(sequence).mean(1)

        monkeypatch.setitem(assembly.ENCODERS, "mean", lambda config, store, x: Mean(x.shape[-1]))
        monkeypatch.setitem(
            assembly.METHODS,
            "byol",
            lambda config, encoders, converters, clips: example()(
                encoders["sequence"], converters["sequence"], "sequence"
            ),
        )
        import pretrain as script

        config = replace(
            PRESETS["small"], data=recordings, method="byol", encoders=("sequence=mean",),
            steps=2, batch_size=12, output=tmp_path / "run",
        )  # fmt: skip
        assert script.pretrain(config) == 0
        assert training.Run.open(tmp_path / "run").name == "BYOL"

    def test_without_labels(self, tmp_path):
        clips = [np.random.default_rng(n).normal(size=(30, 1, 20, 3)) for n in range(24)]
        SkeletonStore.build(tmp_path / "store", clips, labels=[-1] * 24, layout=KINECT20)
        code = pretrain("--data", tmp_path / "store", "--split", "all", *TINY, "--steps", 2,
                        "--monitor", 0.2, "--output", tmp_path / "run")  # fmt: skip
        assert code == 0
        assert "1-NN" not in last(tmp_path / "run")["history"][-1]
        assert training.Run.open(tmp_path / "run").split == "all"

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

    def test_weights_at_the_start_are_those_of_the_seed(self, recordings):
        from parts import assembly
        from parts.configuration import PRESETS, replace

        config = replace(PRESETS["small"], data=recordings)
        store = config.open()
        first, again, other = (
            assembly.method(replace(config, seed=seed), store, 1).encoders.state_dict()
            for seed in (0, 0, 1)
        )
        assert kill_training.differences(first, again) == []
        assert len(kill_training.differences(first, other)) > 10


class TestGoingOn:
    def test_from_another_place(self, recordings, tmp_path, monkeypatch):
        """A copy, an absolute and a relative path: the content decides."""
        store = data.load_ragged(recordings)
        for name in ("here", "there"):
            SkeletonStore.build(
                tmp_path / name, store, layout=KINECT20, label_names=store.label_names
            )
        monkeypatch.chdir(tmp_path)
        options = (*TINY, "--steps", 3, "--output", tmp_path / "run")
        paths = ("here", tmp_path / "here", "there", recordings)
        states = [(pretrain("--data", path, *options), last(tmp_path / "run")) for path in paths]
        assert [code for code, _ in states] == [0] * 4
        for _, state in states[1:]:
            assert kill_training.differences(states[0][1]["method"], state["method"]) == []

    def test_other_recordings(self, train, recordings, tmp_path, capsys):
        _, folder = train("run", steps=1)
        clips = list(data.load_ragged(recordings))
        SkeletonStore.build(tmp_path / "less", clips[:-1], layout=KINECT20)
        with pytest.raises(SystemExit) as end:
            pretrain("--data", tmp_path / "less", *TINY, "--steps", 1, "--output", folder)
        assert end.value.code == 2
        assert "is of a run on other recordings" in capsys.readouterr().err

    def test_longer(self, train):
        _, folder = train("run", steps=3)
        with pytest.warns(UserWarning, match="lengthened from 1 to 3 epochs"):
            code, _ = train("run", "--epochs", 3, steps=3)
        assert code == 0
        assert len(last(folder)["history"]) == 3

    def test_not_shorter(self, train, capsys):
        train("run", steps=8)
        with pytest.raises(SystemExit):
            train("run", steps=1)
        assert "A run can be lengthened, not shortened" in capsys.readouterr().err

    def test_started_from_another(self, train, capsys):
        _, first = train("first", steps=2)
        code, whole = train("whole", "--init", first, steps=1)
        assert code == 0
        assert f"started from the method of {first}" in capsys.readouterr().out
        run, start = training.Run.open(whole), training.Run.open(first)
        assert run.configuration["started_from"] == {
            "run": "InterSkeletonContrast", "step": start.step, "digest": start.digest
        }  # fmt: skip
        code, _ = train("part", "--init", first, "--encoders", "image=hcn", "--method", "intra",
                        "--queue-size", 24, steps=1)  # fmt: skip
        assert code == 0
        assert f"started from the encoders of {first}" in capsys.readouterr().out

    def test_its_momentum_copies_start_there_too(self, train, recordings):
        from parts import assembly
        from parts.command_line import restored
        from parts.configuration import Pretraining, replace

        _, first = train("first", steps=2)
        run = training.Run.open(first)
        config = replace(restored(Pretraining, run.configuration), data=recordings, queue_size=24)
        built = assembly.method(config, config.open(), 1, run)
        copies = built.key_encoders.module
        for name, encoder in built.encoders.items():
            pairs = [encoder.state_dict(), copies[name].state_dict()]
            assert kill_training.differences(*pairs) == []
            loaded = checkpoints.load_encoder(first, name).encoder.state_dict()
            assert kill_training.differences(pairs[0], loaded) == []

    def test_started_from_something_else(self, train, capsys):
        _, first = train("first", "--method", "intra", "--encoders", "image=hcn", steps=1)
        with pytest.raises(SystemExit):
            train("second", "--init", first, steps=1)
        said = capsys.readouterr().err
        assert f"--init {first}: " in said
        assert "has other encoders than this ModuleDict: image" in said
        with pytest.raises(SystemExit):
            train("first", "--method", "intra", "--encoders", "image=hcn", "--init", first, steps=1)
        assert "started_from None, not" in capsys.readouterr().err


class TestEnd:
    def test_a_signal(self, train, monkeypatch, capsys):
        from skelter.methods import InterSkeletonContrast

        forward = InterSkeletonContrast.forward

        def interrupted(self, *views):
            signal.raise_signal(signal.SIGTERM)
            return forward(self, *views)

        with monkeypatch.context() as patch:
            patch.setattr(InterSkeletonContrast, "forward", interrupted)
            code, folder = train("run")
        assert code == 75
        assert last(folder)["step"] == 1
        assert "Stopped at step 1 of 9. The same run again goes on" in capsys.readouterr().out
        assert train("run")[0] == 0

    @pytest.mark.parametrize(("processes", "kills"), [(1, 1), (2, 1)])
    def test_bit_by_bit_after_kills(self, recordings, tmp_path, processes, kills):
        encoders = ("--encoders", "sequence=bigru", "graph=agcn", "image=hcn")
        kill_training.trial(
            tmp_path, kills, processes, 12, 0, "--data", recordings, *TINY[:-2], *encoders
        )

    def test_loss_that_is_not_finite(self, train, capsys):
        code, folder = train("run", "--lr", 1e38, steps=40)
        assert code == 76
        (listed,) = folder.glob("not-finite-step-*-process-0.txt")
        assert len(listed.read_text().splitlines()) == 12
        assert "lower the learning rate" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--batch-size", 0], "--batch-size must be 1 or more; got 0"),
            (["--lr", -1], "--lr must be above 0"),
            (["--encoders", "image", "sequence=bigru"], "--encoders must be different ones of"),
            (["--encoders", "image=hcn", "image=agcn"], "--encoders must be different ones of"),
            (["--encoders", "image=nonsense"], "got image=nonsense"),
            (["--encoders"], "got none"),
            (["--encoders", "sequence=bigru", "image=bigru"], "--encoders image=bigru: `x` must"),
            (["--method", "intra"], "--method intra takes one of --encoders; got sequence, image"),
            (["--method", "moco"], "invalid choice 'moco' for argument '--method'"),
            (["--preset", "large"], "invalid choice 'large' for argument '--preset'"),
            (["--learning-rate", 1], "Unrecognized options: --learning-rate"),
            (["--epochs", "many"], "Error parsing --epochs"),
            (["--monitor", 1], "--monitor must be from 0 and below 1"),
            (["--accelerator", "cuda"], "this machine has no GPU"),
            (["--sync-batch-norm"], "torch has it on GPUs only"),
            (["--fold", 3], "--fold 3: there are 1"),
            (["--split", "ntu60-xsub"], "Or train on every clip: --split all"),
            (["--data", "nowhere.npz"], "nowhere.npz: it does not exist. --data takes a store"),
            (["--init", "nowhere"], "--init nowhere: nowhere holds no checkpoint"),
            (["--precision", "16-mixed"], "float16 needs a GPU. On the CPU, take bf16-mixed"),
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

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("clips.pkl", "prepare_data.py pyskl {} STORE"),
            ("clips.npy", "SkeletonStore.build (docs/how-to/own_data.md)"),
            ("weights.pt", "weights are a --checkpoint"),
            ("set.zip", "it is packed. Unpack it"),
            ("store/store.json", "Name its folder"),
            ("raw/S001C001P001R001A001.skeleton", "prepare_data.py ntu60 {} STORE, or ntu120"),
            ("raw/deeper/S001C001P001R001A001.skeleton", "prepare_data.py ntu60 {} STORE"),
            ("raw/train_data_joint.npy", "prepare_data.py isc {} STORE"),
            ("raw/train_position.npy", "prepare_data.py crosclr {} STORE"),
            ("raw/a01_s01_e00_v01.json", "prepare_data.py nw-ucla {} STORE"),
            ("raw/kinetics_train/x.json", "prepare_data.py kinetics {} STORE"),
            ("raw/0002-L.txt", "prepare_data.py pku-mmd {} LABELS STORE"),
            ("raw/a1_s1_t1_skeleton.mat", "prepare_data.py utd-mhad {} STORE"),
            ("raw/s01s02/01/001/skeleton_pos.txt", "prepare_data.py sbu {} STORE"),
            ("raw/walk_000000000000_keypoints.json", "prepare_data.py openpose {} STORE"),
            ("raw/run.json", "folder of a run, a --checkpoint"),
            ("raw/notes.md", "it is not a store, which has a store.json"),
        ],
    )
    def test_data_that_is_not_a_store(self, tmp_path, capsys, name, message):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        asked = tmp_path / "raw" if name.startswith("raw") else path
        with pytest.raises(SystemExit) as end:
            pretrain("--data", asked, "--output", tmp_path / "run")
        assert end.value.code == 2
        said = capsys.readouterr().err
        assert f"--data {asked}: " in said
        assert message.format(asked) in said

    def test_an_archive_that_is_not_ragged(self, tmp_path, capsys):
        np.savez(tmp_path / "NTU60.npz", x_train=np.zeros((2, 3, 150)))
        with pytest.raises(SystemExit):
            pretrain("--data", tmp_path / "NTU60.npz", "--output", tmp_path / "run")
        assert "another project, build a store from it first: python" in capsys.readouterr().err

    def test_advice_names_subcommands_that_there_are(self, monkeypatch, capsys):
        import prepare_data
        from parts import advice

        monkeypatch.setattr("sys.argv", ["prepare_data.py", "--help"])
        with pytest.raises(SystemExit):
            prepare_data.main()
        shown = capsys.readouterr().out
        commands = [command for _, command in advice.FOLDERS] + list(advice.FILES.values())
        for command in commands:
            assert f" {command.split()[0]} " in shown, command

    def test_another_run_in_the_folder(self, train, capsys):
        train("run", steps=2)
        for arguments, message in [
            (("--lr", 0.5), "made with lr 0.002, not 0.5"),
            (("--resume", "never"), "exists. Name another folder, or switch `resume` on"),
            (("--split", "cross-subject"), "split None, not cross-subject"),
        ]:
            with pytest.raises(SystemExit) as end:
                train("run", *arguments, steps=2)
            assert end.value.code == 2
            assert message in capsys.readouterr().err


def test_help_documents_every_option(capsys):
    from parts.configuration import PRESETS, Pretraining

    for preset in PRESETS:
        with pytest.raises(SystemExit) as end:
            pretrain("--preset", preset, "--help")
        assert end.value.code == 0
        text = capsys.readouterr().out.split("Everything that decides")[1]
        text = " ".join(line.strip("│ ") for line in text.splitlines())
        for field in fields(Pretraining):
            option = f"--{field.name.replace('_', '-')}"
            said = text.split(f" {option} ")[-1].split(f" {option}, ")[-1].split(" --")[0]
            assert "(default: " in said, option
            assert len(said.split()) > 5, option
    assert "(paper: 16384). (default: 16384)" in text


def test_presets_are_the_papers():
    from parts.configuration import PRESETS
    from parts.recordings import SPLITS

    ntu60, ntu120 = PRESETS["isc-ntu60-xview"], PRESETS["isc-ntu120-xset"]
    assert (ntu60.queue_size, ntu60.momentum, ntu60.temperature) == (16384, 0.999, 0.07)
    assert (ntu60.epochs, ntu60.drops, ntu60.lr, ntu60.batch_size) == (451, (351,), 0.01, 64)
    assert (ntu120.epochs, ntu120.drops) == (351, (251, 351))
    assert {preset.split for preset in PRESETS.values()} - {None} <= set(SPLITS)


def test_rates_drop_after_epochs():
    from parts import assembly
    from parts.configuration import PRESETS

    rate = assembly.schedule(PRESETS["isc-ntu60-xview"])
    per_epoch = 588
    factors = [rate(epoch * per_epoch + step, 451 * per_epoch)
               for epoch, step in [(350, 587), (351, 0), (450, 587)]]  # fmt: skip
    assert factors == [1.0, 0.1, 0.1]
