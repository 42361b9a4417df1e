"""Inter-skeleton contrast, the reference method."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from skelter import _checks
from skelter.methods._momentum_contrast import MomentumContrast
from skelter.typing import Representation


class InterSkeletonContrast(MomentumContrast):
    """Contrast representations of a skeleton with each other.

    Every ordered pair of different representations is a term: the query of one in view 1 has to
    find the key of the other in view 2 among that other's earlier keys. ``intra_weight`` adds the
    terms of each representation with itself. The paper has none.

    ``method(view1, view2).loss`` is to be minimised. ``method.encoders[name]`` goes downstream.

    Args:
        encoders: An encoder for each of two or more representations, by name.
        representations: A converter for each, by the same names.
        heads: A projection head with ``out_dim`` for each. None: ``ProjectionHead(d, d, 128)``.
        queue_size: Keys that each queue holds.
        momentum: Of the key encoders, in [0, 1].
        temperature: Above 0.
        intra_weight: Weight of the intra terms, from 0.
        random_queue: Whether queues start full of random unit vectors, as the paper's. If not,
            ``method.warm_up(view)`` fills them before the first step. A trainer calls it.

    Raises:
        ValueError: There are fewer than two representations, names do not match, or a number is
            out of range.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021, "inter-skeleton contrast".

    Example:
        >>> import torch
        >>> from skelter.encoders import HCN, BiGRU
        >>> from skelter.representations import ToImage, ToSequence
        >>> method = InterSkeletonContrast(
        ...     {"sequence": BiGRU(150, 16), "image": HCN(frames=32, channels=16)},
        ...     {"sequence": ToSequence(), "image": ToImage()},
        ...     queue_size=128,
        ... )
        >>> output = method(torch.randn(4, 3, 32, 25, 2), torch.randn(4, 3, 32, 25, 2))
        >>> sorted(output.losses)
        [('image', 'sequence'), ('sequence', 'image')]
    """

    def __init__(
        self,
        encoders: Mapping[str, nn.Module],
        representations: Mapping[str, Representation],
        *,
        heads: Mapping[str, nn.Module] | None = None,
        queue_size: int = 16384,
        momentum: float = 0.999,
        temperature: float = 0.07,
        intra_weight: float = 0.0,
        random_queue: bool = True,
    ) -> None:
        _checks.between("intra_weight", intra_weight, 0.0, float("inf"))
        _checks.require(
            len(encoders) >= 2,
            "`encoders`",
            "name two or more representations",
            sorted(encoders),
            "For a single one, use IntraSkeletonContrast.",
        )
        pairs = {(a, b): 1.0 if a != b else intra_weight for a in encoders for b in encoders}
        super().__init__(
            encoders,
            representations,
            pairs={pair: weight for pair, weight in pairs.items() if weight > 0},
            heads=heads,
            queue_size=queue_size,
            momentum=momentum,
            temperature=temperature,
            random_queue=random_queue,
        )
