"""Exceptions that end a training."""

from __future__ import annotations

from collections.abc import Callable

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
