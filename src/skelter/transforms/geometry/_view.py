"""Other views of a scene: about the vertical, or of another camera."""

from __future__ import annotations

from dataclasses import dataclass
from math import radians as to_radians

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter._precision import outside_autocast
from skelter.layouts import NTU25, SkeletonLayout, check_layout
from skelter.transforms.geometry._rotation import Rotation, RotationParams, in_space
from skelter.transforms.geometry._rotation_matrix import matrix_of
from skelter.transforms.kinds._joint_map import JointMap
from skelter.transforms.kinds._numbers import (
    at_most,
    constant,
    draw,
    floor,
    narrow,
    normal,
    number_between,
    uniform,
)
from skelter.transforms.kinds._positions import pass_on, say_layout
from skelter.typing import ClipShape

AXES = ("x", "y", "z")


class RotateView(Rotation):
    """Rotate about the vertical, and tilt a little about the two other axes.

    The angle about the vertical is from U(-degrees, degrees), those about the others are from
    N(0, tilt). Every joint position p becomes Z Y X p, as in `Rotate`.

    Args:
        layout: The layout of the clips. Its `up` says which axis is the vertical. Channels after
            its `dimensions` are passed on.
        degrees: The largest angle about the vertical, from 0 to 180, which is a full turn.
        tilt: The standard deviation of the angles about the two others, in degrees, from 0.

    Raises:
        TypeError: `layout` is not a layout, or an angle not a number.
        ValueError: An angle is out of range, or the points of the layout lie in an image. In a
            call: the clips do not have three coordinates.

    Example:
        >>> import torch
        >>> x = torch.randn(8, 3, 40, 25, 2)
        >>> y = RotateView(NTU25, degrees=180, tilt=0)(x)
        >>> torch.allclose(y[:, 1], x[:, 1], atol=1e-5)  # heights stay
        True
    """

    layout: SkeletonLayout

    def __init__(
        self, layout: SkeletonLayout = NTU25, *, degrees: float = 30.0, tilt: float = 5.0
    ) -> None:
        super().__init__()
        self.layout = check_layout(layout)
        _checks.require(
            layout.dimensions == 3,
            f"layout {layout.name}",
            "have positions in space to turn about the vertical",
            f"dimensions={layout.dimensions}",
            "Rotate(degrees=...) turns points of an image.",
        )
        _checks.between("degrees", degrees, 0.0, 180.0)
        _checks.between("tilt", tilt, 0.0, float("inf"))
        self.degrees, self.tilt = degrees, tilt

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> RotationParams:
        """Draw the angles of each clip."""
        in_space(x, self.layout, "RotateView")
        vertical = AXES.index(self.layout.up.removeprefix("-"))
        turn = (2 * uniform((*x.shape[:-4], 1), x, generator) - 1) * to_radians(self.degrees)
        tilts = normal((*x.shape[:-4], 2), x, generator) * to_radians(self.tilt)
        radians = torch.cat([tilts[..., :vertical], turn, tilts[..., vertical:]], -1)
        return RotationParams(radians)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"layout={self.layout.name}, degrees={self.degrees}, tilt={self.tilt}"


@dataclass(frozen=True, eq=False)
class CameraParams:
    """Draws of another camera: ``radians`` (..., 3) about x, y and z, and ``scale`` (...)."""

    radians: Tensor
    scale: Tensor


class _Camera(JointMap[CameraParams]):
    def __init__(self, scale: tuple[float, float], layout: SkeletonLayout | None) -> None:
        super().__init__()
        self.scale = _checks.interval("scale", scale, 0.0, float("inf"))
        self.layout = None if layout is None else check_layout(layout)

    def _check(self, params: CameraParams, x: ClipShape) -> None:
        in_space(x, self.layout, type(self).__name__)
        _checks.params(x, radians=(params.radians, (3,)), scale=(params.scale, ()))


