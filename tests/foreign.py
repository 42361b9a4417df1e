"""Writes stores in the formats that skelter only reads, as their own projects would."""

from __future__ import annotations

import json
import pickle
import shutil
import struct
import zlib

import numpy as np


def padded(store, indices, frames):
    """Clips of shape (N, T, M, V, C), cut or filled with zeros to a number of frames."""
    data = np.zeros((len(indices), frames, *store.frames.shape[1:]), np.float32)
    for row, index in zip(data, indices, strict=True):
        joints = store[index].joints[:frames]
        row[: len(joints)] = joints
    return data


def write_crosclr(folder, store, *, train, val, frames=50):
    folder.mkdir(parents=True, exist_ok=True)
    for side, indices in (("train", train), ("val", val)):
        data = padded(store, indices, frames).transpose(0, 4, 1, 3, 2)
        np.save(folder / f"{side}_position.npy", np.ascontiguousarray(data))
        names = [f"{store.names[i]}.skeleton" for i in indices]
        with (folder / f"{side}_label.pkl").open("wb") as file:
            pickle.dump((names, store.labels[indices].tolist()), file)


def write_ctrgcn(path, store, *, train, test, frames=300):
    arrays = {}
    for side, indices in (("train", train), ("test", test)):
        arrays[f"x_{side}"] = padded(store, indices, frames).reshape(len(indices), frames, -1)
        arrays[f"y_{side}"] = np.eye(len(store.label_names))[store.labels[indices]]
    np.savez(path, **arrays)


def write_pku_mmd(folder, store, *, train, clips_each=4):
    """Join clips to recordings: those that train to ``-L``, the others to ``-M``."""
    for name in ("skeleton", "label"):
        (folder / name).mkdir(parents=True)
    sides = {"L": train, "M": [i for i in range(len(store)) if i not in set(train)]}
    recordings = {}
    for view, indices in sides.items():
        for start in range(0, len(indices), clips_each):
            recordings[f"{start // clips_each:04d}-{view}"] = indices[start : start + clips_each]
    for name, indices in recordings.items():
        clips = [store[i] for i in indices]
        frames = np.concatenate([clip.joints for clip in clips])
        np.savetxt(folder / "skeleton" / f"{name}.txt", frames.reshape(len(frames), -1), "%.9g")
        ends = np.cumsum([len(clip.joints) for clip in clips])
        lines = [
            f"{clip.label + 1},{end - len(clip.joints)},{end},2\n"
            for clip, end in zip(clips, ends, strict=True)
        ]
        (folder / "label" / f"{name}.txt").write_text("".join(lines))
    lists = [", ".join(name for name in recordings if name.endswith(view)) for view in "LM"]
    (folder / "split.txt").write_text(f"Training videos:\n{lists[0]}\nValidation:\n{lists[1]}\n")


def write_nw_ucla(folder, store):
    folder.mkdir(parents=True)
    for number, clip in enumerate(store):
        name = f"a{clip.label + 1:02d}_s{clip.subject:02d}_e{number:02d}_v{clip.view:02d}"
        content = {"file_name": name, "skeletons": clip.joints[:, 0].tolist()}
        (folder / f"{name}.json").write_text(json.dumps(content | {"label": clip.label + 1}))


def write_kinetics(folder, store, *, train):
    for number, clip in enumerate(store):
        side = folder / f"kinetics_{'train' if number in set(train) else 'val'}"
        side.mkdir(parents=True, exist_ok=True)
        frames = []
        for index, frame in enumerate(clip.joints, start=1):
            bodies = [
                {"pose": body[:, :2].ravel().tolist(), "score": body[:, 2].tolist()}
                for body in frame
                if body.any()
            ]
            frames.append({"frame_index": index, "skeleton": bodies})
        content = {"data": frames, "label": "a label", "label_index": clip.label}
        (side / f"video{number:03d}.json").write_text(json.dumps(content))


def items(source):
    """Return all clips of a source, and errors in the places of damaged ones."""
    return [item for piece in source.pieces for item in source.read(*piece.arguments)]


def copy_side(folder, side, to):
    """Give a folder of arrays its other side, since sources have both."""
    for file in folder.glob(f"{side}_*"):
        shutil.copy(file, folder / file.name.replace(side, to))
    return folder


def matlab(values, name="d_skel", order="<", compress=True):
    """The bytes of a MATLAB file of version 5 with one array of numbers."""
    codes = {"i1": 1, "u1": 2, "i2": 3, "u2": 4, "i4": 5, "u4": 6, "f4": 7, "f8": 9}
    classes = {"f8": 6, "f4": 7, "i1": 8, "u1": 9, "i2": 10, "u2": 11, "i4": 12, "u4": 13}
    kind = values.dtype.str[1:]

    def element(code, data):
        return struct.pack(f"{order}II", code, len(data)) + data + bytes(-len(data) % 8)

    parts = [
        element(6, struct.pack(f"{order}II", classes[kind], 0)),
        element(5, np.array(values.shape, f"{order}i4").tobytes()),
        element(1, name.encode()),
        element(codes[kind], values.astype(order + kind).tobytes("F")),
    ]
    matrix = element(14, b"".join(parts))
    if compress:
        packed = zlib.compress(matrix)
        matrix = struct.pack(f"{order}II", 15, len(packed)) + packed
    mark = b"\x00\x01IM" if order == "<" else b"\x01\x00MI"
    return b"MATLAB 5.0 MAT-file".ljust(124) + mark + matrix


def write_utd_mhad(folder, store):
    folder.mkdir(parents=True)
    order = [3, 2, 1, 0, *range(4, 20)]
    for number, clip in enumerate(store):
        name = f"a{clip.label + 1}_s{clip.subject}_t{number}_skeleton.mat"
        values = clip.joints[:, 0, order].transpose(1, 2, 0).astype("f8")
        (folder / name).write_bytes(matlab(values))


def write_sbu(folder, store):
    """Write one folder a take, the pairs in the order of the subjects from 1."""
    pairs = ["s01s02", "s02s03", "s01s03", "s02s01", "s04s02"]  # one of each fold
    for number, clip in enumerate(store):
        take = folder / pairs[clip.subject - 1] / f"{clip.label + 1:02d}" / f"{number + 1:03d}"
        take.mkdir(parents=True)
        shares = (clip.joints - [1.28, 0.96, 0]) / [-2.56, -1.92, 1.28]
        rows = [
            ",".join(f"{value:.7g}" for value in [frame + 1, *row.ravel()])
            for frame, row in enumerate(shares)
        ]
        (take / "skeleton_pos.txt").write_text("\n".join(rows))


def write_openpose(folder, store):
    """Write a flat folder of the frames of all clips."""
    folder.mkdir(parents=True)
    for clip in store:
        for number, frame in enumerate(clip.joints):
            people = [{"pose_keypoints_2d": body.ravel().tolist()} for body in frame if body.any()]
            file = folder / f"{clip.name}_rgb_{number:012d}_keypoints.json"
            file.write_text(json.dumps({"version": 1.3, "people": people}))
