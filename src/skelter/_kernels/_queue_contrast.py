"""InfoNCE against constants as one operator, with its gradient computed in the forward pass.

Nothing is kept of the negatives, and the logits are the only matrix (N, 1 + K): the gradient takes
a few thousand negatives at a time.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from skelter._kernels._derivatives import plain_gradients

CHUNK = 4096  # negatives whose share of the gradient is computed together


def queue_contrast(
    query: Tensor, key: Tensor, negatives: Tensor, temperature: float, *, normalize: bool
) -> tuple[Tensor, Tensor]:
    """Contrast queries and keys (N, D) as they are with negatives (K, D).

    Args:
        query: Queries, at least float32.
        key: Keys in the dtype of the queries.
        negatives: Constants of any floating dtype.
        temperature: Above 0.
        normalize: Whether to L2-normalise the negatives.

    Returns:
        The loss of each query (N,), and the logits (N, 1 + K) without a gradient.
    """
    losses, logits, *_ = _queue_contrast(query, key, negatives, temperature, normalize)
    return losses, logits.detach()


@torch.library.custom_op(
    "skelter::queue_contrast",
    mutates_args=(),
    schema="(Tensor query, Tensor key, Tensor negatives, float temperature, bool normalize)"
    " -> (Tensor, Tensor, Tensor, Tensor)",
)
def _queue_contrast(
    query: Tensor, key: Tensor, negatives: Tensor, temperature: float, normalize: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return losses (N,), logits (N, 1 + K), and the gradient of each at its query and its key."""
    N, K = len(query), len(negatives)
    negatives = negatives.to(query.dtype)
    if normalize:
        negatives = F.normalize(negatives, dim=1)
    logits = query.new_empty(N, 1 + K)
    logits[:, 0] = (query * key).sum(1)
    torch.mm(query, negatives.t(), out=logits[:, 1:])
    logits.div_(temperature)
    total = logits.logsumexp(1, keepdim=True)
    losses = total.squeeze(1) - logits[:, 0]
    missing = (logits[:, :1] - total).exp() - 1  # what the positive lacks of certainty
    of_query = missing * key
    for start in range(0, K, CHUNK):
        rows = negatives[start : start + CHUNK]
        share = (logits[:, 1 + start : 1 + start + len(rows)] - total).exp_()
        of_query.addmm_(share, rows)
    return losses, logits, of_query / temperature, missing * query / temperature


@_queue_contrast.register_fake
def _(
    query: Tensor, key: Tensor, negatives: Tensor, temperature: float, normalize: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    N = len(query)
    logits = query.new_empty(N, 1 + len(negatives))
    return query.new_empty(N), logits, torch.empty_like(query), torch.empty_like(key)


def _keep(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    query, key, negatives, ctx.temperature, ctx.normalize = inputs
    # No copy: torch notices where they changed, and an ordinary gradient does not ask for them.
    ctx.save_for_backward(query, key, negatives)
    ctx.gradients = [gradient.detach() for gradient in output[2:]]


def _backward(ctx: Any, grad: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
    if not torch.is_grad_enabled():
        of_query, of_key = ctx.gradients
        return grad[:, None] * of_query, grad[:, None] * of_key, None, None, None
    try:
        inputs = ctx.saved_tensors
    except RuntimeError as error:
        raise RuntimeError(
            "`negatives` must stay as they are until a gradient with create_graph=True is taken; "
            "they changed since the loss was computed. Pass queue.snapshot() instead of "
            f"queue.rows(). ({error})"
        ) from error
    options = {"temperature": ctx.temperature, "normalize": ctx.normalize}
    of_query, of_key, _negatives = plain_gradients("queue_contrast", inputs, grad, **options)
    return of_query, of_key, None, None, None


_queue_contrast.register_autograd(_backward, setup_context=_keep)
