"""The action of a clip by its file: every format, wrong arguments, and what an evaluation keeps."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import foreign
import numpy as np
import pytest
import torch
from torch import nn

from skelter import data
from skelter.checkpoints import ClipFacts, TrainedEncoder, load_encoder, save_encoder
from skelter.data import SkeletonStore, synthetic, write_ntu, write_pyskl, write_ragged
from skelter.encoders import BiGRU
from skelter.layouts import BODY25, KINECT20, NTU25, OPENPOSE18, SkeletonLayout, save_layout
from skelter.representations import ToSequence

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ("wave", "kick", "bow")
pytestmark = [pytest.mark.usefixtures("on_path"), pytest.mark.filterwarnings("ignore")]


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "400")


@pytest.fixture
def classifier(tmp_path):
    """Make a classifier of clips of a layout, with random weights."""

    def make(layout=NTU25, channels=3, persons=2, normalisation="isc_normalise", layer=True):
        torch.manual_seed(0)
        size = layout.num_joints * channels * persons
        facts = ClipFacts(layout, channels, persons, 16, normalisation, NAMES)
        trained = TrainedEncoder(
            BiGRU(size, 4, layers=1), ToSequence(), facts,
            classifier=nn.Linear(8, 3) if layer else None,
        )  # fmt: skip
        save_encoder(trained, tmp_path / "classifier.pt")
        return tmp_path / "classifier.pt"

    return make


def predict(*arguments):
    import predict as script

    return script.main([str(argument) for argument in arguments])


def refused(capsys, *arguments):
    with pytest.raises(SystemExit) as end:
        predict(*arguments)
    assert end.value.code == 2
    return capsys.readouterr().err


def in_order(text):
    """Return the classes of a table, and check that their scores fall and sum to 100 %."""
    lines = re.findall(r"^ *([\d.]+) %  (.+)$", text, re.M)
    scores = [float(score) for score, _ in lines]
    assert scores == sorted(scores, reverse=True)
    assert sum(scores) == pytest.approx(100, abs=0.2)
    return [name for _, name in lines]


class TestClips:
    def expected(self, path, store, number=0):
        """Return the classes in the order of the library's own scores."""
        clip = torch.from_numpy(store[number].joints).permute(3, 0, 2, 1)
        scores = load_encoder(path).predict(clip)
        return [NAMES[n] for n in scores.argsort(descending=True)]

    @pytest.fixture
    def store(self):
        return synthetic.generate(clips_per_class=2, classes=NAMES)

    @pytest.mark.parametrize("form", ["store", "npz", "skeleton", "pkl", "npy", "ctrgcn"])
    def test_of_ntu(self, classifier, store, tmp_path, capsys, form):
        number, path = 2, tmp_path / f"clips.{form}"
        if form == "store":
            SkeletonStore.build(path, store, layout=NTU25)
        elif form == "npz":
            write_ragged(path, store)
        elif form == "pkl":
            write_pyskl(path, store, splits={"train": [0]})
        elif form == "ctrgcn":
            path = tmp_path / "clips.npz"
            foreign.write_ctrgcn(path, store, train=[0], test=range(6))
        elif form == "npy":
            np.save(path, store[number].joints)
        else:
            write_ntu(tmp_path / "files", [store[number]])
            (path,) = (tmp_path / "files").iterdir()
        chosen = () if form in ("npy", "skeleton") else ("--number", number)
        weights = classifier()
        assert predict(path, *chosen, "--checkpoint", weights) == 0
        out = capsys.readouterr().out
        assert in_order(out) == self.expected(weights, store, number)
        assert (tmp_path / "predict.png").stat().st_size > 5000
        assert f"{store.num_frames[number]} frames of NTU25" in out

    def test_of_one_person(self, classifier, store, tmp_path, capsys):
        """Without the axis of persons, and without the second one."""
        np.save(tmp_path / "clip.npy", store[0].joints[:, 0])
        weights = classifier()
        predict("clip.npy", "--checkpoint", weights, "--top", 1)
        assert f"%  {self.expected(weights, store)[0]}\n" in capsys.readouterr().out

    def test_of_nw_ucla(self, classifier, tmp_path, capsys):
        store = synthetic.generate(clips_per_class=1, layout=KINECT20, classes=NAMES)
        foreign.write_nw_ucla(tmp_path / "ucla", store)
        (path, *_) = sorted((tmp_path / "ucla").iterdir())
        weights = classifier(KINECT20)
        predict(path, "--checkpoint", weights)
        assert in_order(capsys.readouterr().out)

    def test_of_kinetics_and_openpose(self, classifier, tmp_path, capsys):
        people = [{"pose_keypoints_2d": np.random.default_rng(0).uniform(10, 99, 75).tolist()}]
        for frame in range(20):
            name = f"walk_{frame:012}_keypoints.json"
            (tmp_path / name).write_text(json.dumps({"people": people}))
        weights = classifier(BODY25, normalisation="size and place")
        for path in (tmp_path / name, tmp_path):
            predict(path, "--checkpoint", weights, "--output", "out/of.png")
            assert "of BODY25" in capsys.readouterr().out
        pose = np.random.default_rng(0).uniform(0, 1, 36).tolist()
        frames = [{"frame_index": n, "skeleton": [{"pose": pose, "score": [0.5] * 18}]}
                  for n in range(1, 9)]  # fmt: skip
        content = {"data": frames, "label": "wave", "label_index": 0}
        (tmp_path / "video.json").write_text(json.dumps(content))
        weights = classifier(OPENPOSE18, normalisation="size and place")
        predict("video.json", "--checkpoint", weights)
        assert "8 frames of OPENPOSE18" in capsys.readouterr().out

    def test_a_generated_one(self, classifier, capsys):
        predict("--number", 1, "--checkpoint", classifier(KINECT20))
        assert ", labelled " in capsys.readouterr().out

    def test_another_layout_is_converted(self, classifier, tmp_path, capsys):
        store = synthetic.generate(clips_per_class=1, layout=KINECT20, classes=NAMES)
        write_ragged(tmp_path / "clips.npz", store)
        predict("clips.npz", "--checkpoint", classifier())
        assert "warning: KINECT20 lacks 5 joints of NTU25: zeros" in capsys.readouterr().out

    def test_a_layout_of_ones_own(self, classifier, tmp_path, capsys):
        arm = SkeletonLayout("arm", ["shoulder", "elbow", "hand"], parents=[-1, 0, 1])
        save_layout(arm, tmp_path / "arm.json")
        np.save(tmp_path / "clip.npy", np.random.default_rng(0).normal(size=(30, 3, 3)))
        weights = classifier(arm, persons=1, normalisation="size and place")
        predict("clip.npy", "--layout", "arm.json", "--checkpoint", weights)
        assert "30 frames of arm" in capsys.readouterr().out


