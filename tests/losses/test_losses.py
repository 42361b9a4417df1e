from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from reference import losses as oracle

from skelter import losses
from skelter.losses import functional as F


def rows(count, dim=6, seed=0, **options):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, dim, generator=generator, dtype=torch.float64, **options)


SEEDS = st.integers(0, 1000)
SIZES = st.integers(1, 5)
TEMPERATURES = st.floats(0.05, 2.0)


class TestInfoNCE:
    @given(SEEDS, SIZES, st.integers(1, 9), TEMPERATURES)
    def test_oracle(self, seed, N, K, temperature):
        query, key, negatives = rows(N, seed=seed), rows(N, seed=seed + 1), rows(K, seed=seed + 2)
        expected = oracle.info_nce(query.numpy(), key.numpy(), negatives.numpy(), temperature)
        actual = F.info_nce(query, key, negatives, temperature)
        assert float(actual) == pytest.approx(expected, rel=1e-9)

    @pytest.mark.parametrize("K", [1, 9, 16384])
    def test_identical_embeddings_give_log_of_1_plus_k(self, K):
        same = torch.ones(3, 8)
        loss = F.info_nce(same, same, torch.ones(K, 8), 0.07)
        assert float(loss) == pytest.approx(math.log(1 + K), rel=1e-5)

    @pytest.mark.parametrize("temperature", [1e-4, 1e4])
    def test_extreme_temperatures_stay_finite(self, temperature):
        query = torch.randn(4, 8, requires_grad=True)
        loss = F.info_nce(query, torch.randn(4, 8), torch.randn(20, 8), temperature)
        loss.backward()
        assert loss.isfinite()
        assert query.grad.isfinite().all()

    def test_zero_embeddings_stay_finite(self):
        query = torch.zeros(4, 8, requires_grad=True)
        F.info_nce(query, torch.zeros(4, 8), torch.zeros(5, 8)).backward()
        assert query.grad.isfinite().all()

    def test_gradient(self):
        inputs = [rows(3, seed=s).requires_grad_() for s in range(3)]
        assert torch.autograd.gradcheck(lambda q, k, n: F.info_nce(q, k, n, 0.2), inputs)

    def test_logits_have_the_positive_first(self):
        query, key, negatives = rows(3), rows(3, seed=1), rows(5, seed=2)
        logits = F.info_nce_logits(query, key, negatives, 0.5)
        cosine = torch.nn.functional.cosine_similarity
        torch.testing.assert_close(logits[:, 0], cosine(query, key) / 0.5)
        torch.testing.assert_close(logits[:, 3], cosine(query, negatives[2:3]) / 0.5)

    def test_normalize_false_takes_dot_products(self):
        query, key, negatives = 3 * rows(3), rows(3, seed=1), rows(5, seed=2)
        logits = F.info_nce_logits(query, key, negatives, 1.0, normalize=False)
        torch.testing.assert_close(logits[:, 1:], query @ negatives.T)

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
    def test_is_wide_under_narrow_inputs_and_autocast(self, dtype):
        inputs = [rows(3, seed=s).to(dtype) for s in range(3)]
        expected = F.info_nce(*(tensor.float() for tensor in inputs))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            actual = F.info_nce(*inputs)
            from_float = F.info_nce(*(tensor.float() for tensor in inputs))
        assert actual.dtype == torch.float32
        torch.testing.assert_close(actual, expected)
        torch.testing.assert_close(from_float, expected)

    def test_compiles_whole(self):
        torch.compiler.reset()
        inputs = [rows(3, seed=s) for s in range(3)]
        compiled = torch.compile(F.info_nce, fullgraph=True, backend="eager")
        torch.testing.assert_close(compiled(*inputs), F.info_nce(*inputs))


