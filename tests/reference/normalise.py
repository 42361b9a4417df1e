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


def is_there(clip, t, m):
    return bool(clip[:, t, :, m].any())


def pack(clip, person=None):
    """Leave out frames without anybody, or without a person."""
    persons = range(clip.shape[3]) if person is None else [person]
    kept = [t for t in range(clip.shape[1]) if any(is_there(clip, t, m) for m in persons)]
    out = np.zeros_like(clip)
    for place, t in enumerate(kept):
        out[:, place] = clip[:, t]
    return out, len(kept)


def move(clip, origin_of):
    """Subtract an origin of each frame and person from the joints that are there."""
    out = clip.copy()
    for t in range(clip.shape[1]):
        for v in range(clip.shape[2]):
            for m in range(clip.shape[3]):
                if clip[:, t, v, m].any():
                    out[:, t, v, m] = clip[:, t, v, m] - origin_of(t, m)
    return out


def centre_persons(clip, joint):
    return move(clip, lambda t, m: clip[:, t, joint, m])


def first_of(clip, joint, m):
    for t in range(clip.shape[1]):
        if clip[:, t, joint, m].any():
            return clip[:, t, joint, m]
    return np.zeros(clip.shape[0])


def centre_start(clip, joint):
    return move(clip, lambda t, m: first_of(clip, joint, 0))


def centre_with_trajectory(clip, joint):
    out = centre_persons(clip, joint)
    for t in range(clip.shape[1]):
        for m in range(clip.shape[3]):
            if clip[:, t, joint, m].any():
                out[:, t, joint, m] = clip[:, t, joint, m] - first_of(clip, joint, m)
    return out


def resize(clip, length, frames):
    out = np.zeros((clip.shape[0], frames, *clip.shape[2:]))
    for i in range(frames):
        place = min(max((i + 0.5) * length / frames - 0.5, 0.0), length - 1)
        low = int(place)
        high = min(low + 1, length - 1)
        out[:, i] = (1 - place + low) * clip[:, low] + (place - low) * clip[:, high]
    return out


def differences(clip):
    out = np.zeros_like(clip)
    for t in range(clip.shape[1] - 1):
        for v in range(clip.shape[2]):
            for m in range(clip.shape[3]):
                if clip[:, t, v, m].any() and clip[:, t + 1, v, m].any():
                    out[:, t, v, m] = clip[:, t + 1, v, m] - clip[:, t, v, m]
    return out


def turn(clip, left, right, *, as_released=False):
    """Turn persons about y, a frame at a time, so that the shoulders lie along x."""
    out = clip.copy()
    for m in range(clip.shape[3]):
        sign = -1.0 if sum(clip[2, :, right, m] - clip[2, :, left, m]) >= 0 else 1.0
        for t in range(clip.shape[1]):
            d = clip[:, t, right, m] - clip[:, t, left, m]
            length = math.hypot(d[0], d[2])
            if as_released:
                angle = sign * math.acos(d[0] / (length + 1e-4))
            elif clip[:, t, left, m].any() and clip[:, t, right, m].any() and length > 0:
                angle = -math.atan2(d[2], d[0])
            else:
                angle = 0.0
            c, s = math.cos(angle), math.sin(angle)
            x, z = clip[0, t, :, m], clip[2, t, :, m]
            out[0, t, :, m], out[2, t, :, m] = c * x - s * z, s * x + c * z
    return out


def points_of(clip, m, frames=None):
    times = range(clip.shape[1]) if frames is None else frames
    return [clip[:, t, v, m] for t in times for v in range(clip.shape[2]) if clip[:, t, v, m].any()]


def min_max(clip, min_range=0.0):
    points = np.array([p for m in range(clip.shape[3]) for p in points_of(clip, m)])
    out = np.zeros_like(clip)
    if not len(points):
        return out
    low, high = points.min(0), points.max(0)
    for t in range(clip.shape[1]):
        for v in range(clip.shape[2]):
            for m in range(clip.shape[3]):
                if clip[:, t, v, m].any():
                    for c in range(clip.shape[0]):
                        size = max(high[c] - low[c], min_range) or 1.0
                        middle = (low[c] + high[c]) / 2
                        out[c, t, v, m] = 2 * (clip[c, t, v, m] - middle) / size
    return out


def mean_relative(clip):
    out = clip.copy()
    for v in range(clip.shape[2]):
        for m in range(clip.shape[3]):
            times = [t for t in range(clip.shape[1]) if clip[:, t, v, m].any()]
            for t in times:
                out[:, t, v, m] = clip[:, t, v, m] - sum(clip[:, s, v, m] for s in times) / len(
                    times
                )
    return out


def compact(clip, margin=0.25):
    points = np.array([p for m in range(clip.shape[3]) for p in points_of(clip, m)])
    low, high = points.min(0), points.max(0)
    half = max((high - low) / 2 * (1 + margin))
    corner = np.trunc((low + high) / 2 - half)
    size = np.trunc((low + high) / 2 + half) - corner
    return move(clip, lambda t, m: corner), corner, size


def is_wide(clip, t, m, ratio):
    body = np.array([clip[:, t, v, m] for v in range(clip.shape[2]) if clip[:, t, v, m].any()])
    width, height = (body.max(0) - body.min(0))[:2]
    return width > ratio * height


def actors(clip, *, min_frames=12, ratio=0.8, share=0.69754):
    """Drop tracks, sort them by motion, and join them into two actors. Then leave out gaps."""
    frames = {m: [t for t in range(clip.shape[1]) if is_there(clip, t, m)]
              for m in range(clip.shape[3])}  # fmt: skip
    bodies = {m: times for m, times in frames.items() if times}
    longest = max(map(len, bodies.values()))
    bodies = {m: times for m, times in bodies.items() if len(times) >= min(min_frames, longest)}
    motion = {}
    for m in list(bodies):
        clean = [t for t in bodies[m] if not is_wide(clip, t, m, ratio)]
        if len(bodies) > 1 and len(bodies[m]) - len(clean) >= share * len(bodies[m]):
            del bodies[m]
            continue
        motion[m] = np.var(points_of(clip, m), 0).sum()
        if clean:
            motion[m] = min(motion[m], np.var(points_of(clip, m, clean), 0).sum())
    out, spans = np.zeros_like(clip), [None, None]
    for m in sorted(motion, key=lambda m: -motion[m]):
        start, end = bodies[m][0], bodies[m][-1]
        for actor, span in enumerate(spans):
            if span is None or min(span[1], end) - max(span[0], start) <= 0:
                for t in bodies[m]:
                    out[:, t, :, actor] = clip[:, t, :, m]
                old = span or (start, end)
                spans[actor] = (min(old[0], start), max(old[1], end))
                break
    return pack(out)[0]


def pyskl_3d(clip, *, centre_joint, spine=None, shoulders=None):
    counts = [sum(is_there(clip, t, m) for t in range(clip.shape[1])) for m in range(2)]
    if counts[1] > counts[0]:
        clip = clip[..., ::-1].copy()
    out = centre_start(pack(clip, 0)[0], centre_joint)
    return out if spine is None else align(align(out, *spine, 2), *shoulders, 0)
