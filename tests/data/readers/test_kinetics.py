from __future__ import annotations

import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skelter import data
from skelter.data import SkeletonFormatError, read_kinetics


def person(place=0.5, score=0.9):
    """A detection all of whose joints have one place and one score."""
    return {"pose": [place, place / 2] * 18, "score": [score] * 18}


def frame(index, *persons):
    return {"frame_index": index, "skeleton": list(persons)}


def write(folder, *frames, name="video", **fields):
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"data": frames, "label": "wave", "label_index": 7} | fields))
    return path


class TestReadKinetics:
    def test_places_and_scores(self, tmp_path):
        values = np.arange(54) / 64
        detection = {"pose": values[:36].tolist(), "score": values[36:].tolist()}
        (clip,) = read_kinetics(write(tmp_path, frame(1, detection)))
        assert clip.joints.shape == (1, 2, 18, 3)
        assert clip.joints.dtype == np.float32
        np.testing.assert_array_equal(clip.joints[0, 0, :, 0], values[:36:2])
        np.testing.assert_array_equal(clip.joints[0, 0, :, 1], values[1:36:2])
        np.testing.assert_array_equal(clip.joints[0, 0, :, 2], values[36:])
        np.testing.assert_array_equal(clip.joints[0, 1], 0)
        assert (clip.label, clip.subject, clip.view, clip.name) == (7, -1, -1, "video")

    @pytest.mark.parametrize(
        ("persons", "places"), [(1, [0.3]), (2, [0.3, 0.1]), (5, [0.3, 0.1, 0.2, 0.4, 0])]
    )
    def test_the_surest_come_first(self, tmp_path, persons, places):
        """Of those as sure as each other, the first in the file."""
        detections = [person(0.1, 0.5), person(0.2, 0.5), person(0.3, 0.9), person(0.4, 0.1)]
        (clip,) = read_kinetics(write(tmp_path, frame(1, *detections)), persons=persons)
        expected = np.array(places, np.float32)
        np.testing.assert_array_equal(clip.joints[0, :, 0, 0], expected)

    @given(scores=st.lists(st.floats(0, 1, width=32), min_size=1, max_size=6))
    def test_as_one_sorts_them(self, tmp_path_factory, scores):
        folder = tmp_path_factory.mktemp("kinetics")
        detections = [person(place + 1, score) for place, score in enumerate(scores)]
        (clip,) = read_kinetics(write(folder, frame(1, *detections)), persons=3)
        order = sorted(range(len(scores)), key=lambda place: -scores[place])[:3]
        expected = [place + 1 for place in order] + [0] * (3 - len(order))
        assert clip.joints[0, :, 0, 0].tolist() == expected

    def test_each_frame_by_itself(self, tmp_path):
        path = write(
            tmp_path,
            frame(1, person(0.1, 0.9), person(0.2, 0.5)),
            frame(2, person(0.1, 0.5), person(0.2, 0.9)),
        )
        (clip,) = read_kinetics(path)
        expected = np.array([[0.1, 0.2], [0.2, 0.1]], np.float32)
        np.testing.assert_array_equal(clip.joints[:, :, 3, 0], expected)

    def test_gaps_and_order_of_frames(self, tmp_path):
        path = write(tmp_path, frame(6, person(0.6)), frame(2, person(0.2)), frame(4))
        (clip,) = read_kinetics(path)
        expected = np.array([0, 0.2, 0, 0, 0, 0.6], np.float32)
        np.testing.assert_array_equal(clip.joints[:, 0, 0, 0], expected)
        np.testing.assert_array_equal(clip.joints[[0, 2, 3, 4]], 0)

    def test_folders(self, tmp_path):
        write(tmp_path / "kinetics_val", frame(1, person()), name="b", label_index=399)
        write(tmp_path / "kinetics_train", frame(1, person()), name="c")
        write(tmp_path / "mine", frame(1, person()), name="a")
        clips = list(read_kinetics(tmp_path))
        assert [clip.name for clip in clips] == ["a", "b", "c"]
        assert [clip.extra for clip in clips] == [{}, {"val": 1}, {"train": 1}]
        assert [clip.label for clip in clips] == [7, 399, 7]

    def test_without_a_label(self, tmp_path):
        path = write(tmp_path, frame(1, person()))
        path.write_text(json.dumps({"data": [frame(1, person())]}))
        assert next(read_kinetics(path)).label == -1

    def test_missing(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="nowhere does not exist"):
            read_kinetics(tmp_path / "nowhere")
        with pytest.raises(FileNotFoundError, match="holds no .json file"):
            read_kinetics(tmp_path)
        with pytest.raises(ValueError, match="`persons` must be"):
            read_kinetics(tmp_path, persons=0)
        (tmp_path / "video.json").mkdir()
        with pytest.raises(OSError, match="video.json"):
            next(read_kinetics(tmp_path))


