"""Which frames a clip shows: lists of frames for one clip, and what is read at them, in float64."""

from __future__ import annotations

import cmath
import math

import numpy as np


def read(clip, places):
    """Read a clip (C, T, V, M) at places between frames. None leaves a frame of zeros."""
    out = np.zeros((clip.shape[0], len(places), *clip.shape[2:]))
    for row, place in enumerate(places):
        if place is None:
            continue
        low = math.floor(place)
        high = min(low + 1, clip.shape[1] - 1)
        out[:, row] = clip[:, low] * (1 - (place - low)) + clip[:, high] * (place - low)
    return out


def behind(frames, n, T):
    """The frames of n valid ones, and padding where it was."""
    return list(frames) + list(range(n, T))


def resize(start, length, frames):
    return [
        start + min(max((j + 0.5) * length / frames - 0.5, 0), length - 1) for j in range(frames)
    ]


def crop_reflect(n, T, start, pad):
    own = list(range(n))
    longer = own[:pad][::-1] + own + own[n - pad :][::-1]
    return behind(longer[start : start + n], n, T)


def reverse(n, T):
    return behind(range(n - 1, -1, -1), n, T)


def roll(n, T, offset):
    own = list(range(n))
    return behind(own[offset:] + own[:offset], n, T)


def shuffle(n, T, order):
    chunks, filled = len(order), list(range(n))
    while len(filled) % chunks:
        filled.append(n - 1)
    size = len(filled) // chunks
    moved = [frame for chunk in order for frame in filled[chunk * size : (chunk + 1) * size]]
    return behind(moved[:n], n, T)


def window(n, start, frames):
    return [start + t if 0 <= start + t < n else None for t in range(frames)]


def loop(n, frames):
    return [t % n for t in range(frames)]


def spread(length, frames, offsets, skipped):
    """One frame a segment, or single frames left out before and behind the others."""
    if length >= 2 * frames:
        return [i * length // frames + offsets[i] for i in range(frames)]
    return [i + sum(place <= i for place in skipped) for i in range(frames)]


def equal_segments(n, frames, shift, offsets):
    size = n // frames
    if size == 0:
        return [*range(n), *[None] * (frames - n)]
    return [shift + i * size + offsets[i] for i in range(frames)]


def speed(n, length, frames):
    return [
        min(max((j + 0.5) * n / length - 0.5, 0), n - 1) if j < length else None
        for j in range(frames)
    ]


def warp(start, length, a, b, frames):
    places = []
    for j in range(frames):
        u = (j + 0.5) / frames
        w = u + a * math.sin(math.pi * u) / math.pi + b * math.sin(2 * math.pi * u) / (2 * math.pi)
        places.append(start + min(max(w * length - 0.5, 0), length - 1))
    return places


def cycle_heights(n, count, is_sine):
    """How often every frame is shown, before that is rounded."""
    height = math.sin if is_sine else math.cos
    wave = [abs(height(t * count * math.pi / max(n - 1, 1))) for t in range(n)]
    if sum(wave) < 1e-6 * n:
        wave = [1.0] * n
    return [value * n / sum(wave) for value in wave]


def cycles(n, T, count, is_sine, keys):
    """The keys say which frames make up for the rounding, smallest first."""
    shown = [round(value) for value in cycle_heights(n, count, is_sine)]
    excess = sum(shown) - n
    wanted = sorted(range(n), key=lambda t: keys[t])
    if excess > 0:
        chosen = [t for t in wanted if shown[t] > 0]
    else:
        chosen = [t for t in wanted if shown[t] == 0] + [t for t in wanted if shown[t] > 0]
    for t in chosen[: abs(excess)]:
        shown[t] -= 1 if excess > 0 else -1
    return behind([t for t in range(n) for _ in range(shown[t])], n, T)


def drop(n, T, dropped):
    kept = [t for t in range(n) if t not in dropped]
    return kept + [None] * (T - len(kept))


def downsample(n, T, step, start):
    frames = list(range(start, n, step))
    return frames + [None] * (-(-T // step) - len(frames))


def fourier(clip, n, length, frames):
    """By the definition of the transform: what is above the shorter one's frequencies is left out.

    A joint that is missing in the nearest frame is missing.
    """
    C, _, V, M = clip.shape
    out = np.zeros((C, frames, V, M))
    fewer = min(n, length)
    for c, v, m in np.ndindex(C, V, M):
        series = clip[c, :n, v, m]
        spectrum = {
            k: sum(series[t] * cmath.exp(-2j * math.pi * k * t / n) for t in range(n))
            for k in range(-(fewer // 2), fewer // 2 + 1)
        }
        for j in range(min(length, frames)):
            near = min(math.floor(j * n / length + 0.5), n - 1)
            if not clip[:, near, v, m].any():
                continue
            total = 0
            for k, value in spectrum.items():
                # At the highest of an even number of frequencies, k and -k are one. When
                # frames are left out, both are kept.
                share = 0.5 if 2 * abs(k) == fewer and length >= n else 1.0
                total += share * (value * cmath.exp(2j * math.pi * k * j / length)).real
            out[c, j, v, m] = total / n
    return out


def scale_motion(clip, scale, n):
    out = clip.copy()
    _, _, V, M = clip.shape
    for t in range(1, n - 1):
        for v, m in np.ndindex(V, M):
            before, own, after = (clip[:, t + step, v, m] for step in (-1, 0, 1))
            if before.any() and own.any() and after.any():
                middle = (before + after) / 2
                out[:, t, v, m] = middle + scale * (own - middle)
    return out
