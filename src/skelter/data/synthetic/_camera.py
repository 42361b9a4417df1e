"""What a depth camera makes of a performance: a viewpoint, noise, and lost joints."""

from __future__ import annotations

import numpy as np

from skelter.data.synthetic._body import LANDMARKS, rotation
from skelter.data.synthetic._draws import Array, Draws

# How noisy a landmark is against `noise`, and which ones can be lost. Trackers are sure of the
# trunk; hands and feet blur, vanish behind the body or leave the picture.
UNSURE = {"wrist": 1.4, "hand": 1.8, "tip": 2.2, "thumb": 2.2, "ankle": 1.4, "foot": 1.8}
UNSURE |= {"toe": 2.0, "heel": 1.6, "elbow": 1.1, "knee": 1.1}
BLUR = np.array([UNSURE.get(name.split()[-1], 0.8) for name in LANDMARKS])
LIMBS = tuple(
    np.array([name.startswith(side) and name.split()[-1] in parts for name in LANDMARKS])
    for side in ("left", "right")
    for parts in (
        ("wrist", "hand", "tip", "thumb"),
        ("elbow", "wrist", "hand", "tip", "thumb"),
        ("ankle", "foot", "toe", "heel"),
        ("knee", "ankle", "foot", "toe", "heel"),
    )
)


def film(points: Array, view: int, draws: Draws) -> Array:
    """Move points (..., 3) from the floor into the frame of a camera, y up and z away from it.

    View 1 looks at the front, views 2 and 3 at an angle of 45 degrees from either side.
    """
    azimuth = np.radians((0, 45, -45, 90, -90)[(view - 1) % 5] + draws.normal(5))
    height, distance = draws.uniform(0.7, 1.8), draws.uniform(2.4, 3.8)
    facing = rotation(np.array([[0, 0, np.pi + azimuth]]))[0]
    seen = points @ facing.T + (draws.normal(0.25), -height, distance)
    # It looks up or down towards the middle of the bodies, more or less.
    pitch = np.arctan2(height - 0.95, distance) + draws.normal(0.06)
    tilt = rotation(np.array([[-pitch, draws.normal(0.03), 0]]))[0]
    return np.asarray(seen @ tilt.T)


def blur(joints: Array, unsure: Array, noise: float, draws: Draws) -> Array:
    """Add white noise, slow drift and a bad start to joints (M, T, V, 3).

    Args:
        joints: In metres.
        unsure: Factor on the noise for each joint, (V,).
        noise: Standard deviation of the white noise, metres.
        draws: Where the numbers come from.
    """
    M, T, V, _ = joints.shape
    white = draws.normals(M, T, V, 3)
    drift = np.moveaxis(draws.sway(T, M, V, 3), 0, 1)
    # Trackers need some frames until they have found the body.
    start = 1 + 1.5 * np.exp(-np.arange(T) / 2.5)[:, None, None]
    return joints + noise * unsure[:, None] * (white * start + drift)


def lose(joints: Array, mix: Array, dropped: float, draws: Draws) -> Array:
    """Set joints (M, T, V, 3) of one or two limbs to zero for a while, with a probability.

    Args:
        joints: In metres.
        mix: How joints mix landmarks, (V, len(LANDMARKS)).
        dropped: Probability that a person loses joints.
        draws: Where the numbers come from.
    """
    M, T = joints.shape[:2]
    kept = np.ones(joints.shape[:3], dtype=bool)
    for person in range(M):
        happens = draws.chance(dropped)
        for _ in range(draws.integer(1, 2)):
            limb = LIMBS[draws.integer(0, len(LIMBS) - 1)]
            length = draws.uniform(0.2, 0.8) * T
            start = int(draws.uniform(0, T - length))
            lost = mix @ limb > 0.5
            kept[person, start : start + int(length), lost] &= not happens
    return np.asarray(joints * kept[..., None])
