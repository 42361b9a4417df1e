"""Evaluation from the command line: every protocol, every source of encoders, wrong arguments."""

from __future__ import annotations

import ast
import inspect
import json
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from reference import branches, containers
from reference import published as names

from skelter import data
from skelter.data import SkeletonStore, synthetic
from skelter.layouts import KINECT20

EXAMPLES = Path(__file__).parents[2] / "examples"
METHOD = "InterSkeletonContrast, sequence + image"
TINY = ("--gru-hidden", 8, "--hcn-channels", 16, "--frames", 16, "--batch-size", 12)

pytestmark = [pytest.mark.usefixtures("on_path"), pytest.mark.filterwarnings("ignore")]


def evaluate(*arguments):
    import evaluate as script

    return script.main([str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def runs(recordings, tmp_path_factory):
    """Two seeds of a run, hardly trained."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(EXAMPLES))
        import pretrain

        for seed in (0, 1):
            arguments = [
                "--data", recordings, "--split", "cross-subject", *TINY, "--steps", 3,
                "--seed", seed, "--output", folder / str(seed),
            ]  # fmt: skip
            pretrain.main([str(argument) for argument in arguments])
    return [folder / "0", folder / "1"]


def make_store(path, labels):
    """Build a store of random clips, from the labels of each subject."""
    rng = np.random.default_rng(0)
    clips = [
        data.Clip(
            rng.normal(size=(20, 1, 20, 3)) + label, label=label, subject=subject, name=f"{n}"
        )
        for subject, known in labels.items()
        for n, label in enumerate(known)
    ]
    return SkeletonStore.build(path, clips, layout=KINECT20)


def test_unlabelled_clips_are_left_out_and_counted(tmp_path, capsys):
    """Of seven classes, so that one of the best five says something."""
    known = list(range(7))
    make_store(tmp_path / "store", {1: [*known, -1, *known, -1], 2: [-1, *known]})
    code = evaluate(
        "--data", tmp_path / "store", "--split", "cross-subject", "--neighbours", 3,
        "--tasks", "knn", "linear", "--output", tmp_path / "out", "--accelerator", "cpu",
    )  # fmt: skip
    assert code == 0
    said = capsys.readouterr().out
    assert "2 training and 1 test clips have no label (-1), and are left out" in said
    report = (tmp_path / "out" / "report.md").read_text()
    assert "14 clips train, 7 test" in report
    columns = (
        "1-NN | top-5 | 3-NN | 3-NN, top-5 | mAP | linear | linear, best epoch | linear, top-5"
    )
    assert f"| | {columns} |" in report


def test_every_task(runs, recordings, tmp_path, capsys):
    code = evaluate(
        "--preset", "small", "--checkpoint", *runs, "--data", recordings, "--split",
        "cross-subject", "--tasks", "knn", "linear", "semi", "finetune", "ensemble",
        "--fractions", 0.2, "--label-seeds", 1, "--neighbours", 3, "--output", tmp_path / "out",
        "--accelerator", "cpu", "--no-baselines", "--weights", 0.6, 0.4,
    )  # fmt: skip
    assert code == 0
    report = (tmp_path / "out" / "report.md").read_text()
    columns = [
        "1-NN", "top-5", "3-NN", "mAP", "linear", "linear, best epoch", "20 % labels",
        "20 % labels, best epoch", "fine-tuned", "fine-tuned, best epoch",
    ]  # fmt: skip
    assert "| | " + " | ".join(columns) + " |" in report
    for row in (f"{METHOD}: sequence", f"{METHOD}: image"):
        assert re.search(rf"^\| {re.escape(row)} \|( \d+\.\d ± \d+\.\d \|){{10}}$", report, re.M)
    assert re.search(r"^\| ensemble \| +\|", report, re.M)
    assert f"of {METHOD}: sequence, {METHOD}: image" in report
    for fact in (
        "mean ± standard deviation over 2 seeds",
        "cross-subject, 30 clips train, 30 test, 0 repeats across",
        "semi 0.2: 6 labels, the same share of every class; label draws 0; fine-tuned as `small`",
        "finetune: 30 labels",
        "linear: 30 labels; settings `standardized`, centre crops",
        "seeds: pre-training 0, 1; evaluation 0",
        "skelter 0.",
    ):
        assert fact in report
    for figure in ("loss", "views", "features", "confusion", "classes", "neighbours"):
        assert (tmp_path / "out" / f"{figure}.png").stat().st_size > 5000
        assert f"({figure}.png)" in report
    numbers = json.loads((tmp_path / "out" / "report.json").read_text())
    first = next(row for row in numbers["rows"] if row["title"] == f"{METHOD}: sequence")
    assert first["results"]["semi 0.2"]["labels_used"] == 6
    assert first["results"]["linear"]["best_epoch"] >= 1
    assert set(first["seconds"]) == {"features", "knn", "linear", "semi", "finetune"}
    assert "report: " in capsys.readouterr().out


def test_same_again(runs, recordings, tmp_path):
    tables = []
    for output in ("a", "b"):
        evaluate(
            "--checkpoint", runs[0], "--data", recordings, "--split", "cross-subject",
            "--tasks", "linear", "semi", "--fractions", 0.1, "--label-seeds", 1,
            "--no-baselines", "--output", tmp_path / output,
        )  # fmt: skip
        rows = json.loads((tmp_path / output / "report.json").read_text())["rows"]
        tables.append([row["figures"] for row in rows])
    assert tables[0] == tables[1]


def test_random_twin_is_where_the_run_began(runs, recordings):
    from parts import sources
    from parts.recordings import Recordings

    from skelter import checkpoints

    found = sources.load(runs[0], Recordings(recordings).open())
    twins, trained = found[:2], found[2:]
    assert [one.title for one in twins] == ["random encoder: sequence", "random encoder: image"]
    assert [one.title for one in trained] == [f"{METHOD}: sequence", f"{METHOD}: image"]
    state = checkpoints.CheckpointFolder(runs[0] / "checkpoints").newest()[1]["method"]
    for name, twin, one in zip(("sequence", "image"), twins, trained, strict=True):
        for key, value in one.encoder.state_dict().items():
            assert torch.equal(value, state[f"encoders.{name}.{key}"])
        pairs = zip(one.encoder.parameters(), twin.encoder.parameters(), strict=True)
        moved = [float((a - b).detach().abs().max()) for a, b in pairs]
        assert 0 < max(moved) < 0.1  # three small steps away


def test_one_checkpoint_of_a_run(runs, recordings):
    from parts import sources
    from parts.recordings import Recordings

    path = max((runs[0] / "checkpoints").glob("*.pt"))
    store = Recordings(recordings).open()
    folder, file = sources.load(runs[0], store), sources.load(path, store)
    assert [one.title for one in folder] == [one.title for one in file]
    for ours, theirs in zip(folder, file, strict=True):
        for a, b in zip(ours.encoder.parameters(), theirs.encoder.parameters(), strict=True):
            assert torch.equal(a, b)


def test_a_method_without_a_constructor(runs, recordings, tmp_path):
    """Encoders of this library need no row of the table; only their twins do."""
    from skelter import checkpoints

    state = checkpoints.CheckpointFolder(runs[0] / "checkpoints").newest()[1]
    about = {**state["run"], "name": "Mine", "configuration": {"method": "mine"}}
    checkpoints.CheckpointFolder(tmp_path / "checkpoints").save({**state, "run": about}, 3)
    code = evaluate(
        "--checkpoint", tmp_path, "--data", recordings, "--tasks", "knn", "--output",
        tmp_path / "out", "--no-baselines",
    )  # fmt: skip
    assert code == 0
    rows = json.loads((tmp_path / "out" / "report.json").read_text())["rows"]
    names = [f"Mine, sequence + image: {name}" for name in ("sequence", "image")]
    assert [row["title"] for row in rows] == names
    assert not (tmp_path / "out" / "views.png").exists()  # nobody knows its views


def test_published_file(tmp_path, capsys):
    """A file in the reference's layout, of an untrained network, on clips of its layout."""
    store = synthetic.generate(clips_per_class=6, classes=["wave", "kick"])
    SkeletonStore.build(tmp_path / "store", store, layout=store.layout)
    torch.save(names.made_up("sequence", "image"), tmp_path / "checkpoint_0450.pth.tar")
    code = evaluate(
        "--checkpoint", tmp_path / "checkpoint_0450.pth.tar", "--data", tmp_path / "store",
        "--tasks", "knn", "--output", tmp_path / "out",
    )  # fmt: skip
    assert code == 0
    said = capsys.readouterr().out
    assert "method    inter-skeleton contrast" in said
    assert "| published, checkpoint_0450.pth.tar: sequence |" in said
    assert "| random encoder: image |" in said


@pytest.mark.golden
@pytest.mark.parametrize("project", ["aimclr", "halp", "hico_transformer", "umurl"])
def test_published_files_of_other_projects(golden, tmp_path, capsys, project):
    store = synthetic.generate(clips_per_class=6, classes=["wave", "kick"])
    SkeletonStore.build(tmp_path / "store", store, layout=store.layout)
    layouts = containers.read_layouts(golden)
    constants = {".A": store.layout.adjacency("st-gcn"), ".pe": branches.sine_buffer(1024)}
    path = tmp_path / containers.FILES[project]
    path.parent.mkdir(exist_ok=True)
    torch.save(containers.make_file(layouts, project, constants), path)
    arguments = ("--checkpoint", path, "--data", tmp_path / "store", "--tasks", "knn")
    assert evaluate(*arguments, "--output", tmp_path / "out") == 0
    said = capsys.readouterr().out
    assert f"| published, {path.name}: " in said
    assert "| random encoder: " in said


def test_one_shot(recordings, tmp_path):
    store = data.load_ragged(recordings)
    exemplars = [store.names[np.flatnonzero(store.labels == label)[0]] for label in range(3)]
    code = evaluate(
        "--data", recordings, "--tasks", "one-shot", "knn-ae", "--exemplars", *exemplars,
        "--output", tmp_path / "out",
    )  # fmt: skip
    assert code == 0
    row = json.loads((tmp_path / "out" / "report.json").read_text())["rows"][0]
    assert 1 / 3 < row["figures"]["one-shot"] <= 1
    assert 1 / 3 < row["figures"]["1-NN, auto-encoder"] <= 1


def test_help_explains_every_option(capsys):
    from parts.protocols import Evaluation
    from parts.recordings import Recordings

    with pytest.raises(SystemExit) as end:
        evaluate("--help")
    assert end.value.code == 0
    shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
    for kind in (Recordings, Evaluation):
        body = ast.parse(inspect.getsource(kind)).body[0].body
        for entry, text in pairwise(body):
            if isinstance(entry, ast.AnnAssign):
                option = f"--{entry.target.id.replace('_', '-')}"
                assert option in shown
                assert text.value.value in shown, option


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("It has 2. Pass layout=... for your skeleton.", "It has 2."),
        ("It has 2. Pass layout=... for your skeleton. Or not.", "It has 2. Or not."),
        ("a. Pass encoder=..., frames=... as in training. b", "a. b"),
        ("a. Pass the function that it was: normalisation=...", "a."),
        ("a. Pass it on. b", "a. Pass it on. b"),
    ],
)
def test_no_arguments_of_python(capsys, said, left):
    from parts.command_line import refuse

    with pytest.raises(SystemExit):
        refuse(said)
    assert capsys.readouterr().err == f"error: {left}\n"


