"""From the files of a data set to a store: in parallel, to be resumed, complete or absent."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from skelter import _checks
from skelter._files import SkeletonFormatError
from skelter.data._clip import Clip
from skelter.data.preparation import _parts
from skelter.data.preparation._parts import Job, Part, Piece, Result, Skipped
from skelter.data.preparation._report import PreparationReport
from skelter.data.readers._reading import Reading
from skelter.data.splits import CountCheck, SplitRule, find_duplicates
from skelter.data.store._index import ClipIndex, StoreInfo
from skelter.data.store._store import DTYPES, SkeletonStore

try:
    import fcntl
except ImportError:  # not on Windows: there, nobody stops two builds of one store
    fcntl = None  # type: ignore[assignment]  # to the type checker, a module stays one

__all__ = ["Piece", "PreparationReport", "Progress", "Skipped", "Source", "prepare"]


@dataclass(frozen=True)
class Source:
    """The files of a data set, and how they are read; `sources` has those of the common sets.

    Args:
        info: What holds for all clips. Its provenance names format and options.
        pieces: What is read in one go, such as a file each, in the order of the clips.
        read: From the arguments of a piece to its clips; for a damaged clip, it may yield a
            `SkeletonFormatError` in its place. It is sent to other processes: a function of a
            module, not a lambda.
        excluded: Names of what was left out on purpose, by reason.
        splits: What to check the complete store against.
        index: What names alone say of the clips, to check before anything is read.
        pieces_per_part: How many pieces are lost at most when a build is killed.
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
        """Return how many clips each split finds by name, before any has been read."""
        if self.index is None:
            return ()
        return tuple(split.count_index(self.index) for split in self.splits)


class Progress(NamedTuple):
    """How far a build is: pieces that are done, of how many, clips found, pieces or clips bad."""

    done: int
    total: int
    clips: int
    bad: int


