"""A build in parts: each part is a small store, complete or absent, so that a build can go on.

A part is some pieces of a source. Its key is a digest of all that its content depends on, the sizes
and times of its files included: a part that is there under its key need not be made again. A JSON
file beside it lists the pieces that were skipped. It is written last, and without it there is no
part.

Clips are checked once, when they come from the source. From then on they are trusted.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import chain, islice
from multiprocessing.connection import wait
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from skelter._files import SkeletonFormatError, write_whole
from skelter.data._clip import Clip, NobodyError, Reading
from skelter.data.preparation._source import Piece
from skelter.data.store._index import StoreInfo, check_clip
from skelter.data.store._store import SkeletonStore, collect_store
from skelter.data.store._storefile import write_store

CLIPS_PER_BATCH = 64  # clips that are held at once while they are normalised


class Skipped(NamedTuple):
    """A clip or a file that is not in a store, and the reason."""

    piece: str
    reason: str

    def __str__(self) -> str:
        named = self.reason.startswith((self.piece, f"{Path(self.piece).stem} "))
        return self.reason if named else f"{self.piece}: {self.reason}"


@dataclass(frozen=True)
class Job:
    """The settings that all parts of a build share. It goes to every process."""

    folder: Path
    info: StoreInfo
    read: Callable[..., Reading]
    normalise: Callable[[Tensor], Tensor] | None
    dtype: str
    skip: bool  # note a piece that cannot be read; otherwise it raises. Nobody is always noted


class Part(NamedTuple):
    """A part of a build, made or not."""

    key: str
    pieces: Sequence[Piece]


class Note(NamedTuple):
    """A clip or a file that is left out, as it is damaged or as it shows nobody."""

    skipped: Skipped
    damaged: bool


class Result(NamedTuple):
    """A part that is made."""

    part: Part
    clips: int
    skipped: list[Skipped]


def make_part(job: Job, part: Part) -> Result:
    """Read a part and write it, unless it is there."""
    done = job.folder / f"{part.key}.json"
    if done.exists():
        content = json.loads(done.read_bytes())
        skipped = [Skipped(*entry) for entry in content["skipped"]]
        if job.skip or not content.get("damaged", len(skipped)):
            return Result(part, content["clips"], skipped)
    done.unlink(missing_ok=True)
    place = job.folder / part.key
    shutil.rmtree(place, ignore_errors=True)  # of a process that was killed before it was done
    notes: list[Note] = []
    clips = _normalise(_read_pieces(job, part, notes), job)
    count = 0
    if (first := next(clips, None)) is not None:
        count = write_store(place, chain([first], clips), job.info, job.dtype)
    skipped = [note.skipped for note in notes]
    damaged = sum(note.damaged for note in notes)
    with write_whole(done) as file:
        content = {"clips": count, "skipped": skipped, "damaged": damaged}
        file.write(json.dumps(content).encode())
    return Result(part, count, skipped)


def make_parts(job: Job, parts: Sequence[Part], workers: int) -> Iterator[Result]:
    """Make parts in some processes, in any order. One worker is this process."""
    if workers == 1:
        yield from (make_part(job, part) for part in parts)
        return
    context = multiprocessing.get_context("spawn")  # forks of threads deadlock
    pool = ProcessPoolExecutor(workers, context, _start_worker, (job,))
    try:
        for future in as_completed([pool.submit(_make_in_worker, part) for part in parts]):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def read_parts(job: Job, results: Sequence[Result]) -> Iterator[Clip]:
    """Yield all clips of finished parts, in order, their joints where they lie."""
    for part, count, _ in results:
        if count:
            store = SkeletonStore.open(job.folder / part.key)
            yield from store.index.clips(store.frames)


def _read_pieces(job: Job, part: Part, notes: list[Note]) -> Iterator[Clip]:
    """Yield the clips of a part that fit the store, and raise or note the errors of others."""
    for piece in part.pieces:
        try:
            for item in job.read(*piece.arguments):
                try:
                    if isinstance(item, SkeletonFormatError):
                        raise item
                    clip = check_clip(item, item.name or piece.name, job.info)
                except (ValueError, TypeError) as error:
                    _note(job, piece, error, notes)
                else:
                    yield clip
        except (SkeletonFormatError, OSError) as error:
            _note(job, piece, error, notes)


def _note(job: Job, piece: Piece, error: Exception, notes: list[Note]) -> None:
    damaged = not isinstance(error, NobodyError)
    if damaged and not job.skip:
        if isinstance(error, (SkeletonFormatError, OSError)):
            raise error
        raise SkeletonFormatError(f"{piece.name}: {error}") from error
    reason = str(error)
    for file in piece.files:
        reason = reason.replace(str(file), file.name)
    notes.append(Note(Skipped(piece.name, reason), damaged))


def _normalise(clips: Iterator[Clip], job: Job) -> Iterator[Clip]:
    if job.normalise is None:
        yield from clips
        return
    while batch := list(islice(clips, CLIPS_PER_BATCH)):
        store = collect_store(batch, job.info).map(job.normalise, batch_size=1)
        yield from store.index.clips(store.frames)


_job: Job  # of this worker process


def _start_worker(job: Job) -> None:
    global _job
    _job = job
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent answers it
    torch.set_num_threads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _make_in_worker(part: Part) -> Result:
    return make_part(_job, part)


def _end_with_parent() -> None:
    """End this process when the one that started it is killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
