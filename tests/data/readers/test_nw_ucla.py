from __future__ import annotations

import json
import re
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skelter import data
from skelter.data import SkeletonFormatError, read_nw_ucla

NAME = "a08_s03_e02_v01.json"


def poses(frames=3):
    return (np.arange(frames * 60).reshape(frames, 20, 3) / 64 + 1).tolist()


def write(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


class TestReadNWUCLA:
    def test_a_file(self, tmp_path):
        (clip,) = read_nw_ucla(write(tmp_path / NAME, {"skeletons": poses(), "label": 7}))
        assert clip.joints.shape == (3, 1, 20, 3)
        assert clip.joints.dtype == np.float32
        np.testing.assert_array_equal(clip.joints[:, 0], poses())
        assert (clip.label, clip.subject, clip.view) == (6, 3, 1)
        assert clip.name == "a08_s03_e02_v01"

    def test_folders(self, tmp_path):
        for folder, name in (("b", "a01_s01_e00_v02"), ("c", "a02_s01_e00_v01"), (".", "other")):
            (tmp_path / folder).mkdir(exist_ok=True)
            write(tmp_path / folder / f"{name}.json", {"skeletons": poses(), "label": 10})
        (tmp_path / "readme.txt").touch()
        clips = list(read_nw_ucla(tmp_path))
        assert [clip.name for clip in clips] == ["a01_s01_e00_v02", "a02_s01_e00_v01", "other"]
        assert [(clip.subject, clip.view) for clip in clips] == [(1, 2), (1, 1), (-1, -1)]
        assert {clip.label for clip in clips} == {9}

    def test_whole_numbers_and_more_keys(self, tmp_path):
        content = {"file_name": "a", "skeletons": [[[1, 2.5, -3]] * 20], "label": 1, "more": None}
        (clip,) = read_nw_ucla(write(tmp_path / NAME, content))
        np.testing.assert_array_equal(clip.joints[0, 0], [[1, 2.5, -3]] * 20)

    @given(values=st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=3))
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_numbers_keep_every_bit(self, tmp_path, values):
        frames = np.resize(np.array([*values, 1.0]), (2, 20, 3))
        (clip,) = read_nw_ucla(write(tmp_path / NAME, {"skeletons": frames.tolist(), "label": 1}))
        assert clip.joints.tobytes() == frames.astype(np.float32).tobytes()

    def test_missing(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="nowhere does not exist"):
            read_nw_ucla(tmp_path / "nowhere")
        with pytest.raises(FileNotFoundError, match="holds no .json file"):
            read_nw_ucla(tmp_path)
        (tmp_path / NAME).mkdir()
        with pytest.raises(OSError, match=NAME):
            next(read_nw_ucla(tmp_path))


