"""Settings that published files carry beside their weights, opened without running their code.

Training frameworks save the arguments of a run as objects of their own classes. Nothing of those
packages is imported. A stand-in of the same name takes the values.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

# Classes of these packages that hold values, and nothing else.
HOLDERS = re.compile(
    r"(argparse\.Namespace"
    r"|(lightning|pytorch_lightning|lightning_fabric)(\.\w+)*\.(AttributeDict|[A-Z]\w*Enum)"
    r"|omegaconf(\.\w+)*\.[A-Z]\w*"
    r"|(addict|easydict|yacs|mmcv|mmengine|munch|box)(\.\w+)*\.[A-Z]\w*)"
)


class Settings(dict[str, Any]):
    """Values by name, in place of an object that has them as attributes."""

    def __new__(cls, *args: object, **values: object) -> Settings:
        return super().__new__(cls)

    def __init__(self, *args: object, **values: object) -> None:
        super().__init__()

    def __setstate__(self, state: object) -> None:
        if isinstance(state, Mapping):
            self.update(state)


class _Dictionary:
    """In place of a class of dictionaries. torch fills only those that are exactly its own."""

    def __new__(cls, *args: object, **values: object) -> OrderedDict[str, Any]:  # type: ignore[misc]  # that is the point
        return OrderedDict()


@contextmanager
def stand_in(name: str) -> Iterator[None]:
    """Let torch open objects of a class meanwhile, as a stand-in that holds their values.

    Args:
        name: The class that a file asks for, with its module. `is_holder` has to be true for it.
    """
    module, _, kind = name.rpartition(".")
    holds = _Dictionary if kind.endswith("Dict") else Settings
    double = type(kind, (holds,), {"__module__": module, "__qualname__": kind})
    before = torch.serialization.get_safe_globals()
    torch.serialization.add_safe_globals([double])
    try:
        yield
    finally:
        torch.serialization.clear_safe_globals()
        torch.serialization.add_safe_globals(before)


def is_holder(name: str) -> bool:
    """Tell whether a class is known to hold values only."""
    return HOLDERS.fullmatch(name) is not None
