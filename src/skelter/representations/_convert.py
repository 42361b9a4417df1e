"""Clips as sequences, graphs and images, and back."""

from __future__ import annotations

import torch
from einops import rearrange
from torch import Tensor

from skelter import _checks


def to_sequence(x: Tensor, order: str = "v c m") -> Tensor:
    """Flatten every frame to one vector of joint coordinates.

    Args:
        x: Clips of shape (..., C, T, V, M).
        order: How joint v, coordinate c and person m are nested, slowest first. ``"v c m"`` is the
            reference method's; ``"m v c"`` that of HiCo, UmURL, CTR-GCN and MAMP.

    Returns:
        Shape (..., T, V * C * M): 150 numbers a frame for NTU25 and two persons.

    Raises:
        ValueError: `order` is not a permutation of v, c and m.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021

    Example:
        >>> import torch
        >>> to_sequence(torch.zeros(8, 3, 64, 25, 2)).shape
        torch.Size([8, 64, 150])
    """
    check_order(order)
    x = _checks.clips(x)
    if order.split() != ["v", "c", "m"] or torch.compiler.is_compiling():
        return rearrange(x, f"... c t v m -> ... t ({order})")
    # Plane by plane, in long loops over frames and joints: copied as a whole, memory would be
    # walked through in runs of M numbers, which takes four times as long. Compilers know better.
    C, M = x.shape[-4], x.shape[-1]
    planes = [x[..., c, :, :, m] for c in range(C) for m in range(M)]
    return torch.stack(planes, -1).flatten(-2)


def from_sequence(
    sequence: Tensor, *, joints: int, persons: int = 2, order: str = "v c m"
) -> Tensor:
    """Invert `to_sequence`.

    Args:
        sequence: Shape (..., T, V * C * M).
        joints: The number of joints V.
        persons: The number of persons M.
        order: As given to `to_sequence`.

    Returns:
        Clips of shape (..., C, T, V, M).

    Raises:
        ValueError: The last axis is not a multiple of joints x persons, or `order` is wrong.

    Example:
        >>> import torch
        >>> from_sequence(torch.zeros(8, 64, 150), joints=25).shape
        torch.Size([8, 3, 64, 25, 2])
    """
    check_order(order)
    _checks.require(
        sequence.ndim >= 2 and sequence.shape[-1] % (joints * persons) == 0,
        "`sequence`",
        f"have shape (..., T, V*C*M) with V={joints} and M={persons}",
        _checks.shape_of(sequence),
        "Pass the joints= and persons= it was made from.",
    )
    return rearrange(sequence, f"... t ({order}) -> ... c t v m", v=joints, m=persons)


def to_graph(x: Tensor) -> Tensor:
    """Return clips as a spatio-temporal graph: as they stand, after a check of their shape.

    Args:
        x: Clips of shape (..., C, T, V, M); the edges belong to the encoder's layout.

    Returns:
        The same tensor.

    Example:
        >>> import torch
        >>> to_graph(torch.zeros(8, 3, 64, 25, 2)).shape
        torch.Size([8, 3, 64, 25, 2])
    """
    return _checks.clips(x)


def from_graph(graph: Tensor) -> Tensor:
    """Invert `to_graph`.

    Args:
        graph: Shape (..., C, T, V, M).

    Returns:
        The same tensor.

    Example:
        >>> import torch
        >>> from_graph(torch.zeros(8, 3, 64, 25, 2)).shape
        torch.Size([8, 3, 64, 25, 2])
    """
    return _checks.clips(graph)


def to_image(x: Tensor) -> Tensor:
    """Return clips as pseudo-images, one a person: channels C, rows T, columns V.

    They are that as they stand; only the shape is checked.

    Args:
        x: Clips of shape (..., C, T, V, M).

    Returns:
        The same tensor.

    Example:
        >>> import torch
        >>> to_image(torch.zeros(8, 3, 64, 25, 2)).shape
        torch.Size([8, 3, 64, 25, 2])
    """
    return _checks.clips(x)


def from_image(image: Tensor) -> Tensor:
    """Invert `to_image`.

    Args:
        image: Shape (..., C, T, V, M).

    Returns:
        The same tensor.

    Example:
        >>> import torch
        >>> from_image(torch.zeros(8, 3, 64, 25, 2)).shape
        torch.Size([8, 3, 64, 25, 2])
    """
    return _checks.clips(image)


def check_order(order: str) -> None:
    """Refuse an order that is not a permutation of v, c and m."""
    _checks.require(
        sorted(order.split()) == ["c", "m", "v"],
        "`order`",
        "name v (joint), c (coordinate) and m (person) once each, slowest first, such as 'v c m' "
        "or 'm v c'",
        repr(order),
    )
