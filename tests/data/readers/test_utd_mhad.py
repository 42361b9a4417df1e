from __future__ import annotations

import re
import struct

import foreign
import numpy as np
import pytest

from skelter import data
from skelter.data import SkeletonFormatError, read_utd_mhad, sources, splits
from skelter.layouts import KINECT20

NAME = "a3_s2_t4_skeleton.mat"


def poses(frames=5):
    """Positions (20, 3, T) as a file has them, all different."""
    return np.arange(20 * 3 * frames, dtype=np.float64).reshape(20, 3, frames) / 100 + 1


def write(folder, name=NAME, values=None, **form):
    path = folder / name
    path.write_bytes(foreign.matlab(poses() if values is None else values, **form))
    return path


class TestReadUTDMHAD:
    def test_facts_of_the_name(self, tmp_path):
        (clip,) = read_utd_mhad(write(tmp_path))
        assert (clip.name, clip.label, clip.subject, clip.view) == ("a3_s2_t4", 2, 2, -1)
        assert clip.extra == {"trial": 4}
        assert clip.joints.dtype == np.float32

    def test_the_joints_are_those_of_kinect20(self, tmp_path):
        """The file begins with head, shoulder centre, spine, hip centre."""
        values = poses()
        (clip,) = read_utd_mhad(write(tmp_path, values=values))
        place = KINECT20.joints.index
        for joint, row in (("head", 0), ("shoulder centre", 1), ("spine", 2), ("hip centre", 3),
                           ("left shoulder", 4), ("right foot", 19)):  # fmt: skip
            expected = values[row].T
            np.testing.assert_allclose(clip.joints[:, 0, place(joint)], expected, rtol=1e-6)

    @pytest.mark.parametrize("kind", ["f8", "f4", "i2", "u1"])
    @pytest.mark.parametrize("order", ["<", ">"])
    @pytest.mark.parametrize("compress", [True, False])
    def test_forms_of_matlab(self, tmp_path, kind, order, compress):
        values = poses().astype(kind)
        (clip,) = read_utd_mhad(write(tmp_path, values=values, order=order, compress=compress))
        np.testing.assert_allclose(clip.joints[:, 0, 3], values[0].T, rtol=1e-6)

    def test_as_scipy_writes_and_reads_them(self, tmp_path):
        io = pytest.importorskip("scipy.io")
        for compressed in (True, False):
            content = {"note": "text", "more": {"a": [1, 2]}, "d_skel": poses()}
            io.savemat(tmp_path / NAME, content, do_compression=compressed)
            (clip,) = read_utd_mhad(tmp_path)
            np.testing.assert_allclose(clip.joints[:, 0, 3], poses()[0].T, rtol=1e-6)
            path = write(tmp_path, compress=compressed)
            np.testing.assert_array_equal(io.loadmat(path)["d_skel"], poses())

    def test_a_clip_of_one_frame(self, tmp_path):
        (clip,) = read_utd_mhad(write(tmp_path, values=poses(1)[..., 0]))
        assert clip.joints.shape == (1, 1, 20, 3)

    def test_other_names(self, tmp_path):
        (clip,) = read_utd_mhad(write(tmp_path, name="mine.mat"))
        assert (clip.name, clip.label, clip.subject, clip.extra) == ("mine", -1, -1, {})

    def test_order_of_numbers(self, tmp_path):
        for name in ("a10_s1_t1", "a2_s1_t1", "a2_s1_t10", "a2_s1_t9"):
            write(tmp_path, name=f"{name}_skeleton.mat")
        expected = ["a2_s1_t1", "a2_s1_t9", "a2_s1_t10", "a10_s1_t1"]
        assert [clip.name for clip in read_utd_mhad(tmp_path)] == expected
        pieces = sources.utd_mhad(tmp_path).pieces
        assert [piece.name.removesuffix("_skeleton.mat") for piece in pieces] == expected

    def test_files_of_other_sensors_lie_beside(self, tmp_path):
        write(tmp_path)
        (tmp_path / "a3_s2_t4_inertial.mat").write_bytes(b"")
        assert len(list(read_utd_mhad(tmp_path))) == 1
        assert len(sources.utd_mhad(tmp_path).pieces) == 1


