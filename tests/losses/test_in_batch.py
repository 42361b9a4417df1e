"""Losses whose negatives are the other rows of the batch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from loss_builders import rows
from reference import losses as oracle

from skelter import losses
from skelter.losses import functional as F

SEEDS = st.integers(0, 1000)
TEMPERATURES = st.floats(0.05, 2.0)


class TestBatchInfoNCE:
    @given(SEEDS, st.integers(2, 6), TEMPERATURES)
    def test_oracle(self, seed, N, temperature):
        query, key = rows(N, seed), rows(N, seed + 1)
        expected = oracle.batch_info_nce(query.numpy(), key.numpy(), temperature)
        actual = F.batch_info_nce(query, key, temperature, reduction="none")
        np.testing.assert_allclose(actual.numpy(), expected, rtol=1e-9, atol=1e-14)

    def test_identical_embeddings_give_the_log_of_their_number(self):
        same = torch.ones(5, 8)
        assert float(F.batch_info_nce(same, same)) == pytest.approx(math.log(5), rel=1e-6)

    def test_is_info_nce_with_the_other_keys(self):
        query, key = rows(4, 0), rows(4, 1)
        losses = [F.info_nce(query[i : i + 1], key[i : i + 1], key[torch.arange(4) != i])
                  for i in range(4)]  # fmt: skip
        torch.testing.assert_close(F.batch_info_nce(query, key), torch.stack(losses).mean())

    def test_one_row_has_no_negatives(self):
        with pytest.raises(ValueError, match=r"`query` must have at least 2 rows.*MemoryQueue"):
            F.batch_info_nce(rows(1, 0), rows(1, 1))


class TestSupervisedContrastive:
    @given(SEEDS, st.lists(st.integers(-1, 2), min_size=2, max_size=8), TEMPERATURES)
    def test_oracle(self, seed, labels, temperature):
        z = rows(len(labels), seed)
        expected = oracle.supervised_contrastive(z.numpy(), labels, temperature)
        each = F.supervised_contrastive(z, labels, temperature, reduction="none")
        np.testing.assert_allclose(each.numpy(), np.nan_to_num(expected), rtol=1e-9, atol=1e-12)
        mean = F.supervised_contrastive(z, labels, temperature)
        counted = expected[~np.isnan(expected)]
        assert float(mean) == pytest.approx(counted.mean() if counted.size else 0, rel=1e-9)

    @pytest.mark.parametrize("labels", [[0, 0, -1, -1], [-1, -1, -1, 2], [0, 1, 2, 3], [5] * 4])
    def test_gradient(self, labels):
        z = rows(4, 0).requires_grad_()
        assert torch.autograd.gradcheck(lambda z: F.supervised_contrastive(z, labels), z)
        F.supervised_contrastive(z, labels).backward()
        unknown = torch.tensor(labels) == -1
        assert not z.grad[unknown].any()

    def test_two_views_with_labels_of_their_own_are_nt_xent(self):
        z1, z2, labels = rows(5, 0), rows(5, 1), torch.arange(5).repeat(2)
        actual = F.supervised_contrastive(torch.cat([z1, z2]), labels, 0.5)
        torch.testing.assert_close(actual, F.nt_xent(z1, z2, 0.5))

    def test_the_order_of_rows_and_the_names_of_classes_do_not_matter(self):
        z, labels = rows(6, 0), torch.tensor([0, 1, 1, 2, 0, 1])
        order = torch.randperm(6)
        expected = F.supervised_contrastive(z, labels)
        torch.testing.assert_close(F.supervised_contrastive(z[order], labels[order]), expected)
        torch.testing.assert_close(F.supervised_contrastive(z, labels + 40), expected)

    def test_no_pair_at_all(self):
        z = rows(3, 0).requires_grad_()
        loss = F.supervised_contrastive(z, [0, 1, 2])
        loss.backward()
        assert loss.item() == 0
        assert not z.grad.any()

    def test_one_row(self):
        with pytest.raises(ValueError, match=r"`z` must have at least 2 rows"):
            F.supervised_contrastive(rows(1, 0), [0])

    @pytest.mark.parametrize(
        ("labels", "error", "message"),
        [
            ([0, 1, 0], ValueError, r"`labels` must have shape \(4,\), one label a row"),
            (torch.eye(4).long(), ValueError, r"`labels` must have shape.*argmax"),
            ([0.0, 1.0, 0.0, 1.0], TypeError, "`labels` must be integer class indices"),
            (torch.ones(4), TypeError, "`labels` must be integer class indices"),
            (["a", "b", "a", "b"], TypeError, "`labels` must be integer class.*names.index"),
            (None, TypeError, "`labels` must be a list"),
        ],
    )
    def test_wrong_labels(self, labels, error, message):
        with pytest.raises(error, match=message):
            F.supervised_contrastive(rows(4, 0), labels)


def test_classes_equal_their_functions():
    z, labels = [rows(4, seed) for seed in range(6)], torch.tensor([0, 1, 0, 1])
    for reduction in ("mean", "sum", "none"):
        options = {"temperature": 0.2, "normalize": False, "reduction": reduction}
        pairs = [
            (losses.InfoNCELoss, F.info_nce, z[:3]),
            (losses.NTXentLoss, F.nt_xent, z[:2]),
            (losses.CrossContrastiveLoss, F.cross_contrastive, z),
            (losses.BatchInfoNCELoss, F.batch_info_nce, z[:2]),
            (losses.SupervisedContrastiveLoss, F.supervised_contrastive, (z[0], labels)),
        ]
        assert {kind.__name__ for kind, *_ in pairs} == set(losses.__all__) - {"functional"}
        for kind, function, inputs in pairs:
            assert torch.equal(kind(**options)(*inputs), function(*inputs, **options))
            assert repr(kind(**options)).endswith(f"reduction={reduction!r})")
            with pytest.raises(ValueError, match="`reduction` must be one of"):
                kind(reduction="batch")
