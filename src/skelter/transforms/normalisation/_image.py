"""Poses of images: by the size of the image, by a box about the body, by a detector's score."""

from __future__ import annotations

from functools import partial
from math import inf

import torch
from torch import Tensor

from skelter import _checks
from skelter.layouts import COCO17, SkeletonLayout, check_layout, map_positions
from skelter.transforms.kinds._base import Deterministic
from skelter.transforms.kinds._mask import keep_only
from skelter.transforms.kinds._positions import presence
from skelter.transforms.normalisation._box import box_of_clip


def unit_image(x: Tensor, width: float, height: float) -> Tensor:
    """Map the pixels of an image to [-1, 1]: ``(x - w / 2) / (w / 2)``, and y with the height.

    Missing joints stay zero.

    Args:
        x: Clips of shape (..., 2, T, V, M), in pixels.
        width: Width of the image in pixels.
        height: Its height in pixels.

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The clips are not two-dimensional, or a size is not above 0.

    Example:
        >>> import torch
        >>> x = torch.tensor([1920.0, 540.0]).reshape(2, 1, 1, 1)
        >>> unit_image(x, 1920, 1080).flatten()
        tensor([1., 0.])
    """
    x = _check_plane(x)
    _checks.positive("width", width)
    _checks.positive("height", height)
    there = presence(x)
    half = x.new_tensor([width / 2, height / 2]).view(2, 1, 1, 1)
    return torch.addcdiv(-there, x, half)


def compact_box(x: Tensor, margin: float = 0.25) -> tuple[Tensor, Tensor]:
    """Return a square about everybody in a clip, in whole pixels.

    The box of the present joints of all frames grows by a margin, and its shorter side to the
    length of the longer. The corners are rounded towards zero.

    Args:
        x: Clips of shape (..., 2, T, V, M), in pixels.
        margin: How much it grows, as a share of its size.

    Returns:
        The corner nearest to the origin and the size, both (..., 2) in float32 or wider.

    Raises:
        ValueError: The clips are not two-dimensional, or `margin` is negative.

    Example:
        >>> import torch
        >>> x = torch.tensor([[100.0, 180.0], [40.0, 60.0]]).reshape(2, 1, 2, 1)
        >>> compact_box(x)
        (tensor([90.,  0.]), tensor([100., 100.]))
    """
    x = _check_plane(x)
    _checks.between("margin", margin, 0.0, inf)
    low, high = box_of_clip(x)
    half = ((high - low) / 2 * (1 + margin)).amax(-1, keepdim=True)
    middle = (low + high) / 2
    corner = (middle - half).trunc()
    return corner, (middle + half).trunc() - corner


def compact_pose(x: Tensor, margin: float = 0.25) -> Tensor:
    """Move each clip into the square about everybody in it, see `compact_box`.

    Missing joints stay zero.

    Args:
        x: Clips of shape (..., 2, T, V, M), in pixels.
        margin: See `compact_box`.

    Returns:
        Clips of the same shape, in pixels of the square.

    Raises:
        ValueError: See `compact_box`.

    Example:
        >>> import torch
        >>> x = torch.tensor([[100.0, 180.0], [40.0, 60.0]]).reshape(2, 1, 2, 1)
        >>> compact_pose(x).flatten(1)
        tensor([[10., 90.],
                [40., 60.]])
    """
    x = _check_plane(x)
    corner, _ = compact_box(x, margin)
    return ((x - corner[..., None, None, None]) * presence(x)).to(x.dtype)


def _check_plane(x: Tensor) -> Tensor:
    x = _checks.clips(x)
    hint = "It is for points of an image: pass x and y alone, or a layout with dimensions=2."
    _checks.axis(x, "C", 2, "an image", hint)
    return x


class UnitImage(Deterministic):
    """Map the pixels of an image to [-1, 1]: ``(x - w / 2) / (w / 2)``, and y with the height.

    Missing joints stay zero.

    Args:
        width: Width of the image in pixels.
        height: Its height in pixels.
        layout: The layout of the clips, of points of an image. Channels after its `dimensions`,
            such as a detector's score, are passed on.

    Raises:
        ValueError: A size is not above 0. In a call: the clips are not two-dimensional.

    References:
        Duan et al., PYSKL, 2022: PreNormalize2D with a fixed size.

    Example:
        >>> import torch
        >>> UnitImage(640, 480)(torch.full((2, 1, 17, 1), 480.0))[:, 0, 0, 0]
        tensor([0.5000, 1.0000])
    """

    def __init__(
        self, width: float = 1920, height: float = 1080, *, layout: SkeletonLayout = COCO17
    ) -> None:
        super().__init__()
        _checks.positive("width", width)
        _checks.positive("height", height)
        self.width, self.height, self.layout = width, height, check_layout(layout)

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Map to [-1, 1]."""
        function = partial(unit_image, width=self.width, height=self.height)
        return map_positions(function, x, self.layout)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"width={self.width}, height={self.height}, layout={self.layout.name}"


class CompactPose(Deterministic):
    """Move each clip into the square about everybody in it, in whole pixels.

    The square is that of `functional.compact_box`, which also gives its size. Missing joints stay
    zero.

    Args:
        margin: How much the box grows, as a share of its size.
        layout: The layout of the clips, of points of an image. Channels after its `dimensions`,
            such as a detector's score, are passed on.

    Raises:
        ValueError: `margin` is negative. In a call: the clips are not two-dimensional.

    References:
        Duan et al., Revisiting Skeleton-based Action Recognition, CVPR 2022: PoseCompact.

    Example:
        >>> import torch
        >>> y = CompactPose()(900 + 50 * torch.rand(2, 8, 17, 1))
        >>> bool((y > 0).all() and (y < 70).all())
        True
    """

    def __init__(self, margin: float = 0.25, *, layout: SkeletonLayout = COCO17) -> None:
        super().__init__()
        _checks.between("margin", margin, 0.0, inf)
        self.margin, self.layout = float(margin), check_layout(layout)

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Move into the square."""
        return map_positions(partial(compact_pose, margin=self.margin), x, self.layout)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"margin={self.margin:g}, layout={self.layout.name}"


class DropUnsure(Deterministic):
    """Set joints to zero whose score is low, their score included.

    The score is the channel behind the positions. Clips without one are left as they are.

    Args:
        threshold: Joints with a score up to it are dropped.
        layout: The layout of the clips, whose `dimensions` say which channel is the score.

    Raises:
        TypeError: `threshold` is not a number.

    References:
        Duan et al., PYSKL, 2022: a step of PreNormalize2D, which keeps the score.

    Example:
        >>> import torch
        >>> x = torch.tensor([7.0, 8.0, 0.01]).reshape(3, 1, 1, 1).expand(3, 1, 17, 1)
        >>> DropUnsure()(x).abs().sum()
        tensor(0.)
    """

    def __init__(self, threshold: float = 0.01, *, layout: SkeletonLayout = COCO17) -> None:
        super().__init__()
        _checks.number("threshold", threshold)
        self.threshold, self.layout = float(threshold), check_layout(layout)

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Drop the joints."""
        x = _checks.clips(x)
        D = self.layout.dimensions
        if x.shape[-4] <= D:
            return x
        return keep_only(x, x[..., D : D + 1, :, :, :] > self.threshold)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"threshold={self.threshold:g}, layout={self.layout.name}"
