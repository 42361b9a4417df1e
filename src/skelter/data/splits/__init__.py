"""Splits of a store: the clips that train, and those that test.

The splits of the common data sets check, by `SplitRule.count`, that a set is complete.
`find_duplicates` finds test clips that are training clips.
"""

from skelter.data.splits._duplicates import Duplicates, find_duplicates
from skelter.data.splits._general import (
    cross_subject,
    cross_view,
    leave_one_subject_out,
    recorded,
)
from skelter.data.splits._rule import CountCheck, Split, SplitRule
from skelter.data.splits._sets import (
    ntu60,
    ntu120,
    ntu_missing,
    nw_ucla,
    pku_mmd,
    sbu,
    utd_mhad,
)
from skelter.data.store._index import IntArray

__all__ = [
    "CountCheck",
    "Duplicates",
    "IntArray",
    "Split",
    "SplitRule",
    "cross_subject",
    "cross_view",
    "find_duplicates",
    "leave_one_subject_out",
    "ntu60",
    "ntu120",
    "ntu_missing",
    "nw_ucla",
    "pku_mmd",
    "recorded",
    "sbu",
    "utd_mhad",
]