class TestDamage:
    def error(self, path):
        with pytest.raises(SkeletonFormatError) as caught:
            next(read_utd_mhad(path))
        assert str(caught.value).startswith(str(path))
        return str(caught.value).removeprefix(str(path))

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            (poses()[:19], r"`d_skel` of shape \(20, 3, T\); found \(19, 3, 5\)"),
            (poses()[:, :2], r"`d_skel` of shape \(20, 3, T\); found \(20, 2, 5\)"),
            (poses()[..., None], r"`d_skel` of shape \(20, 3, T\); found \(20, 3, 5, 1\)"),
            (poses() * np.nan, "finite coordinates in the clip; found 5 broken frames of 5"),
            (poses() * 0, "a body in the clip; found only zeros"),
            (poses()[..., :0], "frames in the clip; found none"),
        ],
    )
    def test_contents(self, tmp_path, values, message):
        assert re.search(message, self.error(write(tmp_path, values=values)))

    def test_another_variable(self, tmp_path):
        path = tmp_path / NAME
        path.write_bytes(foreign.matlab(poses(), name="d_iner"))
        assert self.error(path) == ": expected the variable `d_skel`; found d_iner."

    def test_actions_out_of_range(self, tmp_path):
        path = write(tmp_path, name="a28_s1_t1_skeleton.mat")
        assert self.error(path) == ": expected an action from 1 to 27 in its name; found 28."

    @pytest.mark.parametrize("content", [b"", b"MATLAB 7.3 MAT-file", b"x" * 600])
    def test_other_files(self, tmp_path, content):
        path = tmp_path / NAME
        path.write_bytes(content.ljust(128) if content else content)
        assert "a MATLAB file of version 5 to 7 (in MATLAB: save -v7)" in self.error(path)

    @pytest.mark.parametrize("compress", [True, False])
    def test_truncated(self, tmp_path, compress):
        path = write(tmp_path, compress=compress)
        content = path.read_bytes()
        for size in range(130, len(content), 7):
            path.write_bytes(content[:size])
            assert "cannot be read as a MATLAB file" in self.error(path)

    def test_sizes_that_are_not_true(self, tmp_path):
        path = write(tmp_path, compress=False)
        content = path.read_bytes()
        shape, lie = (struct.pack("<iii", 20, 3, frames) for frames in (5, 2**30))
        path.write_bytes(content.replace(shape, lie))
        assert "2400 bytes for `d_skel` (20, 3, 1073741824) of float64" in self.error(path)


class TestOriginals:
    """The public files equal the shared arrays, which the tables of README come from."""

    def test_files_and_arrays_agree(self, recordings, tmp_path):
        store = data.load_ragged(recordings / "utd_mhad.npz")
        report = data.prepare(sources.utd_mhad(recordings / "raw" / "utd_mhad"), tmp_path / "store")
        built = report.store
        assert len(built) >= 5
        assert built.layout == store.layout
        assert built.label_names == store.label_names
        assert built.info.fps == store.info.fps
        places = [store.names.tolist().index(name) for name in built.names]
        for clip, place in zip(built, places, strict=True):
            other = store[place]
            np.testing.assert_allclose(clip.joints, other.joints, atol=1e-3)
            assert (clip.label, clip.subject, clip.view) == (other.label, other.subject, other.view)
            assert clip.extra["trial"] == other.extra["trial"]
        of_all, of_some = splits.utd_mhad()(store), splits.utd_mhad().find(built.index)
        sides = [set(side.tolist()) for side in (of_all.train, of_all.test)]
        for chosen, side in zip((of_some.train, of_some.test), sides, strict=True):
            assert {places[i] for i in chosen} <= side
