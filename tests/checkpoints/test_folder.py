from __future__ import annotations

import os

import pytest
import torch

from skelter.checkpoints import CheckpointFolder, load
from skelter.data import SkeletonFormatError
from skelter.encoders import HCN, BiGRU
from skelter.methods import InterSkeletonContrast
from skelter.representations import ToImage, ToSequence


def steps(folder):
    return [int(path.stem.removeprefix("step-")) for path in folder.paths]


def damage(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content[:-10])


class TestCheckpointFolder:
    def test_keeps_the_newest(self, tmp_path):
        folder = CheckpointFolder(tmp_path / "runs" / "first", keep=2)
        assert folder.paths == []
        assert folder.newest() is None
        assert folder.best() is None
        paths = [folder.save({"epoch": epoch}, epoch * 500) for epoch in range(4)]
        assert folder.paths == paths[-2:]
        assert paths[1].name == "step-000000500.pt"
        path, state = folder.newest()
        assert path == paths[-1]
        assert (state["epoch"], state["step"], state["score"]) == (3, 1500, None)

    @pytest.mark.parametrize("restart", [False, True])
    def test_keeps_the_best_besides(self, tmp_path, restart):
        scores = {1: 0.2, 2: 0.7, 3: float("nan"), 4: 0.7, 5: None, 6: 0.6, 7: float("nan")}
        folder = CheckpointFolder(tmp_path, keep=1)
        for step, score in scores.items():
            if restart:
                folder = CheckpointFolder(tmp_path, keep=1)
            folder.save({}, step, score=score)
        assert steps(folder) == [2, 7]
        path, state = folder.best()
        assert (path, state["score"]) == (folder.paths[0], 0.7)
        folder.save({}, 8, score=0.8)
        assert steps(folder) == [8]

    def test_scores_as_others_compute_them(self, tmp_path):
        folder = CheckpointFolder(tmp_path)
        folder.save({}, 1, score=torch.tensor(0.25))
        assert folder.best()[1]["score"] == 0.25

    def test_steps_are_sorted_as_numbers(self, tmp_path):
        folder = CheckpointFolder(tmp_path, keep=9)
        for step in (10**10, 7, 10**9):
            folder.save({}, step)
        (tmp_path / "step-last.pt").touch()
        (tmp_path / "notes.txt").touch()
        assert steps(folder) == [7, 10**9, 10**10]

    def test_damaged_newest_is_passed_over(self, tmp_path):
        folder = CheckpointFolder(tmp_path)
        for step in (1, 2, 3):
            folder.save({}, step, score=step)
        damage(folder.paths[-1])
        with pytest.warns(UserWarning, match=r"passed over.*step-000000003\.pt") as caught:
            path, state = folder.newest()
        assert state["step"] == 2
        assert caught[0].filename == __file__
        with pytest.warns(UserWarning, match="passed over"):
            assert folder.best() == (path, state)
        assert CheckpointFolder(tmp_path).best() == (path, state)

    def test_all_damaged(self, tmp_path):
        folder = CheckpointFolder(tmp_path)
        damage(folder.save({}, 1))
        with (
            pytest.warns(UserWarning, match="passed over"),
            pytest.raises(SkeletonFormatError, match="has 1 checkpoints, and none of them can be"),
        ):
            folder.newest()

    def test_going_back_removes_neither_later_steps_nor_the_new_one(self, tmp_path):
        folder = CheckpointFolder(tmp_path, keep=1)
        folder.save({}, 100)
        damage(folder.save({}, 200))
        assert folder.save({}, 150).exists()
        assert steps(folder) == [150, 200]
        folder.save({}, 200)
        assert steps(folder) == [200]

    def test_removes_what_killed_processes_left(self, tmp_path):
        left = tmp_path / ".step-000000001.pt.partial-4711"
        left.write_bytes(b"half")
        CheckpointFolder(tmp_path).save({}, 2)
        assert [path.name for path in tmp_path.iterdir()] == ["step-000000002.pt"]

    def test_failure_leaves_all_as_it_was(self, tmp_path, monkeypatch):
        def fail(*_):
            raise OSError(28, "No space left on device")

        folder = CheckpointFolder(tmp_path, keep=1)
        folder.save({}, 1, score=0.5)
        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="No space left"):
            folder.save({}, 2, score=0.6)
        monkeypatch.undo()
        assert [path.name for path in tmp_path.iterdir()] == ["step-000000001.pt"]
        assert folder.best()[1]["score"] == 0.5

    @pytest.mark.parametrize("step", [-1, 1.0, "1"])
    def test_wrong_step(self, tmp_path, step):
        with pytest.raises(ValueError, match="`step` must be an integer from 0; got"):
            CheckpointFolder(tmp_path).save({}, step)

    def test_wrong_keep(self, tmp_path):
        with pytest.raises(ValueError, match="`keep` must be at least 1; got 0"):
            CheckpointFolder(tmp_path, keep=0)

    def test_training_goes_on_as_if_it_had_not_ended(self, tmp_path):
        def start():
            encoders = {
                "sequence": BiGRU(150, 8, layers=1),
                "image": HCN(frames=16, channels=16, dropout=0.0),
            }
            method = InterSkeletonContrast(
                encoders, {"sequence": ToSequence(), "image": ToImage()}, queue_size=20
            )
            return method, torch.optim.SGD(method.parameters(), lr=0.1, momentum=0.9)

        def step(method, optimiser, views):
            optimiser.zero_grad()
            loss = method(*views).loss
            loss.backward()
            optimiser.step()
            return loss

        views = torch.randn(4, 2, 6, 3, 16, 25, 2)
        method, optimiser = start()
        for pair in views[:2]:
            step(method, optimiser, pair)
        folder = CheckpointFolder(tmp_path)
        path = folder.save({"method": method.state_dict(), "optimiser": optimiser.state_dict()}, 2)
        expected = [step(method, optimiser, pair) for pair in views[2:]]
        method, optimiser = start()
        state = load(path)
        method.load_state_dict(state["method"])
        optimiser.load_state_dict(state["optimiser"])
        actual = [step(method, optimiser, pair) for pair in views[2:]]
        assert torch.equal(torch.stack(actual), torch.stack(expected))
