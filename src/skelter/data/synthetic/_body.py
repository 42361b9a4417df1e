"""A human body: limb lengths, the handles that move it, and the landmarks that follow.

A person's own frame: x to the left, y up from the floor, z forwards, in metres. Sides are
0 for left and 1 for right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skelter.data.synthetic._draws import Array, Draws

SIDES = ("left", "right")
OUTWARD = (1.0, -1.0)  # which way x leads outward on the left and on the right
PARTS = "eye ear collar shoulder elbow wrist hand tip thumb hip knee ankle foot toe heel".split()
LANDMARKS = (
    *"pelvis spine chest neck head crown nose".split(),
    *(f"{side} {part}" for side in SIDES for part in PARTS),
)


@dataclass(frozen=True)
class Body:
    """Lengths in metres."""

    pelvis: float  # height of the base of the spine when standing
    loin: float  # base to middle of the spine
    thorax: float  # middle of the spine to between the shoulders
    neck: float
    head: float
    shoulder: float  # half of the width, as for the hips
    hip: float
    upper_arm: float
    forearm: float
    hand: float
    thigh: float
    shin: float
    sole: float  # ankle above the floor
    foot: float

    @property
    def arm(self) -> float:
        """Shoulder to wrist, the unit of `Puppet.hands`."""
        return self.upper_arm + self.forearm

    @property
    def leg(self) -> float:
        """Hip to ankle, the unit of `Puppet.shift` and `Puppet.feet`."""
        return self.thigh + self.shin

    @classmethod
    def draw(cls, draws: Draws) -> Body:
        """Draw an adult: a height, and proportions that differ by some per cent."""
        height = draws.uniform(1.5, 1.92)

        def length(share: float, spread: float = 0.05) -> float:
            return height * share * (1 + draws.normal(spread))

        thigh, shin, sole = length(0.245), length(0.245), length(0.045)
        hip = length(0.05, 0.12)
        return cls(
            pelvis=thigh + shin + sole + 0.35 * hip,
            loin=length(0.15),
            thorax=length(0.13),
            neck=length(0.045),
            head=length(0.085),
            shoulder=length(0.11, 0.08),
            hip=hip,
            upper_arm=length(0.165),
            forearm=length(0.145),
            hand=length(0.045),
            thigh=thigh,
            shin=shin,
            sole=sole,
            foot=length(0.085),
        )


class Puppet:
    """The handles that posture and movement pull, frame by frame.

    Attributes:
        shift: Offset of the pelvis from standing, (T, 3), in leg lengths.
        lean: Forward pitch, roll to the right and twist to the left of the trunk, (T, 3), radians.
        nod: Forward pitch and turn to the left of the head against the trunk, (T, 2), radians.
        hands: Wrists (outward, up, forwards) of their shoulders, (2, T, 3), in arm lengths.
        elbows: Directions of the elbows (outward, up, forwards), (2, T, 3).
        feet: Offset (outward, up, forwards) of the ankles from standing, (2, T, 3), in leg lengths.
        goal: Points that the wrists are drawn to instead, (2, T, 3), metres.
        grip: The strength of that pull, (2, T), 0 to 1.
    """

    def __init__(self, body: Body, frames: int) -> None:
        self.body = body
        self.shift = np.zeros((frames, 3))
        self.lean = np.zeros((frames, 3))
        self.nod = np.zeros((frames, 2))
        self.hands = constant((0.1, -0.93, 0.05), 2, frames)
        self.elbows = constant((0.45, -0.9, -0.6), 2, frames)
        self.feet = np.zeros((2, frames, 3))
        self.goal = np.zeros((2, frames, 3))
        self.grip = np.zeros((2, frames))

    def landmarks(self) -> Array:
        """Return the landmarks of shape (T, len(LANDMARKS), 3) in the person's own frame."""
        place: dict[str, Array] = {}
        ankles = [self._ankle(side) for side in (0, 1)]
        place["pelvis"] = self._pelvis(ankles)
        chest = self._trunk(place)
        for side, ankle in enumerate(ankles):
            self._arm(place, side, chest)
            self._leg(place, side, ankle)
        return np.stack([place[name] for name in LANDMARKS], 1)

    def _ankle(self, side: int) -> Array:
        body = self.body
        standing = (body.hip * 1.1, body.sole, 0.0)
        return np.asarray((self.feet[side] * body.leg + standing) * (OUTWARD[side], 1, 1))

    def _hips(self) -> tuple[Array, Array]:
        """Offsets of both hips from the pelvis: it follows the trunk only in part."""
        turn = rotation(self.lean * (0.3, 0.5, 0.3))
        hip = self.body.hip
        return (apply(turn, (hip, -0.35 * hip, 0)), apply(turn, (-hip, -0.35 * hip, 0)))

    def _pelvis(self, ankles: list[Array]) -> Array:
        """Place the pelvis where it should be, but no higher than the legs allow."""
        body = self.body
        pelvis = self.shift * body.leg + (0, body.pelvis - 0.01 * body.leg, 0)
        for hip, ankle in zip(self._hips(), ankles, strict=True):
            gap = pelvis + hip - ankle
            reach = (0.995 * body.leg) ** 2 - gap[:, 0] ** 2 - gap[:, 2] ** 2
            highest = ankle[:, 1] + np.sqrt(np.maximum(reach, 0)) - hip[:, 1]
            pelvis[:, 1] = np.minimum(pelvis[:, 1], highest)
        return pelvis

    def _trunk(self, place: dict[str, Array]) -> Array:
        """Place spine and head, and return the rotation (T, 3, 3) of the chest."""
        body = self.body
        loin = rotation(self.lean * (0.7, 0.8, 0.5))
        chest = rotation(self.lean)
        nod = np.concatenate([self.nod[:, :1], 0 * self.nod[:, :1], self.nod[:, 1:]], 1)
        head = chest @ rotation(nod)
        place["spine"] = place["pelvis"] + apply(loin, (0, body.loin, 0))
        place["chest"] = place["spine"] + apply(chest, (0, body.thorax, 0))
        place["neck"] = place["chest"] + apply(chest, (0, body.neck, 0.1 * body.neck))
        place["head"] = place["neck"] + apply(head, (0, body.head, 0.2 * body.head))
        place["crown"] = place["head"] + apply(head, (0, 0.8 * body.head, 0))
        place["nose"] = place["head"] + apply(head, (0, -0.1 * body.head, 0.7 * body.head))
        for side, name in enumerate(SIDES):
            out = OUTWARD[side] * body.head
            place[f"{name} eye"] = place["head"] + apply(head, (0.22 * out, 0, 0.6 * body.head))
            place[f"{name} ear"] = place["head"] + apply(head, (0.5 * out, 0, 0))
        return chest

    def _arm(self, place: dict[str, Array], side: int, chest: Array) -> None:
        body, name, out = self.body, SIDES[side], (OUTWARD[side], 1, 1)
        across = apply(chest, (OUTWARD[side] * body.shoulder, -0.1 * body.shoulder, 0))
        shoulder = place["chest"] + across
        hanging = rotation(self.lean * (0.4, 0.5, 1.0))  # arms hang down when the trunk leans
        target = shoulder + apply(hanging, self.hands[side] * out * body.arm)
        grip = self.grip[side][:, None]
        target = (1 - grip) * target + grip * self.goal[side]
        pole = apply(hanging, self.elbows[side] * out)
        elbow, wrist, bend = two_bones(shoulder, target, pole, (body.upper_arm, body.forearm))
        along = (wrist - elbow) / body.forearm
        hand = wrist + along * body.hand
        place[f"{name} collar"] = place["chest"] + 0.5 * across
        place[f"{name} shoulder"], place[f"{name} elbow"] = shoulder, elbow
        place[f"{name} wrist"], place[f"{name} hand"] = wrist, hand
        place[f"{name} tip"] = hand + along * body.hand
        place[f"{name} thumb"] = wrist + (0.8 * along - 0.6 * across_of(bend, along)) * body.hand

    def _leg(self, place: dict[str, Array], side: int, ankle: Array) -> None:
        body, name = self.body, SIDES[side]
        hip = place["pelvis"] + self._hips()[side]
        pole = constant((0.15 * OUTWARD[side], 0, 1), len(hip))
        knee, ankle, _ = two_bones(hip, ankle, pole, (body.thigh, body.shin))
        along = (ankle - knee) / body.shin
        toes = across_of(constant((0, 0.1, 1), len(hip)), along)
        place[f"{name} hip"], place[f"{name} knee"], place[f"{name} ankle"] = hip, knee, ankle
        place[f"{name} foot"] = ankle + (0.9 * toes + 0.4 * along) * body.foot
        place[f"{name} toe"] = ankle + (1.5 * toes + 0.45 * along) * body.foot
        place[f"{name} heel"] = ankle + (0.45 * along - 0.3 * toes) * body.foot


