from __future__ import annotations

import re
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference import ntu_lines

from skelter import data
from skelter.data import Clip, SkeletonFormatError, read_ntu, write_ntu

NAME = "S001C002P003R001A013.skeleton"


@pytest.fixture
def good(tmp_path):
    """The lines of a recording of three frames with 1, 2 and 0 bodies."""
    joints = np.ones((3, 2, 25, 3), np.float32)
    joints[0, 1] = joints[2] = 0
    write_ntu(tmp_path, [Clip(joints, name=NAME)])
    return (tmp_path / NAME).read_text().splitlines()


class TestDamage:
    def error(self, path, content):
        path.write_bytes(content if isinstance(content, bytes) else "\n".join(content).encode())
        with pytest.raises(SkeletonFormatError) as caught:
            next(read_ntu(path))
        assert str(caught.value).startswith(str(path))
        return str(caught.value).removeprefix(str(path))

    def test_the_fixture_is_good(self, tmp_path, good):
        assert len(good) == 1 + 3 + 3 * 27
        assert next(read_ntu(tmp_path)).joints.shape == (3, 2, 25, 3)

    def test_truncated_at_every_line(self, tmp_path, good):
        assert self.error(tmp_path / NAME, []) == ": expected text; found an empty file."
        for number in range(1, len(good)):
            message = self.error(tmp_path / NAME, good[:number])
            assert message.startswith(f", line {number + 1}: expected "), number
            assert message.endswith("; found the end of the file."), number

    @given(data=st.data())
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_truncated_anywhere(self, tmp_path, good, data):
        good = good[:-1]  # without the frame of nobody, the file ends with a joint
        good[0] = "2"
        content = "\n".join(good).encode()
        size = data.draw(st.integers(0, len(content) - 1))
        message = self.error(tmp_path / NAME, content[:size])
        if message != ": expected text; found an empty file.":
            line = re.match(r", line (\d+): expected .*; found .*\.$", message)
            assert line, message
            assert int(line[1]) <= len(good)

    @pytest.mark.parametrize(
        ("line", "content", "message"),
        [
            (1, "x", "the number of frames; found 'x'"),
            (1, "0", "the number of frames; found '0'"),
            (1, "-3", "the number of frames; found '-3'"),
            (1, "3.0", "the number of frames; found '3.0'"),
            (1, "", "the number of frames; found ''"),
            (1, "123456789012", "the number of frames; found '123456789012'"),
            (1, "\ufeff3", r"the number of frames; found '\\xef\\xbb\\xbf3'"),
            (2, "one", "the number of bodies in frame 1 of 3; found 'one'"),
            (2, "-1", "the number of bodies in frame 1 of 3; found '-1'"),
            (2, "1 2", "the number of bodies in frame 1 of 3; found '1 2'"),
            (3, "1 2 3", "the 10 values of a body; found '1 2 3'"),
            (4, "24", "the number of joints, 25; found '24'"),
            (4, "20", "the number of joints, 25; found '20'"),
            (4, "99999999", "the number of joints, 25; found '99999999'"),
            (4, "25.", "the number of joints, 25; found '25.'"),
            (5, "1 2 3", "the 12 values of a joint; found '1 2 3'"),
            (9, "1 " * 13, f"the 12 values of a joint; found '{'1 ' * 12}1'"),
            (29, "0 " * 11, f"the 12 values of a joint; found '{'0 ' * 10}0'"),
            (6, "nan 0 0 0 0 0 0 0 0 0 0 2", "a finite 32-bit number; found 'nan'"),
            (7, "0 -inf 0 0 0 0 0 0 0 0 0 2", "a finite 32-bit number; found '-inf'"),
            (7, "0 Infinity 0 0 0 0 0 0 0 0 0 2", "a finite 32-bit number; found 'Infinity'"),
            (8, "0 0 1e39 0 0 0 0 0 0 0 0 2", "a finite 32-bit number; found '1e39'"),
            (8, "0 0 1e999 0 0 0 0 0 0 0 0 2", "a finite 32-bit number; found '1e999'"),
            (8, "0 0 1,5 0 0 0 0 0 0 0 0 2", "a finite 32-bit number; found '1,5'"),
            (8, "0 0 - 0 0 0 0 0 0 0 0 2", "a finite 32-bit number; found '-'"),
            (8, "0 0 1.2.3 0 0 0 0 0 0 0 0 2", "a finite 32-bit number; found '1.2.3'"),
            (8, "0 0 0x1p3 0 0 0 0 0 0 0 0 2", "a finite 32-bit number; found '0x1p3'"),
            (20, "0 0\x000 0 0 0 0 0 0 0 0 0 2", "text; found the byte 0x00"),
            (20, "\x1b0 0 0 0 0 0 0 0 0 0 0 2", "text; found the byte 0x1b"),
            (85, "0\nmore", "the end of the file after 3 frames; found 'more'"),
            (85, "7", "the 10 values of a body; found the end of the file"),
        ],
    )
    def test_a_line(self, tmp_path, good, line, content, message):
        good[line - 1] = content
        number = line + content.count("\n") + ("end of the file;" in message or content == "7")
        found = self.error(tmp_path / NAME, good)
        assert re.fullmatch(rf", line {number}: expected {message}\.", found), found

    @pytest.mark.parametrize(
        ("line", "count", "found_in", "message"),
        [
            (1, "99999999", 86, "the number of bodies in frame 4 of 99999999"),
            (1, "2", 85, "the end of the file after 2 frames; found '0'"),
            (2, "2", 30, "the 10 values of a body; found '2'"),
            (2, "0", 3, "the number of bodies in frame 2 of 3"),
            (2, "99999999", 30, "the 10 values of a body; found '2'"),
            (30, "1", 58, "the number of bodies in frame 3 of 3"),
            (30, "99999999", 85, "the 10 values of a body; found '0'"),
        ],
    )
    def test_counts_that_do_not_fit(self, tmp_path, good, line, count, found_in, message):
        good[line - 1] = count
        tracemalloc.start()
        found = self.error(tmp_path / NAME, good)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert found.startswith(f", line {found_in}: expected {message}"), found
        assert peak < 5e6

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", ": expected text; found an empty file."),
            (b" \r\n\n \t", ": expected text; found an empty file."),
            (bytes(100), ", line 1: expected text; found the byte 0x00."),
            (bytes(range(256)), ", line 1: expected text; found the byte 0x00."),
            ("3\n1\n".encode("utf-16"), ", line 1: expected text; found the byte 0x00."),
            (b"\x89PNG\r\n\x1a\n", ", line 2: expected text; found the byte 0x1a."),
            (b"3\n0\n0\n0\n", ": expected at least one body; found none in 3 frames."),
        ],
    )
    def test_other_contents(self, tmp_path, content, message):
        assert self.error(tmp_path / NAME, content) == message

    def test_only_zeros(self, tmp_path):
        content = ntu_lines.write(tmp_path / NAME, np.zeros((2, 2, 25, 3))).read_bytes()
        message = self.error(tmp_path / NAME, content)
        assert message == ": expected a body in the clip; found only zeros."

    def test_a_broken_body_that_is_not_chosen(self, tmp_path):
        bodies = np.ones((3, 2, 25, 3)) * np.arange(25)[:, None]
        bodies[2, :, 1:] = 0
        path = ntu_lines.write(tmp_path / NAME, bodies)
        content = path.read_text().replace("1.0 1.0 1.0", "1.0 1.0 nan", 1).encode()
        assert self.error(path, content).endswith("a finite 32-bit number; found 'nan'.")

    def test_memory_is_that_of_the_file(self, tmp_path):
        """A body of its own in each frame, by its identifier: no frame times body is reserved."""
        frames = 600
        bodies = np.ones((1, frames, 25, 3), int)
        content = ntu_lines.write(tmp_path / NAME, bodies).read_text()
        ids = iter(range(frames))
        content = re.sub("^0 0 1 1", lambda _: f"{next(ids)} 0 1 1", content, flags=re.MULTILINE)
        (tmp_path / NAME).write_text(content)
        tracemalloc.start()
        clip = next(read_ntu(tmp_path / NAME, track="id"))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert clip.joints.shape == (frames, 2, 25, 3)
        assert next(ids, None) is None
        assert peak < 40 * len(content)

    def test_blanks_without_end(self, tmp_path, good):
        good[5] = good[5].replace(" ", " " * 100_000, 1)
        (tmp_path / NAME).write_text("\n".join(good))
        np.testing.assert_array_equal(next(read_ntu(tmp_path)).joints[0, 0], 1)

    def test_a_directory(self, tmp_path):
        (tmp_path / NAME).mkdir()
        with pytest.raises(OSError, match=re.escape(NAME)):
            next(read_ntu(tmp_path))

    def test_files_before_the_damaged_one(self, tmp_path, good):
        (tmp_path / "S001C002P003R001A099.skeleton").write_text("3")
        clips = read_ntu(tmp_path)
        assert next(clips).name == NAME.removesuffix(".skeleton")
        with pytest.raises(SkeletonFormatError, match="A099.skeleton, line 2"):
            next(clips)

    def test_prepare_keeps_the_others(self, tmp_path, good):
        raw = tmp_path / "raw"
        write_ntu(
            raw, [Clip(np.ones((2, 1, 25, 3)), name=f"S001C001P001R001A{n:03}") for n in (1, 3)]
        )
        (raw / "S001C001P001R001A002.skeleton").write_text("\n".join(good[:40]))
        report = data.prepare(data.sources.ntu60(raw), tmp_path / "store", on_error="skip")
        assert report.store.names.tolist() == ["S001C001P001R001A001", "S001C001P001R001A003"]
        assert report.skipped[0].piece == "S001C001P001R001A002.skeleton"
        assert "line 41: expected" in report.skipped[0].reason
