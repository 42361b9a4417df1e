"""Settings of a training: its steps, and its learning rates."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from skelter import _checks

Schedule: TypeAlias = Callable[[int, int], float]
"""The factor of all learning rates at a step, from 0, of so many steps."""


@dataclass(frozen=True)
class TrainingConfig:
    """The steps of a training.

    Args:
        epochs: Passes over the training clips.
        steps: Least number of steps. Whole epochs are added until there are as many.
        batch_size: Clips of a step, over all processes.
        drop_last: Whether to leave out the clips that do not fill the last batch of an epoch.
        accumulate: Parts that a batch is taken in, one after the other, to save memory. A queue
            takes in its keys after each.
        clip_norm: Largest norm of the gradient, or 0 for any.
        seed: Of the order of clips, of views, and of dropout. The weights at the start are the
            caller's: seed torch before building the method.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> TrainingConfig(epochs=451, batch_size=64).seed
        0
    """

    epochs: int = 100
    steps: int = 0
    batch_size: int = 64
    drop_last: bool = True
    accumulate: int = 1
    clip_norm: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "accumulate"):
            _checks.positive_int(name, getattr(self, name))
        _checks.between("steps", self.steps, 0, float("inf"))
        _checks.between("clip_norm", self.clip_norm, 0.0, float("inf"))
        _checks.require(
            self.accumulate <= self.batch_size,
            "`accumulate`",
            f"be at most `batch_size`, {self.batch_size}: a part needs a clip",
            self.accumulate,
        )


def warm_up_cosine(warm_up: float = 0.05) -> Schedule:
    """Return a schedule that rises along a line, then falls along half a cosine to 0.

    Args:
        warm_up: Share of the steps that the rise from 0.05 takes, in [0, 1].

    References:
        Loshchilov, Hutter, SGDR, ICLR 2017. Goyal et al., 2017 (warm-up).

    Example:
        >>> schedule = warm_up_cosine(0.1)
        >>> schedule(0, 100), schedule(10, 100), round(schedule(55, 100), 6)
        (0.05, 1.0, 0.5)
    """
    _checks.between("warm_up", warm_up, 0.0, 1.0)

    def factor(step: int, steps: int) -> float:
        rise = max(1, int(steps * warm_up))
        if step < rise:
            return 0.05 + 0.95 * step / rise
        return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))

    return factor
