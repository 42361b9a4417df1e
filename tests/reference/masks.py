"""Masks and token masks, one clip (C, T, V, M) at a time, in float64."""

from __future__ import annotations

import math

import numpy as np


def zero_axis(clip, axis):
    out = clip.copy()
    for c in range(clip.shape[0]):
        if c == axis:
            out[c] = 0
    return out


def keep_grid(T, V, joints, frames):
    """What stays of T x V where some joints are hidden in some frames."""
    keep = np.ones((T, V), dtype=bool)
    for t in frames:
        for v in joints:
            keep[t, v] = False
    return keep


def keep_chunks(T, V, hidden, chunk):
    """What stays of T x V where chunk i hides the joints ``hidden[i]``."""
    keep = np.ones((T, V), dtype=bool)
    for t in range(T):
        for v in hidden[t // chunk]:
            keep[t, v] = False
    return keep


def degrees(bones, V):
    return [sum(v in bone for bone in bones) for v in range(V)]


def two_step_walks(bones, V):
    """Walks of two steps, each along a bone or on the spot, from every joint to every other."""
    near = [{v} for v in range(V)]
    for a, b in bones:
        near[a].add(b)
        near[b].add(a)
    walks = np.zeros((V, V), dtype=int)
    for start in range(V):
        for between in near[start]:
            for end in near[between]:
                walks[start, end] += 1
    return walks


def most_walked(bones, V, seeds, order, count):
    walks = two_step_walks(bones, V)
    reached = [sum(walks[seed, v] for seed in seeds) for v in range(V)]
    return sorted(sorted(range(V), key=lambda v: (-reached[v], order[v]))[:count])


def motion_of_frames(clip):
    C, T, V, M = clip.shape
    motion = [0.0] * T
    for t in range(T - 1):
        squares = [
            (clip[c, t + 1, v, m] - clip[c, t, v, m]) ** 2
            for c in range(C)
            for v in range(V)
            for m in range(M)
        ]
        motion[t] = sum(squares) / len(squares)
    return motion


def drop_frames(clip, valid, order, frames, moving):
    """The clip with `frames` frames, and how many of them are valid."""
    C, _, V, M = clip.shape
    motion = motion_of_frames(clip[:, :valid])
    removed = max(valid - frames, 0)
    fastest = sorted(range(valid), key=lambda t: -motion[t])[: round(moving * removed)]
    left = [t for t in range(valid) if t not in fastest]
    places = sorted(range(len(left)), key=lambda i: order[i])[: valid - removed]
    kept = [left[i] for i in sorted(places)]
    out = np.zeros((C, frames, V, M))
    for j, t in enumerate(kept):
        out[:, j] = clip[:, t]
    return out, len(kept)


def motion_of_patches(clip, patch):
    """Motion (M, blocks, V). Missing joints have no motion."""
    C, T, V, M = clip.shape
    blocks = T // patch
    motion = np.zeros((M, blocks, V))
    for m in range(M):
        for v in range(V):
            for b in range(1, blocks):
                apart = []
                for t in range(b * patch, (b + 1) * patch):
                    now, before = clip[:, t, v, m], clip[:, t - patch, v, m]
                    if now.any() and before.any():
                        apart += [abs(now[c] - before[c]) for c in range(C)]
                motion[m, b, v] = sum(apart) / len(apart) if apart else 0.0
            if blocks > 1:
                motion[m, 0, v] = motion[m, 1, v]
    return motion


def keep_lowest(score, padding, visible):
    """The tokens of the smallest scores, those of padding last, for one person (blocks, V)."""
    blocks, V = score.shape
    tokens = [(b, v) for b in range(blocks) for v in range(V)]
    tokens.sort(key=lambda token: (padding[token[0]], score[token]))
    keep = np.zeros((blocks, V), dtype=bool)
    for token in tokens[:visible]:
        keep[token] = True
    return keep


def keep_still_tokens(clip, u, patch, valid, temperature, visible):
    """The visible tokens (M, blocks, V) of a mask that follows motion, from draws u."""
    motion = motion_of_patches(clip, patch)
    M, blocks, V = motion.shape
    padding = [b * patch >= valid for b in range(blocks)]
    keep = np.zeros((M, blocks, V), dtype=bool)
    for m in range(M):
        moved = np.where(np.array(padding)[:, None], 0.0, motion[m])
        weight = np.exp(moved / (temperature * moved.max() + 1e-10))
        score = np.zeros((blocks, V))
        for b in range(blocks):
            for v in range(V):
                chance = weight[b, v] / weight.sum()
                gumbel = -math.log(-math.log(u[m, b, v] + 1e-10) + 1e-10)
                score[b, v] = u[m, b, v] if padding[b] else math.log(chance) + gumbel
        keep[m] = keep_lowest(score, padding, visible)
    return keep


def add_tube(hidden, joints, top, height, budget):
    new = {(b, v) for b in range(top, top + height) for v in joints if not hidden[b, v]}
    out = hidden.copy()
    if len(new) <= budget:
        for token in new:
            out[token] = True
    return out


def keep_tubes(joints, area, top, target, order, padding, span):
    """The visible tokens (blocks, V) of one person, from its proposals in order."""
    hidden = np.zeros(order.shape, dtype=bool)
    for b, empty in enumerate(padding):
        hidden[b] = empty
    low, high = span
    valid, misses = len(padding) - sum(padding), 0
    tubes = hidden.copy()
    for run, size, place in zip(joints, area, top, strict=True):
        budget = max(target - int(tubes.sum()), 0)
        if misses == 10:
            break
        size = low + size * (min(budget, high) - low)
        height = min(max(round(size / len(run)), 1), valid)
        first = int(place * (valid - height + 1))
        more = add_tube(tubes, run, first, height, budget)
        misses = 0 if (more != tubes).any() else misses + 1
        tubes = more
    tokens = [(b, v) for b in range(order.shape[0]) for v in range(order.shape[1])]
    tokens.sort(key=lambda token: (padding[token[0]], tubes[token], order[token]))
    keep = np.zeros(order.shape, dtype=bool)
    for token in tokens[: order.size - target]:
        keep[token] = True
    return keep
