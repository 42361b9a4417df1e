"""Maps of positions in NumPy, one clip (C, T, V, M) at a time. What is missing stays zero."""

from __future__ import annotations

import dataclasses

import numpy as np
from benchmarks.baselines._rows import Row

from skelter import transforms as T
from skelter.layouts import NTU25

SWAP = list(NTU25.swap)
IN_IMAGE = dataclasses.replace(NTU25, dimensions=2)


def present(clip):
    return (clip != 0).any(axis=0, keepdims=True)


def apply(clip, matrix):
    """As projects of the field write it. `apply_by_einsum` is many times as fast."""
    moved = np.dot(clip.transpose(1, 2, 3, 0), matrix.T.astype(np.float32))
    return moved.transpose(3, 0, 1, 2)


def apply_by_einsum(clip, matrix):
    return np.einsum("ij,jtvm->itvm", matrix.astype(np.float32), clip)


def rotation(angles):
    a, b, c = angles
    x = [[1, 0, 0], [0, np.cos(a), np.sin(a)], [0, -np.sin(a), np.cos(a)]]
    y = [[np.cos(b), 0, -np.sin(b)], [0, 1, 0], [np.sin(b), 0, np.cos(b)]]
    z = [[np.cos(c), np.sin(c), 0], [-np.sin(c), np.cos(c), 0], [0, 0, 1]]
    return np.array(z) @ np.array(y) @ np.array(x)


def shear_matrix(rng, amplitude):
    matrix = rng.uniform(-amplitude, amplitude, (3, 3))
    np.fill_diagonal(matrix, 1)
    return matrix


def shear(clip, num_frames, rng, amplitude=0.5):
    return apply(clip, shear_matrix(rng, amplitude))


def shear_by_einsum(clip, num_frames, rng, amplitude=0.5):
    return apply_by_einsum(clip, shear_matrix(rng, amplitude))


def rotate_by_einsum(clip, num_frames, rng, largest=0.3):
    return apply_by_einsum(clip, rotation(rng.uniform(-largest, largest, 3)))


def shear_but_one(clip, num_frames, rng, joint=20):
    out = shear(clip, num_frames, rng)
    out[:, :, joint] = clip[:, :, joint]
    return out


def rotate(clip, num_frames, rng, largest=0.3):
    return apply(clip, rotation(rng.uniform(-largest, largest, 3)))


def rotate_main_axis(clip, num_frames, rng):
    degrees = rng.uniform(0, 1, 3)
    degrees[rng.integers(3)] = rng.uniform(0, 30)
    return apply(clip, rotation(np.radians(degrees)))


def rotate_view(clip, num_frames, rng):
    degrees = rng.normal(0, 5, 3)
    degrees[1] = rng.uniform(-30, 30)
    return apply(clip, rotation(np.radians(degrees)))


def camera_view(clip, num_frames, rng):
    angles = np.radians(rng.uniform(-30, 30, 3))
    return apply(clip, rotation(-angles) * rng.uniform(0.5, 1.5))


def whole_degree_view(clip, num_frames, rng):
    a, b = np.radians(rng.integers(-60, 61, 2))
    return apply(clip, rotation([a, b, 0]).T * rng.uniform(0.5, 1.5))


def scale(clip, num_frames, rng):
    return clip * np.float32(rng.uniform(0.5, 1.5))


def scale_axes(clip, num_frames, rng):
    return clip * rng.uniform(0.9, 1.1, (3, 1, 1, 1)).astype(np.float32)


def box_scale(clip, num_frames, rng):
    there = present(clip)
    points = clip[:, there[0]]
    if points.shape[1] < 4:
        return np.zeros_like(clip)
    low, high = points.min(axis=1), points.max(axis=1)
    side = (high - low).max() * np.float32(rng.uniform(1, 3))
    middle = ((low + high) / 2)[:, None, None, None]
    return np.clip(2 * (clip - middle) / side, -1, 1) * there


def translate(clip, num_frames, rng):
    offset = rng.uniform(-0.1, 0.1, (3, 1, 1, 1)).astype(np.float32)
    return clip + offset * present(clip)


def random_move(clip, num_frames, rng):
    angles = np.radians(rng.choice([-10.0, -5.0, 0.0, 5.0, 10.0], 2))
    scales = rng.choice([0.9, 1.0, 1.1], 2)
    shifts = rng.choice([-0.2, -0.1, 0.0, 0.1, 0.2], (2, 2))
    return move(clip, num_frames, angles, scales, shifts)


def random_drift(clip, num_frames, rng):
    angles = np.radians(rng.uniform(-10, 10, 2))
    return move(clip, num_frames, angles, rng.uniform(0.9, 1.1, 2), rng.uniform(-0.1, 0.1, (2, 2)))