class TestWrong:
    def test_clips(self, classifier, tmp_path, capsys):
        weights = classifier()
        (tmp_path / "notes.md").touch()
        (tmp_path / "damaged.skeleton").write_text("x")
        (tmp_path / "a.json").write_text("{")
        np.save(tmp_path / "objects.npy", np.array([None]))
        np.save(tmp_path / "hand.npy", np.ones((9, 1, 21, 3), np.float32))
        np.save(tmp_path / "flat.npy", np.ones((9, 25, 2), np.float32))
        np.save(tmp_path / "crowd.npy", np.ones((9, 3, 25, 3), np.float32))
        for arguments, message in [
            (["nowhere"], "nowhere: it does not exist. CLIP is a file"),
            (["notes.md"], "a file .md is not a CLIP that is known"),
            (["damaged.skeleton"], "damaged.skeleton"),
            (["a.json"], "a.json is not JSON"),
            (["objects.npy"], "objects.npy"),
            (["hand.npy"], "21 joints"),
            (["flat.npy"], "2 coordinates"),
            (["crowd.npy"], "3 persons"),
            (["--layout", "foo"], "--layout must be one of NTU25, "),
            (["--layout", "foo.json"], "foo.json"),
            (["--number", 999], "--number 999: there are"),
            (["--top", 0], "--top must be 1 or more"),
        ]:
            assert message in refused(capsys, *arguments, "--checkpoint", weights), arguments

    def test_checkpoints(self, classifier, recordings, tmp_path, capsys):
        assert "python examples/paper_pipeline.py trains one" in refused(capsys)
        said = refused(capsys, "--checkpoint", classifier(layer=False))
        assert "encoder without a classifier. Train one: python examples/evaluate.py" in said
        assert "does not exist" in refused(capsys, "--checkpoint", "nowhere.pt")
        assert "holds clips, not weights" in refused(capsys, "--checkpoint", recordings)
        (tmp_path / "run" / "checkpoints").mkdir(parents=True)
        said = refused(capsys, "--checkpoint", "run")
        assert "run of pre-training, which knows no classes" in said
        assert "--tasks finetune" in said

    def test_help(self, capsys):
        with pytest.raises(SystemExit) as end:
            predict("--help")
        assert end.value.code == 0
        shown = capsys.readouterr().out
        for option in ("CLIP", "--number", "--checkpoint", "--layout", "--top", "--output"):
            assert option in shown


