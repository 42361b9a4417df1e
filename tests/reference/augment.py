"""The augmentations of the paper, one clip (C, T, V, M) at a time, in float64."""

from __future__ import annotations

import math

import numpy as np


def shear(clip, matrix):
    C, T, V, M = clip.shape
    out = np.zeros_like(clip)
    for t in range(T):
        for v in range(V):
            for m in range(M):
                for i in range(C):
                    out[i, t, v, m] = sum(matrix[i, j] * clip[j, t, v, m] for j in range(C))
    return out


def mix_coordinates(clip, joints, matrix):
    C, T, _, M = clip.shape
    out = clip.copy()
    for t in range(T):
        for v in joints:
            for m in range(M):
                row = clip[:, t, v, m]
                for j in range(C):
                    out[j, t, v, m] = sum(row[i] * matrix[i, j] for i in range(C))
    return out


def map_joints(clip, matrices):
    """Joint v of every frame and person times its matrix, V matrices in all."""
    C, T, V, M = clip.shape
    out = np.zeros_like(clip)
    for t in range(T):
        for v in range(V):
            for m in range(M):
                for i in range(C):
                    out[i, t, v, m] = sum(matrices[v, i, j] * clip[j, t, v, m] for j in range(C))
    return out


def crop_resize(clip, start, length, frames):
    C, _, V, M = clip.shape
    out = np.zeros((C, frames, V, M))
    for j in range(frames):
        position = (j + 0.5) * length / frames - 0.5
        position = min(max(position, 0.0), length - 1.0)
        before = math.floor(position)
        after = min(before + 1, length - 1)
        weight = position - before
        out[:, j] = (1 - weight) * clip[:, start + before] + weight * clip[:, start + after]
    return out


def crop_length(valid, ratio, min_frames):
    return min(max(math.floor(valid * ratio), min_frames), valid)


def centre_crop(valid, ratio):
    start = int((1 - ratio) * valid / 2)
    return start, valid - 2 * start


def read_frames(clip, positions):
    """Read frames of a clip (C, T, V, M), or of a batch of clips, linearly between two of them."""
    if clip.ndim > 4:
        return np.stack([read_frames(one, own) for one, own in zip(clip, positions, strict=True)])
    out = []
    for position in positions:
        first = math.floor(position)
        share = position - first
        second = first if share == 0 else first + 1
        out.append((1 - share) * clip[:, first] + share * clip[:, second])
    return np.stack(out, axis=1)
