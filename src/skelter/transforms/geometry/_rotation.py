"""Rotations about the axes of coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import radians as to_radians

from torch import Generator, Tensor

from skelter import _checks
from skelter._precision import outside_autocast
from skelter.layouts import SkeletonLayout, check_layout
from skelter.transforms.geometry._ranges import each_axis
from skelter.transforms.geometry._rotation_matrix import matrix_of, rotation_matrix
from skelter.transforms.geometry._shear import shear
from skelter.transforms.kinds._joint_map import JointMap
from skelter.transforms.kinds._numbers import as_tensor, constant, draw, number_between
from skelter.transforms.kinds._positions import pass_on, say_layout
from skelter.typing import ClipShape


def rotate(x: Tensor, radians: Tensor) -> Tensor:
    """Rotate clips about the axes of coordinates, with the matrix of `rotation_matrix`.

    Args:
        x: Clips of shape (..., C, T, V, M) with C of 2 or 3, all of them positions.
        radians: Angles of each clip, shape (..., 3) in space and (..., 1) in a plane.

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    Example:
        >>> import torch
        >>> x = torch.randn(3, 2, 25, 1)
        >>> torch.allclose(rotate(x, torch.zeros(3)), x)
        True
    """
    x, radians = _checks.clips(x), as_tensor(radians)
    _checks.params(x, radians=(radians, (angles_for(x.shape[-4]),)))
    return shear(x, rotation_matrix(radians))


@dataclass(frozen=True, eq=False)
class RotationParams:
    """Draws of a rotation: ``radians`` about x, y and z (..., 3), or in a plane (..., 1)."""

    radians: Tensor


class Rotation(JointMap[RotationParams]):
    """A rotation of positions by angles about the axes: the base of those that draw angles."""

    layout: SkeletonLayout | None = None

    @outside_autocast
    def matrices(self, x: ClipShape, params: RotationParams) -> Tensor:
        """Return the one matrix of a clip, for all of its joints."""
        count = angles_for(_checks.positions(x, self.layout))
        _checks.params(x, radians=(params.radians, (count,)))
        return pass_on(matrix_of(params.radians), x.shape[-4])[..., None, :, :]


class Rotate(Rotation):
    """Rotate by small angles about all axes: every joint position p becomes Z Y X p.

    The angles about x, y and z are independent draws from U(-a, a), one of each a clip. In a plane
    there is one angle. The matrices are those of `functional.rotation_matrix`.

    Args:
        degrees: The largest angle a, from 0. One number serves all axes, three are those of x, y
            and z. Give either `degrees` or `radians`.
        radians: The same in radians.
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    Raises:
        TypeError: `layout` is not a layout, or an angle not a number.
        ValueError: Both angles are given or neither, an angle is negative, or there are neither 1
            nor 3. In a call: there are 3 for points of a plane, or clips have other than 2 or 3
            channels without a layout.

    References:
        Zhang et al., CVPR 2020 (SGN): 0.3 or 0.5 radians. Chen et al., ICCV 2021 (CTR-GCN): 0.3
        radians. Duan et al., CVPR 2022 (pyskl), "RandomRot".

    Example:
        >>> import torch
        >>> x = torch.randn(8, 3, 40, 25, 2)
        >>> length = Rotate(degrees=17)(x).norm(dim=1)
        >>> torch.allclose(length, x.norm(dim=1), atol=1e-5)
        True
    """

    def __init__(
        self,
        *,
        degrees: float | Sequence[float] | None = None,
        radians: float | Sequence[float] | None = None,
        layout: SkeletonLayout | None = None,
    ) -> None:
        super().__init__()
        came = "neither" if degrees is None else "both"
        _checks.require((degrees is None) != (radians is None),
                        "Rotate", "have either `degrees` or `radians`", came,
                        "Rotate(degrees=17) is about Rotate(radians=0.3).")  # fmt: skip
        if degrees is not None:
            self.radians = tuple(to_radians(a) for a in each_axis("degrees", degrees))
        elif radians is not None:
            self.radians = each_axis("radians", radians)
        self.layout = None if layout is None else check_layout(layout)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> RotationParams:
        """Draw the angles of each clip."""
        count = angles_for(_checks.positions(x, self.layout))
        largest = self.radians if len(self.radians) == count else self.radians * count
        _checks.require(
            len(largest) == count,
            "the angles of Rotate",
            f"be one number for positions of {count + 1} coordinates",
            len(self.radians),
            "Points of a plane have one angle.",
        )
        (draws,) = draw(x, generator, (count,))
        return RotationParams((2 * draws - 1) * constant(largest, draws))

    def extra_repr(self) -> str:
        """Name the arguments."""
        largest = self.radians[0] if len(set(self.radians)) == 1 else self.radians
        return f"radians={largest}{say_layout(self.layout)}"


class RotateMainAxis(Rotation):
    """Rotate much about one axis and little about the others: Z Y X p for every position p.

    The main axis is one of x, y and z, drawn for each clip. Its angle is from U(degrees), those of
    the two others are from U(others). In a plane, the one angle is from U(degrees).

    Args:
        degrees: Smallest and largest angle about the main axis. AimCLR's (0, 30) never turns the
            other way: its mean is 15 degrees. (-30, 30) does.
        others: Smallest and largest angle about each other axis, in degrees.
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    Raises:
        TypeError: `layout` is not a layout, or an angle not a number.
        ValueError: A range is not two ordered numbers. In a call: clips have other than 2 or 3
            channels without a layout.

    References:
        Guo et al., AAAI 2022 (AimCLR), "random rotate". SkateFormer (Do, Kim, ECCV 2024) has
        (-30, 30) and (0, 0), AS-CAL (Rao et al., 2021) has (0, 30) and (0, 0).

    Example:
        >>> import torch
        >>> angles = RotateMainAxis().sample(torch.zeros(100, 3, 1, 25, 1)).radians.rad2deg()
        >>> bool((angles.sort(-1).values[:, 1] <= 1.001).all())
        True
    """

    def __init__(
        self,
        degrees: tuple[float, float] = (0.0, 30.0),
        others: tuple[float, float] = (0.0, 1.0),
        *,
        layout: SkeletonLayout | None = None,
    ) -> None:
        super().__init__()
        self.degrees = _checks.number_range("degrees", degrees)
        self.others = _checks.number_range("others", others)
        self.layout = None if layout is None else check_layout(layout)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> RotationParams:
        """Draw the main axis and the angles of each clip."""
        count = angles_for(_checks.positions(x, self.layout))
        place, draws = draw(x, generator, (1,), (count,))
        # Which of the equal parts of [0, 1) a draw falls into.
        edges = constant([axis / count for axis in range(count + 1)], place)
        is_main = (place >= edges[:-1]) & (place < edges[1:])
        main, other = (number_between(draws, ends) for ends in (self.degrees, self.others))
        return RotationParams((is_main * main + ~is_main * other) * to_radians(1.0))

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"degrees={self.degrees}, others={self.others}{say_layout(self.layout)}"


def angles_for(dimensions: int) -> int:
    """Return how many angles turn positions: 3 in space, 1 in a plane."""
    return {2: 1, 3: 3}.get(dimensions, dimensions)


def in_space(x: ClipShape, layout: SkeletonLayout | None, owner: str) -> None:
    """Check that positions of clips have three coordinates."""
    _checks.require(
        _checks.positions(x, layout) == 3,
        "`x`",
        f"have positions in space, x, y and z, for {owner}",
        f"2 coordinates in (..., C, T, V, M) = {_checks.shape_of(x)}",
        "Rotate(degrees=...) turns points of an image.",
    )
