"""The small encoder of sequences: convolutions over time."""

from __future__ import annotations

from collections.abc import Sequence

from einops import rearrange
from torch import Tensor, nn

from skelter import _checks
from skelter.encoders.parts._sequences import (
    POOLINGS,
    check_sequence,
    normalise,
    pool_frames,
    pooled_size,
)


class TCN(nn.Module):
    """A temporal convolutional network over the sequence representation, for small sets.

    The numbers of a frame and their steps to the next frame are normalised by their statistics
    over clips and frames. A linear layer embeds every frame, residual blocks of dilated
    convolutions mix neighbours, and the mean and the maximum over time are the features. It has
    about 70,000 parameters for 150 numbers a frame, and takes any number of frames.

    The last frame of a clip has no step: it counts as zero, as in `ToMotion`. Weights start as
    torch's layers do.

    Args:
        in_features: Numbers a frame, V * C * M: 150 for NTU25 with two persons.
        width: Channels of the blocks.
        kernel: Frames that a convolution sees, an odd number.
        dilations: Frames from one tap of a convolution to the next, one number a block.
        motion: Whether steps to the next frame stand beside the numbers.
        pooling: ``"mean"``, ``"max"`` or ``"mean-max"`` over frames. The last has both, and twice
            as many features.

    Raises:
        TypeError: In a call, the input does not have the dtype of the weights.
        ValueError: An argument is out of range; in a call, the input is not (N, T, in_features),
            or a single frame trains the batch norms.

    References:
        Bai, Kolter, Koltun, An Empirical Evaluation of Generic Convolutional and Recurrent
        Networks for Sequence Modeling, 2018: dilated residual blocks. Here they look both ways.

    Example:
        >>> import torch
        >>> encoder = TCN(in_features=60)
        >>> encoder(torch.zeros(4, 32, 60)).shape, encoder.feature_dim
        (torch.Size([4, 128]), 128)
    """

    def __init__(
        self,
        in_features: int = 150,
        width: int = 64,
        *,
        kernel: int = 3,
        dilations: Sequence[int] = (1, 2, 4),
        motion: bool = True,
        pooling: str = "mean-max",
    ) -> None:
        super().__init__()
        for name, value in (("in_features", in_features), ("width", width), ("kernel", kernel)):
            _checks.positive_int(name, value)
        _checks.require(kernel % 2 == 1, "`kernel`", "be odd, to have a middle frame", kernel)
        some = "be one or more numbers of frames"
        _checks.require(len(dilations) > 0, "`dilations`", some, dilations)
        for dilation in dilations:
            _checks.positive_int("dilations", dilation)
        _checks.choice("pooling", pooling, POOLINGS)
        self.in_features, self.width, self.kernel = in_features, width, kernel
        self.dilations, self.motion, self.pooling = tuple(dilations), motion, pooling
        self.feature_dim = pooled_size(width, pooling)
        numbers = 2 * in_features if motion else in_features
        self.input_norm = nn.BatchNorm1d(numbers)
        self.embed = nn.Sequential(nn.Conv1d(numbers, width, 1), nn.ReLU())
        self.blocks = nn.Sequential(*(_Block(width, kernel, dilation) for dilation in dilations))

    def forward(self, x: Tensor) -> Tensor:
        """Return features (N, feature_dim) of sequences (N, T, in_features)."""
        return pool_frames(self._frames(x), self.pooling, axis=2)

    def frame_features(self, x: Tensor) -> Tensor:
        """Return the output of every frame (N, T, width), before pooling."""
        return rearrange(self._frames(x), "n d t -> n t d")

    def _frames(self, x: Tensor) -> Tensor:
        x = check_sequence(x, self.in_features, self)
        x = normalise(self.input_norm, x, motion=self.motion)
        frames: Tensor = self.blocks(self.embed(x))
        return frames


class _Block(nn.Module):
    """A dilated convolution and one of a single frame, each with batch norm, and a connection."""

    def __init__(self, width: int, kernel: int, dilation: int) -> None:
        super().__init__()
        reach = dilation * (kernel // 2)
        self.branch = nn.Sequential(
            # Without biases, which the norms would subtract.
            nn.Conv1d(width, width, kernel, padding=reach, dilation=dilation, bias=False),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.Conv1d(width, width, 1, bias=False),
            nn.BatchNorm1d(width),
        )
        self.activation = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.activation(x + self.branch(x))
        return out