class TestQueueContrast:
    @given(SEEDS, SIZES, st.integers(1, 9), TEMPERATURES)
    def test_equals_info_nce_and_its_gradients(self, seed, N, K, temperature):
        inputs = [rows(N, seed=seed), rows(N, seed=seed + 1), rows(K, seed=seed + 2)]
        self.compare(inputs, temperature)

    @pytest.mark.parametrize("K", [4095, 4096, 4097, 10000])
    def test_negatives_in_parts(self, K):
        self.compare([rows(3), rows(3, seed=1), rows(K, seed=2)], 0.07)

    @staticmethod
    def compare(inputs, temperature):
        query, key = (tensor.clone().requires_grad_() for tensor in inputs[:2])
        plain = F.info_nce(query, key, inputs[2], temperature)
        loss, logits = F.queue_contrast(query, key, inputs[2], temperature)
        torch.testing.assert_close(loss, plain)
        expected = F.info_nce_logits(query, key, inputs[2], temperature)
        torch.testing.assert_close(logits, expected.detach())
        assert not logits.requires_grad
        actual = torch.autograd.grad(3 * loss, (query, key))
        torch.testing.assert_close(actual, torch.autograd.grad(3 * plain, (query, key)))

    def test_negatives_may_change_before_backward(self):
        query, negatives = rows(3, requires_grad=True), rows(5, seed=2)
        expected = torch.autograd.grad(F.info_nce(query, rows(3, seed=1), negatives), query)
        loss, _ = F.queue_contrast(query, rows(3, seed=1), negatives)
        negatives.zero_()
        torch.testing.assert_close(torch.autograd.grad(loss, query), expected)

    def test_is_wide_under_autocast(self):
        inputs = [rows(3, seed=s).bfloat16() for s in range(3)]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss, logits = F.queue_contrast(*inputs)
        assert loss.dtype == logits.dtype == torch.float32
        torch.testing.assert_close(loss, F.info_nce(*(tensor.float() for tensor in inputs)))

    def test_negatives_that_want_a_gradient(self):
        with pytest.raises(ValueError, match="`negatives` must be constants.*use info_nce"):
            F.queue_contrast(rows(3), rows(3), rows(5, requires_grad=True))

    def test_wrong_shapes_and_temperatures(self):
        with pytest.raises(ValueError, match="`negatives` must have shape"):
            F.queue_contrast(rows(3), rows(3), rows(5, dim=4))
        with pytest.raises(ValueError, match="`temperature`"):
            F.queue_contrast(rows(3), rows(3), rows(5), 0.0)

    def test_compiles_whole(self):
        torch.compiler.reset()
        inputs = [rows(3, seed=0, requires_grad=True), rows(3, seed=1), rows(5, seed=2)]
        compiled = torch.compile(F.queue_contrast, fullgraph=True, backend="aot_eager")
        loss, _ = compiled(*inputs)
        expected = F.info_nce(*inputs)
        torch.testing.assert_close(loss, expected)
        actual = torch.autograd.grad(loss, inputs[0])
        torch.testing.assert_close(actual, torch.autograd.grad(expected, inputs[0]))


class TestNTXent:
    @given(SEEDS, st.integers(2, 6), TEMPERATURES)
    def test_oracle(self, seed, N, temperature):
        z1, z2 = rows(N, seed=seed), rows(N, seed=seed + 1)
        expected = oracle.nt_xent(z1.numpy(), z2.numpy(), temperature)
        assert float(F.nt_xent(z1, z2, temperature)) == pytest.approx(expected, rel=1e-9)

    def test_is_symmetric(self):
        z1, z2 = rows(4), rows(4, seed=1)
        torch.testing.assert_close(F.nt_xent(z1, z2), F.nt_xent(z2, z1))

    def test_identical_embeddings_give_log_of_all_others(self):
        same = torch.ones(5, 8)
        assert float(F.nt_xent(same, same)) == pytest.approx(math.log(9), rel=1e-6)

    def test_gradient(self):
        inputs = [rows(3, seed=s).requires_grad_() for s in range(2)]
        assert torch.autograd.gradcheck(lambda a, b: F.nt_xent(a, b, 0.3), inputs)

    def test_one_clip_has_no_negatives(self):
        with pytest.raises(ValueError, match=r"at least 2 rows.*got \(1, 6\).*MemoryQueue"):
            F.nt_xent(rows(1), rows(1))


