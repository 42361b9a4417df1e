"""The one switch between fused operators and plain forms, and the dtype of fused products."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from skelter._kernels._derivatives import is_followed
from skelter._kernels._untouched import are_untouched

# A plain global, for all threads: a compiler guards on it, and on nothing that is finer.
_plain = False


def is_fused(*inputs: Tensor, parts: Sequence[nn.Module] = (), exportable: bool = False) -> bool:
    """Tell whether a layer goes through its fused operator for these inputs.

    It does not inside `use_plain`, nor in a program that is exported (`is_exported`), nor where an
    input is differentiated in a way that the operator does not know (`is_followed`), nor where a
    part of the layer has to be called (`are_untouched`).

    Args:
        inputs: The tensors that the operator gets.
        parts: The modules whose parameters it reads, instead of calling them.
        exportable: Whether it has nothing but torch's operators in a program that is exported.
    """
    if _plain or (is_exported() and not exportable) or not are_untouched(*parts):
        return False
    weights = (weight for part in parts for weight in part.parameters())
    return not any(map(is_followed, (*inputs, *weights)))


def is_exported() -> bool:
    """Tell whether a program is being made that runs where this library is not installed."""
    # torch 2.4 to 2.6 have no such function: there, operators of this library are in the program.
    exporting = getattr(torch.compiler, "is_exporting", None)
    return is_traced() or (exporting is not None and bool(exporting()))


def is_traced() -> bool:
    """Tell whether ``torch.jit.trace`` writes down the operators that run."""
    return bool(torch.jit.is_tracing())  # type: ignore[attr-defined,no-untyped-call]  # untyped


@contextmanager
def use_plain() -> Iterator[None]:
    """Compute layers by their plain forms meanwhile, in every thread of the process.

    What was recorded for a backward pass keeps the form that it was recorded with.
    """
    global _plain
    before, _plain = _plain, True
    try:
        yield
    finally:
        _plain = before


def product_dtype(x: Tensor) -> torch.dtype:
    """Return the dtype that products with ``x`` are taken in: that of autocast where it is on."""
    kind = x.device.type
    casts = kind != "meta" and torch.is_autocast_enabled(kind)
    return torch.get_autocast_dtype(kind) if casts else x.dtype
