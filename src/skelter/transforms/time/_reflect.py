"""Crops of clips whose ends were reflected."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Generator, Tensor

from skelter import _checks
from skelter.transforms.kinds._frame_map import FrameMap, read_frames
from skelter.transforms.kinds._numbers import choose, count_to, last_axis
from skelter.transforms.time._frames import below, draw_frames, in_valid
from skelter.typing import ClipShape


def crop_reflect(x: Tensor, start: Tensor, pad: Tensor, num_frames: Tensor | None = None) -> Tensor:
    """Reflect both ends of clips by ``pad`` frames, and cut as many frames as before out of it.

    Output frame t reads frame ``t + start - pad`` of the clip. Before the first frame lies the
    first again, then the second and so on, and behind the last alike. Padding stays where it is.

    Args:
        x: Clips of shape (..., C, T, V, M).
        start: First frame of each crop, counted from the first reflected one, integers of shape
            (...), from 0 to ``2 * pad``.
        pad: Frames that are reflected at each end, integers of shape (...), from 0 to the valid
            frames.
        num_frames: Valid frames of each clip, integers of shape (...). None counts all of them.

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    References:
        Li et al., CVPR 2021 (CrosSCLR), "crop".

    Example:
        >>> import torch
        >>> x = torch.arange(6.0).reshape(1, 6, 1, 1)
        >>> crop_reflect(x, torch.tensor(0), torch.tensor(2)).flatten()
        tensor([1., 0., 0., 1., 2., 3.])
    """
    x = _checks.clips(x)
    _checks.params(x, start=(start, ()), pad=(pad, ()))
    valid = _checks.frame_counts(num_frames, x)
    return read_frames(x, _reflect(x.shape[-3], start - pad, valid))


@dataclass(frozen=True, eq=False)
class CropReflectParams:
    """Draws of `CropReflect`: ``start``, ``pad`` and the ``num_frames`` of clips, all (...)."""

    start: Tensor
    pad: Tensor
    num_frames: Tensor


class CropReflect(FrameMap[CropReflectParams]):
    """Reflect both ends of the valid frames, and cut as many frames as before out of it.

    With n valid frames, ``pad = floor(n / divisor)`` frames are reflected at each end, the outer
    frame first. The start is uniform from 0 to ``2 * pad``. So a clip moves by up to `pad` frames
    to either side, and keeps its speed. Padding stays where it is.

    Args:
        divisor: The part of the clip that is reflected at each end, 6 for a sixth.

    Raises:
        TypeError: `divisor` is not an integer.
        ValueError: `divisor` is below 1.

    References:
        Li et al., CVPR 2021 (CrosSCLR), "crop"; Guo et al., AAAI 2022 (AimCLR).

    Example:
        >>> import torch
        >>> CropReflect()(torch.randn(8, 3, 50, 25, 2)).shape
        torch.Size([8, 3, 50, 25, 2])
    """

    def __init__(self, divisor: int = 6) -> None:
        super().__init__()
        _checks.positive_int("divisor", divisor)
        self.divisor = divisor

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> CropReflectParams:
        """Draw the start of each crop."""
        valid, (place,) = draw_frames(x, num_frames, generator, ())
        pad = valid // self.divisor
        return CropReflectParams(below(place, 2 * pad + 1), pad, valid)

    def positions(self, x: ClipShape, params: CropReflectParams) -> Tensor:
        """Return the frame that each output frame reads."""
        return _reflect(x.shape[-3], params.start - params.pad, params.num_frames)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"divisor={self.divisor}"


def _reflect(T: int, shift: Tensor, valid: Tensor) -> Tensor:
    """Return the frames (..., T) of clips that were moved and reflected at their ends."""
    moved, valid_ = count_to(T, shift) + last_axis(shift), last_axis(valid)
    moved = choose(moved < 0, -1 - moved, moved)
    moved = choose(moved < valid_, moved, 2 * valid_ - 1 - moved)
    return in_valid(moved, valid)
