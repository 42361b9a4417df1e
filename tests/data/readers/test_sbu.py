from __future__ import annotations

import re
import shutil

import numpy as np
import pytest

from skelter import data
from skelter.data import SkeletonFormatError, read_sbu, sources, splits

FLAT = "s01s02_03_001_skeleton_pos.txt"
PAIRS = {
    0: "s01s02 s03s04 s05s02 s06s04",
    1: "s02s03 s02s07 s03s05 s05s03",
    2: "s01s03 s01s07 s07s01 s07s03",
    3: "s02s01 s02s06 s03s02 s03s06",
    4: "s04s02 s04s03 s04s06 s06s02 s06s03",
}


def lines(frames=3, shares=None):
    """Lines of a file, and the shares (T, 2, 15, 3) in them."""
    if shares is None:
        shares = np.linspace(0.1, 0.9, frames * 90).reshape(frames, 2, 15, 3).round(4)
    rows = ([f"{55 + n}", *(f"{v:g}" for v in row.ravel())] for n, row in enumerate(shares))
    return "".join(",".join(row) + "\n" for row in rows), shares


def write(folder, name=FLAT, shares=None):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(lines(shares=shares)[0])
    return path


class TestReadSBU:
    def test_metres(self, tmp_path):
        (clip,) = read_sbu(write(tmp_path))
        _, shares = lines()
        assert clip.joints.shape == (3, 2, 15, 3)
        assert clip.joints.dtype == np.float32
        np.testing.assert_allclose(clip.joints[..., 0], 1.28 - 2.56 * shares[..., 0], atol=1e-6)
        np.testing.assert_allclose(clip.joints[..., 1], 0.96 - 1.92 * shares[..., 1], atol=1e-6)
        np.testing.assert_allclose(clip.joints[..., 2], 1.28 * shares[..., 2], atol=1e-6)

    def test_missing_joints_and_persons_stay_zeros(self, tmp_path):
        shares = lines()[1].copy()
        shares[:, 1] = shares[0, 0, 4] = 0
        (clip,) = read_sbu(write(tmp_path, shares=shares))
        assert not clip.joints[:, 1].any()
        assert not clip.joints[0, 0, 4].any()
        assert clip.joints[1, 0, 4].all()

    @pytest.mark.parametrize("name", [FLAT, "s01s02/03/001/skeleton_pos.txt", "s01s02_03_001.txt"])
    def test_facts_of_the_path(self, tmp_path, name):
        (clip,) = read_sbu(write(tmp_path, name))
        assert (clip.name, clip.label, clip.subject) == ("s01s02_03_001", 2, 0)
        assert clip.extra == {"fold": 0}

    def test_folds_and_subjects_of_all_pairs(self, tmp_path):
        for pairs in PAIRS.values():
            for pair in pairs.split():
                write(tmp_path, f"{pair}/08/002/skeleton_pos.txt")
        clips = list(read_sbu(tmp_path))
        found = {clip.name[:6]: clip.extra["fold"] for clip in clips}
        assert found == {pair: fold for fold, pairs in PAIRS.items() for pair in pairs.split()}
        assert [clip.subject for clip in clips] == list(range(21))
        assert {clip.label for clip in clips} == {7}
        counts = data.prepare(sources.sbu(tmp_path), tmp_path / "store").counts
        assert [count.found for count in counts] == [(17, 4)] * 4 + [(16, 5)]

    def test_other_paths(self, tmp_path):
        (clip,) = read_sbu(write(tmp_path, "walk/skeleton_pos.txt"))
        assert (clip.name, clip.label, clip.subject, clip.extra) == ("walk", -1, -1, {})


class TestDamage:
    def error(self, path):
        with pytest.raises(SkeletonFormatError) as caught:
            next(read_sbu(path))
        assert str(caught.value).startswith(str(path))
        return str(caught.value).removeprefix(str(path))

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda text: "", "expected text; found an empty file"),
            (lambda text: text[: len(text) // 2], r"line \d: .* a frame number and 90 numbers"),
            (lambda text: text.replace(",0.1,", ",nan,", 1), "line 1: expected a finite .*'nan'"),
            (lambda text: text.replace(",0.1,", ",x,", 1), "line 1: expected a finite .*'x'"),
            (lambda text: text.replace("\n", ",7\n", 1), "line 1: .* 15 joints; found 92 numbers"),
            (lambda text: "1\n", "line 1: .* 15 joints; found 1 number."),
        ],
    )  # fmt: skip
    def test_contents(self, tmp_path, change, message):
        path = write(tmp_path)
        path.write_text(change(path.read_text()))
        assert re.search(message, self.error(path))

    def test_nobody(self, tmp_path):
        path = write(tmp_path, shares=np.zeros((2, 2, 15, 3)))
        assert self.error(path) == ": expected a body in the clip; found only zeros."

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("s01s09_03_001_skeleton_pos.txt", "one of the 21 pairs, such as s01s02; found s01s09"),
            ("s01s02_09_001_skeleton_pos.txt", "an action from 01 to 08; found 9"),
            ("s01s02_00_001_skeleton_pos.txt", "an action from 01 to 08; found 0"),
        ],
    )
    def test_names_beyond_the_set(self, tmp_path, name, message):
        assert self.error(write(tmp_path, name)) == f": expected {message}."


class TestOriginals:
    """The public files equal the shared arrays, which the tables of README come from."""

    @pytest.mark.parametrize("nested", [False, True])
    def test_files_and_arrays_agree(self, recordings, tmp_path, nested):
        raw = recordings / "raw" / "sbu_interaction"
        if nested:  # as the authors release them
            for file in raw.glob("*.txt"):
                take = tmp_path.joinpath("raw", *file.name.split("_")[:3])
                take.mkdir(parents=True)
                shutil.copy(file, take / "skeleton_pos.txt")
            raw = tmp_path / "raw"
        store = data.load_ragged(recordings / "sbu_interaction.npz")
        report = data.prepare(sources.sbu(raw), tmp_path / "store")
        built = report.store
        assert len(built) == 8
        assert built.layout == store.layout
        assert built.label_names == store.label_names
        assert built.info.fps == store.info.fps
        places = [store.names.tolist().index(name) for name in built.names]
        for clip, place in zip(built, places, strict=True):
            other = store[place]
            np.testing.assert_allclose(clip.joints, other.joints, atol=1e-3)
            assert (clip.label, clip.subject, clip.view) == (other.label, other.subject, other.view)
            assert clip.extra["fold"] == other.extra["fold"]
        for fold in range(5):
            of_all, of_some = splits.sbu(fold)(store), splits.sbu(fold).find(built.index)
            assert set(np.array(places)[of_some.train]) <= set(of_all.train.tolist())
            assert set(np.array(places)[of_some.test]) <= set(of_all.test.tolist())
