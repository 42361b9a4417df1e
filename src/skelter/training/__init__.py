"""Training of any method: resumed bit by bit, on any number of processes, watched and logged.

A `Trainer` takes a method (`skelter.typing.Method`), views, a store with indices, and a folder. It
knows no method by name. `Run` reads the folder later. This package needs the extra ``training``.
"""

try:
    from skelter.training._about import describe_clips
    from skelter.training._config import Schedule, TrainingConfig, warm_up_cosine
    from skelter.training._errors import NotFiniteError, RunFolderError, StoppedError, TrainingError
    from skelter.training._monitor import Monitor
    from skelter.training._run import Run
    from skelter.training._trainer import Trainer
except ModuleNotFoundError as error:
    message = f"skelter.training needs {error.name}: pip install 'skelter[training]'"
    raise ImportError(message) from error

__all__ = [
    "Monitor",
    "NotFiniteError",
    "Run",
    "RunFolderError",
    "Schedule",
    "StoppedError",
    "Trainer",
    "TrainingConfig",
    "TrainingError",
    "describe_clips",
    "warm_up_cosine",
]
