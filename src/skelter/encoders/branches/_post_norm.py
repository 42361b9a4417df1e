"""Parts of two-branch transformers: embeddings, positions, and blocks that normalise after."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from skelter import _checks
from skelter.encoders.parts._attention import SelfAttention


class PostNormBlock(nn.Module):
    """A block that normalises after: ``norm(x + attention(x))``, then ``norm(x + mlp(x))``.

    The hidden layer of the perceptron is as wide as the tokens. Weights begin as those of
    ``torch.nn.TransformerEncoderLayer``.

    Args:
        width: Size D of the tokens.
        heads: Heads, which divide `width`.
        dropout: Chance in training, of the attention and of what both halves add.

    References:
        Vaswani et al., Attention Is All You Need, NeurIPS 2017

    Example:
        >>> PostNormBlock(64)(torch.zeros(8, 50, 64)).shape
        torch.Size([8, 50, 64])
    """

    def __init__(self, width: int, heads: int = 1, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.attention = make_attention(width, heads, dropout=dropout)
        self.norm1 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, width)
        )
        self.norm2 = nn.LayerNorm(width)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Return tokens (N, L, D) of tokens (N, L, D)."""
        x = self.norm1(x + self.drop(self.attention(x)))
        out: Tensor = self.norm2(x + self.drop(self.mlp(x)))
        return out


class SinePositions(nn.Module):
    """Add sines and cosines of the positions to tokens, in turn, with base 10000.

    References:
        Vaswani et al., NeurIPS 2017, section 3.5
    """

    table: Tensor

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        _checks.require(width % 2 == 0, "`width`", "be even, for sines and cosines", width)
        rates = torch.exp(torch.arange(0, width, 2).float() * (-math.log(10000.0) / width))
        angles = torch.arange(count)[:, None] * rates
        table = torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)
        # Follows from the sizes: not a part of the state dict.
        self.register_buffer("table", table[None], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return tokens (N, L, D) of tokens (N, L, D)."""
        return x + self.table


class LearnedPositions(nn.Module):
    """Add a learned vector to every token. They begin as a truncated normal of 0.02."""

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.empty(1, count, width))
        nn.init.trunc_normal_(self.table, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        """Return tokens (N, L, D) of tokens (N, L, D)."""
        return x + self.table


def make_attention(width: int, heads: int, *, dropout: float = 0.0) -> SelfAttention:
    """Make a self-attention whose weights begin as those of ``torch.nn.MultiheadAttention``."""
    attention = SelfAttention(width, heads, dropout=dropout)
    attention.project.reset_parameters()
    nn.init.zeros_(attention.project.bias)
    return attention


def make_embedding(size: int, width: int) -> nn.Sequential:
    """Make the map from the numbers of a frame or a joint to a token."""
    return nn.Sequential(
        nn.Linear(size, width), nn.LayerNorm(width), nn.ReLU(), nn.Linear(width, width)
    )


def narrow_linear(module: nn.Module) -> None:
    """Let linear layers begin as a truncated normal of 0.02, and their biases as zeros.

    Queries, keys and values, and the convolution of `DenseSTTransformer`, are not called linear
    layers where this comes from.
    """
    for name, layer in module.named_modules():
        if isinstance(layer, nn.Linear) and not name.endswith((".qkv", ".mix")):
            nn.init.trunc_normal_(layer.weight, std=0.02)
            nn.init.zeros_(layer.bias)
