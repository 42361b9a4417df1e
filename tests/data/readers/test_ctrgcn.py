from __future__ import annotations

import io
import tracemalloc
import zipfile

import numpy as np
import pytest
from foreign import items
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skelter.data import SkeletonFormatError, read_ctrgcn, sources

FRAMES = (4, 6, 2)


@pytest.fixture
def arrays():
    """A side of three clips, and another of one."""
    x = np.random.default_rng(0).standard_normal((3, 6, 150)).astype(np.float32)
    for row, frames in enumerate(FRAMES):
        x[row, frames:] = 0
    return {"x_train": x, "y_train": np.eye(60)[[3, 0, 59]], "x_test": x[:1], "y_test": [7]}


@pytest.fixture(params=[np.savez, np.savez_compressed])
def save(request, tmp_path):
    def save(arrays):
        request.param(tmp_path / "set.npz", **arrays)
        return tmp_path / "set.npz"

    return save


class TestReadCTRGCN:
    def test_written_by_hand(self, save, arrays):
        clips = list(read_ctrgcn(save(arrays)))
        assert [clip.joints.shape for clip in clips] == [(n, 2, 25, 3) for n in FRAMES]
        assert [clip.joints.dtype for clip in clips] == [np.float32] * 3
        assert [clip.label for clip in clips] == [3, 0, 59]
        assert [clip.name for clip in clips] == ["train_000000", "train_000001", "train_000002"]
        assert [(clip.subject, clip.view) for clip in clips] == [(-1, -1)] * 3
        assert [clip.extra for clip in clips] == [{"train": 1}] * 3
        x = arrays["x_train"]
        for t, m, v, c in [(0, 0, 0, 0), (5, 1, 24, 2), (3, 0, 7, 1)]:
            assert clips[1].joints[t, m, v, c] == x[1, t, m * 75 + v * 3 + c]

    def test_integer_labels(self, save, arrays):
        (clip,) = read_ctrgcn(save(arrays), "test")
        assert (clip.label, clip.extra) == (7, {"test": 1})

    @pytest.mark.parametrize("dtype", ["<f2", ">f4", "<f8"])
    def test_other_numbers(self, save, arrays, dtype):
        changed = {
            "x_train": arrays["x_train"].astype(dtype),
            "y_train": np.eye(60, dtype=">i2")[:3],
        }
        clips = list(read_ctrgcn(save(changed)))
        expected = arrays["x_train"].astype(dtype).astype(np.float32)[1].reshape(6, 2, 25, 3)
        np.testing.assert_array_equal(clips[1].joints, expected)
        assert [clip.label for clip in clips] == [0, 1, 2]

    def test_zeros_inside_are_no_padding(self, save, arrays):
        arrays["x_train"][0, :2] = 0
        clip = next(read_ctrgcn(save(arrays)))
        assert len(clip.joints) == 4

    @given(
        persons=st.integers(1, 3),
        joints=st.integers(1, 30),
        coordinates=st.integers(1, 4),
        clips=st.integers(1, 4),
    )
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
    def test_any_skeleton(self, save, persons, joints, coordinates, clips):
        x = np.random.default_rng(0).standard_normal((clips, 5, persons, joints, coordinates))
        path = save({"x_test": x.reshape(clips, 5, -1), "y_test": np.zeros(clips, int)})
        read = read_ctrgcn(path, "test", persons=persons, coordinates=coordinates)
        for clip, expected in zip(read, x, strict=True):
            np.testing.assert_array_equal(clip.joints, expected.astype(np.float32))

    def test_goes_on_after_a_damaged_clip(self, save, arrays):
        arrays["x_train"][0, 2, 5] = np.nan
        arrays["y_train"][1, 4] = 1
        first, second, third, _ = items(sources.ctrgcn(save(arrays)))
        assert "finite coordinates in train clip 0; found 1 broken frames of 4" in str(first)
        assert "the label of train clip 1 to be a 1 among zeros; found [1.0, 1.0]" in str(second)
        assert third.label == 59

    def test_memory_does_not_grow_with_the_file(self, save):
        x, y = np.zeros((600, 300, 150), np.float32), np.zeros(600, int)
        source = sources.ctrgcn(
            save({"x_train": x[:1], "y_train": y[:1], "x_test": x, "y_test": y})
        )
        tracemalloc.start()
        for item in source.read(*source.pieces[1].arguments):
            assert isinstance(item, SkeletonFormatError)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 24 << 20  # of 103