class TestWrong:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--tasks"], "--tasks must be some of"),
            (["--fractions", 2], "--fractions must be above 0"),
            (["--tasks", "semi", "--fractions", 0.01], "leave a label to every class"),
            (["--tasks", "one-shot"], "the set has no clip called S001C003P008R001A001"),
            (["--checkpoint", "nowhere"], "--checkpoint nowhere"),
            (["--accelerator", "cuda"], "this machine has no GPU"),
            (["--split", "ntu60-xsub"], "NTU-60 xsub"),
        ],
    )
    def test_arguments(self, recordings, tmp_path, capsys, arguments, message):
        if "cuda" in arguments and torch.cuda.is_available():
            pytest.skip("there is a GPU")
        options = ["--split", "cross-subject", *arguments]
        with pytest.raises(SystemExit) as end:
            evaluate("--data", recordings, "--output", tmp_path / "out", *options)
        assert end.value.code == 2
        assert message in " ".join(capsys.readouterr().err.replace("│", " ").split())

    def refused(self, capsys, *arguments):
        with pytest.raises(SystemExit) as end:
            evaluate(*arguments)
        assert end.value.code == 2
        return capsys.readouterr().err

    def test_a_report_that_is_there(self, recordings, tmp_path, capsys):
        (tmp_path / "report.md").touch()
        said = self.refused(capsys, "--data", recordings, "--output", tmp_path)
        assert "Name another folder, or --overwrite" in said

    def test_clips_of_another_layout(self, runs, tmp_path, capsys):
        said = self.refused(capsys, "--checkpoint", runs[0], "--output", tmp_path)
        assert "layout KINECT20, not NTU25" in said.replace("Kinect20", "KINECT20")
        assert "persons" in said or "Convert" in said

    def test_weights_of_other_encoders(self, runs, recordings, tmp_path, capsys):
        said = self.refused(
            capsys, "--checkpoint", runs[0], "--data", recordings, "--split", "cross-subject",
            "--tasks", "ensemble", "--weights", 0.6, 0.6, 0.4, "--output", tmp_path,
        )  # fmt: skip
        assert "3 weights for 2 encoders" in said

    def test_a_checkpoint_of_another_version(self, runs, recordings, tmp_path, capsys):
        from skelter import checkpoints

        state = checkpoints.CheckpointFolder(runs[0] / "checkpoints").newest()[1]
        torch.save({**state, "version": 99, "skelter": "9.9"}, tmp_path / "new.pt")
        said = self.refused(
            capsys, "--checkpoint", tmp_path / "new.pt", "--data", recordings,
            "--output", tmp_path,
        )  # fmt: skip
        assert "9.9" in said

    def test_a_run_of_an_earlier_version(self, recordings, tmp_path, capsys):
        from skelter import checkpoints

        checkpoints.CheckpointFolder(tmp_path / "checkpoints").save({"configuration": {}}, 3)
        said = self.refused(
            capsys, "--checkpoint", tmp_path, "--data", recordings, "--output", tmp_path / "out"
        )
        assert "was not written by a `Trainer` of this version" in said

    def test_an_encoder_of_ones_own_without_a_constructor(self, runs, recordings, tmp_path, capsys):
        from skelter import checkpoints

        state = checkpoints.CheckpointFolder(runs[0] / "checkpoints").newest()[1]
        parts = {"sequence": {"encoder": None, "representation": None}}
        about = {**state["run"], "configuration": {"method": "mine"}, "parts": parts}
        about["encoders"] = ["sequence"]
        checkpoints.CheckpointFolder(tmp_path / "checkpoints").save({**state, "run": about}, 3)
        said = self.refused(
            capsys, "--checkpoint", tmp_path, "--data", recordings, "--output", tmp_path / "out"
        )
        assert "does not hold what the 'sequence' encoder needs" in said
        assert "Pass " not in said
        assert "ENCODERS and METHODS of parts/assembly.py" in said

    def test_a_published_file_of_other_joints(self, recordings, tmp_path, capsys):
        torch.save(names.made_up("graph"), tmp_path / "graph.pth.tar")
        said = self.refused(
            capsys, "--checkpoint", tmp_path / "graph.pth.tar", "--data", recordings,
            "--split", "cross-subject", "--output", tmp_path / "out",
        )  # fmt: skip
        assert "has 25 joints, but layout KINECT20 has 20" in said.replace("Kinect20", "KINECT20")
        assert "Its layout and persons are those of --data" in said
        assert "layout=" not in said

    def test_clips_that_were_normalised_otherwise(self, runs, recordings, tmp_path, capsys):
        store = data.load_ragged(recordings).map(lambda x: x / 2, name="halved")
        info = {"layout": store.layout, "label_names": store.label_names}
        SkeletonStore.build(tmp_path / "store", store, **info, provenance=store.info.provenance)
        said = self.refused(
            capsys, "--checkpoint", runs[0], "--data", tmp_path / "store", "--split",
            "cross-subject", "--output", tmp_path / "out",
        )  # fmt: skip
        assert "was trained on clips with normalisation isc_normalise, not halved" in said

    def test_no_labels(self, tmp_path, capsys):
        clips = [np.random.default_rng(n).normal(size=(30, 1, 20, 3)) for n in range(4)]
        SkeletonStore.build(tmp_path / "store", clips, labels=[-1] * 4, layout=KINECT20)
        said = self.refused(capsys, "--data", tmp_path / "store", "--output", tmp_path)
        assert "no clip has a label. Pre-training works without" in said

    def test_a_side_without_labels(self, tmp_path, capsys):
        make_store(tmp_path / "store", {1: [0, 1], 2: [-1, -1]})
        said = self.refused(
            capsys, "--data", tmp_path / "store", "--split", "cross-subject", "--output", tmp_path,
        )  # fmt: skip
        assert "no test clip has a label" in said

    def test_an_exemplar_without_label(self, tmp_path, capsys):
        make_store(tmp_path / "store", {1: [0, 1, -1], 2: [0, 1]})
        said = self.refused(
            capsys, "--data", tmp_path / "store", "--split", "cross-subject", "--tasks", "one-shot",
            "--exemplars", "2", "--output", tmp_path,
        )  # fmt: skip
        assert "2 has no label" in said

    def test_a_class_that_is_not_trained_on(self, tmp_path, capsys):
        rng = np.random.default_rng(0)
        clips = [
            data.Clip(rng.normal(size=(30, 1, 20, 3)), label=label, subject=subject)
            for label, subject in [(0, 1), (0, 2), (1, 2)]
        ]
        SkeletonStore.build(
            tmp_path / "store", clips, layout=KINECT20, label_names=["wave", "kick"]
        )
        said = self.refused(
            capsys, "--data", tmp_path / "store", "--split", "cross-subject",
            "--output", tmp_path,
        )  # fmt: skip
        assert "no training clip shows kick" in said
