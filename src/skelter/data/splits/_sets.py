"""The splits of the common data sets."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

from skelter import _checks
from skelter._files import format_error, require_path
from skelter.data._clip import NAME_LENGTH, parse_ntu_name
from skelter.data.splits._general import cross_subject
from skelter.data.splits._rule import Mask, Sides, SplitRule
from skelter.data.store._index import ClipIndex

SETUPS_60 = 17  # the setups of the first release
SUBJECTS_60 = {1, 2, 4, 5, 8, 9, *range(13, 20), 25, 27, 28, 31, 34, 35, 38}
SUBJECTS_120 = SUBJECTS_60 | {
    45, 46, 47, 49, *range(50, 60), 70, 74, 78, *range(80, 87), 89, *range(91, 96), 97, 98, 100,
    103,
} - {51}  # fmt: skip
TRAINING_CAMERAS = {2, 3}
COUNTS = {  # clips of training and test, without those of `ntu_missing`
    ("ntu60", "xsub"): (40_091, 16_487),
    ("ntu60", "xview"): (37_646, 18_932),
    ("ntu120", "xsub"): (63_026, 50_919),
    ("ntu120", "xset"): (54_468, 59_477),
}
NTU_HINT = "Clips must have the names of NTU's files, such as S001C002P003R001A013."
FOLDS = 5  # of SBU Interaction


def ntu60(split: str) -> SplitRule:
    """Split NTU RGB+D 60 as its authors do.

    Sides follow the names of the clips, so that stores made from other projects' files will do.
    Clips of the setups that only NTU RGB+D 120 has, and those without a skeleton, are on neither.

    Args:
        split: ``"xsub"``, 20 of 40 subjects train, or ``"xview"``, cameras 2 and 3 train.

    Raises:
        ValueError: `split` is another word. In a call, clips have other names.

    References:
        Shahroudy et al., NTU RGB+D: A Large Scale Dataset for 3D Human Activity Analysis, CVPR
        2016.

    Example:
        >>> ntu60("xsub").expected
        (40091, 16487)
    """
    _checks.choice("split", split, ("xsub", "xview"))
    column, training = (2, SUBJECTS_60) if split == "xsub" else (1, TRAINING_CAMERAS)
    sides = _by_name(column, training, last_setup=SETUPS_60)
    return SplitRule(f"NTU-60 {split}", sides, expected=COUNTS["ntu60", split], hint=NTU_HINT)


def ntu120(split: str) -> SplitRule:
    """Split NTU RGB+D 120 as its authors do.

    Sides follow the names of the clips. Those without a skeleton are on neither.

    Args:
        split: ``"xsub"``, 53 of 106 subjects train, or ``"xset"``, even setups train.

    Raises:
        ValueError: `split` is another word. In a call, clips have other names.

    References:
        Liu et al., NTU RGB+D 120: A Large-Scale Benchmark for 3D Human Activity Understanding,
        TPAMI 2019.

    Example:
        >>> ntu120("xset").expected
        (54468, 59477)
    """
    _checks.choice("split", split, ("xsub", "xset"))
    column, training = (2, SUBJECTS_120) if split == "xsub" else (0, set(range(0, 1000, 2)))
    sides = _by_name(column, training)
    return SplitRule(f"NTU-120 {split}", sides, expected=COUNTS["ntu120", split], hint=NTU_HINT)


@cache
def ntu_missing() -> frozenset[str]:
    """Return the names of the clips whose skeletons are missing or wrong, as the authors list them.

    They are 535 in NTU RGB+D 120, of which 302 in the setups of NTU RGB+D 60.

    References:
        The list beside the released reading code of Shahroudy et al., CVPR 2016, and Liu et al.,
        TPAMI 2019.

    Example:
        >>> len(ntu_missing()), "S001C002P005R002A008" in ntu_missing()
        (535, True)
    """
    text = resources.files("skelter.data.splits").joinpath("ntu_missing.txt").read_text()
    return frozenset(re.findall(r"^S\w+", text, re.MULTILINE))


def _by_name(column: int, training: set[int], last_setup: int = 999) -> Sides:
    def sides(index: ClipIndex) -> tuple[Mask, Mask]:
        numbers = np.zeros((len(index.names), 5), dtype=np.int64)
        for row, name in enumerate(index.names.tolist()):
            parsed = parse_ntu_name(name)
            if parsed is not None and name[:NAME_LENGTH] not in ntu_missing():
                numbers[row] = parsed
        known = (numbers[:, 0] > 0) & (numbers[:, 0] <= last_setup)
        train = np.isin(numbers[:, column], list(training))
        return known & train, known & ~train

    return sides


def nw_ucla() -> SplitRule:
    """Split NW-UCLA by view: 1 and 2 train, 3 tests.

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
    """Split UTD-MHAD by subject: odd ones train, even ones test.

    References:
        Chen, Jafari, Kehtarnavaz, UTD-MHAD: A Multimodal Dataset for Human Action Recognition,
        ICIP 2015.

    Example:
        >>> utd_mhad().expected
        (431, 430)
    """
    return SplitRule("UTD-MHAD cross-subject", cross_subject().sides, expected=(431, 430))