def prepare(
    source: Source,
    path: str | Path,
    *,
    workers: int = 1,
    on_error: str = "raise",
    dtype: str = "float32",
    normalise: Callable[[Tensor], Tensor] | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> PreparationReport:
    """Build a store from the files of a data set.

    The store is complete or absent. Parts that are done are kept in a hidden folder beside it
    until then: call it again after a crash, a kill or a full disk, and it goes on; the result is
    the same to the last bit. Called again on a finished store of the same source, it reports.

    Args:
        source: The files, such as ``sources.ntu60("nturgb+d_skeletons")``.
        path: Where the store shall be.
        workers: Processes that read. With more than one, the calling script needs the usual
            ``if __name__ == "__main__":``, as they import it.
        on_error: What to do with a file or clip that cannot be read: ``"raise"`` ends the build,
            ``"skip"`` notes it in the report and in the store's provenance.
        dtype: ``"float32"``, or ``"float16"`` for half the space (millimetres at 2 m).
        normalise: From clips (N, C, T, V, M) to clips of the same shape, such as
            ``transforms.presets.isc_normalise(layout)``; the store's provenance says so.
        progress: Called after each part.

    Returns:
        What was made, what was skipped, and whether the set is whole.

    Raises:
        FileExistsError: Something else is at `path`.
        BlockingIOError: Another process is building this store.
        SkeletonFormatError: With ``"raise"``, something cannot be read; with ``"skip"``, nothing
            can.
        OSError: With ``"raise"``, a file cannot be read; in any case, the disk is full.

    Example:
        >>> from skelter.data import sources, synthetic, write_ntu
        >>> folder = getfixture("tmp_path")
        >>> write_ntu(folder / "raw", synthetic.generate(clips_per_class=1))
        >>> report = prepare(sources.ntu60(folder / "raw"), folder / "store", dtype="float16")
        >>> len(report.store), report.skipped
        (17, ())
    """
    path = Path(path)
    _checks.positive_int("workers", workers)
    _checks.choice("on_error", on_error, ("raise", "skip"))
    _checks.choice("dtype", dtype, DTYPES)
    provenance = _provenance(source, dtype, normalise)
    folder = path.with_name(f".{path.name}.parts")
    if not path.exists():
        job = Job(folder, source.info, source.read, normalise, dtype, on_error == "skip")
        _check_picklable(job, workers)
        with _only_process(folder, path):
            results = _make_parts(source, job, provenance, workers, progress)
            _join(path, job, results, provenance)
    report = _finished(source, path, provenance)
    shutil.rmtree(folder, ignore_errors=True)
    return report


def _make_parts(
    source: Source,
    job: Job,
    provenance: Mapping[str, Any],
    workers: int,
    progress: Callable[[Progress], None] | None,
) -> list[Result]:
    """Make all parts that are not there, and return all in order."""
    size = source.pieces_per_part
    groups = [source.pieces[i : i + size] for i in range(0, len(source.pieces), size)]
    made = {name: provenance[name] for name in provenance if name not in ("excluded", "pieces")}
    parts = [Part(_digest(source, made, pieces, times=True), pieces) for pieces in groups]
    done = clips = bad = 0
    results = {}
    for result in _parts.make_all(job, parts, workers):
        results[result.part.key] = result
        done, clips = done + len(result.part.pieces), clips + result.clips
        bad += len(result.skipped)
        if progress is not None:
            progress(Progress(done, len(source.pieces), clips, bad))
    return [results[part.key] for part in parts]


def _join(path: Path, job: Job, results: Sequence[Result], provenance: Mapping[str, Any]) -> None:
    """Make one store of all parts, and move it into its place."""
    skipped = [entry for result in results for entry in result.skipped]
    if not any(result.clips for result in results):
        first = f"the first: {skipped[0].reason}" if skipped else "the source has no files"
        raise SkeletonFormatError(f"{path}: no clip could be read; {first}")
    whole = job.folder / "store"
    shutil.rmtree(whole, ignore_errors=True)
    info = replace(job.info, provenance={**provenance, "skipped": skipped})  # filled on the way
    clips = _of_different_names(_parts.clips_of(job, results), job.skip, skipped)
    SkeletonStore.build(whole, clips, dtype=job.dtype, **vars(info))
    whole.rename(path)


def _of_different_names(
    clips: Iterator[Clip], skip: bool, skipped: list[Skipped]
) -> Iterator[Clip]:
    """Yield the first clip of each name; splits know clips by name."""
    seen: set[str] = set()
    for clip in clips:
        if clip.name and clip.name in seen:
            entry = Skipped(clip.name, "another clip has this name and comes first")
            if not skip:
                raise SkeletonFormatError(f"{entry.piece}: {entry.reason}.")
            skipped.append(entry)
            continue
        seen.add(clip.name)
        yield clip


def _finished(source: Source, path: Path, provenance: Mapping[str, Any]) -> PreparationReport:
    """Report on a store of this source."""
    made = {}
    if path.is_dir():
        store = SkeletonStore.open(path)
        made = dict(store.info.provenance)
    skipped = tuple(Skipped(*entry) for entry in made.pop("skipped", ()))
    if made != json.loads(json.dumps(provenance)):
        raise FileExistsError(
            f"{path} exists, and was not made from this source with these options by this version "
            "of skelter. Remove it, or build the store elsewhere."
        )
    found = {rule.name: find_duplicates(store, rule.find(store.index)) for rule in source.splits}
    return PreparationReport(
        store,
        skipped,
        {reason: len(names) for reason, names in source.excluded.items()},
        tuple(split.count(store) for split in source.splits),
        {name: duplicates for name, duplicates in found.items() if len(duplicates)},
    )


def _provenance(
    source: Source, dtype: str, normalise: Callable[[Tensor], Tensor] | None
) -> dict[str, Any]:
    """Return how a store is made, skipped clips aside: equal for equal stores."""
    made = {
        **source.info.provenance,
        "library": f"skelter {version('skelter')}",
        "normalisation": None if normalise is None else " ".join(repr(normalise).split()),
        "dtype": dtype,
    }
    return made | {
        "excluded": {reason: len(names) for reason, names in source.excluded.items()},
        "pieces": _digest(source, made, source.pieces, times=False),
    }


def _digest(
    source: Source, made: Mapping[str, Any], pieces: Sequence[Piece], *, times: bool
) -> str:
    """Return a name for what is made from pieces; with times, it is another once they changed."""
    described = {**vars(source.info), "layout": source.info.layout.as_dict(), "made": made}
    del described["provenance"]
    digest = blake2b(json.dumps(described).encode(), digest_size=16)
    for piece in pieces:
        digest.update(piece.name.encode())
        for file in piece.files:
            try:
                status = file.stat()
                digest.update(str((status.st_size, status.st_mtime_ns * times)).encode())
            except OSError:
                digest.update(b"unreadable")  # reading it will say why
    return digest.hexdigest()


def _check_picklable(job: Job, workers: int) -> None:
    try:
        if workers > 1:
            pickle.dumps(job)
    except Exception as error:  # pickle names no common one
        _checks.require(
            False,
            "`normalise` and the `read` of the source",
            "be picklable to be sent to several processes",
            error,
            "Define them at the top of a module, or take workers=1.",
            error=TypeError,
        )


@contextmanager
def _only_process(folder: Path, path: Path) -> Iterator[None]:
    """Hold the folder of parts; a process that is killed lets go of it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("wb") as lock:
        try:
            if fcntl is not None:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BlockingIOError(f"Another process is building {path}; wait for it.") from None
        yield
