"""Adjacency matrices of the bones of a layout."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from skelter import _checks

STRATEGIES = ("spatial", "uniform", "distance")


def adjacency(bones: Iterable[tuple[int, int]], num_joints: int, strategy: str) -> Tensor:
    """Return the matrices (subsets, V, V) of a strategy."""
    _checks.choice("strategy", strategy, STRATEGIES)
    identity = torch.eye(num_joints)
    inward = torch.zeros_like(identity)
    for child, parent in bones:
        inward[parent, child] = 1.0
    outward = inward.T
    if strategy == "spatial":
        return torch.stack([identity, _by_column_sum(inward), _by_column_sum(outward)])
    together = _by_column_sum(identity + inward + outward)
    if strategy == "uniform":
        return together[None]
    return torch.stack([together * identity, together * (1 - identity)])


def _by_column_sum(matrix: Tensor) -> Tensor:
    sums = matrix.sum(0, keepdim=True)
    return matrix / torch.where(sums > 0, sums, torch.ones_like(sums))
