from __future__ import annotations

import json
import re

import numpy as np
import pytest

from skelter import data
from skelter.data import SkeletonFormatError, read_openpose, sources
from skelter.layouts import BODY25, OPENPOSE18


def body(points=25, score=0.9, start=1.0):
    values = np.arange(points * 3, dtype=np.float64).reshape(points, 3) + start
    values[:, 2] = score
    return values


def write(folder, frames, name="walk", first=0, field="pose_keypoints_2d"):
    """Write the bodies of each frame to a file."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, bodies in enumerate(frames, start=first):
        people = [{"person_id": [-1], field: np.ravel(one).tolist()} for one in bodies]
        write_content(folder, {"version": 1.3, "people": people}, name, number)
    return folder


def write_content(folder, content, name="walk", number=0):
    path = folder / f"{name}_{number:012d}_keypoints.json"
    path.write_text(json.dumps(content))
    return path


class TestReadOpenPose:
    @pytest.mark.parametrize("points", [25, 18])
    @pytest.mark.parametrize("field", ["pose_keypoints_2d", "pose_keypoints"])
    def test_values(self, tmp_path, points, field):
        frames = [[body(points)], [], [body(points, start=2), body(points, 0.5)]]
        (clip,) = read_openpose(write(tmp_path, frames, field=field))
        assert clip.joints.shape == (3, 2, points, 3)
        assert clip.joints.dtype == np.float32
        np.testing.assert_allclose(clip.joints[0, 0], body(points), rtol=1e-6)
        assert not clip.joints[0, 1].any()
        assert not clip.joints[1].any()
        np.testing.assert_allclose(clip.joints[2, 1], body(points, 0.5), rtol=1e-6)
        assert (clip.name, clip.label, clip.subject, clip.view) == ("walk", -1, -1, -1)

    def test_the_surest_in_the_order_of_the_file(self, tmp_path):
        crowd = [body(score=score, start=score) for score in (0.3, 0.5, 0.2, 0.9)]
        (clip,) = read_openpose(write(tmp_path, [crowd]), persons=2)
        np.testing.assert_allclose(clip.joints[0], [crowd[1], crowd[3]], rtol=1e-6)

    def test_frames_without_a_file_are_zeros(self, tmp_path):
        write(tmp_path, [[body()]], first=7)
        write(tmp_path, [[body()]], first=10)
        (clip,) = read_openpose(tmp_path)
        assert (clip.joints != 0).any((1, 2, 3)).tolist() == [True, False, False, True]

    def test_a_flat_folder_of_many_names(self, tmp_path):
        for name, frames in (("b_side", 2), ("S001C002P003R001A013_rgb", 3), ("a", 1)):
            write(tmp_path, [[body()]] * frames, name)
        found = {clip.name: (len(clip.joints), clip.label) for clip in read_openpose(tmp_path)}
        assert found == {"S001C002P003R001A013_rgb": (3, 12), "a": (1, -1), "b_side": (2, -1)}
        ntu = next(read_openpose(tmp_path))
        assert (ntu.subject, ntu.view) == (3, 2)

    def test_a_folder_a_clip(self, tmp_path):
        for folder in ("one", "two"):
            write(tmp_path / folder, [[body()]] * 2, "video")
        assert [clip.name for clip in read_openpose(tmp_path)] == ["one/video", "two/video"]
        images = tmp_path / "three"
        write(images, [[body()]])
        next(images.iterdir()).rename(images / "000001_keypoints.json")
        assert [clip.name for clip in read_openpose(images)] == ["three"]

    def test_people_without_a_pose(self, tmp_path):
        write_content(tmp_path, {"people": [{"pose_keypoints_2d": []}]})
        write_content(
            tmp_path, {"people": [{"pose_keypoints_2d": body().ravel().tolist()}]}, number=1
        )
        (clip,) = read_openpose(tmp_path)
        assert len(clip.joints) == 2

    def test_arguments(self, tmp_path):
        with pytest.raises(ValueError, match="`persons` must be"):
            read_openpose(tmp_path, persons=0)
        with pytest.raises(FileNotFoundError, match=r"holds no _keypoints\.json file"):
            read_openpose(tmp_path)


class TestSource:
    @pytest.mark.parametrize("layout", [BODY25, OPENPOSE18])
    def test_layout_and_nobody(self, tmp_path, layout):
        raw = tmp_path / "raw"
        write(raw, [[], []], "a_empty")
        write(raw, [[], [body(layout.num_joints)]], "b")
        report = data.prepare(sources.openpose(raw, persons=1), tmp_path / "store")
        assert report.store.layout == layout
        assert report.store.names.tolist() == ["b"]
        (skipped,) = report.skipped
        assert skipped.piece == "a_empty"
        assert "expected a person in some frame; found nobody in 2 of 2" in skipped.reason
        assert "without a label: 1 of 1 clip" in str(report)

    def test_nobody_at_all(self, tmp_path):
        with pytest.raises(SkeletonFormatError, match="a person in some frame; found nobody"):
            sources.openpose(write(tmp_path, [[], []]))


class TestDamage:
    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ([], "an object with a list `people`; found a list of 0"),
            ({"people": {}}, "an object with a list `people`; found a dict of 1 with 'people'"),
            ({"people": [3]}, "lists of numbers .* `pose_keypoints_2d` of person 0; found None"),
            ({"people": [{"pose_keypoints_2d": [1.0] * 45}]}, r"75 or 54 numbers; found \(45,\)"),
            ({"people": [{"pose_keypoints_2d": ["1"] * 75}]}, "lists of numbers"),
            ({"people": [{"pose_keypoints_2d": [1e39] * 75}]}, "finite numbers in"),
        ],
    )
    def test_contents(self, tmp_path, content, message):
        path = write_content(tmp_path, content)
        with pytest.raises(SkeletonFormatError, match=f"^{re.escape(str(path))}: .*{message}"):
            list(read_openpose(tmp_path))

    def test_two_kinds_of_key_points(self, tmp_path):
        write(tmp_path, [[body(25)], [body(18)]])
        with pytest.raises(SkeletonFormatError, match="as many key points .*; found 18 and 25"):
            list(read_openpose(tmp_path))

    def test_frames_far_apart(self, tmp_path):
        write(tmp_path, [[body()]])
        write(tmp_path, [[body()]], first=10**11)
        with pytest.raises(
            SkeletonFormatError, match="frames within 131,072; found 0 to 1000000000"
        ):
            list(read_openpose(tmp_path))

    def test_names(self, tmp_path):
        (tmp_path / "S001C001P001R001A001_keypoints.json").write_text("{}")
        with pytest.raises(SkeletonFormatError, match="a name such as walk_000000000012_keypoints"):
            read_openpose(tmp_path)

    def test_one_frame_twice(self, tmp_path):
        write(tmp_path, [[body()]])
        (tmp_path / "walk_0_keypoints.json").write_text("{}")
        with pytest.raises(SkeletonFormatError, match="one file for frame 0"):
            read_openpose(tmp_path)

    def test_the_others_are_kept(self, tmp_path):
        for name in "abc":
            write(tmp_path / "raw", [[body()]], name)
        write_content(tmp_path / "raw", {}, "b")
        report = data.prepare(sources.openpose(tmp_path / "raw"), tmp_path / "s", on_error="skip")
        assert report.store.names.tolist() == ["a", "c"]
        assert [skipped.piece for skipped in report.skipped] == ["b"]
