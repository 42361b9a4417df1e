"""InfoNCE against constants as one operator, with its gradient computed in the forward pass.

Nothing is kept of the negatives, and the logits are the only matrix (N, 1 + K): the gradient takes
a few thousand negatives at a time.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

CHUNK = 4096  # negatives whose share of the gradient is computed together


def queue_contrast(
    query: Tensor, key: Tensor, negatives: Tensor, temperature: float
) -> tuple[Tensor, Tensor]:
    """Contrast queries, keys (N, D) and negatives (K, D) as they are.

    Returns:
        The loss, and the logits (N, 1 + K) without a gradient.
    """
    loss, logits, *_ = _queue_contrast(query, key, negatives, temperature)
    return loss, logits.detach()


@torch.library.custom_op(
    "skelter::queue_contrast",
    mutates_args=(),
    schema="(Tensor query, Tensor key, Tensor negatives, float temperature)"
    " -> (Tensor, Tensor, Tensor, Tensor)",
)
def _queue_contrast(
    query: Tensor, key: Tensor, negatives: Tensor, temperature: float
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return loss, logits (N, 1 + K), and the gradients of the loss at queries and keys."""
    N, K = len(query), len(negatives)
    logits = query.new_empty(N, 1 + K)
    logits[:, 0] = (query * key).sum(1)
    torch.mm(query, negatives.t(), out=logits[:, 1:])
    logits.div_(temperature)
    total = logits.logsumexp(1, keepdim=True)
    loss = (total.squeeze(1) - logits[:, 0]).mean()
    missing = (logits[:, :1] - total).exp() - 1  # what the positive lacks of certainty
    of_query = missing * key
    for start in range(0, K, CHUNK):
        rows = negatives[start : start + CHUNK]
        share = (logits[:, 1 + start : 1 + start + len(rows)] - total).exp_()
        of_query.addmm_(share, rows)
    scale = 1 / (N * temperature)
    return loss, logits, of_query * scale, missing * query * scale


@_queue_contrast.register_fake
def _(
    query: Tensor, key: Tensor, negatives: Tensor, temperature: float
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    logits = query.new_empty(len(query), 1 + len(negatives))
    return query.new_empty(()), logits, torch.empty_like(query), torch.empty_like(key)


def _keep(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    _, _, of_query, of_key = output
    ctx.save_for_backward(of_query, of_key)


def _backward(ctx: Any, grad: Tensor, *_: Tensor) -> tuple[Tensor, Tensor, None, None]:
    of_query, of_key = ctx.saved_tensors
    return grad * of_query, grad * of_key, None, None


_queue_contrast.register_autograd(_backward, setup_context=_keep)
