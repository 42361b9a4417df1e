"""The splits of further data sets."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import numpy.typing as npt

from skelter import _checks
from skelter._files import damaged
from skelter.data.readers._reading import existing
from skelter.data.splits._general import cross_subject
from skelter.data.splits._rule import Mask, SplitRule
from skelter.data.store._index import ClipIndex

FOLDS = 5


def nw_ucla() -> SplitRule:
    """Return the cross-view split of NW-UCLA: views 1 and 2 train, view 3 tests.

    In the common release, 95 of the 464 test clips, of actions 2 and 3, repeat the coordinates of
    training clips: see `find_duplicates`, and report both figures.

    References:
        Wang et al., Cross-view Action Modeling, Learning and Recognition, CVPR 2014.

    Example:
        >>> nw_ucla().expected
        (1020, 464)
    """

    def sides(index: ClipIndex) -> tuple[Mask, Mask]:
        return np.isin(index.views, (1, 2)), index.views == 3

    return SplitRule("NW-UCLA cross-view", sides, expected=(1020, 464))


def utd_mhad() -> SplitRule:
    """Return the cross-subject split of UTD-MHAD: odd subjects train, even ones test.

    References:
        Chen, Jafari, Kehtarnavaz, UTD-MHAD: A Multimodal Dataset for Human Action Recognition,
        ICIP 2015.

    Example:
        >>> utd_mhad().expected
        (431, 430)
    """
    return SplitRule("UTD-MHAD cross-subject", cross_subject().sides, expected=(431, 430))


def sbu(fold: int) -> SplitRule:
    """Return one of the five folds of SBU Interaction; report the mean over all.

    Args:
        fold: The fold that tests, 0 to 4; the `extra` field ``fold`` of a clip says where it is.

    Raises:
        ValueError: There is no such fold.

    References:
        Yun et al., Two-person Interaction Detection Using Body-Pose Features and Multiple Instance
        Learning, CVPR Workshops 2012.

    Example:
        >>> [sbu(fold).name for fold in (0, 4)]
        ['SBU fold 0', 'SBU fold 4']
    """
    _checks.between("fold", fold, 0, FOLDS - 1)

    def sides(index: ClipIndex) -> tuple[Mask, Mask]:
        folds = index.extra.get("fold", np.full_like(index.labels, -1))
        return (folds != fold) & (folds >= 0), folds == fold

    hint = "Clips must have the extra field `fold`, from 0 to 4."
    return SplitRule(f"SBU fold {fold}", sides, hint=hint)


def pku_mmd(split_file: str | Path) -> SplitRule:
    r"""Return the split of one of PKU-MMD's split files, such as ``cross-subject.txt``.

    The second line of the file names the recordings that train, the fourth those that test; the
    clips of a recording go with it. A call warns of recordings that the store has no clip of.

    Args:
        split_file: The file.

    Raises:
        FileNotFoundError: There is none.
        SkeletonFormatError: It has not these four lines, or names a recording on both sides.

    References:
        Liu et al., PKU-MMD: A Large Scale Benchmark for Continuous Multi-Modal Human Action
        Understanding, 2017.

    Example:
        >>> path = getfixture("tmp_path") / "cross-subject.txt"
        >>> _ = path.write_text("Training:\n0002-L, 0003-M\nValidation:\n0004-R\n")
        >>> pku_mmd(path)
        SplitRule(name='PKU-MMD cross-subject', expected=None)
    """
    path = existing(split_file)
    lines = [line for line in path.read_bytes().decode("utf-8", "replace").splitlines() if line]
    listed = [re.findall(r"[\w-]+", line) for line in lines[1:4:2]]
    if len(listed) < 2 or not all(listed):
        raise damaged(path, None, "recordings in line 2 and in line 4", f"{len(lines)} lines")
    train, test = (set(names) for names in listed)
    if both := sorted(train & test):
        raise damaged(path, None, "every recording on one side", f"{both[:3]} on both")

    def recordings(index: ClipIndex) -> npt.NDArray[np.str_]:
        return np.array([str(name).rpartition("_")[0] for name in index.names])

    def sides(index: ClipIndex) -> tuple[Mask, Mask]:
        of = recordings(index)
        return np.isin(of, list(train)), np.isin(of, list(test))

    def absent(index: ClipIndex) -> str:
        missing = sorted((train | test) - set(recordings(index).tolist()))
        few = ", ".join(missing[:5]) + " ..." * (len(missing) > 5)
        named = f"of the {len(train | test)} recordings of {path.name} the store lacks"
        return f"{named} {len(missing)}: {few}" if missing else ""

    hint = "Clips must be named after their recordings, as read_pku_mmd does: 0002-L_000."
    return SplitRule(f"PKU-MMD {path.stem}", sides, absent=absent, hint=hint)
