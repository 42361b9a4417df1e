"""Shares and counts: a number of the joints or frames of a clip, given as either."""

from __future__ import annotations

from numbers import Integral

from skelter import _checks


def share_or_count(name: str, value: float) -> float:
    """Return a share in (0, 1] as a float, or a count from 1 as an integer."""
    if isinstance(value, Integral):
        _checks.positive_int(name, value, "Give a share as a float: 1.0 is all of them.")
        return int(value)
    _checks.number(name, value)
    _checks.require(0 < value <= 1, f"`{name}`", "be a share in (0, 1] or an integer count", value)
    return float(value)


def count_of(name: str, amount: float, total: int) -> int:
    """Return how many of a total a share or a count is, at least one."""
    if isinstance(amount, float):
        return max(1, round(amount * total))
    _checks.between(name, amount, 1, total, "A share as a float fits any clip.")
    return amount
