"""Kinetics-skeleton: JSON files of OpenPose detections, one video each.

A file holds ``{"data": [{"frame_index": 1, "skeleton": [{"pose": [x, y, ...], "score": [...]},
...]}, ...], "label": "...", "label_index": 0}``, with 18 joints of OpenPose. x and y are shares of
the width and the height of the image, from its upper left corner.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skelter import _checks
from skelter._files import describe, format_error
from skelter.data._clip import Clip
from skelter.data.readers._paths import list_files
from skelter.data.readers._reading import (
    check_joints,
    load_json,
    nobody_error,
    to_float32,
    to_numbers,
)
from skelter.layouts import OPENPOSE18

JOINTS = OPENPOSE18.num_joints
MOST_FRAMES = 10_000  # clips have 300; an index beyond this is damage, not a video
MOST_LABELS = 1_000


def read_kinetics(path: str | Path, *, persons: int = 2) -> Iterator[Clip]:
    """Yield the clips of Kinetics-skeleton files, with the persons detected most surely.

    Persons are not tracked in these files: in each frame, those of highest mean score stand
    first, as ST-GCN reads them. Frames that a file leaves out are zeros. Frames count from 0 in
    files that have a frame 0, as ST-GCN's own extractor writes them, and from 1 in others, as in
    the released set.

    Args:
        path: A ``.json`` file, or a folder whose files are read in the order of their names.
        persons: Bodies a clip. Missing ones are zeros.

    Returns:
        Clips with joints (T, persons, 18, 3), float32: x, y in [0, 1], y pointing down, and the
        detector's score. The label is -1 without a ``label_index``. The folder ``kinetics_train``
        or ``kinetics_val`` becomes an `extra` field ``train`` or ``val``.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: `persons` is not positive.
        SkeletonFormatError: While iterating: a file is damaged, or shows nobody.

    References:
        Yan et al., Spatial Temporal Graph Convolutional Networks, AAAI 2018: the data set and
        its reading code.

    Example:
        >>> import json
        >>> person = {"pose": [0.5] * 36, "score": [0.9] * 18}
        >>> content = {"data": [{"frame_index": 1, "skeleton": [person]}], "label_index": 7}
        >>> path = getfixture("tmp_path") / "video.json"
        >>> _ = path.write_text(json.dumps(content))
        >>> clip = next(read_kinetics(path))
        >>> clip.joints.shape, clip.label
        ((1, 2, 18, 3), 7)
    """
    _checks.positive_int("persons", persons)
    return (read_file(file, persons=persons) for file in list_files(path, ".json"))


def read_file(path: Path, *, persons: int) -> Clip:
    """Return the clip of one file."""
    content = load_json(path)
    frames = content.get("data") if isinstance(content, dict) else None
    if not isinstance(frames, list):
        raise format_error(path, "an object whose `data` lists frames", describe(content))
    if not frames:
        raise nobody_error(path, "an object whose `data` lists frames", "a list of 0")
    label = content.get("label_index", -1)
    if type(label) is not int or not -1 <= label < MOST_LABELS:
        raise format_error(path, "a label_index from 0", describe(label))
    indices = [_index(path, frame) for frame in frames]
    if len(set(indices)) < len(indices):
        raise format_error(path, "frames with different frame_index", "one twice")
    first = 0 if 0 in indices else 1
    length = max(indices) + 1 - first
    joints = np.zeros((length, persons, JOINTS, 3), dtype=np.float32)
    for index, frame in zip(indices, frames, strict=True):
        for place, body in enumerate(_bodies(path, index, frame)[:persons]):
            joints[index - first, place] = body
    side = {"kinetics_train": "train", "kinetics_val": "val"}.get(path.parent.name)
    return Clip(
        check_joints(path, "the clip", joints),
        label,
        name=path.stem,
        extra={} if side is None else {side: 1},
    )


def _index(path: Path, frame: Any) -> int:
    index = frame.get("frame_index") if isinstance(frame, dict) else None
    if type(index) is not int or not 0 <= index <= MOST_FRAMES:
        expected = f"frames with a frame_index from 0 to {MOST_FRAMES}"
        raise format_error(path, expected, describe(index))
    return index


def _bodies(path: Path, index: int, frame: Mapping[str, Any]) -> list[npt.NDArray[np.float32]]:
    """Return the bodies (18, 3) of a frame, the surest first."""
    detections = frame.get("skeleton")
    if not isinstance(detections, list):
        raise format_error(path, f"a list `skeleton` in frame {index}", describe(detections))
    bodies = []
    for detection in detections:
        fields = detection if isinstance(detection, dict) else {}
        what = f"frame {index}"
        pose = to_numbers(path, f"pose in {what}", fields.get("pose"))
        score = to_numbers(path, f"score in {what}", fields.get("score"))
        if pose.shape != (2 * JOINTS,) or score.shape != (JOINTS,):
            expected = f"{2 * JOINTS} numbers of pose and {JOINTS} of score in {what}"
            raise format_error(path, expected, f"shapes {pose.shape} and {score.shape}")
        body = to_float32(np.column_stack([pose.reshape(JOINTS, 2), score]))
        if not np.isfinite(body).all():
            raise format_error(path, f"finite numbers in {what}", "others")
        bodies.append(body)
    return sorted(bodies, key=lambda body: -body[:, 2].mean(dtype=np.float64))
