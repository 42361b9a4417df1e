"""Which clips train and which test: a protocol maps a store to two lists of indices.

The protocols of the common data sets check, by `Protocol.count`, that a set is complete;
`find_duplicates` finds test clips that are training clips.
"""

from skelter.data._index import IntArray
from skelter.data.protocols._duplicates import Duplicates, find_duplicates
from skelter.data.protocols._general import (
    cross_subject,
    cross_view,
    leave_one_subject_out,
    recorded,
)
from skelter.data.protocols._ntu import ntu60, ntu120, ntu_missing
from skelter.data.protocols._protocol import CountCheck, Protocol, Split
from skelter.data.protocols._sets import nw_ucla, pku_mmd, sbu, utd_mhad

__all__ = [
    "CountCheck",
    "Duplicates",
    "IntArray",
    "Protocol",
    "Split",
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