class TestDamage:
    def error(self, path):
        with pytest.raises(SkeletonFormatError) as caught:
            next(read_nw_ucla(path))
        assert str(caught.value).startswith(str(path))
        return str(caught.value).removeprefix(str(path))

    @pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99, 0.9999])
    def test_truncated(self, tmp_path, share):
        path = write(tmp_path / NAME, {"skeletons": poses(), "label": 7})
        content = path.read_text()
        write(path, content[: int(len(content) * share)])
        assert " cannot be read as JSON (JSONDecodeError: " in self.error(path)

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"\xff\xfe\x00", "UnicodeDecodeError"),
            (bytes(100), "JSONDecodeError"),
            (b"{" * 100_000, "JSONDecodeError"),
            (b"[" * 100_000, "RecursionError"),
            (b'{"label":' + b"9" * 10_000 + b"}", "ValueError"),
        ],
    )
    def test_no_json(self, tmp_path, content, reason):
        path = tmp_path / NAME
        path.write_bytes(content)
        assert f" cannot be read as JSON ({reason}: " in self.error(path)

    @pytest.mark.parametrize(
        ("content", "found"),
        [
            ([], "a list of 0"),
            (3, "3"),
            ("3", "'3'"),
            ({"label": 1}, "a dict of 1 with 'label'"),
            (dict.fromkeys("abcde"), "a dict of 5 with 'a', 'b', 'c' and 2 more"),
        ],
    )
    def test_other_contents(self, tmp_path, content, found):
        path = write(tmp_path / NAME, json.dumps(content))
        expected = "an object with `skeletons` and `label`"
        assert self.error(path) == f": expected {expected}; found {found}."

    @pytest.mark.parametrize("label", [0, 11, -1, 1.0, "1", True, None, [1], 10**30, float("nan")])
    def test_labels(self, tmp_path, label):
        path = write(tmp_path / NAME, {"skeletons": poses(), "label": label})
        assert ": expected a label from 1 to 10; found " in self.error(path)

    @pytest.mark.parametrize(
        ("skeletons", "message"),
        [
            ([], r"skeletons of shape \(T, 20, 3\); found \(0,\)"),
            ([[]], r"skeletons of shape \(T, 20, 3\); found \(1, 0\)"),
            (1.5, r"skeletons of shape \(T, 20, 3\); found \(\)"),
            (np.ones((4, 25, 3)).tolist(), r"skeletons of shape \(T, 20, 3\); found \(4, 25, 3\)"),
            (np.ones((4, 20, 2)).tolist(), r"skeletons of shape \(T, 20, 3\); found \(4, 20, 2\)"),
            (np.zeros((4, 20, 3)).tolist(), "a body in the clip; found only zeros"),
            ([[[1.0, 2.0, float("nan")]] * 20, *poses(2)], "finite .*; found 1 broken frames of 3"),
            ([*poses(2), [[1.0, float("-inf"), 0.0]] * 20], "finite .*, the first number 2"),
            ([*poses(2), [[1e39, 0, 0]] * 20], "finite .*; found 1 broken frames of 3"),
            ([*poses(2), [[10**39, 0, 0]] * 20], "finite .*; found 1 broken frames of 3"),
            ([*poses(2), [[10**400, 0, 0]] * 20], "lists of numbers of equal lengths for skel"),
            ([*poses(2), [[1.0, 2.0]] * 20], "lists of numbers .*; found a list of 3"),
            ([*poses(2), [[1.0, 2.0, None]] * 20], "lists of numbers of equal lengths"),
            ([*poses(2), [[1.0, 2.0, "3"]] * 20], "lists of numbers of equal lengths"),
            ([*poses(2), [[1.0, 2.0, True]] * 20], "lists of numbers of equal lengths"),
            ([*poses(2), [[1.0, 2.0, {}]] * 20], "lists of numbers of equal lengths"),
            ([*poses(2), None], "lists of numbers of equal lengths"),
            ("poses", "lists of numbers of equal lengths for skeletons; found 'poses'"),
            (None, "lists of numbers of equal lengths for skeletons; found None"),
        ],
    )
    def test_skeletons(self, tmp_path, skeletons, message):
        path = write(tmp_path / NAME, {"skeletons": skeletons, "label": 1})
        assert re.match(rf": expected {message}.*\.$", self.error(path))

    def test_deep_lists(self, tmp_path):
        for depth in (70, 900):
            lists = "[" * depth + "]" * depth
            path = write(tmp_path / NAME, f'{{"skeletons": {lists}, "label": 1}}')
            assert ": expected lists of numbers of equal lengths" in self.error(path)
            path = write(tmp_path / NAME, f'{{"skeletons": [], "label": {lists}}}')
            assert self.error(path) == ": expected a label from 1 to 10; found a list of 1."

    def test_memory_is_that_of_the_file(self, tmp_path):
        """As text of NumPy's, every word takes the space of the longest."""
        words = [[["", "", ""]] * 20] * 100 + [[["x" * 100_000, "", ""]] * 20]
        path = write(tmp_path / NAME, {"skeletons": words, "label": 1})
        tracemalloc.start()
        message = self.error(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert "lists of numbers of equal lengths" in message
        assert peak < 20 * path.stat().st_size

    def test_prepare_keeps_the_others(self, tmp_path):
        raw = tmp_path / "raw"
        raw.mkdir()
        for number in range(3):
            content = {"skeletons": poses(), "label": number}
            write(raw / f"a01_s01_e0{number}_v01.json", content)
        report = data.prepare(data.sources.nw_ucla(raw), tmp_path / "store", on_error="skip")
        assert report.store.labels.tolist() == [0, 1]
        ((piece, reason),) = report.skipped
        assert piece == "a01_s01_e00_v01.json"
        assert reason == "a01_s01_e00_v01.json: expected a label from 1 to 10; found 0."


@pytest.fixture(scope="module")
def originals(recordings):
    folder = recordings / "raw" / "nw_ucla"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there: original files are kept outside the repository")
    return folder


class TestOriginals:
    def test_as_json_has_them(self, originals):
        files = sorted(originals.glob("*.json"))
        clips = list(read_nw_ucla(originals))
        assert len(clips) == len(files) > 0
        for clip, file in zip(clips, files, strict=True):
            content = json.loads(file.read_text())
            expected = np.array(content["skeletons"], dtype=np.float32)[:, None]
            np.testing.assert_array_equal(clip.joints, expected)
            assert clip.label == content["label"] - 1
            assert clip.name == content["file_name"] == file.stem
            action, subject, _, view = (int(part[1:]) for part in file.stem.split("_"))
            assert (clip.subject, clip.view) == (subject, view)
            assert clip.label == [1, 2, 3, 4, 5, 6, 8, 9, 11, 12].index(action)

    def test_prepare(self, originals, tmp_path):
        report = data.prepare(data.sources.nw_ucla(originals), tmp_path / "store")
        clips = list(read_nw_ucla(originals))
        for stored, clip in zip(report.store, clips, strict=True):
            np.testing.assert_array_equal(stored.joints, clip.joints)
            assert (stored.label, stored.name) == (clip.label, clip.name)
        assert report.skipped == ()

    def test_the_list_of_all(self, recordings, tmp_path):
        names = (recordings / "lists" / "nwucla_1484.txt").read_text().split()
        for name in names:
            (tmp_path / name.removesuffix(".json")).with_suffix(".json").touch()
        (check,) = data.sources.nw_ucla(tmp_path).counts()
        assert check.found == (1020, 464)
        assert check.complete
