"""Arguments that are a range, or one number for each axis."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from skelter import _checks


def number_range(name: str, value: Sequence[float]) -> tuple[float, float]:
    """Return two finite numbers in order."""
    pair = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    for end in pair:
        _checks.number(name, end, "Give a range (from, to).")
    _checks.require(
        len(pair) == 2 and -inf < pair[0] <= pair[1] < inf,
        f"`{name}`",
        "be two numbers (from, to) with from <= to",
        value,
    )
    return float(pair[0]), float(pair[1])


def each_axis(name: str, value: float | Sequence[float]) -> tuple[float, ...]:
    """Return one number from 0, or one for each of three axes."""
    numbers = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    for one in numbers:
        _checks.between(name, one, 0.0, inf)
    _checks.require(
        len(numbers) in (1, 3), f"`{name}`", "be one number, or three for x, y and z", value
    )
    return tuple(float(one) for one in numbers)
