"""Translation of whole clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.layouts import SkeletonLayout, check_layout, map_positions
from skelter.transforms.geometry._ranges import each_axis
from skelter.transforms.kinds._base import Transform
from skelter.transforms.kinds._numbers import as_tensor, constant, draw
from skelter.transforms.kinds._positions import presence, say_layout
from skelter.typing import ClipShape


def translate(x: Tensor, offset: Tensor) -> Tensor:
    """Add an offset to the position of every joint that is there. Missing ones stay zero.

    Args:
        x: Clips of shape (..., C, T, V, M), all of whose channels are positions.
        offset: One offset a clip, shape (..., C).

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    Example:
        >>> x = torch.tensor([0.0, 2.0]).reshape(1, 1, 2, 1)  # the first joint is missing
        >>> translate(x, torch.tensor([0.5])).flatten()
        tensor([0.0000, 2.5000])
    """
    x, offset = _checks.clips(x), as_tensor(offset)
    _checks.params(x, offset=(offset, (x.shape[-4],)))
    wide = torch.promote_types(x.dtype, torch.float32)
    there = presence(x).to(wide)
    return torch.addcmul(x.to(wide), offset.to(wide)[..., None, None, None], there).to(x.dtype)


@dataclass(frozen=True, eq=False)
class TranslationParams:
    """Draws of `Translate`: ``offset`` (..., D) of the D coordinates that are positions."""

    offset: Tensor


class Translate(Transform[TranslationParams]):
    """Move whole clips by an offset from U(-amplitude, amplitude) along every axis.

    All frames and persons move alike. Missing joints and persons stay zero, and so does padding.
    A joint at the origin counts as missing: centre on a joint after it, not before.

    Args:
        amplitude: The largest offset along every axis, in the unit of the clips, from 0. Three
            numbers are those of x, y and z.
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    Raises:
        TypeError: `layout` is not a layout, or an amplitude not a number.
        ValueError: An amplitude is negative, or there are neither 1 nor 3. In a call: there are
            3 for points of a plane, or clips have other than 2 or 3 channels without a layout.

    References:
        torch-skeleton, "random shift".

    Example:
        >>> x = torch.randn(8, 3, 40, 25, 2)
        >>> bool(((Translate(0.1)(x) - x).abs() < 0.1001).all())
        True
    """

    def __init__(
        self, amplitude: float | Sequence[float] = 0.1, *, layout: SkeletonLayout | None = None
    ) -> None:
        super().__init__()
        self.amplitude = each_axis("amplitude", amplitude)
        self.layout = None if layout is None else check_layout(layout)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> TranslationParams:
        """Draw the offset of each clip."""
        size = _checks.positions(x, self.layout)
        largest = self.amplitude * size if len(self.amplitude) == 1 else self.amplitude
        _checks.require(
            len(largest) == size,
            "`amplitude` of Translate",
            f"be one number for positions of {size} coordinates",
            self.amplitude,
        )
        (draws,) = draw(x, generator, (size,))
        return TranslationParams((2 * draws - 1) * constant(largest, draws))

    def transform(self, x: Tensor, params: TranslationParams) -> Tensor:
        """Add the offset."""
        return map_positions(partial(translate, offset=params.offset), x, self.layout)

    def extra_repr(self) -> str:
        """Name the arguments."""
        largest = self.amplitude[0] if len(self.amplitude) == 1 else self.amplitude
        return f"amplitude={largest}{say_layout(self.layout)}"
