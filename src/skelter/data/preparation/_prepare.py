"""From the files of a data set to a store: in parallel, to be resumed, complete or absent."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from skelter import _checks
from skelter._files import SkeletonFormatError, digest_settings
from skelter.data._clip import Clip
from skelter.data.preparation._parts import Job, Part, Result, Skipped, make_parts, read_parts
from skelter.data.preparation._source import Piece, Source
from skelter.data.splits._duplicates import Duplicates, find_duplicates
from skelter.data.splits._rule import CountCheck
from skelter.data.store._bones import warn_of_bones
from skelter.data.store._store import DTYPES, SkeletonStore
from skelter.data.store._storefile import write_store

try:
    import fcntl
except ImportError:  # not on Windows: there, nobody stops two builds of one store
    fcntl = None  # type: ignore[assignment]  # to the type checker, a module stays one


class Progress(NamedTuple):
    """The progress of a build: pieces done, pieces in all, clips found, pieces or clips bad."""

    done: int
    total: int
    clips: int
    bad: int


@dataclass(frozen=True)
class PreparationReport:
    """The store that a build made, and the clips that are missing from it.

    Args:
        store: The store.
        skipped: Pieces that could not be read, clips that show nobody, and why.
        excluded: The number of pieces that were left out on purpose, by reason.
        counts: For each split of the source, the number of clips on each side.
        duplicates: Test clips that repeat training clips, by split, if there are any.
    """

    store: SkeletonStore
    skipped: tuple[Skipped, ...]
    excluded: Mapping[str, int]
    counts: tuple[CountCheck, ...]
    duplicates: Mapping[str, Duplicates]

    def __str__(self) -> str:
        lines = [f"{self.store!r}", *(f"left out, {why}: {n}" for why, n in self.excluded.items())]
        lines += [f"{count}{'' if count.complete else '  <- not the full set'}"
                  for count in self.counts]  # fmt: skip
        lines += [
            f"warning, {name}: {found}. Report the figure without them too."
            for name, found in self.duplicates.items()
        ]
        unlabelled = int((self.store.labels == -1).sum())
        total = _checks.plural(len(self.store), "clip")
        lines += [f"without a label: {unlabelled} of {total}"] * bool(unlabelled)
        lines.append(f"skipped: {len(self.skipped)}")
        return "\n".join([*lines, *(f"  {entry}" for entry in self.skipped)])


def prepare(
    source: Source,
    path: str | Path,
    *,
    workers: int = 1,
    on_error: str = "raise",
    dtype: str = "float32",
    normalise: Callable[[Tensor], Tensor] | None = None,
    normalisation: str = "",
    progress: Callable[[Progress], None] | None = None,
) -> PreparationReport:
    """Build a store from the files of a data set.

    The store is complete or absent. Parts that are done are kept in a hidden folder beside it
    until then: call it again after a crash, a kill or a full disk, and it goes on. The result is
    the same to the last bit. Called again on a finished store of the same source, it reports.

    A store remembers a digest of the choices that made it: the provenance of the source, the
    layout, `normalisation`, `dtype`, and the names and sizes of the files. The version of this
    library does not count, so that the same call goes on, or reports, after an update.

    Args:
        source: The files, such as ``sources.ntu60("nturgb+d_skeletons")``.
        path: The new store.
        workers: Processes that read. With more than one, the calling script needs the usual
            ``if __name__ == "__main__":``, as they import it.
        on_error: For a file or clip that cannot be read, ``"raise"`` ends the build, and ``"skip"``
            notes it in the report and in the store's provenance. A clip that shows nobody is left
            out and noted there in either case.
        dtype: ``"float32"``, or ``"float16"`` for half the space (millimetres at 2 m).
        normalise: From a clip (1, C, T, V, M) to one of any number of frames, such as
            ``transforms.presets.isc_normalise(layout)``. Where it leaves the last frames empty
            that held somebody, the stored clip ends before them.
        normalisation: A name for `normalise`, such as ``"isc_normalise"``. Choose another name if
            its settings change: the store is recognised by it.
        progress: Called after each part.

    Returns:
        The store, the pieces that were skipped, and the counts of each split.

    Raises:
        FileExistsError: Something else is at `path`.
        ValueError: An argument is out of range, or `normalise` has no name.
        BlockingIOError: Another process is building this store.
        SkeletonFormatError: With ``"raise"``, a file or clip cannot be read. With ``"skip"``, none
            can.
        OSError: With ``"raise"``, a file cannot be read. In any case, the disk is full.

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
    _checks.require(
        (normalise is None) == (not normalisation),
        "`normalisation`",
        "name `normalise`, and be left out without it",
        repr(normalisation),
        "A finished store is recognised by that name: normalisation='isc_normalise'.",
    )
    choices = _collect_choices(source, dtype, normalisation)
    folder = path.with_name(f".{path.name}.parts")
    if not path.exists():
        info = replace(source.info, provenance={})
        job = Job(folder, info, source.read, normalise, dtype, on_error == "skip")
        _check_picklable(job, workers)
        with _lock(folder, path):
            results = _make_parts(source, job, choices, workers, progress)
            _join(path, source, job, results, choices)
    report = _report(source, path, choices)
    shutil.rmtree(folder, ignore_errors=True)
    return report


