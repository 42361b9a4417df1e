from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from reference import evaluation as reference

from skelter.evaluation import alignment, diagnose, effective_rank, uniformity


def rows(seed, count=7, dim=4):
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed)) + 0.3


class TestAlignment:
    @given(st.integers(0, 500), st.sampled_from([0.5, 1.0, 2.0, 3.0]))
    def test_oracle(self, seed, alpha):
        x, y = rows(seed), rows(seed + 1)
        expected = reference.alignment(x.numpy(), y.numpy(), alpha)
        assert alignment(x, y, alpha=alpha) == pytest.approx(expected, rel=1e-5)

    def test_scale_does_not_matter(self):
        x, y = rows(0), rows(1)
        assert alignment(5 * x, y) == pytest.approx(alignment(x, y), rel=1e-5)

    def test_wrong_calls(self):
        with pytest.raises(ValueError, match=r"`y` must have the shape \(7, 4\) of `x`"):
            alignment(rows(0), rows(0, 6))
        with pytest.raises(ValueError, match="`alpha` must be above 0; got 0"):
            alignment(rows(0), rows(0), alpha=0)


class TestUniformity:
    @given(st.integers(0, 500), st.sampled_from([0.5, 2.0, 5.0]), st.integers(1, 9))
    def test_oracle_whatever_the_chunk(self, seed, t, chunk):
        x = rows(seed)
        expected = reference.uniformity(x.numpy(), t)
        assert uniformity(x, t=t, chunk=chunk) == pytest.approx(expected, rel=1e-4, abs=1e-5)

    def test_stays_finite_where_the_kernel_underflows(self):
        assert uniformity(torch.eye(3, dtype=torch.float64), t=1e4) == pytest.approx(-2e4)

    def test_more_even_is_lower(self):
        assert uniformity(rows(0, 50)) < uniformity(rows(0, 50) + 3) < 0

    def test_wrong_calls(self):
        with pytest.raises(ValueError, match="`x` must have at least two rows to compare"):
            uniformity(rows(0, 1))
        with pytest.raises(ValueError, match="`t` must be above 0"):
            uniformity(rows(0), t=-1)


class TestEffectiveRank:
    @given(st.integers(0, 500), st.integers(1, 9), st.integers(1, 9))
    def test_oracle(self, seed, count, dim):
        x = rows(seed, count, dim)
        assert effective_rank(x) == pytest.approx(reference.effective_rank(x.numpy()), rel=1e-6)

    def test_limits(self):
        assert effective_rank(torch.zeros(5, 3)) == 1.0
        assert effective_rank(rows(0, 5, 1) @ rows(1, 1, 3)) == pytest.approx(1.0, abs=1e-4)

    def test_features_as_they_are(self):
        x = torch.eye(4) + 100
        assert effective_rank(x) < 1.2
        assert effective_rank(x - x.mean(0)) == pytest.approx(3.0)

    def test_no_matrix(self):
        with pytest.raises(ValueError, match=r"`x` must have shape \(N, D\)"):
            effective_rank(torch.zeros(3, 4, 5))


class TestDiagnose:
    def test_measures_unit_rows(self):
        x, y = 9 * rows(0), rows(1)
        found = diagnose(x, y)
        scaled = reference.unit(x.numpy())
        assert found.alignment == pytest.approx(reference.alignment(x.numpy(), y.numpy(), 2.0))
        assert found.uniformity == pytest.approx(reference.uniformity(x.numpy(), 2.0), rel=1e-4)
        assert found.effective_rank == pytest.approx(reference.effective_rank(scaled), rel=1e-5)
        assert found.deviation == pytest.approx(reference.deviation(x.numpy()), rel=1e-5)

    def test_collapsed_and_spread(self):
        collapsed = diagnose(torch.ones(20, 8) + 1e-4 * rows(0, 20, 8))
        spread = diagnose(torch.randn(500, 8, generator=torch.Generator().manual_seed(0)))
        assert collapsed.deviation < 1e-3 < 0.9 < spread.deviation < 1.1
        assert collapsed.effective_rank < 1.1 < 7.5 < spread.effective_rank
        assert collapsed.uniformity > -1e-3 > -2 > spread.uniformity

    def test_prints_and_converts(self):
        found = diagnose(rows(0))
        assert found.as_dict()["alignment"] is None
        assert str(found).startswith("| None | -")
        assert "%" not in str(found)

    def test_half_precision(self):
        assert math.isfinite(diagnose(rows(0).half()).uniformity)