class CameraView(_Camera):
    """Look at the scene with another camera: every joint position p becomes s Z Y X p.

    The scale s is from U(scale), the three angles are independent draws from U(-degrees, degrees).
    The matrices are those of `functional.right_handed_rotation_matrix`.

    Args:
        degrees: The largest angle about each axis, from 0.
        scale: Smallest and largest scale, above 0.
        layout: The layout of the clips. Channels after its `dimensions` are passed on. None takes
            all of 3 channels for positions.

    Raises:
        TypeError: `layout` is not a layout, or `degrees` not a number.
        ValueError: `degrees` is negative, or `scale` not two ordered numbers above 0. In a call:
            the clips do not have three coordinates.

    References:
        IKEM, "camera view": 30 degrees, scale (0.5, 1.5). No released setting turns it on.

    Example:
        >>> x = torch.randn(8, 3, 40, 25, 2)
        >>> ratio = CameraView()(x).norm(dim=1) / x.norm(dim=1)
        >>> bool((ratio.flatten(1).std(1) < 1e-4).all())  # one scale a clip
        True
    """

    def __init__(
        self,
        degrees: float = 30.0,
        scale: tuple[float, float] = (0.5, 1.5),
        *,
        layout: SkeletonLayout | None = None,
    ) -> None:
        super().__init__(scale, layout)
        _checks.between("degrees", degrees, 0.0, float("inf"))
        self.degrees = degrees

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> CameraParams:
        """Draw the angles and the scale of each clip."""
        in_space(x, self.layout, "CameraView")
        angles, size = draw(x, generator, (3,), ())
        return CameraParams(
            (2 * angles - 1) * to_radians(self.degrees), number_between(size, self.scale)
        )

    @outside_autocast
    def matrices(self, x: ClipShape, params: CameraParams) -> Tensor:
        """Return the one matrix of a clip, for all of its joints."""
        self._check(params, x)
        matrix = matrix_of(-params.radians) * params.scale[..., None, None]
        return pass_on(matrix, x.shape[-4])[..., None, :, :]

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"degrees={self.degrees}, scale={self.scale}{say_layout(self.layout)}"


class WholeDegreeView(_Camera):
    """Turn by whole degrees about x and y, and scale, as chains for NW-UCLA do.

    A row vector q becomes s q Y(b) X(a), with the matrices of `functional.rotation_matrix`. The
    angles a and b are whole degrees, each of -degrees to degrees with the same chance, and s is
    from U(scale). Centre the clips first. The original divides every axis by its range afterwards,
    which undoes the scale. Here the scale has an effect wherever no such step follows.

    Args:
        degrees: The largest angle about x and y, an integer from 1.
        scale: Smallest and largest scale, above 0.
        layout: The layout of the clips. Channels after its `dimensions` are passed on. None takes
            all of 3 channels for positions.

    Raises:
        TypeError: `layout` is not a layout, or `degrees` not an integer.
        ValueError: `degrees` is below 1, or `scale` not two ordered numbers above 0. In a call:
            the clips do not have three coordinates.

    References:
        Chen et al., ICCV 2021 (CTR-GCN): the feeder of NW-UCLA, 60 degrees, scale (0.5, 1.5).

    Example:
        >>> params = WholeDegreeView(degrees=60).sample(torch.zeros(500, 3, 1, 20, 1))
        >>> params.radians.rad2deg()[:, :2].abs().max().round()
        tensor(60.)
    """

    def __init__(
        self,
        degrees: int = 60,
        scale: tuple[float, float] = (0.5, 1.5),
        *,
        layout: SkeletonLayout | None = None,
    ) -> None:
        super().__init__(scale, layout)
        _checks.positive_int("degrees", degrees)
        self.degrees = degrees

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> CameraParams:
        """Draw the angles and the scale of each clip."""
        in_space(x, self.layout, "WholeDegreeView")
        places, size = draw(x, generator, (2,), ())
        most = 2 * self.degrees
        whole = narrow(at_most(floor(places * (most + 1)), constant([most], places)))
        degrees = (whole - self.degrees)[..., [0, 1, 1]] * constant([1.0, 1.0, 0.0], places)
        return CameraParams(degrees * to_radians(1.0), number_between(size, self.scale))

    @outside_autocast
    def matrices(self, x: ClipShape, params: CameraParams) -> Tensor:
        """Return the one matrix of a clip, for all of its joints."""
        self._check(params, x)
        # The matrix of row vectors is the transpose of that of columns.
        matrix = matrix_of(params.radians).swapaxes(-2, -1) * params.scale[..., None, None]
        return pass_on(matrix, x.shape[-4])[..., None, :, :]

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"degrees={self.degrees}, scale={self.scale}{say_layout(self.layout)}"
