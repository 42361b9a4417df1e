"""The image encoder: convolutions in which joints become channels."""

from __future__ import annotations

import torch
from einops import rearrange, reduce
from torch import Tensor, nn
from torch.nn import functional as F

from skelter import _checks, _kernels
from skelter.encoders.parts._recompute import recompute


class HCN(nn.Module):
    """Hierarchical co-occurrence network over the image representation.

    Two streams, of positions and of their motion, see every joint alone first. Then joints become
    channels, so that one convolution mixes all of them. Persons are encoded alike and reduced by
    their maximum.

    Args:
        joints: Joints V of a clip.
        persons: Persons M of a clip.
        frames: Frames T of a clip, at least 16.
        channels: Width of the first convolutions, a multiple of 16. Later ones are channels / 2,
            channels, 2 channels and 4 channels wide.
        dropout: Chance of a channel to be dropped in training. The reference has 0.5, which keeps
            small encoders from learning on small sets: see "Learning from small sets" in the
            documentation.
        in_channels: Coordinates C of a joint.
        recompute: Whether backward computes again what is inside its streams, which saves memory
            and costs about a third more time.

    Raises:
        TypeError: In a call, the clips do not have the dtype of the weights.
        ValueError: An argument is out of range; in a call, the clips do not fit them.

    References:
        Li et al., Co-occurrence Feature Learning from Skeleton Data, IJCAI 2018;
        Thoker, Doughty, Snoek, ACM MM 2021

    Example:
        >>> encoder = HCN(joints=20, persons=1, frames=32, channels=16)
        >>> encoder(torch.zeros(4, 3, 32, 20, 1)).shape, encoder.feature_dim
        (torch.Size([4, 128]), 128)
    """

    def __init__(
        self,
        joints: int = 25,
        persons: int = 2,
        *,
        frames: int = 64,
        channels: int = 64,
        dropout: float = 0.5,
        in_channels: int = 3,
        recompute: bool = False,
    ) -> None:
        super().__init__()
        for name, value in (("joints", joints), ("persons", persons), ("in_channels", in_channels)):
            _checks.positive_int(name, value)
        _checks.positive_int("frames", frames)
        _checks.between("frames", frames, 16, float("inf"), "Time is halved four times.")
        multiple = channels > 0 and channels % 16 == 0
        _checks.require(multiple, "`channels`", "be a multiple of 16", channels)
        _checks.between("dropout", dropout, 0.0, 1.0)
        self.joints, self.persons, self.frames = joints, persons, frames
        self.channels, self.dropout = channels, dropout
        self.in_channels, self.recompute = in_channels, recompute
        self.feature_dim = 4 * channels * (frames // 16) * (channels // 16)
        self.position = _stream(in_channels, joints, channels, dropout)
        self.motion = _stream(in_channels, joints, channels, dropout)
        self.fusion = nn.Sequential(
            *_stage(2 * channels, 2 * channels, dropout),
            *_stage(2 * channels, 4 * channels, dropout),
        )
        for parameter in self.parameters():
            if parameter.ndim == 1:
                nn.init.zeros_(parameter)
            else:
                nn.init.xavier_uniform_(parameter)
        # Channels innermost: convolutions on processors and in half precision are faster so.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch has no type for it

    def forward(self, x: Tensor) -> Tensor:
        """Return features (N, feature_dim) of clips (N, C, T, V, M)."""
        x = _checks.clip_batch(x)
        for letter, size in (
            ("C", self.in_channels),
            ("T", self.frames),
            ("V", self.joints),
            ("M", self.persons),
        ):
            _checks.axis(x, letter, size, "this HCN", "Build it for the shape of your clips.")
        _checks.dtype_of(x, self)
        x = rearrange(x, "n c t v m -> (n m) c t v")
        motion = _motion(x)
        if not _kernels.is_followed(x):  # vmap knows no memory formats
            x, motion = (part.contiguous(memory_format=torch.channels_last) for part in (x, motion))
        both = torch.cat([self._run(self.position, x), self._run(self.motion, motion)], dim=1)
        maps = self._run(self.fusion, both)
        persons = rearrange(maps, "(n m) d t w -> n m (d t w)", m=self.persons)
        features: Tensor = reduce(persons, "n m d -> n d", "max")
        return features

    def _run(self, part: nn.Module, x: Tensor) -> Tensor:
        out: Tensor = recompute(part, x, part) if self.recompute else part(x)
        return out


def _motion(x: Tensor) -> Tensor:
    """Return frame differences (N, C, T - 1, V), resampled linearly to the T frames of `x`."""
    T, V = x.shape[-2:]
    return F.interpolate(x.diff(dim=2), size=(T, V), mode="bilinear", align_corners=False)


def _stream(in_channels: int, joints: int, channels: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, channels, 1),
        nn.ReLU(),
        nn.Conv2d(channels, channels, (3, 1), padding=(1, 0)),
        _JointsToChannels(),
        nn.Conv2d(joints, channels // 2, 3, padding=1),
        nn.MaxPool2d(2),
        nn.Conv2d(channels // 2, channels, 3, padding=1),
        nn.Dropout2d(dropout),
        nn.MaxPool2d(2),
    )


def _stage(channels: int, width: int, dropout: float) -> list[nn.Module]:
    return [
        nn.Conv2d(channels, width, 3, padding=1),
        nn.ReLU(),
        nn.Dropout2d(dropout),
        nn.MaxPool2d(2),
    ]


class _JointsToChannels(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return rearrange(x, "n c t v -> n v t c")
