"""Transforms that choose for each clip: one of several, or whether at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.transforms import functional
from skelter.transforms._base import Transform, uniform
from skelter.transforms._compose import Members
from skelter.transforms._members import (
    as_drawn_from,
    as_read_by,
    counted,
    is_joint_map,
    keeps_axes,
    output_frames_of,
    reads_ragged,
)


@dataclass(frozen=True, eq=False)
class OneOfParams:
    """``choice`` (...) of the member for each clip, and the parameters of every member."""

    choice: Tensor
    params: tuple[Any, ...]


class OneOf(Transform[OneOfParams]):
    """Apply one of several transforms, chosen for each clip.

    Every member draws for every clip, so that the draws of one clip do not depend on the choices
    of another.

    Args:
        transforms: At least one; all or none of them resample time, to the same frames.
        weights: Chance of each member, from 0, need not sum to 1; equal ones if None.

    Raises:
        TypeError: A member has no ``sample`` and ``transform``.
        ValueError: Weights or output frames do not fit.

    Example:
        >>> from skelter.transforms import JointJitter, Shear
        >>> OneOf([Shear(), JointJitter()])(torch.randn(4, 3, 64, 25, 2)).shape
        torch.Size([4, 3, 64, 25, 2])
    """

    def __init__(
        self, transforms: Sequence[Transform[Any]], weights: Sequence[float] | None = None
    ) -> None:
        super().__init__()
        self.transforms = Members(transforms)
        self.weights = [1.0] * len(transforms) if weights is None else [float(w) for w in weights]
        _checks.require(
            len(self.weights) == len(transforms) and min(self.weights) >= 0 < sum(self.weights),
            "`weights`",
            f"be one number from 0 for each of the {len(transforms)} transforms, not all 0",
            weights,
        )
        frames = [output_frames_of(member) for member in self.transforms]
        _checks.require(
            len(set(frames)) == 1,
            "`transforms` of OneOf",
            "give clips of the same number of frames",
            f"members with output_frames {frames}",
            "Resample before or after the choice.",
        )

    @property
    def reads_ragged(self) -> bool:
        """Whether a member does; the others are given padded ones."""
        return any(reads_ragged(member) for member in self.transforms)

    @property
    def keeps_axes(self) -> bool:
        """Whether all members do."""
        return all(keeps_axes(member) for member in self.transforms)

    @property
    def output_frames(self) -> int | None:
        """Frames that every member resamples to."""
        return output_frames_of(next(iter(self.transforms)))

    def sample(
        self, x: Tensor, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> OneOfParams:
        """Draw the choice of each clip, and the parameters of every member."""
        *edges, total = accumulate(self.weights)
        draw = uniform((*x.shape[:-4], 1), x, generator)
        limits = draw.new_tensor([edge / total for edge in edges])
        choice = (draw >= limits).sum(-1)
        num_frames = counted(x, num_frames)
        params = tuple(
            member.sample(as_drawn_from(member, x), num_frames=num_frames, generator=generator)
            for member in self.transforms
        )
        return OneOfParams(choice, params)

    @property
    def maps_joints(self) -> bool:
        """Whether all members do."""
        return all(is_joint_map(member) for member in self.transforms)

    def joint_maps(self, x: Tensor, params: OneOfParams) -> Tensor:
        """Return the matrices of the chosen member for each clip."""
        maps = [
            member.joint_maps(x, its_params)
            for member, its_params in zip(self.transforms, params.params, strict=True)
        ]
        return _chosen(maps, params.choice[..., None, None, None])

    def transform(self, x: Tensor, params: OneOfParams) -> Tensor:
        """Apply every member and keep the chosen one for each clip."""
        if self.maps_joints:
            return functional.map_joints(x, self.joint_maps(x, params))
        candidates = [
            member.transform(as_read_by(member, x), its_params)
            for member, its_params in zip(self.transforms, params.params, strict=True)
        ]
        return _chosen(candidates, params.choice[..., None, None, None, None])

    def extra_repr(self) -> str:
        """Name the weights."""
        return f"weights={self.weights}"


@dataclass(frozen=True, eq=False)
class RandomApplyParams:
    """``applied`` (...) bool, and the parameters of the transform for every clip."""

    applied: Tensor
    params: Any


class RandomApply(Transform[RandomApplyParams]):
    """Apply a transform to some clips and leave the others as they are.

    Args:
        transform: A module with ``sample`` and ``transform`` that leaves time as it is.
        p: Chance of each clip, in [0, 1].

    Raises:
        TypeError: The transform has no ``sample`` and ``transform``.
        ValueError: `p` is out of range or the transform resamples time.

    Example:
        >>> from skelter.transforms import Shear
        >>> x = torch.randn(4, 3, 64, 25, 2)
        >>> bool((RandomApply(Shear(), p=0.0)(x) == x).all())
        True
    """

    def __init__(self, transform: Transform[Any], p: float = 0.5) -> None:
        super().__init__()
        _checks.between("p", p, 0.0, 1.0)
        (self.member,) = Members([transform])
        _checks.require(
            output_frames_of(transform) is None,
            "`transform` of RandomApply",
            "leave time as it is",
            f"{type(transform).__name__}, which resamples to {output_frames_of(transform)} frames",
            "Use OneOf with a CentreCropResize.",
        )
        self.p = p

    def sample(
        self, x: Tensor, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> RandomApplyParams:
        """Draw whether, and how; as many draws whatever `p` is."""
        applied = uniform(x.shape[:-4], x, generator) < self.p
        seen, num_frames = as_drawn_from(self.member, x), counted(x, num_frames)
        params = self.member.sample(seen, num_frames=num_frames, generator=generator)
        return RandomApplyParams(applied, params)

    @property
    def keeps_axes(self) -> bool:
        """Whether the member does."""
        return keeps_axes(self.member)

    @property
    def maps_joints(self) -> bool:
        """Whether the member does."""
        return is_joint_map(self.member)

    def joint_maps(self, x: Tensor, params: RandomApplyParams) -> Tensor:
        """Return the member's matrices where it is applied, the identity elsewhere."""
        maps = self.member.joint_maps(x, params.params)
        identity = torch.eye(x.shape[-4], dtype=maps.dtype, device=maps.device)
        return torch.where(params.applied[..., None, None, None], maps, identity)

    def transform(self, x: Tensor, params: RandomApplyParams) -> Tensor:
        """Apply where drawn so."""
        x = _checks.padded(x)
        changed = self.member.transform(x, params.params)
        return torch.where(params.applied[..., None, None, None, None], changed, x)

    def extra_repr(self) -> str:
        """Name the chance."""
        return f"p={self.p}"


def _chosen(candidates: Sequence[Tensor], choice: Tensor) -> Tensor:
    """Return the candidate of each clip, by the number of its choice."""
    first, *others = candidates
    for number, candidate in enumerate(others, 1):
        first = torch.where(choice == number, candidate, first)
    return first
