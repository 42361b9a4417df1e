"""NW-UCLA as it is passed on: JSON files named ``aXX_sXX_eXX_vXX.json``, one clip each.

A file holds ``{"skeletons": (T, 20, 3), "label": 1 to 10}``. Positions are in metres.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from skelter._files import describe, format_error
from skelter.data._clip import Clip
from skelter.data.readers._names import split_names
from skelter.data.readers._paths import list_files
from skelter.data.readers._reading import (
    check_joints,
    load_json,
    nobody_error,
    to_float32,
    to_numbers,
)
from skelter.layouts import KINECT20

NAME = re.compile(r"a(\d\d)_s(\d\d)_e(\d\d)_v(\d\d)", re.ASCII)
ACTIONS = split_names(
    """pick up with one hand|pick up with two hands|drop trash|walk around|sit down|stand up|
    don|doff|throw|carry"""
)
"""The names of labels 1 to 10. Their actions are numbered 1-6, 8, 9, 11, 12."""


def read_nw_ucla(path: str | Path) -> Iterator[Clip]:
    """Yield the clips of NW-UCLA files.

    Labels run from 0, and are -1 in files without a ``label``. Subject and view are those of the
    file name, -1 if it has another form.

    Args:
        path: A ``.json`` file, or a folder whose files are read in the order of their names.

    Returns:
        Clips with joints (T, 1, 20, 3), float32.

    Raises:
        FileNotFoundError: The file does not exist.
        SkeletonFormatError: While iterating: a file is damaged, or its label out of range.

    References:
        Wang et al., Cross-view Action Modeling, Learning and Recognition, CVPR 2014; the files
        are those that the Shift-GCN and CTR-GCN projects pass on.

    Example:
        >>> import json
        >>> import numpy as np
        >>> path = getfixture("tmp_path") / "a08_s01_e00_v03.json"
        >>> poses = np.ones((30, 20, 3)).tolist()
        >>> _ = path.write_text(json.dumps({"skeletons": poses, "label": 7}))
        >>> clip = next(read_nw_ucla(path))
        >>> clip.joints.shape, clip.label, clip.view
        ((30, 1, 20, 3), 6, 3)
    """
    return (read_file(file) for file in list_files(path, ".json"))


def read_file(path: Path) -> Clip:
    """Return the clip of one file."""
    content = load_json(path)
    if not isinstance(content, dict) or "skeletons" not in content:
        raise format_error(
            path, "an object with `skeletons` and `label`", describe(content, keys=True)
        )
    label = content.get("label")
    if "label" in content and (type(label) is not int or not 1 <= label <= len(ACTIONS)):
        raise format_error(path, f"a label from 1 to {len(ACTIONS)}", describe(label))
    poses = to_numbers(path, "skeletons", content["skeletons"])
    if poses.shape == (0,):
        raise nobody_error(path, "skeletons of shape (T, 20, 3)", poses.shape)
    if poses.ndim != 3 or poses.shape[1:] != (KINECT20.num_joints, 3):
        raise format_error(path, "skeletons of shape (T, 20, 3)", poses.shape)
    joints = check_joints(path, "the clip", to_float32(poses[:, None]))
    return Clip(joints, -1 if label is None else label - 1, *parse_name(path.stem), path.stem)


def parse_name(name: str) -> tuple[int, int]:
    """Return subject and view that a name of NW-UCLA tells, -1 and -1 of any other."""
    match = NAME.fullmatch(name)
    return (int(match[2]), int(match[4])) if match else (-1, -1)
