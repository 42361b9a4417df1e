"""Modules of this library as plain values, and back."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from torch import nn

from skelter._files import SkeletonFormatError
from skelter.encoders import (
    AGCN,
    CTRGCN,
    HCN,
    STGCN,
    TCN,
    BiGRU,
    DenseSTTransformer,
    FrameTransformer,
    HierarchicalEncoder,
    MultiStreamTransformer,
    SkeletonTransformer,
    STTransformer,
)
from skelter.layouts import SkeletonLayout, restore_layout
from skelter.representations import (
    ToAcceleration,
    ToBones,
    ToGraph,
    ToImage,
    ToMotion,
    ToSequence,
)

# Each keeps the arguments of its constructor as attributes of the same names.
KINDS: tuple[type[nn.Module], ...] = (
    AGCN, BiGRU, CTRGCN, DenseSTTransformer, FrameTransformer, HCN, HierarchicalEncoder,
    MultiStreamTransformer, STGCN, STTransformer, SkeletonTransformer, TCN,
    ToAcceleration, ToBones, ToGraph, ToImage, ToMotion, ToSequence, nn.Identity,
)  # fmt: skip
BY_NAME = {kind.__name__: kind for kind in KINDS}
CHAIN = nn.Sequential.__name__


def module_as_dict(module: object) -> dict[str, Any] | None:
    """Return the class and the arguments of a module as plain values. `restore_module` undoes it.

    Weights are not part of it.

    Args:
        module: An encoder or a representation of this library, or an ``nn.Sequential`` of such.

    Returns:
        Values ready for JSON, or None for any other module, which only its author can build.

    Example:
        >>> from skelter.layouts import NTU25
        >>> module_as_dict(ToSequence("m v c"))
        {'kind': 'ToSequence', 'arguments': {'order': 'm v c'}}
        >>> stream = nn.Sequential(ToBones(NTU25), ToGraph())
        >>> restore_module(module_as_dict(stream))
        Sequential(
          (0): ToBones(layout=NTU25)
          (1): ToGraph()
        )
        >>> module_as_dict(nn.Linear(2, 2)) is None
        True
    """
    if type(module) is nn.Sequential:
        members = [module_as_dict(member) for member in module]
        return {"kind": CHAIN, "members": members} if None not in members else None
    kind = next((kind for kind in KINDS if type(module) is kind), None)
    if kind is None:
        return None
    arguments = {name: _as_plain(getattr(module, name)) for name in _arguments(kind)}
    return {"kind": kind.__name__, "arguments": arguments}


def restore_module(plain: Mapping[str, Any]) -> nn.Module:
    """Build the module that `module_as_dict` wrote down, with new weights.

    Args:
        plain: What `module_as_dict` returned.

    Raises:
        SkeletonFormatError: This version has no such class, or it takes other arguments.

    Example:
        >>> restore_module({"kind": "BiGRU", "arguments": {"in_features": 60}}).feature_dim
        2048
    """
    kind = plain.get("kind")
    if kind == CHAIN:
        return nn.Sequential(*(restore_module(member) for member in plain["members"]))
    if kind not in BY_NAME:
        raise SkeletonFormatError(
            f"a {kind} is none of {', '.join([*BY_NAME, CHAIN])}, which this version can build. "
            "Install the version that wrote it, or pass the module."
        )
    arguments = {name: _of_plain(value) for name, value in plain.get("arguments", {}).items()}
    try:
        return BY_NAME[kind](**arguments)
    except (TypeError, ValueError) as error:
        raise SkeletonFormatError(
            f"a {kind} cannot be built with {arguments}: {error} Install the version that wrote it."
        ) from error


def _arguments(kind: type[nn.Module]) -> list[str]:
    """Return the names of the arguments of a constructor, but not those of ``*args``."""
    parameters = inspect.signature(kind).parameters.values()
    return [one.name for one in parameters if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]


def _as_plain(value: Any) -> Any:
    if isinstance(value, SkeletonLayout):
        return value.as_dict()
    return list(value) if isinstance(value, tuple) else value


def _of_plain(value: Any) -> Any:
    return restore_layout(value) if isinstance(value, Mapping) else value
