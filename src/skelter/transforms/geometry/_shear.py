"""Shear, the pose augmentation of the reference method."""

from __future__ import annotations

from dataclasses import dataclass

from einops import einsum
from torch import Generator, Tensor

from skelter import _checks
from skelter._precision import outside_autocast
from skelter.layouts import SkeletonLayout, check_layout
from skelter.transforms.kinds._joint_map import JointMap
from skelter.transforms.kinds._numbers import as_tensor, choose, count_to, draw, identity, ones
from skelter.transforms.kinds._positions import pass_on, say_layout
from skelter.typing import ClipShape


@outside_autocast
def shear(x: Tensor, matrix: Tensor) -> Tensor:
    """Map every joint position p to ``matrix @ p``.

    Args:
        x: Clips of shape (..., C, T, V, M).
        matrix: One matrix a clip, shape (..., C, C).

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021, "pose augmentation".

    Example:
        >>> import torch
        >>> x = torch.ones(3, 2, 25, 1)
        >>> shear(x, 2 * torch.eye(3)).sum() == 2 * x.sum()
        tensor(True)
    """
    x, matrix = _checks.clips(x), as_tensor(matrix)
    C = x.shape[-4]
    _checks.params(x, matrix=(matrix, (C, C)))
    return einsum(matrix.to(x.dtype), x, "... i j, ... j t v m -> ... i t v m")


@dataclass(frozen=True, eq=False)
class ShearParams:
    """Draws of `Shear`: ``matrix`` of shape (..., C, C) with a unit diagonal."""

    matrix: Tensor


class Shear(JointMap[ShearParams]):
    """Shear the body: every joint position p becomes S p.

    S has a unit diagonal. Its off-diagonal entries are independent draws from
    U(-amplitude, amplitude), one S a clip. The result looks as if seen from another angle by a
    body of other proportions. At amplitude 1, 4.9 % of the draws mirror the body, at 0.5 none.

    Args:
        amplitude: Largest off-diagonal entry, from 0. The paper has 1.
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.
        keep: A joint that is left as it was, by name or index of `layout`. ActCLR and
            GL-Transformer keep the spine between the shoulders, which carries the path of the
            body in their clips. None shears all joints.

    Raises:
        TypeError: `layout` is not a layout, or `amplitude` not a number.
        ValueError: `amplitude` is negative, or `keep` is given without a layout or is not a joint
            of it. In a call: clips have too few channels, other than 2 or 3 without a layout, or
            other joints than the layout where one is kept.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021, "pose augmentation": amplitude 1.
        Li et al., CVPR 2021 (CrosSCLR), "shear": amplitude 0.5.
        Lin et al., CVPR 2023 (ActCLR): amplitude 0.5, one joint kept.

    Example:
        >>> import torch
        >>> Shear(amplitude=0.5)(torch.randn(8, 3, 40, 25, 2)).shape
        torch.Size([8, 3, 40, 25, 2])
    """

    def __init__(
        self,
        amplitude: float = 1.0,
        *,
        layout: SkeletonLayout | None = None,
        keep: str | int | None = None,
    ) -> None:
        super().__init__()
        _checks.between("amplitude", amplitude, 0.0, float("inf"))
        self.amplitude = amplitude
        self.layout = None if layout is None else check_layout(layout)
        self.keep = None if keep is None else _index_of(keep, self.layout)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> ShearParams:
        """Draw one matrix a clip, its off-diagonals row by row."""
        size = _checks.positions(x, self.layout)
        self._check_joints(x)
        (draws,) = draw(x, generator, (size * size - size,))
        return ShearParams(pass_on(_shear_matrix(draws, size, self.amplitude), x.shape[-4]))

    def matrices(self, x: ClipShape, params: ShearParams) -> Tensor:
        """Return the one matrix of a clip, for all of its joints, or for all but one."""
        matrix = params.matrix[..., None, :, :]
        if self.keep is None:
            return matrix
        self._check_joints(x)
        sheared = (count_to(x.shape[-2], matrix) != self.keep)[:, None, None]
        return choose(sheared, matrix, identity(x.shape[-4], matrix))

    def extra_repr(self) -> str:
        """Name the arguments."""
        keep = "" if self.keep is None else f", keep={self.keep}"
        return f"amplitude={self.amplitude}{say_layout(self.layout)}{keep}"

    def _check_joints(self, x: ClipShape) -> None:
        if self.keep is not None and self.layout is not None:
            _checks.joint_count("`x`", x.shape[-2], self.layout)


def _index_of(keep: str | int, layout: SkeletonLayout | None) -> int:
    """Return the index of the joint that is kept."""
    if layout is None:
        hint = "Pass layout=... for your skeleton."
        _checks.require(False, "`keep`", "come with a layout that has the joint", repr(keep), hint)
    return check_layout(layout).index(keep)


def _shear_matrix(draws: Tensor, size: int, amplitude: float) -> Tensor:
    """Return matrices (..., size, size) with a unit diagonal and scaled draws elsewhere."""
    batch = draws.shape[:-1]
    matrix = ones((*batch, size * size), draws)
    # Row by row, `size` entries lie between one unit of the diagonal and the next.
    between = matrix[..., 1:].reshape((*batch, size - 1, size + 1))[..., :-1]
    between[:] = ((2 * draws - 1) * amplitude).reshape((*batch, size - 1, size))
    return matrix.reshape((*batch, size, size))
