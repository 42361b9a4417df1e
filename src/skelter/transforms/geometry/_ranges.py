"""Arguments that are one number for each axis."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from skelter import _checks


def each_axis(name: str, value: float | Sequence[float]) -> tuple[float, ...]:
    """Return one number from 0, or one for each of three axes."""
    numbers = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    for one in numbers:
        _checks.between(name, one, 0.0, inf)
    _checks.require(
        len(numbers) in (1, 3), f"`{name}`", "be one number, or three for x, y and z", value
    )
    return tuple(float(one) for one in numbers)
