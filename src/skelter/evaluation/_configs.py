"""Settings of the linear probe and of fine-tuning."""

from __future__ import annotations

import math
from dataclasses import dataclass

from skelter import _checks

__all__ = ["FineTuneConfig", "LinearProbeConfig"]

OPTIMISERS = ("sgd", "nesterov", "adam")


@dataclass(frozen=True)
class LinearProbeConfig:
    """Settings of the linear probe.

    Args:
        lr: Learning rate at the start.
        epochs: Passes over the training features.
        drops: Epochs after which the learning rate is multiplied by 0.1. An empty tuple leaves it
            constant. None anneals it to zero along half a cosine over the epochs.
        batch_size: Clips a step.
        momentum: Of SGD. Adam has its own.
        weight_decay: Of the optimiser.
        standardize: Whether to scale every feature by mean and deviation of the training
            features first, as a batch norm without weights does (MAMP). Off in the paper. On
            small sets it makes encoders of different scale comparable in few steps.
        optimiser: ``"sgd"``, ``"nesterov"`` (SGD with Nesterov momentum) or ``"adam"``.

    Raises:
        ValueError: A number or the optimiser is out of range.

    Example:
        >>> LinearProbeConfig(lr=0.01, drops=None, optimiser="adam").epochs
        80
    """

    lr: float = 0.1
    epochs: int = 80
    drops: tuple[int, ...] | None = (50, 70)
    batch_size: int = 64
    momentum: float = 0.9
    weight_decay: float = 0.0
    standardize: bool = False
    optimiser: str = "sgd"

    def __post_init__(self) -> None:
        _check(self)
        _checks.positive_int("batch_size", self.batch_size)


@dataclass(frozen=True)
class FineTuneConfig:
    """Settings of fine-tuning, which trains encoder and linear layer together.

    The batches come from the loader.

    Args:
        lr: Learning rate at the start, of the linear layer.
        epochs: Passes over the training clips.
        drops: Epochs after which the learning rate is multiplied by 0.1. An empty tuple leaves it
            constant. None anneals it to zero along half a cosine over the epochs.
        optimiser: ``"sgd"``, ``"nesterov"`` (SGD with Nesterov momentum) or ``"adam"``.
        momentum: Of SGD. Adam has its own.
        weight_decay: Of the optimiser.
        encoder_lr_scale: The encoder's learning rate, as a multiple of `lr`. At 0 the encoder is
            frozen and in eval mode, batch norms included: a linear probe on fresh crops.
        warm_up: Epochs at the start whose learning rate is (epoch + 1) / warm_up of what it
            reaches.

    Raises:
        ValueError: A number or the optimiser is out of range.

    Example:
        >>> FineTuneConfig(encoder_lr_scale=0.1).drops
        (50, 70)
    """

    lr: float = 0.01
    epochs: int = 80
    drops: tuple[int, ...] | None = (50, 70)
    optimiser: str = "sgd"
    momentum: float = 0.9
    weight_decay: float = 0.0
    encoder_lr_scale: float = 1.0
    warm_up: int = 0

    def __post_init__(self) -> None:
        _check(self)
        _checks.between("encoder_lr_scale", self.encoder_lr_scale, 0, math.inf)
        _checks.between("warm_up", self.warm_up, 0, self.epochs)


def _check(config: LinearProbeConfig | FineTuneConfig) -> None:
    _checks.positive("lr", config.lr)
    _checks.positive_int("epochs", config.epochs)
    for epoch in config.drops or ():
        _checks.positive_int("drops", epoch, "It lists epochs, counted from 1.")
    _checks.between("weight_decay", config.weight_decay, 0, math.inf)
    _checks.between("momentum", config.momentum, 0, math.inf)
    _checks.choice("optimiser", config.optimiser, OPTIMISERS)
    if config.optimiser == "nesterov":
        _checks.positive("momentum", config.momentum, 'Without it, take optimiser="sgd".')
