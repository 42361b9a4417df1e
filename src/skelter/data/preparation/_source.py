"""The files of a data set, and the function that reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from skelter.data._clip import Reading
from skelter.data.splits._rule import CountCheck, SplitRule
from skelter.data.store._index import ClipIndex, StoreInfo


class Piece(NamedTuple):
    """A unit that is read in one go, such as a file.

    Args:
        name: Its name in reports.
        files: The files it is read from. A build that goes on reads it again if they changed.
        arguments: The arguments of the source's ``read``.
    """

    name: str
    files: tuple[Path, ...]
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Source:
    """The files of a data set, and their reader. `sources` has those of the common sets.

    Args:
        info: Facts that hold for all clips. Its provenance names format and options: a finished
            store is recognised by them, so that they must be plain values that never change.
        pieces: The units that are read in one go, such as a file each, in the order of the clips.
        read: From the arguments of a piece to its clips. In the place of a damaged clip it may
            yield a `SkeletonFormatError`. It is sent to other processes, so that it must be a
            function of a module, not a lambda.
        excluded: Names of pieces that are left out on purpose, by reason.
        splits: Rules to check the complete store against.
        index: The facts that names alone tell of the clips, to check before anything is read.
        pieces_per_part: The number of pieces that are lost at most when a build is killed.
    """

    info: StoreInfo
    pieces: Sequence[Piece]
    read: Callable[..., Reading]
    excluded: Mapping[str, Sequence[str]] = field(default_factory=dict, kw_only=True)
    splits: Sequence[SplitRule] = field(default=(), kw_only=True)
    index: ClipIndex | None = field(default=None, kw_only=True)
    pieces_per_part: int = field(default=64, kw_only=True)

    @classmethod
    def of_files(
        cls, info: StoreInfo, files: Sequence[Path], read: Callable[[Path], Reading], **other: Any
    ) -> Source:
        """Return the source of files that are read one by one."""
        return cls(info, [Piece(file.name, (file,), (file,)) for file in files], read, **other)

    def counts(self) -> tuple[CountCheck, ...]:
        """Count the clips of each split by name, before any has been read."""
        if self.index is None:
            return ()
        return tuple(split.count_index(self.index) for split in self.splits)