class TestDamage:
    def error(self, path):
        with pytest.raises(SkeletonFormatError) as caught:
            next(read_kinetics(path))
        assert str(caught.value).startswith(str(path))
        return str(caught.value).removeprefix(str(path))

    @pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.999])
    def test_truncated(self, tmp_path, share):
        path = write(tmp_path, frame(1, person()))
        content = path.read_text()
        path.write_text(content[: int(len(content) * share)])
        assert " cannot be read as JSON (JSONDecodeError: " in self.error(path)

    @pytest.mark.parametrize(
        ("content", "found"),
        [
            ([], "a list of 0"),
            ({}, "a dict of 0"),
            ({"data": []}, "a list of 0"),
            ({"data": {}}, "a dict of 1"),
            ({"data": "frames"}, "a dict of 1"),
            (None, "None"),
        ],
    )
    def test_other_contents(self, tmp_path, content, found):
        path = tmp_path / "video.json"
        path.write_text(json.dumps(content))
        expected = "an object whose `data` lists frames"
        assert self.error(path) == f": expected {expected}; found {found}."

    @pytest.mark.parametrize("label", [-2, 1000, 1.0, "1", True, None, [1]])
    def test_labels(self, tmp_path, label):
        path = write(tmp_path, frame(1, person()), label_index=label)
        assert ": expected a label_index from 0; found " in self.error(path)

    @pytest.mark.parametrize("index", [-1, 10_001, 10**12, 1.0, "1", True, None])
    def test_indices(self, tmp_path, index):
        path = write(tmp_path, frame(2, person()), frame(index, person()))
        message = ": expected frames with a frame_index from 0 to 10000; found "
        assert message in self.error(path)

    @pytest.mark.parametrize(
        ("frames", "message"),
        [
            (["frame"], "frames with a frame_index from 0 to 10000; found None"),
            ([{"skeleton": []}], "frames with a frame_index from 0 to 10000; found None"),
            ([frame(3, person()), frame(3, person())], "frames with different .*; found one twice"),
            ([{"frame_index": 3}], "a list `skeleton` in frame 3; found None"),
            ([{"frame_index": 3, "skeleton": {}}], "a list `skeleton` in frame 3; found a dict"),
            ([frame(1), frame(2)], "a body in the clip; found only zeros"),
            ([frame(1, person(0.0, 0.0))], "a body in the clip; found only zeros"),
            ([frame(1, "person")], "lists of numbers of equal lengths for pose in frame 1"),
            ([frame(1, {})], "lists of numbers of equal lengths for pose in frame 1; found None"),
            ([frame(1, {"pose": [0.5] * 36})], "lists of numbers .* score in frame 1; found None"),
            ([frame(1, person() | {"pose": [0.5] * 34})], "36 numbers of pose .*34"),
            ([frame(1, person() | {"score": [0.5] * 25})], "36 numbers of pose and 18 .*25"),
            ([frame(1, person() | {"score": [[0.5]] * 18})], "36 numbers of .*18, 1"),
            ([frame(1, person() | {"score": ["1"] * 18})], "lists of numbers .* score in frame 1"),
            ([frame(1, person() | {"pose": [None] * 36})], "lists of numbers .* pose in frame 1"),
            ([frame(1, person(float("nan")))], "finite numbers in frame 1; found others"),
            ([frame(1, person(score=float("inf")))], "finite numbers in frame 1; found others"),
            ([frame(1, person(1e39))], "finite numbers in frame 1; found others"),
            ([frame(4, *[person()] * 2, person(score=float("nan")))], "finite numbers in frame 4"),
        ],
    )  # fmt: skip
    def test_frames(self, tmp_path, frames, message):
        found = self.error(write(tmp_path, *frames))
        assert re.match(rf": expected {message}.*\.$", found), found

    def test_prepare_keeps_the_others(self, tmp_path):
        raw = tmp_path / "raw"
        for name, frames in (("a", [frame(1, person())]), ("b", []), ("c", [frame(1, person())])):
            write(raw, *frames, name=name)
        report = data.prepare(data.sources.kinetics(raw), tmp_path / "store", on_error="skip")
        assert report.store.names.tolist() == ["a", "c"]
        assert report.store.channels == 3
        ((piece, reason),) = report.skipped
        assert piece == "b.json"
        assert reason.startswith("b.json: expected an object whose `data` lists frames")
