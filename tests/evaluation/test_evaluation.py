from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from reference import evaluation as reference
from torch import nn

from skelter import evaluation
from skelter.evaluation import FeatureSet, LinearProbeConfig, extract_features, knn, retrieval
from skelter.representations import ToSequence
from skelter.transforms import CentreCropResize
from skelter.typing import Batch


def features(count, dim=5, seed=0):
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed))


def labels(count, classes=3, seed=0):
    return torch.randint(classes, (count,), generator=torch.Generator().manual_seed(seed))


def ranking(train, query, metric):
    """Oracle: training rows from the nearest to the farthest, by a loop."""
    if metric == "cosine":
        score = [-(row @ query) / (np.linalg.norm(row) * np.linalg.norm(query)) for row in train]
    else:
        score = [np.linalg.norm(row - query) for row in train]
    return np.argsort(score, kind="stable")


class TestKNN:
    @given(
        st.integers(0, 500),
        st.integers(1, 7),
        st.sampled_from(["cosine", "euclidean"]),
        st.integers(1, 10),
    )
    def test_oracle(self, seed, k, metric, chunk):
        train, test = features(12, seed=seed), features(6, seed=seed + 1)
        known, truth = labels(12, seed=seed), labels(6, seed=seed + 1)
        result = knn(train, known, test, k, metric=metric, test_labels=truth, chunk=chunk)
        expected = []
        for query in test.double().numpy():
            near = known[ranking(train.double().numpy(), query, metric)[:k]].tolist()
            expected.append(max(near, key=lambda label: (near.count(label), -near.index(label))))
        assert result.predictions.tolist() == expected
        assert result.accuracy == pytest.approx(np.mean(np.array(expected) == truth.numpy()))

    @given(
        st.integers(0, 500),
        st.integers(1, 12),
        st.sampled_from(["cosine", "euclidean"]),
        st.sampled_from([0.05, 0.1, 1.0]),
    )
    def test_weighted_oracle(self, seed, k, metric, temperature):
        train, test, known = features(12, seed=seed), features(4, seed=seed + 1), labels(12)
        found = knn(
            train, known, test, k, metric=metric, weights="exponential", temperature=temperature
        )
        expected = [
            reference.weighted_vote(
                train.numpy(), known.tolist(), query.numpy(), k, temperature, metric
            )
            for query in test
        ]
        assert found.predictions.tolist() == expected

    def test_a_near_neighbour_outvotes_two_far_ones(self):
        train = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
        known, query = torch.tensor([0, 1, 1]), torch.tensor([[1.0, 0.2]])
        assert int(knn(train, known, query, 3).predictions) == 1
        assert int(knn(train, known, query, 3, weights="exponential").predictions) == 0
        flat = knn(train, known, query, 3, weights="exponential", temperature=1e3)
        assert int(flat.predictions) == 1

    def test_extreme_temperatures_are_the_nearest(self):
        arguments = features(30), labels(30), features(10, seed=1)
        cold = knn(*arguments, 20, metric="euclidean", weights="exponential", temperature=1e-6)
        assert torch.equal(cold.predictions, knn(*arguments, metric="euclidean").predictions)

    def test_accuracy_needs_labels(self):
        assert knn(features(4), labels(4), features(2)).accuracy is None

    def test_scale_does_not_matter_to_cosine(self):
        train, test = features(20), features(10, seed=1)
        scaled = train * torch.rand(20, 1) * 100
        assert torch.equal(
            knn(train, labels(20), test).predictions, knn(scaled, labels(20), test).predictions
        )

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"k": 5}, "`k` must lie between 1 and 4; got 5"),
            ({"k": 0}, "`k` must be at least 1; got 0"),
            ({"metric": "l1"}, "`metric` must be one of 'cosine', 'euclidean'; got 'l1'"),
            ({"weights": "rank"}, "`weights` must be one of 'uniform', 'inverse_.*; got 'rank'"),
            ({"weights": "distance"}, "'distance'. Take 'inverse_distance'.*or 'exponential'"),
            ({"temperature": 0.0}, "`temperature` must be above 0"),
            ({"test": torch.zeros(2, 4)}, r"`test` must have the D=5 columns.*same encoder"),
            ({"train_labels": torch.zeros(3).long()}, r"`train_labels` must have shape \(4,\)"),
            ({"test_labels": torch.zeros(3).long()}, r"`test_labels` must have shape \(2,\)"),
            ({"train": torch.zeros(4, 5, 1)}, r"`train` must have shape \(N, D\)"),
        ],
    )
    def test_wrong_calls(self, changes, message):
        arguments = {"train": features(4), "train_labels": labels(4), "test": features(2)}
        with pytest.raises(ValueError, match=message):
            knn(**(arguments | changes))

    def test_float_labels(self):
        with pytest.raises(TypeError, match="`train_labels` must be integer class indices"):
            knn(features(4), torch.zeros(4), features(2))


