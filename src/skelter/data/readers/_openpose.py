"""The JSON files that OpenPose writes, one for each frame of a video.

A file ``<name>_<frame>_keypoints.json`` holds ``{"people": [{"pose_keypoints_2d": [x, y, score,
...]}, ...]}``, with 25 key points of BODY_25 or 18 of COCO, in pixels from the upper left corner.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from skelter import _checks
from skelter._files import describe, format_error
from skelter.data._clip import Clip, Reading, parse_ntu_name, raise_errors
from skelter.data.readers._names import subject_and_view
from skelter.data.readers._paths import list_files
from skelter.data.readers._reading import (
    check_joints,
    load_json,
    nobody_error,
    to_float32,
    to_numbers,
    try_each,
)
from skelter.layouts import BODY25, OPENPOSE18, SkeletonLayout

ENDING = "_keypoints.json"
NAME = re.compile(rf"(?:(.+)_)?(\d{{1,12}}){ENDING}", re.ASCII)
FIELDS = ("pose_keypoints_2d", "pose_keypoints")  # the second before OpenPose 1.3
LAYOUTS = {3 * layout.num_joints: layout for layout in (BODY25, OPENPOSE18)}
MOST_FRAMES = 1 << 17  # an hour; a longer gap between frames is damage, not a video


class Video(NamedTuple):
    """The files of a clip by the number of their frame."""

    name: str
    frames: dict[int, Path]


def read_openpose(path: str | Path, *, persons: int = 2) -> Iterator[Clip]:
    """Yield the clips of OpenPose's own files, one for each video.

    The files of one folder and one name are a clip, those that are only numbered one of the name
    of their folder. It begins with its first file. Frames without a file, and frames without a
    person, are zeros.

    OpenPose does not follow persons over time: the same person may stand in another place in the
    next frame. In each frame, those of highest mean score are kept, in the order of the file.

    Args:
        path: A folder of files ``<name>_<frame>_keypoints.json``, which may be in sub-folders, or
            one of them.
        persons: Bodies a clip. Missing ones are zeros.

    Returns:
        Clips with joints (T, persons, V, 3), float32: x, y in pixels, y pointing down, and the
        detector's score. V = 25 are those of BODY25, V = 18 those of OPENPOSE18. Label, subject
        and view are known where names begin as those of NTU RGB+D do.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: `persons` is not positive.
        SkeletonFormatError: A file has another name. While iterating: a file is damaged, or a
            video shows nobody.

    References:
        Cao et al., OpenPose: Realtime Multi-Person 2D Pose Estimation using Part Affinity Fields,
        TPAMI 2021, and the page "Output" of its documentation.

    Example:
        >>> import json
        >>> folder = getfixture("tmp_path")
        >>> for frame, people in enumerate([[{"pose_keypoints_2d": [0.5] * 75}], []]):
        ...     file = folder / f"walk_{frame:012}_keypoints.json"
        ...     _ = file.write_text(json.dumps({"people": people}))
        >>> [(clip.name, clip.joints.shape) for clip in read_openpose(folder, persons=1)]
        [('walk', (2, 1, 25, 3))]
    """
    _checks.positive_int("persons", persons)
    videos = list_videos(path)
    return raise_errors(try_each(partial(_read_video, persons=persons), videos))


def read_videos(*videos: Video, persons: int) -> Reading:
    """Yield the clip of each video, or the error that says why there is none."""
    return try_each(partial(_read_video, persons=persons), videos)


def list_videos(path: str | Path) -> list[Video]:
    """Return the videos whose frames lie in a folder and its sub-folders, by name."""
    root, videos = Path(path), dict[tuple[Path, str], dict[int, Path]]()
    for file in list_files(path, ENDING):
        match = NAME.fullmatch(file.name)
        if match is None:
            raise format_error(file, f"a name such as walk_000000000012{ENDING}", file.name)
        frames = videos.setdefault((file.parent, match[1] or file.parent.name), {})
        other = frames.setdefault(int(match[2]), file)
        if other != file:
            raise format_error(file, f"one file for frame {int(match[2])}", other.name)
    named = Counter(name for _, name in videos)

    def full_name(folder: Path, name: str) -> str:
        return name if named[name] == 1 else (folder.relative_to(root) / name).as_posix()

    return sorted(Video(full_name(*key), frames) for key, frames in videos.items())


def find_layout(videos: Sequence[Video]) -> SkeletonLayout:
    """Return the layout of the first body in any file."""
    for file in (file for video in videos for file in video.frames.values()):
        for body in _bodies(file):
            return LAYOUTS[body.size]
    first = next(iter(videos[0].frames.values()))
    raise nobody_error(first.parent, "a person in some frame", "nobody")


def _read_video(video: Video, *, persons: int) -> Clip:
    start, end = min(video.frames), max(video.frames) + 1
    last = video.frames[end - 1]
    if end - start > MOST_FRAMES:
        raise format_error(last, f"frames within {MOST_FRAMES:,}", f"{start} to {end - 1}")
    bodies = {number - start: _bodies(file) for number, file in video.frames.items()}
    shapes = {body.shape for seen in bodies.values() for body in seen}
    if not shapes:
        frames = len(video.frames)
        raise nobody_error(last, "a person in some frame", f"nobody in {frames} of {frames}")
    if len(shapes) > 1:
        found = " and ".join(str(points) for points, _ in sorted(shapes))
        raise format_error(last, f"as many key points in all frames of {video.name}", found)
    joints = np.zeros((end - start, persons, *shapes.pop()), dtype=np.float32)
    for frame, seen in bodies.items():
        for place, body in enumerate(_surest(seen, persons)):
            joints[frame, place] = body
    check_joints(last, video.name, joints)
    ntu = parse_ntu_name(video.name)
    label = ntu.action - 1 if ntu else -1
    return Clip(joints, label, *subject_and_view(video.name), video.name)


def _surest(bodies: Sequence[npt.NDArray[np.float32]], count: int) -> list[npt.NDArray[np.float32]]:
    """Return the bodies of highest mean score, in the order that they had."""
    order = sorted(range(len(bodies)), key=lambda n: -bodies[n][:, 2].mean(dtype=np.float64))
    return [bodies[number] for number in sorted(order[:count])]


def _bodies(path: Path) -> list[npt.NDArray[np.float32]]:
    """Return the bodies (V, 3) in a file."""
    content = load_json(path)
    people = content.get("people") if isinstance(content, dict) else None
    if not isinstance(people, list):
        raise format_error(path, "an object with a list `people`", describe(content, keys=True))
    bodies = [_body(path, number, person) for number, person in enumerate(people)]
    return [body for body in bodies if body.any()]


def _body(path: Path, number: int, person: Any) -> npt.NDArray[np.float32]:
    """Return one body (V, 3), of no points where OpenPose was told to look for none."""
    fields = person if isinstance(person, dict) else {}
    what = f"`{FIELDS[0]}` of person {number}"
    values = to_numbers(path, what, next((fields[f] for f in FIELDS if f in fields), None))
    if values.shape == (0,):
        return np.zeros((0, 3), dtype=np.float32)
    if values.ndim != 1 or len(values) not in LAYOUTS:
        expected = f"{what} to be x, y, score of 25 or 18 key points, 75 or 54 numbers"
        raise format_error(path, expected, values.shape)
    body = to_float32(values.reshape(-1, 3))
    if not np.isfinite(body).all():
        raise format_error(path, f"finite numbers in {what}", "others")
    return body
