"""Scores of classes, and how often the right one is among the best."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from reference import evaluation as reference

from evaluation import toys
from skelter.evaluation import (
    FeatureSet,
    FineTuneConfig,
    LinearProbeConfig,
    ensemble,
    fine_tune,
    knn,
    linear_probe,
    retrieval,
    semi_supervised,
)

ROWS, KNOWN = toys.features(40), toys.labels(40, 7)
TEST, TRUTH = toys.features(20, seed=1), toys.labels(20, 7, 1)


def neighbours(k=9, **options):
    return knn(ROWS, KNOWN, TEST, k, test_labels=TRUTH, **options)


class TestKNN:
    @given(
        st.integers(0, 300),
        st.integers(1, 30),
        st.sampled_from(["uniform", "inverse_distance", "exponential"]),
    )
    def test_the_largest_score_is_the_prediction(self, seed, k, weights):
        """Also where votes are equal, by one float above the others."""
        rows = toys.features(30, 2, seed).round()
        found = knn(rows, toys.labels(30, 4, seed), rows.flip(0) + 0.1, k, weights=weights)
        assert torch.equal(found.scores.argmax(1), found.predictions)
        torch.testing.assert_close(found.scores.sum(1), torch.ones(30))

    def test_equal_votes(self):
        found = knn(torch.eye(3), [2, 1, 0], torch.tensor([[0.5, 0.9, 0.1]]), 3)
        assert found.predictions.tolist() == [1]
        torch.testing.assert_close(found.scores, torch.full((1, 3), 1 / 3))
        assert int(found.scores.argmax()) == 1

    def test_a_class_without_a_vote_is_not_among_the_best(self):
        """Of 1-NN, any top is its accuracy; the classes in between have no order."""
        found = neighbours(1)
        assert found.top(1) == found.top(5) == found.top(7) == found.accuracy
        best = retrieval(ROWS, KNOWN, TEST, TRUTH, top=(9,)).top[9]
        assert neighbours(9).top(7) == best  # all classes of the nine nearest

    def test_without_labels(self):
        with pytest.raises(ValueError, match="`top` must have labels.*Pass test_labels="):
            knn(ROWS, KNOWN, TEST).top(1)


class TestTop:
    def results(self):
        data, test = FeatureSet(ROWS, KNOWN), FeatureSet(TEST, TRUTH)
        probed = linear_probe(data, test, config=LinearProbeConfig(epochs=3))
        known = toys.labels(30, 4)
        batches = toys.batches(known, classes=4)
        config = FineTuneConfig(epochs=2)
        tuned = fine_tune(toys.encoder(classes=4), toys.identity, batches, batches, num_classes=4,
                          config=config)  # fmt: skip
        added = ensemble([probed.scores, neighbours().scores], TRUTH)
        return [probed, tuned, added, neighbours()]

    def test_oracle(self):
        *trained, added, voted = self.results()
        for found in (*trained, added):
            for k in range(1, found.scores.shape[1] + 1):
                expected = reference.top_share(found.scores.tolist(), found.labels.tolist(), k)
                assert found.top(k) == pytest.approx(expected)
        for found in (*trained, added, voted):
            right = (found.predictions == found.labels).double().mean()
            assert found.top(1) == float(right)

    def test_of_equal_logits_the_first_comes_first(self):
        found = ensemble([torch.zeros(4, 4)], torch.arange(4))
        assert [found.top(k) for k in (1, 2, 3, 4)] == [0.25, 0.5, 0.75, 1.0]
        assert found.top(1) == found.accuracy

    def test_scikit_learn(self):
        metrics = pytest.importorskip("sklearn.metrics")
        scores = toys.features(50, 7)
        truth = toys.labels(50, 7)
        for k in (1, 2, 5):
            expected = metrics.top_k_accuracy_score(truth, scores, k=k, labels=range(7))
            assert ensemble([scores], truth).top(k) == pytest.approx(expected)

    def test_of_semi_supervised_runs(self):
        known = toys.labels(30, 4)
        x = toys.clips(known, classes=4)

        def train(chosen, generator):
            return [{"clips": x[chosen], "labels": known[chosen]}]

        found = semi_supervised(
            toys.encoder(classes=4), toys.identity, train, known, [{"clips": x, "labels": known}],
            fraction=0.5, seeds=(0, 1), config=FineTuneConfig(epochs=1),
        )  # fmt: skip
        assert found.top(2) == pytest.approx(sum(run.top(2) for run in found.runs.values()) / 2)
        assert found.top(1) == pytest.approx(found.last)

    def test_wrong_calls(self):
        for found in self.results():
            with pytest.raises(ValueError, match="There are not more classes"):
                found.top(8)
            with pytest.raises(ValueError, match="`k` must be at least 1"):
                found.top(0)
