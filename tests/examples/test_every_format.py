"""From the files of each format to a store, and from the store to the report of the pipeline."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import foreign
import numpy as np
import pytest
import torch

from skelter.data import (
    Clip,
    SkeletonStore,
    synthetic,
    write_isc,
    write_ntu,
    write_pyskl,
    write_ragged,
)
from skelter.layouts import BODY25, COCO17, KINECT20, NTU25, OPENPOSE18, SBU15

NAME = "S001C{:03d}P{:03d}R{:03d}A{:03d}"
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Call the main function of an example with arguments, in a folder of its own."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.chdir(tmp_path)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so little work is slower on several, much slower on busy ones

    def call(script, *arguments):
        monkeypatch.setattr(sys, "argv", [script, *map(str, arguments)])
        importlib.import_module(script.removesuffix(".py")).main()

    yield call
    torch.set_num_threads(threads)


def recordings(layout, persons=2, channels=3):
    """30 clips of three actions in space, or in an image with scores."""
    store = synthetic.generate(clips_per_class=10, classes=["wave", "kick", "bow"], layout=layout)
    clips = []
    for number, clip in enumerate(store):
        joints = clip.joints[:40, :persons]
        if layout in (BODY25, COCO17, OPENPOSE18):
            joints = in_an_image(joints)[..., :channels]
        name = NAME.format(1 + number % 3, 1 + number % 5, 1 + number // 9, clip.label + 1)
        clips.append(Clip(joints, clip.label, 1 + number % 5, 1 + number % 3, name))
    return SkeletonStore.from_clips(clips, layout=layout, label_names=store.label_names)


def in_an_image(joints):
    """Poses as a detector sees them: shares of the image, y downward, and a score."""
    seen = (joints != 0).any(-1, keepdims=True)
    score = np.full((*joints.shape[:-1], 1), 0.9, np.float32)
    return np.concatenate([0.5 - 0.1 * joints[..., :2], score], -1) * seen


TRAIN = [i for i in range(30) if i % 3]
TEST = [i for i in range(30) if i % 3 == 0]


def write(name, folder):
    """Write files; return what comes before OUT on both command lines."""
    if name == "ntu60":
        write_ntu(folder, recordings(NTU25))
        return ["ntu60", folder], ["--split", "ntu60-xview"]
    if name == "ntu120":
        write_ntu(folder, recordings(NTU25))
        return ["ntu120", folder, "--single-body", "duplicate"], ["--split", "ntu120-xsub"]
    if name == "pku-mmd":
        foreign.write_pku_mmd(folder, recordings(NTU25), train=TRAIN)
        split = ["--split-file", folder / "split.txt"]
        return (
            ["pku-mmd", folder / "skeleton", folder / "label", *split],
            ["--split", "pku-mmd", *split],
        )
    if name == "nw-ucla":
        foreign.write_nw_ucla(folder, recordings(KINECT20, persons=1))
        return ["nw-ucla", folder], ["--split", "nw-ucla"]
    if name == "utd-mhad":
        foreign.write_utd_mhad(folder, recordings(KINECT20, persons=1))
        return ["utd-mhad", folder], ["--split", "utd-mhad"]
    if name == "sbu":
        foreign.write_sbu(folder, recordings(SBU15))
        return ["sbu", folder], ["--split", "sbu"]
    if name == "openpose":
        foreign.write_openpose(folder, recordings(BODY25, persons=1))
        return ["openpose", folder, "--persons", "1"], ["--split", "cross-view"]
    if name == "kinetics":
        foreign.write_kinetics(folder, recordings(OPENPOSE18), train=TRAIN)
        return ["kinetics", folder], ["--split", "recorded"]
    if name == "isc":
        write_isc(folder, recordings(NTU25), train=TRAIN, val=TEST, frames=64)
        return ["isc", folder], ["--split", "recorded", "--lists", "train", "val"]
    if name == "crosclr":
        foreign.write_crosclr(folder, recordings(NTU25), train=TRAIN, val=TEST)
        return ["crosclr", folder], ["--split", "ntu60-xview"]
    folder.mkdir()
    if name == "ctrgcn":
        foreign.write_ctrgcn(folder / "NTU60_CS.npz", recordings(NTU25), train=TRAIN, test=TEST)
        return ["ctrgcn", folder / "NTU60_CS.npz"], []
    if name.startswith("pyskl"):
        layout, channels = (NTU25, 3) if name == "pyskl" else (COCO17, int(name[-1]))
        store = recordings(layout, channels=channels)
        splits = {"xsub_train": TRAIN, "xsub_val": TEST}
        write_pyskl(folder / "set.pkl", store, splits, scores=layout is COCO17 and channels == 3)
        lists = ["--split", "recorded", "--lists", *splits]
        return ["pyskl", folder / "set.pkl", "--layout", layout.name], lists
    write_ragged(folder / "set.npz", recordings(KINECT20))
    return ["ragged", folder / "set.npz"], ["--split", "cross-view"]


class TestEveryFormat:
    @pytest.mark.parametrize(
        "name",
        ["ntu60", "ntu120", "pku-mmd", "nw-ucla", "utd-mhad", "sbu", "kinetics",
         "openpose", "isc", "crosclr", "ctrgcn", "pyskl",
         "pyskl-2", "pyskl-3", "ragged"],
    )  # fmt: skip
    def test_to_a_report(self, name, run, tmp_path, capsys):
        arguments, split = write(name, tmp_path / "raw")
        run("prepare_data.py", *arguments, tmp_path / "store", "--workers", 1)
        assert "30 clips" in capsys.readouterr().out
        store = SkeletonStore.open(tmp_path / "store")
        assert len(store) == 30
        assert store.channels == (2 if name == "pyskl-2" else 3)

        run("paper_pipeline.py", "--data", tmp_path / "store", *split, "--epochs", 1)
        printed = capsys.readouterr().out
        train, test = re.search(r"(\d+) clips train, (\d+) test", printed).groups()
        assert int(train) + int(test) == 30
        report = (tmp_path / "runs" / "paper_pipeline" / "report.md").read_text()
        assert "| InterSkeletonContrast, sequence + image: image |" in report
        assert store.info.provenance["format"] in report


class TestPrepareData:
    def test_normalised_once(self, run, tmp_path, capsys):
        write_ntu(tmp_path / "raw", recordings(NTU25))
        run("prepare_data.py", "ntu60", tmp_path / "raw", "store", "--workers", 1, "--normalise")
        run("paper_pipeline.py", "--data", "store", "--split", "ntu60-xview", "--epochs", 1)
        assert "normalised when it was prepared" in capsys.readouterr().out

    def test_normalised_by_name(self, run, tmp_path, capsys):
        """A classifier of such clips takes a recording as it is."""
        write_ntu(tmp_path / "raw", recordings(NTU25))
        name = "ctrgcn_normalise, single=duplicate"
        run("prepare_data.py", "ntu60", tmp_path / "raw", "store", "--workers", 1, "--normalise",
            name)  # fmt: skip
        assert SkeletonStore.open(tmp_path / "store").info.provenance["normalisation"] == name
        run("paper_pipeline.py", "--data", "store", "--split", "ntu60-xview", "--epochs", 1)
        run("predict.py", next((tmp_path / "raw").iterdir()))
        assert " %  " in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("halved", "ValueError: its name must be one that this library knows.*got 'halved'"),
            ("crosclr_normalise, x=3", "must be frames=VALUE or joint=VALUE; got 'x=3'"),
        ],
    )
    def test_unknown_normalisations(self, run, tmp_path, name, message):
        write_ntu(tmp_path / "raw", recordings(NTU25))
        with pytest.raises(SystemExit, match=message):
            run("prepare_data.py", "ntu60", tmp_path / "raw", "store", "--normalise", name)

    def test_help_lists_normalisations(self, run, capsys):
        with pytest.raises(SystemExit):
            run("prepare_data.py", "ntu60", "--help")
        printed = capsys.readouterr().out
        assert "  ctrgcn_normalise: CTR-GCN's, which is SGN's" in printed
        assert "[frames=50, joint=None]" in printed

    def test_errors_are_sentences(self, run, tmp_path):
        with pytest.raises(SystemExit, match=r"FileNotFoundError: .*nowhere does not exist"):
            run("prepare_data.py", "ntu60", tmp_path / "nowhere", "store")

    def test_errors_name_options_of_the_command_line(self, run, tmp_path):
        """An argument of Python, `layout=`, is the option `--layout`."""
        write_isc(tmp_path / "raw", recordings(KINECT20), train=TRAIN, val=TEST, frames=64)
        message = "has 20 joints, but layout NTU25 has 25. Pass --layout LAYOUT for your"
        with pytest.raises(SystemExit, match=message):
            run("prepare_data.py", "isc", tmp_path / "raw", "store", "--workers", 1)

    def test_errors_name_no_options_that_there_are_not(self, run, tmp_path):
        write_ragged(tmp_path / "whole.npz", recordings(KINECT20))
        with np.load(tmp_path / "whole.npz") as file:
            arrays = dict(file)
        arrays |= {"joint_names": arrays["joint_names"][:19], "bones": arrays["bones"][:18]}
        np.savez(tmp_path / "set.npz", **arrays)
        with pytest.raises(SystemExit, match="`data` has 20 joints, but layout .* has 19.$"):
            run("prepare_data.py", "ragged", tmp_path / "set.npz", "store")

    @pytest.mark.parametrize("set_", ["ntu60", "kinetics", "isc", "pyskl", "utd-mhad", "sbu"])
    def test_archives(self, run, tmp_path, set_):
        (tmp_path / "x.zip").touch()
        with pytest.raises(SystemExit, match=r"x\.zip is an archive\. Unpack it, and pass the"):
            run("prepare_data.py", set_, tmp_path / "x.zip", "store")

    def test_the_report_names_a_file_once(self, run, tmp_path, capsys):
        write_ntu(tmp_path / "raw", recordings(NTU25))
        file = next((tmp_path / "raw").iterdir())
        file.write_text("12\nnobody\n")
        run("prepare_data.py", "ntu60", tmp_path / "raw", "store", "--workers", 1, "--on-error",
            "skip")  # fmt: skip
        printed = capsys.readouterr().out
        assert printed.count(file.name) == 1
        assert f"\n  {file.name}, line 2: expected the number of bodies" in printed

    def test_dry_run_counts_and_builds_nothing(self, run, tmp_path, capsys):
        write_ntu(tmp_path / "raw", recordings(NTU25))
        run("prepare_data.py", "ntu60", tmp_path / "raw", "store", "--dry-run")
        assert (
            "by name, NTU-60 xview: 20 train (37,626 of 37,646 missing)" in capsys.readouterr().out
        )
        assert not (tmp_path / "store").exists()


class TestRepeats:
    def test_both_figures(self, run, tmp_path, capsys):
        store = recordings(KINECT20, persons=1)
        clips = list(store)
        clips[2] = Clip(
            clips[1].joints, clips[1].label, 1, 3, "a clip of view 3 like one of view 2"
        )
        foreign.write_nw_ucla(tmp_path / "raw", clips)
        run("prepare_data.py", "nw-ucla", tmp_path / "raw", "store", "--workers", 1)
        repeated = "1 of 10 test clips repeat the coordinates of training clips"
        assert repeated in capsys.readouterr().out
        run("paper_pipeline.py", "--data", "store", "--split", "nw-ucla", "--epochs", 1)
        assert repeated in capsys.readouterr().out
        report = (tmp_path / "runs" / "paper_pipeline" / "report.md").read_text()
        assert f"**{repeated}.**" in report
        rows = [line for line in report.splitlines() if re.match(r"\| (\||raw poses)", line)]
        header, raw = rows[:2]
        assert "| 1-NN, no repeats |" in header
        assert "| linear, no repeats |" in header
        assert raw.count("|") == header.count("|")

    def test_five_folds(self, run, tmp_path, capsys):
        store = recordings(KINECT20)
        clips = [Clip(c.joints, c.label, extra={"fold": n % 5}) for n, c in enumerate(store)]
        SkeletonStore.build("store", clips, layout=KINECT20, label_names=store.label_names)
        run("paper_pipeline.py", "--data", "store", "--split", "sbu", "--epochs", 1)
        assert "SBU fold 4: 24 clips train, 6 test" in capsys.readouterr().out
        report = (tmp_path / "runs" / "paper_pipeline" / "report.md").read_text()
        assert "mean ± standard deviation over 5 folds" in report
