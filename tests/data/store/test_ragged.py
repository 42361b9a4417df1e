from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from skelter import data
from skelter.data import SkeletonFormatError, SkeletonStore
from skelter.layouts import KINECT20, SBU15


def header(shape, descr="<i4"):
    """The first bytes of an array, as it says it is."""
    file = io.BytesIO()
    form = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, form)
    return file.getvalue()


@pytest.fixture(scope="module")
def store():
    return data.synthetic.generate(clips_per_class=2, layout=SBU15, classes=["wave", "push"])


@pytest.fixture
def arrays(store, tmp_path):
    data.write_ragged(tmp_path / "set.npz", store)
    with np.load(tmp_path / "set.npz") as file:
        return dict(file)


class TestRoundTrip:
    def test_load(self, store, tmp_path):
        path = tmp_path / "set.npz"
        data.write_ragged(path, store, source="made up", licence="CC0")
        again = data.load_ragged(path)
        np.testing.assert_array_equal(again.frames, store.frames)
        for name, array in store.index.arrays().items():
            np.testing.assert_array_equal(again.index.arrays()[name], array)
        assert again.info == store.info
        assert [child.name for child in tmp_path.iterdir()] == ["set.npz"]

    def test_read(self, store, tmp_path):
        data.write_ragged(tmp_path / "set.npz", store)
        for clip, expected in zip(data.read_ragged(tmp_path / "set.npz"), store, strict=True):
            np.testing.assert_array_equal(clip.joints, expected.joints)
            assert (clip.label, clip.name) == (expected.label, expected.name)

    def test_unknown_frame_rate(self, tmp_path):
        store = SkeletonStore.from_clips([np.ones((4, 15, 3))], layout=SBU15)
        data.write_ragged(tmp_path / "set.npz", store)
        assert data.load_ragged(tmp_path / "set.npz").info.fps is None

    def test_replaces_only_when_complete(self, store, tmp_path, monkeypatch):
        path = tmp_path / "set.npz"
        data.write_ragged(path, store)
        before = path.read_bytes()

        def full_disk(*args, **kwargs):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(np, "savez_compressed", full_disk)
        with pytest.raises(OSError, match="No space left"):
            data.write_ragged(path, store)
        assert path.read_bytes() == before
        assert [child.name for child in tmp_path.iterdir()] == ["set.npz"]


