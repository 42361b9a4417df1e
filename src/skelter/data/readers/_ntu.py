"""NTU RGB+D ``.skeleton`` files: text, one clip a file.

The number of frames; for each frame the number of bodies; for each body a line of ten values that
begins with its identifier, the number of joints, and a line of twelve values for each joint that
begins with x, y, z in metres, y up, as the camera sees them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from skelter import _checks
from skelter._files import SkeletonFormatError, write_whole
from skelter.data._clip import Clip, NTUName, parse_ntu_name
from skelter.data.files._text import Tokens
from skelter.data.readers._names import split_names
from skelter.data.readers._paths import list_files
from skelter.data.readers._reading import check_joints, find_most_moving, nobody_error
from skelter.layouts import NTU25

SUFFIX = ".skeleton"
JOINTS = NTU25.num_joints
BODY_VALUES, JOINT_VALUES = 10, 12
LINES = 2 + JOINTS  # of a body
TRACKS, SINGLE = ("order", "id"), ("zeros", "duplicate")
JOINT_LINE = "%.9g %.9g %.9g 0 0 0 0 0 0 0 0 2\n"  # nine digits give float32 back
FIRST_ID = 72057594037927936  # as Kinect's identifiers look
ACTIONS = split_names(
    """drink water|eat meal|brush teeth|brush hair|drop|pick up|throw|sit down|stand up|clap|read|
    write|tear up paper|put on jacket|take off jacket|put on a shoe|take off a shoe|
    put on glasses|take off glasses|put on a hat|take off a hat|cheer up|wave|kick something|
    reach into pocket|hop|jump up|phone call|play with phone|type on a keyboard|
    point to something|take a selfie|check time|rub two hands|nod or bow|shake head|wipe face|
    salute|put palms together|cross hands in front|sneeze or cough|stagger|fall|headache|
    chest pain|backache|neckache|nausea|fan self|punch or slap|kick other person|
    push other person|pat on back|point at other person|hug|give something|
    touch other person's pocket|shake hands|walk towards each other|walk apart|
    put on headphone|take off headphone|shoot at the basket|bounce ball|tennis bat swing|
    juggle table tennis balls|hush|flick hair|thumb up|thumb down|make OK sign|
    make victory sign|staple book|count money|cut nails|cut paper|snap fingers|open bottle|
    sniff|squat down|toss a coin|fold paper|ball up paper|play magic cube|
    apply cream on face|apply cream on hand|put on bag|take off bag|put into a bag|
    take out of a bag|open a box|move heavy objects|shake fist|throw up cap|hands up|cross arms|
    arm circles|arm swings|run on the spot|butt kicks|cross toe touch|side kick|yawn|
    stretch oneself|blow nose|hit with something|wield knife|knock over|grab stuff|
    shoot with gun|step on foot|high-five|cheers and drink|carry together|take a photo|follow|
    whisper in ear|exchange things|support somebody|rock-paper-scissors"""
)
"""The names of actions A1 to A120. The first 60 are those of NTU RGB+D."""


def read_ntu(
    path: str | Path, *, persons: int = 2, single: str = "zeros", track: str = "order"
) -> Iterator[Clip]:
    """Yield the clips of ``.skeleton`` files, with the bodies that move most.

    Label (from 0), subject and view are those of a file name such as
    ``S001C002P003R002A013.skeleton``, and -1 for any other.

    Args:
        path: A file, or a folder whose files are read in the order of their names.
        persons: Bodies a clip, those of largest motion energy. Missing ones are zeros.
        single: The second body where only one was seen: ``"zeros"``, or ``"duplicate"`` for the
            same again, as SGN and CTR-GCN have it for NTU-120.
        track: The mark of a body over time: ``"order"``, its place among the bodies of a frame, as
            the reference method reads them, or ``"id"``, Kinect's identifier.

    Returns:
        Clips with joints (T, persons, 25, 3), float32.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: `persons` is not positive, or `single` or `track` is another word.
        SkeletonFormatError: While iterating: a file is damaged, or shows nobody.

    References:
        Shahroudy et al., NTU RGB+D: A Large Scale Dataset for 3D Human Activity Analysis, CVPR
        2016, and its released reading code; the choice of bodies is that of 2s-AGCN (Shi et al.,
        CVPR 2019).

    Example:
        >>> clips = [Clip(np.ones((4, 1, 25, 3)), label=12, subject=3, view=2)]
        >>> folder = getfixture("tmp_path")
        >>> write_ntu(folder, clips)
        >>> clip = next(read_ntu(folder))
        >>> clip.name, clip.label, clip.joints.shape
        ('S001C002P003R001A013', 12, (4, 2, 25, 3))
    """
    _checks.positive_int("persons", persons)
    _checks.choice("single", single, SINGLE)
    _checks.choice("track", track, TRACKS)
    files = list_files(path, SUFFIX)
    return (read_file(file, persons=persons, single=single, track=track) for file in files)


def read_file(path: Path, *, persons: int, single: str, track: str) -> Clip:
    """Return the clip of one file."""
    tokens = Tokens(path)
    seen, frames = _find_bodies(tokens)
    if not seen:
        raise nobody_error(path, "at least one body", f"none in {_checks.plural(frames, 'frame')}")
    positions = _positions(tokens, [body.line for body in seen]).astype(np.float32)
    tracks = _tracks(tokens, seen, track)
    bodies = [positions[list(rows.values())] for rows in tracks]
    chosen = find_most_moving(bodies, persons)
    joints = np.zeros((frames, persons, JOINTS, 3), dtype=np.float32)
    for person, number in enumerate(chosen):
        joints[list(tracks[number]), person] = bodies[number]
    if single == "duplicate" and len(chosen) == 1:
        joints[:, 1:2] = joints[:, :1]
    check_joints(path, "the clip", joints)
    name = parse_ntu_name(path.name)
    if name is None:
        return Clip(joints, name=path.name.removesuffix(SUFFIX))
    return Clip(joints, name.action - 1, name.performer, name.camera, str(name))


class _Body(NamedTuple):
    """A body in a frame: its place among the bodies there, and the line of its first joint."""

    frame: int
    place: int
    line: int


def _find_bodies(tokens: Tokens) -> tuple[list[_Body], int]:
    """Walk through the counts of a file, and return its bodies and its number of frames."""
    lines, numbers = tokens.counts()
    if lines[:1] != [0] or numbers[0] < 1:
        raise tokens.unexpected(0, "the number of frames")
    frames, end, lines = numbers[0], len(tokens), [*lines, -1]  # no count is behind the last
    found: list[_Body] = []
    at = line = 1
    for frame in range(frames):
        if lines[at] != line:
            raise tokens.unexpected(line, f"the number of bodies in frame {frame + 1} of {frames}")
        bodies, at, line = numbers[at], at + 1, line + 1
        for place in range(bodies):
            if lines[at] != line + 1 or numbers[at] != JOINTS:
                raise _no_body(tokens, line)
            found.append(_Body(frame, place, line + 2))
            at, line = at + 1, line + LINES
            if line > end:
                raise tokens.unexpected(end, f"{JOINTS} joints")
    if line < end:
        raise tokens.unexpected(
            line, f"the end of the file after {_checks.plural(frames, 'frame')}"
        )
    heads = np.array([body.line - 2 for body in found], dtype=np.int64)
    wrong = heads[tokens.widths[heads] != BODY_VALUES]
    if wrong.size:
        raise _no_body(tokens, int(wrong[0]))
    return found, frames


def _no_body(tokens: Tokens, line: int) -> SkeletonFormatError:
    """Return the error that a line does not begin a body of 25 joints."""
    if line >= len(tokens) or tokens.widths[line] != BODY_VALUES:
        return tokens.unexpected(line, f"the {BODY_VALUES} values of a body")
    return tokens.unexpected(line + 1, f"the number of joints, {JOINTS}")


def _tracks(tokens: Tokens, seen: Sequence[_Body], track: str) -> list[dict[int, int]]:
    """Return, for each body of the clip, its row in `seen` by frame."""
    tracks: dict[bytes | int, dict[int, int]] = {}
    for row, body in enumerate(seen):
        line = body.line - 2
        key = tokens.line(line).split(maxsplit=1)[0] if track == "id" else body.place
        tracks.setdefault(key, {})[body.frame] = row
    return list(tracks.values())


def _positions(tokens: Tokens, first_lines: Sequence[int]) -> npt.NDArray[np.float64]:
    """Return x, y, z of all joints of some bodies, shape (bodies, 25, 3)."""
    lines = np.array(first_lines)[:, None] + np.arange(JOINTS)
    wrong = lines[tokens.widths[lines] != JOINT_VALUES]
    if wrong.size:
        raise tokens.unexpected(int(wrong[0]), f"the {JOINT_VALUES} values of a joint")
    return tokens.floats(lines.ravel().tolist(), 3).reshape(-1, JOINTS, 3)


def write_ntu(path: str | Path, clips: Iterable[Clip]) -> None:
    """Write clips as ``.skeleton`` files of a folder.

    Values that a clip does not have, such as depth coordinates and rotations, are zeros.

    Args:
        path: The folder. It is made if it is not there. Files of the same names are replaced.
        clips: Clips of 25 joints in three dimensions. Files are named after clips whose names are
            NTU's, and otherwise by view, subject and label.

    Raises:
        ValueError: A clip has other joints or coordinates, or the name of another one.

    Example:
        >>> folder = getfixture("tmp_path")
        >>> write_ntu(folder, [Clip(np.ones((4, 2, 25, 3)), name="S001C001P001R001A050")])
        >>> [file.name for file in folder.iterdir()]
        ['S001C001P001R001A050.skeleton']
    """
    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    taken: set[str] = set()
    for clip in clips:
        name = str(parse_ntu_name(clip.name) or _unused_name(clip, taken))
        _checks.require(name not in taken, "`clips`", "have names of their own", f"two of {name}")
        taken.add(name)
        joints = _checks.recording(clip.name or name, clip.joints, NTU25)
        _checks.require(
            joints.shape[3] == 3,
            clip.name or name,
            "have three coordinates to become a .skeleton file",
            f"(T, M, V, C) = {joints.shape}",
        )
        with write_whole(folder / f"{name}{SUFFIX}") as file:
            file.write(_file_text(joints).encode())


def _unused_name(clip: Clip, taken: set[str]) -> NTUName:
    fields = max(clip.view, 1), max(clip.subject, 1)
    names = (NTUName(1, *fields, number, clip.label + 1) for number in range(1, 1000))
    free = next((name for name in names if str(name) not in taken), None)
    _checks.require(
        free is not None and 0 <= clip.label < 999 and max(fields) < 1000,
        f"clip {clip.name!r}",
        "have an NTU name, or a label, subject and view that make one, below 1000 times",
        f"label {clip.label}, subject {clip.subject}, view {clip.view}",
    )
    return free or NTUName(1, *fields, 1, 1)


def _file_text(joints: npt.NDArray[np.float32]) -> str:
    present = (joints != 0).any((2, 3))
    lines = [f"{len(joints)}\n"]
    for frame, there in zip(joints, present, strict=True):
        lines.append(f"{int(there.sum())}\n")
        for person in np.flatnonzero(there):
            lines.append(f"{FIRST_ID + person} 0 1 1 1 1 0 0 0 2\n{JOINTS}\n")
            lines.append(JOINT_LINE * JOINTS % tuple(frame[person].ravel().tolist()))
    return "".join(lines)
