"""How matrices are multiplied: in which dtype, and fast where one of them stays the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

TOGETHER = 2**18  # numbers of a weight, up to which packing it gains nothing


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


def products_with(weights: Sequence[Tensor], rows: int) -> Callable[[Tensor, Tensor, Tensor], None]:
    """Return the map that writes ``bias + x @ weight.T`` of every weight to an output.

    For L weights (O, I) it is called with x (L, rows, I), a bias that broadcasts to (L, rows, O)
    and the output, which may be the bias itself. Small ones are multiplied by one call, large
    ones, and those of which bias and output are wider than x, one after the other.
    """
    narrow = weights[0].dtype not in (torch.float32, torch.float64)
    if narrow or weights[0].numel() > TOGETHER:
        products = [product_with(weight, rows) for weight in weights]

        def one_by_one(x: Tensor, bias: Tensor, out: Tensor) -> None:
            for unit, product in enumerate(products):
                torch.add(product(x[unit]), bias[unit], out=out[unit])

        return one_by_one
    stacked = torch.stack([weight.t() for weight in weights])

    def together(x: Tensor, bias: Tensor, out: Tensor) -> None:
        torch.baddbmm(bias, x, stacked, out=out)

    return together


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
