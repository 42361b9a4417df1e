"""Attention as one operator, which never holds the matrix of all pairs of tokens.

It is torch's, with derivatives beyond the first. Under a compiler or an exporter, and on other
devices than the processor, torch's own operator takes its place.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.flop_counter import register_flop_formula

from skelter._kernels._derivatives import plain_gradients
from skelter._kernels._switch import is_exported, product_dtype


def attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attend to tokens: ``softmax(query key' / sqrt(D)) value``.

    Args:
        query: Shape (N, H, L, D), for H heads.
        key: Shape (N, H, K, D).
        value: Shape (N, H, K, D).

    Returns:
        The output (N, H, L, D), in the dtype of products.
    """
    if query.device.type != "cpu" or torch.compiler.is_compiling() or is_exported():
        return F.scaled_dot_product_attention(query, key, value)
    dtype = product_dtype(query)
    # Processors without a unit for narrow products take them several times slower here.
    wide = torch.promote_types(dtype, torch.float32)
    out: Tensor = _attention(query.to(wide), key.to(wide), value.to(wide))[0]
    return out.to(dtype)


@torch.library.custom_op(
    "skelter::attention",
    mutates_args=(),
    schema="(Tensor query, Tensor key, Tensor value) -> (Tensor, Tensor)",
)
def _attention(query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    """Return the output, and the logarithm of what the softmax divides by, for backward."""
    out: tuple[Tensor, Tensor] = _FORWARD(query, key, value)
    return out


@_attention.register_fake
def _(query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    out: tuple[Tensor, Tensor] = _FORWARD(query, key, value)
    return out


@torch.library.custom_op(
    "skelter::attention_backward",
    mutates_args=(),
    schema="(Tensor grad, Tensor query, Tensor key, Tensor value, Tensor out, Tensor total)"
    " -> (Tensor, Tensor, Tensor)",
)
def _attention_backward(
    grad: Tensor, query: Tensor, key: Tensor, value: Tensor, out: Tensor, total: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradients of query, key and value."""
    gradients: tuple[Tensor, Tensor, Tensor] = _BACKWARD(
        grad, query, key, value, out, total, 0.0, False
    )
    return gradients


@_attention_backward.register_fake
def _(
    grad: Tensor, query: Tensor, key: Tensor, value: Tensor, out: Tensor, total: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    gradients: tuple[Tensor, Tensor, Tensor] = _BACKWARD(
        grad, query, key, value, out, total, 0.0, False
    )
    return gradients


def _keep(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    ctx.save_for_backward(*inputs, *output)


def _backward(ctx: Any, grad: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
    *inputs, out, total = ctx.saved_tensors
    if torch.is_grad_enabled():
        return tuple(plain_gradients("attention", inputs, grad))
    gradients: tuple[Tensor, ...] = _attention_backward(grad, *inputs, out, total)
    return gradients


_attention.register_autograd(_backward, setup_context=_keep)
_FORWARD = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
_BACKWARD = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward


def _flops(query: torch.Size, key: torch.Size, value: torch.Size, **_: Any) -> int:
    """Return the count of two products, each of all queries with all keys."""
    N, H, L, D = query
    return 2 * N * H * L * key[-2] * (D + value[-1])


@register_flop_formula(torch.ops.skelter.attention)
def _(query: Any, key: Any, value: Any, *args: Any, **kwargs: Any) -> int:
    return _flops(query, key, value)


@register_flop_formula(torch.ops.skelter.attention_backward)
def _(grad: Any, query: Any, key: Any, value: Any, *args: Any, **kwargs: Any) -> int:
    """The matrix of pairs once more, and four products with it or its gradient."""
    return 5 * _flops(query, key, value) // 2
