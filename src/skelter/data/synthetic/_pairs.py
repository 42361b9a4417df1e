"""What two people do together. They face each other along z, the first one at its origin."""

from __future__ import annotations

import numpy as np

from skelter.data.synthetic._body import Puppet
from skelter.data.synthetic._draws import Array, Draws
from skelter.data.synthetic._motions import Timing


def gap(first: Puppet, second: Puppet) -> float:
    """How far apart two persons stand who face each other along z, metres."""
    return 1.05 * (first.body.arm + second.body.arm) - 0.1


def _across(point: Array, distance: float) -> Array:
    """Return a point (T, 3) of the first person's frame in the second's, or back."""
    return np.asarray(point * (-1, 1, -1) + (0, 0, distance))


def handshake(first: Puppet, second: Puppet, when: Timing, draws: Draws) -> None:
    """Take each other's right hand and shake it."""
    distance, bodies = gap(first, second), (first.body, second.body)
    shoulders = sum(body.pelvis + body.loin + body.thorax for body in bodies) / 2
    meet = np.zeros_like(first.shift)
    meet[:, 1] = shoulders - draws.uniform(0.22, 0.32)
    meet[:, 2] = distance * bodies[0].arm / (bodies[0].arm + bodies[1].arm)
    held = when.held(0.25)
    meet[:, 1] += held * 0.06 * when.amplitude * np.sin(when.phase())
    for one, point in ((first, meet), (second, _across(meet, distance))):
        one.goal[1] = point - (0, 0, 0.05)
        one.grip[1] = held
        one.lean[:, 0] += held * draws.uniform(0.1, 0.2)


def push(first: Puppet, second: Puppet, when: Timing, draws: Draws) -> None:
    """Shove the other one, who staggers back."""
    distance, other = gap(first, second), second.body
    step = np.outer(when.ramp(0.1, 0.35) - when.ramp(0.75, 1.0), (0, 0, draws.uniform(0.2, 0.3)))
    first.shift += step
    first.feet[when.side] += 1.4 * step
    first.lean[:, 0] += 0.2 * when.held(0.35)
    way = draws.uniform(0.25, 0.4) * when.amplitude
    away = way * when.ramp(0.4, 0.6)
    second.shift[:, 2] -= away
    second.lean[:, 0] -= 0.3 * when.amplitude * (when.ramp(0.38, 0.5) - when.ramp(0.55, 0.8))
    for side, start in ((0, 0.42), (1, 0.55)):
        stride = when.ramp(start, start + 0.2)
        second.feet[side, :, 2] -= way * stride
        second.feet[side, :, 1] += 0.3 * stride * (1 - stride)
        second.hands[side] += np.outer(when.ramp(0.4, 0.5) - when.ramp(0.6, 0.9), (0.25, 0.2, 0.3))
    chest = other.pelvis + other.loin + draws.uniform(0.3, 0.8) * other.thorax
    touch = when.ramp(0.15, 0.38) - when.ramp(0.52, 0.8)
    for side in (0, 1):
        x = (0.5 - side) * 1.3 * other.shoulder
        # Wrists stop short of the chest by the length of the hands.
        ahead = distance - 0.2 + away * other.leg
        first.goal[side] = np.stack([x + 0 * away, chest + 0 * away, ahead], 1)
        first.grip[side] = touch
