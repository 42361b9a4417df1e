"""Poses that a detector found in images: a file for each video or frame."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from skelter.data.preparation._source import Piece, Source
from skelter.data.readers import _openpose
from skelter.data.readers._kinetics import read_kinetics
from skelter.data.readers._paths import list_files
from skelter.data.splits._general import recorded
from skelter.data.store._index import StoreInfo
from skelter.layouts import OPENPOSE18


def kinetics(folder: str | Path, *, persons: int = 2) -> Source:
    """Return the files of Kinetics-skeleton.

    Args:
        folder: The folder that holds ``kinetics_train`` and ``kinetics_val``, or one of these.
        persons: See `read_kinetics`.

    Raises:
        FileNotFoundError: It is not there, or has no ``.json`` file.

    Example:
        >>> folder = getfixture("tmp_path") / "kinetics_val"
        >>> folder.mkdir()
        >>> (folder / "video.json").touch()
        >>> kinetics(folder.parent).info.layout
        SkeletonLayout(OPENPOSE18: 18 joints)
    """
    files = list_files(folder, ".json")
    files = [file for file in files if not file.stem.endswith("_label")]  # lists of all labels
    options = {"persons": persons}
    provenance = {"format": "Kinetics-skeleton .json", "options": options}
    info = StoreInfo(OPENPOSE18, (), None, "Kinetics-skeleton", provenance)
    rules = (recorded("train", "val"),)
    return Source.of_files(info, files, partial(read_kinetics, persons=persons), splits=rules)


def openpose(folder: str | Path, *, persons: int = 2) -> Source:
    """Return the JSON files that OpenPose writes, all with the same key points.

    Args:
        folder: A folder of files ``<name>_<frame>_keypoints.json``, which may be in sub-folders.
            Those of one folder and one name are a clip.
        persons: See `read_openpose`.

    Raises:
        FileNotFoundError: It is not there, or has no such file.
        SkeletonFormatError: Nobody is in any frame, or the first frame with somebody is damaged.

    Example:
        >>> import json
        >>> folder = getfixture("tmp_path")
        >>> content = {"people": [{"pose_keypoints_2d": [0.5] * 75}]}
        >>> _ = (folder / "walk_000000000000_keypoints.json").write_text(json.dumps(content))
        >>> openpose(folder).info.layout
        SkeletonLayout(BODY25: 25 joints)
    """
    videos = _openpose.list_videos(folder)
    provenance = {"format": "OpenPose .json", "options": {"persons": persons}}
    info = StoreInfo(_openpose.find_layout(videos), (), None, "OpenPose", provenance)
    pieces = [Piece(video.name, tuple(video.frames.values()), (video,)) for video in videos]
    return Source(info, pieces, partial(_openpose.read_videos, persons=persons))
