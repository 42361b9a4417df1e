"""What `skelter._files` promises, seen through those that use it."""

from __future__ import annotations

import os

import numpy as np
import pytest

from skelter.data import Clip, SkeletonFormatError, read_nw_ucla, write_ntu

CLIP = Clip(np.ones((2, 1, 25, 3)), name="S001C001P001R001A001")


class TestWriting:
    def test_a_file_is_there_when_it_is_complete(self, tmp_path, monkeypatch):
        def seen(descriptor):
            (file,) = tmp_path.iterdir()
            assert file.name.startswith(".S001C001P001R001A001.skeleton.partial-")

        monkeypatch.setattr(os, "fsync", seen)
        write_ntu(tmp_path, [CLIP])
        assert [file.name for file in tmp_path.iterdir()] == [f"{CLIP.name}.skeleton"]

    def test_nothing_is_left_of_a_file_that_is_not(self, tmp_path, monkeypatch):
        def full_disk(descriptor):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full_disk)
        with pytest.raises(OSError, match="No space left"):
            write_ntu(tmp_path, [CLIP])
        assert list(tmp_path.iterdir()) == []


class TestErrors:
    def test_a_decoder_that_fails_names_the_file(self, tmp_path):
        (tmp_path / "a01_s01_e00_v03.json").write_text("{")
        with pytest.raises(SkeletonFormatError, match="v03.json cannot be read as JSON") as error:
            next(read_nw_ucla(tmp_path))
        assert str(error.value).endswith("Is it complete?")

    def test_errors_of_the_file_system_pass(self, tmp_path):
        (tmp_path / "a01_s01_e00_v03.json").symlink_to("nowhere")
        with pytest.raises(FileNotFoundError, match="a01_s01_e00_v03.json"):
            next(read_nw_ucla(tmp_path))
