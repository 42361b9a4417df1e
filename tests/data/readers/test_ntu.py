from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference import ntu_lines

from skelter import data
from skelter.data import Clip, read_ntu, write_ntu

NAME = "S001C002P003R001A013.skeleton"
BODY = "72057594037931101 0 1 1 1 1 0 -0.05 0.2 2"

digits = st.text("0123456789", min_size=1, max_size=20)
signs = st.sampled_from(["", "-", "+"])
numbers = st.one_of(
    st.builds("{}{}.{}".format, signs, st.integers(0, 9999), digits),
    st.builds("{}{}.{}e{}".format, signs, st.integers(0, 9), digits, st.integers(-40, 30)),
    st.builds("{}{}".format, signs, st.integers(0, 10**12)),
    st.sampled_from(["0", "-0", "-0.0", ".5", "-.25", "5.", "1E-3", "1e-300", "00.50", "+1.5"]),
    st.floats(width=32, allow_nan=False, allow_infinity=False).map(repr),
)


@st.composite
def texts(draw):
    """Recordings in every spelling that the line-by-line parser reads, somebody in each."""
    bodies = draw(st.lists(st.integers(0, 3), min_size=1, max_size=5).filter(any))
    palette = np.array([*draw(st.lists(numbers, min_size=3, max_size=20)), "0.75"])
    blank = draw(st.sampled_from([" ", "  ", "\t", " \t ", " " * 12]))
    feed = draw(st.sampled_from(["", " ", "\t"])) + draw(st.sampled_from(["\n", "\r\n"]))
    end = draw(st.sampled_from(["", feed, feed * 3, feed + "  " + feed]))
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    lines = [str(len(bodies))]
    for count in bodies:
        lines.append(str(count))
        for _ in range(count):
            lines += [blank.join(BODY.split()), "25"]
            joints = palette[generator.integers(len(palette), size=(25, 12))]
            joints[0, 0] = generator.choice(["1.5", "-0.125", "3", "0.1"])
            lines += [blank.join(joint) for joint in joints]
    return feed.join(lines) + end


def energy(body):
    """Motion energy of a body (T, V, C), as the paper's text has it."""
    there = [frame for frame in body.astype(np.float64) if frame.any()]
    return sum(np.std([frame[:, axis] for frame in there]) for axis in range(body.shape[2]))


def assert_chosen(joints, bodies):
    """Persons of a clip are those bodies of largest energy, to the last bit, in this order."""
    left = [body for body in bodies if body.any()]
    for person in range(joints.shape[1]):
        found = joints[:, person]
        if not left:
            np.testing.assert_array_equal(found.view(np.uint32), 0)
            continue
        same = [i for i, body in enumerate(left) if body.tobytes() == found.tobytes()]
        assert same, f"person {person} is none of the bodies"
        largest = max(energy(body) for body in left)
        assert energy(left.pop(same[0])) >= largest * (1 - 1e-9)


class TestAgainstTheParserThatGoesLineByLine:
    @given(text=texts())
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_every_spelling(self, tmp_path, text):
        path = tmp_path / NAME
        path.write_bytes(text.encode())
        bodies = ntu_lines.parse(path)
        for persons in (1, 2, 4):
            clip = next(read_ntu(path, persons=persons))
            assert clip.joints.dtype == np.float32
            assert clip.joints.shape == (bodies.shape[1], persons, 25, 3)
            assert_chosen(clip.joints, bodies)

    def test_blocks(self, tmp_path):
        """Files are read in blocks of some thousand words: words lie across their borders."""
        generator = np.random.default_rng(0)
        joints = generator.normal(size=(150, 2, 25, 3)).astype(np.float32)
        write_ntu(tmp_path, [Clip(joints, 12, 3, 2)])
        path = tmp_path / NAME
        for shift in range(8):
            path.write_bytes(b" " * shift + path.read_bytes().strip())
            clip = next(read_ntu(path))
            np.testing.assert_array_equal(clip.joints, ntu_lines.two_bodies(ntu_lines.parse(path)))


def clip_of(seed, there):
    """A clip of any float32 values; persons are there in some of the frames."""
    there = np.array(there)
    generator = np.random.default_rng(seed)
    joints = generator.normal(size=(*there.shape, 25, 3))
    joints *= 10.0 ** generator.integers(-44, 38, size=joints.shape)
    joints[~there] = 0
    return Clip(joints.astype(np.float32), 4, 7, 1)


