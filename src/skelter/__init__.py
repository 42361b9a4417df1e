"""Components for self-supervised learning on skeleton sequences.

The sub-packages stand alone and are loaded when they are first used: `transforms`,
`representations`, `encoders`, `losses`, `data`, `evaluation`, `viz`, `methods`, which assembles
them, `checkpoints`, and `training`, which needs the extra of its name. Clips have shape
``(..., C, T, V, M)``: coordinates, frames, joints, persons.
"""

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

from skelter.memory import MemoryQueue
from skelter.momentum import MomentumEncoder

if TYPE_CHECKING:
    from skelter import (
        checkpoints,
        data,
        distributed,
        encoders,
        evaluation,
        layouts,
        losses,
        methods,
        representations,
        training,
        transforms,
        typing,
        viz,
    )

__all__ = [
    "MemoryQueue",
    "MomentumEncoder",
    "__version__",
    "checkpoints",
    "data",
    "distributed",
    "encoders",
    "evaluation",
    "layouts",
    "losses",
    "methods",
    "representations",
    "training",
    "transforms",
    "typing",
    "viz",
]

__version__ = "0.8.0"


def __getattr__(name: str) -> ModuleType:
    if name in __all__:
        return importlib.import_module(f"skelter.{name}")
    raise AttributeError(f"module 'skelter' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
