"""Views in NumPy, one clip (C, T, V, M) padded to 300 frames at a time."""

from __future__ import annotations

import random

import numpy as np
import torch
from torch.nn import functional as F

FRAMES = 64
MIN_FRAMES = 64
RATIO = (0.1, 1.0)
JITTERED_JOINTS = 15


def view(clip, valid):
    """Crop and resize, then shear or jitter joints."""
    clip = random_crop_resize(clip, valid)
    if random.random() < 0.5:
        return random_shear(clip)
    return random_jitter(clip)


def random_crop_resize(clip, valid):
    ratio = np.random.uniform(*RATIO)
    length = int(np.floor(valid * ratio))
    length = min(max(length, MIN_FRAMES), valid)
    start = random.randint(0, valid - length)
    return crop_resize(clip, start, length)


def crop_resize(clip, start, length, frames=FRAMES):
    crop = torch.from_numpy(np.ascontiguousarray(clip[:, start : start + length]))
    C, T, V, M = crop.shape
    crop = crop.permute(0, 2, 3, 1).contiguous().view(1, C * V * M, T, 1)
    crop = F.interpolate(crop, size=(frames, 1), mode="bilinear", align_corners=False)
    return crop.view(C, V, M, frames).permute(0, 3, 1, 2).contiguous().numpy()


def random_shear(clip, amplitude=1.0):
    a, b, c, d, e, f = (random.uniform(-amplitude, amplitude) for _ in range(6))
    return shear(clip, np.array([[1, a, b], [c, 1, d], [e, f, 1]], dtype=np.float32))


def shear(clip, matrix):
    moved = np.dot(clip.transpose(1, 2, 3, 0), matrix.T)
    return moved.transpose(3, 0, 1, 2)


def random_jitter(clip):
    joints = random.sample(range(clip.shape[2]), JITTERED_JOINTS)
    if random.random() < 0.5:
        return zero_joints(clip, joints)
    return mix_joints(clip, joints, np.random.uniform(-1, 1, (3, 3)).astype(np.float32))


def zero_joints(clip, joints):
    out = clip.copy()
    out[:, :, joints, :] = 0
    return out


def mix_joints(clip, joints, matrix):
    out = clip.copy()
    rows = out[:, :, joints, :].transpose(1, 2, 3, 0)
    out[:, :, joints, :] = np.dot(rows, matrix).transpose(3, 0, 1, 2)
    return out


def centre_on_joint(clip, joint):
    """Subtract a joint of the first person; missing joints stay zero."""
    there = (clip != 0).any(axis=0, keepdims=True)
    return np.where(there, clip - clip[:, :, joint : joint + 1, :1], clip)


def motion(clip):
    out = np.zeros_like(clip)
    out[:, :-1] = clip[:, 1:] - clip[:, :-1]
    return out
