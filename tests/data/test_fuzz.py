"""Some damaged files of each format; ``python tests/fuzzing`` makes any number of them."""

from __future__ import annotations

import random
import signal
import sys

import numpy as np
import pytest
from fuzzing import harness
from fuzzing.formats import FORMATS, TEXT_FORMATS, Format, damaged, samples_of
from fuzzing.harness import memory_limit, outcome, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skelter.data import Clip, SkeletonFormatError

CASES = 150
GOOD = Clip(np.ones((2, 1, 25, 3), np.float32))


@pytest.fixture(autouse=True)
def _memory():
    with memory_limit():
        yield


@pytest.mark.parametrize("name", FORMATS)
class TestReaders:
    def test_the_samples_are_good(self, tmp_path, name):
        for files in samples_of(name):
            write(tmp_path, files)
            result = outcome(FORMATS[name], tmp_path)
            assert result.clips >= 1
            assert (result.refusal, result.wrong) == ("", "")

    def test_read_or_refuse(self, tmp_path, name):
        refused = 0
        for number in range(CASES):
            write(tmp_path, damaged(name, random.Random(f"{name} {number}")))
            result = outcome(FORMATS[name], tmp_path)
            assert result.wrong == "", f"case {number}"
            refused += bool(result.refusal)
        assert refused > CASES / 3


@pytest.mark.parametrize("name", TEXT_FORMATS)
@given(rng=st.randoms(use_true_random=False))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_text_damaged_by_hypothesis(tmp_path, name, rng):
    write(tmp_path, damaged(name, rng))
    assert outcome(FORMATS[name], tmp_path).wrong == ""


def test_a_case_is_always_the_same():
    first, again, other = (damaged("ntu", random.Random(seed)) for seed in (0, 0, 1))
    assert first == again != other


def reading(make):
    """A format whose reader yields what a function makes."""

    def read(_):
        yield make()

    return Format(list, read, {})


def failing(error):
    def fail():
        raise error

    return reading(fail)


def unchecked(**fields):
    """Return a clip as it would be if it did not check its fields."""
    clip = Clip(GOOD.joints)
    for name, value in fields.items():
        object.__setattr__(clip, name, value)
    return clip


class TestTheHarnessNotices:
    @pytest.mark.parametrize(
        "error",
        [
            ValueError("no format error"), KeyError("label"), IndexError(), MemoryError("none"),
            RecursionError(), UnicodeDecodeError("utf-8", b"", 0, 1, "bad"), AssertionError(),
            OSError(12, "Cannot allocate memory"), RuntimeWarning("overflow"), EOFError(),
        ],
    )  # fmt: skip
    def test_other_errors(self, tmp_path, error):
        assert type(error).__name__ in outcome(failing(error), tmp_path).wrong or error.errno == 12

    @pytest.mark.parametrize("error", [SkeletonFormatError("bad"), FileNotFoundError(), OSError(5)])
    def test_but_not_these(self, tmp_path, error):
        result = outcome(failing(error), tmp_path)
        assert result[:2] == (0, type(error).__name__)
        assert result.wrong == ""

    def test_warnings(self, tmp_path):
        result = outcome(reading(lambda: np.float32(1e38) * np.float32(1e38)), tmp_path)
        assert result.wrong.startswith("RuntimeWarning: overflow")

    def test_errors_in_place_of_clips(self, tmp_path):
        result = outcome(Format(list, lambda _: [GOOD, SkeletonFormatError("bad")], {}), tmp_path)
        assert (result.clips, result.refusal, result.wrong) == (1, "SkeletonFormatError", "")

    @pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="time is not limited here")
    def test_endless_loops(self, tmp_path, monkeypatch):
        monkeypatch.setattr(harness, "SECONDS", 0.05)

        def loop():
            while True:
                try:
                    sum(range(1000))
                except Exception:  # what a decoder might do
                    continue

        assert outcome(reading(loop), tmp_path).wrong == "more than 0.05 s"

    @pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
    def test_memory(self, tmp_path):
        assert "MemoryError" in outcome(reading(lambda: bytearray(1 << 36)), tmp_path).wrong

    def test_lack_of_memory_in_disguise(self, tmp_path):
        def read():
            raise SkeletonFormatError("it cannot be read") from MemoryError()

        assert outcome(reading(read), tmp_path).wrong.startswith("out of memory")

    @pytest.mark.parametrize(
        ("clip", "wrong"),
        [
            (Clip(GOOD.joints.astype(float)), r"a clip of float64 (2, 1, 25, 3)"),
            (Clip(GOOD.joints[:0]), "a clip of float32 (0, 1, 25, 3)"),
            (Clip(GOOD.joints[0]), "a clip of float32 (1, 25, 3)"),
            (Clip(GOOD.joints * 0), "a clip with infinite values or with nobody"),
            (Clip(GOOD.joints * np.float32(np.nan)), "a clip with infinite values or with nobody"),
            (Clip(GOOD.joints, label=-2), "a clip of label -2"),
            (unchecked(label=True), "a clip with [True, -1, -1], named ''"),
            (unchecked(name=b"a"), "a clip with [-1, -1, -1], named b'a'"),
            (unchecked(extra={"val": 1.0}), "a clip with [-1, -1, -1, 1.0], named ''"),
        ],
    )
    def test_strange_clips(self, tmp_path, clip, wrong):
        assert outcome(reading(lambda: clip), tmp_path).wrong == wrong
