"""Crops of an image, as points see them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.layouts import SkeletonLayout, check_layout
from skelter.transforms.kinds._base import Transform
from skelter.transforms.kinds._numbers import (
    as_tensor,
    at_most,
    choose,
    draw,
    floor,
    join,
    last_axis,
    number_between,
    pick,
    wide,
)
from skelter.transforms.kinds._positions import presence, say_layout
from skelter.typing import ClipShape

TRIES = 10


def crop_image(x: Tensor, box: Tensor, size: tuple[int, int] | None = None) -> Tensor:
    """Count points from the corner of a box of the image, and resize what it holds.

    Points outside the box are kept: they become negative or lie beyond its far sides. Missing
    joints stay zero.

    Args:
        x: Clips of shape (..., 2, T, V, M), in pixels.
        box: Left, top, right and bottom side of the box of each clip in pixels, shape (..., 4).
        size: Width and height that the box is resized to. None leaves its size.

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    References:
        Duan et al., CVPR 2022 (PoseConv3D), "RandomResizedCrop".

    Example:
        >>> x = torch.tensor([12.0, 30.0]).reshape(2, 1, 1, 1)
        >>> crop_image(x, torch.tensor([10, 10, 50, 50]), (20, 20)).flatten()
        tensor([ 1., 10.])
    """
    x, box = _checks.clips(x), as_tensor(box)
    _checks.axis(x, "C", 2, "a crop of an image", "Pass x and y alone.")
    _checks.params(x, box=(box, (4,)))
    p = x.to(torch.promote_types(x.dtype, torch.float32))
    corner = box[..., :2].to(p.dtype)[..., None, None, None]
    out = p - corner * presence(p)
    if size is not None:
        sides = (box[..., 2:] - box[..., :2]).to(p.dtype)
        target = torch.tensor(size, dtype=p.dtype, device=p.device)
        out = out * (target / sides)[..., None, None, None]
    return out.to(x.dtype)


@dataclass(frozen=True, eq=False)
class BoxCropParams:
    """Draws of `BoxCrop`: ``box`` (..., 4), int64, its left, top, right and bottom side."""

    box: Tensor


class BoxCrop(Transform[BoxCropParams]):
    """Crop a random box out of the image that the points lie in.

    An area is drawn from U(area) of that of the image, and the logarithm of width by height from
    U(log(aspect)). Sides are rounded to whole pixels. Of ten such boxes the first that fits into
    the image is taken. If none fits, it is the largest square, in the middle. The place of the box
    is uniform. See `functional.crop_image` for points outside.

    Args:
        image: Width and height of the image in pixels.
        area: Smallest and largest share of its area, in (0, 1].
        aspect: Smallest and largest width by height of the box.
        size: Width and height that the box is resized to. None leaves its size.
        layout: The layout of the clips. Channels after its 2 `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 channels for positions.

    Raises:
        TypeError: `layout` is not a layout, or a side not an integer.
        ValueError: A side is below 1, or a range is not two ordered numbers that are possible. In
            a call: the points do not have two coordinates.

    References:
        Duan et al., CVPR 2022 (PoseConv3D), "RandomResizedCrop".

    Example:
        >>> box = BoxCrop((64, 64)).sample(torch.zeros(500, 2, 1, 17, 1)).box
        >>> bool((box[:, :2] >= 0).all()), bool((box[:, 2:] <= 64).all())
        (True, True)
    """

    def __init__(
        self,
        image: tuple[int, int],
        area: tuple[float, float] = (0.56, 1.0),
        *,
        aspect: tuple[float, float] = (3 / 4, 4 / 3),
        size: tuple[int, int] | None = None,
        layout: SkeletonLayout | None = None,
    ) -> None:
        super().__init__()
        self.image = _sides("image", image)
        self.area = _checks.interval("area", area, 0.0, 1.0)
        self.aspect = _checks.interval("aspect", aspect, 0.0, float("inf"))
        self.size = None if size is None else _sides("size", size)
        self.layout = None if layout is None else check_layout(layout)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> BoxCropParams:
        """Draw the box of each clip."""
        self._check_plane(x)
        draws = wide(draw(x, generator, (2 * TRIES + 2,))[0])
        areas = number_between(draws[..., :TRIES], self.area)
        flat, broad = (math.log(end) for end in self.aspect)
        ratios = math.e ** number_between(draws[..., TRIES : 2 * TRIES], (flat, broad))
        sides, fits = _first_that_fits(areas, ratios, self.image)
        rooms = [whole - side for whole, side in zip(self.image, sides, strict=True)]
        left, top = (
            choose(fits, at_most(floor(place * (room + 1)), room), room // 2)
            for place, room in zip((draws[..., -2:-1], draws[..., -1:]), rooms, strict=True)
        )
        return BoxCropParams(as_tensor(join([left, top, left + sides[0], top + sides[1]])))

    def transform(self, x: Tensor, params: BoxCropParams) -> Tensor:
        """Count points from the corner of the box."""
        x = _checks.clips(x)
        self._check_plane(x)
        cropped = crop_image(x[..., :2, :, :, :], params.box, self.size)
        return torch.cat([cropped, x[..., 2:, :, :, :]], dim=-4) if x.shape[-4] > 2 else cropped

    def extra_repr(self) -> str:
        """Name the arguments."""
        return (
            f"image={self.image}, area={self.area}, aspect={self.aspect}, size={self.size}"
            f"{say_layout(self.layout)}"
        )

    def _check_plane(self, x: ClipShape) -> None:
        _checks.require(
            _checks.positions(x, self.layout) == 2,
            "`x`",
            "have positions in an image, x and y, for BoxCrop",
            f"3 coordinates in (..., C, T, V, M) = {_checks.shape_of(x)}",
            "With x, y and a score, pass layout=... with dimensions=2.",
        )


def _first_that_fits(
    areas: Tensor, ratios: Tensor, image: tuple[int, int]
) -> tuple[list[Tensor], Tensor]:
    """Return width and height of the first try within an image, and whether one is, (..., 1).

    Args:
        areas: Shares of the area of the image, one a try, shape (..., TRIES).
        ratios: Width by height, of the same shape.
        image: Width and height of the image.
    """
    area = areas * (image[0] * image[1])
    tries = [floor((square**0.5).round()) for square in (area * ratios, area / ratios)]
    fit = (tries[0] <= image[0]) & (tries[0] >= 1) & (tries[1] <= image[1]) & (tries[1] >= 1)
    first, fits = last_axis((1 * fit).argmax(-1)), last_axis(fit.any(-1))
    return [choose(fits, pick(side, first), 0 * first + min(image)) for side in tries], fits


def _sides(name: str, value: tuple[int, int]) -> tuple[int, int]:
    """Return width and height, integers from 1."""
    pair = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    _checks.require(len(pair) == 2, f"`{name}`", "be two integers (width, height)", value)
    for side in pair:
        _checks.positive_int(name, side)
    return pair[0], pair[1]
