"""Which of the bodies in a recording are the persons of a clip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt


def motion_energy(body: npt.NDArray[Any]) -> float:
    """Return how much a body moves: the spread of each coordinate, added up.

    The standard deviation of a coordinate is that over all joints of the frames in which the body
    is there, that is, in which any value is not zero.

    Args:
        body: Shape (T, V, C).

    References:
        The body choice of 2s-AGCN (Shi et al., CVPR 2019), which the reference method uses.
    """
    present = body[(body != 0).any((1, 2))].reshape(-1, body.shape[-1])
    coordinates = present.T.astype(np.float64, order="C")  # one after another: much faster
    return float(coordinates.std(1).sum()) if len(present) else 0.0


def most_moving(bodies: Sequence[npt.NDArray[Any]], persons: int) -> list[int]:
    """Return which bodies move most, the most energetic first; none that is not there.

    Args:
        bodies: Each of shape (T, V, C), where T may differ.
        persons: How many to return at most.
    """
    energy = [motion_energy(body) for body in bodies]
    seen = [index for index, body in enumerate(bodies) if body.any()]
    return sorted(seen, key=lambda index: -energy[index])[:persons]


def choose_bodies(bodies: npt.NDArray[Any], persons: int) -> npt.NDArray[Any]:
    """Return the bodies of largest motion energy, the most energetic first.

    Args:
        bodies: Shape (B, T, V, C); zeros where a body is missing.
        persons: How many to return; zeros where there are fewer.

    Returns:
        Shape (persons, T, V, C).
    """
    order = most_moving(list(bodies), persons)
    chosen = np.zeros((persons, *bodies.shape[1:]), dtype=bodies.dtype)
    chosen[: len(order)] = bodies[order]
    return chosen
