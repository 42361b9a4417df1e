"""The transformer over frames and over joints whose layers mix two kinds of attention."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from skelter import _checks
from skelter.encoders.branches._branches import TwoBranches
from skelter.encoders.branches._post_norm import (
    LearnedPositions,
    SinePositions,
    make_attention,
    make_embedding,
    narrow_linear,
)
from skelter.encoders.parts._attention import DropPath, SelfAttention, check_sizes
from skelter.encoders.parts._sequences import pooled_size

STEP = 4  # one token of so many stays where it is when the others shift


class DenseSTTransformer(TwoBranches):
    """A transformer over frames beside one over joints: the DSTE backbone of USDRL.

    Tokens are those of `STTransformer`. A layer is the mean of two halves, convolution attention
    and dense shift attention, which share the weights of their attention. Positions are added
    before every layer. The second half mixes tokens by a linear map over their axis, so that the
    temporal branch is also built for the number of frames.

    `frame_features` are what the method detects actions by.

    Args:
        joints: Joints V of a clip.
        width: Size D of the tokens, even.
        in_channels: Coordinates C of a joint.
        persons: Persons M of a clip.
        frames: Frames T of a clip.
        depth: Number of layers of each branch.
        drop_path: Chance that training leaves out what attention or perceptron make of a clip.
        pooling: How tokens become features: ``"max"``, ``"mean"``, or ``"mean-max"`` for both,
            side by side.

    Raises:
        TypeError: In a call, the clips do not have the dtype of the weights.
        ValueError: An argument is out of range; in a call, the clips do not fit the arguments.

    References:
        Weng et al., USDRL: Unified Skeleton-Based Dense Representation Learning with Multi-Grained
        Feature Decorrelation, AAAI 2025, by its released code

    Example:
        >>> encoder = DenseSTTransformer(20, 64, persons=1, frames=32)
        >>> x = torch.zeros(4, 3, 32, 20, 1)
        >>> encoder(x).shape, encoder.feature_dim
        (torch.Size([4, 128]), 128)
        >>> encoder.frame_features(x).shape, encoder.joint_features(x).shape
        (torch.Size([4, 32, 64]), torch.Size([4, 20, 1, 64]))
    """

    def __init__(
        self,
        joints: int = 25,
        width: int = 1024,
        *,
        in_channels: int = 3,
        persons: int = 2,
        frames: int = 64,
        depth: int = 2,
        drop_path: float = 0.1,
        pooling: str = "max",
    ) -> None:
        super().__init__(joints, in_channels, persons, frames, pooling=pooling)
        check_sizes(width, depth, heads=1)
        _checks.between("drop_path", drop_path, 0.0, 1.0)
        self.width, self.depth, self.drop_path = width, depth, drop_path
        self.feature_dim = 2 * pooled_size(width, pooling)
        frame_size, joint_size = self._sizes()
        tokens, sizes = persons * joints, (width, depth, drop_path)
        self.temporal = _Branch(frame_size, frames, SinePositions(frames, width), *sizes)
        self.spatial = _Branch(joint_size, tokens, LearnedPositions(tokens, width), *sizes)
        narrow_linear(self)


class _Branch(nn.Module):
    """An embedding, and layers before each of which positions are added."""

    def __init__(
        self,
        size: int,
        tokens: int,
        positions: nn.Module,
        width: int,
        depth: int,
        drop_path: float,
    ) -> None:
        super().__init__()
        self.embedding = make_embedding(size, width)
        self.positions = positions
        self.layers = nn.ModuleList(_DenseLayer(tokens, width, drop_path) for _ in range(depth))

    def forward(self, x: Tensor) -> Tensor:
        """Return tokens (N, L, D) of frames or joints (N, L, I)."""
        x = self.embedding(x)
        for layer in self.layers:
            x = layer(self.positions(x))
        return x


class _DenseLayer(nn.Module):
    """The mean of convolution attention and dense shift attention, with one attention."""

    def __init__(self, tokens: int, width: int, drop_path: float) -> None:
        super().__init__()
        self.attention = make_attention(width, heads=1)
        self.convolution = _ConvolutionAttention(width, drop_path)
        self.shift = _ShiftAttention(tokens, width, drop_path)

    def forward(self, x: Tensor) -> Tensor:
        """Return tokens (N, L, D) of tokens (N, L, D)."""
        convolved, shifted = self.convolution(x, self.attention), self.shift(x, self.attention)
        out: Tensor = 0.5 * convolved + 0.5 * shifted
        return out


class _ConvolutionAttention(nn.Module):
    """Attend to tokens after a convolution of kernel 1: a linear map of each token."""

    def __init__(self, width: int, drop_path: float) -> None:
        super().__init__()
        self.mix = nn.Linear(width, width)
        self.norm1 = nn.LayerNorm(width)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = _make_mlp(width)
        self.drop = DropPath(drop_path)

    def forward(self, x: Tensor, attention: SelfAttention) -> Tensor:
        """Return tokens (N, L, D) of tokens (N, L, D). There is no way around the perceptron."""
        mixed = x + self.mix(x).relu()
        x = x + self.drop(attention(self.norm1(mixed)))
        out: Tensor = self.drop(self.mlp(self.norm2(x)))
        return out


class _ShiftAttention(nn.Module):
    """Attend to tokens as they are, and as shifted by what other tokens say.

    One token of four is not shifted.
    """

    kept: Tensor

    def __init__(self, tokens: int, width: int, drop_path: float) -> None:
        super().__init__()
        self.shift = nn.Sequential(nn.Linear(tokens, tokens), nn.ReLU(), nn.Linear(tokens, tokens))
        self.norm1 = nn.LayerNorm(width)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = _make_mlp(width)
        self.drop = DropPath(drop_path)
        # Follows from the sizes: not a part of the state dict.
        self.register_buffer("kept", torch.arange(tokens) % STEP == 0, persistent=False)

    def forward(self, x: Tensor, attention: SelfAttention) -> Tensor:
        """Return tokens (N, L, D) of tokens (N, L, D)."""
        shift = self.shift(x.mT).masked_fill(self.kept, 0.0)  # n d l
        z = torch.stack([x + shift.mT, x]).flatten(0, 1)
        z = z + self.drop(attention(self.norm1(z)))
        z = z + self.drop(self.mlp(self.norm2(z)))
        out: Tensor = z.unflatten(0, (2, -1)).mean(0)
        return out


def _make_mlp(width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
