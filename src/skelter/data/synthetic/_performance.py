"""One performance of an action: the performers, their posture, their timing and their place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from skelter.data.synthetic import _motions as motions
from skelter.data.synthetic._body import Body, Puppet, rotation
from skelter.data.synthetic._draws import Array, Draws
from skelter.data.synthetic._motions import Timing, mix

SHORTEST, LONGEST = 40, 110  # frames of a clip

# Where idle hands rest, (outward, up, forwards) in arm lengths from the shoulder.
RESTS = np.array(
    [
        (0.10, -0.93, 0.05),  # hanging
        (0.16, -0.62, 0.06),  # on the hip
        (-0.22, -0.45, 0.40),  # before the belly
        (-0.15, -0.70, -0.25),  # behind the back
        (0.02, -0.35, 0.55),  # holding something
    ]
)


@dataclass(frozen=True)
class Style:
    """The habits that a subject keeps from clip to clip."""

    body: Body
    tempo: float
    amplitude: float
    slouch: float  # forward pitch at rest, radians
    stance: float  # feet apart, in leg lengths
    rests: tuple[int, int]  # favourite rest of the left and the right hand
    hand: int  # 0 left-handed, 1 right-handed

    @classmethod
    def draw(cls, draws: Draws) -> Style:
        """Draw a subject."""
        return cls(
            body=Body.draw(draws),
            tempo=draws.uniform(0.85, 1.2),
            amplitude=draws.uniform(0.85, 1.15),
            slouch=draws.normal(0.08),
            stance=draws.uniform(0.0, 0.1),
            rests=(draws.integer(0, len(RESTS) - 1), draws.integer(0, len(RESTS) - 1)),
            hand=int(draws.chance(0.7)),
        )


@dataclass(frozen=True)
class Action:
    """A movement, the frames that one repetition takes, and how often it repeats."""

    move: Callable[[Puppet, Timing, Draws], None] | Callable[[Puppet, Puppet, Timing, Draws], None]
    frames: tuple[int, int]
    reps: tuple[int, int] = (1, 1)
    persons: int = 1
    seated: bool = False  # it can as well be done on a chair


ACTIONS = {
    "wave": Action(motions.wave, (11, 18), (3, 5), seated=True),
    "draw circle": Action(motions.draw_circle, (18, 34), (2, 3), seated=True),
    "point": Action(motions.point, (35, 70), seated=True),
    "punch": Action(motions.punch, (14, 22), (2, 4)),
    "clap": Action(motions.clap, (9, 16), (3, 6), seated=True),
    "raise arms": Action(motions.raise_arms, (32, 55), (1, 2), seated=True),
    "kick": Action(motions.kick, (26, 40), (1, 2)),
    "stomp": Action(motions.stomp, (18, 30), (1, 3)),
    "jump": Action(motions.jump, (26, 40), (1, 2)),
    "sit down": Action(motions.sit_down, (26, 45)),
    "stand up": Action(motions.stand_up, (26, 45)),
    "bow": Action(motions.bow, (34, 60), (1, 2)),
    "pick up": Action(motions.pick_up, (34, 60), (1, 2)),
    "walk": Action(motions.walk, (28, 40), (2, 3)),
    "jog": Action(motions.jog, (17, 26), (3, 4)),
    "handshake": Action(motions.handshake, (11, 18), (3, 4), persons=2),
    "push": Action(motions.push, (32, 56), persons=2),
}


def perform(action: Action, styles: tuple[Style, ...], draws: Draws) -> Array:
    """Let one or two persons perform an action on the floor around the origin.

    Returns:
        Landmarks of shape (M, T, len(LANDMARKS), 3) in metres, y up, the first person's heading
        roughly along z, or across it where there are two.
    """
    first = styles[0]
    when = _timing(action, first, draws)
    people = [Puppet(style.body, len(when.progress)) for style in styles]
    for one, style in zip(people, styles, strict=True):
        _posture(one, style, draws)
    if draws.chance(0.25 * action.seated):
        motions.sit(people[0], np.ones_like(when.progress), when, draws)
    action.move(*people, when, draws)  # type: ignore[call-arg, arg-type]  # as many as it takes
    placed = np.stack([one.landmarks() for one in people])
    if len(people) == 2:
        gap = motions.gap(people[0], people[1])
        placed[1] = placed[1] * (-1, 1, -1) + (0, 0, gap)
        placed[..., 2] -= gap / 2
    else:
        placed -= placed[:, :, :1].mean(1, keepdims=True) * (1, 0, 1)
    sideways = draws.sign() * np.pi / 2 if len(people) == 2 else 0.0
    return _turn(placed, sideways + np.radians(draws.uniform(-35, 35)))


def _timing(action: Action, style: Style, draws: Draws) -> Timing:
    """Draw the start of the movement, its length, and the waiting around it."""
    reps = draws.integer(*action.reps)
    tempo = style.tempo * draws.uniform(0.9, 1.12)
    length = min(80.0, max(24.0, reps * draws.uniform(*action.frames) / tempo))
    before, after = draws.uniform(1, 40), draws.uniform(1, 40)
    after += max(0.0, SHORTEST - length - before - after)
    patience = min(1.0, (LONGEST - length) / (before + after))  # waiting gives way, tempo does not
    before, after = before * patience, after * patience
    frames = round(before + length + after)
    side = style.hand if draws.chance(0.9) else 1 - style.hand
    return Timing(
        progress=np.clip((np.arange(frames) - before) / length, 0, 1),
        reps=reps,
        amplitude=style.amplitude * draws.uniform(0.8, 1.15),
        side=side,
    )


def _posture(one: Puppet, style: Style, draws: Draws) -> None:
    """Stand about: rest posture, sway, fidgeting hands, and settling down in the first frames."""
    frames = len(one.shift)
    sway = draws.sway(frames, 8)
    one.shift[:, 0] += draws.normal(0.04) + 0.02 * sway[:, 0]
    one.shift[:, 1] -= draws.uniform(0.0, 0.05)
    one.lean[:] += (style.slouch + draws.normal(0.07), draws.normal(0.06), draws.normal(0.15))
    one.lean += sway[:, 1:4] * (0.04, 0.03, 0.08)
    one.nod += (draws.normal(0.2), draws.normal(0.3))
    one.nod += 0.1 * sway[:, 4:6]
    # People turn to the camera or look about before they begin.
    settle = np.exp(-np.arange(frames) / draws.uniform(4, 14))
    one.lean += np.outer(settle, [draws.normal(std) for std in (0.17, 0.12, 0.5)])
    stagger = draws.normal(0.11)
    for side in (0, 1):
        one.feet[side] += (style.stance + draws.uniform(0, 0.1), 0, (2 * side - 1) * stagger)
        one.elbows[side, :, 0] += draws.uniform(-0.3, 0.3)
        one.hands[side] = _rest(frames, style.rests[side], draws)


def _rest(frames: int, favourite: int, draws: Draws) -> Array:
    """Rest a hand, in some clips first here and then there, (T, 3)."""

    def place() -> Array:
        kind = favourite if draws.chance(0.4) else draws.integer(0, len(RESTS) - 1)
        return np.asarray(RESTS[kind] + [draws.normal(0.06) for _ in range(3)])

    here, there = place(), place()
    middle, hurry = draws.uniform(0.1, 0.9) * frames, draws.uniform(3, 8)
    moves = draws.chance(0.5)
    weight = 1 / (1 + np.exp(-(np.arange(frames) - middle) / hurry)) * moves
    return mix(weight, np.zeros((frames, 3)) + here, there) + 0.03 * draws.sway(frames, 3)


def _turn(points: Array, angle: float) -> Array:
    """Turn points (..., 3) about the vertical by an angle in radians."""
    return np.asarray(points @ rotation(np.array([[0, 0, angle]]))[0].T)
