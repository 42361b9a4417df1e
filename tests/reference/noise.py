"""Noise and filters along time, one clip (C, T, V, M) at a time, in float64.

A joint is there if one of its coordinates is not zero.
"""

from __future__ import annotations

import math

import numpy as np


def is_there(clip, t, v, m):
    return any(clip[c, t, v, m] != 0 for c in range(clip.shape[0]))


def places(clip):
    """All (t, v, m) where a joint is there."""
    _, T, V, M = clip.shape
    return [
        (t, v, m) for t in range(T) for v in range(V) for m in range(M) if is_there(clip, t, v, m)
    ]


def add_noise(clip, noise):
    """Noise of the same shape, or of size 1 along some axes."""
    full = np.broadcast_to(noise, clip.shape)
    out = clip.copy()
    for t, v, m in places(clip):
        for c in range(clip.shape[0]):
            out[c, t, v, m] += full[c, t, v, m]
    return out


def diagonal(points):
    """The diagonal of the box around points, each a row of coordinates."""
    if not points:
        return 0.0
    return math.sqrt(sum((max(axis) - min(axis)) ** 2 for axis in zip(*points, strict=True)))


def box_noise(clip, direction, length, box):
    """Directions (C, T, V, M) not yet of length 1, lengths (T, V, M) in diagonals."""
    C = clip.shape[0]
    here = places(clip)
    out = clip.copy()
    for t, v, m in here:
        points = [clip[:, a, b, n] for a, b, n in here if box == "clip" or (a == t and n == m)]
        norm = math.sqrt(sum(direction[c, t, v, m] ** 2 for c in range(C)))
        for c in range(C):
            unit = direction[c, t, v, m] / norm
            out[c, t, v, m] += unit * length[t, v, m] * diagonal(points)
    return out


def motion_noise(clip, noise, unit=1.0, most=10.0):
    C, T, V, M = clip.shape
    out = clip.copy()
    for t in range(T):
        square = {}
        for v in range(V):
            for m in range(M):
                if not is_there(clip, t, v, m):
                    continue
                square[v, m] = 0.0
                if t > 0 and is_there(clip, t - 1, v, m):
                    step = clip[:, t, v, m] - clip[:, t - 1, v, m]
                    square[v, m] = sum((step[c] / unit) ** 2 for c in range(C))
        for (v, m), own in square.items():
            exponent = own - sum(square.values()) / len(square)
            out[:, t, v, m] += noise[:, t, v, m] * min(math.exp(min(exponent, 50)), most)
    return out


def joint_noise(clip, joints, noise):
    """Noise (C, T, k, M) on k joints."""
    full = np.zeros_like(clip)
    for place, joint in enumerate(joints):
        full[:, :, joint] = noise[:, :, place]
    return add_noise(clip, full)


def frame_noise(clip, frames, noise):
    """Noise (C, k, V, M) on k frames."""
    full = np.zeros_like(clip)
    for place, frame in enumerate(frames):
        full[:, frame] = noise[:, place]
    return add_noise(clip, full)


def impulse_noise(clip, hits, factor=5.0):
    """Hits (T, V, M): 0 leaves a joint, 1 multiplies it, 2 makes it zero."""
    out = clip.copy()
    for t, v, m in np.ndindex(hits.shape):
        out[:, t, v, m] *= (1.0, factor, 0.0)[hits[t, v, m]]
    return out


def temporal_blur(clip, sigma, num_frames, radius=7, normalise=True):
    C, out = len(clip), np.zeros_like(clip)
    for t, v, m in places(clip):
        if t >= num_frames:
            continue
        total = 0.0
        for k in range(-radius, radius + 1):
            if 0 <= t + k < num_frames and is_there(clip, t + k, v, m):
                weight = math.exp(-(k**2) / (2 * sigma**2))
                total += weight
                for c in range(C):
                    out[c, t, v, m] += weight * clip[c, t + k, v, m]
        if normalise:
            out[:, t, v, m] /= total
    return out


def savitzky_golay(clip, num_frames, window=15, order=2):
    """Fit a polynomial to each window, by NumPy's least squares."""
    C, _, V, M = clip.shape
    size = window
    while size > num_frames:
        size -= 2
    half = size // 2
    out = clip.copy()
    for t in range(num_frames):
        start = min(max(t - half, 0), num_frames - size)
        time = np.arange(start, start + size)
        for v, m in np.ndindex(V, M):
            if not all(is_there(clip, a, v, m) for a in time):
                continue
            for c in range(C):
                fit = np.polyfit(time - t, clip[c, time, v, m], min(order, size - 1))
                out[c, t, v, m] = fit[-1]
    return out
