"""Windows of whole frames: chosen, moved, padded."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Generator, Tensor

from skelter import _checks
from skelter._ragged import RaggedClips
from skelter.transforms.kinds._frame_map import FrameMap, read_rows, rows_at
from skelter.transforms.kinds._numbers import (
    as_tensor,
    at_least,
    at_most,
    count_to,
    last_axis,
    valid_frames,
)
from skelter.transforms.time._frames import (
    Fixed,
    FramesParams,
    Picks,
    below,
    draw_frames,
    first_frames,
)
from skelter.typing import ClipShape


def cut_window(
    x: Tensor | RaggedClips, start: Tensor, frames: int, num_frames: Tensor | None = None
) -> Tensor:
    """Cut a window of whole frames out of clips, zeros where it reaches beyond them.

    Output frame t is frame ``start + t`` of the clip, if that is a valid one, and else zeros.

    Args:
        x: Clips of shape (..., C, T, V, M), or ragged ones.
        start: First frame of each window, integers of shape (...). A negative one puts zeros
            before the clip.
        frames: Frames of every window, from 1.
        num_frames: Valid frames of each clip, integers of shape (...). None counts all of them.

    Returns:
        Clips of shape (..., C, frames, V, M).

    Raises:
        ValueError: The shapes do not match or `frames` is below 1.

    Example:
        >>> import torch
        >>> x = torch.tensor([1.0, 2.0, 3.0]).reshape(1, 3, 1, 1)
        >>> cut_window(x, torch.tensor(-1), 5).flatten()
        tensor([0., 1., 2., 3., 0.])
    """
    _checks.positive_int("frames", frames)
    x = x if isinstance(x, RaggedClips) else _checks.clips(x)
    _checks.params(x, start=(start, ()))
    valid, moved = _checks.frame_counts(num_frames, x), _move(frames, start)
    rows = rows_at(x, _hold(moved, valid))
    return read_rows(x, rows._replace(keep=_is_inside(moved, valid)))


@dataclass(frozen=True, eq=False)
class WindowParams:
    """Draws of windows: their ``start``, below 0 before the clip, and ``num_frames``, (...)."""

    start: Tensor
    num_frames: Tensor


class _Window(FrameMap[WindowParams]):
    def size_of(self, x: ClipShape) -> int:
        """Return the frames of a window."""
        return self.output_frames or x.shape[-3]

    def positions(self, x: ClipShape, params: WindowParams) -> Tensor:
        """Return the frame that each output frame reads."""
        return _hold(_move(self.size_of(x), params.start), params.num_frames)

    def present(self, x: ClipShape, params: WindowParams) -> Tensor:
        """Return the output frames that lie within the clip."""
        return _is_inside(_move(self.size_of(x), params.start), params.num_frames)

    def output_num_frames(
        self, x: ClipShape, params: WindowParams, *, num_frames: Tensor | None = None
    ) -> Tensor:
        """Return the frames up to the last one that lies within the clip."""
        return as_tensor(at_most(params.num_frames - params.start, self.size_of(x)))


class RandomWindow(_Window, Fixed):
    """Choose a window of whole frames, at a random place among the valid ones.

    With n valid frames, the start is uniform from 0 to ``n - frames``. The frames of a clip that
    is shorter stand at a random place of the window between zeros if `pad` is set. Otherwise
    they stand at its beginning, and clips of fewer frames, padding counted, are refused.

    Args:
        frames: Frames of the window, those of every output clip.
        pad: Clips may be shorter than the window.

    Raises:
        TypeError: `frames` is not an integer.
        ValueError: `frames` is below 1. In a call: clips have fewer frames, and `pad` is not set.

    References:
        Yan, Xiong, Lin, AAAI 2018 (ST-GCN): the released code, "random choose".

    Example:
        >>> import torch
        >>> RandomWindow(150)(torch.randn(8, 3, 300, 18, 2)).shape
        torch.Size([8, 3, 150, 18, 2])
    """

    def __init__(self, frames: int, *, pad: bool = False) -> None:
        super().__init__()
        _checks.positive_int("frames", frames)
        self.frames, self.pad = frames, pad

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> WindowParams:
        """Draw the start of each window."""
        _checks.require(
            self.pad or x.shape[-3] >= self.frames,
            "`x`",
            f"have at least the {self.frames} frames of the window",
            f"T={x.shape[-3]}",
            "Pass pad=True to put zeros around shorter clips.",
        )
        valid, (place,) = draw_frames(x, num_frames, generator, ())
        spare = at_least(valid - self.frames, 0)
        if not self.pad:
            return WindowParams(below(place, spare + 1), valid)
        lack = at_least(self.frames - valid, 0)
        return WindowParams(below(place, spare + 1) - below(place, lack + 1), valid)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"frames={self.frames}, pad={self.pad}"


class RandomShift(_Window):
    """Move the valid frames to a random place of the padded clip.

    With n valid frames of T, their first stands at a uniform place from 0 to ``T - n``. Zeros are
    before and behind. Those before it count as valid afterwards. Clips without padding stay as
    they are.

    References:
        Yan, Xiong, Lin, AAAI 2018 (ST-GCN): the released code, "random shift".

    Example:
        >>> import torch
        >>> x = torch.ones(4, 3, 300, 18, 2)
        >>> y = RandomShift()(x, num_frames=torch.full((4,), 120))
        >>> (y[:, 0, :, 0, 0] != 0).sum(-1)
        tensor([120, 120, 120, 120])
    """

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> WindowParams:
        """Draw the place of each clip."""
        valid, (place,) = draw_frames(x, num_frames, generator, ())
        return WindowParams(-below(place, x.shape[-3] - valid + 1), valid)


class Pad(Picks, Fixed):
    """Lengthen clips to a fixed number of frames, by zeros or by playing them again.

    Args:
        frames: Frames of every output clip.
        fill: "zeros" behind the valid frames, or "loop" to begin again at the first.

    Raises:
        TypeError: `frames` is not an integer.
        ValueError: `frames` is below 1 or `fill` another word. In a call: clips have more frames.

    References:
        Yan, Xiong, Lin, AAAI 2018 (ST-GCN): the released code, "auto pad". Duan et al., ACM MM
        2022 (PYSKL), "PadTo".

    Example:
        >>> import torch
        >>> x = torch.tensor([1.0, 2.0, 3.0]).reshape(1, 3, 1, 1)
        >>> Pad(5, fill="loop")(x).flatten()
        tensor([1., 2., 3., 1., 2.])
    """

    def __init__(self, frames: int, *, fill: str = "zeros") -> None:
        super().__init__()
        _checks.positive_int("frames", frames)
        _checks.choice("fill", fill, ("zeros", "loop"))
        self.frames, self.fill = frames, fill

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> FramesParams:
        """Return the frames to read. Nothing is random."""
        _checks.require(
            x.shape[-3] <= self.frames,
            "`x`",
            f"have at most the {self.frames} frames that it is lengthened to",
            f"T={x.shape[-3]}",
            "RandomWindow and CentreCropResize shorten clips.",
        )
        valid = valid_frames(num_frames, x)
        if self.fill == "loop":
            return FramesParams(count_to(self.frames, valid) % last_axis(valid), None, valid)
        return FramesParams(first_frames(self.frames, valid), valid, valid)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"frames={self.frames}, fill={self.fill!r}"


def _move(frames: int, start: Tensor) -> Tensor:
    """Return the frames (..., T') of windows, those outside of clips too."""
    return count_to(frames, start) + last_axis(start)


def _hold(frames: Tensor, valid: Tensor) -> Tensor:
    return at_most(at_least(frames, 0), last_axis(valid) - 1)


def _is_inside(frames: Tensor, valid: Tensor) -> Tensor:
    return (frames >= 0) & (frames < last_axis(valid))