class TestWriteNTU:
    presence = st.integers(1, 3).flatmap(
        lambda persons: st.lists(
            st.lists(st.booleans(), min_size=persons, max_size=persons), min_size=1, max_size=6
        ).filter(lambda there: any(map(any, there)))
    )

    @given(seed=st.integers(0, 2**32), there=presence)
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_comes_back_to_the_last_bit(self, tmp_path, seed, there):
        clip = clip_of(seed, there)
        write_ntu(tmp_path, [clip])
        (again,) = read_ntu(tmp_path, persons=len(there[0]), track="id")
        assert_chosen(again.joints, clip.joints.swapaxes(0, 1))
        assert (again.label, again.subject, again.view) == (4, 7, 1)

    def test_largest_and_smallest_numbers(self, tmp_path):
        joints = np.ones((1, 1, 25, 3), np.float32)
        joints[0, 0, 0] = [np.finfo(np.float32).max, np.finfo(np.float32).smallest_subnormal, -0.0]
        write_ntu(tmp_path, [Clip(joints, 0)])
        (again,) = read_ntu(tmp_path, persons=1)
        assert again.joints.tobytes() == joints.tobytes()

    def test_order_and_identifier(self, tmp_path):
        """A body that stays takes the place of one that vanishes; its identifier remains."""
        joints = np.zeros((4, 2, 25, 3), np.float32)
        joints[:2, 0] = np.arange(150).reshape(2, 25, 3)
        joints[:, 1] = np.arange(300).reshape(4, 25, 3) / 1000 + 1
        write_ntu(tmp_path, [Clip(joints, 0)])
        (by_id,) = read_ntu(tmp_path, track="id")
        np.testing.assert_array_equal(by_id.joints, joints)
        (by_order,) = read_ntu(tmp_path)
        np.testing.assert_array_equal(by_order.joints[:2], joints[:2])
        np.testing.assert_array_equal(by_order.joints[2:, 0], joints[2:, 1])
        np.testing.assert_array_equal(by_order.joints[2:, 1], 0)

    def test_recordings_of_everyday_actions(self, tmp_path):
        store = data.synthetic.generate(clips_per_class=2, classes=["wave", "handshake"])
        names = [f"S001C001P001R{number:03}A001" for number in range(len(store))]
        named = (replace(clip, name=name) for clip, name in zip(store, names, strict=True))
        write_ntu(tmp_path, named)
        for clip, expected in zip(read_ntu(tmp_path, track="id"), store, strict=True):
            assert_chosen(clip.joints, expected.joints.swapaxes(0, 1))

    def test_names(self, tmp_path):
        clip = Clip(np.ones((1, 1, 25, 3)), label=9, subject=2, view=3)
        named = replace(clip, name="S017C001P040R002A060_part.skeleton")
        write_ntu(tmp_path / "new", [clip, clip, named, replace(clip, subject=-1, view=-1)])
        assert sorted(file.name for file in (tmp_path / "new").iterdir()) == [
            "S001C001P001R001A010.skeleton",
            "S001C003P002R001A010.skeleton",
            "S001C003P002R002A010.skeleton",
            "S017C001P040R002A060.skeleton",
        ]

    @pytest.mark.parametrize(
        ("clip", "message"),
        [
            (Clip(np.ones((2, 1, 20, 3)), 0), "has 20 joints, but layout NTU25 has 25"),
            (Clip(np.ones((2, 1, 25, 2)), 0), "must have three coordinates to become a .skeleton"),
            (Clip(np.full((2, 1, 25, 3), np.nan), 0), "must be finite"),
            (Clip(np.ones((2, 1, 25, 3))), "must have an NTU name, or a label, subject and view"),
            (Clip(np.ones((2, 1, 25, 3)), 0, name=NAME), "must have names of their own"),
        ],
    )
    def test_refuses(self, tmp_path, clip, message):
        good = Clip(np.ones((1, 1, 25, 3)), name=NAME)
        with pytest.raises(ValueError, match=message):
            write_ntu(tmp_path, [good, clip])
        assert [file.name for file in tmp_path.iterdir()] == [NAME]

    def test_a_file_is_complete_or_as_it_was(self, tmp_path, monkeypatch):
        write_ntu(tmp_path, [Clip(np.ones((1, 1, 25, 3)), name=NAME)])
        before = (tmp_path / NAME).read_bytes()

        def full_disk(number):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full_disk)
        with pytest.raises(OSError, match="No space left"):
            write_ntu(tmp_path, [Clip(np.ones((9, 2, 25, 3)), name=NAME)])
        assert (tmp_path / NAME).read_bytes() == before
        assert [file.name for file in tmp_path.iterdir()] == [NAME]


