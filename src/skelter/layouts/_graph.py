"""Adjacency matrices of the bones of a layout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import torch
from torch import Tensor

from skelter import _checks

STRATEGIES = ("spatial", "uniform", "distance", "spatial-configuration", "st-gcn")


def adjacency(
    bones: Iterable[tuple[int, int]], num_joints: int, strategy: str, centre: int
) -> Tensor:
    """Return the matrices (subsets, V, V) of a strategy.

    Args:
        bones: Pairs (child, parent).
        num_joints: V.
        strategy: One of `STRATEGIES`.
        centre: The joint that the last two strategies count bones from.
    """
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
    if strategy == "distance":
        return torch.stack([together * identity, together * (1 - identity)])
    steps = _steps_from(centre, inward + outward)
    if strategy == "st-gcn":  # its code knows no distance above one bone
        steps = torch.where(steps > 1, torch.inf, steps)
    nearer = (steps[:, None] < steps[None, :]).to(together)  # row: source, column: target
    others = together * (1 - identity)
    return torch.stack([together * identity, others * (1 - nearer), others * nearer])


def find_hub(bones: Iterable[tuple[int, int]], preferred: int) -> int:
    """Return the joint where most bones meet: of several, the preferred one, or the first."""
    meeting = Counter(joint for bone in bones for joint in bone)
    most = max(meeting.values(), default=0)
    hubs = sorted(joint for joint, count in meeting.items() if count == most)
    return preferred if preferred in hubs or not hubs else hubs[0]


def _by_column_sum(matrix: Tensor) -> Tensor:
    sums = matrix.sum(0, keepdim=True)
    return matrix / torch.where(sums > 0, sums, torch.ones_like(sums))


def _steps_from(centre: int, neighbours: Tensor) -> Tensor:
    """Count the bones between a joint and each joint (V,), infinity where there is no way."""
    steps = torch.full((len(neighbours),), torch.inf)
    reached = torch.zeros(len(neighbours), dtype=torch.bool)
    reached[centre] = True
    for step in range(len(neighbours)):
        steps = torch.where(reached & steps.isinf(), float(step), steps)
        reached = reached | (neighbours[reached].sum(0) > 0)
    return steps
