"""What stands between an encoder's features and a loss."""

from __future__ import annotations

from torch import Tensor, nn

from skelter import _checks


class ProjectionHead(nn.Module):
    """Two linear layers with a ReLU between them, from features to embeddings.

    Embeddings are compared by cosine: the losses normalise them.

    Args:
        in_dim: Size of the features.
        hidden_dim: Size in between; that of the features if None, as the paper has it.
        out_dim: Size of the embeddings.

    Raises:
        ValueError: A size is below 1.

    References:
        Chen et al., Improved Baselines with Momentum Contrastive Learning, 2020;
        Thoker, Doughty, Snoek, ACM MM 2021

    Example:
        >>> import torch
        >>> ProjectionHead(256)(torch.zeros(4, 256)).shape
        torch.Size([4, 128])
    """

    def __init__(self, in_dim: int, hidden_dim: int | None = None, out_dim: int = 128) -> None:
        super().__init__()
        hidden_dim = in_dim if hidden_dim is None else hidden_dim
        sizes = {"in_dim": in_dim, "hidden_dim": hidden_dim, "out_dim": out_dim}
        for name, value in sizes.items():
            _checks.positive_int(name, value)
        self.out_dim = out_dim
        self.layers = nn.Sequential(
            nn.Linear(in_dim, hidden_dim), nn.ReLU(), nn.Linear(hidden_dim, out_dim)
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return embeddings (N, out_dim) of features (N, in_dim)."""
        embeddings: Tensor = self.layers(features)
        return embeddings
