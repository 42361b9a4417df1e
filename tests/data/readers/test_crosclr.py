from __future__ import annotations

import pickle

import numpy as np
import pytest
from foreign import copy_side, items

from skelter.data import SkeletonFormatError, read_crosclr, sources

NAMES = ["S001C002P003R002A013.skeleton", "S017C001P008R001A050.skeleton"]


@pytest.fixture
def folder(tmp_path):
    joints = np.random.default_rng(0).standard_normal((2, 3, 50, 25, 2)).astype(np.float32)
    joints[:, :, 40:] = 0
    np.save(tmp_path / "train_position.npy", joints)
    (tmp_path / "train_label.pkl").write_bytes(pickle.dumps((NAMES, [12, 49])))
    return tmp_path


class TestReadCrosCLR:
    def test_written_by_hand(self, folder):
        joints = np.load(folder / "train_position.npy")
        clips = list(read_crosclr(folder))
        for clip, expected in zip(clips, joints, strict=True):
            np.testing.assert_array_equal(clip.joints, expected.transpose(1, 3, 2, 0))
        assert [clip.name for clip in clips] == ["S001C002P003R002A013", "S017C001P008R001A050"]
        assert [(clip.label, clip.subject, clip.view) for clip in clips] == [(12, 3, 2), (49, 8, 1)]
        assert [clip.extra for clip in clips] == [{"train": 1}] * 2

    def test_all_frames_are_valid(self, folder):
        assert [len(clip.joints) for clip in read_crosclr(folder)] == [50, 50]

    def test_other_joints_and_poses_in_an_image(self, folder):
        joints = np.load(folder / "train_position.npy")
        np.save(folder / "train_position.npy", np.ascontiguousarray(joints[:, :2, :, :17]))
        assert next(read_crosclr(folder)).joints.shape == (50, 2, 17, 2)

    def test_pieces(self, folder):
        source = sources.crosclr(copy_side(folder, "train", to="val"))
        assert source.pieces[0].name == "train rows 0 to 2"
        (clip,) = source.read(folder, "train", 1)
        assert clip.label == 49

    def test_goes_on_after_a_damaged_clip(self, folder):
        joints = np.load(folder / "train_position.npy")
        joints[0, 0, 7] = np.inf
        np.save(folder / "train_position.npy", joints)
        broken, clip = items(sources.crosclr(copy_side(folder, "train", to="val")))[:2]
        assert "1 broken frames of 50, the first number 7" in str(broken)
        assert clip.label == 49

    @pytest.mark.parametrize(
        ("to", "message"),
        [
            (lambda x: x[..., 0], r"an array \(N, C, T, V, M\); found an array \(2, 3, 50, 25\)"),
            (lambda x: x[:1], "a name and a label for each of the 1 clip of train_position.npy"),
            (lambda x: x * 0, "a body in clip 0 .S001C002P003R002A013.; found only zeros"),
            (lambda x: x.astype(np.int8), "to hold floats; found int8"),
        ],
    )
    def test_damage(self, folder, to, message):
        np.save(folder / "train_position.npy", to(np.load(folder / "train_position.npy")))
        with pytest.raises(SkeletonFormatError, match=message):
            list(read_crosclr(folder))

    def test_truncated(self, folder):
        content = (folder / "train_position.npy").read_bytes()
        for length in (0, 5, 100, 1000, len(content) - 1):
            (folder / "train_position.npy").write_bytes(content[:length])
            with pytest.raises(SkeletonFormatError, match=r"train_position\.npy"):
                list(read_crosclr(folder))

    def test_missing(self, folder):
        with pytest.raises(FileNotFoundError, match="val_position.npy does not exist"):
            read_crosclr(folder, "val")
        with pytest.raises(ValueError, match="`side` must be one of 'train', 'val'; got 'test'"):
            read_crosclr(folder, "test")
