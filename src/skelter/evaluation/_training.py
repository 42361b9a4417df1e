"""Training of classifiers: optimiser, schedule, step, accuracy, randomness."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import LambdaLR

from skelter import _checks
from skelter.evaluation._configs import FineTuneConfig, LinearProbeConfig

Config = LinearProbeConfig | FineTuneConfig


def optimiser_of(
    groups: list[dict[str, Any]], config: Config
) -> tuple[torch.optim.Optimizer, LambdaLR]:
    """Return the optimiser of some parameter groups, and its schedule, to step once an epoch."""
    optimiser: torch.optim.Optimizer
    if config.optimiser == "adam":
        optimiser = torch.optim.Adam(groups, config.lr, weight_decay=config.weight_decay)
    else:
        optimiser = torch.optim.SGD(
            groups,
            config.lr,
            momentum=config.momentum,
            weight_decay=config.weight_decay,
            nesterov=config.optimiser == "nesterov",
        )
    return optimiser, LambdaLR(optimiser, partial(rate, config))


def rate(config: Config, epoch: int) -> float:
    """Return the learning rate of an epoch, from 0, as a multiple of that at the start."""
    warm_up = config.warm_up if isinstance(config, FineTuneConfig) else 0
    if epoch < warm_up:
        return (epoch + 1) / warm_up
    if config.drops is None:
        return 0.5 * (1 + math.cos(math.pi * epoch / config.epochs))
    return float(0.1 ** sum(epoch >= drop for drop in config.drops))


def step(logits: Tensor, labels: Tensor, optimiser: torch.optim.Optimizer) -> int:
    """Take one step down the cross entropy, and return the number of right logits."""
    descend(F.cross_entropy(logits, labels), optimiser)
    return int((logits.argmax(1) == labels).sum())


def descend(loss: Tensor, optimiser: torch.optim.Optimizer) -> None:
    """Take one step down a loss that is finite."""
    hint = "Training diverged: lower `lr`, or scale the features, such as with standardize=True."
    _checks.require(bool(loss.isfinite()), "the loss", "be finite", loss.item(), hint)
    optimiser.zero_grad()
    torch.autograd.backward(loss)
    optimiser.step()


def accuracy(scores: Tensor, labels: Tensor) -> Tensor:
    """Return the share of rows whose highest score is their label's, in float64."""
    return (scores.argmax(1) == labels).double().mean()


def device_of(module: nn.Module, device: torch.device | str | None) -> torch.device:
    """Return the device asked for, or that of a module's first parameter if None."""
    if device is None:
        device = next((parameter.device for parameter in module.parameters()), "cpu")
    return torch.device(device)


@contextmanager
def global_draws_from(generator: Generator | None, device: torch.device) -> Iterator[None]:
    """Seed the global generators by a given one, and put them back at the end.

    Dropout draws from the global generator and knows no other.
    """
    if generator is None:
        yield
        return
    seed = int(torch.randint(2**62, (), generator=generator, device=generator.device))
    gpus = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(gpus):
        torch.default_generator.manual_seed(seed)
        if gpus:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield
