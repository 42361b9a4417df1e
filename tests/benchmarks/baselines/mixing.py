"""Mixing in NumPy, one clip (C, T, V, M) and its partner at a time."""

from __future__ import annotations

import numpy as np
from benchmarks.baselines._rows import PairRow

from skelter import transforms as T
from skelter.transforms import presets

PARTS = [[0, 1, 2, 3, 20], [4, 5, 6, 7, 21, 22], [8, 9, 10, 11, 23, 24], [12, 13, 14, 15],
         [16, 17, 18, 19]]  # fmt: skip


def region(rng, num_frames, blocks):
    """Return joints, and the first and the last frame."""
    chosen = rng.choice(5, rng.integers(2, 4), replace=False)
    count = rng.integers(blocks[0], blocks[1] + 1)
    start = 4 * rng.integers(0, num_frames // 4 - count + 1)
    return np.concatenate([PARTS[part] for part in chosen]), start, start + 4 * count


def mix_regions(clip, other, num_frames, rng):
    joints, start, end = region(rng, num_frames, (7, 11))
    out = clip.copy()
    out[:, start:end, joints] = other[:, start:end, joints]
    return out


def resize_mix(clip, other, num_frames, rng):
    joints, start, end = region(rng, num_frames, (3, 5))
    out = clip.copy()
    out[:, start:end, joints] = other[:, : 2 * (end - start) : 2, joints]
    return out


def mixup(clip, other, num_frames, rng):
    share = np.float32(rng.uniform())
    return (1 - share) * clip + share * other


def mix_axes(clip, other, num_frames, rng):
    total = np.zeros_like(clip)
    for axis in range(3):
        copy = (other if rng.uniform() < 0.5 else clip).copy()
        copy[axis] = 0
        total += copy
    return total / 2


def resize(clip, frames):
    position = np.clip((np.arange(frames) + 0.5) * clip.shape[1] / frames - 0.5, 0, None)
    first = np.minimum(position.astype(int), clip.shape[1] - 1)
    second = np.minimum(first + 1, clip.shape[1] - 1)
    share = (position - first).astype(np.float32)[:, None, None]
    return clip[:, first] * (1 - share) + clip[:, second] * share


def mix_in_time(clip, other, num_frames, rng):
    frames = max(1, int(rng.uniform() * num_frames))
    parts = [resize(clip[:, :num_frames], frames), clip[:, num_frames:]]
    if frames < num_frames:
        parts.insert(1, resize(other[:, :num_frames], num_frames - frames))
    return np.concatenate(parts, axis=1)


def mix_one_of(clip, other, num_frames, rng):
    draw = rng.uniform()
    chosen = mix_regions if draw < 0.5 else resize_mix if draw < 0.75 else mixup
    return chosen(clip, other, num_frames, rng)


PAIRS = [
    PairRow("regions of a partner", lambda: T.MixRegions(), mix_regions),
    PairRow("resized regions of a partner", lambda: T.ResizeMix(), resize_mix),
    PairRow("mixup", lambda: T.Mixup(), mixup),
    PairRow("mixed axes", lambda: T.MixAxes(), mix_axes),
    PairRow("mixed in time", lambda: T.MixInTime(), mix_in_time),
    PairRow("one of three mixings", presets.actclr_mixer, mix_one_of),
]
