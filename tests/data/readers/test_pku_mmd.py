from __future__ import annotations

import re

import numpy as np
import pytest

from skelter import data
from skelter.data import SkeletonFormatError, read_pku_mmd

NUMBERS = 150
FRAMES = 10


@pytest.fixture
def folder(tmp_path):
    """A recording of ten frames, in frame t all coordinates t + 1, and labels of its actions."""
    for name in ("recordings", "labels"):
        (tmp_path / name).mkdir()
    lines = [" ".join([f"{frame + 1}.0"] * NUMBERS) for frame in range(FRAMES)]
    (tmp_path / "recordings" / "0002-L.txt").write_text("\n".join(lines) + "\n")
    (tmp_path / "labels" / "0002-L.txt").write_text("8,1,4,2\r\n51,4,9,1\r\n\r\n1,9,20,2\r\n")
    return tmp_path


def cut(folder, labels=None, **options):
    """The clips of a recording as (label, first frame, last frame)."""
    table = folder / "labels" / "0002-L.txt"
    if labels is not None:
        table.write_bytes(labels if isinstance(labels, bytes) else labels.encode())
    clips = list(read_pku_mmd(folder / "recordings", folder / "labels", **options))
    for clip in clips:
        assert clip.joints.shape[1:] == (2, 25, 3)
        assert clip.joints.dtype == np.float32
    return [(c.label, int(c.joints[0, 0, 0, 0]) - 1, int(c.joints[-1, 1, 24, 2])) for c in clips]


class TestReadPKUMMD:
    def test_labels(self, folder):
        """A label that ends behind the recording is cut there."""
        assert cut(folder) == [(7, 1, 4), (50, 4, 9), (0, 9, 10)]

    def test_offset(self, folder):
        assert cut(folder, offset=1) == [(7, 0, 4), (50, 3, 9), (0, 8, 10)]

    @pytest.mark.parametrize(
        ("offset", "label", "frames"),
        [
            (0, "1,0,10", (0, 10)),
            (1, "1,1,10", (0, 10)),
            (0, "1,9,10", (9, 10)),
            (1, "1,10,10", (9, 10)),
            (0, "1,0,1", (0, 1)),
            (1, "1,1,1", (0, 1)),
            (0, "1, 3 ,5, 0", (3, 5)),
            (0, "1,3,999999999,2", (3, 10)),
        ],
    )
    def test_borders(self, folder, offset, label, frames):
        assert cut(folder, label, offset=offset) == [(0, *frames)]

    def test_who_stands_where(self, folder):
        values = np.arange(2 * NUMBERS) / 8
        text = "\n".join(" ".join(map(str, row)) for row in values.reshape(2, NUMBERS))
        path = folder / "recordings" / "0002-L.txt"
        path.write_text(text)
        (clip,) = read_pku_mmd(path)
        np.testing.assert_array_equal(clip.joints, values.reshape(2, 2, 25, 3))

    def test_without_labels(self, folder):
        (clip,) = read_pku_mmd(folder / "recordings")
        assert (clip.name, clip.label, clip.subject, clip.view) == ("0002-L", -1, -1, 1)
        np.testing.assert_array_equal(clip.joints[:, 1, 3, 2], np.arange(1, FRAMES + 1))

    def test_names_and_views(self, folder):
        content = (folder / "recordings" / "0002-L.txt").read_text()
        for name in ("0002-M", "0003-R", "A01N02-L", "other", "0004-X"):
            (folder / "recordings" / f"{name}.txt").write_text(content)
        table = folder / "labels" / "0002-L.txt"
        clips = list(read_pku_mmd(folder / "recordings", table))
        assert [(clip.name, clip.view) for clip in clips[::3]] == [
            ("0002-L_000", 1),
            ("0002-M_000", 2),
            ("0003-R_000", 3),
            ("0004-X_000", -1),
            ("A01N02-L_000", 1),
            ("other_000", -1),
        ]
        assert [clip.name for clip in clips[:3]] == ["0002-L_000", "0002-L_001", "0002-L_002"]

    def test_missing(self, folder):
        with pytest.raises(FileNotFoundError, match="nowhere does not exist"):
            read_pku_mmd(folder / "nowhere")
        with pytest.raises(FileNotFoundError, match="nowhere does not exist"):
            read_pku_mmd(folder / "recordings", folder / "nowhere")
        (folder / "labels" / "0002-L.txt").unlink()
        clips = read_pku_mmd(folder / "recordings", folder / "labels")
        with pytest.raises(FileNotFoundError, match=r"labels/0002-L.txt does not exist"):
            next(clips)

    @pytest.mark.parametrize("offset", [-1, 2])
    def test_offset_out_of_range(self, folder, offset):
        with pytest.raises(ValueError, match="`offset` must"):
            read_pku_mmd(folder / "recordings", offset=offset)


