"""Wrong kinds of path: each source says what it needs, what came, and what to do."""

from __future__ import annotations

import numpy as np
import pytest

from skelter.data import (
    Clip,
    SkeletonFormatError,
    SkeletonStore,
    sources,
    write_ntu,
)
from skelter.layouts import NTU25

FILES = {name: getattr(sources, name) for name in ("ctrgcn", "pyskl", "ragged")}
FOLDERS = {name: getattr(sources, name) for name in ("isc", "crosclr")}
MANY = {
    name: getattr(sources, name)
    for name in ("ntu60", "ntu120", "nw_ucla", "kinetics", "openpose", "utd_mhad", "sbu")
} | {"pku_mmd": lambda path: sources.pku_mmd(path, path.parent)}
ALL = FILES | FOLDERS | MANY


def test_no_source_is_forgotten():
    assert set(ALL) == set(sources.__all__)


@pytest.mark.parametrize("name", ALL)
class TestAllSources:
    @pytest.mark.parametrize("suffix", [".zip", ".tar.gz", ".ZIP", ".rar", ".7z"])
    def test_archives(self, tmp_path, name, suffix):
        path = tmp_path / f"set{suffix}"
        path.touch()
        with pytest.raises(SkeletonFormatError, match="is an archive. Unpack it, and pass"):
            ALL[name](path)

    def test_a_store(self, tmp_path, name):
        clips = [Clip(np.ones((2, 1, 25, 3)), 0)]
        SkeletonStore.build(tmp_path / "store", clips, layout=NTU25)
        with pytest.raises(SkeletonFormatError, match="is a store of skelter: it is prepared"):
            ALL[name](tmp_path / "store")

    def test_nothing(self, tmp_path, name):
        with pytest.raises(FileNotFoundError, match="none does not exist"):
            ALL[name](tmp_path / "none")


@pytest.mark.parametrize("name", FILES)
def test_a_folder_in_the_place_of_a_file(tmp_path, name):
    (tmp_path / "a.npz").touch()
    (tmp_path / "a.pkl").touch()
    with pytest.raises(
        SkeletonFormatError, match=r"expected a \.\w+ file; found a folder\. It hol"
    ):
        FILES[name](tmp_path)


@pytest.mark.parametrize("name", [*FILES, *MANY])
@pytest.mark.parametrize("suffix", [".npy", ".csv"])
def test_a_file_of_another_format(tmp_path, name, suffix):
    path = tmp_path / f"data{suffix}"
    path.touch()
    with pytest.raises(SkeletonFormatError, match=rf"expected .*; found a {suffix} file"):
        ALL[name](path)


@pytest.mark.parametrize("name", FOLDERS)
def test_a_file_in_the_place_of_a_folder(tmp_path, name):
    path = tmp_path / "train_data_joint.npy"
    path.touch()
    with pytest.raises(SkeletonFormatError, match=r"expected the folder of train_\w+\.npy and val"):
        FOLDERS[name](path)


@pytest.mark.parametrize("name", MANY)
def test_a_folder_of_archives(tmp_path, name):
    (tmp_path / "set.zip").touch()
    with pytest.raises(FileNotFoundError, match=r"holds no .* file\. Unpack set\.zip first\."):
        MANY[name](tmp_path)


class TestSetsOfNTU:
    @pytest.mark.parametrize("clip", ["S018C001P041R001A061", "S020C001P041R001A010"])
    def test_files_of_120_given_as_60(self, tmp_path, clip):
        write_ntu(tmp_path, [Clip(np.ones((2, 1, 25, 3)), name=clip)])
        message = "No file is of NTU RGB.D 60: 1 of NTU RGB.D 120 only. Use ntu120 for these."
        with pytest.raises(SkeletonFormatError, match=message):
            sources.ntu60(tmp_path)
        assert len(sources.ntu120(tmp_path).pieces) == 1

    def test_files_of_neither(self, tmp_path):
        (tmp_path / "mine.skeleton").touch()
        for source in (sources.ntu60, sources.ntu120):
            with pytest.raises(
                SkeletonFormatError, match="No file is of NTU .*: 1 not named as NTU's"
            ):
                source(tmp_path)
