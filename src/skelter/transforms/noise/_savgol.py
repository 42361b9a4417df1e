"""The filter of Savitzky and Golay: a polynomial fitted to a window of frames."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from numbers import Integral

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from skelter import _checks
from skelter.layouts import SkeletonLayout, check_layout, map_positions
from skelter.transforms.kinds._base import Transform
from skelter.transforms.kinds._positions import say_layout
from skelter.transforms.noise._filter import clamp_counts, frames_there, weigh_frames
from skelter.typing import ClipShape


def savitzky_golay(
    x: Tensor, num_frames: Tensor | None = None, *, window: int = 15, order: int = 2
) -> Tensor:
    """Replace every position by the value of a polynomial fitted to the frames around it.

    The polynomial is the least-squares fit to a window with the frame in its middle. Frames near
    the ends of a clip are read off the fit to its first or last window (SciPy's mode "interp"). A
    clip shorter than the window gets the largest odd window that fits into it, so that clips of up
    to ``order + 1`` frames stay as they are. A joint that is missing somewhere in the window, all
    zeros, keeps its position in that frame: a fit through a gap would pull it to the origin.

    Args:
        x: Clips of shape (..., C, T, V, M), all of whose channels are positions.
        num_frames: Valid frames of each clip, integers of shape (...). None counts all of them.
        window: Frames of the window, odd.
        order: Degree of the polynomial, from 0, below `window`.

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match, `window` is even, or `order` not below it.

    References:
        Savitzky, Golay, Analytical Chemistry 1964. Franco et al., ICLR 2023 (HYSP): the released
        code filters by window 15 and order 2.

    Example:
        >>> time = torch.arange(20.0)
        >>> parabola = (time - 0.1 * time**2 + 1).reshape(1, 20, 1, 1)
        >>> torch.allclose(savitzky_golay(parabola, window=7), parabola, atol=1e-4)
        True
    """
    check_window(window, order)
    return _smooth(_checks.clips(x), num_frames, fits_of(window, order))


@dataclass(frozen=True, eq=False)
class SavitzkyGolayParams:
    """Parameters of `SavitzkyGolay`: the ``num_frames`` (...) of clips. Nothing is random."""

    num_frames: Tensor


class SavitzkyGolay(Transform[SavitzkyGolayParams]):
    """Smooth clips along time by polynomials fitted to a window of frames.

    It takes trembling away and keeps the peaks of a movement. Nothing is random. See
    `functional.savitzky_golay` for the ends of clips, clips shorter than the window, and gaps.

    Args:
        window: Frames of the window, odd. Clips with fewer valid frames get the largest odd
            window that fits.
        order: Degree of the polynomial, from 0, below `window`.
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    Raises:
        TypeError: `window` or `order` is not an integer, or `layout` not a layout.
        ValueError: `window` is even, or `order` not below it. In a call: clips have other than 2
            or 3 channels without a layout.

    References:
        Savitzky, Golay, Analytical Chemistry 1964. Franco et al., ICLR 2023 (HYSP): the released
        code.

    Example:
        >>> smooth, trembling = SavitzkyGolay(), torch.randn(3, 60, 25, 2)
        >>> bool(smooth(trembling).std() < 0.6 * trembling.std())
        True
    """

    def __init__(
        self, window: int = 15, order: int = 2, *, layout: SkeletonLayout | None = None
    ) -> None:
        super().__init__()
        check_window(window, order)
        self.window = window
        self.order = order
        self._fits = fits_of(window, order)  # here, as compilers do not follow NumPy
        self.layout = None if layout is None else check_layout(layout)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> SavitzkyGolayParams:
        """Take the valid frames down."""
        _checks.positions(x, self.layout)
        return SavitzkyGolayParams(_checks.frame_counts(num_frames, x))

    def transform(self, x: Tensor, params: SavitzkyGolayParams) -> Tensor:
        """Smooth."""
        smooth = partial(_smooth, num_frames=params.num_frames, fits=self._fits)
        return map_positions(smooth, x, self.layout)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"window={self.window}, order={self.order}{say_layout(self.layout)}"


def check_window(window: int, order: int) -> None:
    """Check that a polynomial of an order can be fitted to a window with a middle."""
    _checks.positive_int("window", window)
    _checks.require(window % 2 == 1, "`window`", "be odd, so that it has a middle", window)
    whole = isinstance(order, Integral)
    _checks.require(whole, "`order`", "be an integer", repr(order), error=TypeError)
    _checks.between("order", order, 0, window - 1, "A fit needs more frames than its degree.")


def _smooth(x: Tensor, num_frames: Tensor | None, fits: Tensor) -> Tensor:
    """Smooth by the fits to windows of 1, 3, ... frames, as `fits_of` gives them."""
    valid, T, window = clamp_counts(num_frames, x)[..., None], x.shape[-3], fits.shape[-1]
    size = torch.minimum(valid - 1 + valid % 2, torch.full_like(valid, window))
    time, taps = (torch.arange(count, device=x.device) for count in (T, window))
    # Row r of a window's fit is its value at the r-th frame of the window.
    start = torch.minimum((time - size // 2).clamp(min=0), valid - size)
    row = torch.minimum(time - start, size - 1)
    weights = fits.to(x.device)[size // 2, row]
    frames = (start[..., None] + taps).clamp(max=T - 1)
    p = x.to(torch.promote_types(x.dtype, torch.float32))
    there = frames_there(p, valid.squeeze(-1))
    gaps = weigh_frames(1 - there, frames, (taps < size[..., None]).expand(frames.shape))
    fitted = weigh_frames(p, frames, weights)
    kept = 1 - there * (gaps == 0)
    return fitted.lerp_(p, kept).to(x.dtype)


@lru_cache(maxsize=16)
def fits_of(window: int, order: int) -> Tensor:
    """Return the matrices of the fits to windows of 1, 3, ... frames, zeros behind them.

    float64 of shape ((window + 1) / 2, window, window): entry [h, r, k] is the weight of frame k
    of a window of 2 h + 1 frames in the value of the fit at its frame r.
    """
    table = np.zeros(((window + 1) // 2, window, window))
    for half, fit in enumerate(table):
        size = 2 * half + 1
        fit[:size, :size] = _fit(size, min(order, size - 1))
    return torch.from_numpy(table)


def _fit(size: int, order: int) -> NDArray[np.float64]:
    """Return the projection onto polynomials of an order at ``size`` frames."""
    place = np.linspace(-1, 1, size) if size > 1 else np.zeros(1)
    basis, _ = np.linalg.qr(np.polynomial.legendre.legvander(place, order))
    projection: NDArray[np.float64] = basis @ basis.T
    return projection
