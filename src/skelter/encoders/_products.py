"""How matrices are multiplied: in which dtype, and fast where one of them stays the same."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def product_with(weight: Tensor, rows: int) -> Callable[[Tensor], Tensor]:
    """Return the map ``x -> x @ weight.T`` for x of shape (rows, I), weight (O, I).

    It is meant to be called many times: on processors the weight is brought once into the blocked
    order that oneDNN computes in, which a plain product would do again for every call.
    """
    if not _packs(weight):
        transposed = weight.t()
        return lambda x: x @ transposed
    packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), rows)
    linear = torch.ops.mkldnn._linear_pointwise
    return lambda x: linear(x, packed, None, "none", [], "")


def _packs(weight: Tensor) -> bool:
    """Whether this build of torch has the operators, for this device and dtype."""
    if weight.device.type != "cpu" or not torch._C._has_mkldnn:
        return False
    if not hasattr(torch.ops.mkldnn, "_reorder_linear_weight"):
        return False
    if weight.dtype == torch.bfloat16:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return weight.dtype == torch.float32


def computing_dtype(x: Tensor) -> torch.dtype:
    """Return the dtype that products with ``x`` are taken in: that of autocast where it is on."""
    kind = x.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else x.dtype
