"""A slow movement of the camera: angle, scale and shift that change along time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import radians as to_radians

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.layouts import SkeletonLayout, check_layout
from skelter.transforms.kinds._base import Transform
from skelter.transforms.kinds._numbers import (
    as_tensor,
    at_least,
    at_most,
    constant,
    count_to,
    draw,
    floor,
    last_axis,
    number_between,
    valid_frames,
    wide,
)
from skelter.transforms.kinds._positions import presence, say_layout
from skelter.typing import ClipShape


def interpolate_nodes(values: Tensor, num_frames: Tensor, frames: int) -> Tensor:
    """Interpolate the values of nodes along time.

    With k + 1 nodes and n valid frames, node i lies at frame ``round(i n / k)``, halves to the even
    one. Within a segment values run linearly, both ends included: the last frame of a segment has
    the value of the next node. A segment of one frame has the value of its first node.

    Args:
        values: Values of the nodes, shape (..., k + 1), from k of 1 on.
        num_frames: Valid frames of each clip, integers (...).
        frames: Frames T of the clips.

    Returns:
        Values of the frames, shape (..., T). Behind the valid ones they are those of the last.

    Raises:
        ValueError: There are fewer than 2 nodes.

    References:
        Yan et al., AAAI 2018 (ST-GCN), "random move".

    Example:
        >>> interpolate_nodes(torch.tensor([0.0, 3.0]), torch.tensor(4), 5)
        tensor([0., 1., 2., 3., 3.])
    """
    k = values.shape[-1] - 1
    _checks.require(k >= 1, "`values`", "have a last axis of 2 or more nodes", tuple(values.shape))
    passed = _segments_passed(as_tensor(num_frames), k, frames)
    return _along_segments(values.unsqueeze(-2), passed).squeeze(-2)


def move(x: Tensor, radians: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Turn, scale and shift x and y of every frame. Missing joints stay zero.

    With an angle t, (x, y) becomes ``s (x cos t - y sin t, x sin t + y cos t) + shift``. A third
    coordinate is passed on.

    Args:
        x: Clips of shape (..., C, T, V, M) with C of 2 or more, all of whose channels are
            positions.
        radians: Angle of every frame, shape (..., T).
        scale: Scale of every frame, shape (..., T).
        shift: Shift of every frame along x and y, shape (..., T, 2).

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    References:
        Yan et al., AAAI 2018 (ST-GCN), "random move".

    Example:
        >>> x = torch.ones(2, 3, 5, 1)
        >>> move(x, torch.zeros(3), torch.full((3,), 2.0), torch.ones(3, 2)).unique()
        tensor([3.])
    """
    x = _checks.clips(x)
    T = x.shape[-3]
    _checks.params(x, radians=(radians, (T,)), scale=(scale, (T,)), shift=(shift, (T, 2)))
    p = x.to(torch.promote_types(x.dtype, torch.float32))
    radians, scale, shift = (as_tensor(values, p.dtype) for values in (radians, scale, shift))
    cosine, sine = (
        (scale * turn)[..., None, None] for turn in (radians.cos(), radians.sin())
    )  # ... t 1 1
    first, second, *others = p.unbind(-4)
    there = presence(p).squeeze(-4)
    across, along = (offset[..., None, None] * there for offset in shift.unbind(-1))
    moved = [
        across.addcmul_(cosine, first).addcmul_(sine, second, value=-1),
        along.addcmul_(sine, first).addcmul_(cosine, second),
    ]
    return torch.stack([*moved, *others], dim=-4).to(x.dtype)


@dataclass(frozen=True, eq=False)
class MoveParams:
    """Draws of a movement at k + 1 nodes.

    ``radians`` and ``scale`` are (..., k + 1), ``shift`` is (..., k + 1, 2), and ``num_frames``
    (...) are the valid frames that the nodes divide.
    """

    radians: Tensor
    scale: Tensor
    shift: Tensor
    num_frames: Tensor


