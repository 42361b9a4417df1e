"""Derivatives that fused operators leave to the plain forms: those beyond the first, and others.

A fused operator has one derivative, the ordinary gradient. Its plain form has all of them, as it
is made of torch's own operators. Where tensors are followed by a transform of ``torch.func`` or by
forward-mode differentiation, layers compute by their plain form. A gradient that is itself to be
differentiated is that of the plain form, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

PlainForm = Callable[..., Tensor]

# By the name of the operator. Each stands in the layer or loss whose mathematics it is.
_plain_forms: dict[str, PlainForm] = {}


def plain_form(operator: str) -> Callable[[PlainForm], PlainForm]:
    """Mark a function as the plain form of an operator: of its tensors, in their order."""

    def mark(function: PlainForm) -> PlainForm:
        _plain_forms[operator] = function
        return function

    return mark


def is_followed(x: Tensor) -> bool:
    """Tell whether ``torch.func`` or forward-mode differentiation follows a tensor."""
    if not torch.compiler.is_compiling():  # a compiler has no storages: it refuses by itself
        try:
            x.untyped_storage()
        except NotImplementedError:  # a transform wraps tensors in others, which have no storage
            return True
    dual = forward_ad.unpack_dual(x)  # type: ignore[no-untyped-call]  # torch has no types
    return dual.tangent is not None


def plain_gradients(
    operator: str, inputs: Sequence[Tensor], grad: Tensor, **options: Any
) -> list[Tensor | None]:
    """Return the gradients at all inputs by the plain form, which can be differentiated again.

    Args:
        operator: Its name.
        inputs: What the operator was called with, in the dtype of its products.
        grad: The gradient at the output.
        options: Further arguments of the plain form.
    """
    # Each input by another name: what one of them owes to another is not a part of its gradient.
    aliases = [tensor.view_as(tensor) for tensor in inputs]
    kind, dtype = inputs[0].device.type, inputs[0].dtype
    narrow = dtype in (torch.float16, torch.bfloat16)
    with torch.autocast(kind, dtype=dtype if narrow else None, enabled=narrow):
        output = _plain_forms[operator](*aliases, **options)
    wanted = [alias for alias in aliases if alias.requires_grad]
    found = iter(torch.autograd.grad(output, wanted, grad, create_graph=True))
    return [next(found) if alias.requires_grad else None for alias in aliases]
