"""Bones and postures in NumPy, one clip (C, T, V, M) at a time, as research projects write them."""

from __future__ import annotations

import numpy as np
from benchmarks.baselines._rows import PairRow, Row

from skelter import transforms as T
from skelter.layouts import NTU25

# (child, parent) from the middle of the spine outwards.
BONES = [(0, 1), (20, 1), (2, 20), (3, 2), (4, 20), (5, 4), (6, 5), (7, 6), (22, 7), (21, 22),
         (8, 20), (9, 8), (10, 9), (11, 10), (24, 11), (23, 24), (12, 0), (13, 12), (14, 13),
         (15, 14), (16, 0), (17, 16), (18, 17), (19, 18)]  # fmt: skip
ROOT = 1
ARMS, LEGS = [*range(4, 12), *range(21, 25)], [*range(12, 20)]


def present(clip):
    return (clip != 0).any(0)


def rebuild(clip, factor):
    """Multiply bones by ``factor[joint]`` and rebuild the body."""
    out = clip.copy()
    for child, parent in BONES:
        bone = clip[:, :, child] - clip[:, :, parent]
        out[:, :, child] = out[:, :, parent] + bone * factor[child]
    return out * present(clip)


def rescale_bones(clip, num_frames, rng):
    factor = np.exp(rng.normal(0, 0.1, 25)).astype(np.float32)
    for left, right in NTU25.left_right:
        factor[right] = factor[left]
    return rebuild(clip, factor)


def scale_limbs(clip, num_frames, rng):
    trunk, arms, legs = rng.uniform(0.85, 1.15, (3, clip.shape[-1])).astype(np.float32)
    factor = np.tile(trunk, (25, 1))
    factor[ARMS], factor[LEGS] = arms, legs
    return rebuild(clip, factor)


def bone_lengths(clip):
    lengths = np.zeros(clip.shape[1:], np.float32)
    for child, parent in BONES:
        bone = clip[:, :, child] - clip[:, :, parent]
        lengths[:, child] = np.sqrt((bone**2).sum(0) + 1e-5)
    return lengths


def transfer_bones(clip, other, num_frames, rng):
    own, theirs = bone_lengths(clip), bone_lengths(other)
    factor = theirs / np.maximum(own, 1e-5)
    return rebuild(clip, factor.transpose(1, 0, 2))


def transfer_lengths(clip, other, num_frames, rng):
    own = np.sqrt((clip**2).sum(0) + 1e-5)
    theirs = np.sqrt((other**2).sum(0) + 1e-5)
    return clip * (theirs / own)


def transfer_path(clip, other, num_frames, rng):
    path = other[:, :, ROOT, None] - clip[:, :, ROOT, None]
    return (clip + path) * present(clip)


def transfer_statistics(clip, other, num_frames, rng):
    own, theirs = clip[:, :num_frames], other[:, :num_frames]
    mean, deviation = own.mean((1, 2), keepdims=True), own.std((1, 2), keepdims=True, ddof=1)
    moved = (clip - mean) / (deviation + 1e-5) * theirs.std((1, 2), keepdims=True, ddof=1)
    return (moved + theirs.mean((1, 2), keepdims=True)) * present(clip)


def transfer_motion(clip, other, num_frames, rng):
    own, theirs = clip[:, :num_frames], other[:, :num_frames]
    ratio = theirs.std(1, keepdims=True, ddof=1) / (own.std(1, keepdims=True, ddof=1) + 1e-3)
    moved = (clip - clip.mean(2, keepdims=True)) * ratio + other.mean(2, keepdims=True)
    return moved * present(clip)


def posture(clip, num_frames):
    valid = clip[:, :num_frames]
    return (valid - valid[:, :, ROOT, None]).mean(1, keepdims=True)


def swap_posture(clip, other, num_frames, rng):
    offset = np.float32(rng.uniform()) * (posture(other, num_frames) - posture(clip, num_frames))
    return (clip + offset) * present(clip)


ROWS = [
    Row("bone lengths", lambda: T.RescaleBones(), rescale_bones),
    Row("limbs", lambda: T.ScaleLimbs(), scale_limbs),
]

PAIRS = [
    PairRow("bone lengths of a partner", lambda: T.TransferBones(), transfer_bones),
    PairRow("lengths of a partner's vectors", lambda: T.TransferLengths(), transfer_lengths),
    PairRow("path of a partner", lambda: T.TransferPath(), transfer_path),
    PairRow("statistics of a partner", lambda: T.TransferStatistics(), transfer_statistics),
    PairRow("motion statistics of a partner", lambda: T.TransferMotion(), transfer_motion),
    PairRow("posture of a partner", lambda: T.SwapPosture(), swap_posture),
]
