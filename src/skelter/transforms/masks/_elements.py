"""Masks of single numbers and of single joints in single frames."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Generator, Tensor
from torch.nn import functional as F

from skelter import _checks
from skelter.layouts import SkeletonLayout, check_layout
from skelter.transforms.kinds._mask import Mask
from skelter.transforms.kinds._numbers import uniform
from skelter.transforms.kinds._positions import say_layout
from skelter.typing import ClipShape


@dataclass(frozen=True, eq=False)
class ElementMaskParams:
    """Draws of masks of elements: ``hidden``, bool, of a shape that broadcasts to that of clips."""

    hidden: Tensor


class ElementDropout(Mask[ElementMaskParams]):
    """Set every single number to zero with a chance of its own.

    Unlike dropout in a network, the other numbers are not scaled up.

    Args:
        p: The chance of a number to become zero, in [0, 1].
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    Raises:
        TypeError: `p` is not a number, or `layout` not a layout.
        ValueError: `p` lies outside [0, 1]. In a call: clips have other than 2 or 3 channels
            without a layout.

    References:
        Lin et al., CVPR 2023 (ActCLR): the released code, with p = 0.5.

    Example:
        >>> import torch
        >>> ElementDropout(0.5)(torch.ones(8, 3, 40, 25, 2)).unique()
        tensor([0., 1.])
    """

    def __init__(self, p: float = 0.5, *, layout: SkeletonLayout | None = None) -> None:
        super().__init__()
        _checks.between("p", p, 0.0, 1.0)
        self.p = float(p)
        self.layout = None if layout is None else check_layout(layout)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> ElementMaskParams:
        """Draw which numbers become zero."""
        size, C = _checks.positions(x, self.layout), x.shape[-4]
        hidden = uniform((*x.shape[:-4], size, *x.shape[-3:]), x, generator) < self.p
        if size < C:  # channels after the positions are not hidden
            hidden = F.pad(hidden, (0, 0, 0, 0, 0, 0, 0, C - size))
        return ElementMaskParams(hidden)

    def keep(self, x: ClipShape, params: ElementMaskParams) -> Tensor:
        """Return the numbers that stay, bool (..., C, T, V, M)."""
        return ~params.hidden

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"p={self.p}{say_layout(self.layout)}"


class CellMask(Mask[ElementMaskParams]):
    """Hide single joints of single frames and persons, each with a chance of its own.

    Args:
        p: The chance of a joint to be hidden in a frame, in [0, 1].

    Raises:
        TypeError: `p` is not a number.
        ValueError: `p` lies outside [0, 1].

    References:
        Wu et al., ECCV 2024 (MacDiff): the test of robustness, "random occlusion". With random
        numbers in the place of zeros it is ``FillMasked(CellMask(p))``.

    Example:
        >>> import torch
        >>> y = CellMask(0.5)(torch.ones(3, 40, 25, 2))
        >>> (y == y[:1]).all(), y.unique()
        (tensor(True), tensor([0., 1.]))
    """

    def __init__(self, p: float = 0.3) -> None:
        super().__init__()
        _checks.between("p", p, 0.0, 1.0)
        self.p = float(p)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> ElementMaskParams:
        """Draw which joints are hidden in each frame of each person."""
        shape = (*x.shape[:-4], 1, *x.shape[-3:])
        return ElementMaskParams(uniform(shape, x, generator) < self.p)

    def keep(self, x: ClipShape, params: ElementMaskParams) -> Tensor:
        """Return the cells that stay, bool (..., 1, T, V, M)."""
        return ~params.hidden

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"p={self.p}"
