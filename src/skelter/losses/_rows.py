"""Rows of embeddings: their dtype, their length, and the reduction of their losses."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from skelter import _checks, _kernels

REDUCTIONS = ("mean", "sum", "none")
ZERO = 1e-12  # the length up to which a row has no direction, as in torch's own normalize


def unit(z: Tensor) -> Tensor:
    """Scale rows to length 1: ``z / max(|z|, 1e-12)``, with a bounded gradient.

    The value is that of ``torch.nn.functional.normalize``. Its gradient grows as ``1 / |z|``
    towards a row of zeros, where it is 1e12 times the incoming one. Here a row of zeros has no
    direction: it stays zero and gets no gradient. A row that is shorter than the epsilon of its
    dtype (``torch.finfo``: 1e-3 for float16, 1e-7 for float32) gets the gradient of one of that
    length.

    Args:
        z: Embeddings of shape (..., D).

    Returns:
        The same shape and dtype.

    Raises:
        TypeError: They are not of a floating dtype.

    Example:
        >>> z = torch.tensor([[3.0, 4.0], [0.0, 0.0]], requires_grad=True)
        >>> unit(z)[:, 0].sum().backward()
        >>> unit(z).tolist(), z.grad[1].tolist()
        ([[0.6000000238418579, 0.800000011920929], [0.0, 0.0]], [0.0, 0.0])
    """
    z = _checks.floating("z", z)
    return _unit(z, torch.finfo(z.dtype).eps)


def common_dtype(*embeddings: Tensor) -> torch.dtype:
    """Return the dtype of at least float32 that holds all."""
    dtype = torch.float32
    for embedding in embeddings:
        dtype = torch.promote_types(dtype, embedding.dtype)
    return dtype


def widen(*embeddings: Tensor, normalize: bool, dtype: torch.dtype | None = None) -> list[Tensor]:
    """Widen to a common dtype of at least float32, and normalise."""
    dtype = common_dtype(*embeddings) if dtype is None else dtype
    wide = [embedding.to(dtype) for embedding in embeddings]
    if not normalize:
        return wide
    shortest = [torch.finfo(embedding.dtype).eps for embedding in embeddings]
    return [_unit(z, length) for z, length in zip(wide, shortest, strict=True)]


def _unit(z: Tensor, shortest: float) -> Tensor:
    """Scale rows to length 1, with the gradient of rows no shorter than ``shortest``."""
    if not (z.requires_grad or _kernels.is_followed(z)):
        return F.normalize(z, dim=-1)
    constant = z.detach()
    length = constant.norm(dim=-1, keepdim=True)
    share = (length / shortest).where(length > ZERO, 0)
    z = z.where(length >= shortest, constant + share * (z - constant))
    return F.normalize(z, dim=-1)


def reduce(losses: Tensor, reduction: str) -> Tensor:
    return losses if reduction == "none" else losses.mean() if reduction == "mean" else losses.sum()
