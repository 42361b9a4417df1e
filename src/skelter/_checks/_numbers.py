"""Checks of numbers and words."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from numbers import Integral, Real
from typing import Any

from torch import Tensor

from skelter._checks._sentence import require


def positive(name: str, value: float, hint: str = "") -> None:
    """Check that a number is above zero."""
    number(name, value, hint)
    require(value > 0, f"`{name}`", "be above 0", value, hint)


def positive_int(name: str, value: int, hint: str = "") -> None:
    """Check that a count is an integer of at least one."""
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    require(whole, f"`{name}`", "be an integer", repr(value), hint, error=TypeError)
    require(value >= 1, f"`{name}`", "be at least 1", value, hint)


def between(name: str, value: float, low: float, high: float, hint: str = "") -> None:
    """Check that a number lies in the closed interval [low, high]."""
    number(name, value, hint)
    require(low <= value <= high, f"`{name}`", f"lie between {low} and {high}", value, hint)


def interval(name: str, value: Sequence[float], low: float, high: float) -> tuple[float, float]:
    """Return an ordered pair of finite numbers within (low, high]."""
    pair = _numbers(name, value)
    fits = len(pair) == 2 and low < pair[0] <= pair[1] <= high and pair[1] < inf
    expected = f"be two numbers (from, to) with {low} < from <= to{_up_to(high)}"
    require(fits, f"`{name}`", expected, value)
    return pair[0], pair[1]


def number_range(
    name: str, value: Sequence[float], low: float = -inf, high: float = inf
) -> tuple[float, float]:
    """Return an ordered pair of finite numbers within [low, high]."""
    pair = _numbers(name, value)
    fits = len(pair) == 2 and low <= pair[0] <= pair[1] <= high and -inf < pair[0] <= pair[1] < inf
    above = f"{low} <= " if low > -inf else ""
    require(
        fits, f"`{name}`", f"be two numbers (from, to) with {above}from <= to{_up_to(high)}", value
    )
    return pair[0], pair[1]


def integer_range(
    name: str, value: Sequence[int], most: float = inf, hint: str = ""
) -> tuple[int, int]:
    """Return an ordered pair of integers within [1, most]."""
    pair = _as_tuple(value)
    whole = all(isinstance(end, Integral) and not isinstance(end, bool) for end in pair)
    require(whole, f"`{name}`", "be integers", repr(value), hint, error=TypeError)
    fits = len(pair) == 2 and 1 <= pair[0] <= pair[1] <= most
    expected = f"be two integers (from, to) with 1 <= from <= to{_up_to(most)}"
    require(fits, f"`{name}`", expected, value, hint)
    return int(pair[0]), int(pair[1])


def _numbers(name: str, value: Sequence[float]) -> tuple[float, ...]:
    ends = _as_tuple(value)
    for end in ends:
        number(name, end, "Give a range (from, to).")
    return tuple(float(end) for end in ends)


def _as_tuple(value: Any) -> tuple[Any, ...]:
    """Return the members of a list or an array, or what is alone."""
    return (value,) if isinstance(value, (Real, str)) or value is None else tuple(value)


def _up_to(high: float) -> str:
    return f" <= {high}" if high < inf else ""


def choice(name: str, value: str | None, allowed: Sequence[str | None]) -> None:
    """Check that a word is one of those allowed."""
    listed = ", ".join(repr(word) for word in allowed)
    require(value in allowed, f"`{name}`", f"be one of {listed}", repr(value))


def number(name: str, value: object, hint: str = "") -> None:
    """Check that a value is one real number, which truth values and strings are not."""
    single = isinstance(value, Tensor) and value.ndim == 0
    real = isinstance(value, Real) and not isinstance(value, bool)
    require(real or single, f"`{name}`", "be a number", repr(value), hint, error=TypeError)
