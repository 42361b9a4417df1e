from __future__ import annotations

import pytest
import torch

from skelter import transforms as T


class TestShear:
    def test_unit_diagonal_and_range(self, generator):
        matrix = T.Shear(0.5).sample(torch.zeros(5000, 3, 1, 1, 1), generator=generator).matrix
        assert torch.equal(matrix.diagonal(dim1=-2, dim2=-1), torch.ones(5000, 3))
        off = matrix[:, ~torch.eye(3, dtype=torch.bool)]
        assert off.abs().max() <= 0.5
        torch.testing.assert_close(off.mean(0), torch.zeros(6), rtol=0, atol=0.02)
        torch.testing.assert_close(off.std(0), torch.full((6,), 0.5 / 3**0.5), rtol=0.05, atol=0)
        correlation = torch.corrcoef(off.T) - torch.eye(6)
        assert correlation.abs().max() < 0.06

    def test_mirrors_as_often_as_the_reference(self, generator):
        matrix = T.Shear(1.0).sample(torch.zeros(40000, 3, 1, 1, 1), generator=generator).matrix
        share = float((torch.linalg.det(matrix) < 0).float().mean())
        assert share == pytest.approx(0.049, abs=0.003)

    def test_works_on_two_dimensions(self, generator):
        assert T.Shear()(torch.randn(2, 2, 5, 17, 1), generator=generator).shape[1] == 2

    def test_negative_amplitude(self):
        with pytest.raises(ValueError, match="`amplitude` must lie between 0.0 and inf; got -1"):
            T.Shear(-1)
