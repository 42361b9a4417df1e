"""Recordings: clips, stores of them, readers and writers, protocols, and a synthetic set."""

from skelter.data import protocols, synthetic
from skelter.data._clip import Clip
from skelter.data._errors import SkeletonFormatError
from skelter.data.dataset import SkeletonDataset, collate
from skelter.data.ragged import load_ragged, read_ragged, write_ragged
from skelter.data.store import SkeletonStore

__all__ = [
    "Clip",
    "SkeletonDataset",
    "SkeletonFormatError",
    "SkeletonStore",
    "collate",
    "load_ragged",
    "protocols",
    "read_ragged",
    "synthetic",
    "write_ragged",
]
