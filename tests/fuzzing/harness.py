"""Reads damaged files, and says whether a reader did what it may do with them."""

from __future__ import annotations

import errno
import signal
import time
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from skelter.data import SkeletonFormatError

try:
    import resource
except ImportError:  # on Windows, memory is not limited
    resource = None

SECONDS = 2.0  # of processor time a case
ROOM = 4 << 30  # bytes that a process may reserve beside those that it has


class Outcome(NamedTuple):
    """What became of a case.

    Args:
        clips: How many were read.
        refusal: The kind of the first error, nothing if there was none.
        seconds: Of processor time.
        wrong: What a reader must not do, nothing if it did not.
    """

    clips: int
    refusal: str
    seconds: float
    wrong: str


class TooSlowError(BaseException):
    """Time is up; no handler of errors in a reader shall catch this."""


def write(folder, files):
    for name, content in files.items():
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def outcome(form, folder):
    """Read all clips of a folder."""
    clips, refusal, wrong = 0, "", ""
    start = time.process_time()
    try:
        with time_limit(), warnings.catch_warnings():
            warnings.simplefilter("error")
            for item in form.read(folder):
                if isinstance(item, SkeletonFormatError):
                    refusal = refusal or kind(item)
                    wrong = wrong or out_of_memory(item)
                    continue
                clips += 1
                wrong = wrong or strange(item, form.finite)
    except (SkeletonFormatError, OSError) as error:
        refusal = refusal or kind(error)
        wrong = wrong or out_of_memory(error)
    except TooSlowError:
        wrong = f"more than {SECONDS} s"
    except Exception as error:
        wrong = f"{type(error).__name__}: {str(error)[:200]}"
    return Outcome(clips, refusal, time.process_time() - start, wrong)


def kind(error):
    return type(error).__name__


def out_of_memory(error):
    """Say that an error hides a lack of memory."""
    cause = error.__cause__ or error.__context__
    lacking = isinstance(cause, MemoryError) or getattr(error, "errno", 0) == errno.ENOMEM
    return f"out of memory, {cause or error}" if lacking else ""


def strange(clip, finite):
    """Say what is wrong with a clip that was read, nothing if it is one."""
    joints = clip.joints
    if joints.dtype != np.float32 or joints.ndim != 4 or not joints.size:
        return f"a clip of {joints.dtype} {joints.shape}"
    if finite and not (np.isfinite(joints).all() and joints.any()):
        return "a clip with infinite values or with nobody"
    numbers = [clip.label, clip.subject, clip.view, *clip.extra.values()]
    if not all(type(number) is int for number in numbers) or type(clip.name) is not str:
        return f"a clip with {numbers}, named {clip.name!r}"
    if clip.label < -1:
        return f"a clip of label {clip.label}"
    return ""


@contextmanager
def time_limit():
    """Raise `TooSlowError` when a case takes more processor time than it may."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_):
        raise TooSlowError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextmanager
def memory_limit():
    """Let nothing reserve much more memory than there is in use."""
    status = Path("/proc/self/statm")
    if resource is None or not status.exists():
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    in_use = int(status.read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (in_use + ROOM, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
