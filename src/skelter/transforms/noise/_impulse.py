"""Impulses: single joints of single frames that fly off or fall to zero."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from torch import Generator, Tensor

from skelter import _checks
from skelter.layouts import SkeletonLayout, check_layout, map_positions
from skelter.transforms.kinds._base import Transform
from skelter.transforms.kinds._numbers import as_tensor, uniform
from skelter.transforms.kinds._positions import say_layout
from skelter.typing import ClipShape


def scale_points(x: Tensor, factor: Tensor) -> Tensor:
    """Multiply the position of every joint in every frame by a factor of its own.

    Args:
        x: Clips of shape (..., C, T, V, M), all of whose channels are positions.
        factor: Factors of shape (..., T, V, M).

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    Example:
        >>> import torch
        >>> factor = torch.tensor([1.0, 5.0, 0.0]).reshape(1, 3, 1)
        >>> scale_points(torch.ones(2, 1, 3, 1), factor)[0, 0, :, 0]
        tensor([1., 5., 0.])
    """
    x, factor = _checks.clips(x), as_tensor(factor)
    _checks.params(x, factor=(factor, tuple(x.shape[-3:])))
    return x * factor.unsqueeze(-4).to(x.dtype)


@dataclass(frozen=True, eq=False)
class ImpulseNoiseParams:
    """Draws of `ImpulseNoise`: ``factor`` (..., T, V, M), 1 where a joint is left as it is."""

    factor: Tensor


class ImpulseNoise(Transform[ImpulseNoiseParams]):
    """Let single joints of single frames fly off, or fall to zero.

    Each joint of each frame and person is hit with chance `share`. One half of those that are hit
    go to `factor` times their position, as seen from the origin, the others to zero. Centre clips
    on the body before, so that joints fly off the body and not off the camera.

    Args:
        share: Chance of a joint to be hit, in [0, 1].
        factor: What the position is multiplied by.
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    Raises:
        TypeError: `share` or `factor` is not a number, or `layout` not a layout.
        ValueError: `share` lies outside [0, 1]. In a call: clips have other than 2 or 3 channels
            without a layout.

    References:
        Wu et al., ECCV 2024 (MacDiff): the released code, "impulse noise".

    Example:
        >>> import torch
        >>> ImpulseNoise(0.5)(torch.ones(8, 3, 40, 25, 2)).unique()
        tensor([0., 1., 5.])
    """

    def __init__(
        self, share: float = 0.1, factor: float = 5.0, *, layout: SkeletonLayout | None = None
    ) -> None:
        super().__init__()
        _checks.between("share", share, 0.0, 1.0)
        _checks.number("factor", factor)
        self.share = float(share)
        self.factor = float(factor)
        self.layout = None if layout is None else check_layout(layout)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> ImpulseNoiseParams:
        """Draw the factor of every joint, frame and person."""
        _checks.positions(x, self.layout)
        draws = uniform((*x.shape[:-4], *x.shape[-3:]), x, generator)
        left, flies = (draws >= self.share).float(), draws < self.share / 2
        return ImpulseNoiseParams(left.add(flies, alpha=self.factor))

    def transform(self, x: Tensor, params: ImpulseNoiseParams) -> Tensor:
        """Multiply by the factors."""
        return map_positions(partial(scale_points, factor=params.factor), x, self.layout)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"share={self.share}, factor={self.factor}{say_layout(self.layout)}"