def constant(vector: tuple[float, float, float], *shape: int) -> Array:
    """Repeat a vector: an array of its own, (*shape, 3)."""
    return np.tile(np.array(vector, dtype=np.float64), (*shape, 1))


def two_bones(
    start: Array, target: Array, pole: Array, lengths: tuple[float, float]
) -> tuple[Array, Array, Array]:
    """Bend two bones from a start so that they end at a point, or as near as they reach.

    The middle joint gives way towards `pole`. Returned are the middle joint, the lower end and the
    unit direction in which the middle joint gave way, like all arguments (T, 3).
    """
    upper, lower = lengths
    gap = target - start
    distance = np.sqrt((gap * gap).sum(1, keepdims=True)) + 1e-9
    along = gap / distance
    distance = np.clip(distance, 1.1 * abs(upper - lower) + 0.05, 0.998 * (upper + lower))
    cosine = (upper**2 + distance**2 - lower**2) / (2 * upper * distance)
    sine = np.sqrt(np.maximum(1 - cosine**2, 0))
    away = across_of(pole, along)
    return start + upper * (cosine * along + sine * away), start + distance * along, away


def across_of(direction: Array, axis: Array) -> Array:
    """Return the unit part of a direction at right angles to a unit axis, both (T, 3)."""
    part = direction - (direction * axis).sum(1, keepdims=True) * axis
    return np.asarray(part / (np.sqrt((part * part).sum(1, keepdims=True)) + 1e-9))


def rotation(angles: Array) -> Array:
    """Return rotations (T, 3, 3) for pitch, roll and yaw (T, 3): roll first, yaw last."""
    (sp, sr, sy), (cp, cr, cy) = np.sin(angles.T), np.cos(angles.T)
    rows = [
        [cy * cr + sy * sp * sr, -cy * sr + sy * sp * cr, sy * cp],
        [cp * sr, cp * cr, -sp],
        [-sy * cr + cy * sp * sr, sy * sr + cy * sp * cr, cy * cp],
    ]
    return np.moveaxis(np.array(rows), 2, 0)


def apply(turn: Array, vector: Array | tuple[float, float, float]) -> Array:
    """Rotate one vector, or one for each frame: (T, 3, 3) by (3,) or (T, 3) to (T, 3)."""
    return np.asarray((turn @ np.asarray(vector, dtype=np.float64)[..., None])[..., 0])
