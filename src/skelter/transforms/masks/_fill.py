"""Random numbers in the place of what a mask hides."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import Generator, Tensor

from skelter import _checks
from skelter.layouts import SkeletonLayout, check_layout, map_positions
from skelter.transforms.kinds._base import Transform
from skelter.transforms.kinds._mask import Mask, keep_only
from skelter.transforms.kinds._numbers import uniform
from skelter.transforms.kinds._positions import presence, say_layout
from skelter.typing import ClipShape


def fill_masked(x: Tensor, keep: Tensor, fill: Tensor) -> Tensor:
    """Put other numbers in the place of what a mask does not keep.

    Missing joints (all zeros) stay missing.

    Args:
        x: Clips of shape (..., C, T, V, M), all of whose channels are positions.
        keep: True where a value stays, bool, of a shape that broadcasts to that of `x`.
        fill: The other numbers, of the shape of `x`.

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    Example:
        >>> import torch
        >>> keep = torch.tensor([True, False]).view(1, 2, 1)
        >>> fill_masked(torch.ones(1, 1, 2, 1), keep, torch.full((1, 1, 2, 1), 5.0)).flatten()
        tensor([1., 5.])
    """
    x = _checks.clips(x)
    _checks.params(x, fill=(fill, tuple(x.shape[-4:])))
    return keep_only(x, keep) + keep_only(fill.to(x.dtype) * presence(x), ~keep)


@dataclass(frozen=True, eq=False)
class FillMaskedParams:
    """Draws of `FillMasked`: those of its mask, and ``fill``, numbers for all positions."""

    mask: Any
    fill: Tensor


class FillMasked(Transform[FillMaskedParams]):
    """Put random numbers in the place of what a mask hides.

    Every hidden number becomes a draw of its own from U(low, high). Missing joints and persons
    stay zero, and so does padding.

    Args:
        mask: The mask.
        low: Smallest number.
        high: Largest number.
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    Raises:
        TypeError: `mask` is not a `Mask`, `low` or `high` not a number, or `layout` not a layout.
        ValueError: `low` exceeds `high`. In a call: clips have other than 2 or 3 channels without
            a layout, or the mask refuses them.

    References:
        Wu et al., ECCV 2024 (MacDiff): the test of robustness, which fills in U(-1, 1).

    Example:
        >>> import torch
        >>> from skelter.transforms import PartMask
        >>> y = FillMasked(PartMask())(torch.full((3, 40, 25, 2), 5.0))
        >>> (y < 5).any(), (y != 0).all()
        (tensor(True), tensor(True))
    """

    def __init__(
        self,
        mask: Mask[Any],
        low: float = -1.0,
        *,
        high: float = 1.0,
        layout: SkeletonLayout | None = None,
    ) -> None:
        super().__init__()
        came = type(mask).__name__
        fits = isinstance(mask, Mask)
        expected = "be a mask such as skelter.transforms.PartMask()"
        _checks.require(fits, "`mask`", expected, came, error=TypeError)
        _checks.number("high", high)
        _checks.between("low", low, float("-inf"), high)
        self.mask = mask
        self.low, self.high = float(low), float(high)
        self.layout = None if layout is None else check_layout(layout)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> FillMaskedParams:
        """Draw what is hidden, and numbers for all positions."""
        shape = (*x.shape[:-4], _checks.positions(x, self.layout), *x.shape[-3:])
        mask = self.mask.sample(x, num_frames=num_frames, generator=generator)
        fill = uniform(shape, x, generator).mul_(self.high - self.low).add_(self.low)
        return FillMaskedParams(mask, fill)

    def transform(self, x: Tensor, params: FillMaskedParams) -> Tensor:
        """Fill in what is hidden."""
        x = _checks.clips(x)
        keep, size = self.mask.keep(x, params.mask), params.fill.shape[-4]
        keep = keep if keep.ndim < 4 else keep[..., :size, :, :, :]
        fill = partial(fill_masked, keep=keep, fill=params.fill)
        return map_positions(fill, x, self.layout)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"low={self.low}, high={self.high}{say_layout(self.layout)}"
