"""The transformer over frames and joints of several streams: joints, bones and motion."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from skelter import _checks
from skelter.encoders.branches._branches import TwoBranches, frames_of, in_product_dtype, joints_of
from skelter.encoders.branches._post_norm import PostNormBlock, SinePositions, make_embedding
from skelter.encoders.parts._attention import check_sizes
from skelter.layouts import NTU25, SkeletonLayout, check_layout

STREAMS = ("joint", "bone", "motion")


class MultiStreamTransformer(TwoBranches):
    """One transformer for the joints, bones and motion of a clip: the encoder of UmURL.

    Each stream is made of the clip, and has its own embeddings. The mean of the embeddings of all
    streams goes through a linear map, and then through the branches of `STTransformer`, here
    without positions of joints. So all streams together cost little more than one, and
    `stream_features` gives the features of one alone. With one stream, there is nothing to fuse,
    and no map.

    Args:
        layout: The layout of the clips, any number of joints.
        width: Size D of the tokens, even.
        in_channels: Coordinates C of a joint.
        persons: Persons M of a clip.
        frames: Frames T of a clip.
        depth: Number of blocks of each branch.
        heads: Heads of the attention, which divide `width`.
        streams: Which of ``"joint"``, ``"bone"`` and ``"motion"``.

    Raises:
        TypeError: `layout` is not a layout; in a call, the clips do not have the dtype of the
            weights.
        ValueError: An argument is out of range; in a call, the clips do not fit the arguments.

    References:
        Sun et al., Unified Multi-modal Unsupervised Representation Learning for Skeleton-based
        Action Understanding, ACM MM 2023 (UmURL), section 3

    Example:
        >>> from skelter.layouts import KINECT20
        >>> encoder = MultiStreamTransformer(KINECT20, 64, persons=1, frames=32)
        >>> x = torch.zeros(4, 3, 32, 20, 1)
        >>> encoder(x).shape, encoder.feature_dim
        (torch.Size([4, 128]), 128)
        >>> encoder.stream_features(x, "bone").shape
        torch.Size([4, 128])
    """

    def __init__(
        self,
        layout: SkeletonLayout = NTU25,
        width: int = 1024,
        *,
        in_channels: int = 3,
        persons: int = 2,
        frames: int = 64,
        depth: int = 1,
        heads: int = 1,
        streams: Sequence[str] = STREAMS,
    ) -> None:
        super().__init__(check_layout(layout).num_joints, in_channels, persons, frames)
        check_sizes(width, depth, heads)
        known = 0 < len(set(streams)) == len(streams) and set(streams) <= set(STREAMS)
        expected = f"name each at most once, one or more of {', '.join(map(repr, STREAMS))}"
        _checks.require(known, "`streams`", expected, streams)
        self.layout, self.streams = layout, tuple(streams)
        self.width, self.depth, self.heads = width, depth, heads
        self.feature_dim = 2 * width
        self.parents = [
            joint if parent < 0 else parent for joint, parent in enumerate(layout.parents)
        ]
        frame_size, joint_size = self._sizes()
        sizes = (self.streams, width, depth, heads)
        self.temporal = _Branch(frame_size, SinePositions(frames, width), *sizes)
        self.spatial = _Branch(joint_size, nn.Identity(), *sizes)

    def stream_features(self, x: Tensor, stream: str) -> Tensor:
        """Return the features (N, feature_dim) of one stream of clips (N, C, T, V, M).

        Args:
            x: The clips.
            stream: One of `streams`.
        """
        x = self._check(x)
        _checks.choice("stream", stream, self.streams)
        temporal, spatial = self._encode_frames(x, stream), self._encode_joints(x, stream)
        return torch.cat([self._pool(temporal), self._pool(spatial)], dim=-1)

    def _encode_frames(self, x: Tensor, *streams: str) -> Tensor:
        names = streams or self.streams
        made = [frames_of(self._make(x, name)) for name in names]
        return in_product_dtype(self.temporal(*made, names=names))

    def _encode_joints(self, x: Tensor, *streams: str) -> Tensor:
        names = streams or self.streams
        made = [joints_of(self._make(x, name)) for name in names]
        return in_product_dtype(self.spatial(*made, names=names))

    def _make(self, x: Tensor, stream: str) -> Tensor:
        """Make a stream of clips (N, C, T, V, M): as `ToBones` and `ToMotion` do."""
        if stream == "bone":
            return x - x[..., self.parents, :]
        if stream == "motion":
            return F.pad(x.diff(dim=2), (0, 0, 0, 0, 0, 1))
        return x


class _Branch(nn.Module):
    """An embedding for each stream, a map of their mean, positions, and blocks."""

    def __init__(
        self,
        size: int,
        positions: nn.Module,
        streams: Sequence[str],
        width: int,
        depth: int,
        heads: int,
    ) -> None:
        super().__init__()
        self.embedding = nn.ModuleDict({name: make_embedding(size, width) for name in streams})
        self.fusion = nn.Linear(width, width, bias=False) if len(streams) > 1 else None
        self.positions = positions
        self.blocks = nn.Sequential(*(PostNormBlock(width, heads) for _ in range(depth)))

    def forward(self, *streams: Tensor, names: Sequence[str]) -> Tensor:
        """Return tokens (N, L, D) of frames or joints (N, L, I) of one stream, or of all."""
        tokens = [self.embedding[name](x) for name, x in zip(names, streams, strict=True)]
        x = torch.stack(tokens).mean(0)
        if self.fusion is not None and len(tokens) > 1:
            x = self.fusion(x)
        out: Tensor = self.blocks(self.positions(x))
        return out
