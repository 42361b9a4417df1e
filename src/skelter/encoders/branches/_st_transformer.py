"""The transformer over frames and over joints."""

from __future__ import annotations

from torch import Tensor, nn

from skelter.encoders.branches._branches import TwoBranches
from skelter.encoders.branches._post_norm import (
    LearnedPositions,
    PostNormBlock,
    SinePositions,
    make_embedding,
    narrow_linear,
)
from skelter.encoders.parts._attention import check_sizes
from skelter.encoders.parts._sequences import pooled_size


class STTransformer(TwoBranches):
    """A transformer over frames beside one over joints: the STTR backbone of USDRL.

    A frame is a token of the temporal branch. A joint of a person, with its course through all
    frames, is a token of the spatial branch. Each branch embeds its tokens, adds their positions
    (sines for frames, learned ones for joints), and runs post-norm blocks over them. Features are
    maxima over the tokens, the temporal ones first.

    Frames, joints and persons are fixed: a token of one branch holds all that are the tokens of
    the other.

    Args:
        joints: Joints V of a clip.
        width: Size D of the tokens, even.
        in_channels: Coordinates C of a joint.
        persons: Persons M of a clip.
        frames: Frames T of a clip.
        depth: Number of blocks of each branch.
        heads: Heads of the attention, which divide `width`.
        pooling: How tokens become features: ``"max"``, ``"mean"``, or ``"mean-max"`` for both,
            side by side.

    Raises:
        TypeError: In a call, the clips do not have the dtype of the weights.
        ValueError: An argument is out of range; in a call, the clips do not fit the arguments.

    References:
        Weng et al., USDRL: Unified Skeleton-Based Dense Representation Learning with Multi-Grained
        Feature Decorrelation, AAAI 2025, by its released code

    Example:
        >>> import torch
        >>> encoder = STTransformer(20, 64, persons=1, frames=32)
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
        heads: int = 1,
        pooling: str = "max",
    ) -> None:
        super().__init__(joints, in_channels, persons, frames, pooling=pooling)
        check_sizes(width, depth, heads)
        self.width, self.depth, self.heads = width, depth, heads
        self.feature_dim = 2 * pooled_size(width, pooling)
        frame_size, joint_size = self._sizes()
        sizes = (width, depth, heads)
        self.temporal = _Branch(frame_size, SinePositions(frames, width), *sizes)
        self.spatial = _Branch(joint_size, LearnedPositions(persons * joints, width), *sizes)
        narrow_linear(self)


class _Branch(nn.Module):
    """An embedding, positions, and blocks."""

    def __init__(self, size: int, positions: nn.Module, width: int, depth: int, heads: int) -> None:
        super().__init__()
        self.embedding = make_embedding(size, width)
        self.positions = positions
        self.blocks = nn.Sequential(*(PostNormBlock(width, heads) for _ in range(depth)))

    def forward(self, x: Tensor) -> Tensor:
        """Return tokens (N, L, D) of frames or joints (N, L, I)."""
        tokens: Tensor = self.blocks(self.positions(self.embedding(x)))
        return tokens
