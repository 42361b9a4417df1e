"""A synthetic data set: skeletons of people who wave, kick, bow, shake hands and more.

It needs no download, is the same for the same seed, and behaves as recordings do: performers
differ, cameras differ, nobody starts on the first frame, and joints are noisy or lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import lcm

import numpy as np

from skelter import _checks
from skelter.data._clip import Clip
from skelter.data.store._store import SkeletonStore
from skelter.data.synthetic._camera import BLUR, blur, film, lose
from skelter.data.synthetic._draws import Array, Draws
from skelter.data.synthetic._landmarks import placement
from skelter.data.synthetic._performance import ACTIONS as ACTION_SPECS
from skelter.data.synthetic._performance import Style, perform
from skelter.layouts import NTU25, SkeletonLayout

__all__ = ["ACTIONS", "generate"]

ACTIONS: tuple[str, ...] = tuple(ACTION_SPECS)
"""The names of the action classes that `generate` knows."""

FPS = 30.0


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
        subjects: How many performers there are; they differ in body, tempo, amplitude, posture
            and handedness.
        views: How many cameras there are: the first before the scene, the others around it.
        layout: The skeleton. Joints are found by their names ('head', 'ElbowLeft', 'base of
            spine'); a joint of another name lies between its neighbours.
        classes: Names out of `ACTIONS`, in the order of their labels; all of them by default.
        noise: Standard deviation of the white noise in metres, about twice that at hands and
            feet; slow drift comes with it. 0 for none.
        dropped: Probability, 0 to 1, that a person's hands or feet are lost (all zeros) for
            a part of the clip.
        seed: Of all randomness; the global generators are neither used nor changed.

    Returns:
        A store of ``len(classes) * clips_per_class`` clips, class by class. Clips have shape
        (T, 2, V, 3) with 40 to 110 frames at 30 Hz, in metres, in the frame of a camera that
        looks along z, with y up. The second person is all zeros in actions of one person.

    Raises:
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
    _checks.between("noise", noise, 0.0, 1.0, "It is in metres; trackers have about 0.01.")
    _checks.between("dropped", dropped, 0.0, 1.0, "It is a probability.")
    names = _known(ACTIONS if classes is None else classes)
    studio = _Studio(placement(layout), noise=noise, dropped=dropped, seed=seed)
    clips = [
        studio.record(action, label, *cast)
        for label, action in enumerate(names)
        for cast in _casts(clips_per_class, subjects, views)
    ]
    return SkeletonStore.from_clips(
        clips, layout=layout, label_names=names, fps=FPS, name="synthetic"
    )


def _known(classes: Sequence[str]) -> tuple[str, ...]:
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
    """Yield subject, view (both from 1) and repetition: each prefix is as even as can be."""
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
