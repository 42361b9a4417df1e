"""Bones and postures by loops over frames, joints and persons of one clip, in float64.

Clips are (C, T, V, M), and a joint of only zeros is missing. ``parents`` has a number below 0 for
roots.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np


def hang_on(root, parents):
    """Return parents in the tree that hangs on a root, found by walking over all bones."""
    neighbours = {joint: set() for joint in range(len(parents))}
    for joint, parent in enumerate(parents):
        if parent >= 0:
            neighbours[joint].add(parent)
            neighbours[parent].add(joint)
    found = {}
    for start in [root, *(joint for joint, parent in enumerate(parents) if parent < 0)]:
        if start in found:
            continue
        found[start] = -1
        waiting = [start]
        while waiting:
            joint = waiting.pop()
            for other in neighbours[joint]:
                if other not in found:
                    found[other] = joint
                    waiting.append(other)
    return [found[joint] for joint in range(len(parents))]


def is_there(x, t, v, m, parents=None):
    """Tell whether a joint is there. A root that is zero all the time is the origin."""
    if x[:, t, v, m].any():
        return True
    return parents is not None and parents[v] < 0 and not x[:, :, v, m].any()


def rebuild(x, factor, parents):
    """Return a body whose bones are multiplied by ``factor(t, v, m)``."""
    x = np.asarray(x, dtype=np.float64)
    out = np.zeros_like(x)
    for t in range(x.shape[1]):
        for m in range(x.shape[3]):
            for v in range(x.shape[2]):
                if x[:, t, v, m].any():
                    out[:, t, v, m] = x[:, t, v, m]
                    joint = v
                    while parents[joint] >= 0:
                        parent = parents[joint]
                        if is_there(x, t, joint, m) and is_there(x, t, parent, m, parents):
                            bone = x[:, t, joint, m] - x[:, t, parent, m]
                            out[:, t, v, m] += (factor(t, joint, m) - 1) * bone
                        joint = parent
    return out


def length(x, t, v, m, parents):
    """Return the length of the bone that ends at a joint, 0 where there is none."""
    parent = parents[v]
    if parent < 0 or not is_there(x, t, v, m) or not is_there(x, t, parent, m, parents):
        return 0.0
    return np.sqrt(((x[:, t, v, m] - x[:, t, parent, m]) ** 2).sum())


def lengthen(own, theirs):
    """Return the factor from a length to another one."""
    return np.sqrt((theirs**2 + 1e-5) / (own**2 + 1e-5)) if own > 0 and theirs > 0 else 1.0


def transfer_bones(x, other, parents):
    """Return a body with the lengths of another, frame by frame."""
    x, other = np.asarray(x, np.float64), np.asarray(other, np.float64)

    def factor(t, v, m):
        return lengthen(length(x, t, v, m, parents), length(other, t, v, m, parents))

    return rebuild(x, factor, parents)


def transfer_lengths(x, other):
    """Return vectors with the lengths of others."""
    out, other = np.asarray(x, np.float64).copy(), np.asarray(other, np.float64)
    for t in range(x.shape[1]):
        for v in range(x.shape[2]):
            for m in range(x.shape[3]):
                own, theirs = (np.sqrt((a[:, t, v, m] ** 2).sum()) for a in (out, other))
                out[:, t, v, m] *= lengthen(own, theirs)
    return out


def frame_of_partner(t, own, theirs):
    """Return the frame of a partner at the same share of its frames, none behind its last."""
    nearest = Fraction(min(t, own - 1) * theirs, own) + Fraction(1, 2)
    return min(int(nearest), theirs - 1)


def moments(x, c, m, frames):
    """Return mean and deviation of a coordinate of the joints that are there, None without any."""
    values = [x[c, t, v, m] for t in frames for v in range(x.shape[2]) if is_there(x, t, v, m)]
    if not values:
        return None
    variance = np.var(values, ddof=1) if len(values) > 1 else 0.0
    return np.mean(values), np.sqrt(variance + 1e-5)


def transfer_statistics(x, other, per_frame):
    """Return coordinates with mean and deviation of others."""
    x, other = np.asarray(x, np.float64), np.asarray(other, np.float64)
    out = x.copy()
    C, T, V, M = x.shape
    for c in range(C):
        for m in range(M):
            for t in range(T):
                frames = [t] if per_frame else range(T)
                own, theirs = moments(x, c, m, frames), moments(other, c, m, frames)
                for v in range(V):
                    if own and theirs and is_there(x, t, v, m):
                        out[c, t, v, m] = (x[c, t, v, m] - own[0]) / own[1] * theirs[1] + theirs[0]
    return out


def transfer_motion(x, other):
    """Return motion with the mean over joints and the deviation over frames of other motion."""
    x, other = np.asarray(x, np.float64), np.asarray(other, np.float64)
    out = x.copy()
    for c, t, v, m in np.ndindex(x.shape):
        if x[:, t, v, m].any() and x[..., m].any() and other[..., m].any():
            own, theirs = (
                np.std(a[c, :, v, m], ddof=1) if a.shape[1] > 1 else 0.0 for a in (x, other)
            )
            ratio = theirs / (own + 1e-3) if own > 0 and theirs > 0 else 1.0
            out[c, t, v, m] = (x[c, t, v, m] - x[c, t, :, m].mean()) * ratio
            out[c, t, v, m] += other[c, t, :, m].mean()
    return out


def posture(x, v, m, root):
    """Return a joint's mean offset from the root, over the frames in which both are there."""
    always_zero = not x[:, :, root, m].any()
    offsets = [
        x[:, t, v, m] - x[:, t, root, m]
        for t in range(x.shape[1])
        if is_there(x, t, v, m) and (always_zero or is_there(x, t, root, m))
    ]
    return np.mean(offsets, axis=0) if offsets else None


def swap_posture(x, other, amount, root):
    """Return bodies moved towards the mean posture of others."""
    x, other = np.asarray(x, np.float64), np.asarray(other, np.float64)
    out = x.copy()
    for v in range(x.shape[2]):
        for m in range(x.shape[3]):
            own, theirs = posture(x, v, m, root), posture(other, v, m, root)
            alike = x[:, :, root, m].any() == other[:, :, root, m].any()
            if own is None or theirs is None or not alike:
                continue
            for t in range(x.shape[1]):
                if is_there(x, t, v, m):
                    out[:, t, v, m] += amount * (theirs - own)
    return out


def transfer_path(x, other, root):
    """Return bodies whose root is where that of others is, wherever both are there."""
    x, other = np.asarray(x, np.float64), np.asarray(other, np.float64)
    out = x.copy()
    for t, v, m in np.ndindex(x.shape[1:]):
        roots = is_there(x, t, root, m) and is_there(other, t, root, m)
        if roots and is_there(x, t, v, m):
            out[:, t, v, m] += other[:, t, root, m] - x[:, t, root, m]
    return out
