"""Noise on some of the joints."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from torch import Generator, Tensor

from skelter import _checks
from skelter.layouts import SkeletonLayout, check_layout, map_positions
from skelter.transforms.kinds._amounts import count_of, share_or_count
from skelter.transforms.kinds._base import Transform
from skelter.transforms.kinds._numbers import as_tensor, uniform
from skelter.transforms.kinds._positions import say_layout
from skelter.transforms.noise._gaussian import add_noise_at
from skelter.transforms.noise._strength import (
    Strength,
    draw_noise,
    say_strength,
    strength_range,
)
from skelter.typing import ClipShape


def add_noise_to_joints(x: Tensor, joints: Tensor, noise: Tensor) -> Tensor:
    """Add noise to some joints where they are there, and keep the others bit-equal.

    Args:
        x: Clips of shape (..., C, T, V, M), all of whose channels are positions.
        joints: Numbers of k different joints, int64 of shape (..., k).
        noise: What is added to them, in the order of `joints`, shape (..., C, T, k, M).

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    Example:
        >>> import torch
        >>> x, noise = torch.ones(2, 3, 4, 1), torch.full((2, 3, 1, 1), 0.5)
        >>> add_noise_to_joints(x, torch.tensor([2]), noise)[0, 0, :, 0]
        tensor([1.0000, 1.0000, 1.5000, 1.0000])
    """
    x, joints, noise = _checks.clips(x), as_tensor(joints), as_tensor(noise)
    C, T, _, M = x.shape[-4:]
    count = joints.shape[-1]
    _checks.params(x, joints=(joints, (count,)), noise=(noise, (C, T, count, M)))
    return add_noise_at(x, -2, joints, noise)


@dataclass(frozen=True, eq=False)
class JointNoiseParams:
    """Draws of `JointNoise`: ``joints`` (..., k) int64, and their ``noise`` (..., C, T, k, M)."""

    joints: Tensor
    noise: Tensor


class JointNoise(Transform[JointNoiseParams]):
    """Add Gaussian noise to some joints, the same ones in all frames and for all persons.

    The joints are chosen without replacement. Every value of theirs has a draw of its own.
    Missing joints and persons stay zero.

    Args:
        std: The standard deviation, in the unit of the clips, from 0. A range (from, to) draws
            the deviation of each clip from U(from, to).
        joints: How many: a share of the joints in (0, 1] as a float, rounded, or a count as an
            integer.
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for positions.

    Raises:
        TypeError: `std` or `joints` is not a number, or `layout` not a layout.
        ValueError: `std` is negative or the share lies outside (0, 1]. In a call: the count
            exceeds the joints of a clip; clips have other than 2 or 3 channels without a layout.

    References:
        Wu et al., ECCV 2024 (MacDiff): the released code, "joint noise".

    Example:
        >>> import torch
        >>> x = torch.ones(4, 3, 40, 17, 2)
        >>> (JointNoise(0.05, joints=3)(x) != x).any(1).any(1).any(-1).sum(-1)
        tensor([3, 3, 3, 3])
    """

    def __init__(
        self, std: Strength = 0.05, joints: float = 0.2, *, layout: SkeletonLayout | None = None
    ) -> None:
        super().__init__()
        self.std = strength_range("std", std)
        self.joints = share_or_count("joints", joints)
        self.layout = None if layout is None else check_layout(layout)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> JointNoiseParams:
        """Draw the joints of each clip and their noise."""
        C, (T, V, M) = _checks.positions(x, self.layout), x.shape[-3:]
        count = count_of("joints", self.joints, V)
        order = uniform((*x.shape[:-4], V), x, generator)
        joints = order.topk(count, largest=False).indices
        return JointNoiseParams(joints, draw_noise((C, T, count, M), self.std, x, generator))

    def transform(self, x: Tensor, params: JointNoiseParams) -> Tensor:
        """Add the noise to the joints."""
        add = partial(add_noise_to_joints, joints=params.joints, noise=params.noise)
        return map_positions(add, x, self.layout)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"std={say_strength(self.std)}, joints={self.joints}{say_layout(self.layout)}"
