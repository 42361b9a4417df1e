"""Persons of a clip: their order, and tracks of one person that belong together."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from einops import rearrange, reduce
from torch import Tensor

from skelter import _checks
from skelter.transforms.kinds._base import Deterministic
from skelter.transforms.normalisation._empty import find_persons


def order_persons(x: Tensor, keys: Tensor) -> Tensor:
    """Sort persons by descending keys. Those with equal keys keep their order.

    Args:
        x: Clips of shape (..., C, T, V, M).
        keys: A number for each person, shape (..., M).

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    Example:
        >>> x = torch.tensor([5.0, 7.0]).reshape(1, 1, 1, 2)
        >>> order_persons(x, torch.tensor([0, 1])).flatten()
        tensor([7., 5.])
    """
    x = _checks.clips(x)
    _checks.params(x, keys=(keys, (x.shape[-1],)))
    order = torch.argsort(keys, dim=-1, descending=True, stable=True)
    return x.gather(-1, rearrange(order, "... m -> ... 1 1 1 m").expand_as(x))


def join_persons(x: Tensor) -> Tensor:
    """Join persons who are there one after another into two actors.

    A camera that loses a body and finds it again takes it for another. Person after person, a
    track goes to the first actor if their times overlap by no more than one frame, else to the
    second, else it is left out. Where two tracks hold one frame, the later one stays.

    Args:
        x: Clips of shape (..., C, T, V, M), the persons in the order in which they matter.

    Returns:
        Clips of the same shape: the two actors, and zeros for further persons.

    Example:
        >>> x = torch.tensor([[4.0, 0.0], [0.0, 6.0]]).reshape(1, 2, 1, 2)
        >>> join_persons(x)[0, :, 0].tolist()
        [[4.0, 0.0], [6.0, 0.0]]
    """
    x = _checks.clips(x)
    T, M = x.shape[-3], x.shape[-1]
    there = find_persons(x)
    time = torch.arange(T, device=x.device)[:, None]
    starts = torch.where(there, time, T).amin(-2)
    ends = torch.where(there, time, -1).amax(-2)
    spans = [(torch.full_like(starts[..., 0], T), torch.full_like(ends[..., 0], -1))
             for _ in range(min(M, 2))]  # fmt: skip
    shares: list[list[Tensor]] = [[] for _ in spans]  # frames of each actor by person, 1 or 0
    for person in range(M):
        start, end = starts[..., person], ends[..., person]
        free = end >= 0
        for number, (first, last) in enumerate(spans):
            takes = free & (torch.minimum(last, end) - torch.maximum(first, start) <= 0)
            free = free & ~takes
            spans[number] = (
                torch.where(takes, torch.minimum(first, start), first),
                torch.where(takes, torch.maximum(last, end), last),
            )
            frames = (there[..., person] & takes[..., None]).to(x.dtype)
            shares[number] = [share * (1 - frames) for share in shares[number]] + [frames]
    out = torch.zeros_like(x)
    for number, share in enumerate(shares):
        out[..., number] = _mix_persons(x.unbind(-1), share)
    return out


def _mix_persons(persons: Sequence[Tensor], shares: Sequence[Tensor]) -> Tensor:
    """Return the sum of persons (..., C, T, V), each times numbers of frames (..., T)."""
    mixed = persons[0] * shares[0][..., None, :, None]
    for person, share in zip(persons[1:], shares[1:], strict=True):
        mixed = torch.addcmul(mixed, person, share[..., None, :, None])
    return mixed


def duplicate_person(x: Tensor) -> Tensor:
    """Let person 1 do what person 0 does, in clips without a person 1.

    Args:
        x: Clips of shape (..., C, T, V, M). Clips of one person stay as they are.

    Returns:
        Clips of the same shape.

    Example:
        >>> duplicate_person(torch.tensor([5.0, 0.0]).reshape(1, 1, 1, 2)).flatten()
        tensor([5., 5.])
    """
    x = _checks.clips(x)
    if x.shape[-1] < 2:
        return x
    alone = reduce(x.detach()[..., 1].abs(), "... c t v -> ... 1 1 1", "max") == 0
    out = x.clone()
    out[..., 1] += x[..., 0] * alone.to(x.dtype)  # to zeros
    return out


class SortPersons(Deterministic):
    """Put the person who is there for the most frames first. Equal ones keep their order.

    References:
        Duan et al., PYSKL, 2022: a step of PreNormalize3D.

    Example:
        >>> import torch
        >>> x = torch.tensor([[4.0, 5.0], [0.0, 6.0]]).reshape(1, 2, 1, 2)
        >>> SortPersons()(x)[0, :, 0].tolist()
        [[5.0, 4.0], [6.0, 0.0]]
    """

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Sort the persons."""
        x = _checks.clips(x)
        return order_persons(x, find_persons(x).sum(-2))


class JoinPersons(Deterministic):
    """Join persons who are there one after another into two actors.

    See `functional.join_persons`. Put the persons into the order in which they matter first.

    References:
        Zhang et al., Semantics-Guided Neural Networks, CVPR 2020: a step of its preparation.

    Example:
        >>> x = torch.tensor([[4.0, 0.0], [0.0, 6.0]]).reshape(1, 2, 1, 2)
        >>> JoinPersons()(x)[0, :, 0].tolist()
        [[4.0, 0.0], [6.0, 0.0]]
    """

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Join the persons."""
        return join_persons(x)


class DuplicatePerson(Deterministic):
    """Let person 1 do what person 0 does, in clips without a person 1.

    A missing person then becomes something, on purpose. See `functional.duplicate_person`.

    References:
        Chen et al., CVPR 2021 (CTR-GCN): its preparation of NTU RGB+D 120.

    Example:
        >>> DuplicatePerson()(torch.tensor([5.0, 0.0]).reshape(1, 1, 1, 2)).flatten()
        tensor([5., 5.])
    """

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Copy person 0."""
        return duplicate_person(x)
