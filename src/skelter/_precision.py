"""Products of full precision: what is computed here stays as it is outside autocast."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import torch

P = ParamSpec("P")
R = TypeVar("R")


def outside_autocast(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function or a method compute as outside ``torch.autocast``.

    Autocast rounds the factors of a product to 8 or 11 bits. That suits the layers of a network.
    It does not suit coordinates and similarities. The device is that of the first argument that
    has one.

    Example:
        >>> product = outside_autocast(torch.mm)
        >>> with torch.autocast("cpu", torch.bfloat16):
        ...     product(torch.eye(2), torch.eye(2)).dtype
        torch.float32
    """

    @wraps(function)
    def exact(*args: P.args, **kwargs: P.kwargs) -> R:
        kind = "cpu"
        for argument in args:
            device = getattr(argument, "device", None)
            if device is not None:
                kind = device.type
                break
        # Compilers follow the context in every version, and the question in newer ones alone.
        if not torch.compiler.is_compiling() and not torch.is_autocast_enabled(kind):
            return function(*args, **kwargs)
        with torch.autocast(kind, enabled=False):
            return function(*args, **kwargs)

    return exact
