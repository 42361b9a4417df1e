"""Frames chosen in NumPy, one clip (C, T, V, M) at a time, as research projects write it."""

from __future__ import annotations

import numpy as np
from benchmarks.baselines._rows import Row
from scipy.signal import resample

from skelter import transforms as T


def linear(clip, places):
    low = np.floor(places).astype(int)
    high = np.minimum(low + 1, clip.shape[1] - 1)
    share = (places - low)[:, None, None]
    return (clip[:, low] * (1 - share) + clip[:, high] * share).astype(np.float32)


def resize(clip, frames):
    L = clip.shape[1]
    return linear(clip, np.clip((np.arange(frames) + 0.5) * L / frames - 0.5, 0, L - 1))


def stretch(n, rng, low, high, fewest):
    L = min(max(int(n * rng.uniform(low, high)), fewest), n)
    return rng.integers(n - L + 1), L


def crop_resize(clip, num_frames, rng, frames=64):
    start, L = stretch(num_frames, rng, 0.1, 1, 64)
    return resize(clip[:, start : start + L], frames)


def crop_reflect(clip, num_frames, rng):
    out, own = clip.copy(), clip[:, :num_frames]
    pad = num_frames // 6
    longer = np.concatenate([own[:, :pad][:, ::-1], own, own[:, num_frames - pad :][:, ::-1]], 1)
    start = rng.integers(2 * pad + 1)
    out[:, :num_frames] = longer[:, start : start + num_frames]
    return out


def reverse(clip, num_frames, rng):
    out = clip.copy()
    out[:, :num_frames] = clip[:, :num_frames][:, ::-1]
    return out


def roll(clip, num_frames, rng):
    out = clip.copy()
    out[:, :num_frames] = np.roll(clip[:, :num_frames], -rng.integers(num_frames), 1)
    return out


def shuffle(clip, num_frames, rng, chunks=4):
    lack = -num_frames % chunks
    own = np.concatenate([np.arange(num_frames), np.full(lack, num_frames - 1)])
    own = own.reshape(chunks, -1)[rng.permutation(chunks)].reshape(-1)[:num_frames]
    out = clip.copy()
    out[:, :num_frames] = clip[:, own]
    return out


def spread(L, W, rng):
    if L >= 2 * W:
        edges = np.arange(W + 1) * L // W
        return edges[:-1] + rng.integers(np.diff(edges))
    skipped = np.zeros(W + 1, int)
    skipped[rng.choice(W + 1, L - W, replace=False)] = 1
    return np.arange(W) + np.cumsum(skipped)[:-1]


def segment_sample(clip, num_frames, rng, frames=64):
    start, L = stretch(num_frames, rng, 0.5, 1, 64)
    if frames > L:
        return resize(clip[:, start : start + L], frames)
    return clip[:, start + spread(L, frames, rng)]


def uniform_sample(clip, num_frames, rng, frames=100):
    if frames > num_frames:
        return clip[:, (rng.integers(num_frames) + np.arange(frames)) % num_frames]
    return clip[:, spread(num_frames, frames, rng)]


def equal_segments(clip, num_frames, rng, frames=20):
    size = num_frames // frames
    return clip[:, np.arange(frames) * size + rng.integers(size, size=frames)]


def sorted_sample(clip, num_frames, rng, frames=52):
    copies = np.tile(np.arange(num_frames), 100)
    return clip[:, np.sort(rng.choice(copies, frames, replace=False))]


def speed(clip, num_frames, rng):
    L = max(int(num_frames * rng.uniform(0.5, 1.5)), 1)
    own = resize(clip[:, :num_frames], L)[:, : clip.shape[1]]
    out = np.zeros_like(clip)
    out[:, : own.shape[1]] = own
    return out


