"""Writes stores in the formats that skelter only reads, as their own projects would."""

from __future__ import annotations

import json
import pickle
import shutil

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
