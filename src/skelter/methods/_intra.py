"""Intra-skeleton contrast: momentum contrast within one representation."""

from __future__ import annotations

from torch import nn

from skelter.methods._momentum_contrast import MomentumContrast
from skelter.typing import Representation


class IntraSkeletonContrast(MomentumContrast):
    """Contrast two views of a skeleton in one representation: MoCo v2.

    ``method(view1, view2).loss`` is to be minimised. ``method.encoder`` goes downstream.

    Args:
        encoder: The encoder of the representation.
        representation: The converter from clips.
        name: The representation's name: the key of `encoders`, `queues` and the other parts.
        head: A projection head with ``out_dim``. None: ``ProjectionHead(d, d, 128)``.
        queue_size: Keys that the queue holds.
        momentum: Of the key encoder, in [0, 1].
        temperature: Above 0.
        random_queue: Whether the queue starts full of random unit vectors, as the paper's. If
            not, ``method.warm_up(view)`` fills it before the first step. A trainer calls it.

    Raises:
        ValueError: A number is out of range.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021, "intra-skeleton contrast".
        Chen et al., Improved Baselines with Momentum Contrastive Learning, 2020.

    Example:
        >>> import torch
        >>> from skelter.encoders import BiGRU
        >>> from skelter.representations import ToSequence
        >>> method = IntraSkeletonContrast(BiGRU(150, 16), ToSequence(), queue_size=128)
        >>> method(torch.randn(4, 3, 32, 25, 2), torch.randn(4, 3, 32, 25, 2)).loss.shape
        torch.Size([])
    """

    def __init__(
        self,
        encoder: nn.Module,
        representation: Representation,
        *,
        name: str = "skeleton",
        head: nn.Module | None = None,
        queue_size: int = 16384,
        momentum: float = 0.999,
        temperature: float = 0.07,
        random_queue: bool = True,
    ) -> None:
        super().__init__(
            {name: encoder},
            {name: representation},
            pairs={(name, name): 1.0},
            heads=None if head is None else {name: head},
            queue_size=queue_size,
            momentum=momentum,
            temperature=temperature,
            random_queue=random_queue,
        )

    @property
    def encoder(self) -> nn.Module:
        """The encoder that is trained."""
        (encoder,) = self.encoders.values()
        return encoder