def fourier_resample(clip, num_frames, rng):
    L = num_frames * rng.integers(7, 14) // 10
    C, T_, V, M = clip.shape
    out = np.zeros((C, T_ * 13 // 10, V, M), np.float32)
    out[:, :L] = resample(clip[:, :num_frames], L, axis=1)
    return out


def warp(clip, num_frames, rng, frames=32):
    start, L = stretch(num_frames, rng, 0.4, 1, 1)
    a, b = rng.uniform(-1, 1, 2) * (0.4, 0.2)
    u = (np.arange(frames) + 0.5) / frames
    w = u + a * np.sin(np.pi * u) / np.pi + b * np.sin(2 * np.pi * u) / (2 * np.pi)
    return linear(clip, start + np.clip(w * L - 0.5, 0, L - 1))


def cycle_warp(clip, num_frames, rng):
    n = num_frames
    wave = np.sin if rng.random() < 0.5 else np.cos
    height = np.abs(wave(np.linspace(0, rng.integers(1, 17) * np.pi, n)))
    shown = np.round(height / height.sum() * n).astype(int)
    excess = shown.sum() - n
    places = np.flatnonzero(shown > 0 if excess > 0 else shown == 0)
    shown[rng.permutation(places)[: abs(excess)]] -= np.sign(excess)
    own = np.repeat(np.arange(n), shown)[:n]
    out = clip.copy()
    out[:, : len(own)] = clip[:, own]
    return out


def motion_scale(clip, num_frames, rng):
    scale = rng.uniform(-2, 3)
    out = clip.copy()
    before, own, after = (clip[:, k : num_frames - 2 + k] for k in range(3))
    there = (before != 0).any(0) & (own != 0).any(0) & (after != 0).any(0)
    middle = (before + after) / 2
    out[:, 1 : num_frames - 1] = np.where(there, middle + scale * (own - middle), own)
    return out


def random_window(clip, num_frames, rng, frames=150):
    start = rng.integers(max(num_frames - frames, 0) + 1)
    own = clip[:, start : min(start + frames, num_frames)]
    out = np.zeros((clip.shape[0], frames, *clip.shape[2:]), np.float32)
    out[:, : own.shape[1]] = own
    return out


def random_shift(clip, num_frames, rng):
    start = rng.integers(clip.shape[1] - num_frames + 1)
    out = np.zeros_like(clip)
    out[:, start : start + num_frames] = clip[:, :num_frames]
    return out


def drop_frames(clip, num_frames, rng):
    dropped = int(num_frames * min(rng.uniform(0.2, 1), 0.99))
    kept = np.sort(rng.permutation(num_frames)[dropped:])
    out = np.zeros_like(clip)
    out[:, : len(kept)] = clip[:, kept]
    return out


def downsample(clip, num_frames, rng, step=2):
    own = clip[:, rng.integers(step) : num_frames : step]
    out = np.zeros((clip.shape[0], -(-clip.shape[1] // step), *clip.shape[2:]), np.float32)
    out[:, : own.shape[1]] = own
    return out


def centre_crop(clip, num_frames, rng, frames=64):
    start = int(0.05 * num_frames / 2)
    return resize(clip[:, start : num_frames - start], frames)


def centre_segments(clip, num_frames, rng, frames=64):
    start = int(0.05 * num_frames / 2)
    L = num_frames - 2 * start
    if frames > L:
        return resize(clip[:, start : start + L], frames)
    return clip[:, start + np.arange(frames) * L // frames]


def even_sample(clip, num_frames, rng, frames=52):
    return clip[:, np.linspace(0, num_frames - 1, frames).astype(int)]


def loop(clip, num_frames, rng, frames=400):
    return clip[:, np.arange(frames) % num_frames]


ROWS = [
    Row("crop and resize", lambda: T.TemporalCropResize(), crop_resize),
    Row("crop with reflected ends", lambda: T.CropReflect(), crop_reflect),
    Row("reversal", lambda: T.Reverse(), reverse),
    Row("roll", lambda: T.Roll(), roll),
    Row("shuffled chunks", lambda: T.Shuffle(), shuffle),
    Row("segments of a crop", lambda: T.SegmentSample(), segment_sample),
    Row("uniform sample", lambda: T.UniformSample(), uniform_sample),
    Row("equal segments", lambda: T.EqualSegments(), equal_segments),
    Row("sorted frames", lambda: T.SortedSample(), sorted_sample),
    Row("speed", lambda: T.Speed(), speed),
    Row("Fourier resampling", lambda: T.FourierResample(), fourier_resample),
    Row("smooth warp", lambda: T.Warp(), warp),
    Row("warp by cycles", lambda: T.CycleWarp(), cycle_warp),
    Row("motion scale", lambda: T.MotionScale(), motion_scale),
    Row("window", lambda: T.RandomWindow(150), random_window),
    Row("shift", lambda: T.RandomShift(), random_shift),
    Row("frame dropout", lambda: T.DropFrames(), drop_frames),
    Row("downsampling", lambda: T.Downsample(2), downsample),
    Row("centre crop", lambda: T.CentreCropResize(), centre_crop),
    Row("segments of the centre", lambda: T.CentreSegmentSample(), centre_segments),
    Row("even sample", lambda: T.EvenSample(), even_sample),
    Row("loop to a length", lambda: T.Pad(400, fill="loop"), loop),
]
