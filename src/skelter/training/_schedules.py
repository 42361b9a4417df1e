"""Learning rates as functions of the step."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

from skelter import _checks

Schedule: TypeAlias = Callable[[int, int], float]
"""The factor of all learning rates at a step, from 0, of so many steps."""


def warm_up_cosine(warm_up: float = 0.05) -> Schedule:
    """Return a schedule that rises along a line, then falls along half a cosine to 0.

    Args:
        warm_up: Share of the steps that the rise takes, in [0, 1]; it starts at 0.05.

    References:
        Loshchilov, Hutter, SGDR, ICLR 2017; Goyal et al., 2017 (warm-up).

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


def drops(*shares: float, factor: float = 0.1) -> Schedule:
    """Return a schedule that multiplies the rates by a factor after shares of the steps.

    Args:
        *shares: Shares of the training, in [0, 1], such as ``351 / 451`` for epoch 351 of 451.
        factor: Multiplies the rates at each of them.

    Example:
        >>> schedule = drops(0.5, 0.75)
        >>> schedule(49, 100), schedule(50, 100)
        (1.0, 0.1)
    """
    for share in shares:
        _checks.between("shares", share, 0.0, 1.0)

    def product(step: int, steps: int) -> float:
        return float(factor ** sum(step / steps >= share for share in shares))

    return product
