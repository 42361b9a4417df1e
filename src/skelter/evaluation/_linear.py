"""The linear probe: how well one linear layer reads the class off frozen features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from skelter import _checks
from skelter.evaluation._configs import LinearProbeConfig
from skelter.evaluation._features import FeatureSet, count_classes, require_set
from skelter.evaluation._precision import full_precision
from skelter.evaluation._results import TrainingResult
from skelter.evaluation._training import accuracy, optimiser_of, step
from skelter.evaluation.presets import ISC, STANDARDIZED

__all__ = ["ISC", "STANDARDIZED", "LinearProbeConfig", "LinearProbeResult", "linear_probe"]

Training = FeatureSet | Callable[[int], FeatureSet]


@dataclass(frozen=True, eq=False)
class LinearProbeResult(TrainingResult):
    """Result of `linear_probe`: accuracies, scores, and the layer it trained.

    Args:
        classifier: The linear layer after the last epoch, from features (N, D) to logits. The
            scale of a standardised probe is part of its weights, so that it takes the features of
            new clips as the encoder gives them. Features whose mean is many thousand deviations
            from zero lose digits there.
    """

    classifier: nn.Linear


@full_precision()
def linear_probe(
    train: Training,
    test: FeatureSet,
    *,
    num_classes: int | None = None,
    config: LinearProbeConfig = ISC,
    generator: Generator | None = None,
) -> LinearProbeResult:
    """Train a linear layer on frozen features and test it after every epoch.

    Weights start from N(0, 0.01^2), biases from 0. An autocast around the call has no effect. A
    test clip of a class that no training clip shows counts as wrong.

    Args:
        train: Features to train on, or a function from the epoch (from 0) to features: so every
            epoch can see fresh crops, as the reference method has it.
        test: Features to test on.
        num_classes: The number of classes. One more than the largest label if None.
        config: How to train.
        generator: Where initial weights and the order of clips come from. The global generator
            if None.

    Returns:
        Accuracies of the last and of the best epoch, scores, and the layer.

    Raises:
        TypeError: `train` or `test` is not a `FeatureSet`.
        ValueError: Training and test features differ in size, a label is not a class or unknown, or
            the training diverged.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021, "linear evaluation".

    Example:
        >>> data = FeatureSet(torch.eye(4).repeat(16, 1), torch.arange(4).repeat(16))
        >>> linear_probe(data, data).last
        1.0
    """
    _checks.generator(generator)
    data = require_set("train", train(0) if callable(train) else train)
    test = require_set("test", test)
    classes = count_classes(num_classes, data.labels, test.labels)
    _check(data, test, classes)
    scale = _Scale.of(data.features, config)
    test_features = scale(test.features)
    weight = 0.01 * torch.randn(classes, data.features.shape[1], generator=generator)
    weight = weight.to(data.features).requires_grad_()
    bias = weight.new_zeros(classes).requires_grad_()
    optimiser, schedule = optimiser_of([{"params": [weight, bias]}], config)
    curve, correct, scores = [], 0, test_features
    for epoch in range(config.epochs):
        if callable(train) and epoch > 0:
            data = require_set("train", train(epoch))
            _check(data, test, classes)
        correct = 0
        order = torch.randperm(len(data), generator=generator)
        for chosen in torch.split(order, config.batch_size):
            logits = F.linear(scale(data.features[chosen]), weight, bias)
            correct += step(logits, data.labels[chosen], optimiser)
        schedule.step()
        with torch.no_grad():
            scores = F.linear(test_features, weight, bias)
        curve.append(accuracy(scores, test.labels))
    return LinearProbeResult(
        correct / len(data), len(data), torch.stack(curve), scores, test.labels,
        scale.fold_into(weight, bias),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Scale:
    mean: Tensor
    deviation: Tensor

    @classmethod
    def of(cls, features: Tensor, config: LinearProbeConfig) -> _Scale:
        if not config.standardize:
            return cls(features.new_zeros(()), features.new_ones(()))
        # A feature that does not vary says nothing: leave it at zero instead of dividing by it.
        deviation = features.std(0, correction=0)
        return cls(features.mean(0), deviation.where(deviation > 1e-8, torch.inf))

    def __call__(self, features: Tensor) -> Tensor:
        return (features - self.mean) / self.deviation

    def fold_into(self, weight: Tensor, bias: Tensor) -> nn.Linear:
        """Return the layer that does to features what this one does to scaled ones."""
        classes, size = weight.shape
        layer = nn.Linear(size, classes, device="meta", dtype=weight.dtype)
        layer = layer.to_empty(device=weight.device)
        with torch.no_grad():
            scaled = weight.double() / self.deviation
            layer.weight.copy_(scaled)
            layer.bias.copy_(bias - (scaled * self.mean).sum(1))
        return layer


def _check(train: FeatureSet, test: FeatureSet, classes: int) -> None:
    _checks.same_columns(train.features, test.features)
    _checks.class_indices("train", train.labels, classes)
    _checks.class_indices("test", test.labels, classes)
