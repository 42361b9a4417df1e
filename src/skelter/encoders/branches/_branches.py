"""What encoders of two branches share: tokens that are frames, and tokens that are joints."""

from __future__ import annotations

import torch
from einops import rearrange
from torch import Tensor, nn

from skelter import _checks, _kernels
from skelter.encoders.parts._sequences import POOLINGS, pool_frames


class TwoBranches(nn.Module):
    """Two branches over one clip: over its frames, and over the joints of its persons.

    A token of the temporal branch is a frame with the coordinates of all joints. A token of the
    spatial branch is a joint of a person with its coordinates in all frames.

    Attributes:
        temporal: Maps frames (N, T, M * V * C) to tokens (N, T, D).
        spatial: Maps joints (N, M * V, T * C) to tokens (N, M * V, D).
    """

    temporal: nn.Module
    spatial: nn.Module

    def __init__(
        self, joints: int, in_channels: int, persons: int, frames: int, *, pooling: str = "max"
    ) -> None:
        super().__init__()
        sizes = {"joints": joints, "in_channels": in_channels, "persons": persons}
        for name, value in (*sizes.items(), ("frames", frames)):
            _checks.positive_int(name, value)
        _checks.choice("pooling", pooling, POOLINGS)
        self.joints, self.in_channels, self.persons = joints, in_channels, persons
        self.frames, self.pooling = frames, pooling

    def forward(self, x: Tensor) -> Tensor:
        """Return features (N, feature_dim) of clips (N, C, T, V, M): temporal, then spatial."""
        return torch.cat(self.branches(x), dim=-1)

    def branches(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the temporal and the spatial features, each (N, feature_dim / 2)."""
        x = self._check(x)
        return self._pool(self._encode_frames(x)), self._pool(self._encode_joints(x))

    def frame_features(self, x: Tensor) -> Tensor:
        """Return a feature of every frame (N, T, width), by the temporal branch alone."""
        return self._encode_frames(self._check(x))

    def joint_features(self, x: Tensor) -> Tensor:
        """Return a feature of every joint (N, V, M, width), by the spatial branch alone."""
        tokens = self._encode_joints(self._check(x))
        return rearrange(tokens, "n (m v) d -> n v m d", m=self.persons)

    def _encode_frames(self, x: Tensor) -> Tensor:
        return in_product_dtype(self.temporal(frames_of(x)))

    def _encode_joints(self, x: Tensor) -> Tensor:
        return in_product_dtype(self.spatial(joints_of(x)))

    def _pool(self, tokens: Tensor) -> Tensor:
        """Return features (N, feature_dim / 2) of tokens (N, L, D)."""
        return pool_frames(tokens, self.pooling, axis=1)

    def _sizes(self) -> tuple[int, int]:
        """Return the numbers of a frame, M * V * C, and of a joint of a person, T * C."""
        frame = self.persons * self.joints * self.in_channels
        return frame, self.frames * self.in_channels

    def _check(self, x: Tensor) -> Tensor:
        x = _checks.clip_batch(x)
        owner = f"this {type(self).__name__}"
        for letter, size in (
            ("C", self.in_channels),
            ("T", self.frames),
            ("V", self.joints),
            ("M", self.persons),
        ):
            _checks.axis(x, letter, size, owner, "Build it for the shape of your clips.")
        _checks.dtype_of(x, self)
        return x


def frames_of(x: Tensor) -> Tensor:
    """Flatten clips (N, C, T, V, M) to one token a frame, (N, T, M * V * C)."""
    return rearrange(x, "n c t v m -> n t (m v c)")


def joints_of(x: Tensor) -> Tensor:
    """Flatten clips (N, C, T, V, M) to one token a joint of a person, (N, M * V, T * C)."""
    return rearrange(x, "n c t v m -> n (m v) (t c)")


def in_product_dtype(x: Tensor) -> Tensor:
    """Return the output of a norm, which is wider under autocast, as that of a product."""
    return x.to(_kernels.product_dtype(x))
