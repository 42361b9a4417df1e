"""Data sets as their authors release them: a file for each clip or recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from skelter import _checks
from skelter._files import SkeletonFormatError
from skelter.data._clip import NAME_LENGTH, Clip, parse_ntu_name
from skelter.data.preparation._source import Piece, Source
from skelter.data.readers import _ntu as ntu
from skelter.data.readers import _nw_ucla, _pku_mmd, _sbu, _utd_mhad
from skelter.data.readers._paths import list_files, require_folder
from skelter.data.splits import _sets as splits
from skelter.data.splits._rule import SplitRule
from skelter.data.store._index import NO_JOINTS, ClipIndex, StoreInfo
from skelter.layouts import KINECT20, NTU25, SBU15

OF_120 = "of NTU RGB+D 120 only"
KINECT_FPS, SBU_FPS = 30.0, 15.0


def ntu60(*folders: str | Path, single: str = "zeros", track: str = "order") -> Source:
    """Return the files of NTU RGB+D 60.

    Files of the setups that only NTU RGB+D 120 has, and those without a skeleton, are left out.

    Args:
        folders: Folders of ``.skeleton`` files, which may be in sub-folders.
        single: See `read_ntu`.
        track: See `read_ntu`.

    Raises:
        FileNotFoundError: A folder is not there, or has no such file.

    Example:
        >>> from skelter.data import write_ntu
        >>> folder = getfixture("tmp_path")
        >>> write_ntu(folder, [Clip(np.ones((4, 2, 25, 3)), name="S001C001P001R001A050")])
        >>> print(*ntu60(folder).counts(), sep=chr(10))
        NTU-60 xsub: 1 train (40,090 of 40,091 missing), 0 test (16,487 of 16,487 missing)
        NTU-60 xview: 0 train (37,646 of 37,646 missing), 1 test (18,931 of 18,932 missing)
    """
    of_60 = splits.ntu60("xsub"), splits.ntu60("xview")
    return _ntu(folders, "NTU RGB+D 60", 60, of_60, {"single": single, "track": track})


def ntu120(*folders: str | Path, single: str = "zeros", track: str = "order") -> Source:
    """Return the files of NTU RGB+D 120.

    Args:
        folders: Folders of ``.skeleton`` files, which may be in sub-folders. The files of NTU
            RGB+D 60 belong to them.
        single: See `read_ntu`.
        track: See `read_ntu`.

    Raises:
        FileNotFoundError: A folder is not there, or has no such file.

    Example:
        >>> from skelter.data import write_ntu
        >>> folder = getfixture("tmp_path")
        >>> write_ntu(folder, [Clip(np.ones((4, 2, 25, 3)), name="S018C001P001R001A120")])
        >>> [check.found for check in ntu120(folder).counts()]
        [(1, 0), (1, 0)]
    """
    of_120 = splits.ntu120("xsub"), splits.ntu120("xset")
    return _ntu(folders, "NTU RGB+D 120", 120, of_120, {"single": single, "track": track})


def _ntu(
    folders: Sequence[str | Path],
    name: str,
    classes: int,
    rules: Sequence[SplitRule],
    options: dict[str, str],
) -> Source:
    files: list[Path] = []
    excluded: dict[str, list[str]] = {}
    for file in (file for folder in folders for file in list_files(folder, ".skeleton")):
        if reason := _find_reason(file.name, classes):
            excluded.setdefault(reason, []).append(file.name)
        else:
            files.append(file)
    if not files:
        _refuse_others(name, excluded)
    info = StoreInfo(
        NTU25,
        ntu.ACTIONS[:classes],
        KINECT_FPS,
        name,
        {"format": "NTU RGB+D .skeleton", "options": options},
    )
    return Source.of_files(
        info,
        files,
        partial(ntu.read_ntu, single=options["single"], track=options["track"]),
        excluded=excluded,
        splits=rules,
        index=_index_of_names([file.name[:NAME_LENGTH] for file in files]),
    )


def _refuse_others(name: str, excluded: Mapping[str, Sequence[str]]) -> None:
    """Refuse files of which none belongs to a set."""
    found = "; ".join(f"{len(names):,} {reason}" for reason, names in excluded.items())
    hint = " Use ntu120 for these." if OF_120 in excluded else ""
    raise SkeletonFormatError(f"No file is of {name}: {found}.{hint}")


def _find_reason(file: str, classes: int) -> str:
    """Return the reason for leaving a file out, or nothing."""
    name = parse_ntu_name(file)
    if name is None:
        return "not named as NTU's files are"
    if classes == 60 and (name.setup > 17 or name.action > classes):
        return OF_120
    if file[:NAME_LENGTH] in splits.ntu_missing():
        return "without a skeleton, as the authors list them"
    return ""


def pku_mmd(
    recordings: str | Path,
    labels: str | Path,
    *,
    split_files: Sequence[str | Path] = (),
    offset: int = 0,
) -> Source:
    """Return the files of PKU-MMD, phase I or II.

    Args:
        recordings: Folder of the recordings, ``<id>.txt``.
        labels: Folder of the label files of the same names.
        split_files: Split files, such as ``cross-subject.txt``, to check the set against.
        offset: See `read_pku_mmd`.

    Raises:
        FileNotFoundError: One is not there, or has no such file.
        ValueError: `offset` is neither 0 nor 1.
        SkeletonFormatError: A split file is damaged.

    Example:
        >>> folder = getfixture("tmp_path")
        >>> for name in ("recordings", "labels"):
        ...     (folder / name).mkdir()
        >>> _ = (folder / "recordings" / "0002-L.txt").write_text("0.5 " * 150)
        >>> _ = (folder / "labels" / "0002-L.txt").write_text("8,0,1,2")
        >>> [piece.name for piece in pku_mmd(folder / "recordings", folder / "labels").pieces]
        ['0002-L.txt']
    """
    _checks.between("offset", offset, 0, 1)
    tables = require_folder(labels, "label files, <id>.txt")
    files = list_files(recordings, ".txt")
    info = StoreInfo(
        NTU25,
        _pku_mmd.ACTIONS,
        KINECT_FPS,
        "PKU-MMD",
        {"format": "PKU-MMD text", "options": {"offset": offset}},
    )
    pieces = [
        Piece(file.name, (file, tables / file.name), (file, tables / file.name)) for file in files
    ]
    rules = [splits.pku_mmd(file) for file in split_files]
    return Source(info, pieces, partial(_pku_mmd.read_recording, offset=offset), splits=rules)


def nw_ucla(folder: str | Path) -> Source:
    """Return the JSON files of NW-UCLA.

    Args:
        folder: The folder of the files ``aXX_sXX_eXX_vXX.json``.

    Raises:
        FileNotFoundError: It is not there, or has no such file.

    Example:
        >>> folder = getfixture("tmp_path")
        >>> (folder / "a01_s01_e00_v03.json").touch()
        >>> print(*nw_ucla(folder).counts())
        NW-UCLA cross-view: 0 train (1,020 of 1,020 missing), 1 test (463 of 464 missing)
    """
    files = list_files(folder, ".json")
    info = StoreInfo(KINECT20, _nw_ucla.ACTIONS, KINECT_FPS, "NW-UCLA", {"format": "NW-UCLA .json"})
    index = _index_of_names([file.stem for file in files])
    known = np.array([_nw_ucla.parse_name(file.stem) for file in files])
    index.subjects[:], index.views[:] = known.T
    rules = (splits.nw_ucla(),)
    return Source.of_files(info, files, _nw_ucla.read_nw_ucla, splits=rules, index=index)


def utd_mhad(folder: str | Path) -> Source:
    """Return the MATLAB files of UTD-MHAD.

    Args:
        folder: The folder of the files ``a<action>_s<subject>_t<trial>_skeleton.mat``.

    Raises:
        FileNotFoundError: It is not there, or has no such file.
        SkeletonFormatError: It is a file of another format, or a store.

    Example:
        >>> folder = getfixture("tmp_path")
        >>> (folder / "a27_s2_t4_skeleton.mat").touch()
        >>> print(*utd_mhad(folder).counts())
        UTD-MHAD cross-subject: 0 train (431 of 431 missing), 1 test (429 of 430 missing)
    """
    files = _utd_mhad.list_recordings(folder)
    provenance = {"format": "UTD-MHAD .mat"}
    info = StoreInfo(KINECT20, _utd_mhad.ACTIONS, KINECT_FPS, "UTD-MHAD", provenance)
    known = [(_utd_mhad.parse_name(file.stem), file.stem) for file in files]
    subjects = [Clip(NO_JOINTS, subject=name.subject if name else -1, name=stem)
                for name, stem in known]  # fmt: skip
    index = ClipIndex.of(subjects, [0] * len(files))
    rules = (splits.utd_mhad(),)
    return Source.of_files(info, files, _utd_mhad.read_utd_mhad, splits=rules, index=index)


def sbu(folder: str | Path) -> Source:
    """Return the text files of SBU Kinect Interaction.

    Args:
        folder: The folder that holds ``<pair>/<action>/<take>/skeleton_pos.txt``, or the files
            ``<pair>_<action>_<take>_skeleton_pos.txt``.

    Raises:
        FileNotFoundError: It is not there, or has no such file.
        SkeletonFormatError: It is a file of another format, or a store.

    Example:
        >>> take = getfixture("tmp_path") / "s01s02" / "01" / "001"
        >>> take.mkdir(parents=True)
        >>> (take / "skeleton_pos.txt").touch()
        >>> sbu(take.parents[2]).pieces[0].name
        's01s02_01_001'
    """
    files = list_files(folder, _sbu.ENDING)
    info = StoreInfo(SBU15, _sbu.ACTIONS, SBU_FPS, "SBU Interaction", {"format": "SBU text"})
    names = [str(_sbu.parse_name(file) or file.parent.name) for file in files]
    pieces = [Piece(name, (file,), (file,)) for name, file in zip(names, files, strict=True)]
    rules = [splits.sbu(fold) for fold in range(splits.FOLDS)]
    return Source(info, pieces, _sbu.read_sbu, splits=rules)


def _index_of_names(names: Sequence[str]) -> ClipIndex:
    """Return the index of clips of which only the names are known."""
    return ClipIndex.of([Clip(NO_JOINTS, name=name) for name in names], [0] * len(names))
