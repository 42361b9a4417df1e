"""Shear, rotation and stretching of a plane."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.layouts import SkeletonLayout, check_layout
from skelter.transforms.kinds._joint_map import JointMap
from skelter.transforms.kinds._numbers import as_tensor, normal
from skelter.transforms.kinds._positions import pass_on, say_layout
from skelter.typing import ClipShape


def affine2d_matrix(shear: Tensor, radians: Tensor, stretch: Tensor) -> Tensor:
    """Return matrices that shear a plane along y, turn it, and stretch it along y.

    A row vector q becomes ``q @ [[1, a], [0, 1]] @ [[cos b, -sin b], [sin b, cos b]] @
    diag(1, 1 + d)``. The transpose of that product is returned, for columns.

    Args:
        shear: a of each clip, shape (...).
        radians: b of each clip, shape (...).
        stretch: d of each clip, shape (...). 0 leaves y as it is.

    Returns:
        Matrices of shape (..., 2, 2) for columns.

    References:
        pose-format (Moryossef et al., 2021), "augment2d".

    Example:
        >>> zero = torch.tensor(0.0)
        >>> affine2d_matrix(zero, zero, torch.tensor(1.0))
        tensor([[1., 0.],
                [0., 2.]])
    """
    shear, radians, stretch = (as_tensor(values) for values in (shear, radians, stretch))
    cosine, sine, height = radians.cos(), radians.sin(), 1 + stretch
    first = torch.stack([cosine + shear * sine, sine], -1)
    second = torch.stack([height * (shear * cosine - sine), height * cosine], -1)
    return torch.stack([first, second], -2)


@dataclass(frozen=True, eq=False)
class Affine2dParams:
    """Draws of `Affine2d`: ``shear``, ``radians`` and ``stretch``, each of shape (...)."""

    shear: Tensor
    radians: Tensor
    stretch: Tensor


class Affine2d(JointMap[Affine2dParams]):
    """Shear, turn and stretch x and y, as chains for sign language do.

    Shear, angle and stretching are draws from N(0, shear), N(0, radians) and N(0, stretch), see
    `functional.affine2d_matrix`. z and scores are passed on.

    Args:
        shear: The standard deviation of the shear, from 0.
        radians: The standard deviation of the angle, from 0.
        stretch: The standard deviation of the change of y's factor from 1, from 0.
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    Raises:
        TypeError: `layout` is not a layout, or a deviation not a number.
        ValueError: A deviation is negative. In a call: clips have other than 2 or 3 channels
            without a layout.

    References:
        pose-format (Moryossef et al., 2021), "augment2d": 0.2 each. A copy of it in OpenHands
        multiplies y by d in the place of 1 + d.

    Example:
        >>> x = torch.randn(8, 2, 40, 17, 1)
        >>> torch.allclose(Affine2d(0.0, 0.0, stretch=0.2)(x)[:, 0], x[:, 0])
        True
    """

    def __init__(
        self,
        shear: float = 0.2,
        radians: float = 0.2,
        *,
        stretch: float = 0.2,
        layout: SkeletonLayout | None = None,
    ) -> None:
        super().__init__()
        for name, value in (("shear", shear), ("radians", radians), ("stretch", stretch)):
            _checks.between(name, value, 0.0, float("inf"))
        self.shear, self.radians, self.stretch = shear, radians, stretch
        self.layout = None if layout is None else check_layout(layout)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> Affine2dParams:
        """Draw the three numbers of each clip."""
        _checks.positions(x, self.layout)
        shear, radians, stretch = normal((*x.shape[:-4], 3), x, generator).unbind(-1)
        return Affine2dParams(shear * self.shear, radians * self.radians, stretch * self.stretch)

    def matrices(self, x: ClipShape, params: Affine2dParams) -> Tensor:
        """Return the one matrix of a clip, for all of its joints."""
        matrix = affine2d_matrix(params.shear, params.radians, params.stretch)
        return pass_on(matrix, x.shape[-4])[..., None, :, :]

    def extra_repr(self) -> str:
        """Name the arguments."""
        numbers = f"shear={self.shear}, radians={self.radians}, stretch={self.stretch}"
        return numbers + say_layout(self.layout)
