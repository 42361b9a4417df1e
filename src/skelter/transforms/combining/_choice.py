"""Transforms that choose for each clip: one of several, or whether at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter._ragged import RaggedClips
from skelter.transforms.combining._compose import Members, counts_of, shape_after
from skelter.transforms.kinds._base import (
    Deterministic,
    FrameReader,
    FrameRows,
    JointMatrices,
    Transform,
    Valueless,
)
from skelter.transforms.kinds._frame_map import as_read_for, read_rows
from skelter.transforms.kinds._joint_map import map_joints
from skelter.transforms.kinds._numbers import as_tensor, constant, draw
from skelter.typing import ClipShape


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
        transforms: At least one. All of them give clips of the same shape.
        weights: Chance of each member, from 0. They need not sum to 1. Equal ones if None.

    Raises:
        TypeError: A member has no ``sample`` and ``transform``.
        ValueError: Weights or output frames do not fit.

    Example:
        >>> from skelter.transforms import JointJitter, Shear
        >>> OneOf([Shear(), JointJitter()])(torch.randn(4, 3, 64, 25, 2)).shape
        torch.Size([4, 3, 64, 25, 2])
    """

    def __init__(self, transforms: Sequence[Any], weights: Sequence[float] | None = None) -> None:
        super().__init__()
        self.transforms = Members(transforms)
        self.weights = [1.0] * len(transforms) if weights is None else [float(w) for w in weights]
        _checks.require(
            len(self.weights) == len(transforms) and min(self.weights) >= 0 < sum(self.weights),
            "`weights`",
            f"be one number from 0 for each of the {len(transforms)} transforms, not all 0",
            weights,
        )
        self._members = self.transforms.as_transforms()
        frames = [member.output_frames for member in self._members]
        shapes = {_shapes_after(member) for member in self._members}
        _checks.require(
            len(set(frames)) == len(shapes) == 1,
            "`transforms` of OneOf",
            "give clips of the same shape",
            f"members with output_frames {frames}",
            "Resample before or after the choice.",
        )
        joint_maps = [member.as_joint_map() for member in self._members]
        frame_maps = [member.as_frame_map() for member in self._members]
        self._joint_maps = [maps for maps in joint_maps if maps] if all(joint_maps) else []
        self._frame_maps = [maps for maps in frame_maps if maps] if all(frame_maps) else []

    @property
    def output_frames(self) -> int | None:
        """Frames that every member resamples to."""
        return self._members[0].output_frames

    def output_shape(self, shape: torch.Size) -> torch.Size:
        """Return the shape that every member gives."""
        return self._members[0].output_shape(shape)

    def output_num_frames(
        self, x: ClipShape, params: OneOfParams, *, num_frames: Tensor | None = None
    ) -> Tensor | None:
        """Return the valid frames that the chosen members give."""
        candidates = [
            member.output_num_frames(x, own, num_frames=num_frames)
            for member, own in zip(self._members, params.params, strict=True)
        ]
        if all(counts is candidates[0] for counts in candidates):
            return candidates[0]
        shape = Valueless(x, self.output_shape(x.shape))
        filled = [_checks.frame_counts(counts, shape) for counts in candidates]
        return _choose(filled, as_tensor(params.choice))

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> OneOfParams:
        """Draw the choice of each clip, and the parameters of every member."""
        (draws,) = draw(x, generator, (1,))
        choice = _number_of(draws, self.weights)
        num_frames = counts_of(x, num_frames)
        params = tuple(
            member.sample(x, num_frames=num_frames, generator=generator) for member in self._members
        )
        return OneOfParams(choice, params)

    def transform(self, x: Tensor | RaggedClips, params: OneOfParams) -> Tensor:
        """Apply the chosen member to each clip, padded or ragged."""
        if self._joint_maps:
            clips = _checks.padded(x)
            return map_joints(clips, self._matrices(clips, params))
        if self._frame_maps:
            rows = self._rows(x, params)
            return read_rows(as_read_for(self.output_frames, x, rows), rows)
        number = _of_one_clip(params.choice)
        if number is not None:
            return self._members[number].apply_to(x, params.params[number])
        candidates = [
            member.apply_to(x, its_params)
            for member, its_params in zip(self._members, params.params, strict=True)
        ]
        return _choose(candidates, params.choice[..., None, None, None, None])

    apply_to = transform

    def as_joint_map(self) -> JointMatrices | None:
        """Return the matrices of the chosen members, if all members are joint maps."""
        return self._matrices if self._joint_maps else None

    def as_frame_map(self) -> FrameReader | None:
        """Return the rows of the chosen members, if all members are frame maps."""
        return self._rows if self._frame_maps else None

    def extra_repr(self) -> str:
        """Name the weights."""
        return f"weights={self.weights}"

    def _matrices(self, x: ClipShape, params: OneOfParams) -> Tensor:
        number = _of_one_clip(params.choice)
        if number is not None:
            return self._joint_maps[number](x, params.params[number])
        candidates = [
            maps(x, own) for maps, own in zip(self._joint_maps, params.params, strict=True)
        ]
        return _choose(candidates, params.choice[..., None, None, None])

    def _rows(self, x: ClipShape, params: OneOfParams) -> FrameRows:
        number = _of_one_clip(params.choice)
        if number is not None:
            return self._frame_maps[number](x, params.params[number])
        candidates = [
            maps(x, own) for maps, own in zip(self._frame_maps, params.params, strict=True)
        ]
        return _choose_rows(candidates, params.choice[..., None])