def sbu(fold: int) -> SplitRule:
    """Split SBU Interaction by one of its five folds.

    Report the mean over all folds.

    Args:
        fold: The fold that tests, 0 to 4. The `extra` field ``fold`` of a clip has its fold.

    Raises:
        TypeError: It is not an integer.
        ValueError: There is no such fold.

    References:
        Yun et al., Two-person Interaction Detection Using Body-Pose Features and Multiple Instance
        Learning, CVPR Workshops 2012.

    Example:
        >>> [sbu(fold).name for fold in (0, 4)]
        ['SBU fold 0', 'SBU fold 4']
    """
    _checks.between("fold", _checks.whole("fold", fold), 0, FOLDS - 1)

    def sides(index: ClipIndex) -> tuple[Mask, Mask]:
        folds = index.extra.get("fold", np.full_like(index.labels, -1))
        return (folds != fold) & (folds >= 0), folds == fold

    hint = "Clips must have the extra field `fold`, from 0 to 4."
    return SplitRule(f"SBU fold {fold}", sides, hint=hint)


def pku_mmd(split_file: str | Path) -> SplitRule:
    r"""Split PKU-MMD by one of its split files, such as ``cross-subject.txt``.

    The second line of the file names the recordings that train, the fourth those that test. The
    clips of a recording go with it. A call warns of recordings that the store has no clip of.

    Args:
        split_file: The file.

    Raises:
        FileNotFoundError: The file does not exist.
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
    path = require_path(split_file)
    lines = [line for line in path.read_bytes().decode("utf-8", "replace").splitlines() if line]
    listed = [re.findall(r"[\w-]+", line) for line in lines[1:4:2]]
    if len(listed) < 2 or not all(listed):
        raise format_error(
            path, "recordings in line 2 and in line 4", _checks.plural(len(lines), "line")
        )
    train, test = (set(names) for names in listed)
    if both := sorted(train & test):
        raise format_error(path, "every recording on one side", f"{both[:3]} on both")

    def recordings(index: ClipIndex) -> npt.NDArray[np.str_]:
        return np.array([str(name).rpartition("_")[0] for name in index.names])

    def sides(index: ClipIndex) -> tuple[Mask, Mask]:
        of = recordings(index)
        return np.isin(of, list(train)), np.isin(of, list(test))

    def absent(index: ClipIndex) -> str:
        missing = sorted((train | test) - set(recordings(index).tolist()))
        first = ", ".join(missing[:5]) + " ..." * (len(missing) > 5)
        listed = _checks.plural(len(train | test), "recording")
        named = f"of the {listed} of {path.name} the store lacks"
        return f"{named} {len(missing)}: {first}" if missing else ""

    hint = "Clips must be named after their recordings, as read_pku_mmd does: 0002-L_000."
    return SplitRule(f"PKU-MMD {path.stem}", sides, absent=absent, hint=hint)
