"""InfoNCE against constants, with its gradient worked out in the forward pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor

CHUNK = 4096  # negatives whose share of the loss is looked at together


def contrast_with_constants(
    query: Tensor, key: Tensor, negatives: Tensor, temperature: float
) -> tuple[Tensor, Tensor]:
    """Return loss and logits of queries, keys (N, D) and negatives (K, D) as they are.

    Example:
        >>> loss, logits = contrast_with_constants(torch.eye(2), torch.eye(2), torch.zeros(3, 2), 1)
        >>> logits.tolist()
        [[1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]]
    """
    contrast = cast("Callable[..., tuple[Tensor, Tensor]]", _QueueContrast.apply)
    return contrast(query, key, negatives, temperature)


class _QueueContrast(torch.autograd.Function):
    """From queries, keys (N, D), negatives (K, D) and a temperature to loss and logits."""

    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, negatives: Tensor, temperature: float
    ) -> tuple[Tensor, Tensor]:
        """Compute the logits once, and all that backward needs."""
        N, K = len(query), len(negatives)
        logits = query.new_empty(N, 1 + K)
        logits[:, 0] = (query * key).sum(1)
        torch.mm(query, negatives.t(), out=logits[:, 1:])
        logits.div_(temperature)
        total = logits.logsumexp(1, keepdim=True)
        loss = (total.squeeze(1) - logits[:, 0]).mean()
        if any(ctx.needs_input_grad):
            missing = (logits[:, :1] - total).exp() - 1  # what the positive lacks of certainty
            of_query = missing * key
            for start in range(0, K, CHUNK):
                rows = negatives[start : start + CHUNK]
                share = (logits[:, 1 + start : 1 + start + len(rows)] - total).exp_()
                of_query.addmm_(share, rows)
            ctx.save_for_backward(of_query / (N * temperature), missing * query / (N * temperature))
        ctx.mark_non_differentiable(logits)
        return loss, logits

    @staticmethod
    def backward(
        ctx: Any, grad: Tensor, _: Tensor
    ) -> tuple[Tensor | None, Tensor | None, None, None]:
        """Scale what was worked out."""
        of_query, of_key = ctx.saved_tensors
        wants_query, wants_key, *_rest = ctx.needs_input_grad
        into_query = grad * of_query if wants_query else None
        return into_query, grad * of_key if wants_key else None, None, None
