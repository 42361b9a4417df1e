"""Normalisations in NumPy, one clip (C, T, V, M) at a time. What is missing stays zero."""

from __future__ import annotations

import numpy as np
from benchmarks.baselines._rows import Row

from skelter import transforms as T
from skelter.layouts import NTU25
from skelter.transforms import presets


def present(clip):
    return (clip != 0).any(axis=0, keepdims=True)


def pack(clip, keep):
    out = np.zeros_like(clip)
    out[:, : keep.sum()] = clip[:, keep]
    return out


def somebody(clip):
    return clip.any(axis=(0, 2, 3))


def drop_empty(clip, num_frames, rng):
    return pack(clip, somebody(clip))


def centre_each(clip, num_frames, rng, joint=1):
    return (clip - clip[:, :, joint : joint + 1]) * present(clip)


def centre_start(clip, num_frames, rng, joint=1):
    frames = clip[:, :, joint, 0].any(axis=0)
    origin = clip[:, frames.argmax(), joint, 0]
    return (clip - origin[:, None, None, None]) * present(clip)


def resize(clip, frames):
    length = len(somebody(clip)) - somebody(clip)[::-1].argmax()
    place = np.clip((np.arange(frames) + 0.5) * length / frames - 0.5, 0, length - 1)
    low = place.astype(int)
    high = np.minimum(low + 1, length - 1)
    share = (place - low).astype(np.float32)[:, None, None]
    return clip[:, low] * (1 - share) + clip[:, high] * share


def turn(clip, num_frames, rng, left=4, right=8):
    d = clip[:, :, right] - clip[:, :, left]
    length = np.hypot(d[0], d[2])
    safe = np.where(length > 0, length, 1)
    c = np.where(length > 0, d[0] / safe, 1)[:, None]
    s = (d[2] / safe)[:, None]
    out = clip.copy()
    out[0], out[2] = c * clip[0] + s * clip[2], c * clip[2] - s * clip[0]
    return out


def crosclr(clip, num_frames, rng, frames=50):
    clip = centre_each(drop_empty(clip, num_frames, rng), num_frames, rng, 20)
    return turn(resize(clip, frames), num_frames, rng)


def gltransformer(clip, num_frames, rng, joint=20):
    clip = drop_empty(clip, num_frames, rng)
    out = centre_each(clip, num_frames, rng, joint)
    for person in range(clip.shape[3]):
        path = clip[:, :, joint, person]
        there = path.any(axis=0)
        start = path[:, there.argmax()]
        out[:, :, joint, person] = (path - start[:, None]) * there
    return turn(out, num_frames, rng)


def min_max(clip, num_frames, rng):
    there = present(clip)
    low = np.where(there, clip, np.inf).min(axis=(1, 2, 3), keepdims=True)
    high = np.where(there, clip, -np.inf).max(axis=(1, 2, 3), keepdims=True)
    size = np.where(high > low, high - low, 1)
    return ((2 * (clip - low) - (high - low)) / size * there).astype(np.float32)


def mean_relative(clip, num_frames, rng):
    there = present(clip)
    mean = clip.sum(axis=1, keepdims=True) / np.maximum(there.sum(axis=1, keepdims=True), 1)
    return ((clip - mean) * there).astype(np.float32)


def ctrgcn(clip, num_frames, rng, min_frames=12, ratio=0.8, share=0.69754):
    bodies = []
    for person in range(clip.shape[3]):
        body = clip[..., person]
        frames = np.flatnonzero(body.any(axis=(0, 2)))
        if len(frames):
            bodies.append((body, frames))
    longest = max(len(frames) for _, frames in bodies)
    bodies = [b for b in bodies if len(b[1]) >= min(min_frames, longest)]
    kept, left = [], len(bodies)
    for body, frames in bodies:
        seen = body[:, frames]
        there = seen.any(axis=0)
        extent = np.where(there, seen, -np.inf).max(2) - np.where(there, seen, np.inf).min(2)
        clean = extent[0] <= ratio * extent[1]
        if left > 1 and (~clean).sum() >= share * len(frames):
            left -= 1
            continue
        motion = seen[:, there].var(axis=1).sum()
        if clean.any():
            motion = min(motion, seen[:, clean][:, there[clean]].var(axis=1).sum())
        kept.append((motion, body, frames))
    out, spans = np.zeros_like(clip), {}
    for _, body, frames in sorted(kept, key=lambda entry: -entry[0]):
        start, end = frames[0], frames[-1]
        for actor in (0, 1):
            first, last = spans.get(actor, (len(clip[0]), -1))
            if min(last, end) - max(first, start) <= 0:
                out[..., actor][:, frames] = body[:, frames]
                spans[actor] = (min(first, start), max(last, end))
                break
    return centre_start(pack(out, somebody(out)), num_frames, rng)


ROWS = [
    Row("empty frames left out", lambda: T.DropEmptyFrames(), drop_empty),
    Row("each person centred", lambda: T.CentreEachPerson(NTU25), centre_each),
    Row("centred on the start", lambda: T.CentreOnStart(NTU25), centre_start),
    Row("shoulders turned", lambda: T.TurnShoulders(NTU25), turn),
    Row("range to [-1, 1]", lambda: T.MinMax(), min_max),
    Row("mean over time removed", lambda: T.MeanRelative(), mean_relative),
    Row("normalised as CrosSCLR", lambda: presets.crosclr_normalise(), crosclr),
    Row("normalised as GL-Transformer", lambda: presets.gltransformer_normalise(), gltransformer),
    Row("normalised as CTR-GCN", lambda: presets.ctrgcn_normalise(), ctrgcn),
]
