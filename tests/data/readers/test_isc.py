from __future__ import annotations

import pickle
import tracemalloc

import numpy as np
import pytest
from foreign import copy_side, items
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skelter import data
from skelter.data import Clip, SkeletonFormatError, SkeletonStore, read_isc, sources, write_isc
from skelter.layouts import COCO17, NTU25, SBU15, SkeletonLayout

NAMES = ["S001C002P003R002A013", "S017C001P008R001A050", "wave"]
FILES = {
    f"{side}_{name}"
    for side in ("train", "val")
    for name in ("data_joint.npy", "label.pkl", "num_frame.npy")
}


@pytest.fixture
def store():
    return data.synthetic.generate(clips_per_class=2, layout=SBU15, classes=["wave", "push"])


@pytest.fixture
def folder(tmp_path):
    """A side of three clips of 4, 2 and 5 frames, written by hand."""
    joints = np.zeros((3, 3, 6, 25, 2), np.float32)
    for row, frames in enumerate((4, 2, 5)):
        joints[row, :, :frames, :, 0] = row + 1
    np.save(tmp_path / "val_data_joint.npy", joints)
    save_list(tmp_path, [NAMES[0] + ".skeleton", NAMES[1] + ".skeleton", NAMES[2]], [12, 49, 0])
    np.save(tmp_path / "val_num_frame.npy", np.array([4, 2, 5]))
    return tmp_path


def save_list(folder, names, labels):
    (folder / "val_label.pkl").write_bytes(pickle.dumps((names, labels)))


def change(folder, name, to):
    np.save(folder / name, to(np.load(folder / name)))


class TestReadISC:
    def test_written_by_hand(self, folder):
        clips = list(read_isc(folder, "val"))
        assert [clip.joints.shape for clip in clips] == [
            (4, 2, 25, 3),
            (2, 2, 25, 3),
            (5, 2, 25, 3),
        ]
        assert [clip.joints.dtype for clip in clips] == [np.float32] * 3
        assert [clip.joints[:, 0].mean() for clip in clips] == [1, 2, 3]
        assert [clip.name for clip in clips] == NAMES
        assert [clip.label for clip in clips] == [12, 49, 0]
        assert [clip.subject for clip in clips] == [3, 8, -1]
        assert [clip.view for clip in clips] == [2, 1, -1]
        assert [clip.extra for clip in clips] == [{"val": 1}] * 3

    def test_axes(self, folder):
        joints = np.random.default_rng(0).standard_normal((3, 3, 6, 25, 2))
        np.save(folder / "val_data_joint.npy", joints)
        (folder / "val_num_frame.npy").unlink()
        clip = list(read_isc(folder, "val"))[1]
        for t, m, v, c in [(0, 0, 0, 0), (5, 1, 24, 2), (3, 0, 7, 1)]:
            assert clip.joints[t, m, v, c] == np.float32(joints[1, c, t, v, m])

    def test_without_frame_counts_up_to_the_last_frame_that_is_not_zero(self, folder):
        (folder / "val_num_frame.npy").unlink()
        change(
            folder,
            "val_data_joint.npy",
            to=lambda x: np.where(np.arange(6)[:, None, None] == 0, 0, x),
        )
        clips = list(read_isc(folder, "val"))
        assert [len(clip.joints) for clip in clips] == [4, 2, 5]
        assert not clips[0].joints[0].any()

    def test_poses_in_the_plane(self, folder):
        change(folder, "val_data_joint.npy", to=lambda x: x[:, :2])
        assert next(read_isc(folder, "val")).joints.shape == (4, 2, 25, 2)

    @pytest.mark.parametrize("dtype", ["<f2", ">f4", "<f8", ">f8"])
    def test_other_floats(self, folder, dtype):
        change(folder, "val_data_joint.npy", to=lambda x: x.astype(dtype))
        change(folder, "val_num_frame.npy", to=lambda x: x.astype(">i2"))
        clip = list(read_isc(folder, "val"))[2]
        assert clip.joints.dtype == np.dtype("f4")
        assert (clip.joints[:, 0] == 3).all()

    def test_pieces(self, folder):
        source = sources.isc(copy_side(folder, "val", to="train"))
        assert source.pieces[-1].name == "val rows 0 to 3"
        pieces = [*source.read(folder, "val", 0, 2), *source.read(folder, "val", 2, 99)]
        assert [clip.name for clip in pieces] == NAMES

    def test_goes_on_after_a_damaged_clip(self, folder):
        joints = np.load(folder / "val_data_joint.npy")
        joints[1, 0, 1, 3, 0] = np.nan
        np.save(folder / "val_data_joint.npy", joints)
        first, second, third = items(sources.isc(copy_side(folder, "val", to="train")))[-3:]
        assert (first.name, third.name) == (NAMES[0], NAMES[2])
        assert isinstance(second, SkeletonFormatError)
        reading = read_isc(folder, "val")
        assert next(reading).name == NAMES[0]
        with pytest.raises(SkeletonFormatError, match=f"finite coordinates in clip 1 .{NAMES[1]}"):
            next(reading)

    def test_damage_behind_the_last_valid_frame_does_not_matter(self, folder):
        change(
            folder,
            "val_data_joint.npy",
            to=lambda x: np.where(np.arange(6)[:, None, None] < 5, x, np.nan),
        )
        assert len(list(read_isc(folder, "val"))) == 3

    def test_memory_does_not_grow_with_the_file(self, tmp_path):
        shape = (1000, 3, 150, 25, 2)
        with (tmp_path / "train_data_joint.npy").open("wb") as file:
            form = {"descr": "<f4", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, form)
            file.truncate(file.tell() + 4 * int(np.prod(shape)))
        assert (tmp_path / "train_data_joint.npy").stat().st_size > 80 << 20
        names = [f"clip{number}" for number in range(1000)]
        (tmp_path / "train_label.pkl").write_bytes(pickle.dumps((names, [0] * 1000)))
        source = sources.isc(copy_side(tmp_path, "train", to="val"))
        tracemalloc.start()
        reading = source.read(tmp_path, "train")
        assert all(isinstance(item, SkeletonFormatError) for item in reading)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 8 << 20


