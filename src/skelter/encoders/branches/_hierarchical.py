"""The encoder of frames and of joints at several levels of granularity."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from skelter import _checks
from skelter.encoders.branches._branches import TwoBranches, frames_of, in_product_dtype, joints_of
from skelter.encoders.branches._post_norm import PostNormBlock, make_embedding
from skelter.encoders.branches._recurrent import BidirectionalGRU, BidirectionalLSTM

UNITS = ("gru", "lstm", "transformer")
HEADS = 4


class Levels(NamedTuple):
    """Features of clips at every level, the finest first.

    Args:
        temporal: Those of the frames, (N, G, D).
        spatial: Those of the joints, (N, G, D).
    """

    temporal: Tensor
    spatial: Tensor


class HierarchicalEncoder(TwoBranches):
    """An encoder of frames and of joints at several levels of granularity, as of HiCo.

    A frame is a token of the temporal branch. A joint of a person, with its course through all
    frames, is a token of the spatial branch. From level to level, one down-sampling halves the
    number of tokens: a depth-wise convolution, a norm, a maximum of two. On every level, the same
    sequence encoder reads all tokens, and their maximum is the vector of the level. Features are
    the temporal vectors of all levels, then the spatial ones.

    Frames, joints and persons are fixed: a token of one branch holds all that are the tokens of
    the other.

    Args:
        joints: Joints V of a clip.
        width: Size D of the tokens: even, and for the transformer a multiple of 4.
        in_channels: Coordinates C of a joint.
        persons: Persons M of a clip.
        frames: Frames T of a clip.
        units: The sequence encoder: ``"gru"`` or ``"lstm"`` in both directions, or
            ``"transformer"``, one post-norm block of four heads without positions.
        granularity: Number of levels G.
        dropout: That of the transformer in training.

    Raises:
        TypeError: In a call, the clips do not have the dtype of the weights.
        ValueError: An argument is out of range, or there are too few tokens for the levels; in a
            call, the clips do not fit the arguments.

    References:
        Dong et al., Hierarchical Contrast for Unsupervised Skeleton-based Action Representation
        Learning, AAAI 2023 (HiCo)

    Example:
        >>> encoder = HierarchicalEncoder(20, 64, persons=1, frames=32, granularity=3)
        >>> x = torch.zeros(4, 3, 32, 20, 1)
        >>> encoder(x).shape, encoder.feature_dim
        (torch.Size([4, 384]), 384)
        >>> encoder.levels(x).spatial.shape
        torch.Size([4, 3, 64])
    """

    temporal: _Branch
    spatial: _Branch

    def __init__(
        self,
        joints: int = 25,
        width: int = 512,
        *,
        in_channels: int = 3,
        persons: int = 2,
        frames: int = 64,
        units: str = "gru",
        granularity: int = 4,
        dropout: float = 0.1,
    ) -> None:
        super().__init__(joints, in_channels, persons, frames)
        _checks.positive_int("width", width)
        _checks.choice("units", units, UNITS)
        _checks.between("dropout", dropout, 0.0, 1.0)
        multiple = HEADS if units == "transformer" else 2
        fits = width % multiple == 0
        _checks.require(fits, "`width`", f"be a multiple of {multiple} for a {units}", width)
        _checks.positive_int("granularity", granularity)
        fewest = min(frames, persons * joints)
        hint = f"There are {frames} frames, and {persons * joints} joints of all persons."
        expected = "leave at least one token: every level after the first halves them"
        _checks.require(
            2 ** (granularity - 1) <= fewest, "`granularity`", expected, granularity, hint
        )
        self.width, self.units, self.granularity, self.dropout = width, units, granularity, dropout
        self.feature_dim = 2 * granularity * width
        frame_size, joint_size = self._sizes()
        self.temporal = _Branch(frame_size, width, units, granularity, dropout)
        self.spatial = _Branch(joint_size, width, units, granularity, dropout)

    def levels(self, x: Tensor) -> Levels:
        """Return the vectors of every level, the finest first."""
        x = self._check(x)
        temporal, spatial = self.temporal(frames_of(x)), self.spatial(joints_of(x))
        return Levels(in_product_dtype(temporal), in_product_dtype(spatial))

    def branches(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the temporal and the spatial features, each (N, feature_dim / 2)."""
        temporal, spatial = self.levels(x)
        return temporal.flatten(1), spatial.flatten(1)

    def _encode_frames(self, x: Tensor) -> Tensor:
        return in_product_dtype(self.temporal.encode(frames_of(x)))

    def _encode_joints(self, x: Tensor) -> Tensor:
        return in_product_dtype(self.spatial.encode(joints_of(x)))


class _Branch(nn.Module):
    """An embedding, a sequence encoder, and a down-sampling from level to level."""

    def __init__(self, size: int, width: int, units: str, granularity: int, dropout: float) -> None:
        super().__init__()
        self.granularity = granularity
        self.embedding = make_embedding(size, width)
        # One level has none, as it would not be trained.
        self.downsampling: nn.Module = _Downsampling(width) if granularity > 1 else nn.Identity()
        self.encoder: nn.Module
        if units == "transformer":
            self.encoder = PostNormBlock(width, HEADS, dropout=dropout)
        else:
            kinds = {"gru": BidirectionalGRU, "lstm": BidirectionalLSTM}
            self.encoder = kinds[units](width, width)
        for parameter in self.parameters():
            if parameter.ndim == 2:
                nn.init.xavier_uniform_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        """Return the vectors of all levels (N, G, D) of frames or joints (N, L, I)."""
        tokens = self.embedding(x)
        vectors = [self.encoder(tokens).amax(1)]
        for _ in range(1, self.granularity):
            tokens = self.downsampling(tokens)
            vectors.append(self.encoder(tokens).amax(1))
        return torch.stack(vectors, dim=1)

    def encode(self, x: Tensor) -> Tensor:
        """Return the tokens of the finest level (N, L, D)."""
        tokens: Tensor = self.encoder(self.embedding(x))
        return tokens


class _Downsampling(nn.Module):
    """Halve the number of tokens."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(width, width, 5, padding=2, groups=width)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """Return tokens (N, L / 2, D) of tokens (N, L, D)."""
        x = self.norm(self.conv(x.mT).mT).relu()
        return F.max_pool1d(x.mT, 2).mT