class TestChoiceOfBodies:
    @pytest.fixture
    def bodies(self):
        """Four bodies that move by 1, 4, 2 and 3, whatever their place in the room."""
        generator = np.random.default_rng(0)
        motion = generator.normal(size=(1, 5, 25, 3)) * np.array([1, 4, 2, 3])[:, None, None, None]
        return (motion + generator.normal(size=(4, 1, 1, 3)) * 100).astype(np.float32)

    @pytest.mark.parametrize(("persons", "chosen"), [(1, [1]), (2, [1, 3]), (4, [1, 3, 2, 0])])
    def test_those_that_move_most(self, tmp_path, bodies, persons, chosen):
        path = ntu_lines.write(tmp_path / NAME, bodies)
        clip = next(read_ntu(path, persons=persons))
        np.testing.assert_array_equal(clip.joints.swapaxes(0, 1), bodies[chosen])
        if persons == 2:
            np.testing.assert_array_equal(clip.joints, ntu_lines.two_bodies(bodies))

    def test_zeros_for_others(self, tmp_path, bodies):
        clip = next(read_ntu(ntu_lines.write(tmp_path / NAME, bodies[:2]), persons=4))
        np.testing.assert_array_equal(clip.joints[:, 2:], 0)

    @pytest.mark.parametrize("track", ["order", "id"])
    def test_duplicate(self, tmp_path, bodies, track):
        path = ntu_lines.write(tmp_path / NAME, bodies[:1])
        zeros = next(read_ntu(path, track=track)).joints
        twice = next(read_ntu(path, single="duplicate", track=track)).joints
        np.testing.assert_array_equal(zeros[:, 1], 0)
        np.testing.assert_array_equal(twice[:, 1], twice[:, 0])
        np.testing.assert_array_equal(twice[:, 0], zeros[:, 0])
        alone = next(read_ntu(path, single="duplicate", persons=1)).joints
        np.testing.assert_array_equal(alone, zeros[:, :1])
        many = next(read_ntu(path, single="duplicate", persons=3)).joints
        np.testing.assert_array_equal(many[:, 2], 0)
        path = ntu_lines.write(path, bodies[:2])
        both = next(read_ntu(path, single="duplicate", track=track)).joints
        np.testing.assert_array_equal(both, ntu_lines.two_bodies(bodies[:2]))

    def test_a_body_of_zeros_is_nobody(self, tmp_path, bodies):
        bodies[0] = 0
        path = ntu_lines.write(tmp_path / NAME, bodies[:2])
        clip = next(read_ntu(path, single="duplicate"))
        np.testing.assert_array_equal(clip.joints[:, 1], bodies[1])

    @pytest.mark.parametrize(
        ("option", "message"),
        [
            ({"single": "twice"}, "`single` must be one of"),
            ({"track": "name"}, "`track` must be one of"),
            ({"persons": 0}, "`persons` must be"),
        ],
    )
    def test_options(self, tmp_path, bodies, option, message):
        path = ntu_lines.write(tmp_path / NAME, bodies)
        with pytest.raises(ValueError, match=message):
            read_ntu(path, **option)


class TestNames:
    def test_folders(self, tmp_path):
        ones = Clip(np.ones((1, 1, 25, 3)))
        write_ntu(tmp_path / "b", [replace(ones, name="S001C001P001R001A002")])
        write_ntu(tmp_path / "a" / "deep", [replace(ones, name="S002C003P106R002A120")])
        write_ntu(tmp_path, [replace(ones, name="S001C002P001R001A001")])
        (tmp_path / "readme.txt").touch()
        found = [(clip.name, clip.label, clip.subject, clip.view) for clip in read_ntu(tmp_path)]
        assert found == [
            ("S001C001P001R001A002", 1, 1, 1),
            ("S001C002P001R001A001", 0, 1, 2),
            ("S002C003P106R002A120", 119, 106, 3),
        ]

    @pytest.mark.parametrize("name", ["wave", "S1C1P1R1A1", "S001C002P003R001A01x", "s001"])
    def test_others(self, tmp_path, name):
        ntu_lines.write(tmp_path / f"{name}.skeleton", np.ones((1, 1, 25, 3)))
        (clip,) = read_ntu(tmp_path)
        assert (clip.name, clip.label, clip.subject, clip.view) == (name, -1, -1, -1)

    def test_missing(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="nowhere does not exist"):
            read_ntu(tmp_path / "nowhere")
        with pytest.raises(FileNotFoundError, match=r"holds no .skeleton file"):
            read_ntu(tmp_path)
