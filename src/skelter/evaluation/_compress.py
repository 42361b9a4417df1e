"""An auto-encoder that makes features smaller, for one variant of retrieval."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from skelter import _checks
from skelter.evaluation._features import read_features
from skelter.evaluation._precision import full_precision
from skelter.evaluation._training import descend

__all__ = ["COMPRESS_ISC", "CompressConfig", "compress"]


@dataclass(frozen=True)
class CompressConfig:
    """Settings of the auto-encoder and its training.

    Args:
        sizes: Widths of the layers from the features to the code. The way back mirrors them.
        epochs: Passes over the training features.
        lr: Learning rate of Adam at the start.
        batch_size: Clips a step.
        decay: What the learning rate is multiplied by after every `decay_steps`.
        decay_steps: Steps of the optimiser, not epochs.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> CompressConfig(sizes=(64, 16)).epochs
        400
    """

    sizes: tuple[int, ...] = (1024, 512, 125)
    epochs: int = 400
    lr: float = 1e-3
    batch_size: int = 64
    decay: float = 0.95
    decay_steps: int = 50

    def __post_init__(self) -> None:
        _checks.require(len(self.sizes) > 0, "`sizes`", "name at least one layer", "none")
        for size in self.sizes:
            _checks.positive_int("sizes", size)
        _checks.positive_int("epochs", self.epochs)
        _checks.positive("lr", self.lr)
        _checks.positive_int("batch_size", self.batch_size)
        _checks.between("decay", self.decay, 0, 1)
        _checks.positive_int("decay_steps", self.decay_steps)


COMPRESS_ISC = CompressConfig()
"""The reference method's settings, d-1024-512-125 and back, 400 epochs of Adam from 1e-3, batches
of 64, learning rate times 0.95 every 50 steps (Thoker, Doughty, Snoek, ACM MM 2021, the released
retrieval). Of the optimiser's steps, as released: after 20000 of them it has all but stopped."""


@full_precision()
def compress(
    train: Tensor,
    test: Tensor,
    *,
    config: CompressConfig = COMPRESS_ISC,
    generator: Generator | None = None,
) -> tuple[Tensor, Tensor]:
    """Train an auto-encoder on training features and return the codes of both sets.

    Every layer ends in tanh, except the last one, which reconstructs. The loss is the mean
    squared error. Features enter as they are. `knn` and `retrieval` normalise the codes. Training
    does not use the test features. An autocast around the call has no effect.

    Args:
        train: Features of shape (N, D).
        test: Features of shape (L, D).
        config: How to train.
        generator: Where initial weights and the order of clips come from. The global generator
            if None.

    Returns:
        Codes of shapes (N, 125) and (L, 125), or as wide as the last of `config.sizes`.

    Raises:
        TypeError: The features are not floating.
        ValueError: Training and test features differ in size, a feature is not finite, or the
            training diverged.

    References:
        Su, Liu, Shlizerman, CVPR 2020 (Predict & Cluster); Thoker, Doughty, Snoek, ACM MM 2021.

    Example:
        >>> x = torch.randn(8, 6, generator=torch.Generator().manual_seed(0))
        >>> codes, _ = compress(x, x, config=CompressConfig(sizes=(4, 2), epochs=1))
        >>> codes.shape
        torch.Size([8, 2])
    """
    _checks.generator(generator)
    train, test = read_features("train", train), read_features("test", test)
    _checks.same_columns(train, test)
    sizes = (train.shape[1], *config.sizes)
    encoder = nn.Sequential(*_layers(sizes, generator)).to(train)
    decoder = nn.Sequential(*_layers(sizes[::-1], generator)[:-1]).to(train)
    parameters = [*encoder.parameters(), *decoder.parameters()]
    optimiser = torch.optim.Adam(parameters, config.lr)
    schedule = torch.optim.lr_scheduler.StepLR(optimiser, config.decay_steps, config.decay)
    for _ in range(config.epochs):
        order = torch.randperm(len(train), generator=generator)
        for chosen in torch.split(order, config.batch_size):
            rows = train[chosen]
            descend(F.mse_loss(decoder(encoder(rows)), rows), optimiser)
            schedule.step()
    with torch.no_grad():
        return encoder(train), encoder(test)


def _layers(sizes: tuple[int, ...], generator: Generator | None) -> list[nn.Module]:
    """Return linear layers, each with a tanh behind it, from torch's usual initial weights."""
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(sizes):
        linear = nn.Linear(fan_in, fan_out, device="meta").to_empty(device="cpu")
        for parameter in linear.parameters():
            nn.init.uniform_(parameter, -(fan_in**-0.5), fan_in**-0.5, generator=generator)
        layers += [linear, nn.Tanh()]
    return layers