class _Move(Transform[MoveParams]):
    def __init__(self, segments: int, layout: SkeletonLayout | None) -> None:
        super().__init__()
        _checks.positive_int("segments", segments)
        self.segments = segments
        self.layout = None if layout is None else check_layout(layout)

    def _draw(
        self, x: ClipShape, num_frames: Tensor | None, generator: Generator | None
    ) -> tuple[Tensor, Tensor]:
        """Return four draws at every node (..., 4, k + 1), and the valid frames of each clip."""
        _checks.positions(x, self.layout)
        counts = valid_frames(num_frames, x)
        (draws,) = draw(x, generator, (4, self.segments + 1))
        return draws, counts

    def transform(self, x: Tensor, params: MoveParams) -> Tensor:
        """Turn, scale and shift every frame by what lies between the nodes."""
        x = _checks.clips(x)
        size, frames, count = _checks.positions(x, self.layout), x.shape[-3], self.segments + 1
        radians, scale, shift = (as_tensor(v) for v in (params.radians, params.scale, params.shift))
        nodes = torch.stack([radians, scale, *shift.unbind(-1)], -2)
        _checks.params(x, params=(nodes, (4, count)))
        passed = as_tensor(_segments_passed(params.num_frames, self.segments, frames))
        values = _along_segments(nodes, passed)
        radians, scale, shift = values[..., 0, :], values[..., 1, :], values[..., 2:, :].mT
        moved = move(x[..., :size, :, :, :], radians, scale, shift)
        if size == x.shape[-4]:
            return moved
        return torch.cat([moved, x[..., size:, :, :, :]], dim=-4)


class RandomMove(_Move):
    """Move the camera slowly, in steps of fixed sizes.

    At k + 1 nodes that divide the valid frames, an angle, a scale and a shift along x and along y
    are chosen, each choice with the same chance. Between the nodes they change linearly. Then x
    and y of every frame are turned, scaled and shifted. z and scores are passed on, and missing
    joints and persons stay zero. A joint at the origin counts as missing: centre on a joint after
    it, not before.

    Args:
        degrees: The angles to choose from.
        scales: The scales to choose from.
        shifts: The shifts along x and y to choose from, in the unit of the clips.
        segments: The number k of stretches between nodes.
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    Raises:
        TypeError: `layout` is not a layout, `segments` not an integer, or a choice not a number.
        ValueError: `segments` is below 1, or there is nothing to choose from. In a call: clips
            have other than 2 or 3 channels without a layout.

    References:
        Yan et al., AAAI 2018 (ST-GCN), "random move": coordinates of Kinetics-skeleton, from -0.5
        to 0.5.

    Example:
        >>> x = torch.randn(8, 3, 40, 18, 2)
        >>> torch.equal(RandomMove()(x)[:, 2], x[:, 2])
        True
    """

    def __init__(
        self,
        degrees: Sequence[float] = (-10.0, -5.0, 0.0, 5.0, 10.0),
        scales: Sequence[float] = (0.9, 1.0, 1.1),
        *,
        shifts: Sequence[float] = (-0.2, -0.1, 0.0, 0.1, 0.2),
        segments: int = 1,
        layout: SkeletonLayout | None = None,
    ) -> None:
        super().__init__(segments, layout)
        self.degrees = _choices("degrees", degrees)
        self.scales = _choices("scales", scales)
        self.shifts = _choices("shifts", shifts)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> MoveParams:
        """Choose what holds at the nodes of each clip."""
        draws, counts = self._draw(x, num_frames, generator)
        degrees = _choose(self.degrees, draws[..., 0, :])
        scale = _choose(self.scales, draws[..., 1, :])
        shift = _choose(self.shifts, draws[..., 2:, :]).swapaxes(-2, -1)
        return MoveParams(degrees * to_radians(1.0), scale, shift, counts)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return (
            f"degrees={self.degrees}, scales={self.scales}, shifts={self.shifts}, "
            f"segments={self.segments}{say_layout(self.layout)}"
        )


