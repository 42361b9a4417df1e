"""Exceptions that end a training, and signals that ask for its end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from lightning_fabric import Fabric


class TrainingError(RuntimeError):
    """A training cannot go on. Its last checkpoint is whole."""


class RunFolderError(TrainingError):
    """The folder of a run cannot be used: it holds something else, or has no room."""


class StoppedError(TrainingError):
    """SIGTERM or SIGINT stopped the training, and a checkpoint of its last step was written."""


class NotFiniteError(TrainingError):
    """The loss was not finite. A file lists the clips of the step."""


def on_main(fabric: Fabric, work: Callable[[], None]) -> None:
    """Do something on the main process, and raise its `TrainingError` on all of them."""
    problem: TrainingError | None = None
    if fabric.is_global_zero:
        try:
            work()
        except TrainingError as error:
            problem = error
    if problem := fabric.broadcast(problem):
        raise problem


@contextmanager
def notice_signals() -> Iterator[threading.Event]:
    """Notice SIGTERM and SIGINT for the loop to stop in order. A second SIGINT stops at once."""
    told = threading.Event()

    def note(number: int, frame: FrameType | None) -> None:
        if told.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        told.set()

    main = threading.current_thread() is threading.main_thread()  # no other may
    numbers = (signal.SIGTERM, signal.SIGINT) if main else ()
    before = {number: signal.signal(number, note) for number in numbers}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