class TestDamage:
    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"x_train": None}, "expected an array x_train; found y_train.npy, x_test.npy, y_test"),
            ({"x_train": np.ones((3, 6, 149))}, "N, T, a multiple of 2 persons x 3 coordinates"),
            ({"x_train": np.ones((3, 900))}, r"x_train of shape .*; found \(3, 900\)"),
            ({"x_train": np.ones((3, 6, 150), int)}, "x_train to hold floats; found int64"),
            ({"x_train": np.ones((0, 6, 150))}, "x_train not to be empty"),
            ({"x_train": np.array([{}])}, "x_train to hold floats; found object"),
            ({"x_train": np.ones((150, 6, 3)).T}, "x_train in C order"),
            (
                {"x_train": np.ones((2, 6, 150))},
                r"y_train of shape \(2, classes\), one row for each",
            ),
            ({"x_train": np.zeros((3, 6, 150))}, "a body in train clip 0; found only zeros"),
            ({"y_train": np.zeros((3, 60))}, r"train clip 0 to be a 1 among zeros; found \[\]"),
            ({"y_train": np.full((3, 2), 0.5)}, r"a 1 among zeros; found \[0.5, 0.5\]"),
            ({"y_train": np.eye(3) * 2}, r"a 1 among zeros; found \[2.0\]"),
            ({"y_train": np.eye(3) * np.nan}, "a 1 among zeros; found .nan"),
            ({"y_train": np.array([-2, 0, 1])}, "label of train clip 0 to be a class index from 0"),
            ({"y_train": np.array([0.0, 1, 2])}, "to be a class index from 0; found 0.0"),
            ({"y_train": np.array([True] * 3)}, "to be a class index from 0"),
            ({"y_train": np.zeros((3, 2, 2))}, r"one row for each of x_train; found \(3, 2, 2\)"),
            ({"y_train": np.array(["a"] * 3)}, "y_train to hold numbers; found str"),
        ],
    )
    def test_inconsistent(self, save, arrays, changes, message):
        path = save({k: v for k, v in (arrays | changes).items() if v is not None})
        with pytest.raises(SkeletonFormatError, match=message):
            list(read_ctrgcn(path))

    @pytest.mark.parametrize("share", [0.0, 0.2, 0.9, 0.999])
    def test_truncated(self, save, arrays, share):
        path = save(arrays)
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(SkeletonFormatError, match="cannot be read as an .npz archive"):
            list(read_ctrgcn(path))

    def test_broken_inside(self, save, arrays):
        path = save(arrays)
        content = bytearray(path.read_bytes())
        content[300:2000] = b"\xff" * 1700
        path.write_bytes(content)
        with pytest.raises(SkeletonFormatError, match=r"set\.npz"):
            list(read_ctrgcn(path))

    def test_other_compression(self, tmp_path, arrays):
        array = io.BytesIO()
        np.save(array, arrays["x_train"])
        with zipfile.ZipFile(tmp_path / "set.npz", "w", zipfile.ZIP_LZMA) as archive:
            archive.writestr("x_train.npy", array.getvalue())
        with pytest.raises(SkeletonFormatError, match="x_train stored or deflated; found type 14"):
            list(read_ctrgcn(tmp_path / "set.npz"))

    @pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    def test_a_header_that_promises_more(self, tmp_path, compression):
        array = io.BytesIO()
        form = {"descr": "<f4", "fortran_order": False, "shape": (10**9, 300, 150)}
        np.lib.format.write_array_header_1_0(array, form)
        with zipfile.ZipFile(tmp_path / "set.npz", "w", compression) as archive:
            archive.writestr("x_train.npy", array.getvalue() + bytes(600))
        with pytest.raises(
            SkeletonFormatError, match=r"expected 180000000000128 bytes for x_train"
        ):
            list(read_ctrgcn(tmp_path / "set.npz"))

    @pytest.mark.parametrize("content", [b"", b"some text", b"\x93NUMPY\x01\x00"])
    def test_other_files(self, tmp_path, content):
        (tmp_path / "set.npz").write_bytes(content)
        with pytest.raises(SkeletonFormatError, match="cannot be read as an .npz archive"):
            list(read_ctrgcn(tmp_path / "set.npz"))

    def test_arguments(self, save, arrays):
        path = save(arrays)
        with pytest.raises(FileNotFoundError, match="none.npz does not exist"):
            read_ctrgcn(path.with_name("none.npz"))
        with pytest.raises(ValueError, match="`side` must be one of 'train', 'test'; got 'val'"):
            read_ctrgcn(path, "val")
        with pytest.raises(ValueError, match="`persons` must be at least 1; got 0"):
            read_ctrgcn(path, persons=0)
        with pytest.raises(ValueError, match="`coordinates` must be at least 1; got 0"):
            read_ctrgcn(path, coordinates=0)
