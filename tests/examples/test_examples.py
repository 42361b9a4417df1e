"""Every example runs as a user would run it, in a folder of its own, with little to learn."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from skelter import data
from skelter.data import SkeletonStore
from skelter.layouts import KINECT20

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(folder, script, *arguments):
    return subprocess.run(
        [sys.executable, "-W", "ignore", str(EXAMPLES / script), *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


class TestPaperPipeline:
    @pytest.mark.parametrize(
        "encoders",
        [("sequence=bigru", "image=hcn"), ("sequence=bigru", "graph=agcn", "image=hcn")],
    )
    def test_report_of_a_ragged_file(self, recordings, tmp_path, encoders):
        done = run(
            tmp_path, "paper_pipeline.py", "--data", recordings, "--split", "cross-subject",
            "--epochs", 1, "--seeds", 0, 1, "--encoders", *encoders,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert re.search(r"loss \d+\.\d+, .*\d+ clips/s", done.stderr)
        folder = tmp_path / "runs" / "paper_pipeline"
        report = (folder / "report.md").read_text()
        names = [pair.split("=")[0] for pair in encoders]
        method = f"InterSkeletonContrast, {' + '.join(names)}"
        assert re.search(r"^\| raw poses \|( \d+\.\d \|){5}$", report, re.M)
        for row in (f"{kind}: {name}" for kind in ("random encoder", method) for name in names):
            line = rf"^\| {re.escape(row)} \|( \d+\.\d ± \d+\.\d \|){{5}}$"
            assert re.search(line, report, re.M), row
        for fact in (
            "cross-subject, 30 clips train, 30 test",
            "seeds: pre-training 0, 1",
            "mean ± standard deviation over 2 seeds",
            "skelter 0.",
            "torch 2.",
        ):
            assert fact in report
        for figure in ("loss.png", "confusion.png", "views.png", "features.png", "classes.png"):
            assert (folder / figure).stat().st_size > 5000
            assert f"({figure})" in report
        numbers = json.loads((folder / "report.json").read_text())
        trained = [row for row in numbers["rows"] if row["title"].startswith(method)]
        assert sorted({row["seed"] for row in trained}) == [0, 1]
        assert [run["seed"] for run in numbers["pre-training"]] == [0, 1]
        assert [len(losses) for losses in numbers["losses"]] == [1, 1]

    def test_a_store_directory_and_its_default_split(self, recordings, tmp_path):
        store = data.load_ragged(recordings)
        SkeletonStore.build(
            tmp_path / "store", store, layout=KINECT20, label_names=store.label_names
        )
        done = run(
            tmp_path, "paper_pipeline.py", "--data", "store", "--epochs", 1, "--output", "out"
        )
        assert done.returncode == 0, done.stderr
        assert "cross-view: 39 clips train, 21 test" in done.stdout
        assert (tmp_path / "out" / "report.md").is_file()

    def test_same_seed_same_numbers(self, recordings, tmp_path):
        found = []
        for output in ("a", "b"):
            done = run(
                tmp_path, "paper_pipeline.py", "--data", recordings, "--epochs", 1,
                "--output", output,
            )  # fmt: skip
            found.append(json.loads((tmp_path / output / "report.json").read_text()))
            assert done.returncode == 0
        figures = [[row["figures"] for row in numbers["rows"]] for numbers in found]
        assert figures[0] == figures[1]
        assert found[0]["losses"] == found[1]["losses"]

    def test_a_finished_run_is_not_trained_again(self, recordings, tmp_path):
        command = ("paper_pipeline.py", "--data", recordings, "--epochs", 1, "--seeds")
        tables = []
        for seeds in ((0,), (0, 1)):
            done = run(tmp_path, *command, *seeds)
            assert done.returncode == 0, done.stderr
            newest = sorted((tmp_path / "runs").glob("*/*seed0/checkpoints/*.pt"))[-1]
            numbers = json.loads((tmp_path / "runs" / "paper_pipeline" / "report.json").read_text())
            rows = [row["figures"] for row in numbers["rows"] if row["seed"] == 0]
            tables.append((newest.stat().st_mtime_ns, numbers["losses"][0], rows))
        assert tables[0] == tables[1]
        assert len(numbers["losses"]) == 2

    def test_several_processes_write_one_report(self, recordings, tmp_path):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "torch.distributed.run", "--standalone",
             "--nproc-per-node", "2", EXAMPLES / "paper_pipeline.py", "--data", recordings,
             "--epochs", "1", "--accelerator", "cpu", "--split", "cross-subject"],
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300,
            env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("report: ") == 1
        assert done.stdout.count("| raw poses |") == 1
        assert (tmp_path / "runs" / "paper_pipeline" / "report.md").is_file()

    def test_every_fold_and_seed_has_a_folder(self, on_path):
        from paper_pipeline import PRESETS

        run = PRESETS["paper"].run("xsub_train / xsub_val, as recorded", 0, 3)
        assert run.output == Path("runs/paper_pipeline/xsub_train-xsub_val-as-recorded-seed3")
        assert (run.seed, run.epochs, run.encoders) == (3, 451, ("sequence=bigru", "image=hcn"))

    def test_help_shows_every_option(self, tmp_path):
        done = run(tmp_path, "paper_pipeline.py", "--help")
        shown = done.stdout
        assert done.returncode == 0
        for option in (
            "data", "split", "split-file", "lists", "encoders", "preset", "epochs", "seeds",
            "accelerator", "output",
        ):  # fmt: skip
            assert re.search(rf"--{option}\b", shown)
        assert "--pretraining" not in shown

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("--encoders", "sequence=bigru"), "--encoders must be two or more different ones"),
            (("--encoders", "sequence=bigru", "foo=hcn"), "--encoders must be different ones of"),
            (("--epochs", 0), "--epochs must be 1 or more; got 0"),
            (("--seeds",), "--seeds must be different numbers; got none"),
            (("--seeds", 1, 1), "--seeds must be different numbers; got 1 1"),
            (("--split", "pku-mmd"), "--split pku-mmd needs a --split-file"),
            (("--split", "ntu60-xsub", "--data", "no"), "--data no"),
        ],
    )
    def test_wrong_arguments(self, on_path, tmp_path, monkeypatch, capsys, arguments, message):
        import paper_pipeline

        monkeypatch.chdir(tmp_path)
        with pytest.raises(SystemExit) as end:
            paper_pipeline.main([str(argument) for argument in arguments])
        assert end.value.code == 2
        assert message in " ".join(capsys.readouterr().err.replace("│", " ").split())
        assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("script", "arguments", "said"),
    [
        ("borrow_augmentations.py", (), r"\(16, 3, 100, 3, 1\) -> \(16, 3, 32, 3, 1\)"),
        ("swap_encoder.py", ("--epochs", 1), r"pre-trained: 1-NN accuracy \d+\.\d%"),
        ("new_method.py", ("--epochs", 1), r"\| 1 \| cosine \| \d+\.\d% \|"),
    ],
)
def test_the_three_uses(tmp_path, script, arguments, said):
    done = run(tmp_path, script, *arguments)
    assert done.returncode == 0, done.stderr
    assert re.search(said, done.stdout)


@pytest.mark.parametrize(
    ("script", "lines"), [("borrow_augmentations.py", 30), ("new_method.py", 90)]
)
def test_stays_short(script, lines):
    assert len((EXAMPLES / script).read_text().splitlines()) <= lines
