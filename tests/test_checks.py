"""Numbers that come from outside: they are taken as they are, or refused by name."""

import numpy as np
import pytest
import torch

from skelter import _checks

MASK = [False, True, True, False]


class TestIndices:
    @pytest.mark.parametrize(
        ("given", "meant"),
        [
            ([3, -1], [3, 3]),
            ((0, 1), [0, 1]),
            (range(1, 4, 2), [1, 3]),
            (slice(-2, None), [2, 3]),
            (MASK, [1, 2]),
            (np.array(MASK), [1, 2]),
            (torch.tensor(MASK), [1, 2]),
            ([np.bool_(value) for value in MASK], [1, 2]),
            (torch.tensor([2, 0], dtype=torch.int32), [2, 0]),
            ([torch.tensor(2), torch.tensor(0)], [2, 0]),
            ([np.uint8(2), 0], [2, 0]),
            (np.array([2, 0], dtype=">i2"), [2, 0]),
            (np.array([0, 1, 2])[::-1], [2, 1, 0]),
            (np.array([2, 0], dtype=np.uint64), [2, 0]),
            ([], []),
        ],
    )
    def test_chosen(self, given, meant):
        chosen = _checks.indices("indices", given, 4)
        assert chosen.dtype == np.int64
        np.testing.assert_array_equal(chosen, meant)

    @pytest.mark.parametrize("mask", [[True], [True] * 5, np.ones((4, 4), bool), torch.ones(3) > 0])
    def test_mask_of_another_length(self, mask):
        with pytest.raises(ValueError, match=r"`clips` must have shape \(4,\) if it is a mask"):
            _checks.indices("clips", mask, 4)

    @pytest.mark.parametrize(
        "given",
        [
            [1.9],
            [2.0],
            np.array([1.0]),
            torch.tensor([1.0]),
            torch.tensor([1.0], dtype=torch.bfloat16),
            ["1"],
            [1, "1"],
            [1, None],
            [True, 1],
            [1, True],
            [0, 1.5],
            np.array([1, 2], dtype=object),
            [2**70],
            [1 + 0j],
            np.datetime64("2021-01-01", "D"),
            None,
            "12",
            {1, 2},
            {1: 2},
            iter([1]),
            np.ma.masked_array([1, 2], [True, False]),
            [np.ma.masked_array(1, True), 2],
            1.0,
        ],
    )
    def test_coerced_by_others(self, given):
        with pytest.raises(TypeError, match="`clips` must be"):
            _checks.indices("clips", given, 4)

    @pytest.mark.parametrize("outside", [4, -5, 2**62])
    def test_outside(self, outside):
        with pytest.raises(IndexError, match=rf"`clips` must lie from 0 to 3; got \[{outside}\]"):
            _checks.indices("clips", [0, outside], 4)

    @pytest.mark.parametrize("given", [3, np.int64(3), torch.tensor(3), [[0, 1]], [[0], [1, 2]]])
    def test_other_shapes(self, given):
        with pytest.raises(ValueError, match="`clips` must have one"):
            _checks.indices("clips", given, 4)

    def test_beyond_64_bits(self):
        with pytest.raises(ValueError, match="fit 64 bits"):
            _checks.indices("clips", np.array([2**63], dtype=np.uint64), 4)

    @pytest.mark.parametrize(
        ("given", "hint"),
        [
            ([True, 1], r"numpy.flatnonzero\(mask\)"),
            ([1.5], r"values.astype\(int\)"),
            (["wave"], r"names.index\(name\)"),
            (np.ma.masked_array([1], [True]), r"clips.filled\(0\)"),
        ],
    )
    def test_hints(self, given, hint):
        with pytest.raises(TypeError, match=hint):
            _checks.indices("clips", given, 4)


class TestClassLabels:
    @pytest.mark.parametrize("given", [[0, 4, -1], torch.tensor([0, 4, -1]), np.array([0, 4, -1])])
    def test_known_and_unknown(self, given):
        np.testing.assert_array_equal(_checks.class_labels("labels", given), [0, 4, -1])

    @pytest.mark.parametrize("rows", [np.eye(3), torch.eye(3).long(), [[1, 0], [0, 1]]])
    def test_one_hot(self, rows):
        with pytest.raises(ValueError, match=r"shape \(N,\).*labels.argmax\(1\)"):
            _checks.class_labels("labels", rows)

    @pytest.mark.parametrize("given", [["wave"], [None, 1], None, [0.7], [0, "2"], [True], "wave"])
    def test_other_kinds(self, given):
        with pytest.raises(TypeError, match="`labels` must be"):
            _checks.class_labels("labels", given)

    def test_below(self):
        with pytest.raises(ValueError, match="from 0, or -1 where the class is unknown; got -2"):
            _checks.class_labels("labels", [0, -2])


