"""Maps of positions in loops over single joints, one clip (C, T, V, M) in float64."""

from __future__ import annotations

import math

import numpy as np


def points(x):
    """Yield the frame, joint and person of every position, and the position."""
    C, T, V, M = x.shape
    for t in range(T):
        for v in range(V):
            for m in range(M):
                yield (t, v, m), np.array([x[c, t, v, m] for c in range(C)])


def each_point(x, function):
    """Apply a function of the place and the position, where a joint is there."""
    out = np.zeros_like(x)
    for (t, v, m), p in points(x):
        if any(p != 0):
            out[:, t, v, m] = function((t, v, m), p)
    return out


def shear(x, matrix, keep=None):
    return each_point(x, lambda place, p: p if place[1] == keep else matrix @ p)


def about_x(t):
    return np.array([[1, 0, 0], [0, math.cos(t), math.sin(t)], [0, -math.sin(t), math.cos(t)]])


def about_y(t):
    return np.array([[math.cos(t), 0, -math.sin(t)], [0, 1, 0], [math.sin(t), 0, math.cos(t)]])


def about_z(t):
    return np.array([[math.cos(t), math.sin(t), 0], [-math.sin(t), math.cos(t), 0], [0, 0, 1]])


def rotation(angles):
    """Z Y X with the sign of the field, or the one rotation of a plane."""
    if len(angles) == 1:
        (t,) = angles
        return np.array([[math.cos(t), -math.sin(t)], [math.sin(t), math.cos(t)]])
    a, b, c = angles
    return about_z(c) @ about_y(b) @ about_x(a)


def rotate(x, angles):
    return each_point(x, lambda place, p: rotation(angles) @ p)


def camera_view(x, angles, scale):
    """Right-handed: by the opposite angles of the field."""
    a, b, c = angles
    turn = about_z(-c) @ about_y(-b) @ about_x(-a)
    return each_point(x, lambda place, p: turn @ (scale * p))


def whole_degree_view(x, a, b, scale):
    """Row vectors."""
    return each_point(x, lambda place, p: (p @ about_y(b) @ about_x(a)) * scale)


def scale(x, factors):
    return each_point(
        x, lambda place, p: np.array([f * u for f, u in zip(factors, p, strict=True)])
    )


def box_scale(x, factor):
    there = [p for _, p in points(x) if any(p != 0)]
    if len(there) < 4:
        return np.zeros_like(x)
    C = len(x)
    low = [min(p[c] for p in there) for c in range(C)]
    high = [max(p[c] for p in there) for c in range(C)]
    side = factor * max(high[c] - low[c] for c in range(C))
    if side == 0:
        return np.zeros_like(x)
    start = [(low[c] + high[c] - side) / 2 for c in range(C)]

    def mapped(place, p):
        into = [2 * (p[c] - start[c]) / side - 1 for c in range(C)]
        return np.array([min(max(u, -1), 1) for u in into])

    return each_point(x, mapped)


def translate(x, offset):
    return each_point(x, lambda place, p: p + offset)


def nodes(values, num_frames, frames):
    """The values of frames, segment by segment."""
    k = len(values) - 1
    places = [round(i * num_frames / k) for i in range(k + 1)]
    out = np.full(frames, float(values[-1]))
    for i in range(k):
        start, end = places[i], places[i + 1]
        out[start:end] = np.linspace(values[i], values[i + 1], end - start)
    return out


def move(x, angles, scales, shifts, num_frames):
    """Angles, scales and shifts (k + 1, 2) at the nodes."""
    T = x.shape[1]
    angle, size = nodes(angles, num_frames, T), nodes(scales, num_frames, T)
    across = nodes([shift[0] for shift in shifts], num_frames, T)
    along = nodes([shift[1] for shift in shifts], num_frames, T)

    def moved(place, p):
        t = place[0]
        cosine, sine = math.cos(angle[t]), math.sin(angle[t])
        out = p.copy()
        out[0] = size[t] * (cosine * p[0] - sine * p[1]) + across[t]
        out[1] = size[t] * (sine * p[0] + cosine * p[1]) + along[t]
        return out

    return each_point(x, moved)


def affine2d(x, a, b, d):
    shear = np.array([[1, a], [0, 1]])
    turn = np.array([[math.cos(b), -math.sin(b)], [math.sin(b), math.cos(b)]])
    stretch = np.array([[1, 0], [0, 1 + d]])
    return each_point(x, lambda place, p: np.array([*(p[:2] @ shear @ turn @ stretch), *p[2:]]))


def mirror(x, pairs, axis=None, width=None):
    order = list(range(x.shape[2]))
    for left, right in pairs:
        order[left], order[right] = right, left
    out = np.zeros_like(x)
    for (t, v, m), p in points(x):
        q = p.copy()
        if axis is not None:
            q[axis] = -p[axis] if width is None else (width - p[axis] if any(p != 0) else 0)
        out[:, t, order[v], m] = q
    return out


def both_there(x):
    return x.shape[3] > 1 and bool(x[..., 0].any()) and bool(x[..., 1].any())


def swap_persons(x):
    if not both_there(x):
        return x.copy()
    return x[..., [1, 0, *range(2, x.shape[3])]]


def swap_viewpoint(x, joint, up):
    """A clip whose person 0 has the joint at zero in all frames is centred on it."""
    if not both_there(x):
        return x.copy()
    y = swap_persons(x)
    centred = not x[:, :, joint, 0].any()
    out = np.zeros_like(x)
    for (t, v, m), p in points(y):
        origin = y[:, t, joint, 0]
        is_centre = centred and (v, m) == (joint, 1) and y[:, t, :, 1].any()
        if any(p != 0) or is_centre:
            q = p - origin
            out[:, t, v, m] = [u if c == up else -u for c, u in enumerate(q)]
    return out


def drop_person(x, order):
    there = [m for m in range(x.shape[3]) if x[..., m].any()]
    out = x.copy()
    if len(there) > 1:
        out[..., min(there, key=lambda m: order[m])] = 0
    return out


def first_box(areas, ratios, width, height):
    """Width and height of the first box that fits. None if none does."""
    for area, ratio in zip(areas, ratios, strict=True):
        w = round(math.sqrt(area * width * height * ratio))
        h = round(math.sqrt(area * width * height / ratio))
        if 1 <= w <= width and 1 <= h <= height:
            return w, h
    return None


def crop_image(x, box, size=None):
    left, top, right, bottom = box
    width, height = size or (right - left, bottom - top)
    factors = np.array([width / (right - left), height / (bottom - top)])
    return each_point(x, lambda place, p: (p - [left, top]) * factors)