def move(clip, num_frames, angles, scales, shifts):
    n = num_frames
    angle, size = np.linspace(*angles, n), np.linspace(*scales, n)
    matrix = size * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    out = clip.copy()
    out[:2, :n] = np.einsum("ijt,jtvm->itvm", matrix.astype(np.float32), clip[:2, :n])
    offset = np.linspace(*shifts, n).T[:, :, None, None].astype(np.float32)
    out[:2, :n] += offset * present(clip[:, :n])
    return out


def affine2d(clip, num_frames, rng, std=0.2):
    a, b, d = rng.normal(0, std, 3)
    turn = np.array([[np.cos(b), -np.sin(b)], [np.sin(b), np.cos(b)]])
    matrix = np.array([[1, a], [0, 1]]) @ turn @ np.diag([1, 1 + d])
    out = clip.copy()
    out[:2] = apply(clip[:2], matrix.T)
    return out


def swap_sides(clip, num_frames, rng):
    return clip[:, :, SWAP]


def mirror(clip, num_frames, rng):
    out = clip[:, :, SWAP]
    out[0] = -out[0]
    return out


def mirror_in_image(clip, num_frames, rng, width=1920):
    out = clip[:, :, SWAP]
    out[0] = (width - out[0]) * present(out)[0]
    return out


def swap_persons(clip, num_frames, rng):
    return clip[..., ::-1].copy() if clip.any(axis=(0, 1, 2)).all() else clip


def swap_viewpoint(clip, num_frames, rng, joint=1):
    if not clip.any(axis=(0, 1, 2)).all():
        return clip
    out = clip[..., ::-1]
    out = (out - out[:, :, joint : joint + 1, :1]) * present(out)
    out[[0, 2]] *= -1
    return out


def drop_person(clip, num_frames, rng):
    out = clip.copy()
    if clip.any(axis=(0, 1, 2)).all():
        out[..., rng.integers(2)] = 0
    return out


def box_crop(clip, num_frames, rng, width=64, height=64):
    corner = np.zeros(2)
    for _ in range(10):
        area = rng.uniform(0.56, 1) * width * height
        ratio = np.exp(rng.uniform(np.log(3 / 4), np.log(4 / 3)))
        w, h = round(np.sqrt(area * ratio)), round(np.sqrt(area / ratio))
        if w <= width and h <= height:
            corner = np.array([rng.integers(width - w + 1), rng.integers(height - h + 1)])
            break
    out = clip.copy()
    out[:2] -= corner.reshape(2, 1, 1, 1).astype(np.float32) * present(clip[:2])
    return out


ROWS = [
    Row("shear", lambda: T.Shear(0.5), shear),
    Row("shear, against einsum", lambda: T.Shear(0.5), shear_by_einsum),
    Row("shear, a joint kept", lambda: T.Shear(0.5, layout=NTU25, keep=20), shear_but_one),
    Row("rotation about all axes", lambda: T.Rotate(radians=0.3), rotate),
    Row("rotation, against einsum", lambda: T.Rotate(radians=0.3), rotate_by_einsum),
    Row("rotation, one main axis", lambda: T.RotateMainAxis(), rotate_main_axis),
    Row("view about the vertical", lambda: T.RotateView(NTU25), rotate_view),
    Row("camera view", lambda: T.CameraView(), camera_view),
    Row("view in whole degrees", lambda: T.WholeDegreeView(), whole_degree_view),
    Row("scale", lambda: T.Scale(), scale),
    Row("scale of each axis", lambda: T.ScaleAxes(), scale_axes),
    Row("box to [-1, 1]", lambda: T.BoxScale(), box_scale),
    Row("translation", lambda: T.Translate(), translate),
    Row("random move, choices", lambda: T.RandomMove(), random_move),
    Row("random move, ranges", lambda: T.RandomDrift(), random_drift),
    Row("affine map of a plane", lambda: T.Affine2d(), affine2d),
    Row("left and right exchanged", lambda: T.Mirror(NTU25), swap_sides),
    Row("mirror", lambda: T.Mirror(NTU25, "x"), mirror),
    Row("mirror within an image", lambda: T.Mirror(NTU25, width=1920), mirror_in_image),
    Row("persons exchanged", lambda: T.SwapPersons(), swap_persons),
    Row("seen from the other person", lambda: T.SwapViewpoint(NTU25), swap_viewpoint),
    Row("box crop", lambda: T.BoxCrop((64, 64), layout=IN_IMAGE), box_crop),
    Row("a person hidden", lambda: T.DropPerson(), drop_person),
]
