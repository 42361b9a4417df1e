"""Blocks of transformers: self-attention and a perceptron, each around a connection."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from einops import einsum, rearrange
from torch import Tensor, nn
from torch.nn import functional as F

from skelter import _checks, _kernels


class AttentionBlock(nn.Module):
    """A block that normalises before: ``x + attention(norm(x))``, then ``x + mlp(norm(x))``.

    Linear layers are Xavier-uniform, their biases zero.

    Args:
        width: Size D of the tokens.
        heads: Heads, which divide `width`.
        mlp_ratio: Size of the hidden layer of the perceptron, in widths.
        drop_path: Chance that training leaves out a branch of a sample.

    Example:
        >>> import torch
        >>> AttentionBlock(64, 2)(torch.zeros(8, 30, 64)).shape
        torch.Size([8, 30, 64])
    """

    def __init__(
        self, width: int, heads: int, *, mlp_ratio: int = 4, drop_path: float = 0.0
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = SelfAttention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, mlp_ratio * width), nn.GELU(), nn.Linear(mlp_ratio * width, width)
        )
        self.drop = DropPath(drop_path)
        xavier(self.mlp)

    def forward(self, x: Tensor) -> Tensor:
        """Return tokens (N, L, D) of tokens (N, L, D)."""
        x = x + self.drop(self.attention(self.norm1(x)))
        out: Tensor = x + self.drop(self.mlp(self.norm2(x)))
        return out


class SelfAttention(nn.Module):
    """Self-attention of several heads, whose queries, keys and values are one linear layer.

    Args:
        width: Size D of the tokens.
        heads: Heads, which divide `width`.
        dropout: Chance that training leaves a token out of the sight of another.
    """

    def __init__(self, width: int, heads: int, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.qkv = nn.Linear(width, 3 * width)
        self.project = nn.Linear(width, width)
        xavier(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return tokens (N, L, D) of tokens (N, L, D)."""
        query, key, value = rearrange(self.qkv(x), "n l (p h d) -> p n h l d", p=3, h=self.heads)
        dropout = self.dropout if self.training else 0.0
        if dropout == 0 and _kernels.is_fused(query, key, value, exportable=True):
            out = _kernels.attention(query, key, value)
        else:
            out = attention(query, key, value, dropout)
        projected: Tensor = self.project(rearrange(out, "n h l d -> n l (h d)"))
        return projected


@_kernels.plain_form("attention")
def attention(query: Tensor, key: Tensor, value: Tensor, dropout: float = 0.0) -> Tensor:
    """Attend to tokens: ``softmax(query key' / sqrt(D)) value``.

    Args:
        query: Shape (N, H, L, D), for H heads.
        key: Shape (N, H, K, D).
        value: Shape (N, H, K, D).
        dropout: Chance that an entry of the softmax is dropped.

    Returns:
        The output (N, H, L, D).
    """
    scores = einsum(query, key, "n h l d, n h k d -> n h l k") * query.shape[-1] ** -0.5
    weights = scores.softmax(-1).to(value.dtype)  # a softmax is wider under autocast
    if dropout > 0:
        weights = F.dropout(weights, dropout)
    out: Tensor = einsum(weights, value, "n h l k, n h k d -> n h l d")
    return out


class DropPath(nn.Module):
    """Stochastic depth: training leaves out a branch of a sample, and scales the others up.

    References:
        Huang et al., Deep Networks with Stochastic Depth, ECCV 2016
    """

    def __init__(self, chance: float = 0.0) -> None:
        super().__init__()
        self.chance = chance

    def forward(self, x: Tensor) -> Tensor:
        """Return the branch, zero for samples that are dropped."""
        if not self.training or self.chance == 0:
            return x
        kept = F.dropout(x.new_ones(x.shape[0], *[1] * (x.ndim - 1)), self.chance)
        return x * kept

    def extra_repr(self) -> str:
        """Return the chance, for the printed form of the module."""
        return f"{self.chance:g}"


def xavier(module: nn.Module) -> None:
    """Make the linear layers of a module Xavier-uniform, and their biases zero."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)


def check_sizes(width: int, depth: int, heads: int) -> None:
    """Check the sizes of a stack of blocks."""
    for name, value in (("width", width), ("depth", depth), ("heads", heads)):
        _checks.positive_int(name, value)
    hint = "Heads of 32 numbers are usual: heads = width / 32."
    _checks.require(width % heads == 0, "`width`", f"be a multiple of heads={heads}", width, hint)


def deepen(blocks: Iterable[nn.Module], most: float) -> None:
    """Let the chance of stochastic depth rise from 0 in the first block to `most` in the last."""
    _checks.between("drop_path", most, 0.0, 1.0)
    blocks = list(blocks)
    for number, block in enumerate(blocks):
        for module in block.modules():
            if isinstance(module, DropPath):
                module.chance = float(most) * number / max(1, len(blocks) - 1)


def learned_positions(*shape: int) -> nn.Parameter:
    """Return positions, or a token, that start small: normal of deviation 0.02."""
    return nn.Parameter(nn.init.trunc_normal_(torch.empty(shape), std=0.02))
