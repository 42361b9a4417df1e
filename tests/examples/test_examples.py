"""Every example runs as a user would run it, in a folder of its own, with little to learn."""

from __future__ import annotations

import json
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
    @pytest.mark.parametrize("names", [("sequence", "image"), ("sequence", "graph", "image")])
    def test_report_of_a_ragged_file(self, recordings, tmp_path, names):
        done = run(
            tmp_path, "paper_pipeline.py", "--data", recordings, "--protocol", "cross-subject",
            "--epochs", 1, "--seeds", 0, 1, "--representations", *names,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert re.search(r"loss \d+\.\d+, \d+ clips/s", done.stderr)
        folder = tmp_path / "runs" / "paper_pipeline"
        report = (folder / "report.md").read_text()
        for row in (
            "raw poses",
            *(f"{k}, {n}" for k in ("random encoder", "pre-trained") for n in names),
        ):
            assert re.search(rf"^\| {row} \|( \d+\.\d ± \d+\.\d \|){{5}}$", report, re.M), row
        for fact in (
            "cross-subject, 30 clips train, 30 test",
            "seeds: 0, 1",
            "skelter 0.",
            "torch 2.",
        ):
            assert fact in report
        for figure in ("loss.png", "confusion.png", "views.png"):
            assert (folder / figure).stat().st_size > 5000
            assert f"({figure})" in report
        numbers = json.loads((folder / "report.json").read_text())
        assert [seed["seed"] for seed in numbers["runs"]] == [0, 1]

    def test_a_store_directory_and_its_default_protocol(self, recordings, tmp_path):
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
        tables = []
        for output in ("a", "b"):
            done = run(
                tmp_path, "paper_pipeline.py", "--data", recordings, "--epochs", 1,
                "--output", output,
            )  # fmt: skip
            tables.append(json.loads((tmp_path / output / "report.json").read_text())["runs"][0])
            assert done.returncode == 0
        assert tables[0]["rows"] == tables[1]["rows"]
        assert tables[0]["losses"] == tables[1]["losses"]

    def test_help_and_wrong_arguments(self, tmp_path):
        assert "--protocol" in run(tmp_path, "paper_pipeline.py", "--help").stdout
        wrong = run(tmp_path, "paper_pipeline.py", "--representations", "sequence")
        assert wrong.returncode == 2
        assert "two or more different ones" in wrong.stderr


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