class TestTensor:
    values = np.arange(24.0).reshape(2, 3, 4)

    @pytest.mark.parametrize(
        "made",
        [
            lambda x: x[:, ::-1],
            lambda x: x.astype(">f4"),
            lambda x: x.astype(np.longdouble),
            lambda x: np.asfortranarray(x),
            lambda x: np.broadcast_to(x[:1], (5, 3, 4)),
            lambda x: list(x[:, ::-1]),
            lambda x: x.tolist(),
            lambda x: np.float32(1.5),
        ],
    )
    def test_values(self, made):
        given = made(self.values)
        np.testing.assert_array_equal(_checks.tensor("x", given).numpy(), given)

    def test_read_only(self, tmp_path):
        np.save(tmp_path / "x.npy", self.values)
        mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
        np.testing.assert_array_equal(_checks.tensor("x", mapped).numpy(), self.values)

    def test_no_copy(self):
        x = self.values.copy()
        assert _checks.tensor("x", x).data_ptr() == x.ctypes.data

    @pytest.mark.parametrize(
        "given",
        [
            np.ma.masked_array([1.0], [True]),
            [np.ma.masked_array([1.0], [True])],
            np.array(["a"]),
            np.array([None]),
            np.array(["2021-01-01"], dtype="datetime64[D]"),
            "abc",
            None,
            [1.0, None],
            {1.0},
        ],
    )
    def test_refused(self, given):
        with pytest.raises(TypeError, match="`clip` must be a"):
            _checks.tensor("clip", given)


class TestNumbers:
    @pytest.mark.parametrize("value", [True, "1", None, [1.0], 1j, np.ones(2), torch.ones(2)])
    def test_not_a_number(self, value):
        with pytest.raises(TypeError, match="`share` must be a number"):
            _checks.positive("share", value)
        with pytest.raises(TypeError, match="`share` must be a number"):
            _checks.between("share", value, 0, 1)

    @pytest.mark.parametrize("value", [float("nan"), -1.0, np.float32(-1), torch.tensor(-1.0)])
    def test_out_of_range(self, value):
        with pytest.raises(ValueError, match="`share` must be above 0"):
            _checks.positive("share", value)
        with pytest.raises(ValueError, match="`share` must lie between 0 and 1"):
            _checks.between("share", value, 0, 1)


class TestGenerator:
    @pytest.mark.parametrize("value", [0, "0", np.float64(1), torch.zeros(1)])
    def test_seed(self, value):
        with pytest.raises(TypeError, match=r"torch.Generator\(\).manual_seed\(seed\)"):
            _checks.generator(value)

    def test_taken(self):
        _checks.generator(None)
        _checks.generator(torch.Generator())


class TestFiniteRows:
    @pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
    def test_first_row(self, value):
        x = torch.zeros(5, 3)
        x[3, 1] = x[4, 0] = value
        with pytest.raises(ValueError, match="`x` must be finite; got 2 of 5 rows .* index 3"):
            _checks.finite_rows("x", x)


class TestRanges:
    """A pair of numbers in order. One number alone is told what was expected."""

    @pytest.mark.parametrize(
        "given", [(0.5, 2), [0.5, 2.0], np.array([0.5, 2]), (np.float32(0.5), 2)]
    )
    def test_taken(self, given):
        assert _checks.interval("ratio", given, 0, np.inf) == (0.5, 2.0)
        assert _checks.number_range("ratio", given) == (0.5, 2.0)

    @pytest.mark.parametrize(
        "given", [0.5, (2, 0.5), (1,), (1, 2, 3), (1, np.inf), (np.nan, 1), (-np.inf, 1)], ids=str
    )
    def test_not_a_range(self, given):
        with pytest.raises(
            ValueError, match=r"`a` must be two numbers \(from, to\) with from <= to;"
        ):
            _checks.number_range("a", given)
        with pytest.raises(
            ValueError, match=r"`a` must be two numbers \(from, to\) with 0 < from <= to;"
        ):
            _checks.interval("a", given, 0, np.inf)

    def test_bounds(self):
        assert _checks.number_range("a", (0, 1), 0, 1) == (0.0, 1.0)
        with pytest.raises(ValueError, match=r"with 0 <= from <= to <= 1; got \(0, 2\)"):
            _checks.number_range("a", (0, 2), 0, 1)
        with pytest.raises(ValueError, match=r"with 0 < from <= to <= 1; got \(0, 1\)"):
            _checks.interval("a", (0, 1), 0, 1)

    @pytest.mark.parametrize("given", [("a", 1), (True, 1), "ab", (None, 1), None], ids=str)
    def test_not_numbers(self, given):
        for check in (
            _checks.number_range,
            lambda name, value: _checks.interval(name, value, 0, 1),
        ):
            with pytest.raises(TypeError, match=r"`a` must be a number.*range \(from, to\)"):
                check("a", given)

    def test_integers(self):
        assert _checks.integer_range("parts", (1, np.int64(3))) == (1, 3)
        assert _checks.integer_range("parts", np.array([1, 3])) == (1, 3)
        for given in (2, (0, 1), (3, 2), (1, 2, 3)):
            with pytest.raises(
                ValueError, match=r"`parts` must be two integers.*1 <= from <= to; got"
            ):
                _checks.integer_range("parts", given)
        with pytest.raises(ValueError, match=r"<= to <= 5; got \(2, 6\). There are 5"):
            _checks.integer_range("parts", (2, 6), 5, "There are 5.")
        for given in ((1.0, 2), (True, 2), "12", 1.5):
            with pytest.raises(TypeError, match="`parts` must be integers; got"):
                _checks.integer_range("parts", given)
