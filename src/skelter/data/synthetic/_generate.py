"""Clips that a depth camera records of performances: a viewpoint, noise, and lost joints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import lcm

import numpy as np

from skelter import _checks
from skelter.data._clip import Clip
from skelter.data.store._store import SkeletonStore
from skelter.data.synthetic._body import LANDMARKS, rotation
from skelter.data.synthetic._draws import Array, Draws
from skelter.data.synthetic._landmarks import placement
from skelter.data.synthetic._performance import ACTIONS as ACTION_SPECS
from skelter.data.synthetic._performance import Style, perform
from skelter.layouts import NTU25, SkeletonLayout, check_layout

ACTIONS: tuple[str, ...] = tuple(ACTION_SPECS)
"""The names of the action classes that `generate` knows."""

FPS = 30.0

# The noise of a landmark in units of `noise`, and the ones that can be lost. Trackers are sure of
# the trunk; hands and feet blur, vanish behind the body or leave the picture.
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


def generate(
    *,
    clips_per_class: int = 60,
    subjects: int = 10,
    views: int = 3,
    layout: SkeletonLayout = NTU25,
    classes: Sequence[str] | None = None,
    noise: float = 0.012,
    dropped: float = 0.4,
    seed: int = 0,
) -> SkeletonStore:
    """Generate skeleton clips of everyday actions.

    Each clip is a performance of its own: no two clips show the same movement, not even from
    two views. A clip depends on the seed, its class, subject, view and repetition (and on the
    arguments that shape it: layout, noise, dropped), but not on which other clips are made.

    Args:
        clips_per_class: Clips of each class, spread evenly over subjects and views.
        subjects: The number of performers. They differ in body, tempo, amplitude, posture and
            handedness.
        views: The number of cameras: the first before the scene, the others around it.
        layout: The skeleton. Joints are found by their names ('head', 'ElbowLeft', 'base of
            spine'). A joint of another name lies between its neighbours.
        classes: Names out of `ACTIONS`, in the order of their labels. All of them by default.
        noise: Standard deviation of the white noise in metres, about twice that at hands and
            feet. Slow drift comes with it. 0 for none.
        dropped: Probability, 0 to 1, that a person's hands or feet are lost (all zeros) for
            a part of the clip.
        seed: The seed of all draws. The global generators are neither used nor changed.

    Returns:
        A store of ``len(classes) * clips_per_class`` clips, class by class. Clips have shape
        (T, 2, V, 3) with 40 to 110 frames at 30 Hz, in metres, in the frame of a camera that
        looks along z, with y up, and so says the layout of the store. The second person is
        all zeros in actions of one person.

    Raises:
        TypeError: A count or the seed is not an integer, or `layout` is not a layout.
        ValueError: A class is unknown, a number is out of its range, or no joint of the layout
            is known.

    Example:
        >>> store = generate(clips_per_class=2, classes=["wave", "handshake"])
        >>> x, num_frames, labels = store.batch([0, 3])
        >>> x.shape[:2], x.shape[3:], labels.tolist()
        (torch.Size([2, 3]), torch.Size([25, 2]), [0, 1])
    """
    for name, count in (("clips_per_class", clips_per_class), ("subjects", subjects)):
        _checks.positive_int(name, count)
    _checks.positive_int("views", views)
    _checks.whole("seed", seed)
    _checks.between("noise", noise, 0.0, 1.0, "It is in metres; trackers have about 0.01.")
    _checks.between("dropped", dropped, 0.0, 1.0, "It is a probability.")
    names = _check_classes(ACTIONS if classes is None else classes)
    studio = _Studio(placement(check_layout(layout)), noise=noise, dropped=dropped, seed=seed)
    clips = [
        studio.record(action, label, *cast)
        for label, action in enumerate(names)
        for cast in _casts(clips_per_class, subjects, views)
    ]
    return SkeletonStore.from_clips(
        clips, layout=replace(layout, up="y"), label_names=names, fps=FPS, name="synthetic"
    )


def _check_classes(classes: Sequence[str]) -> tuple[str, ...]:
    names = (classes,) if isinstance(classes, str) else tuple(classes)
    for name in names:
        _checks.choice("classes", name, ACTIONS)
    _checks.require(
        0 < len(names) == len(set(names)),
        "`classes`",
        "be distinct names out of skelter.data.synthetic.ACTIONS, at least one",
        names,
        f"Leave it out for all {len(ACTIONS)}.",
    )
    return names


def _casts(clips: int, subjects: int, views: int) -> Iterator[tuple[int, int, int]]:
    """Yield subject, view (both from 1) and repetition, as evenly as possible."""
    round_trip = lcm(subjects, views)
    for i in range(clips):
        # Without the shift, subject and view would meet in the same pairs again.
        view = (i + i // round_trip) % views
        yield i % subjects + 1, view + 1, i // (subjects * views) + 1


@dataclass(frozen=True)
class _Studio:
    mix: Array  # (V, len(LANDMARKS))
    noise: float
    dropped: float
    seed: int

    def record(self, action: str, label: int, subject: int, view: int, take: int) -> Clip:
        """Record one clip."""
        draws = Draws(self.seed, "clip", action, subject, view, take)
        spec = ACTION_SPECS[action]
        styles = [self._style(subject)]
        if spec.persons == 2:  # the partner changes from clip to clip
            styles.append(Style.draw(draws))
        points = perform(spec, tuple(styles), draws)
        if spec.persons == 2 and draws.chance(0.5):  # who comes first is the tracker's whim
            points = points[::-1]
        joints = film(points, view, draws)
        joints = np.einsum("vl,mtlc->mtvc", self.mix, joints, optimize=True)
        joints = blur(joints, self.mix @ BLUR, self.noise, draws)
        joints = lose(joints, self.mix, self.dropped, draws)
        filmed = np.zeros((joints.shape[1], 2, *joints.shape[2:]), dtype=np.float32)
        filmed[:, : len(joints)] = joints.swapaxes(0, 1)
        number = ACTIONS.index(action) + 1
        name = f"S{subject:02}V{view}A{number:02}R{take:02}"
        return Clip(filmed, label=label, subject=subject, view=view, name=name)

    def _style(self, subject: int) -> Style:
        return Style.draw(Draws(self.seed, "subject", subject))


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

    The white noise has the standard deviation ``noise * unsure`` metres, (V,).
    """
    M, T, V, _ = joints.shape
    white = draws.normals(M, T, V, 3)
    drift = np.moveaxis(draws.sway(T, M, V, 3), 0, 1)
    # Trackers need some frames until they have found the body.
    start = 1 + 1.5 * np.exp(-np.arange(T) / 2.5)[:, None, None]
    return joints + noise * unsure[:, None] * (white * start + drift)


def lose(joints: Array, mix: Array, dropped: float, draws: Draws) -> Array:
    """Set joints (M, T, V, 3) of one or two limbs to zero for a while, with a probability."""
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
