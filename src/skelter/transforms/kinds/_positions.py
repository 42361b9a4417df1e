"""Channels that are positions, and those that come with them, such as a detector's score."""

from __future__ import annotations

import torch
from torch import Tensor

from skelter._precision import outside_autocast
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
    return x.detach().abs().amax(-4, keepdim=True).sign_()


@outside_autocast
def over_joints(x: Tensor, joints: int) -> Tensor:
    """Repeat numbers of persons (..., T, M) for each of their joints, (..., T, V, M).

    On a processor this is a product with zeros and ones, which is exact: broadcasting has inner
    loops of M numbers there, and takes 5 times as long. Elsewhere products may be rounded.
    """
    persons = x.shape[-1]
    if x.device.type != "cpu":
        return x.unsqueeze(-2).expand(*x.shape[:-1], joints, persons)
    copies = torch.eye(persons, dtype=x.dtype).unsqueeze(1).expand(-1, joints, -1).flatten(1)
    return (x @ copies).reshape(*x.shape[:-1], joints, persons)
