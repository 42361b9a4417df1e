"""The splits of NTU RGB+D, by the names of its clips."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

import numpy as np

from skelter import _checks
from skelter.data.readers._ntu_names import LENGTH, parse_name
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
HINT = "Clips must have the names of NTU's files, such as S001C002P003R001A013."


def ntu60(split: str) -> SplitRule:
    """Return a split of NTU RGB+D 60.

    Sides follow the names of the clips, so that stores made from other projects' files will do.
    Clips of the setups that only NTU RGB+D 120 has, and those without a skeleton, are on neither.

    Args:
        split: ``"xsub"``, 20 of 40 subjects train, or ``"xview"``, cameras 2 and 3 train.

    Raises:
        ValueError: `split` is another word; in a call, clips have other names.

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
    return SplitRule(f"NTU-60 {split}", sides, expected=COUNTS["ntu60", split], hint=HINT)


def ntu120(split: str) -> SplitRule:
    """Return a split of NTU RGB+D 120.

    Sides follow the names of the clips; those without a skeleton are on neither.

    Args:
        split: ``"xsub"``, 53 of 106 subjects train, or ``"xset"``, even setups train.

    Raises:
        ValueError: `split` is another word; in a call, clips have other names.

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
    return SplitRule(f"NTU-120 {split}", sides, expected=COUNTS["ntu120", split], hint=HINT)


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
            parsed = parse_name(name)
            if parsed is not None and name[:LENGTH] not in ntu_missing():
                numbers[row] = parsed
        known = (numbers[:, 0] > 0) & (numbers[:, 0] <= last_setup)
        train = np.isin(numbers[:, column], list(training))
        return known & train, known & ~train

    return sides