class TestCrossContrastive:
    @given(SEEDS, SIZES, TEMPERATURES)
    def test_oracle(self, seed, N, temperature):
        q, r, k, j = (rows(N, seed=seed + s).numpy() for s in range(4))
        queue_a, queue_b = rows(7, seed=seed + 4).numpy(), rows(9, seed=seed + 5).numpy()
        expected = oracle.info_nce(q, j, queue_b, temperature)
        expected += oracle.info_nce(r, k, queue_a, temperature)
        inputs = (torch.from_numpy(array) for array in (q, r, k, j, queue_a, queue_b))
        actual = F.cross_contrastive(*inputs, temperature)
        assert float(actual) == pytest.approx(expected, rel=1e-9)

    def test_exchanging_the_representations_changes_nothing(self):
        q, r, k, j, queue_a, queue_b = (rows(4, seed=s) for s in range(6))
        torch.testing.assert_close(
            F.cross_contrastive(q, r, k, j, queue_a, queue_b),
            F.cross_contrastive(r, q, j, k, queue_b, queue_a),
        )


class TestClasses:
    def test_equal_their_functions(self):
        z = [rows(4, seed=s) for s in range(6)]
        pairs = [
            (losses.InfoNCELoss(0.2)(*z[:3]), F.info_nce(*z[:3], 0.2)),
            (losses.NTXentLoss(0.2)(*z[:2]), F.nt_xent(*z[:2], 0.2)),
            (losses.CrossContrastiveLoss(0.2)(*z), F.cross_contrastive(*z, 0.2)),
            (
                losses.InfoNCELoss(0.2, normalize=False)(*z[:3]),
                F.info_nce(*z[:3], 0.2, normalize=False),
            ),
        ]
        for actual, expected in pairs:
            assert torch.equal(actual, expected)

    @pytest.mark.parametrize(
        "loss", [losses.InfoNCELoss, losses.NTXentLoss, losses.CrossContrastiveLoss]
    )
    @pytest.mark.parametrize("temperature", [0, -0.1, float("nan")])
    def test_wrong_temperature(self, loss, temperature):
        with pytest.raises(ValueError, match="`temperature` must be above 0; got"):
            loss(temperature)

    def test_defaults(self):
        assert losses.InfoNCELoss().temperature == losses.CrossContrastiveLoss().temperature == 0.07


class TestWrongCalls:
    def test_transposed_negatives(self):
        message = (
            r"`negatives` must have shape \(K, D\) with D=128 to match `query` \(32, 128\); "
            r"got \(128, 4096\). Transpose it\?"
        )
        with pytest.raises(ValueError, match=message):
            F.info_nce(torch.zeros(32, 128), torch.zeros(32, 128), torch.zeros(128, 4096))

    def test_an_empty_queue_says_how_to_fill_it(self):
        with pytest.raises(ValueError, match=r"at least one row.*fill_random\(\).*enqueue\(keys\)"):
            F.info_nce(torch.zeros(3, 8), torch.zeros(3, 8), torch.zeros(0, 8))

    def test_mismatched_keys(self):
        with pytest.raises(ValueError, match=r"`key` must have the shape \(3, 8\) of `query`"):
            F.info_nce(torch.zeros(3, 8), torch.zeros(4, 8), torch.zeros(5, 8))

    def test_empty_batch(self):
        with pytest.raises(ValueError, match="`query` must hold at least one clip"):
            F.info_nce(torch.zeros(0, 8), torch.zeros(0, 8), torch.zeros(5, 8))
        with pytest.raises(ValueError, match="`z1` must hold at least one clip"):
            F.nt_xent(torch.zeros(0, 8), torch.zeros(0, 8))

    def test_wrong_rank_and_dtype(self):
        with pytest.raises(ValueError, match=r"`query` must have shape \(N, D\)"):
            F.info_nce(torch.zeros(8), torch.zeros(8), torch.zeros(5, 8))
        with pytest.raises(
            TypeError, match=r"`key` must have a real floating dtype; got torch.int64"
        ):
            F.info_nce(torch.zeros(3, 8), torch.zeros(3, 8).long(), torch.zeros(5, 8))

    def test_wrong_temperature(self):
        with pytest.raises(ValueError, match=r"`temperature` must be above 0; got 0"):
            F.info_nce(torch.zeros(3, 8), torch.zeros(3, 8), torch.zeros(5, 8), 0)


def test_oracle_agrees_with_itself_in_closed_form():
    """Two orthogonal rows: the oracle's own arithmetic, by hand."""
    eye = np.eye(2)
    expected = -math.log(math.e / (math.e + 2))
    assert oracle.info_nce(eye[:1], eye[:1], np.stack([eye[1], eye[1]]), 1.0) == pytest.approx(
        expected
    )
