"""The strength of noise: one for all clips, or one for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from torch import Generator, Tensor

from skelter import _checks
from skelter.transforms.kinds._numbers import normal, number_between, uniform
from skelter.typing import ClipShape

Strength: TypeAlias = float | tuple[float, float]
"""One number for all clips, or a range (from, to) from which every clip draws its own."""


def strength_range(name: str, value: Strength) -> tuple[float, float]:
    """Return the range of a strength, from 0 on. One number is a range of nothing else."""
    pair = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    for end in pair:
        _checks.number(name, end, "Give one number, or a range (from, to).")
    _checks.require(
        len(pair) == 2 and 0 <= pair[0] <= pair[1] < float("inf"),
        f"`{name}`",
        "be one number from 0, or two (from, to) with 0 <= from <= to",
        value,
    )
    return float(pair[0]), float(pair[1])


def say_strength(span: tuple[float, float]) -> str:
    """Return a strength as it was given, for a ``repr``."""
    low, high = span
    return f"{low if low == high else span}"


def draw_strength(span: tuple[float, float], x: ClipShape, generator: Generator | None) -> Tensor:
    """Draw the strength of each clip from U(span), shape (..., 1, 1, 1, 1)."""
    return number_between(uniform((*x.shape[:-4], 1, 1, 1, 1), x, generator), span)


def draw_noise(
    shape: Sequence[int], std: tuple[float, float], x: ClipShape, generator: Generator | None
) -> Tensor:
    """Draw from N(0, std) with a deviation for each clip, shape (..., *shape) of four axes."""
    low, high = std
    deviation = low if low == high else draw_strength(std, x, generator)
    return normal((*x.shape[:-4], *shape), x, generator).mul_(deviation)
