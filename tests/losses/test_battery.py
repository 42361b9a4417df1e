"""Every loss that is exported passes this, by being exported."""

from __future__ import annotations

import pytest
import torch
from loss_builders import NAMES, loss_of

from skelter.losses import functional as F

pytestmark = pytest.mark.parametrize("name", NAMES)


class TestReduction:
    def test_mean_and_sum_are_of_none(self, name):
        every, inputs = loss_of(name, reduction="none")
        losses = every(*inputs)
        assert losses.shape == ((8,) if name == "nt_xent" else (4,))
        for reduction in ("mean", "sum"):
            function, _ = loss_of(name, reduction=reduction)
            torch.testing.assert_close(function(*inputs), getattr(losses, reduction)())
        default, _ = loss_of(name)
        torch.testing.assert_close(default(*inputs), losses.mean())

    def test_gradients_of_each_row(self, name):
        """Weights of rows reach the gradient, in the fused form too."""
        every, inputs = loss_of(name, reduction="none")
        inputs = [x.requires_grad_() for x in inputs]
        weights = torch.linspace(0.5, 2, len(every(*inputs)), dtype=torch.float64)
        assert torch.autograd.gradcheck(lambda *z: (every(*z) * weights).sum(), inputs)

    @pytest.mark.parametrize("reduction", ["average", None, True])
    def test_another_one(self, name, reduction):
        function, inputs = loss_of(name, reduction=reduction)
        with pytest.raises(ValueError, match="`reduction` must be one of 'mean', 'sum', 'none'"):
            function(*inputs)


class TestShortRows:
    @pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
    @pytest.mark.parametrize("scale", [0.0, 1e-30, 1e-12, 1e-7, 1e-4])
    def test_gradients_are_bounded(self, name, dtype, scale):
        """A row as short as one likes, beside others: 3e11 before, infinite in half precision."""
        function, inputs = loss_of(name, dtype)
        inputs = [x.clone() for x in inputs]
        for x in inputs:
            x[1] *= scale
            x.requires_grad_()
        function(*inputs).backward()
        for x in inputs:
            if x.grad is None:
                continue
            assert x.grad.isfinite().all()
            assert float(x.grad.abs().max()) <= 4 / torch.finfo(dtype).eps
            if scale == 0:
                assert not x.grad[1].any()

    def test_all_zero(self, name):
        function, inputs = loss_of(name, torch.float32)
        zeros = [torch.zeros_like(x).requires_grad_() for x in inputs]
        function(*zeros).backward()
        assert not any(x.grad.any() for x in zeros if x.grad is not None)

    def test_other_rows_are_those_of_torch_bit_by_bit(self, name):
        function, inputs = loss_of(name, torch.float32)
        plain, _ = loss_of(name, torch.float32, normalize=False)
        unit = [torch.nn.functional.normalize(x, dim=1) for x in inputs]
        if name not in ("info_nce", "queue_contrast", "cross_contrastive"):  # negatives are not
            assert torch.equal(function(*inputs), plain(*unit))
        assert all(torch.equal(F.unit(x), z) for x, z in zip(inputs, unit, strict=True))


class TestDtypes:
    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
    def test_wide_inside(self, name, dtype):
        function, inputs = loss_of(name, dtype)
        wide, _ = loss_of(name, torch.float32)
        expected = wide(*(x.float() for x in inputs))
        with torch.autocast("cpu", torch.bfloat16):
            actual = function(*inputs)
        assert actual.dtype == torch.float32
        torch.testing.assert_close(actual, expected, rtol=0.02, atol=0.02)

    @pytest.mark.parametrize("temperature", [1e-3, 1e4])
    def test_extreme_temperatures(self, name, temperature):
        function, inputs = loss_of(name, torch.float32, temperature=temperature)
        inputs = [x.requires_grad_() for x in inputs]
        loss = function(*inputs)
        loss.backward()
        assert loss.isfinite()
        assert all(x.grad.isfinite().all() for x in inputs if x.grad is not None)

    def test_arrays(self, name):
        function, inputs = loss_of(name)
        assert torch.equal(function(*(x.numpy() for x in inputs)), function(*inputs))

    def test_compiles_whole(self, name):
        torch.compiler.reset()
        function, inputs = loss_of(name)
        compiled = torch.compile(function, fullgraph=True, backend="aot_eager")
        torch.testing.assert_close(compiled(*inputs), function(*inputs))


@pytest.mark.parametrize("temperature", [True, "0.1", None, torch.ones(2), [0.1]])
def test_a_temperature_that_is_not_a_number(name, temperature):
    function, inputs = loss_of(name, temperature=temperature)
    with pytest.raises(TypeError, match="`temperature` must be a number; got"):
        function(*inputs)


@pytest.mark.parametrize("temperature", [0, -0.1, float("nan")])
def test_a_temperature_out_of_range(name, temperature):
    function, inputs = loss_of(name, temperature=temperature)
    with pytest.raises(ValueError, match="`temperature` must be above 0; got"):
        function(*inputs)
