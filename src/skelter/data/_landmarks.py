"""Which landmark of the body a layout means by a joint's name."""

from __future__ import annotations

import re

import numpy as np

from skelter.data._body import LANDMARKS
from skelter.data._draws import Array
from skelter.layouts import SkeletonLayout

# What joints are called beside the landmarks' own names; the words of a name in any order.
ALIASES = {
    "pelvis": "base spine|waist|hip centre|hip|root|spine base|spine bottom",
    "spine": "spine centre|spine|torso|trunk|abdomen|belly|stomach|navel|spine navel|body centre",
    "chest": "chest|thorax|spine shoulder|shoulder centre|spine chest|spine upper|spine top",
    "neck": "neck|neck centre|neck base",
    "head": "head|head centre|face|skull",
    "crown": "crown|head tip|head top|head end|headtip",
    "nose": "nose",
    "eye": "eye",
    "ear": "ear",
    "collar": "collar|clavicle",
    "shoulder": "shoulder|upper arm",
    "elbow": "elbow|forearm|lower arm",
    "wrist": "wrist",
    "hand": "hand|palm",
    "tip": "hand tip|tip|finger|fingertip|finger tip|handtip|index|index finger|hand end",
    "thumb": "thumb|thumb tip",
    "hip": "hip|upper leg|thigh",
    "knee": "knee|lower leg|shin",
    "ankle": "ankle",
    "foot": "foot|feet",
    "toe": "toe|toe base|big toe|small toe|foot tip|foot index|toe tip|toe end",
    "heel": "heel",
}
SPELLINGS = {
    **dict.fromkeys(("center", "middle", "mid", "central"), "centre"),
    **dict.fromkeys(("l", "lft"), "left"),
    **dict.fromkeys(("r", "rgt"), "right"),
    **dict.fromkeys(("hips", "hip"), "hip"),
    **dict.fromkeys(("toes", "toe"), "toe"),
    **dict.fromkeys(("shoulders", "shoulder"), "shoulder"),
    "lower": "lower",
}
IDLE = {"of", "the", "joint", "level", "at", "j"}
WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")
MEANINGS = {
    frozenset(words.split()): landmark
    for landmark, names in ALIASES.items()
    for words in names.split("|")
}


def landmark_of(joint: str) -> str | None:
    """Return the landmark that a joint's name means, None where it means none.

    Example:
        >>> landmark_of("SpineBase"), landmark_of("ElbowLeft"), landmark_of("base of spine")
        ('pelvis', 'left elbow', 'pelvis')
        >>> landmark_of("r_knee"), landmark_of("tail")
        ('right knee', None)
    """
    found = [word.lower() for word in WORD.findall(joint)]
    words = {SPELLINGS.get(word, word) for word in found} - IDLE
    sides = words & {"left", "right"}
    landmark = MEANINGS.get(frozenset(words - sides))
    if landmark is None or len(sides) > 1:
        return None
    for name in ([f"{side} {landmark}" for side in sides], [landmark])[not sides]:
        if name in LANDMARKS:
            return name
    return None


def placement(layout: SkeletonLayout) -> Array:
    """Return how the joints of a layout mix the landmarks: a matrix (V, len(LANDMARKS)).

    A joint of a known name is a landmark. Others are the mean of their neighbours that are
    placed, outward from the known ones.

    Raises:
        ValueError: The layout has no joint of a known name.
    """
    mix = np.zeros((layout.num_joints, len(LANDMARKS)))
    for joint, name in enumerate(layout.joints):
        landmark = landmark_of(name)
        if landmark is not None:
            mix[joint, LANDMARKS.index(landmark)] = 1
    if not mix.any():
        raise ValueError(
            f"`layout` must name joints of a human body, such as 'head', 'left elbow' or "
            f"'HipRight'; got layout {layout.name} with {list(layout.joints)}. Rename its joints, "
            "or generate for NTU25 and take the joints you need."
        )
    while not mix.any(1).all():
        mix = _spread(mix, layout)
    return mix


def _spread(mix: Array, layout: SkeletonLayout) -> Array:
    """Place the joints that have a placed neighbour; failing all, those of a loose piece."""
    placed, spread = mix.any(1), mix.copy()
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
