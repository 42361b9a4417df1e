"""Mixed clips by loops over frames, joints and persons, in float64. Clips are (C, T, V, M)."""

from __future__ import annotations

import numpy as np


def person_is_there(x, m):
    return bool(x[..., m].any())


def joint_is_there(x, t, v, m):
    return bool(x[:, t, v, m].any())


def mix_regions(x, other, joints, start, length, twice=False):
    """Return a clip with some joints of some frames from another one, or at twice its speed."""
    out = np.array(x, dtype=np.float64)
    for t in range(start, start + length):
        for v in joints:
            for m in range(out.shape[3]):
                if person_is_there(x, m) and person_is_there(other, m):
                    out[:, t, v, m] = other[:, 2 * (t - start) if twice else t, v, m]
    return out


def mixup(x, other, share):
    """Return a clip blended with another one, a share for each coordinate."""
    out = np.array(x, dtype=np.float64)
    for c, t, v, m in np.ndindex(out.shape):
        if joint_is_there(x, t, v, m) and joint_is_there(other, t, v, m):
            out[c, t, v, m] = (1 - share[c]) * x[c, t, v, m] + share[c] * other[c, t, v, m]
    return out


def resize(x, frames):
    """Return a clip resampled to a number of frames: half-pixel centres, neighbours held inside."""
    x = np.asarray(x, np.float64)
    T = x.shape[1]
    out = np.zeros((x.shape[0], frames, *x.shape[2:]))
    for t in range(frames):
        position = max((t + 0.5) * T / frames - 0.5, 0.0)
        first = min(int(np.floor(position)), T - 1)
        second, share = min(first + 1, T - 1), position - first
        out[:, t] = (1 - share) * x[:, first] + share * x[:, second]
    return out


def mix_in_time(x, other, frames, num_frames, other_frames):
    """Return a clip that shows one clip and then another one. Padding stays as it is."""
    out = np.array(x, dtype=np.float64)
    out[:, :frames] = resize(x[:, :num_frames], frames)
    if num_frames > frames:
        out[:, frames:num_frames] = resize(other[:, :other_frames], num_frames - frames)
    return out


def mix_axes(x, other, switched):
    """Return half the sum of copies without one axis each, of which some are exchanged."""
    total = np.zeros(np.shape(x))
    for axis, exchange in enumerate(switched):
        copy = np.array(other if exchange else x, dtype=np.float64)
        copy[axis] = 0
        total += copy
    return total / (len(switched) - 1)
