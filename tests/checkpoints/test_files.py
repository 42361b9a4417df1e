from __future__ import annotations

import os
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import skelter
from skelter.checkpoints import load, load_published, save
from skelter.data import SkeletonFormatError

STATE = {"weights": torch.arange(8.0), "epoch": 3, "history": [0.5, None, "x"]}


class Evil:
    """Whose pickle leaves a file where it is run."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def same(state, expected=STATE):
    others = {name: value for name, value in expected.items() if name != "weights"}
    return torch.equal(state["weights"], expected["weights"]) and others.items() <= state.items()


@pytest.fixture(params=["archive", "before torch 1.6"])
def foreign(request, tmp_path):
    path = tmp_path / "foreign.pt"
    torch.save(STATE, path, _use_new_zipfile_serialization=request.param == "archive")
    return path


class TestRead:
    def test_gives_what_was_saved(self, foreign):
        state = load_published(foreign)
        assert state.keys() == STATE.keys()
        assert same(state)
        assert same(load_published(str(foreign)))

    def test_truncated_anywhere(self, foreign):
        content = foreign.read_bytes()
        for length in range(0, len(content), 7):
            foreign.write_bytes(content[:length])
            with pytest.raises(SkeletonFormatError, match=r"foreign\.pt"):
                load_published(foreign)

    def test_a_flipped_bit_never_changes_what_is_read(self, tmp_path):
        path = tmp_path / "flipped.pt"
        torch.save(STATE, path)
        content, refused = path.read_bytes(), 0
        for place in range(len(content)):
            flipped = bytearray(content)
            flipped[place] ^= 1 << place % 8
            path.write_bytes(flipped)
            try:
                state = load_published(path)
            except SkeletonFormatError:
                refused += 1
            else:
                assert same(state)  # some bytes, such as padding, mean nothing
        assert refused > len(content) / 4

    def test_damaged_member_is_named(self, tmp_path):
        path = tmp_path / "model.pt"
        torch.save(STATE, path)
        tensor = STATE["weights"].numpy().tobytes()
        path.write_bytes(path.read_bytes().replace(tensor, tensor[:-1] + b"!"))
        with pytest.raises(SkeletonFormatError, match="the checksum of model/data/0 in it is"):
            load_published(path)

    @pytest.mark.parametrize("form", ["archive", "before torch 1.6", "pickle"])
    def test_code_is_named_and_not_run(self, tmp_path, form):
        path, mark = tmp_path / "evil.pt", tmp_path / "mark"
        content = {"epoch": 3, "state_dict": Evil(mark)}
        if form == "pickle":
            path.write_bytes(pickle.dumps(content, protocol=2))
        else:
            torch.save(content, path, _use_new_zipfile_serialization=form == "archive")
        with pytest.raises(
            SkeletonFormatError,
            match=r"evil\.pt contains code: it asks for \w+\.mkdir\. Nothing of it was run",
        ):
            load_published(path)
        assert not mark.exists()

    @pytest.mark.parametrize("content", [b"", b"epoch 3, loss 0.5\n", b"PK\x03\x04", b"\x80\x02."])
    def test_other_files(self, tmp_path, content):
        path = tmp_path / "notes.txt"
        path.write_bytes(content)
        with pytest.raises(SkeletonFormatError, match=r"notes\.txt .*torch checkpoint"):
            load_published(path)

    def test_other_archives(self, tmp_path):
        path = tmp_path / "arrays.npz"
        np.savez(path, x=np.zeros(3))
        with pytest.raises(SkeletonFormatError, match=r"arrays\.npz cannot be read as a torch"):
            load_published(path)

    def test_other_content(self, tmp_path):
        torch.save(torch.zeros(3), tmp_path / "tensor.pt")
        with pytest.raises(SkeletonFormatError, match="must hold a dictionary; it holds a Tensor"):
            load_published(tmp_path / "tensor.pt")

    def test_nothing_there(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"none\.pt"):
            load_published(tmp_path / "none.pt")
        with pytest.raises(FileNotFoundError, match=r"is a folder.*CheckpointFolder\(path\)"):
            load_published(tmp_path)


class TestReadOwn:
    def test_gives_what_was_written(self, tmp_path):
        save(STATE, tmp_path / "mine.pt")
        state = load(tmp_path / "mine.pt")
        assert same(state)
        stamp = {"format": "skelter-checkpoint", "version": 1, "skelter": skelter.__version__}
        assert {name: state[name] for name in state.keys() - STATE.keys()} == stamp

    def test_of_others(self, foreign):
        with pytest.raises(SkeletonFormatError, match=r"not written by `checkpoints.save`"):
            load(foreign)

    @pytest.mark.parametrize("version", [2, None, "1"])
    def test_of_later_versions(self, tmp_path, version):
        path = tmp_path / "later.pt"
        later = {"format": "skelter-checkpoint", "version": version, "skelter": "9.0"}
        torch.save(later, path)
        with pytest.raises(SkeletonFormatError, match=r"by skelter 9\.0; .*Install the version"):
            load(path)


class TestWrite:
    def test_replaces_and_stamps_anew(self, tmp_path):
        path = tmp_path / "mine.pt"
        save({"epoch": 1, "weights": torch.zeros(3)}, path)
        save(load(path) | {"epoch": 2}, path)
        assert load(path)["epoch"] == 2
        assert [file.name for file in tmp_path.iterdir()] == ["mine.pt"]

    @pytest.mark.parametrize("call", ["fsync", "replace"])
    def test_failure_leaves_the_old_file(self, tmp_path, monkeypatch, call):
        def fail(*_):
            raise OSError(28, "No space left on device")

        path = tmp_path / "mine.pt"
        save(STATE, path)
        monkeypatch.setattr(os, call, fail)
        with pytest.raises(OSError, match="No space left"):
            save({"epoch": 4}, path)
        monkeypatch.undo()
        assert same(load(path))
        assert [file.name for file in tmp_path.iterdir()] == ["mine.pt"]

    @pytest.mark.skipif(sys.platform == "win32", reason="limits of file sizes are POSIX")
    def test_full_disk(self, tmp_path):
        import resource

        path = tmp_path / "mine.pt"
        save(STATE, path)
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
        try:
            with pytest.raises(OSError, match="File too large"):
                save({"weights": torch.zeros(100_000)}, path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert same(load(path))
        assert [file.name for file in tmp_path.iterdir()] == ["mine.pt"]

    @pytest.mark.parametrize("value", [np.float64(0.5), Path("x"), torch.nn.Linear(2, 2)])
    def test_what_could_not_be_read(self, tmp_path, value):
        with pytest.raises(TypeError, match=r"`state` must hold tensors.*got \w+\.\w+"):
            save({"value": value}, tmp_path / "mine.pt")
        assert list(tmp_path.iterdir()) == []

    def test_reserved_names(self, tmp_path):
        with pytest.raises(ValueError, match=r"`state` must leave .* got \['version'\]\. Nest"):
            save({"version": 3}, tmp_path / "mine.pt")

    def test_folder_that_is_not_there(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            save(STATE, tmp_path / "none" / "mine.pt")
