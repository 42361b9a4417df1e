"""Which landmark of the body a layout means by a joint's name."""

from __future__ import annotations

import numpy as np

from skelter import _checks
from skelter.data._synthesis.body import LANDMARKS
from skelter.data._synthesis.draws import Array
from skelter.layouts import SkeletonLayout, joint_words

# What joints are called beside the landmarks' own names; the words of a name in any order.
MIDDLE = {
    "pelvis": "pelvis|base spine|bottom spine|waist|hip|hip centre|root",
    "spine": "spine|spine centre|spine navel|navel|torso|trunk|abdomen|belly|stomach|body centre",
    "chest": "chest|spine chest|thorax|spine shoulder|shoulder centre|upper spine|top spine",
    "neck": "neck|neck centre|neck base",
    "head": "head|head centre|face|skull",
    "crown": "crown|head tip|head top|head end|headtip",
    "nose": "nose",
}
SIDED = {
    "eye": "eye",
    "ear": "ear",
    "collar": "collar|clavicle",
    "shoulder": "shoulder|upper arm",
    "elbow": "elbow|forearm|lower arm",
    "wrist": "wrist",
    "hand": "hand|palm",
    "tip": "tip|hand tip|handtip|hand end|finger|fingertip|finger tip|index|index finger",
    "thumb": "thumb|thumb tip",
    "hip": "hip|upper leg|thigh",
    "knee": "knee|lower leg|shin",
    "ankle": "ankle",
    "foot": "foot|feet",
    "toe": "toe|big toe|small toe|toe base|toe tip|toe end|foot tip|foot index",
    "heel": "heel",
}
SPELLINGS = {"l": "left", "r": "right", "hips": "hip", "toes": "toe", "shoulders": "shoulder"}


def _meanings(table: dict[str, str], prefix: str = "") -> dict[frozenset[str], str]:
    return {
        frozenset(f"{prefix} {words}".split()): f"{prefix} {landmark}".strip()
        for landmark, names in table.items()
        for words in names.split("|")
    }


MEANINGS = _meanings(MIDDLE) | _meanings(SIDED, "left") | _meanings(SIDED, "right")


def landmark_of(joint: str) -> str | None:
    """Return the landmark that a joint's name means, None where it means none.

    Example:
        >>> landmark_of("SpineBase"), landmark_of("ElbowLeft"), landmark_of("middle of spine")
        ('pelvis', 'left elbow', 'spine')
        >>> landmark_of("r_knee"), landmark_of("tail")
        ('right knee', None)
    """
    words = (word for word in joint_words(joint) if not word.isdigit())
    return MEANINGS.get(frozenset(SPELLINGS.get(word, word) for word in words))


def placement(layout: SkeletonLayout) -> Array:
    """Return how the joints of a layout mix the landmarks: a matrix (V, len(LANDMARKS)).

    A joint of a known name is a landmark. Others are the mean of their neighbours that are
    placed, outward from the known ones.

    Raises:
        ValueError: The layout has no joint of a known name.
    """
    mix = np.zeros((layout.num_joints, len(LANDMARKS)))
    for joint, name in enumerate(layout.joints):
        if (landmark := landmark_of(name)) is not None:
            mix[joint, LANDMARKS.index(landmark)] = 1
    _checks.require(
        bool(mix.any()),
        "`layout`",
        "name joints of a human body, such as 'head', 'left elbow' or 'HipRight'",
        f"layout {layout.name} with {list(layout.joints)}",
        "Rename its joints, or generate for NTU25 and take the joints you need.",
    )
    while not mix.any(1).all():
        mix = _spread(mix, layout)
    return mix


def _spread(mix: Array, layout: SkeletonLayout) -> Array:
    """Place the joints that have a placed neighbour; failing all, those of a loose piece."""
    placed, spread = np.asarray(mix.any(1)), mix.copy()
    for child, parent in layout.bones:
        for joint, neighbour in ((child, parent), (parent, child)):
            if not placed[joint] and placed[neighbour]:
                spread[joint] += mix[neighbour]
    fresh = spread.any(1) & ~placed
    if not fresh.any():
        spread[~placed, LANDMARKS.index("spine")] = 1
        return spread
    spread[fresh] /= spread[fresh].sum(1, keepdims=True)
    return spread
