"""The files of the common data sets, as `prepare` takes them.

Each is a function from the folder, or file, that a user has to a `Source`: the pieces, their
reader, and the splits that the set is checked against.
"""

from skelter.data.sources._converted import crosclr, ctrgcn, isc, pyskl, ragged
from skelter.data.sources._detected import kinetics, openpose
from skelter.data.sources._recorded import ntu60, ntu120, nw_ucla, pku_mmd, sbu, utd_mhad

__all__ = [
    "crosclr",
    "ctrgcn",
    "isc",
    "kinetics",
    "ntu60",
    "ntu120",
    "nw_ucla",
    "openpose",
    "pku_mmd",
    "pyskl",
    "ragged",
    "sbu",
    "utd_mhad",
]
