"""The pre-normalisation, one clip (C, T, V, M) at a time, person by person."""

from __future__ import annotations

import math

import numpy as np


def fill_frames(clip):
    out = clip.copy()
    for m in range(clip.shape[3]):
        person = out[..., m]
        if not person.any():
            continue
        if not person[:, 0].any():
            kept = [person[:, t].copy() for t in range(person.shape[1]) if person[:, t].any()]
            person[:] = 0
            for t, frame in enumerate(kept):
                person[:, t] = frame
        last = max(t for t in range(person.shape[1]) if person[:, t].any())
        first_empty = last + 1
        for t in range(first_empty, person.shape[1]):
            person[:, t] = person[:, (t - first_empty) % first_empty]
    return out


def centre(clip, joint):
    out = clip.copy()
    for t in range(clip.shape[1]):
        origin = clip[:, t, joint, 0].copy()
        for v in range(clip.shape[2]):
            for m in range(clip.shape[3]):
                if clip[:, t, v, m].any():
                    out[:, t, v, m] = clip[:, t, v, m] - origin
    return out


def rotation(vector, target):
    """Rodrigues' rotation about the cross product, by the angle between the two."""
    lengths = np.linalg.norm(vector), np.linalg.norm(target)
    if min(lengths) < 1e-9:
        return np.eye(3)
    a, b = vector / lengths[0], target / lengths[1]
    axis = np.cross(a, b)
    if np.linalg.norm(axis) < 1e-6:
        return np.eye(3)
    angle = math.acos(max(-1.0, min(1.0, float(a @ b))))
    x, y, z = axis / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross


def align(clip, lower, upper, axis):
    bone = clip[:, 0, upper, 0] - clip[:, 0, lower, 0]
    matrix = rotation(bone, np.eye(3)[axis])
    out = clip.copy()
    for t in range(clip.shape[1]):
        for v in range(clip.shape[2]):
            for m in range(clip.shape[3]):
                out[:, t, v, m] = matrix @ clip[:, t, v, m]
    return out


def isc(clip, *, centre_joint, spine, shoulders):
    clip = centre(fill_frames(clip), centre_joint)
    return align(align(clip, *spine, 2), *shoulders, 0)


def unit_scale(clip, coordinates=None):
    """Divide by the root mean square distance of joints from the middle of their own body."""
    C, T, V, M = clip.shape
    positions = C if coordinates is None else coordinates
    squares = []
    for t in range(T):
        for m in range(M):
            body = [clip[:positions, t, v, m] for v in range(V) if clip[:, t, v, m].any()]
            middle = sum(body) / len(body) if body else 0
            squares += [sum((point - middle) ** 2) for point in body]
    size = math.sqrt(sum(squares) / len(squares)) if squares else 0.0
    out = clip.copy()
    if size > 0:
        out[:positions] /= size
    return out
