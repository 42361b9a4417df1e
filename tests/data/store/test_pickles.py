"""What goes to other processes: of a store on disk the path, of ragged clips their own frames."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from loaders import Memory
from torch.utils.data import DataLoader

from skelter import transforms as T
from skelter.data import (
    RaggedClips,
    SkeletonDataset,
    SkeletonFormatError,
    SkeletonStore,
)
from skelter.layouts import SBU15

MEGABYTE = 2**20


def arrays(count=200):
    rng = np.random.default_rng(0)
    return [rng.normal(size=(30 + i % 7, 2, 15, 3)).astype(np.float32) for i in range(count)]


@pytest.fixture
def path(tmp_path):
    SkeletonStore.build(tmp_path / "s", arrays(), layout=SBU15)
    return tmp_path / "s"


def forget_digest(path):
    """Make a store as earlier versions wrote it."""
    meta = json.loads((path / "store.json").read_text())
    del meta["frames_digest"]
    (path / "store.json").write_text(json.dumps(meta))


class TestPickledStore:
    def test_holds_no_frames(self, path):
        store = SkeletonStore.open(path)
        size = len(pickle.dumps(store))
        assert store.frames.nbytes > 2 * MEGABYTE
        assert size < 100 * len(store)  # its index: five numbers and a name a clip
        assert len(pickle.dumps(SkeletonDataset(store, [3]))) < size + 1000

    def test_is_mapped_again(self, path, monkeypatch, tmp_path):
        store = SkeletonStore.open(path)
        monkeypatch.chdir(path)
        relative = SkeletonStore.open(Path("../s"))
        content = [pickle.dumps(store), pickle.dumps(relative)]
        monkeypatch.chdir(tmp_path.parent)
        for pickled in content:
            again = pickle.loads(pickled)
            assert isinstance(again.frames, np.memmap)
            assert again.digest == store.digest
            assert torch.equal(again.batch([3, 150])[0], store.batch([3, 150])[0])

    def test_frames_in_memory_travel(self, path):
        store = SkeletonStore.open(path).to("cpu")
        assert len(pickle.dumps(store)) > store.frames.nbytes
        content = pickle.dumps(store)
        shutil.rmtree(path)
        assert torch.equal(pickle.loads(content).batch([3])[0], store.batch([3])[0])

    def test_a_file_that_is_gone(self, path):
        content = pickle.dumps(SkeletonStore.open(path))
        shutil.rmtree(path)
        with pytest.raises(FileNotFoundError, match=r"not there any more.*store\.to\('cpu'\)"):
            pickle.loads(content)

    @pytest.mark.parametrize("old", [False, True])
    def test_a_file_that_has_changed(self, path, old):
        if old:
            forget_digest(path)
        content = pickle.dumps(SkeletonStore.open(path))
        frames = path / "frames.bin"
        frames.write_bytes(bytes(frames.stat().st_size))
        later = frames.stat().st_mtime_ns + 10**9
        os.utime(frames, ns=(later, later))
        with pytest.raises(SkeletonFormatError, match="its content has changed.*open it again"):
            pickle.loads(content)

    def test_a_file_of_another_size(self, path):
        content = pickle.dumps(SkeletonStore.open(path))
        os.truncate(path / "frames.bin", 400)
        with pytest.raises(SkeletonFormatError, match="its content has changed"):
            pickle.loads(content)

    def test_a_copy_in_its_place(self, path):
        """As on another machine: another time, the same content."""
        store = SkeletonStore.open(path)
        content = pickle.dumps(store)
        os.utime(path / "frames.bin", ns=(0, 0))
        assert torch.equal(pickle.loads(content).batch([3])[0], store.batch([3])[0])

    def test_of_a_users_map(self, tmp_path):
        """Frames that the user has mapped travel: a stretch of a map does not know its place."""
        whole = np.concatenate(arrays(9))
        whole.tofile(tmp_path / "mine.bin")
        mapped = np.memmap(tmp_path / "mine.bin", np.float32, "r", shape=whole.shape)
        index = SkeletonStore.from_clips([whole[30:]], layout=SBU15).index
        store = SkeletonStore(
            mapped[30:], index, SkeletonStore.from_clips([whole[:30]], layout=SBU15).info
        )
        again = pickle.loads(pickle.dumps(store))
        np.testing.assert_array_equal(again[0].joints, whole[30:])


class TestPickledRagged:
    @pytest.mark.parametrize("kind", ["disk", "memory"])
    def test_holds_its_own_frames(self, path, kind):
        store = SkeletonStore.open(path)
        clips = (store if kind == "disk" else store.to("cpu")).ragged([150, 3, 150])
        content = pickle.dumps(clips)
        assert len(content) < 2 * 37 * 2 * 15 * 3 * 4 + 3000
        again = pickle.loads(content)
        assert torch.equal(again.padded(), clips.padded())
        assert again.shape == clips.shape
        assert again.num_frames.tolist() == clips.num_frames.tolist()
        view = T.Compose([T.TemporalCropResize(8, min_frames=4), T.Shear()])
        made = [
            view(x, num_frames=x.num_frames, generator=torch.Generator().manual_seed(0))
            for x in (clips, again)
        ]
        assert torch.equal(*made)

    def test_keeps_the_nesting(self):
        for nested in ((4, 2, 3, 5), (4, 5, 3, 2)):
            frames = torch.randn(nested)
            frames = frames if nested[1] == 2 else frames.permute(0, 3, 2, 1)
            clips = RaggedClips(frames, torch.tensor([1]), torch.tensor([3]), 3)
            again = pickle.loads(pickle.dumps(clips))
            assert again.frames.stride() == frames.stride()
            assert torch.equal(again.frames, frames[1:])

    def test_clips_that_share_frames(self):
        frames = torch.arange(6.0).reshape(6, 1, 1, 1)
        clips = RaggedClips(frames, torch.tensor([1, 1, 4]), torch.tensor([2, 4, 2]), 4)
        again = pickle.loads(pickle.dumps(clips))
        assert torch.equal(again.padded(), clips.padded())

    def test_of_no_clips(self):
        nothing = torch.zeros(0, dtype=torch.int64)
        clips = RaggedClips(torch.randn(6, 3, 5, 1), nothing, nothing, 0)
        assert pickle.loads(pickle.dumps(clips)).shape == (0, 3, 0, 5, 1)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_private_memory_of_a_spawned_worker(tmp_path):
    """Below 200 MB for a store of 300 MB; torch alone takes about 140."""
    path = tmp_path / "s"
    SkeletonStore.build(path, arrays(1), layout=SBU15)
    frame, length = 4 * 2 * 15 * 3, 100
    count = 300 * MEGABYTE // (frame * length)
    meta = json.loads((path / "store.json").read_text())
    meta["shape"][0] = count * length
    (path / "store.json").write_text(json.dumps(meta))
    with np.load(path / "index.npz") as file:
        index = {name: np.repeat(array, count) for name, array in file.items()}
    index["offsets"] = length * np.arange(count + 1)
    np.savez(path / "index.npz", **index)
    os.truncate(path / "frames.bin", count * length * frame)
    store = SkeletonStore.open(path)
    loader = DataLoader(Memory(store), None, num_workers=1, multiprocessing_context="spawn")
    assert store.frames.nbytes > 299 * MEGABYTE
    private = max(loader)
    assert private < 200 * MEGABYTE
