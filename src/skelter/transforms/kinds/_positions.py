"""Channels that are positions, and those that come with them, such as a detector's score."""

from __future__ import annotations

from torch import Tensor

from skelter.layouts import SkeletonLayout
from skelter.transforms.kinds._numbers import constant, identity, widen


def pass_on(matrix: Tensor, C: int) -> Tensor:
    """Return matrices of positions as matrices (..., C, C) that leave the channels after them."""
    size = matrix.shape[-1]
    if size == C:
        return matrix
    others = constant([0.0] * size + [1.0] * (C - size), matrix)
    return widen(matrix, C - size) + identity(C, matrix) * others


def say_layout(layout: SkeletonLayout | None) -> str:
    """Return the layout as a ``repr`` names it behind other arguments."""
    return "" if layout is None else f", layout={layout.name}"


def presence(x: Tensor) -> Tensor:
    """Return 1 for joints that are there and 0 for those that are all zeros, (..., 1, T, V, M)."""
    first, *others = x.detach().unbind(-4)
    size = first.abs()
    for plane in others:
        size += plane.abs()
    return size.sign_().unsqueeze(-4)
