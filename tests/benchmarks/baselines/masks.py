"""Masks in NumPy, one clip (C, T, V, M) at a time."""

from __future__ import annotations

import numpy as np
from benchmarks.baselines._rows import Row

from skelter import transforms as T
from skelter.layouts import NTU25

PARTS = [list(part) for part in NTU25.parts.values()]
DEGREES = np.zeros(25)
LINKS = np.eye(25)
for child, parent in NTU25.bones:
    DEGREES[[child, parent]] += 1
    LINKS[child, parent] = LINKS[parent, child] = 1
WALKS = LINKS @ LINKS


def axis_mask(clip, num_frames, rng):
    out = clip.copy()
    out[rng.integers(3)] = 0
    return out


def joint_mask(clip, num_frames, rng, count=5):
    out = clip.copy()
    out[:, :, rng.choice(clip.shape[2], count, replace=False)] = 0
    return out


def centrality_mask(clip, num_frames, rng, count=8):
    out = clip.copy()
    out[:, :, rng.choice(25, count, replace=False, p=DEGREES / DEGREES.sum())] = 0
    return out


def neighbourhood_mask(clip, num_frames, rng, count=8, seeds=5):
    reached = WALKS[rng.integers(25, size=seeds)].sum(0) + rng.random(25)
    out = clip.copy()
    out[:, :, np.argsort(reached)[-count:]] = 0
    return out


def part_mask(clip, num_frames, rng):
    out = clip.copy()
    out[:, :, PARTS[rng.integers(5)]] = 0
    return out


def part_chunk_mask(clip, num_frames, rng, count=3, chunk=8):
    out = clip.copy()
    for start in range(0, clip.shape[1], chunk):
        for part in rng.choice(5, count, replace=False):
            out[:, start : start + chunk, PARTS[part]] = 0
    return out


def joint_chunk_mask(clip, num_frames, rng, count=2):
    out = clip.copy()
    for frame in range(clip.shape[1]):
        out[:, frame, rng.choice(25, count, replace=False)] = 0
    return out


def joint_frame_mask(clip, num_frames, rng):
    joints = rng.choice(25, rng.integers(5, 16), replace=False)
    count = rng.integers(round(0.25 * num_frames), round(0.5 * num_frames) + 1)
    frames = rng.choice(num_frames, max(count, 1), replace=False)
    out = clip.copy()
    out[:, frames[:, None], joints] = 0
    return out


def frame_mask(clip, num_frames, rng, share=0.375, block=4):
    blocks = -(-num_frames // block)
    out = clip.copy()
    for start in block * rng.choice(blocks, int(share * blocks), replace=False):
        out[:, start : start + block] = 0
    return out


def frame_span_mask(clip, num_frames, rng, share=0.2):
    length = int(share * num_frames)
    start = rng.integers(num_frames - length + 1)
    out = clip.copy()
    out[:, start : start + length] = 0
    return out


def frame_drop(clip, num_frames, rng, frames=30):
    removed = max(num_frames - frames, 0)
    moving = round(removed / 2)
    x = clip[:, :num_frames]
    motion = np.append(((x[:, 1:] - x[:, :-1]) ** 2).mean(axis=(0, 2, 3)), 0)
    left = np.sort(np.argsort(-motion)[moving:])
    kept = np.sort(rng.choice(left, num_frames - removed, replace=False))
    out = np.zeros((clip.shape[0], frames, *clip.shape[2:]), np.float32)
    out[:, : len(kept)] = clip[:, kept]
    return out


def element_dropout(clip, num_frames, rng, p=0.5):
    return clip * (rng.random(clip.shape) >= p).astype(np.float32)


def cell_mask(clip, num_frames, rng, p=0.3):
    return clip * (rng.random(clip.shape[1:]) >= p).astype(np.float32)


def part_filled(clip, num_frames, rng):
    joints = PARTS[rng.integers(5)]
    there = (clip[:, :, joints] != 0).any(axis=0)
    out = clip.copy()
    out[:, :, joints] = rng.uniform(-1, 1, clip[:, :, joints].shape) * there
    return out


ROWS = [
    Row("axis mask", lambda: T.AxisMask(), axis_mask),
    Row("joint mask", lambda: T.JointMask(0.2), joint_mask),
    Row("centrality mask", lambda: T.CentralityMask(), centrality_mask),
    Row("neighbourhood mask", lambda: T.NeighbourhoodMask(), neighbourhood_mask),
    Row("part mask", lambda: T.PartMask(), part_mask),
    Row("parts in chunks", lambda: T.PartChunkMask(), part_chunk_mask),
    Row("joints in every frame", lambda: T.JointChunkMask(0.1), joint_chunk_mask),
    Row("joints x frames", lambda: T.JointFrameMask(), joint_frame_mask),
    Row("frame mask", lambda: T.FrameMask(0.375, block=4), frame_mask),
    Row("frame span", lambda: T.FrameSpanMask(0.2), frame_span_mask),
    Row("frame removal", lambda: T.DropMovingFrames(30), frame_drop),
    Row("element dropout", lambda: T.ElementDropout(), element_dropout),
    Row("cell mask", lambda: T.CellMask(), cell_mask),
    Row("part with noise", lambda: T.FillMasked(T.PartMask()), part_filled),
]
