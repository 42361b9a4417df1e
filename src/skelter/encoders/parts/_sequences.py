"""What the encoders of sequences share: their input, its motion, and pooling over frames."""

from __future__ import annotations

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional as F

from skelter import _checks

POOLINGS = ("mean", "max", "mean-max")


def check_sequence(x: Tensor, in_features: int, encoder: nn.Module) -> Tensor:
    """Return ``x`` as sequences (N, T, in_features) in the dtype of the weights of an encoder.

    Under autocast, narrower ones are widened, as statistics of norms are not taken of few digits.
    """
    x = _checks.floating("x", x)
    _checks.require(
        x.ndim == 3 and x.shape[-1] == in_features and x.shape[1] > 0,
        "`x`",
        f"have shape (N, T, in_features) with in_features={in_features}",
        _checks.shape_of(x),
        "Convert clips with ToSequence(), and build the encoder with in_features = V * C * M "
        "of your clips.",
    )
    _checks.dtype_of(x, encoder)
    return _checks.not_empty(x).to(next(encoder.parameters()).dtype)


def normalise(norm: nn.Module, x: Tensor, *, motion: bool = False) -> Tensor:
    """Normalise sequences (N, T, I) by the statistics of each number: (N, I, T).

    Args:
        norm: A batch norm of as many numbers.
        x: Sequences.
        motion: Whether `add_motion` comes first, which makes twice as many numbers.

    Raises:
        ValueError: A single frame of a single clip trains the norm.
    """
    _checks.require(
        not norm.training or x.shape[0] * x.shape[1] > 1,
        "`x`",
        "have at least 2 frames in all to train a batch norm",
        _checks.shape_of(x),
        "Drop the last batch, or call eval().",
    )
    normed: Tensor = norm(rearrange(add_motion(x) if motion else x, "n t i -> n i t"))
    return normed


def add_motion(x: Tensor) -> Tensor:
    """Put the steps to the next frame beside the numbers of sequences: (N, T, I) to (N, T, 2 I).

    The steps are those of `ToMotion`: ``x[t + 1] - x[t]``, and zero at the end.
    """
    steps = F.pad(x.diff(dim=1), (0, 0, 0, 1))
    return torch.cat([x, steps], dim=-1)


def pool_frames(x: Tensor, pooling: str, axis: int) -> Tensor:
    """Take the last of the frames on an axis, their mean, their maximum, or both of these."""
    pooled = {
        "last": lambda: [x.select(axis, -1)],
        "mean": lambda: [x.mean(axis)],
        "max": lambda: [x.amax(axis)],
        "mean-max": lambda: [x.mean(axis), x.amax(axis)],
    }
    return torch.cat(pooled[pooling](), dim=-1)


def pooled_size(width: int, pooling: str) -> int:
    """Return the number of features that `pool_frames` makes of frames of some width."""
    return 2 * width if pooling == "mean-max" else width
