"""Whole views of published methods in plain NumPy, one clip (C, T, V, M) at a time."""

from __future__ import annotations

import numpy as np
from benchmarks.baselines import geometry, masks, noise, time
from benchmarks.baselines._rows import Row

from skelter.transforms import presets


def crop_resize(clip, num_frames, rng, shortest=0.1, frames=64, floor=64):
    """Crop at random, at least `floor` frames, and resize linearly with half-pixel centres."""
    length = int(num_frames * rng.uniform(shortest, 1.0))
    length = min(max(length, floor), num_frames)
    start = rng.integers(0, num_frames - length + 1)
    at = ((np.arange(frames) + 0.5) * length / frames - 0.5).clip(0, length - 1)
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, length - 1)
    share = (at - low).astype(clip.dtype)[:, None, None]
    return clip[:, start + low] * (1 - share) + clip[:, start + high] * share


def jitter(clip, rng, count=15):
    joints = rng.choice(clip.shape[2], count, replace=False)
    out = clip.copy()
    if rng.random() < 0.5:
        out[:, :, joints] = 0
    else:
        matrix = rng.uniform(-1, 1, (3, 3)).astype(clip.dtype)
        out[:, :, joints] = np.einsum("ij,jtvm->itvm", matrix, clip[:, :, joints])
    return out


def isc(clip, num_frames, rng):
    clip = crop_resize(clip, num_frames, rng)
    if rng.random() < 0.5:
        return geometry.shear(clip, len(clip[0]), rng, amplitude=1.0)
    return jitter(clip, rng)


def mamp(clip, num_frames, rng):
    clip = crop_resize(clip, num_frames, rng, shortest=0.5, frames=120)
    return geometry.rotate(clip, len(clip[0]), rng)


def aimclr(clip, num_frames, rng):
    """The strong view: each step but crop, shear and rotation for half of the clips."""
    clip = time.crop_reflect(clip, num_frames, rng)
    clip = geometry.shear(clip, num_frames, rng)
    if rng.random() < 0.5:
        clip = geometry.swap_sides(clip, num_frames, rng)
    clip = geometry.rotate_main_axis(clip, num_frames, rng)
    for step in (noise.gaussian_noise, noise.temporal_blur, masks.axis_mask):
        if rng.random() < 0.5:
            clip = step(clip, num_frames, rng)
    return clip


ROWS = [
    Row("chain of ISC", presets.isc_view, isc),
    Row("chain of MAMP", presets.mamp_view, mamp),
    Row("chain of AimCLR, strong", presets.aimclr_strong_view, aimclr),
]
