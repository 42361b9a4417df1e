"""The losses as modules that remember temperature and normalisation."""

from __future__ import annotations

from torch import Tensor, nn

from skelter import _checks
from skelter.losses import functional


class _ContrastiveLoss(nn.Module):
    def __init__(self, temperature: float, *, normalize: bool = True) -> None:
        super().__init__()
        _checks.positive("temperature", temperature)
        self.temperature = temperature
        self.normalize = normalize

    def extra_repr(self) -> str:
        """Return temperature and normalisation, for the printed form of the module."""
        return f"temperature={self.temperature}, normalize={self.normalize}"


class InfoNCELoss(_ContrastiveLoss):
    """Tell the positive key from negatives, as `functional.info_nce`.

    Args:
        temperature: Above 0. The paper and MoCo have 0.07.
        normalize: Whether to L2-normalise embeddings inside.

    Raises:
        ValueError: The temperature is not above 0.

    References:
        He et al., Momentum Contrast, CVPR 2020, equation 1.

    Example:
        >>> import torch
        >>> loss = InfoNCELoss()
        >>> loss(torch.randn(4, 8), torch.randn(4, 8), torch.randn(100, 8)).shape
        torch.Size([])
    """

    def __init__(self, temperature: float = 0.07, *, normalize: bool = True) -> None:
        super().__init__(temperature, normalize=normalize)

    def forward(self, query: Tensor, key: Tensor, negatives: Tensor) -> Tensor:
        """Return the loss of queries (N, D), keys (N, D) and negatives (K, D)."""
        return functional.info_nce(
            query, key, negatives, self.temperature, normalize=self.normalize
        )


class NTXentLoss(_ContrastiveLoss):
    """Contrast two views within a batch, as `functional.nt_xent` and SimCLR.

    Args:
        temperature: Above 0.
        normalize: Whether to L2-normalise embeddings inside.

    Raises:
        ValueError: The temperature is not above 0.

    References:
        Chen et al., A Simple Framework for Contrastive Learning, ICML 2020, equation 1.

    Example:
        >>> import torch
        >>> NTXentLoss()(torch.randn(4, 8), torch.randn(4, 8)).shape
        torch.Size([])
    """

    def __init__(self, temperature: float = 0.5, *, normalize: bool = True) -> None:
        super().__init__(temperature, normalize=normalize)

    def forward(self, z1: Tensor, z2: Tensor) -> Tensor:
        """Return the loss of two views (N, D)."""
        return functional.nt_xent(z1, z2, self.temperature, normalize=self.normalize)


class CrossContrastiveLoss(_ContrastiveLoss):
    """Contrast two representations with each other, as `functional.cross_contrastive`.

    Args:
        temperature: Above 0. The paper has 0.07.
        normalize: Whether to L2-normalise embeddings inside.

    Raises:
        ValueError: The temperature is not above 0.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021, "inter-skeleton contrast".

    Example:
        >>> import torch
        >>> z = torch.randn(4, 8)
        >>> CrossContrastiveLoss()(z, z, z, z, torch.randn(9, 8), torch.randn(9, 8)).shape
        torch.Size([])
    """

    def __init__(self, temperature: float = 0.07, *, normalize: bool = True) -> None:
        super().__init__(temperature, normalize=normalize)

    def forward(
        self,
        query_a: Tensor,
        query_b: Tensor,
        key_a: Tensor,
        key_b: Tensor,
        negatives_a: Tensor,
        negatives_b: Tensor,
    ) -> Tensor:
        """Return the loss of queries of view 1 and keys of view 2, all (N, D)."""
        return functional.cross_contrastive(
            query_a,
            query_b,
            key_a,
            key_b,
            negatives_a,
            negatives_b,
            self.temperature,
            normalize=self.normalize,
        )
