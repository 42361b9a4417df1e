"""The one switch between fused operators and plain forms, and the dtype of fused products."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from skelter._kernels._derivatives import is_followed

# A plain global, for all threads: a compiler guards on it, and on nothing that is finer.
_plain = False
# Later than the lowest version of torch.
_is_exporting = getattr(torch.compiler, "is_exporting", lambda: False)


def is_fused(*inputs: Tensor) -> bool:
    """Tell whether a layer goes through its fused operator for these inputs.

    It does not inside `use_plain`, nor where an input is differentiated in a way that the operator
    does not know (`is_followed`), nor in a program for export, which others run.
    """
    return not (_plain or _is_exporting() or any(map(is_followed, inputs)))


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
