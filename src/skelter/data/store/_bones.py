"""Does a store hold bodies of its layout? A joint order of another source gives absurd bones.

Lengths alone do not tell: of real recordings in the right order, the longest bone is 3 to 55 times
the shortest. But a bone of a body is about as short as any way between its two joints. Its *detour*
is its length over the longest step of the best way through all joints. The second largest detour
of a body (left and right come in pairs) is 1.0 to 1.4 in recordings of Kinect sensors, up to 2.0 in
landmarks of a face, and 2.6 or more in a wrong order of joints.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from skelter.data.store._index import ClipIndex, Frames
from skelter.layouts import SkeletonLayout

Array = npt.NDArray[np.float64]
CLIPS, FRAMES = 32, 32  # that are looked at
FEWEST_FRAMES, FEWEST_JOINTS = 8, 6
LARGEST_DETOUR = 2.2
LEAST = 1e-9  # in the place of no length
# Bones keep their length over time. Where they do not, the clips show noise and not a body.
LARGEST_VARIATION = 0.35


def warn_of_bones(
    frames: Frames, index: ClipIndex, layout: SkeletonLayout, *, stacklevel: int
) -> None:
    """Warn if bones are far too long, as they are when joints come in another order.

    It looks at some frames of some clips, in which every joint is there.
    """
    if layout.num_joints < FEWEST_JOINTS:
        return
    ends = np.array(layout.bones)
    found = [_measure(body, ends) for body in _bodies(frames, index, layout)]
    if not found:
        return
    measured = zip(*found, strict=True)
    lengths, detours, variations = (np.median(values, axis=0) for values in measured)
    second, variation = float(np.sort(detours)[-2]), float(np.median(variations))
    if second < LARGEST_DETOUR or variation > LARGEST_VARIATION:
        return
    pairs = ends[np.argsort(-detours)[:2]].tolist()
    bones = " and ".join(f"{layout.joints[a]!r} - {layout.joints[b]!r}" for a, b in pairs)
    shortest = max(float(lengths.min()), LEAST)
    warnings.warn(
        f"these clips do not look like bodies of layout {layout.name}: the bones {bones} are "
        f"{second:.1f} times as long as any step between other joints on the way, where a body has "
        f"less than {LARGEST_DETOUR}. The longest bone is {lengths.max() / shortest:.0f} times the "
        f"shortest, and bones vary by {variation:.0%} over time. Are the joints in the order of "
        "layout.joints? Files of other sources have other orders, such as the .mat files of "
        "UTD-MHAD, which do not fit KINECT20 as they are. Reorder them: joints[..., order, :].",
        stacklevel=stacklevel,
    )


def _bodies(frames: Frames, index: ClipIndex, layout: SkeletonLayout) -> Iterator[Array]:
    """Yield the positions (T, V, C) of each person in a sample of frames of a sample of clips."""
    C = min(frames.shape[-1], layout.dimensions)
    for number in _spread(len(index), CLIPS):
        start, end = index.offsets[number : number + 2]
        clip = frames[start + _spread(end - start, FRAMES), ..., :C].astype(np.float64)
        for body in clip.swapaxes(0, 1):
            complete = body[(body != 0).any(-1).all(-1)]
            if len(complete) >= FEWEST_FRAMES:
                yield complete


def _spread(count: int, most: int) -> npt.NDArray[np.int64]:
    """Return some numbers below a count, at equal distances."""
    return np.arange(min(count, most)) * count // min(count, most)


def _measure(body: Array, bones: npt.NDArray[np.int64]) -> tuple[Array, Array, Array]:
    """Return the median length, the detour and the variation over frames of each bone."""
    lengths = np.linalg.norm(body[:, bones[:, 0]] - body[:, bones[:, 1]], axis=-1)
    apart = np.median(np.linalg.norm(body[:, :, None] - body[:, None], axis=-1), axis=0)
    steps = _longest_steps(apart)[bones[:, 0], bones[:, 1]]
    detours = apart[bones[:, 0], bones[:, 1]] / np.maximum(steps, LEAST)
    return np.median(lengths, 0), detours, lengths.std(0) / np.maximum(lengths.mean(0), LEAST)


def _longest_steps(apart: Array) -> Array:
    """Return, for each two points, the longest step on the way whose longest step is shortest.

    The way lies in the shortest tree that joins all points, which grows point by point (Prim).
    """
    V = len(apart)
    longest = np.zeros((V, V))
    joined = np.arange(V) == 0
    nearest, neighbour = apart[0].copy(), np.zeros(V, dtype=np.int64)
    for _ in range(V - 1):
        point = int(np.where(joined, np.inf, nearest).argmin())
        way = np.maximum(longest[neighbour[point]], nearest[point])
        longest[point] = longest[:, point] = np.where(joined, way, 0)
        joined[point] = True
        closer = apart[point] < nearest
        nearest[closer], neighbour[closer] = apart[point][closer], point
    return longest
