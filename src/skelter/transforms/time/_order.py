"""The order of frames: reversed, rolled, shuffled."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Generator, Tensor

from skelter import _checks
from skelter.transforms.kinds._frame_map import FrameMap, read_frames
from skelter.transforms.kinds._numbers import at_most, count_to, last_axis, valid_frames
from skelter.transforms.time._frames import below, draw_frames, in_valid
from skelter.typing import ClipShape


def reverse_frames(x: Tensor, num_frames: Tensor | None = None) -> Tensor:
    """Put the valid frames of clips in the opposite order.

    Args:
        x: Clips of shape (..., C, T, V, M).
        num_frames: Valid frames of each clip, integers of shape (...). None counts all of them.
            Padding stays behind them.

    Returns:
        Clips of the same shape.

    Example:
        >>> import torch
        >>> x = torch.tensor([1.0, 2.0, 3.0, 0.0]).reshape(1, 4, 1, 1)
        >>> reverse_frames(x, torch.tensor(3)).flatten()
        tensor([3., 2., 1., 0.])
    """
    x = _checks.clips(x)
    return read_frames(x, _backwards(x.shape[-3], _checks.frame_counts(num_frames, x)))


def roll_frames(x: Tensor, offset: Tensor, num_frames: Tensor | None = None) -> Tensor:
    """Begin clips at a later frame, and put the frames before it behind the last.

    Args:
        x: Clips of shape (..., C, T, V, M).
        offset: The frame that becomes the first, integers of shape (...), from 0.
        num_frames: Valid frames of each clip, integers of shape (...). None counts all of them.
            Padding stays behind them.

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    Example:
        >>> import torch
        >>> x = torch.arange(4.0).reshape(1, 4, 1, 1)
        >>> roll_frames(x, torch.tensor(3)).flatten()
        tensor([3., 0., 1., 2.])
    """
    x = _checks.clips(x)
    _checks.params(x, offset=(offset, ()))
    return read_frames(x, _roll(x.shape[-3], offset, _checks.frame_counts(num_frames, x)))


def shuffle_chunks(x: Tensor, order: Tensor, num_frames: Tensor | None = None) -> Tensor:
    """Cut clips into chunks of equal length, and put the chunks in another order.

    With n valid frames and K chunks, a chunk has ``ceil(n / K)`` frames. What the last chunks lack
    is filled by the last frame, and the result is cut after n frames.

    Args:
        x: Clips of shape (..., C, T, V, M).
        order: The chunk that comes first, second and so on, integers of shape (..., K).
        num_frames: Valid frames of each clip, integers of shape (...). None counts all of them.
            Padding stays behind them.

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    Example:
        >>> import torch
        >>> x = torch.arange(6.0).reshape(1, 6, 1, 1)
        >>> shuffle_chunks(x, torch.tensor([2, 0, 1])).flatten()
        tensor([4., 5., 0., 1., 2., 3.])
    """
    x = _checks.clips(x)
    _checks.params(x, order=(order, order.shape[-1:]))
    return read_frames(x, _shuffle(x.shape[-3], order, _checks.frame_counts(num_frames, x)))


@dataclass(frozen=True, eq=False)
class ReverseParams:
    """Parameters of `Reverse`: the ``num_frames`` (...) of clips. Nothing is random."""

    num_frames: Tensor


class Reverse(FrameMap[ReverseParams]):
    """Play clips backwards: the last valid frame becomes the first.

    Padding stays behind. Nothing is random: ``RandomApply(Reverse(), 0.5)`` chooses for each clip.

    References:
        Rao et al., Information Sciences 2021 (AS-CAL), "reverse"; Franco et al., ICLR 2023 (HYSP).

    Example:
        >>> import torch
        >>> x = torch.randn(2, 3, 40, 25, 2)
        >>> torch.equal(Reverse()(x), x.flip(2))
        True
    """

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> ReverseParams:
        """Take the valid frames down."""
        return ReverseParams(valid_frames(num_frames, x))

    def positions(self, x: ClipShape, params: ReverseParams) -> Tensor:
        """Return the frame that each output frame reads."""
        return _backwards(x.shape[-3], params.num_frames)


@dataclass(frozen=True, eq=False)
class RollParams:
    """Draws of `Roll`: the ``offset`` in frames, and the ``num_frames`` of clips, both (...)."""

    offset: Tensor
    num_frames: Tensor


class Roll(FrameMap[RollParams]):
    """Begin clips at a random valid frame, and put the frames before it behind the last.

    The frame is uniform. Padding stays behind. It suits movements that repeat themselves.

    References:
        Franco et al., ICLR 2023 (HYSP): the released code, "temporal shift".

    Example:
        >>> import torch
        >>> x = torch.randn(2, 3, 40, 25, 2)
        >>> torch.equal(Roll()(x).sort(2).values, x.sort(2).values)
        True
    """

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> RollParams:
        """Draw the frame that becomes the first."""
        valid, (place,) = draw_frames(x, num_frames, generator, ())
        return RollParams(below(place, valid), valid)

    def positions(self, x: ClipShape, params: RollParams) -> Tensor:
        """Return the frame that each output frame reads."""
        return _roll(x.shape[-3], params.offset, params.num_frames)


@dataclass(frozen=True, eq=False)
class ShuffleParams:
    """Draws of `Shuffle`: the ``order`` (..., K) of the chunks, and the ``num_frames`` (...)."""

    order: Tensor
    num_frames: Tensor


class Shuffle(FrameMap[ShuffleParams]):
    """Cut the valid frames into chunks of equal length, and put the chunks in a random order.

    All orders have the same chance. A number of frames that is not a multiple of the chunks is
    filled by the last frame and cut afterwards, so some frames are lost. Padding stays behind.

    Args:
        chunks: How many chunks.

    Raises:
        TypeError: `chunks` is not an integer.
        ValueError: `chunks` is below 1.

    References:
        Zhang et al., ACM MM 2023 (PCM3): the released code, "temporal shuffle", 4 chunks.

    Example:
        >>> import torch
        >>> x = torch.randn(2, 3, 40, 25, 2)
        >>> torch.equal(Shuffle(4)(x).sort(2).values, x.sort(2).values)
        True
    """

    def __init__(self, chunks: int = 4) -> None:
        super().__init__()
        _checks.positive_int("chunks", chunks)
        self.chunks = chunks

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> ShuffleParams:
        """Draw the order of the chunks."""
        valid, (keys,) = draw_frames(x, num_frames, generator, (self.chunks,))
        return ShuffleParams(keys.argsort(-1), valid)

    def positions(self, x: ClipShape, params: ShuffleParams) -> Tensor:
        """Return the frame that each output frame reads."""
        return _shuffle(x.shape[-3], params.order, params.num_frames)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"chunks={self.chunks}"


def _backwards(T: int, valid: Tensor) -> Tensor:
    return in_valid(last_axis(valid) - 1 - count_to(T, valid), valid)


def _roll(T: int, offset: Tensor, valid: Tensor) -> Tensor:
    return in_valid((count_to(T, offset) + last_axis(offset)) % last_axis(valid), valid)


def _shuffle(T: int, order: Tensor, valid: Tensor) -> Tensor:
    chunks = order.shape[-1]
    size = last_axis((valid + chunks - 1) // chunks)
    time = count_to(T, order)
    number = at_most(time // size, chunks - 1)  # padding lies behind the last chunk
    chunk = order.gather(-1, number) if isinstance(order, Tensor) else order[number]
    return in_valid(at_most(chunk * size + time % size, last_axis(valid) - 1), valid)
