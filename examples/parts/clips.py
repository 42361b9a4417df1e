"""One clip out of any file that the readers read, in the form that an encoder takes."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from parts.advice import STORE, in_folder
from skelter import data
from skelter.checkpoints import TrainedEncoder
from skelter.data import Clip, SkeletonFormatError, SkeletonStore, synthetic
from skelter.layouts import BODY25, COCO17, KINECT20, NTU25, OPENPOSE18, SBU15, SkeletonLayout


class Found(NamedTuple):
    """A clip, its layout, and its class where that is known."""

    clip: Clip
    layout: SkeletonLayout
    label: str = ""


# Readers of files that hold one clip, by the ending of their names.
READERS: dict[str, tuple[Callable[[Path], Iterable[Clip]], SkeletonLayout]] = {
    ".skeleton": (data.read_ntu, NTU25),
    ".mat": (data.read_utd_mhad, KINECT20),
    ".txt": (data.read_sbu, SBU15),
}
UNSEEN = 1  # the seed of a generated clip; the set that is trained on has 0


def open_clip(path: Path | None, number: int, trained: TrainedEncoder,
              layout: SkeletonLayout | None) -> Found:  # fmt: skip
    """Return a clip of a file, or a generated one, and its layout.

    Args:
        path: The file. None generates a clip.
        number: Which clip, from 0, where there are several. Of generated ones, the class.
        trained: The encoder that it is for. Its layout is that of files that tell none.
        layout: The layout of files that tell none.

    Raises:
        OSError: The file cannot be opened.
        ValueError: It holds no such clip, or is not of a format that is known.
    """
    if path is None:
        store = synthetic.generate(clips_per_class=1, layout=trained.layout, seed=UNSEEN)
        return of_store(store, number)
    if path.is_dir() and (path / STORE).exists():
        store = SkeletonStore.open(path)
        return of_store(store, number)
    if path.is_dir() and any(path.glob("*_keypoints.json")):
        return of_openpose(path, number)
    if not path.exists():
        raise ValueError("it does not exist. CLIP is a file of clips or a store: see --help.")
    if not path.is_file():
        raise ValueError(in_folder(path))
    return of_file(path, number, layout, trained.layout)


def of_file(path: Path, number: int, layout: SkeletonLayout | None,
            default: SkeletonLayout) -> Found:  # fmt: skip
    """Return a clip of a file by the ending of its name."""
    kind = path.suffix.lower()
    if kind == ".npz" and is_ctrgcn(path):
        return Found(pick(data.read_ctrgcn(path, "test"), number), layout or NTU25)
    if kind == ".npz":
        store = data.load_ragged(path, layout=layout)
        return of_store(store, number)
    if kind == ".npy":
        return Found(of_array(path, layout or default), layout or default)
    if kind == ".json":
        return of_json(path, number)
    if kind in (".pkl", ".pickle"):
        clip = pick(data.read_pyskl(path), number)
        return Found(clip, layout or {17: COCO17, 25: NTU25}.get(clip.joints.shape[2], default))
    if kind in READERS:
        read, own = READERS[kind]
        return Found(pick(read(path), number), own)
    raise ValueError(
        f"a file {kind or 'without an ending'} is not a CLIP that is known: see --help."
    )


def is_ctrgcn(path: Path) -> bool:
    """Return whether an archive is one of CTR-GCN. One that is damaged is not."""
    try:
        with np.load(path) as arrays:
            return "x_test" in arrays.files
    except (ValueError, OSError, EOFError, zipfile.BadZipFile):
        return False


def of_store(store: SkeletonStore, number: int) -> Found:
    """Return a clip of a store."""
    if not -len(store) <= number < len(store):
        raise ValueError(f"--number {number}: there are {len(store)} clips, from 0.")
    clip = store[number]
    known = clip.label >= 0 and len(store.label_names) > 0
    label = store.label_names[clip.label] if known else ""
    return Found(clip, store.layout, label)


def pick(clips: Iterable[Clip], number: int) -> Clip:
    """Return a clip by its number."""
    found = next(islice(clips, number, None), None)
    if found is None:
        raise ValueError(f"--number {number}: there are fewer clips.")
    return found


def of_json(path: Path, number: int) -> Found:
    """Return the clip of a file of NW-UCLA, of Kinetics-skeleton or of OpenPose."""
    try:
        keys = set(json.loads(path.read_bytes()))
    except (ValueError, TypeError, RecursionError) as error:
        raise SkeletonFormatError(f"{path} is not JSON: {error}") from error
    if "people" in keys:
        return of_openpose(path, number)
    if "skeletons" in keys:
        return Found(pick(data.read_nw_ucla(path), 0), KINECT20)
    return Found(pick(data.read_kinetics(path), 0), OPENPOSE18)


def of_openpose(path: Path, number: int) -> Found:
    """Return a clip of OpenPose's own files."""
    clip = pick(data.read_openpose(path), number)
    return Found(clip, BODY25 if clip.joints.shape[2] == BODY25.num_joints else OPENPOSE18)


def of_array(path: Path, layout: SkeletonLayout) -> Clip:
    """Return the clip of an array (T, V, C) or (T, M, V, C)."""
    try:
        joints = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise SkeletonFormatError(f"{path} is not an array of numbers: {error}") from error
    # A store checks the array as any clip, and says which axes it expects.
    try:
        store = SkeletonStore.from_clips([joints], layout=layout)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{error} --layout says which joints they are.") from error
    return replace(store[0], name=path.stem)


def fit(clip: Clip, layout: SkeletonLayout, trained: TrainedEncoder) -> Tensor:
    """Return a clip (C, T, V, M) of the layout and the persons that an encoder takes.

    Raises:
        ValueError: The joints are of other names, or there are more persons.
    """
    x = torch.from_numpy(clip.joints).permute(3, 0, 2, 1).float()
    if layout != trained.layout:
        x = layout.convert(x, to=trained.layout)
        lost = trained.layout.num_joints - layout.num_joints
        if lost > 0:
            print(f"warning: {layout.name} lacks {lost} joints of {trained.layout.name}: zeros")
    missing = trained.facts.persons - x.shape[-1]
    return torch.nn.functional.pad(x, (0, missing)) if missing > 0 else x