class TestDamage:
    def refused(self, folder, message):
        with pytest.raises(SkeletonFormatError, match=message):
            list(read_isc(folder, "val"))

    @pytest.mark.parametrize(
        ("file", "to", "message"),
        [
            (
                "data_joint",
                lambda x: x[0],
                r"an array \(N, C, T, V, M\); found an array \(3, 6, 25",
            ),
            ("data_joint", lambda x: x.astype(int), "the array to hold floats; found int64"),
            ("data_joint", lambda x: x.astype("c8"), "the array to hold floats; found complex64"),
            ("data_joint", lambda x: x.astype("U5"), "the array to hold floats; found str"),
            ("data_joint", lambda x: np.asfortranarray(x), "in C order, as np.ascontiguousarray"),
            ("data_joint", lambda x: x[:0], "the array not to be empty; found shape .0, 3, 6"),
            ("data_joint", lambda x: x[:, :, :0], "the array not to be empty"),
            (
                "data_joint",
                lambda x: x[:2],
                "a name and a label for each of the 2 clips of val_data",
            ),
            (
                "data_joint",
                lambda x: np.where(x > 0, np.inf, x),
                "finite coordinates in clip 0 .S001",
            ),
            ("data_joint", lambda x: x.astype("f8") * 1e300, "finite coordinates in clip 0 .S001"),
            ("data_joint", lambda x: x * 0, "a body in clip 0 .S001C002P003R002A013.; found only"),
            ("num_frame", lambda x: x[:2], r"an array \(3,\), one number a clip; found an array"),
            ("num_frame", lambda x: x[None], r"an array \(3,\), one number a clip; found an array"),
            ("num_frame", lambda x: x * 1.0, "the array to hold integers; found float64"),
            ("num_frame", lambda x: x * 0, "1 to 6 valid frames in clip 0 .S001.*; found 0"),
            ("num_frame", lambda x: x - 9, "1 to 6 valid frames in clip 0 .S001.*; found -5"),
            ("num_frame", lambda x: x + 9, "1 to 6 valid frames in clip 0 .S001.*; found 13"),
        ],
    )
    def test_arrays(self, folder, file, to, message):
        change(folder, f"val_{file}.npy", to=to)
        self.refused(folder, message)

    @pytest.mark.parametrize(
        ("names", "labels", "message"),
        [
            (
                NAMES[:2],
                [0, 1, 2],
                "label.pkl: expected a name and a label for each of the 3 clips",
            ),
            (NAMES, [0, 1, 2, 3], "found 3 names, 4 labels"),
            (NAMES, [0, -2, 2], "label 1 to be a class index from 0; found -2"),
            (NAMES, [0, 1.0, 2], "label 1 to be a class index from 0; found 1.0"),
            (NAMES, [0, 2**40, 2], "label 1 to be a class index from 0; found 1099511627776"),
            (NAMES, [0, True, 2], "label 1 to be a class index from 0; found True"),
            (NAMES, [0, "1", 2], "label 1 to be a class index from 0; found '1'"),
            (NAMES, [0, None, 2], "label 1 to be a class index from 0; found None"),
            (NAMES, np.array([0.0, 1, 2]), "label 0 to be a class index from 0; found 0.0"),
            (NAMES, np.zeros((3, 1), int), r"a list of labels; found an array \(3, 1\) of int64"),
            (NAMES, 7, "a list of labels; found 7"),
            (NAMES, {"a": 1}, "a list of labels; found a dict of 1"),
            ("abc", [0, 1, 2], "a list of names; found 'abc'"),
            ([1, 2, 3], [0, 1, 2], "name 0 to be printable text; found 1"),
            (["a", "b\0", "c"], [0, 1, 2], r"name 1 to be printable text; found 'b\\x00'"),
            (["a", "\ud800", "c"], [0, 1, 2], r"name 1 to be printable text; found '\\ud800'"),
            (["a", "b", "a.skeleton"], [0, 1, 2], "each name once; found several of a"),
        ],
    )
    def test_lists(self, folder, names, labels, message):
        save_list(folder, names, labels)
        self.refused(folder, message)

    def test_no_pair(self, folder):
        (folder / "val_label.pkl").write_bytes(pickle.dumps([NAMES]))
        self.refused(folder, r"a pair \(names, labels\); found a list of 1")

    def test_objects(self, folder):
        np.save(folder / "val_data_joint.npy", np.array([{}], dtype=object), allow_pickle=True)
        self.refused(folder, "the array to hold floats; found object")

    @pytest.mark.parametrize(
        "content", [b"", b"some text", b"\x93NUMPY", b"\x93NUMPY\x01\x00\xff\xff{"]
    )
    @pytest.mark.parametrize("name", ["data_joint.npy", "num_frame.npy"])
    def test_other_files(self, folder, name, content):
        (folder / f"val_{name}").write_bytes(content)
        self.refused(folder, f"val_{name} cannot be read as the header of the array")

    @pytest.mark.parametrize("share", [0.001, 0.3, 0.9, 0.9999])
    def test_truncated(self, folder, share):
        content = (folder / "val_data_joint.npy").read_bytes()
        (folder / "val_data_joint.npy").write_bytes(content[: int(len(content) * share)])
        self.refused(folder, "cannot be read as|expected 10[0-9]+ bytes for the array")

    @pytest.mark.parametrize(
        "shape",
        ["(3, 3, 6, 25, 99999999999999)", "(2**62, 4)", "(-3, 3)", f"(1{'0' * 4000},)", "()"],
    )
    def test_impossible_shapes(self, folder, shape):
        header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
        content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(64)
        (folder / "val_data_joint.npy").write_bytes(content)
        self.refused(folder, "val_data_joint.npy")

    def test_missing(self, folder):
        (folder / "val_data_joint.npy").unlink()
        with pytest.raises(FileNotFoundError, match="val_data_joint.npy does not exist"):
            read_isc(folder, "val")
        with pytest.raises(FileNotFoundError, match="none does not exist"):
            read_isc(folder / "none")

    def test_side(self, folder):
        with pytest.raises(ValueError, match="`side` must be one of 'train', 'val'; got 'test'"):
            read_isc(folder, "test")