class TestRetrieval:
    @given(st.integers(0, 500), st.integers(1, 8))
    def test_oracle(self, seed, chunk):
        train, test = features(12, seed=seed), features(5, seed=seed + 1)
        known, truth = labels(12, 4, seed), labels(5, 5, seed + 1)
        top, precisions = {1: 0, 4: 0}, []
        for query, label in zip(test.double().numpy(), truth.tolist(), strict=True):
            hits = [known[i] == label for i in ranking(train.double().numpy(), query, "cosine")]
            for k in top:
                top[k] += any(hits[:k])
            found = [sum(hits[: i + 1]) / (i + 1) for i, hit in enumerate(hits) if hit]
            precisions.append(np.mean(found) if found else 0.0)
        result = retrieval(train, known, test, truth, top=(1, 4), chunk=chunk)
        assert result.top == pytest.approx({k: count / 5 for k, count in top.items()})
        assert result.mean_average_precision == pytest.approx(np.mean(precisions))

    def test_top_1_is_1_nn(self):
        arguments = features(30), labels(30), features(10, seed=1), labels(10, seed=1)
        nearest = knn(*arguments[:3], test_labels=arguments[3])
        assert retrieval(*arguments).top[1] == nearest.accuracy

    def test_wrong_top(self):
        with pytest.raises(ValueError, match="`top` must lie between 1 and 4"):
            retrieval(features(4), labels(4), features(2), labels(2), top=(1, 5))


class TestLinearProbe:
    def separable(self):
        known = torch.arange(3).repeat(40)
        return FeatureSet(nn.functional.one_hot(known, 3) + 0.1 * features(120, 3), known)

    def test_oracle_first_step(self):
        """One full-batch step of SGD by hand, from the weights the generator draws."""
        data = FeatureSet(features(8), labels(8))
        config = LinearProbeConfig(epochs=1, batch_size=8, lr=0.3)
        result = evaluation.linear_probe(
            data, data, config=config, generator=torch.Generator().manual_seed(2)
        )
        weight = 0.01 * torch.randn(3, 5, generator=torch.Generator().manual_seed(2))
        share = (data.features @ weight.T).softmax(1)
        error = (share - nn.functional.one_hot(data.labels, 3)) / 8
        weight, bias = weight - 0.3 * error.T @ data.features, -0.3 * error.sum(0)
        expected = (data.features @ weight.T + bias).argmax(1)
        assert torch.equal(result.predictions, expected)

    def test_separates_the_separable(self):
        data = self.separable()
        result = evaluation.linear_probe(data, data)
        assert result.last > 0.95
        assert result.train > 0.95
        assert result.curve.shape == (80,)

    def test_reports_last_and_best(self):
        train, test = FeatureSet(features(40), labels(40)), FeatureSet(features(30), labels(30))
        result = evaluation.linear_probe(train, test)
        assert result.last == float(result.curve[-1])
        assert result.best == float(result.curve.max())
        assert result.curve[result.best_epoch - 1] == result.curve.max()
        assert result.last == float((result.predictions == test.labels).double().mean())

    def test_is_seeded_and_leaves_the_global_generator_alone(self):
        data = FeatureSet(features(40), labels(40))
        before = torch.random.get_rng_state()
        first, second = (
            evaluation.linear_probe(data, data, generator=torch.Generator().manual_seed(3))
            for _ in range(2)
        )
        assert torch.equal(first.curve, second.curve)
        assert torch.equal(torch.random.get_rng_state(), before)

    def test_fresh_features_every_epoch(self):
        seen = []

        def training(epoch):
            seen.append(epoch)
            return FeatureSet(features(10, seed=epoch), labels(10))

        config = LinearProbeConfig(epochs=3)
        evaluation.linear_probe(training, FeatureSet(features(4), labels(4)), config=config)
        assert seen == [0, 1, 2]

    def test_isc_is_the_papers(self):
        isc = evaluation.ISC
        assert (isc.lr, isc.epochs, isc.drops, isc.batch_size) == (0.1, 80, (50, 70), 64)
        assert (isc.momentum, isc.weight_decay, isc.standardize) == (0.9, 0.0, False)

    def test_standardised_features_of_any_scale_and_without_spread(self):
        data = self.separable()
        scaled = FeatureSet(
            torch.cat([1e4 + 1e-3 * data.features, torch.ones(120, 1)], 1), data.labels
        )
        result = evaluation.linear_probe(scaled, scaled, config=evaluation.STANDARDIZED)
        assert result.last > 0.9

    def test_wrong_calls(self):
        data = FeatureSet(features(4), labels(4))
        with pytest.raises(ValueError, match="`test` must have the D=5 columns of `train`"):
            evaluation.linear_probe(data, FeatureSet(features(4, 6), labels(4)))
        with pytest.raises(ValueError, match=r"labels from 0 to 2; got -1.*without a label"):
            evaluation.linear_probe(FeatureSet(features(4), labels(4) - 1), data)
        with pytest.raises(ValueError, match="`lr` must be above 0"):
            LinearProbeConfig(lr=0)