class TestWhatAnEvaluationKeeps:
    """From pre-training to the action of a clip, as a user would run it."""

    @pytest.fixture(scope="class")
    def folder(self, recordings, tmp_path_factory):
        folder = tmp_path_factory.mktemp("kept")
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(str(EXAMPLES))
            patch.chdir(folder)
            import evaluate
            import pretrain

            pretrain.main(["--data", str(recordings), "--gru-hidden", "8", "--hcn-channels", "16",
                           "--frames", "16", "--crop-floor", "8", "--batch-size", "12",
                           "--steps", "3", "--split", "cross-subject"])  # fmt: skip
            evaluate.main(["--checkpoint", "runs/pretrain", "--data", str(recordings), "--preset",
                           "small", "--tasks", "linear", "finetune", "--split", "cross-subject",
                           "--accelerator", "cpu"])  # fmt: skip
        return folder

    def files(self, folder):
        return sorted((folder / "runs" / "evaluate" / "classifiers").iterdir())

    def test_files(self, folder):
        assert [path.stem for path in self.files(folder)] == [
            "finetune-image", "finetune-sequence", "linear-image", "linear-sequence"
        ]  # fmt: skip

    def test_scores_are_those_of_the_report(self, folder, recordings):
        store = data.load_ragged(recordings)
        split = data.splits.cross_subject()(store)
        x, num_frames, labels = store.batch(split.test)
        rows = json.loads((folder / "runs" / "evaluate" / "report.json").read_text())["rows"]
        columns = {"linear": "linear", "finetune": "fine-tuned"}
        for path in self.files(folder):
            task, name = path.stem.split("-")
            trained = load_encoder(path)
            assert trained.label_names == store.label_names
            assert trained.facts.normalisation == "isc_normalise"
            right = (trained.predict(x, num_frames=num_frames).argmax(1) == labels).double().mean()
            (row,) = (row for row in rows if row["title"].endswith(f"+ image: {name}"))
            assert float(right) == pytest.approx(row["figures"][columns[task]], abs=0.04)

    def test_features_of_a_run_are_those_of_an_evaluation(self, folder, recordings):
        from parts import sources
        from parts.evaluator import Evaluator
        from parts.protocols import Evaluation
        from parts.recordings import Fold, normalised

        raw = data.load_ragged(recordings)
        split = data.splits.cross_subject()(raw)
        store = normalised(raw)
        for one in sources.load(folder / "runs" / "pretrain", store):
            if one.kind != sources.TRAINED:
                continue
            fold = Fold("", split, np.array([], int))
            config = Evaluation(accelerator="cpu")
            expected = Evaluator(config, store, fold, one, print).row.test.features
            trained = load_encoder(folder / "runs" / "pretrain", one.name)
            x, num_frames, _ = raw.batch(split.test)
            found = trained(x, num_frames=num_frames)
            torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
            clip = torch.from_numpy(raw[int(split.test[3])].joints).permute(3, 0, 2, 1)
            torch.testing.assert_close(trained(clip), expected[3], rtol=1e-5, atol=1e-6)

    def test_are_evaluated_again(self, folder, recordings, capsys, monkeypatch):
        import evaluate

        monkeypatch.chdir(folder)
        path = self.files(folder)[1]
        evaluate.main(["--checkpoint", str(path), "--data", str(recordings), "--tasks", "knn",
                       "--no-baselines", "--split", "cross-subject", "--output", "again",
                       "--no-keep-classifiers"])  # fmt: skip
        assert "| finetune-sequence: sequence |" in capsys.readouterr().out
        assert not (folder / "again" / "classifiers").exists()

    def test_name_a_generated_clip(self, folder):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", str(EXAMPLES / "predict.py"), "--top", "2"],
            cwd=folder, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "--checkpoint runs/evaluate/classifiers/" in done.stdout
        assert len(re.findall(r" %  (?:wave|kick|bow)$", done.stdout, re.M)) == 2
        assert (folder / "predict.png").stat().st_size > 5000


def test_names_of_classifiers_tell_them_apart(tmp_path):
    from evaluate import places
    from parts.protocols import Evaluation
    from parts.recordings import Fold
    from parts.sources import RAW, TRAINED, Candidate

    def one(name, seed=0, title="T", kind=TRAINED):
        return Candidate(title, kind, nn.Identity(), nn.Identity(), 16, seed, name=name)

    config, folds = Evaluation(output=tmp_path), [Fold(f"fold {n}", None, None) for n in (1, 2)]

    def names(*work):
        return [path and path.stem for path in places(config, work)]

    first, second = folds
    assert names((first, one("", kind=RAW)), (first, one("a")), (first, one("b"))) == [
        None, "a", "b"
    ]  # fmt: skip
    assert names((first, one("a")), (first, one("a", 1))) == ["a-seed0", "a-seed1"]
    assert names((first, one("a")), (second, one("a"))) == ["a-fold-1-seed0", "a-fold-2-seed0"]
    assert names((first, one("a", title="X: a")), (first, one("a", title="Y: a"))) == [
        "X-a-fold-1-seed0", "Y-a-fold-1-seed0"
    ]  # fmt: skip
    assert names((first, one("a")), (first, one("a"))) == ["a-0", "a-1"]
