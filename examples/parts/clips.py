"""One clip out of any file that the readers read, in the form that an encoder takes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from parts.advice import advise
from skelter import data
from skelter.checkpoints import TrainedEncoder
from skelter.data import Clip, SkeletonFormatError, SkeletonStore, synthetic
from skelter.layouts import COCO17, KINECT20, NTU25, OPENPOSE18, SkeletonLayout

Found = tuple[Clip, SkeletonLayout]
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
        return named(store, number), store.layout
    if path.is_dir() and (path / "store.json").exists():
        store = SkeletonStore.open(path)
        return named(store, number), store.layout
    if not path.is_file():
        raise ValueError(advise(path))
    kind = path.suffix.lower()
    if kind == ".npz" and "x_test" not in np.load(path).files:
        store = data.load_ragged(path)
        return named(store, number), store.layout
    given = layout or trained.layout
    if kind == ".npz":
        return pick(data.read_ctrgcn(path, "test"), number), layout or NTU25
    if kind == ".npy":
        return of_array(path, given), given
    if kind == ".skeleton":
        return pick(data.read_ntu(path), number), NTU25
    if kind == ".json":
        return of_json(path)
    if kind in (".pkl", ".pickle"):
        clip = pick(data.read_pyskl(path), number)
        return clip, layout or {17: COCO17, 25: NTU25}.get(clip.joints.shape[2], given)
    raise ValueError(advise(path))


def named(store: SkeletonStore, number: int) -> Clip:
    """Return a clip of a store, its name the one of its class where it has no other."""
    if not -len(store) <= number < len(store):
        raise ValueError(f"--number {number}: there are {len(store)} clips, from 0.")
    clip = store[number]
    known = clip.label >= 0 and store.label_names
    return replace(clip, name=clip.name or (store.label_names[clip.label] if known else "clip"))


def pick(clips: Iterable[Clip], number: int) -> Clip:
    """Return a clip by its number."""
    found = next(islice(clips, number, None), None)
    if found is None:
        raise ValueError(f"--number {number}: there are fewer clips.")
    return found


def of_json(path: Path) -> Found:
    """Return the clip of a file of NW-UCLA or of Kinetics-skeleton."""
    try:
        keys = set(json.loads(path.read_bytes()))
    except (ValueError, TypeError, RecursionError) as error:
        raise SkeletonFormatError(f"{path} is not JSON: {error}") from error
    if "skeletons" in keys:
        return pick(data.read_nw_ucla(path), 0), KINECT20
    return pick(data.read_kinetics(path), 0), OPENPOSE18


def of_array(path: Path, layout: SkeletonLayout) -> Clip:
    """Return the clip of an array (T, V, C) or (T, M, V, C)."""
    try:
        joints = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise SkeletonFormatError(f"{path} is not an array of numbers: {error}") from error
    # A store checks the array as any clip, and says which axes it expects.
    store = SkeletonStore.from_clips([np.asarray(joints, np.float32)], layout=layout)
    return replace(store[0], name=path.stem)


def fit(clip: Clip, layout: SkeletonLayout, trained: TrainedEncoder) -> Tensor:
    """Return a clip (C, T, V, M) of the layout and the persons that an encoder takes.

    Raises:
        ValueError: The joints are of other names, or there are more persons.
    """
    x = torch.from_numpy(clip.joints).permute(3, 0, 2, 1).float()
    if layout != trained.layout:
        x = layout.convert(x, to=trained.layout)
    missing = trained.facts.persons - x.shape[-1]
    return torch.nn.functional.pad(x, (0, missing)) if missing > 0 else x
