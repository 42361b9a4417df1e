"""Scalings of positions: one factor, or a factor an axis."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.layouts import SkeletonLayout, check_layout
from skelter.transforms.kinds._joint_map import JointMap
from skelter.transforms.kinds._numbers import as_tensor, draw, identity, number_between, ones
from skelter.transforms.kinds._positions import pass_on, say_layout
from skelter.typing import ClipShape


def scale(x: Tensor, factors: Tensor) -> Tensor:
    """Multiply the coordinates of every position by factors.

    Args:
        x: Clips of shape (..., C, T, V, M), all of whose channels are positions.
        factors: One factor a coordinate, shape (..., C).

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    Example:
        >>> scale(torch.ones(3, 2, 4, 1), torch.tensor([1.0, 2.0, 3.0]))[:, 0, 0, 0]
        tensor([1., 2., 3.])
    """
    x, factors = _checks.clips(x), as_tensor(factors)
    _checks.params(x, factors=(factors, (x.shape[-4],)))
    wide = torch.promote_types(x.dtype, torch.float32)
    return (x.to(wide) * factors.to(wide)[..., None, None, None]).to(x.dtype)


@dataclass(frozen=True, eq=False)
class ScaleParams:
    """Draws of a scaling: ``factors`` (..., D) of the D coordinates that are positions."""

    factors: Tensor


class _Scaling(JointMap[ScaleParams]):
    layout: SkeletonLayout | None

    def matrices(self, x: ClipShape, params: ScaleParams) -> Tensor:
        """Return the one matrix of a clip, for all of its joints."""
        size = _checks.positions(x, self.layout)
        _checks.params(x, factors=(params.factors, (size,)))
        matrix = identity(size, params.factors) * params.factors[..., None, :]
        return pass_on(matrix, x.shape[-4])[..., None, :, :]


class Scale(_Scaling):
    """Make the bodies larger or smaller: every position is multiplied by s ~ U(factor).

    Args:
        factor: Smallest and largest factor, above 0. It is about the origin of the coordinates,
            so that uncentred clips move as they grow.
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: `factor` is not two ordered numbers above 0. In a call: clips have other than
            2 or 3 channels without a layout.

    Example:
        >>> grown = Scale((2.0, 2.0))(torch.ones(4, 3, 10, 25, 1))
        >>> bool((grown == 2).all())
        True
    """

    def __init__(
        self, factor: tuple[float, float] = (0.5, 1.5), *, layout: SkeletonLayout | None = None
    ) -> None:
        super().__init__()
        self.factor = _checks.interval("factor", factor, 0.0, float("inf"))
        self.layout = None if layout is None else check_layout(layout)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> ScaleParams:
        """Draw the factor of each clip."""
        size = _checks.positions(x, self.layout)
        (draws,) = draw(x, generator, (1,))
        return ScaleParams(number_between(draws, self.factor) * ones((size,), draws))

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"factor={self.factor}{say_layout(self.layout)}"


class ScaleAxes(_Scaling):
    """Stretch every axis by a factor of its own, 1 + amplitude * U(-1, 1).

    Args:
        amplitude: The largest change of a factor, from 0 to 1.
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    Raises:
        TypeError: `layout` is not a layout, or `amplitude` not a number.
        ValueError: `amplitude` lies outside [0, 1]. In a call: clips have other than 2 or 3
            channels without a layout.

    References:
        Duan et al., CVPR 2022 (pyskl), "RandomScale": 0.1 in its settings, 0.2 by default.
        SkateFormer (Do, Kim, ECCV 2024): 0.2.

    Example:
        >>> factors = ScaleAxes(0.1).sample(torch.zeros(500, 3, 1, 25, 1)).factors
        >>> bool(((factors >= 0.9) & (factors <= 1.1)).all())
        True
    """

    def __init__(self, amplitude: float = 0.1, *, layout: SkeletonLayout | None = None) -> None:
        super().__init__()
        _checks.between("amplitude", amplitude, 0.0, 1.0)
        self.amplitude = amplitude
        self.layout = None if layout is None else check_layout(layout)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> ScaleParams:
        """Draw the factors of each clip."""
        (draws,) = draw(x, generator, (_checks.positions(x, self.layout),))
        return ScaleParams(1 + self.amplitude * (2 * draws - 1))

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"amplitude={self.amplitude}{say_layout(self.layout)}"
