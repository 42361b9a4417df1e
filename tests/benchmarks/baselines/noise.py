"""Noise and filters in NumPy, one clip (C, T, V, M) at a time. What is missing stays zero."""

from __future__ import annotations

import numpy as np
from benchmarks.baselines._rows import Row
from scipy.signal import savgol_filter

from skelter import transforms as T


def present(clip):
    return (clip != 0).any(axis=0, keepdims=True)


def gaussian_noise(clip, num_frames, rng, std=0.01):
    noise = rng.normal(0, std, clip.shape)
    return (clip + noise * present(clip)).astype(np.float32)


def noise_of_random_strength(clip, num_frames, rng, strongest=0.05):
    return gaussian_noise(clip, num_frames, rng, strongest * rng.random())


def joint_offsets(clip, num_frames, rng, std=0.01):
    offset = rng.normal(0, std, clip[:, :1].shape)
    return (clip + offset * present(clip)).astype(np.float32)


def box_noise(clip, num_frames, rng, std=0.01, whole=False):
    axes = (1, 2, 3) if whole else 2
    there = present(clip)
    high = np.where(there, clip, -np.inf).max(axis=axes, keepdims=True)
    low = np.where(there, clip, np.inf).min(axis=axes, keepdims=True)
    box = np.linalg.norm(np.maximum(high - low, 0), axis=0, keepdims=True)
    length = rng.normal(0, std, clip.shape[1:]) * box
    direction = rng.uniform(-1, 1, clip.shape)
    direction /= np.linalg.norm(direction, axis=0)
    return (clip + direction * length * there).astype(np.float32)


def box_noise_of_clip(clip, num_frames, rng):
    return box_noise(clip, num_frames, rng, whole=True)


def motion_noise(clip, num_frames, rng, std=0.05):
    there = present(clip)
    square = np.zeros(clip.shape[1:])
    square[1:] = (np.diff(clip, axis=1) ** 2).sum(axis=0)
    square[1:] *= there[0, 1:] & there[0, :-1]
    mean = square.sum(axis=(1, 2)) / np.maximum(there[0].sum(axis=(1, 2)), 1)
    factor = np.exp(np.minimum(square - mean[:, None, None], np.log(10)))
    return (clip + rng.normal(0, std, clip.shape) * factor * there).astype(np.float32)


def joint_noise(clip, num_frames, rng, std=0.05, share=0.2):
    V = clip.shape[2]
    joints = rng.choice(V, round(share * V), replace=False)
    some = clip[:, :, joints]
    out = clip.copy()
    out[:, :, joints] += rng.normal(0, std, some.shape) * present(some)
    return out


def frame_noise(clip, num_frames, rng, std=0.05, share=0.2):
    frames = rng.choice(num_frames, round(share * num_frames), replace=False)
    some = clip[:, frames]
    out = clip.copy()
    out[:, frames] += rng.normal(0, std, some.shape) * present(some)
    return out


def impulse_noise(clip, num_frames, rng, share=0.1):
    draws = rng.random(clip.shape[1:])
    out = clip.copy()
    out[:, draws < share / 2] *= 5
    out[:, (draws >= share / 2) & (draws < share)] = 0
    return out


def temporal_blur(clip, num_frames, rng, radius=7):
    sigma = rng.uniform(0.1, 2)
    kernel = np.exp(-(np.arange(-radius, radius + 1) ** 2) / (2 * sigma**2)).astype(np.float32)
    there = present(clip).astype(np.float32)
    total = convolve(there, kernel)
    return convolve(clip, kernel) * there / np.maximum(total, 1)


def convolve(clip, kernel):
    T, radius = clip.shape[1], len(kernel) // 2
    padded = np.pad(clip, ((0, 0), (radius, radius), (0, 0), (0, 0)))
    return sum(weight * padded[:, k : k + T] for k, weight in enumerate(kernel))


def savitzky_golay(clip, num_frames, rng, window=15, order=2):
    out = clip.copy()
    smooth = savgol_filter(clip[:, :num_frames], window, order, axis=1)
    out[:, :num_frames] = smooth * present(clip[:, :num_frames])
    return out


ROWS = [
    Row("Gaussian noise", lambda: T.GaussianNoise(0.01), gaussian_noise),
    Row("noise of random strength", lambda: T.GaussianNoise((0, 0.05)), noise_of_random_strength),
    Row("an offset a joint", lambda: T.GaussianNoise(0.01, shared="frames"), joint_offsets),
    Row("noise in a box a frame", lambda: T.BoxNoise(0.01), box_noise),
    Row("noise in a box a clip", lambda: T.BoxNoise(0.01, "clip"), box_noise_of_clip),
    Row("motion noise", lambda: T.MotionNoise(), motion_noise),
    Row("joint noise", lambda: T.JointNoise(), joint_noise),
    Row("frame noise", lambda: T.FrameNoise(), frame_noise),
    Row("impulse noise", lambda: T.ImpulseNoise(), impulse_noise),
    Row("temporal blur", lambda: T.TemporalBlur(), temporal_blur),
    Row("Savitzky-Golay", lambda: T.SavitzkyGolay(), savitzky_golay),
]