class TestDamage:
    def save(self, path, arrays, **changes):
        arrays = {k: v for k, v in (arrays | changes).items() if v is not None}
        np.savez(path, **arrays)
        return path

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"bones": None}, r"lacks the arrays \['bones'\]"),
            ({"data": np.ones((4, 15, 3), np.float32)}, r"floats of shape \(sum of T, M, V, C\)"),
            ({"data": np.ones((4, 1, 15, 3), int)}, "got int64"),
            ({"offsets": np.array([0, 3, 2])}, "`offsets` must rise from 0"),
            ({"label": np.array([0])}, r"`label` must have 4 entries.*got shape \(1,\)"),
            ({"bones": np.array([[1, 0], [0, 1]]), "joint_names": np.array(["a", "b"])}, "cycle"),
            ({"joint_names": np.array(KINECT20.joints)}, "has 15 joints, but layout KINECT20 has"),
            (
                {"label_names": np.array([{}], dtype=object)},
                "cannot be read as .npz without pickles",
            ),
            (
                {"offsets": np.array([0.0, 4.0])},
                "`offsets` to be a 1-dimensional array of integers",
            ),
            ({"offsets": np.array(4)}, "`offsets` to be a 1-dimensional array of integers"),
            ({"label": np.array(list("abcd"))}, "`label` to be a 1-dimensional array of integers"),
            ({"label": np.array([0, 0, -2, 0])}, "labels from 0, or -1 .*; found -2"),
            ({"label": np.full(4, 2**63, np.uint64)}, "labels from 0, or -1 where they are unk"),
            ({"subject": np.ones(4)}, "`subject` to be a 1-dimensional array of integers"),
            ({"seq_names": np.arange(4)}, "`seq_names` to be a 1-dimensional array of text"),
            ({"joint_names": np.array("hip")}, "`joint_names` to be a 1-dimensional array of text"),
            ({"bones": np.arange(4)}, "`bones` to be a 2-dimensional array of integers"),
            (
                {"fps": np.ones(2)},
                r"`fps` to be a 0-dim.*; found an array \(2,\) of float64",
            ),
            ({"fps": np.empty(0)}, "`fps` to be a 0-dimensional array of numbers"),
            ({"name": np.array(3)}, "`name` to be a 0-dimensional array of text"),
        ],
    )
    def test_inconsistent(self, tmp_path, arrays, changes, message):
        path = self.save(tmp_path / "bad.npz", arrays, **changes)
        with pytest.raises(SkeletonFormatError, match=message):
            data.load_ragged(path)

    def test_not_finite(self, tmp_path, arrays):
        broken = arrays["data"].copy()
        broken[arrays["offsets"][2], 0, 0, 0] = np.inf
        path = self.save(tmp_path / "bad.npz", arrays, data=broken)
        with pytest.raises(SkeletonFormatError, match="clip 2 has coordinates that are not finite"):
            data.load_ragged(path)

    def test_too_large_for_32_bits(self, tmp_path, arrays):
        broken = arrays["data"].astype(np.float64)
        broken[arrays["offsets"][1], 0, 0, 0] = 1e39
        path = self.save(tmp_path / "bad.npz", arrays, data=broken)
        with pytest.raises(SkeletonFormatError, match="clip 1 has coordinates that are not finite"):
            data.load_ragged(path)

    @pytest.mark.parametrize(
        ("name", "content", "message"),
        [
            ("readme.txt", b"of another kind", "magic string is not correct"),
            ("fold.npy", b"", "EOF"),
            ("fold.npy", header((99999999999,)), "399999999996 bytes for fold.npy"),
            ("fold.npy", header((1, True)), "a shape beyond all arrays"),
            ("fold.npy", header((-1,)), "a shape beyond all arrays"),
            ("fold.npy", header((9999999,), "|S0"), "0 bytes for fold.npy"),
            ("fold.npy", header((1,), "<U1"), "characters that do not exist"),
        ],
    )
    def test_members(self, tmp_path, arrays, name, content, message):
        path = self.save(tmp_path / "bad.npz", arrays)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(name, content + b"\xff" * 4 if content else b"")
        with pytest.raises(SkeletonFormatError, match=rf"cannot be read as .npz .*{message}"):
            data.load_ragged(path)

    @pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
    def test_truncated(self, tmp_path, arrays, share):
        path = self.save(tmp_path / "bad.npz", arrays)
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(SkeletonFormatError, match="cannot be read as .npz"):
            data.load_ragged(path)

    def test_other_files(self, tmp_path):
        np.save(tmp_path / "one.npy", np.ones(3))
        with pytest.raises(SkeletonFormatError, match="holds a single array"):
            data.load_ragged(tmp_path / "one.npy")
        with pytest.raises(FileNotFoundError, match="is not a file"):
            data.load_ragged(tmp_path / "none.npz")

    def test_extra_of_a_taken_name(self, tmp_path):
        clips = [data.Clip(np.ones((4, 1, 20, 3)), extra={"fps": 30, "fold": 1})]
        store = SkeletonStore.from_clips(clips, layout=KINECT20)
        with pytest.raises(ValueError, match=r"`extra` must have no names .* got \['fps'\]"):
            data.write_ragged(tmp_path / "set.npz", store)
        assert not list(tmp_path.iterdir())

    def test_a_given_layout_must_fit(self, tmp_path, arrays):
        path = self.save(tmp_path / "set.npz", arrays)
        with pytest.raises(SkeletonFormatError, match="Pass layout=... for its skeleton"):
            data.load_ragged(path, layout=KINECT20)


@pytest.mark.parametrize(
    ("name", "clips", "persons", "layout"),
    [
        ("utd_mhad", 861, 1, "KINECT20"),
        ("sbu_interaction", 282, 2, "SBU15"),
        ("irds_part", 188, 1, "NTU25"),
        ("ui_prmd_kinect", 2000, 1, "ui_prmd_kinect"),
    ],
)
def test_real_recordings(recordings, tmp_path, name, clips, persons, layout):
    store = data.load_ragged(recordings / f"{name}.npz")
    assert (len(store), store.persons, store.layout.name) == (clips, persons, layout)
    data.write_ragged(tmp_path / "again.npz", store)
    again = data.load_ragged(tmp_path / "again.npz")
    np.testing.assert_array_equal(again.frames, store.frames)
    built = SkeletonStore.build(tmp_path / "store", store, layout=store.layout)
    np.testing.assert_array_equal(built.frames, store.frames)