def _collect_choices(source: Source, dtype: str, normalisation: str) -> dict[str, Any]:
    """Return the choices that make a store, as plain values: equal for equal stores."""
    return {
        **source.info.provenance,
        "normalisation": normalisation or None,
        "dtype": dtype,
        "excluded": {reason: len(names) for reason, names in source.excluded.items()},
    }


def _digest(
    source: Source, choices: Mapping[str, Any], pieces: Sequence[Piece], *, times: bool
) -> str:
    """Return a digest of all that clips depend on, the times of the files only if asked for."""
    info = source.info
    return digest_settings(
        {
            "name": info.name,
            "label_names": info.label_names,
            "fps": info.fps,
            "layout": [info.layout.name, info.layout.joints],
            "choices": choices,
            "pieces": [[piece.name, [_stamp(f, times) for f in piece.files]] for piece in pieces],
        }
    )


def _stamp(file: Path, times: bool) -> list[int]:
    try:
        status = file.stat()
    except OSError:  # reading it will say why
        return []
    return [status.st_size, status.st_mtime_ns * times]


def _make_parts(
    source: Source,
    job: Job,
    choices: Mapping[str, Any],
    workers: int,
    progress: Callable[[Progress], None] | None,
) -> list[Result]:
    """Make all parts that are not there, and return all in order."""
    size = source.pieces_per_part
    groups = [source.pieces[i : i + size] for i in range(0, len(source.pieces), size)]
    made = {name: choice for name, choice in choices.items() if name != "excluded"}
    parts = [Part(_digest(source, made, pieces, times=True), pieces) for pieces in groups]
    done = clips = bad = 0
    results = {}
    for result in make_parts(job, parts, workers):
        results[result.part.key] = result
        done, clips = done + len(result.part.pieces), clips + result.clips
        bad += len(result.skipped)
        if progress is not None:
            progress(Progress(done, len(source.pieces), clips, bad))
    return [results[part.key] for part in parts]


def _join(
    path: Path,
    source: Source,
    job: Job,
    results: Sequence[Result],
    choices: Mapping[str, Any],
) -> None:
    """Make one store of all parts, and move it into its place."""
    skipped = [entry for result in results for entry in result.skipped]
    if not any(result.clips for result in results):
        first = f"the first: {skipped[0]}" if skipped else "the source has no files"
        raise SkeletonFormatError(f"{path}: no clip could be read; {first}")
    whole = job.folder / "store"
    shutil.rmtree(whole, ignore_errors=True)
    provenance = {
        **choices,
        "library": f"skelter {version('skelter')}",
        "digest": _digest(source, choices, source.pieces, times=False),
        "skipped": skipped,  # filled on the way
    }
    clips = _drop_repeated_names(read_parts(job, results), job.skip, skipped)
    write_store(whole, clips, replace(job.info, provenance=provenance), job.dtype)
    store = SkeletonStore.open(whole)
    warn_of_bones(store.frames, store.index, store.layout, stacklevel=4)
    whole.rename(path)


def _drop_repeated_names(
    clips: Iterator[Clip], skip: bool, skipped: list[Skipped]
) -> Iterator[Clip]:
    """Yield the first clip of each name, since splits know clips by name."""
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


def _report(source: Source, path: Path, choices: Mapping[str, Any]) -> PreparationReport:
    """Report on a store of this source.

    Raises:
        FileExistsError: It is a store of other choices, or something else.
    """
    if not (path / "store.json").is_file():
        raise FileExistsError(
            f"{path} exists, and is not a store. Remove it, or name another path for the store."
        )
    store = SkeletonStore.open(path)
    made = store.info.provenance
    if made.get("digest") != _digest(source, choices, source.pieces, times=False):
        raise FileExistsError(
            f"{path} exists, and was not made from this source with these options"
            f"{_compare(made, choices)}. Remove it, or build the store elsewhere."
        )
    found = {rule.name: find_duplicates(store, rule.find(store.index)) for rule in source.splits}
    return PreparationReport(
        store,
        tuple(Skipped(*entry) for entry in made["skipped"]),
        {reason: len(names) for reason, names in source.excluded.items()},
        tuple(split.count(store) for split in source.splits),
        {name: duplicates for name, duplicates in found.items() if len(duplicates)},
    )


def _compare(made: Mapping[str, Any], choices: Mapping[str, Any]) -> str:
    """Say in which choices a store differs, as far as it remembers them."""
    if "digest" not in made:
        return ": it has no digest, as if made by hand or by skelter before 0.5"
    others = [
        f"{name} is {made.get(name)!r}, not {choice!r}"
        for name, choice in choices.items()
        if made.get(name) != choice
    ]
    return f": its {'; its '.join(others)}" if others else ": other files, labels, rate or layout"


def _check_picklable(job: Job, workers: int) -> None:
    try:
        if workers > 1:
            pickle.dumps(job)
    except Exception as error:  # pickle documents no common class of errors
        _checks.require(
            False,
            "`normalise` and the `read` of the source",
            "be picklable to be sent to several processes",
            error,
            "Define them at the top of a module, or take workers=1.",
            error=TypeError,
        )


@contextmanager
def _lock(folder: Path, path: Path) -> Iterator[None]:
    """Hold the folder of parts. A process that is killed lets go of it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("wb") as lock:
        try:
            if fcntl is not None:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BlockingIOError(f"Another process is building {path}; wait for it.") from None
        yield