class TestWriteISC:
    def test_round_trip(self, store, tmp_path):
        write_isc(tmp_path / "new" / "set", store, train=[0, 3], val=[2])
        assert {file.name for file in (tmp_path / "new" / "set").iterdir()} == FILES
        for side, positions in (("train", [0, 3]), ("val", [2])):
            clips = list(read_isc(tmp_path / "new" / "set", side))
            assert [clip.name for clip in clips] == [store[p].name for p in positions]
            for clip, position in zip(clips, positions, strict=True):
                np.testing.assert_array_equal(clip.joints, store[position].joints)
                assert clip.label == store[position].label

    def test_what_others_read(self, store, tmp_path):
        write_isc(tmp_path, store, train=[1, 2], val=[0])
        joints = np.load(tmp_path / "train_data_joint.npy", mmap_mode="r")
        assert (joints.dtype, joints.shape) == (np.float32, (2, 3, 300, 15, 2))
        names, labels = pickle.loads((tmp_path / "train_label.pkl").read_bytes())
        assert (names, labels) == (store.names[[1, 2]].tolist(), store.labels[[1, 2]].tolist())
        frames = np.load(tmp_path / "train_num_frame.npy")
        assert frames.tolist() == store.num_frames[[1, 2]].tolist()
        assert not joints[0, :, frames[0] :].any()

    @given(
        lengths=st.lists(st.integers(1, 12), min_size=1, max_size=5),
        persons=st.integers(1, 3),
        kind=st.sampled_from([(NTU25, 3), (COCO17, 2), (COCO17, 3)]),
        seed=st.integers(0, 99),
    )
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
    def test_any_shape(self, tmp_path, lengths, persons, kind, seed):
        layout, channels = kind
        rng = np.random.default_rng(seed)
        store = SkeletonStore.from_clips(
            [
                Clip(rng.standard_normal((n, persons, layout.num_joints, channels)), 0, name=f"{i}")
                for i, n in enumerate(lengths)
            ],
            layout=layout,
        )
        write_isc(tmp_path, store, train=range(len(lengths)), val=[0], frames=max(lengths))
        for clip, expected in zip(read_isc(tmp_path), store, strict=True):
            np.testing.assert_array_equal(clip.joints, expected.joints)

    def test_a_list_of_clips_is_written_as_their_store(self, store, tmp_path):
        for name, clips in (("store", store), ("list", list(store))):
            write_isc(tmp_path / name, clips, train=[2, 0], val=[1])
        for file in (tmp_path / "store").iterdir():
            assert file.read_bytes() == (tmp_path / "list" / file.name).read_bytes()

    def test_clips_of_different_shapes(self, tmp_path):
        clips = [Clip(np.ones((2, M, 25, 3)), 0, name=f"{M}") for M in (2, 1)]
        message = r"1 must have the shape \(T, 2, 25, 3\) of the first clip; got \(2, 1, 25, 3\)"
        with pytest.raises(ValueError, match=message):
            write_isc(tmp_path, clips, train=[0], val=[1])
        assert list(tmp_path.iterdir()) == []

    def test_a_clip_that_is_too_long(self, store, tmp_path):
        longest = int(store.num_frames.argmax())
        with pytest.raises(ValueError, match=f"{store.names[longest]} must have at most frames=20"):
            write_isc(tmp_path, store, train=[longest], val=[0], frames=20)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        ("train", "message"),
        [
            ([], "`train` must be numbers of different clips below 4, at least one"),
            ([0, 4], "`train` must be numbers of different clips below 4"),
            ([-1], "`train` must be numbers of different clips below 4"),
            ([1, 1], "`train` must be numbers of different clips below 4"),
        ],
    )
    def test_numbers(self, store, tmp_path, train, message):
        with pytest.raises(ValueError, match=message):
            write_isc(tmp_path, store, train=train, val=[0])

    @pytest.mark.parametrize(
        ("clips", "message"),
        [
            ([("a", 0), ("a", 1)], "have printable names of their own; got 'a'"),
            ([("a", 0), ("", 1)], "have printable names of their own; got ''. Name the clips"),
            ([("a\n", 0)], "have printable names of their own"),
            ([("a", -1)], "have labels; got none for a"),
        ],
    )
    def test_clips_that_cannot_be_listed(self, tmp_path, clips, message):
        layout = SkeletonLayout.from_bones("two", ["a", "b"], bones=[(1, 0)])
        store = SkeletonStore.from_clips(
            [Clip(np.ones((2, 2, 3)), label, name=name) for name, label in clips], layout=layout
        )
        with pytest.raises(ValueError, match=f"clips to be written must {message}"):
            write_isc(tmp_path, store, train=range(len(clips)), val=[0])

    def test_replaces_only_when_complete(self, store, tmp_path, monkeypatch):
        write_isc(tmp_path, store, train=[0], val=[1])
        before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
        save, calls = np.save, []

        def full_disk(*args, **kwargs):
            calls.append(args)
            if len(calls) == 2:
                raise OSError(28, "No space left on device")
            save(*args, **kwargs)

        monkeypatch.setattr(np, "save", full_disk)
        with pytest.raises(OSError, match="No space left"):
            write_isc(tmp_path, store, train=[2, 3], val=[0])
        assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
