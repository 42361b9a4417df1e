"""The losses as modules that remember temperature, normalisation and reduction."""

from __future__ import annotations

from typing import TypedDict

from torch import Tensor, nn

from skelter import _checks
from skelter.losses import functional
from skelter.losses._rows import REDUCTIONS


class Options(TypedDict):
    """The arguments that all losses have."""

    temperature: float
    normalize: bool
    reduction: str


class _ContrastiveLoss(nn.Module):
    def __init__(
        self, temperature: float, *, normalize: bool = True, reduction: str = "mean"
    ) -> None:
        super().__init__()
        _checks.positive("temperature", temperature)
        _checks.choice("reduction", reduction, REDUCTIONS)
        self.temperature, self.normalize, self.reduction = temperature, normalize, reduction

    def _options(self) -> Options:
        return {
            "temperature": self.temperature,
            "normalize": self.normalize,
            "reduction": self.reduction,
        }

    def extra_repr(self) -> str:
        """Return the arguments of the constructor, for the printed form of the module."""
        return ", ".join(f"{name}={value!r}" for name, value in self._options().items())


class InfoNCELoss(_ContrastiveLoss):
    """Tell the positive key from negatives, as `functional.info_nce`.

    Args:
        temperature: Above 0. The paper and MoCo have 0.07.
        normalize: Whether to L2-normalise embeddings inside.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: The temperature is not above 0, or the reduction is not one of these.

    References:
        He et al., Momentum Contrast, CVPR 2020, equation 1.

    Example:
        >>> import torch
        >>> loss = InfoNCELoss()
        >>> loss(torch.randn(4, 8), torch.randn(4, 8), torch.randn(100, 8)).shape
        torch.Size([])
    """

    def __init__(
        self, temperature: float = 0.07, *, normalize: bool = True, reduction: str = "mean"
    ) -> None:
        super().__init__(temperature, normalize=normalize, reduction=reduction)

    def forward(self, query: Tensor, key: Tensor, negatives: Tensor) -> Tensor:
        """Return the loss of queries (N, D), keys (N, D) and negatives (K, D)."""
        return functional.info_nce(query, key, negatives, **self._options())


class NTXentLoss(_ContrastiveLoss):
    """Contrast two views within a batch, as `functional.nt_xent` and SimCLR.

    Args:
        temperature: Above 0.
        normalize: Whether to L2-normalise embeddings inside.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: The temperature is not above 0, or the reduction is not one of these.

    References:
        Chen et al., A Simple Framework for Contrastive Learning, ICML 2020, equation 1.

    Example:
        >>> import torch
        >>> NTXentLoss()(torch.randn(4, 8), torch.randn(4, 8)).shape
        torch.Size([])
    """

    def __init__(
        self, temperature: float = 0.5, *, normalize: bool = True, reduction: str = "mean"
    ) -> None:
        super().__init__(temperature, normalize=normalize, reduction=reduction)

    def forward(self, z1: Tensor, z2: Tensor) -> Tensor:
        """Return the loss of two views (N, D)."""
        return functional.nt_xent(z1, z2, **self._options())


class BatchInfoNCELoss(_ContrastiveLoss):
    """Tell the own key from the keys of the other rows, as `functional.batch_info_nce`.

    Args:
        temperature: Above 0. CLIP starts from 0.07.
        normalize: Whether to L2-normalise embeddings inside.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: The temperature is not above 0, or the reduction is not one of these.

    References:
        Sohn, Improved Deep Metric Learning with Multi-class N-pair Loss, NeurIPS 2016.

    Example:
        >>> import torch
        >>> BatchInfoNCELoss(reduction="none")(torch.randn(4, 8), torch.randn(4, 8)).shape
        torch.Size([4])
    """

    def __init__(
        self, temperature: float = 0.07, *, normalize: bool = True, reduction: str = "mean"
    ) -> None:
        super().__init__(temperature, normalize=normalize, reduction=reduction)

    def forward(self, query: Tensor, key: Tensor) -> Tensor:
        """Return the loss of queries and keys (N, D)."""
        return functional.batch_info_nce(query, key, **self._options())


class SupervisedContrastiveLoss(_ContrastiveLoss):
    """Pull rows of one label together, as `functional.supervised_contrastive`.

    Args:
        temperature: Above 0. The paper has 0.1.
        normalize: Whether to L2-normalise embeddings inside.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: The temperature is not above 0, or the reduction is not one of these.

    References:
        Khosla et al., Supervised Contrastive Learning, NeurIPS 2020, equation 2.

    Example:
        >>> import torch
        >>> SupervisedContrastiveLoss()(torch.randn(4, 8), torch.tensor([0, 1, 0, 1])).shape
        torch.Size([])
    """

    def __init__(
        self, temperature: float = 0.1, *, normalize: bool = True, reduction: str = "mean"
    ) -> None:
        super().__init__(temperature, normalize=normalize, reduction=reduction)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of embeddings (N, D) with labels (N,)."""
        return functional.supervised_contrastive(z, labels, **self._options())


class CrossContrastiveLoss(_ContrastiveLoss):
    """Contrast two representations with each other, as `functional.cross_contrastive`.

    Args:
        temperature: Above 0. The paper has 0.07.
        normalize: Whether to L2-normalise embeddings inside.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: The temperature is not above 0, or the reduction is not one of these.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021, "inter-skeleton contrast".

    Example:
        >>> import torch
        >>> z = torch.randn(4, 8)
        >>> CrossContrastiveLoss()(z, z, z, z, torch.randn(9, 8), torch.randn(9, 8)).shape
        torch.Size([])
    """

    def __init__(
        self, temperature: float = 0.07, *, normalize: bool = True, reduction: str = "mean"
    ) -> None:
        super().__init__(temperature, normalize=normalize, reduction=reduction)

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
            query_a, query_b, key_a, key_b, negatives_a, negatives_b, **self._options()
        )
