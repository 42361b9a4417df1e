"""Fine-tuning: encoder and linear layer trained together on labelled clips."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn

from skelter import _checks
from skelter.evaluation._batches import Unpack, one_each, read_batches
from skelter.evaluation._configs import FineTuneConfig
from skelter.evaluation._precision import full_precision
from skelter.evaluation._results import TrainingResult
from skelter.evaluation._training import (
    accuracy,
    device_of,
    global_draws_from,
    optimiser_of,
    step,
)
from skelter.evaluation.presets import FINE_TUNE_CMD
from skelter.typing import Batches, ClipTransform, Representation

__all__ = ["FineTuneConfig", "FineTuneResult", "fine_tune"]


@dataclass(frozen=True, eq=False)
class FineTuneResult(TrainingResult):
    """Result of `fine_tune`: accuracies, scores on the CPU, and the network it trained.

    Args:
        model: Encoder and linear layer after the last epoch, from a representation to logits.
    """

    model: nn.Sequential

    @property
    def encoder(self) -> nn.Module:
        """The trained copy of the encoder."""
        return self.model[0]

    @property
    def classifier(self) -> nn.Module:
        """The linear layer on its features."""
        return self.model[1]


@full_precision()
def fine_tune(
    encoder: nn.Module,
    representation: Representation,
    train: Batches | Callable[[int], Batches],
    test: Batches,
    *,
    num_classes: int,
    transform: ClipTransform | None = None,
    test_transform: ClipTransform | None = None,
    config: FineTuneConfig = FINE_TUNE_CMD,
    unpack: Unpack | None = None,
    device: torch.device | str | None = None,
    generator: Generator | None = None,
) -> FineTuneResult:
    """Train a copy of an encoder and a linear layer on it, and test them after every epoch.

    The caller's encoder keeps its weights, buffers and mode. The linear layer starts from
    N(0, 0.01^2), its biases from 0. Training is in train mode, testing in eval mode. Parameters
    that do not require a gradient stay as they are. An autocast around the call has no effect:
    half precision would need a scaled loss. A test clip of a class that no training clip shows
    counts as wrong.

    Args:
        encoder: From the representation to features (N, D).
        representation: From clips (N, C, T, V, M) to what the encoder reads.
        train: Batches to train on, shuffled, as `data.collate` and `SkeletonStore.batch` return
            them, or mappings with ``clips``, ``labels`` and, where frames are padded,
            ``num_frames``. Or a function from the epoch (from 0) to such batches, which is also
            the place to report progress from.
        test: Batches to test on, to be gone through once an epoch: a list or a loader, not
            a generator.
        num_classes: The number of classes.
        transform: What to do to training clips, such as `transforms.TemporalCropResize`. It is
            given `num_frames` and `generator`.
        test_transform: The same for test clips, such as `transforms.CentreCropResize`.
        config: How to train, such as one of `presets.FINE_TUNE_PRESETS`.
        unpack: From any other batch to (clips, num_frames or None, labels), see
            `extract_features`.
        device: Where to compute. That of the encoder's first parameter if None.
        generator: Where initial weights and transforms come from. The global generator if None. It
            also seeds the global generator, from which dropout and shuffling loaders draw. That
            one is restored at the end.

    Returns:
        Accuracies of the last and of the best epoch, and the trained network.

    Raises:
        TypeError: A batch does not say what it holds.
        ValueError: There are no batches, a label is not a class or unknown, the encoder gives no
            (N, D), none of its parameters requires a gradient, or the training diverged.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021, "semi-supervised" and "transfer learning".

    Example:
        >>> from torch.nn.functional import one_hot
        >>> labels = torch.arange(2).repeat(8)
        >>> x = one_hot(labels).float()[:, :, None, None, None]
        >>> data = [{"clips": x, "labels": labels}]
        >>> encoder = nn.Sequential(nn.Flatten(), nn.Linear(2, 4))
        >>> fine_tune(encoder, lambda x: x, data, data, num_classes=2).last
        1.0
    """
    _checks.positive_int("num_classes", num_classes)
    _checks.generator(generator)
    place = device_of(encoder, device)
    common = (representation, unpack, num_classes, place, generator)
    training, testing = _Input("train", transform, *common), _Input("test", test_transform, *common)
    with global_draws_from(generator, place):
        model = _model(encoder, testing, test)
        optimiser, schedule = optimiser_of(_groups(model, config), config)
        curve, labels_used = [], 0
        for epoch in range(config.epochs):
            model.train()
            model[0].train(config.encoder_lr_scale > 0)
            correct, seen = 0, 0
            for inputs, labels in training.of(train(epoch) if callable(train) else train):
                correct += step(one_each("encoder(x)", model(inputs), labels), labels, optimiser)
                seen += len(labels)
            schedule.step()
            labels_used = labels_used or seen
            scores, truth = _test(model, testing.of(test))
            curve.append(accuracy(scores, truth))
    return FineTuneResult(correct / seen, labels_used, torch.stack(curve), scores, truth, model)


@dataclass(frozen=True, eq=False)
class _Input:
    """From batches of clips to the representation that the encoder reads."""

    name: str
    transform: ClipTransform | None
    representation: Representation
    unpack: Unpack | None
    classes: int
    device: torch.device
    generator: Generator | None

    def of(self, batches: Batches) -> Iterator[tuple[Tensor, Tensor]]:
        hint = "It is gone through more than once: pass a list or a loader, not a generator."
        for x, num_frames, labels in read_batches(self.name, batches, self.unpack, hint):
            _checks.class_indices(self.name, labels, self.classes)
            clips = x.to(self.device)
            if self.transform is not None:
                clips = self.transform(clips, num_frames=num_frames, generator=self.generator)
            yield self.representation(clips), labels.to(self.device)


def _model(encoder: nn.Module, testing: _Input, test: Batches) -> nn.Sequential:
    """Return a copy of the encoder with a linear layer for its features."""
    encoder = copy.deepcopy(encoder).to(testing.device)
    size = getattr(encoder, "feature_dim", None)
    if not isinstance(size, int):
        inputs, _ = next(testing.of(test))
        with torch.no_grad():
            size = _checks.features("encoder(x)", encoder.eval()(inputs)).shape[1]
    classifier = nn.Linear(size, testing.classes, device="meta").to_empty(device="cpu")
    weight = 0.01 * torch.randn(testing.classes, size, generator=testing.generator)
    with torch.no_grad():
        classifier.weight.copy_(weight)
        classifier.bias.zero_()
    return nn.Sequential(encoder, classifier.to(testing.device))


def _groups(model: nn.Sequential, config: FineTuneConfig) -> list[dict[str, object]]:
    """Return the parameters to train. Freeze the encoder where its learning rate is 0."""
    encoder, classifier = model
    layer: dict[str, object] = {"params": list(classifier.parameters())}
    if config.encoder_lr_scale == 0:
        encoder.requires_grad_(False)
        return [layer]
    parameters = list(encoder.parameters())
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    _checks.require(
        bool(trained) or not parameters,
        "`encoder`",
        "have a parameter that requires a gradient",
        f"{len(parameters)} that do not",
        "Call encoder.requires_grad_(True), or freeze it with encoder_lr_scale=0.",
    )
    if not trained:
        return [layer]
    return [layer, {"params": trained, "lr": config.lr * config.encoder_lr_scale}]


@torch.no_grad()
def _test(model: nn.Module, batches: Iterator[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """Return logits and labels of all batches on the CPU, in eval mode."""
    model.eval()
    scores, truth = zip(
        *((model(inputs).cpu(), labels.cpu()) for inputs, labels in batches), strict=True
    )
    return torch.cat(scores), torch.cat(truth)