class TestDamagedLabels:
    @pytest.mark.parametrize(
        ("offset", "line", "message"),
        [
            (0, "1,10,12,2", "frames start < end within the 10 of the recording; found 10 to 12"),
            (1, "1,11,12,2", "frames start < end within the 10 of the recording; found 11 to 12"),
            (1, "1,0,5,2", "frames start < end within the 10 of the recording; found 0 to 5"),
            (0, "1,5,5,2", "frames start < end within the 10 of the recording; found 5 to 5"),
            (0, "1,7,5,2", "frames start < end within the 10 of the recording; found 7 to 5"),
            (0, "0,1,5,2", "an action from 1 to 51; found 0"),
            (0, "52,1,5,2", "an action from 1 to 51; found 52"),
            (0, "1,-1,5,2", "whole numbers action,start,end,confidence; found '1,-1,5,2'"),
            (0, "1,1.0,5", "whole numbers action,start,end,confidence; found '1,1.0,5'"),
            (0, "1,nan,5", "whole numbers action,start,end,confidence; found '1,nan,5'"),
            (0, "1,1", "whole numbers action,start,end,confidence; found '1,1'"),
            (0, "1,1,5,2,7", "whole numbers action,start,end,confidence; found '1,1,5,2,7'"),
            (0, "1 1 5 2", "whole numbers action,start,end,confidence; found '1 1 5 2'"),
            (0, ",,,", "whole numbers action,start,end,confidence; found ',,,'"),
            (0, "1,1,9999999999", "whole numbers .*; found '1,1,9999999999'"),
            (0, "1,1,5\0", r"whole numbers .*; found '1,1,5\\x00'"),
            (0, "1,1,\u0665", r"whole numbers .*; found '1,1,\\xd9\\xa5'"),
        ],
    )
    def test_a_line(self, folder, offset, line, message):
        path = re.escape(str(folder / "labels" / "0002-L.txt"))
        with pytest.raises(SkeletonFormatError, match=rf"^{path}, line 3: expected {message}\.$"):
            cut(folder, f"1,1,4,2\n\n{line}\n2,2,5,2", offset=offset)

    @pytest.mark.parametrize("content", [b"", b"\r\n \n"])
    def test_none(self, folder, content):
        with pytest.raises(SkeletonFormatError, match="lines action,start,end,confidence; found n"):
            cut(folder, content)

    @pytest.mark.parametrize(
        ("label", "reason"),
        [
            ("0,4,9,1", "0002-L.txt, line 2: expected an action from 1 to 51; found 0."),
            ("51,40,90,1", "0002-L.txt, line 2: expected frames start < end within the 10 of"),
            ("oops", "0002-L.txt, line 2: expected whole numbers action,start,end,confidence;"),
        ],
    )
    def test_the_others_are_kept(self, folder, label, reason):
        table = folder / "labels" / "0002-L.txt"
        table.write_text(f"8,1,4,2\n{label}\n1,9,10,2\n")
        source = data.sources.pku_mmd(folder / "recordings", folder / "labels")
        report = data.prepare(source, folder / "store", on_error="skip")
        assert report.store.names.tolist() == ["0002-L_000", "0002-L_002"]
        assert report.store.labels.tolist() == [7, 0]
        assert report.store.num_frames.tolist() == [3, 1]
        ((piece, found),) = report.skipped
        assert piece == "0002-L.txt"
        assert found.startswith(reason)
        clips = read_pku_mmd(folder / "recordings", table)
        assert next(clips).name == "0002-L_000"
        with pytest.raises(SkeletonFormatError, match="line 2"):
            next(clips)

    def test_an_action_that_shows_nobody(self, folder):
        path = folder / "recordings" / "0002-L.txt"
        lines = path.read_text().splitlines()
        lines[4:9] = [" ".join(["0.0"] * NUMBERS)] * 5
        path.write_text("\n".join(lines))
        source = data.sources.pku_mmd(folder / "recordings", folder / "labels")
        report = data.prepare(source, folder / "store", on_error="skip")
        assert report.store.names.tolist() == ["0002-L_000", "0002-L_002"]
        expected = "0002-L.txt: expected a body in frames 4 to 9; found only zeros."
        assert report.skipped[0].reason == expected


class TestDamagedRecordings:
    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("", ": expected text; found an empty file"),
            (
                "1 " * 149,
                f", line 1: .* 150 numbers, two .* 25 joints; found '{'1 ' * 20}', 149 numbers",
            ),
            ("1 " * 75, ", line 1: .* 75 numbers, a single body: add 75 zeros to every line .*"),
            (
                "1 " * 151,
                f", line 1: .* 150 numbers, two .* 25 joints; found '{'1 ' * 20}', 151 numbers",
            ),
            (
                "1 " * 150 + "\n\n" + "1 " * 150,
                ", line 2: expected 150 numbers, .*; found '', 0 numbers",
            ),
            ("1 " * 150 + "\n" + "1 " * 149 + "x", ", line 2: expected a finite 32-bit .* 'x'"),
            ("1 " * 149 + "nan", ", line 1: expected a finite 32-bit number; found 'nan'"),
            ("1 " * 149 + "1e39", ", line 1: expected a finite 32-bit number; found '1e39'"),
            ("1 " * 149 + "-", ", line 1: expected a finite 32-bit number; found '-'"),
            ("0 " * 150, ": expected a body in the recording; found only zeros"),
            ("\0" * 600, ", line 1: expected text; found the byte 0x00"),
        ],
    )
    def test_contents(self, tmp_path, content, message):
        path = tmp_path / "0002-L.txt"
        path.write_text(content)
        with pytest.raises(SkeletonFormatError, match=rf"^{re.escape(str(path))}{message}\.$"):
            list(read_pku_mmd(path))

    def test_truncated(self, folder):
        """A last number that lost digits is a number; everything else shows."""
        path = folder / "recordings" / "0002-L.txt"
        content = path.read_bytes()
        for size in range(0, len(content) - 1, 7):
            path.write_bytes(content[:size])
            complete = len(content[:size].split()) % NUMBERS == 0 and size
            if complete:
                assert len(next(read_pku_mmd(path)).joints) == len(content[:size].split()) / 150
            else:
                with pytest.raises(SkeletonFormatError, match="0002-L.txt"):
                    next(read_pku_mmd(path))

    def test_a_directory(self, tmp_path):
        (tmp_path / "0002-L.txt").mkdir()
        with pytest.raises(OSError, match="0002-L.txt"):
            next(read_pku_mmd(tmp_path))