class TestExtractFeatures:
    class Encoder(nn.Module):
        feature_dim = 5

        def __init__(self):
            super().__init__()
            self.norm = nn.BatchNorm1d(5)
            self.drop = nn.Dropout(0.5)

        def forward(self, sequence):
            return self.drop(self.norm(sequence.mean(1)[:, :5]))

    def loader(self, sizes=(3, 2)):
        for size in sizes:
            yield Batch(torch.randn(size, 3, 8, 5, 1), torch.full((size,), 6), torch.arange(size))

    def test_eval_mode_without_gradient_and_modes_put_back(self):
        encoder = self.Encoder()
        encoder.norm.eval()
        batches = list(self.loader())
        first = extract_features(encoder, ToSequence(), batches)
        second = extract_features(encoder, ToSequence(), batches)
        assert torch.equal(first.features, second.features)
        assert not first.features.requires_grad
        modes = encoder.training, encoder.norm.training, encoder.drop.training
        assert modes == (True, False, True)
        assert int(encoder.norm.num_batches_tracked) == 0
        assert first.labels.tolist() == [0, 1, 2, 0, 1]

    def test_modes_are_put_back_after_an_error(self):
        encoder = self.Encoder()
        with pytest.raises(RuntimeError, match="running_mean should contain 4 elements"):
            extract_features(encoder, lambda x: ToSequence()(x)[..., :4], self.loader())
        assert encoder.training

    def test_the_transform_is_given_the_valid_frames(self):
        x = torch.zeros(2, 3, 8, 5, 1)
        x[:, :, 6:] = 1e6
        batches = [Batch(x, torch.tensor([6, 6]), torch.arange(2))]
        found = extract_features(
            nn.Flatten(), ToSequence(), batches, transform=CentreCropResize(4, 1.0)
        )
        assert not found.features.any()

    def test_nothing_came(self):
        with pytest.raises(ValueError, match="`loader` must give at least one batch"):
            extract_features(self.Encoder(), ToSequence(), [])

    def test_an_encoder_of_another_shape(self):
        with pytest.raises(ValueError, match=r"`encoder\(x\)` must have shape \(N, D\)"):
            extract_features(nn.Identity(), ToSequence(), self.loader())


class TestResults:
    def test_convert_and_print(self):
        data = FeatureSet(features(10), labels(10))
        results = [
            knn(data.features, data.labels, data.features, test_labels=data.labels),
            retrieval(data.features, data.labels, data.features, data.labels),
            evaluation.linear_probe(data, data, config=LinearProbeConfig(epochs=2)),
        ]
        for result in results:
            values = json.loads(json.dumps(result.as_dict()))
            assert values
            assert str(result).startswith("| ")
            assert "{" not in str(result)
        assert str(results[0]) == "| 1 | cosine | 100.0% |"
        assert str(results[1]).startswith("| 100.0% | 100.0% | ")


@pytest.mark.parametrize("standardize", [False, True])
def test_the_layer_of_a_probe_takes_features_as_they_are(standardize):
    """Features far from zero, of different scale, one of them constant."""
    scale = torch.tensor([0.01, 1.0, 50.0, 0.0])
    train = FeatureSet(features(40, 4) * scale + 3, labels(40))
    test = FeatureSet(features(9, 4, seed=1) * scale + 3, labels(9))
    config = LinearProbeConfig(lr=0.01, epochs=3, standardize=standardize)
    result = evaluation.linear_probe(train, test, config=config)
    assert isinstance(result.classifier, nn.Linear)
    with torch.no_grad():
        torch.testing.assert_close(result.classifier(test.features), result.scores)
    again = nn.Linear(4, 3)
    again.load_state_dict(result.classifier.state_dict())
    assert "classifier" not in result.as_dict()


def test_a_probe_of_float64_features():
    data = FeatureSet(features(12).double(), labels(12))
    result = evaluation.linear_probe(data, data, config=LinearProbeConfig(epochs=2))
    assert result.scores.dtype == result.classifier.weight.dtype == torch.float64
