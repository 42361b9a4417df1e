"""Single steps of normalisations in NumPy, one clip (C, T, V, M) at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from benchmarks.baselines import numpy_views
from benchmarks.baselines._rows import Row
from benchmarks.baselines.normalisation import centre_each, present, resize, somebody

from skelter import transforms as T
from skelter.layouts import NTU25

IN_IMAGE = replace(NTU25, name="NTU25 in an image", dimensions=2, spine=None, shoulders=None)


def joint_jitter(clip, num_frames, rng):
    joints = rng.choice(clip.shape[2], 15, replace=False)
    if rng.random() < 0.5:
        return numpy_views.zero_joints(clip, joints)
    matrix = rng.uniform(-1, 1, (3, 3)).astype(np.float32)
    return numpy_views.mix_joints(clip, joints, matrix)


def fill_frames(clip, num_frames, rng):
    out = clip.copy()
    for person in range(clip.shape[3]):
        there = clip[..., person].any(axis=(0, 2))
        if not there.any():
            continue
        seen = clip[:, there, :, person] if not there[0] else clip[..., person]
        last = np.flatnonzero(seen.any(axis=(0, 2)))[-1] + 1
        out[..., person] = seen[:, np.arange(clip.shape[1]) % last]
    return out


def centre_on_joint(clip, num_frames, rng, joint=1):
    return numpy_views.centre_on_joint(clip, joint)


def centre_with_trajectory(clip, num_frames, rng, joint=20):
    out = centre_each(clip, num_frames, rng, joint)
    for person in range(clip.shape[3]):
        path = clip[:, :, joint, person]
        there = path.any(axis=0)
        out[:, :, joint, person] = (path - path[:, there.argmax(), None]) * there
    return out


def align(lower, upper, axis):
    """Return a step that turns a bone of the first pose to an axis."""

    def step(clip, num_frames, rng):
        bone = clip[:, 0, upper, 0] - clip[:, 0, lower, 0]
        bone = bone / np.linalg.norm(bone)
        target = np.eye(3, dtype=np.float32)[axis]
        normal = np.cross(bone, target)
        sine, cosine = np.linalg.norm(normal), bone @ target
        i, j, k = normal / sine
        cross = np.array([[0, -k, j], [k, 0, -i], [-j, i, 0]])
        matrix = np.eye(3) + sine * cross + (1 - cosine) * cross @ cross
        return numpy_views.shear(clip, matrix.astype(np.float32))

    return step


def unit_scale(clip, num_frames, rng):
    there = present(clip)
    count = np.maximum(there.sum(axis=2, keepdims=True), 1)
    offset = (clip - clip.sum(axis=2, keepdims=True) / count) * there
    size = np.sqrt((offset**2).sum() / there.sum())
    return (clip / size).astype(np.float32)


def resize_frames(clip, num_frames, rng):
    return resize(clip, 50)


def resize_motion(clip, num_frames, rng):
    motion, there = np.zeros_like(clip), present(clip)
    motion[:, :-1] = (clip[:, 1:] - clip[:, :-1]) * (there[:, 1:] & there[:, :-1])
    length = np.flatnonzero(somebody(clip))[-1] + 1
    place = np.clip((np.arange(50) + 0.5) * length / 50 - 0.5, 0, length - 1)
    low = place.astype(int)
    high = np.minimum(low + 1, length - 1)
    share = (place - low).astype(np.float32)[:, None, None]
    return motion[:, low] * (1 - share) + motion[:, high] * share


def unit_image(clip, num_frames, rng, width=1920, height=1080):
    out, there = clip.copy(), present(clip[:2])[0]
    out[0] = (clip[0] - width / 2) / (width / 2) * there
    out[1] = (clip[1] - height / 2) / (height / 2) * there
    return out


def compact_pose(clip, num_frames, rng, margin=0.25):
    out, there = clip.copy(), present(clip[:2])[0]
    points = clip[:2, there]
    low, high = points.min(axis=1), points.max(axis=1)
    half = ((high - low) / 2 * (1 + margin)).max()
    corner = np.trunc((low + high) / 2 - half)
    out[:2] = (clip[:2] - corner[:, None, None, None]) * there
    return out


def drop_unsure(clip, num_frames, rng, threshold=0.01):
    return clip * (clip[2] > threshold)


def frames_of(clip):
    return clip.any(axis=(0, 2)).sum(axis=0)


def sort_persons(clip, num_frames, rng):
    return clip[..., np.argsort(-frames_of(clip), kind="stable")]


def motions(clip):
    found = []
    for person in range(clip.shape[3]):
        there = clip[..., person].any(axis=0).any(axis=1)
        seen = clip[:, there, :, person]
        found.append(seen.reshape(len(clip), -1).var(axis=1).sum() if there.any() else -1.0)
    return np.array(found)


def sort_by_motion(clip, num_frames, rng):
    return clip[..., np.argsort(-motions(clip), kind="stable")]


def drop_short(clip, num_frames, rng, min_frames=12):
    frames, out = frames_of(clip), clip.copy()
    out[..., (frames < min_frames) & (frames < frames.max())] = 0
    return out


def drop_wide(clip, num_frames, rng, ratio=0.8, share=0.69754):
    out, there = clip.copy(), present(clip)
    high = np.where(there, clip, -np.inf).max(axis=2)
    low = np.where(there, clip, np.inf).min(axis=2)
    seen = there[0].any(axis=1)
    with np.errstate(invalid="ignore"):
        wide = (high[0] - low[0] > ratio * (high[1] - low[1])) & seen
    bad = wide.sum(axis=0) >= share * np.maximum(seen.sum(axis=0), 1)
    bad[0] &= not bad.all()
    out[..., bad] = 0
    return out


def join_persons(clip, num_frames, rng):
    out, spans = np.zeros_like(clip), {}
    for person in range(clip.shape[3]):
        frames = np.flatnonzero(clip[..., person].any(axis=(0, 2)))
        if not len(frames):
            continue
        for actor in (0, 1):
            first, last = spans.get(actor, (clip.shape[1], -1))
            if min(last, frames[-1]) - max(first, frames[0]) <= 0:
                out[:, frames, :, actor] = clip[:, frames, :, person]
                spans[actor] = min(first, frames[0]), max(last, frames[-1])
                break
    return out


def duplicate_person(clip, num_frames, rng):
    out = clip.copy()
    if not clip[..., 1].any():
        out[..., 1] = clip[..., 0]
    return out


ROWS = [
    Row("joint jitter", lambda: T.JointJitter(), joint_jitter),
    Row("frames filled", lambda: T.FillFrames(), fill_frames),
    Row("centred on a joint", lambda: T.CentreOnJoint(NTU25), centre_on_joint),
    Row("centred, path kept", lambda: T.CentreWithTrajectory(NTU25, 20), centre_with_trajectory),
    Row("spine upright", lambda: T.AlignSpine(NTU25), align(0, 1, 2)),
    Row("shoulders of the first pose", lambda: T.AlignShoulders(NTU25), align(4, 8, 0)),
    Row("size of one", lambda: T.UnitScale(), unit_scale),
    Row("resized", lambda: T.ResizeFrames(50), resize_frames),
    Row("resized motion", lambda: T.ResizeMotion(50), resize_motion),
    Row("image to [-1, 1]", lambda: T.UnitImage(layout=IN_IMAGE), unit_image),
    Row("square about the body", lambda: T.CompactPose(layout=IN_IMAGE), compact_pose),
    Row("unsure joints dropped", lambda: T.DropUnsure(layout=IN_IMAGE), drop_unsure),
    Row("persons by frames", lambda: T.SortPersons(), sort_persons),
    Row("persons by motion", lambda: T.SortByMotion(NTU25), sort_by_motion),
    Row("short persons dropped", lambda: T.DropShortPersons(), drop_short),
    Row("wide persons dropped", lambda: T.DropWidePersons(NTU25), drop_wide),
    Row("persons joined", lambda: T.JoinPersons(), join_persons),
    Row("a person duplicated", lambda: T.DuplicatePerson(), duplicate_person),
]
