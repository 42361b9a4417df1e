"""The movements of one person, and of two: a function for each action.

Each action pulls the handles of a `Puppet` over the frames of a `Timing`. Actions come in
families of the same pose and another movement (waving, drawing a circle and pointing raise a
hand to the same places), so that no single frame tells them apart. Two persons face each other
along z, the first one at its origin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skelter.data.synthetic._body import Puppet
from skelter.data.synthetic._draws import Array, Draws


@dataclass(frozen=True)
class Timing:
    """The timing of a movement in a clip.

    Attributes:
        progress: From 0 before the movement to 1 behind it, (T,).
        reps: The number of repetitions.
        amplitude: The size of the movement, about 1.
        side: The acting hand or foot, 0 left and 1 right.
    """

    progress: Array
    reps: float
    amplitude: float
    side: int

    def ramp(self, start: float, stop: float) -> Array:
        """Rise smoothly from 0 to 1 while progress goes from start to stop, (T,)."""
        x = np.clip((self.progress - start) / (stop - start), 0, 1)
        return np.asarray(x * x * (3 - 2 * x))

    def hold(self, attack: float = 0.15) -> Array:
        """Rise to 1 at the beginning of the movement and fall to 0 at its end, (T,)."""
        return self.ramp(0, attack) * (1 - self.ramp(1 - attack, 1))

    def phase(self) -> Array:
        """The phase of a movement to and fro, (T,), radians."""
        return 2 * np.pi * self.reps * self.progress

    def pulses(self, lead: float = 0.5, shift: float = 0.0) -> Array:
        """Go from 0 to 1 and back in each repetition, (T,). It is at 1 at ``lead``."""
        x = np.mod(self.reps * self.progress + shift, 1.0)
        x = np.where(x < lead, x / lead, (1 - x) / (1 - lead))
        bump = x * x * (3 - 2 * x)
        return np.asarray(np.where((self.progress > 0) & (self.progress < 1), bump, 0.0))


def mix(weight: Array, low: Array, high: Array | tuple[float, float, float]) -> Array:
    """Go from one curve (T, 3) to another by a weight (T,)."""
    return np.asarray(low + weight[:, None] * (np.asarray(high) - low))


def place_raised_hand(draws: Draws) -> Array:
    """Draw where a hand is held up, in arm lengths from its shoulder."""
    return np.array([draws.uniform(-0.15, 0.45), draws.uniform(0.0, 0.5), draws.uniform(0.3, 0.6)])


def wave(one: Puppet, when: Timing, draws: Draws) -> None:
    """Hold a hand up and swing it sideways."""
    place = place_raised_hand(draws) + np.zeros_like(one.shift)
    swing = 0.26 * when.amplitude * np.sin(when.phase() + draws.uniform(0, 6.3))
    place[:, 0] += swing
    place[:, 1] -= 0.25 * np.abs(swing)
    one.hands[when.side] = mix(when.hold(0.2), one.hands[when.side], place)


def draw_circle(one: Puppet, when: Timing, draws: Draws) -> None:
    """Move a raised hand round in a circle."""
    place = place_raised_hand(draws) + np.zeros_like(one.shift)
    phase = draws.sign() * when.phase() + draws.uniform(0, 6.3)
    radius = 0.3 * when.amplitude
    place[:, 0] += radius * np.cos(phase)
    place[:, 1] += radius * np.sin(phase) * draws.uniform(0.8, 1.2)
    one.hands[when.side] = mix(when.hold(0.2), one.hands[when.side], place)


def point(one: Puppet, when: Timing, draws: Draws) -> None:
    """Stretch an arm towards something and hold it."""
    place = place_raised_hand(draws) + np.array((0, 0, 0.3))
    place *= 0.97 / np.linalg.norm(place)
    one.hands[when.side] = mix(when.hold(0.25), one.hands[when.side], place)


def punch(one: Puppet, when: Timing, draws: Draws) -> None:
    """Shoot fists into the air ahead from a guard."""
    guard = np.array([draws.uniform(-0.1, 0.15), draws.uniform(-0.25, 0.1), 0.35])
    target = np.array([draws.uniform(-0.25, 0.0), draws.uniform(-0.1, 0.25), 0.95])
    both = draws.chance(0.5)
    for side in (0, 1):
        jab = when.pulses(0.35, 0.5 * (side != when.side))
        if side != when.side and not both:
            jab = 0 * jab
        place = mix(jab * min(1.0, when.amplitude), guard + 0 * one.shift, target)
        one.hands[side] = mix(when.hold(), one.hands[side], place)
        one.lean[:, 2] += (2 * side - 1) * 0.35 * jab
    one.lean[:, 0] += 0.1 * when.hold()
    one.feet[when.side] += mix(when.hold(), 0 * one.shift, (0.02, 0, -0.15))


def clap(one: Puppet, when: Timing, draws: Draws) -> None:
    """Bring both hands together again and again."""
    middle = -one.body.shoulder / one.body.arm + 0.05
    apart = 0.3 * when.amplitude * (1 - when.pulses())
    up, ahead = draws.uniform(-0.4, 0.35), draws.uniform(0.45, 0.7)
    for side in (0, 1):
        place = np.stack([middle + apart, up + 0 * apart, ahead - 0.3 * apart], 1)
        one.hands[side] = mix(when.hold(), one.hands[side], place)


def raise_arms(one: Puppet, when: Timing, draws: Draws) -> None:
    """Raise both arms overhead, sideways or forwards, and lower them."""
    sideways = draws.uniform(0, 1)
    angle = when.pulses(draws.uniform(0.4, 0.6)) * draws.uniform(2.3, 3.0) * when.amplitude
    angle = np.minimum(angle, 3.05)
    out = np.sin(angle) * np.sin(sideways * 1.5) + 0.05
    arms = 0.96 * np.stack([out, -np.cos(angle), np.sin(angle) * np.cos(sideways * 1.5)], 1)
    for side in (0, 1):
        one.hands[side] = mix(when.hold(0.08), one.hands[side], arms)


def kick(one: Puppet, when: Timing, draws: Draws) -> None:
    """Swing a leg forwards."""
    swing = when.pulses(0.55)
    back = np.sin(np.pi * np.clip(np.mod(when.reps * when.progress, 1) / 0.3, 0, 1))
    ahead = draws.uniform(0.65, 0.85) * when.amplitude
    place = mix(swing, 0 * one.shift, (0, draws.uniform(0.25, 0.5) * when.amplitude, ahead))
    place += np.outer(back, (0, 0.12, -0.3))
    one.feet[when.side] = mix(when.hold(0.06), one.feet[when.side], place)
    one.lean[:, 0] -= 0.2 * swing
    one.hands[1 - when.side] += np.outer(swing, (0.1, 0.15, 0.35))


def stomp(one: Puppet, when: Timing, draws: Draws) -> None:
    """Lift a foot and stamp it on the floor."""
    lift = when.pulses(draws.uniform(0.55, 0.75))
    top = (0, draws.uniform(0.28, 0.45) * when.amplitude, draws.uniform(0.0, 0.2))
    one.feet[when.side] = mix(lift, one.feet[when.side], top)
    one.lean[:, 0] += 0.08 * lift
    one.hands[1 - when.side] += np.outer(lift, (0.1, 0.1, 0.15))


def jump(one: Puppet, when: Timing, draws: Draws) -> None:
    """Crouch, leap and land."""
    x = np.mod(when.reps * when.progress, 1.0) * ((when.progress > 0) & (when.progress < 1))
    crouch = _bump(x, 0.0, 0.45) + 0.6 * _bump(x, 0.7, 1.0)
    flight = _bump(x, 0.38, 0.77)
    one.shift[:, 1] += when.amplitude * (0.25 * flight - 0.28 * crouch)
    one.shift[:, 2] -= 0.1 * crouch
    one.lean[:, 0] += 0.45 * crouch
    one.feet[:, :, 1] += 0.22 * when.amplitude * flight
    back, up = draws.uniform(-0.5, -0.1), draws.uniform(0.1, 0.8)
    for side in (0, 1):
        one.hands[side] += np.outer(crouch, (0.05, 0.1, back)) + np.outer(flight, (0.2, up, 0.4))


def _bump(x: Array, start: float, stop: float) -> Array:
    return np.asarray(np.sin(np.pi * np.clip((x - start) / (stop - start), 0, 1)) ** 2)


def sit(one: Puppet, down: Array, when: Timing, draws: Draws) -> None:
    """Be seated by a weight (T,), on a chair that is not seen."""
    depth = np.array([0.0, -draws.uniform(0.45, 0.56), -draws.uniform(0.4, 0.5)])
    one.shift += np.outer(down, depth)
    one.lean[:, 0] += 0.7 * when.amplitude * 4 * down * (1 - down) + draws.uniform(-0.1, 0.2) * down
    thigh = (draws.uniform(-0.1, 0.1), draws.uniform(-0.75, -0.6), draws.uniform(0.4, 0.55))
    busy = draws.chance(0.7)
    for side in (0, 1):
        if busy:
            one.hands[side] = mix(down, one.hands[side], thigh)


def sit_down(one: Puppet, when: Timing, draws: Draws) -> None:
    """Sit down and stay seated."""
    sit(one, when.ramp(0, 1), when, draws)


def stand_up(one: Puppet, when: Timing, draws: Draws) -> None:
    """Get up from a chair."""
    sit(one, 1 - when.ramp(0, 1), when, draws)


def bow(one: Puppet, when: Timing, draws: Draws) -> None:
    """Bend the trunk forwards over straight legs."""
    bend = when.pulses(draws.uniform(0.35, 0.65))
    one.lean[:, 0] += draws.uniform(0.6, 1.1) * when.amplitude * bend
    one.shift[:, 2] -= 0.12 * bend
    one.nod[:, 0] += draws.uniform(-0.2, 0.3) * bend


def pick_up(one: Puppet, when: Timing, draws: Draws) -> None:
    """Bend knees and trunk to take something from the floor."""
    bend = when.pulses(draws.uniform(0.35, 0.65))
    one.lean[:, 0] += draws.uniform(0.7, 1.0) * bend
    one.shift += np.outer(bend, (0, -draws.uniform(0.35, 0.5), -0.2))
    for side in (0, 1):
        if side == when.side or draws.chance(0.3):
            one.hands[side] = mix(bend, one.hands[side], (0.0, -0.85, 0.5))


def _stride(one: Puppet, when: Timing, length: float, lift: float, ground: float) -> Array:
    """Move both feet in turns, and return the way that the ground has gone back, (T,).

    ``ground`` is the share of a cycle in which a foot stands: it does not slide then.
    """
    on = when.hold(0.12)
    for side in (0, 1):
        x = np.mod(when.reps * when.progress + 0.5 * side, 1.0)
        air = np.clip((x - ground) / (1 - ground), 0, 1)
        forth = np.where(x < ground, 1 - 2 * x / ground, -np.cos(np.pi * air))
        one.feet[side, :, 1] += on * lift * np.sin(np.pi * air) ** 2
        one.feet[side, :, 2] += on * length * forth
    speed = np.gradient(when.reps * when.progress) * 2 * length / ground
    return np.cumsum(on * speed)


def walk(one: Puppet, when: Timing, draws: Draws) -> None:
    """Walk a few steps ahead."""
    length = draws.uniform(0.24, 0.34) * when.amplitude
    way = _stride(one, when, length, draws.uniform(0.1, 0.2), 0.6)
    one.shift[:, 2] += way
    one.feet[:, :, 2] += way
    _swing_arms(one, when, draws.uniform(0.2, 0.4) * when.amplitude, 0.0)


def jog(one: Puppet, when: Timing, draws: Draws) -> None:
    """Jog on the spot."""
    lift = draws.uniform(0.14, 0.32) * when.amplitude
    _stride(one, when, draws.uniform(0.03, 0.12), lift, 0.5)
    bounce = when.hold() * np.abs(np.sin(when.phase()))
    one.shift[:, 1] += 0.04 * bounce - 0.03 * when.hold()
    one.lean[:, 0] += 0.08 * when.hold()
    _swing_arms(one, when, draws.uniform(0.15, 0.35) * when.amplitude, draws.uniform(0.3, 1.0))


def _swing_arms(one: Puppet, when: Timing, width: float, bent: float) -> None:
    """Swing the arms against the legs, hanging or ``bent``."""
    on = when.hold(0.12)
    for side in (0, 1):
        swing = width * np.cos(when.phase() + np.pi * (1 - side))
        place = np.stack([0.1 + 0 * swing, -0.92 + 0.45 * bent + 0.3 * swing * bent, swing], 1)
        place[:, 2] += 0.35 * bent
        one.hands[side] = mix(on, one.hands[side], place)


def gap(first: Puppet, second: Puppet) -> float:
    """Return the distance of two persons who face each other along z, in metres."""
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
    held = when.hold(0.25)
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
    first.lean[:, 0] += 0.2 * when.hold(0.35)
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
