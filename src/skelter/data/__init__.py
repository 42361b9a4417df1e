"""Recordings: clips, stores of them, readers and writers, splits, and a synthetic set."""

from skelter._files import SkeletonFormatError
from skelter._ragged import RaggedClips
from skelter.data import sources, splits, synthetic
from skelter.data._clip import Clip, Clips, Reading
from skelter.data.preparation._parts import Skipped
from skelter.data.preparation._prepare import PreparationReport, Progress, prepare
from skelter.data.preparation._source import Piece, Source
from skelter.data.readers._crosclr import read_crosclr
from skelter.data.readers._ctrgcn import read_ctrgcn
from skelter.data.readers._isc import read_isc, write_isc
from skelter.data.readers._kinetics import read_kinetics
from skelter.data.readers._ntu import read_ntu, write_ntu
from skelter.data.readers._nw_ucla import read_nw_ucla
from skelter.data.readers._openpose import read_openpose
from skelter.data.readers._pku_mmd import read_pku_mmd
from skelter.data.readers._pyskl import read_pyskl, write_pyskl
from skelter.data.readers._sbu import read_sbu
from skelter.data.readers._utd_mhad import read_utd_mhad
from skelter.data.store._batches import ShuffledBatches, make_generator
from skelter.data.store._dataset import SkeletonDataset, collate
from skelter.data.store._index import ClipIndex, StoreInfo
from skelter.data.store._ragged import load_ragged, read_ragged, write_ragged
from skelter.data.store._store import SkeletonStore

__all__ = [
    "Clip",
    "ClipIndex",
    "Clips",
    "Piece",
    "PreparationReport",
    "Progress",
    "RaggedClips",
    "Reading",
    "ShuffledBatches",
    "SkeletonDataset",
    "SkeletonFormatError",
    "SkeletonStore",
    "Skipped",
    "Source",
    "StoreInfo",
    "collate",
    "load_ragged",
    "make_generator",
    "prepare",
    "read_crosclr",
    "read_ctrgcn",
    "read_isc",
    "read_kinetics",
    "read_ntu",
    "read_nw_ucla",
    "read_openpose",
    "read_pku_mmd",
    "read_pyskl",
    "read_ragged",
    "read_sbu",
    "read_utd_mhad",
    "sources",
    "splits",
    "synthetic",
    "write_isc",
    "write_ntu",
    "write_pyskl",
    "write_ragged",
]
