"""The order of neighbours: ties, precision, votes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from reference import evaluation as reference

from evaluation import toys
from skelter.evaluation import (
    CompressConfig,
    FeatureSet,
    LinearProbeConfig,
    compress,
    diagnose,
    fine_tune,
    knn,
    linear_probe,
    one_shot,
    retrieval,
    uniformity,
)
from skelter.evaluation import _nearest as nearest

METRICS = ("cosine", "euclidean")
DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def quantised(count, seed, dim=3):
    """Features of which many are equal, and many equally far from others."""
    return (toys.features(count, dim, seed) * 1.5).round()


class TestTies:
    @pytest.mark.parametrize("metric", METRICS)
    @pytest.mark.parametrize("dtype", DTYPES)
    @given(seed=st.integers(0, 300), chunk=st.integers(1, 9), k=st.integers(1, 30))
    def test_the_earlier_row_is_nearer_whatever_the_chunk(self, metric, dtype, seed, chunk, k):
        train, test = quantised(30, seed).to(dtype), quantised(9, seed + 1).to(dtype)
        found = []
        for rows, places in nearest.search(train.float(), test.float(), k, metric, chunk):
            assert len(rows) == len(places)
            found += places.tolist()
        for query, order in zip(test.tolist(), found, strict=True):
            far = [reference.distance(row, query, metric) for row in train.tolist()]
            expected = sorted(range(30), key=lambda place: (round(far[place], 6), place))
            assert order == expected[:k]
        labels = torch.arange(30)
        assert knn(train, labels, test, metric=metric, chunk=chunk).predictions.tolist() == [
            order[0] for order in found
        ]

    @pytest.mark.parametrize("metric", METRICS)
    @pytest.mark.parametrize("dtype", DTYPES)
    @pytest.mark.parametrize("chunk", [1, 3, 1024])
    def test_constant_features_across_tiles(self, monkeypatch, metric, dtype, chunk):
        """All rows equal: the first ones are the nearest, in any tile."""
        monkeypatch.setattr(nearest, "GALLERY", 7)
        row = toys.features(1, 33, 5).to(dtype)
        labels = torch.arange(50) // 2
        found = knn(row.expand(50, -1), labels, 0.7 * row.expand(5, -1), 3, metric=metric,
                    chunk=chunk)  # fmt: skip
        assert found.predictions.tolist() == [0] * 5
        torch.testing.assert_close(found.scores[0, :3], torch.tensor([2 / 3, 1 / 3, 0]))

    @pytest.mark.parametrize("metric", METRICS)
    def test_a_duplicate_in_another_tile(self, metric):
        """The nearest row stands at both ends of a gallery of several tiles."""
        train, test = toys.features(9000, 16), toys.features(40, 16, 1)
        train[8990:9000] = train[:10]
        queries = torch.cat([train[:10] + 1e-3, test])
        for chunk in (1, 7, 1024):
            found = knn(train, torch.arange(9000), queries, metric=metric, chunk=chunk)
            assert found.predictions[:10].tolist() == list(range(10))

    @pytest.mark.parametrize("metric", METRICS)
    def test_scale_does_not_overflow_or_vanish(self, metric):
        train, test = toys.features(20, 5), toys.features(7, 5, 1)
        expected = knn(train, torch.arange(20), test, metric=metric).predictions
        for scale in (1e-25, 1e25):
            found = knn(scale * train, torch.arange(20), scale * test, metric=metric)
            assert torch.equal(found.predictions, expected)

    def test_euclidean_far_from_zero(self):
        """Half a unit apart, at a distance at which a product in float32 sees nothing."""
        train = 1e4 + 0.5 * torch.arange(8.0)[:, None].expand(-1, 4)
        found = knn(train, torch.arange(8), train + 0.1, metric="euclidean")
        assert found.predictions.tolist() == list(range(8))

    def test_coarser_products_change_nothing(self, monkeypatch):
        train, test, known = toys.features(300, 8), toys.features(50, 8, 1), torch.arange(300)
        expected = knn(train, known, test, 5).predictions
        look = nearest._FirstLook._place
        monkeypatch.setattr(
            nearest._FirstLook, "_place", lambda self, x: look(self, x).bfloat16().float()
        )
        monkeypatch.setattr(nearest, "_rounding", lambda: 2**-7)
        assert torch.equal(knn(train, known, test, 5).predictions, expected)


class TestAveragePrecision:
    @pytest.mark.parametrize("metric", METRICS)
    @given(seed=st.integers(0, 300), chunk=st.integers(1, 9))
    def test_oracle(self, metric, seed, chunk):
        train, test = quantised(25, seed), quantised(6, seed + 1)
        known, truth = toys.labels(25, 4, seed), toys.labels(6, 5, seed + 1)
        expected = []
        for query, label in zip(test.tolist(), truth.tolist(), strict=True):
            far = [round(reference.distance(row, query, metric), 6) for row in train.tolist()]
            expected.append(reference.average_precision(far, (known == label).tolist()))
        found = retrieval(train, known, test, truth, metric=metric, chunk=chunk)
        assert found.mean_average_precision == pytest.approx(np.mean(expected))

    @given(st.integers(0, 300))
    def test_the_order_of_the_gallery_does_not_matter(self, seed):
        train, test = quantised(25, seed), quantised(6, seed + 1)
        known, truth = toys.labels(25, 4, seed), toys.labels(6, 4, seed + 1)
        order = torch.randperm(25, generator=torch.Generator().manual_seed(seed))
        one = retrieval(train, known, test, truth)
        two = retrieval(train[order], known[order], test, truth)
        assert one.mean_average_precision == pytest.approx(two.mean_average_precision, abs=1e-12)

    @pytest.mark.parametrize("metric", METRICS)
    def test_scikit_learn(self, metric):
        metrics = pytest.importorskip("sklearn.metrics")
        pairwise = pytest.importorskip("sklearn.metrics.pairwise")
        for seed in range(20):
            train, test = quantised(40, seed, 2), quantised(8, seed + 1, 2)
            known, truth = toys.labels(40, 3, seed), toys.labels(8, 3, seed + 1)
            far = getattr(pairwise, f"{metric}_distances")(test.double(), train.double()).round(6)
            expected = [
                metrics.average_precision_score((known == label).numpy(), -row)
                for row, label in zip(far, truth, strict=True)
            ]
            found = retrieval(train, known, test, truth, metric=metric)
            assert found.mean_average_precision == pytest.approx(np.mean(expected))

    def test_two_rows_that_tie(self):
        ones, known = torch.ones(3, 2), torch.tensor([1, 1, 0])
        for order in ([0, 1, 2], [2, 1, 0]):
            found = retrieval(ones, known[order], ones[:1], [0], top=(1,))
            assert found.mean_average_precision == pytest.approx(1 / 3)


class TestWeights:
    @pytest.mark.parametrize("metric", METRICS)
    @pytest.mark.parametrize("weights", ["uniform", "inverse_distance", "exponential"])
    @given(seed=st.integers(0, 300), k=st.integers(1, 15), chunk=st.integers(1, 5))
    def test_oracle(self, metric, weights, seed, k, chunk):
        train, test, known = quantised(15, seed), quantised(5, seed + 1), toys.labels(15, 4, seed)
        found = knn(train, known, test, k, metric=metric, weights=weights, temperature=0.3,
                    num_classes=5, chunk=chunk)  # fmt: skip
        expected = [
            reference.vote_shares(train.tolist(), known.tolist(), query, k, 5, weights, 0.3, metric)
            for query in test.tolist()
        ]
        torch.testing.assert_close(found.scores, torch.tensor(expected), rtol=1e-5, atol=1e-6)
        assert torch.equal(found.scores.argmax(1), found.predictions)

    @pytest.mark.parametrize("metric", METRICS)
    def test_scikit_learn(self, metric):
        neighbors = pytest.importorskip("sklearn.neighbors")
        for seed in range(10):
            train, test = toys.features(40, 4, seed), toys.features(20, 4, seed + 1)
            known = toys.labels(40, 5, seed)
            test[:4] = train[:4]  # exact matches take all
            train[10:12], known[10:12] = train[:2], known[:2]
            for weights, theirs in (("inverse_distance", "distance"), ("uniform", "uniform")):
                judge = neighbors.KNeighborsClassifier(7, weights=theirs, metric=metric)
                judge.fit(train.double(), known)
                found = knn(train, known, test, 7, metric=metric, weights=weights)
                expected = torch.from_numpy(judge.predict_proba(test.double())).float()
                torch.testing.assert_close(found.scores, expected, rtol=1e-4, atol=1e-5)

    @pytest.mark.parametrize("metric", METRICS)
    def test_equal_rows_take_all(self, metric):
        train = torch.tensor([[1.0, 2.0], [1.0, 2.0], [1.1, 2.0], [1.0, 2.1]])
        found = knn(train, [0, 1, 2, 2], train[:1], 4, metric=metric, weights="inverse_distance")
        torch.testing.assert_close(found.scores, torch.tensor([[0.5, 0.5, 0.0]]))
        assert found.predictions.tolist() == [0]

    def test_distances_that_nearly_vanish_stay_finite(self):
        train = torch.tensor([[1e-30, 0.0], [1.0, 0.0], [2.0, 0.0]])
        found = knn(train, [0, 1, 1], torch.zeros(1, 2), 3, metric="euclidean",
                    weights="inverse_distance")  # fmt: skip
        assert found.scores.isfinite().all()
        assert found.predictions.tolist() == [0]


class TestAutocast:
    """Everything that compares features computes as outside autocast."""

    train = FeatureSet(toys.features(400, 16), toys.labels(400, 5))
    test = FeatureSet(toys.features(60, 16, 1), toys.labels(60, 5, 1))

    def alike(self, call):
        expected = call()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = call()
        for one, two in zip(expected, found, strict=True):
            torch.testing.assert_close(two, one, rtol=0, atol=0)

    @pytest.mark.parametrize("metric", METRICS)
    @pytest.mark.parametrize("weights", ["uniform", "inverse_distance", "exponential"])
    def test_knn(self, metric, weights):
        def call():
            found = knn(self.train.features, self.train.labels, self.test.features, 9,
                        metric=metric, weights=weights)  # fmt: skip
            return found.predictions, found.scores

        self.alike(call)

    @pytest.mark.parametrize("metric", METRICS)
    def test_retrieval_and_one_shot(self, metric):
        exemplars = FeatureSet(toys.features(5, 16, 3), torch.arange(5))

        def call():
            found = retrieval(self.train.features, self.train.labels, self.test.features,
                              self.test.labels, metric=metric)  # fmt: skip
            shot = one_shot(exemplars, self.test, metric=metric)
            return found.mean_average_precision, found.top[5], shot.predictions

        self.alike(call)

    def test_training_and_diagnostics(self):
        seeded = torch.Generator().manual_seed

        def call():
            probed = linear_probe(self.train, self.test, config=LinearProbeConfig(epochs=2),
                                  generator=seeded(0))  # fmt: skip
            codes = compress(self.train.features, self.test.features, generator=seeded(0),
                             config=CompressConfig(sizes=(4,), epochs=2))  # fmt: skip
            health = diagnose(self.test.features, self.train.features[:60])
            return probed.scores, *codes, *health.as_dict().values()

        self.alike(call)

    def test_fine_tuning(self):
        batches = toys.batches(torch.arange(3).repeat(4))

        def call():
            tuned = fine_tune(toys.encoder(), toys.identity, batches, batches, num_classes=3,
                              generator=torch.Generator().manual_seed(0))  # fmt: skip
            return (tuned.scores,)

        self.alike(call)

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
    def test_half_precision_widens(self, dtype):
        train, test = self.train.features.to(dtype), self.test.features.to(dtype)
        found = knn(train, self.train.labels, test, 5)
        wide = knn(train.float(), self.train.labels, test.float(), 5)
        assert torch.equal(found.scores, wide.scores)
        assert FeatureSet(train, self.train.labels).features.dtype == torch.float32
        assert compress(train, test, config=CompressConfig(sizes=(2,), epochs=1))[0].dtype == (
            torch.float32
        )


def test_rows_of_zeros_are_a_collapse():
    assert uniformity(torch.zeros(5, 3)) == 0.0
    assert diagnose(torch.zeros(5, 3)).deviation == 0.0
    assert uniformity(1e-30 * torch.eye(3)) == pytest.approx(-4.0)
