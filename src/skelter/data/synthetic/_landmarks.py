"""The landmarks of the body that a layout means by the names of its joints."""

from __future__ import annotations

import numpy as np

from skelter import _checks
from skelter.data.synthetic._body import LANDMARKS
from skelter.data.synthetic._draws import Array
from skelter.layouts import SkeletonLayout, joint_words

# Names of joints beside the landmarks' own names. The words of a name may come in any order.
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
    "toe": "toe|big toe|toe base|toe tip|toe end|foot tip|foot index",
    "heel": "heel",
}
SPELLINGS = {"hips": "hip", "toes": "toe", "shoulders": "shoulder"}

# Joints between landmarks or beyond them, as weights that add up to 1.
MIXED = {
    "SIDE eye inner": {"SIDE eye": 0.75, "OTHER eye": 0.25},
    "SIDE eye outer": {"SIDE eye": 1.25, "OTHER eye": -0.25},
    "SIDE mouth": {"nose": 2.0, "SIDE eye": -0.25, "OTHER eye": -0.75},
    "SIDE small toe": {"SIDE toe": 1.0, "SIDE hip": 0.2, "OTHER hip": -0.2},
    "SIDE pinky": {"SIDE hand": 2.0, "SIDE thumb": -1.0},
}
Recipe = dict[str, float]  # a landmark's name and its weight


def _meanings(table: dict[str, str], prefix: str = "") -> dict[frozenset[str], Recipe]:
    return {
        frozenset(f"{prefix} {words}".split()): {f"{prefix} {landmark}".strip(): 1.0}
        for landmark, names in table.items()
        for words in names.split("|")
    }


def _mixtures(side: str, other: str) -> dict[frozenset[str], Recipe]:
    def fill(words: str) -> str:
        return words.replace("SIDE", side).replace("OTHER", other)

    return {
        frozenset(fill(joint).split()): {fill(name): weight for name, weight in recipe.items()}
        for joint, recipe in MIXED.items()
    }


MEANINGS = (
    _meanings(MIDDLE)
    | _meanings(SIDED, "left")
    | _meanings(SIDED, "right")
    | _mixtures("left", "right")
    | _mixtures("right", "left")
)


def recipe_of(joint: str) -> Recipe:
    """Return the weights of the landmarks that the name of a joint means, none if it is unknown.

    Example:
        >>> recipe_of("SpineBase"), recipe_of("ElbowLeft"), recipe_of("middle of spine")
        ({'pelvis': 1.0}, {'left elbow': 1.0}, {'spine': 1.0})
        >>> recipe_of("r_pinky"), recipe_of("tail")
        ({'right hand': 2.0, 'right thumb': -1.0}, {})
    """
    return MEANINGS.get(_words(joint), {})


def placement(layout: SkeletonLayout) -> Array:
    """Return the weights of the landmarks in each joint of a layout, (V, len(LANDMARKS)).

    A joint of a known name is a landmark, or mixes some. Others are the mean of their neighbours
    that are placed, outward from the known ones.

    Raises:
        ValueError: The layout has no joint of a known name.
    """
    mix = np.zeros((layout.num_joints, len(LANDMARKS)))
    for joint, name in enumerate(layout.joints):
        _put(mix[joint], recipe_of(name))
    _along_the_spine(mix, layout)
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


def _words(joint: str) -> frozenset[str]:
    words = (word for word in joint_words(joint) if not word.isdigit())
    return frozenset(SPELLINGS.get(word, word) for word in words)


def _put(row: Array, recipe: Recipe) -> None:
    for landmark, weight in recipe.items():
        row[LANDMARKS.index(landmark)] = weight


def _along_the_spine(mix: Array, layout: SkeletonLayout) -> None:
    """Place spine joints that are called spine, such as spine1 to spine3, evenly along it."""
    spine = [joint for joint, name in enumerate(layout.joints) if _words(name) == {"spine"}]
    if len(spine) < 2:
        return
    spine.sort(key=lambda joint: _number(layout.joints[joint]))
    for place, joint in enumerate(spine, 1):
        height = 2 * place / (len(spine) + 1)  # 0 is the pelvis, 1 the spine, 2 the chest
        weights = [max(0.0, 1 - abs(height - landmark)) for landmark in range(3)]
        _put(mix[joint], dict(zip(("pelvis", "spine", "chest"), weights, strict=True)))


def _number(joint: str) -> int:
    return max((int(word) for word in joint_words(joint) if word.isdigit()), default=0)


def _spread(mix: Array, layout: SkeletonLayout) -> Array:
    """Place the joints that have a placed neighbour, or else those of a loose piece."""
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