class RandomApply(OneOf):
    """Apply a transform to some clips and leave the others as they are.

    Args:
        transform: A module with ``sample`` and ``transform`` that leaves the shape of clips.
        p: Chance of each clip, in [0, 1].

    Raises:
        TypeError: The transform has no ``sample`` and ``transform``.
        ValueError: `p` is out of range or the transform changes the shape of clips.

    Example:
        >>> from skelter.transforms import Shear
        >>> x = torch.randn(4, 3, 64, 25, 2)
        >>> bool((RandomApply(Shear(), p=0.0)(x) == x).all())
        True
    """

    def __init__(self, transform: Any, p: float = 0.5) -> None:
        _checks.between("p", p, 0.0, 1.0)
        keep_shape(transform, "`transform` of RandomApply")
        super().__init__([transform, _Identity()], weights=[p, 1 - p])
        self.p = p

    def extra_repr(self) -> str:
        """Name the chance."""
        return f"p={self.p}"


def keep_shape(transform: Any, subject: str) -> None:
    """Check that a member of a combination leaves the shape of clips as it is."""
    (member,) = Members([transform]).as_transforms()
    before, after = _shapes_after(_Identity()), _shapes_after(member)
    _checks.require(
        member.output_frames is None and after == before,
        subject,
        "leave the shape of clips as it is",
        f"{type(transform).__name__}, which makes {tuple(after[0])} of {tuple(before[0])}",
        "Use OneOf of two that give the same shape, such as with a CentreCropResize.",
    )


def _shapes_after(member: Transform[Any]) -> tuple[torch.Size, ...]:
    """Return the shapes that clips of few and of many frames have afterwards."""
    return tuple(shape_after(member, frames) for frames in (60, 1_000_001))


class _Identity(Deterministic):
    """Leave clips as they are. It is a joint map and a frame map."""

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        return x

    def as_joint_map(self) -> JointMatrices:
        return self._matrices

    def as_frame_map(self) -> FrameReader:
        return self._rows

    def _matrices(self, x: ClipShape, params: None) -> Tensor:
        batch, C = x.shape[:-4], x.shape[-4]
        return torch.eye(C, device=x.device, dtype=torch.float32).expand(*batch, 1, C, C)

    def _rows(self, x: ClipShape, params: None) -> FrameRows:
        time = torch.arange(x.shape[-3], device=x.device).expand(*x.shape[:-4], -1)
        return FrameRows(time, time, None)


def _number_of(draw: Tensor, weights: Sequence[float]) -> Tensor:
    """Return the number of the member that a draw (..., 1) falls upon."""
    *edges, total = accumulate(weights)
    return (draw >= constant([edge / total for edge in edges], draw)).sum(-1)


def _of_one_clip(choice: Tensor) -> int | None:
    """Return the choice of one clip, for which the other members need not be looked at."""
    if isinstance(choice, Tensor):
        one = choice.ndim == 0 and choice.is_cpu and not torch.compiler.is_compiling()
        return _checks.read_number(choice) if one else None
    return int(choice)


def _choose(candidates: Sequence[Tensor], choice: Tensor) -> Tensor:
    """Return the candidate of each clip, by the number of its choice."""
    first, *others = candidates
    for number, candidate in enumerate(others, 1):
        first = torch.where(choice == number, candidate, first)
    return first


def _choose_rows(candidates: Sequence[FrameRows], choice: Tensor) -> FrameRows:
    """Return the rows of each clip, by the number of its choice."""
    first = _choose([rows.first for rows in candidates], choice)
    second = _choose([rows.second for rows in candidates], choice)
    share = _choose_or_all([rows.share for rows in candidates], choice, first.float().zero_())
    keep = _choose_or_all([rows.keep for rows in candidates], choice, first >= 0)
    return FrameRows(first, second, share, keep)


def _choose_or_all(
    candidates: Sequence[Tensor | None], choice: Tensor, default: Tensor
) -> Tensor | None:
    """Return the candidate of each clip, a default where there is none. None if all have none."""
    if all(candidate is None for candidate in candidates):
        return None
    filled = [default if candidate is None else candidate for candidate in candidates]
    return _choose(filled, choice)