class RandomDrift(_Move):
    """Move the camera slowly, by angles, scales and shifts of any size.

    It is `RandomMove` with draws from ranges in the place of choices from lists: at every node an
    angle from U(degrees), a scale from U(scale) and two shifts from U(shift).

    Args:
        degrees: Smallest and largest angle.
        scale: Smallest and largest scale.
        shift: Smallest and largest shift along x and y, in the unit of the clips.
        segments: The number of stretches between nodes.
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    Raises:
        TypeError: `layout` is not a layout, `segments` not an integer, or an end not a number.
        ValueError: `segments` is below 1, or a range is not two ordered numbers. In a call: clips
            have other than 2 or 3 channels without a layout.

    References:
        Zhu et al., ICCV 2023 (MotionBERT), "random move".

    Example:
        >>> params = RandomDrift(segments=2).sample(torch.zeros(100, 2, 40, 17, 1))
        >>> params.radians.shape, bool((params.radians.rad2deg().abs() <= 10.001).all())
        (torch.Size([100, 3]), True)
    """

    def __init__(
        self,
        degrees: tuple[float, float] = (-10.0, 10.0),
        scale: tuple[float, float] = (0.9, 1.1),
        *,
        shift: tuple[float, float] = (-0.1, 0.1),
        segments: int = 1,
        layout: SkeletonLayout | None = None,
    ) -> None:
        super().__init__(segments, layout)
        self.degrees = _checks.number_range("degrees", degrees)
        self.scale = _checks.number_range("scale", scale)
        self.shift = _checks.number_range("shift", shift)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> MoveParams:
        """Draw what holds at the nodes of each clip."""
        draws, counts = self._draw(x, num_frames, generator)
        degrees = number_between(draws[..., 0, :], self.degrees)
        scale = number_between(draws[..., 1, :], self.scale)
        shift = number_between(draws[..., 2:, :], self.shift).swapaxes(-2, -1)
        return MoveParams(degrees * to_radians(1.0), scale, shift, counts)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return (
            f"degrees={self.degrees}, scale={self.scale}, shift={self.shift}, "
            f"segments={self.segments}{say_layout(self.layout)}"
        )


def _choices(name: str, values: Sequence[float]) -> tuple[float, ...]:
    listed = tuple(values) if isinstance(values, Sequence) else (values,)
    for value in listed:
        _checks.number(name, value, "Give a list of numbers to choose from.")
    _checks.require(len(listed) > 0, f"`{name}`", "hold at least one number", values)
    return tuple(float(value) for value in listed)


def _choose(values: Sequence[float], draws: Tensor) -> Tensor:
    """Return one of several values for draws from U(0, 1), each with the same chance."""
    number = at_most(floor(draws * len(values)), len(values) - 1)
    return constant(values, draws)[number]


def _segments_passed(num_frames: Tensor, k: int, frames: int) -> Tensor:
    """Return how much of each of k segments has passed in each frame, from 0 to 1, (..., T, k)."""
    nodes = (count_to(k + 1, num_frames) * last_axis(wide(num_frames)) / k).round()
    end = nodes[..., 1:] - 1
    start = at_most(nodes[..., :-1], end)  # a segment of no frames has passed where it starts
    time = count_to(frames, num_frames)[:, None]
    passed = (time - start[..., None, :]) / at_least(end - start, 1)[..., None, :]
    return passed.clip(0.0, 1.0)


def _along_segments(nodes: Tensor, passed: Tensor) -> Tensor:
    """Return values (..., D, T) of frames from those (..., D, k + 1) of the nodes."""
    steps = passed.to(nodes.dtype).unsqueeze(-3) * nodes.diff().unsqueeze(-2)
    return nodes[..., :1] + steps.sum(-1)
