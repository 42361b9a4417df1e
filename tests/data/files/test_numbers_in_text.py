"""Numbers in text become what ``float`` makes of them; PKU-MMD's files hold nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from skelter.data import SkeletonFormatError, read_pku_mmd

NUMBERS = 150  # a line


def near_the_middle(value, steps):
    """A decimal that lies in the middle of two float32 values, or some float64 beside it."""
    value = np.float32(value)
    middle = (float(value) + float(np.nextafter(value, np.float32(np.inf)))) / 2
    for _ in range(abs(steps)):
        middle = np.nextafter(middle, np.inf * np.sign(steps))
    return np.format_float_positional(middle, trim="0")


def in_the_middle(odd, last):
    """Exactly the middle of two float32 values from 512 to 1000, and a digit behind that."""
    return f"{odd / 2**15:.15f}{last}"


def float32_of(word):
    """What Python makes of a word, rounded to float32."""
    with np.errstate(over="ignore"):
        return np.float32(float(word))


digits = st.text("0123456789", min_size=1, max_size=24)
signs = st.sampled_from(["", "-", "+"])
decimals = st.one_of(
    st.builds("{}{}.{}".format, signs, st.integers(0, 9), st.text("0123456789", min_size=1)),
    st.builds("{}{}.{}".format, signs, digits, digits),
    st.builds("{}.{}".format, signs, digits),
    st.builds("{}{}.".format, signs, digits),
    st.builds("{}{}".format, signs, digits),
    st.builds("{}{}.{}{}{}".format, signs, digits, digits, st.sampled_from("eE"),
              st.integers(-330, 30)),
    st.builds(near_the_middle, st.floats(2**-10, 2**13, width=32), st.integers(-2, 2)),
    st.integers(2**53 - 4, 2**53 + 4).map(lambda m: f"{m // 10**13}.{m % 10**13:013}"),
    st.integers(2**53 - 4, 2**53 + 4).map(lambda m: f"0.{m:016}"),
    st.builds(in_the_middle, st.integers(2**23, 2**23 + 7 * 10**6).map(lambda n: 2 * n + 1),
              st.sampled_from(["", "0", "1", "9", "00001"])),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
).filter(lambda word: np.isfinite(float32_of(word)))  # fmt: skip


class TestNumbers:
    """Numbers are what ``float`` makes of them, to the last bit.

    Decimals near the middle of two float32 values tell whether the float64 before it is right.
    """

    @given(
        words=st.lists(decimals, min_size=1, max_size=40),
        blank=st.sampled_from([" ", "\t", "   ", " " * 11]),
        end=st.sampled_from(["", "\n", " \r\n\r\n"]),
    )
    @example(["-0.0", "+1.5", ".5", "5.", "1e-300", "0.12345678901234567", "-.5", "-5"], " ", "")
    @example(["123.5", "1234.5", "12345.678", "99999999.9", "100000000.1", "0000.5"], " ", "")
    @example([in_the_middle(2**24 + 2002 * n + 1, "") for n in range(2000)], " ", "")
    @example(["9007199254740991", "9007199254740993", "9.007199254740993"], " ", "")
    @example(["0.9007199254740993", "0.1234567890123456", "00.1234567890123456"], " ", "")
    @example(["3.4028235e38", "1e-45", "0.0000000000000001", "0.00000000000000001"], " ", "")
    @example(["1_0", "00000000", "1e5", "1E+5", "-0", "0.00000001", "0.000000001"], " ", "")
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_as_python_reads_them(self, tmp_path, words, blank, end):
        padded = ["1.0"] * (-len(words) % NUMBERS) + words  # the last ends the file
        path = tmp_path / "0002-L.txt"
        rows = [padded[i : i + NUMBERS] for i in range(0, len(padded), NUMBERS)]
        path.write_text("\n".join(blank.join(row) for row in rows) + end)
        (clip,) = read_pku_mmd(path)
        expected = np.array([float32_of(word) for word in padded], np.float32)
        found = clip.joints.ravel()
        wrong = np.flatnonzero(found.view(np.uint32) != expected.view(np.uint32))
        assert not wrong.size, [(padded[i], found[i], expected[i]) for i in wrong]

    @given(word=st.text("0123456789+-.eEnaif", min_size=1, max_size=9))
    @example("1e39")
    @example("340282356779733661637539395458142568448.0")
    @example("nan")
    @example("infinity")
    @example("+")
    @example(".")
    @example("1.5.")
    @example("1-5")
    @example("--1")
    @example("9:5")
    @example("1-.5")
    @example("1-2.5")
    @example("0.-2345678901")
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_what_python_refuses_is_refused(self, tmp_path, word):
        path = tmp_path / "0002-L.txt"
        path.write_text("1.0 " * (NUMBERS - 1) + word)
        try:
            expected = float32_of(word)
        except ValueError:
            expected = np.float32(np.nan)
        if np.isfinite(expected):
            assert next(read_pku_mmd(path)).joints[0, 1, 24, 2] == expected
        else:
            with pytest.raises(SkeletonFormatError, match="a finite 32-bit number; found"):
                next(read_pku_mmd(path))
