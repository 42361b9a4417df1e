"""What combinations ask of their members, any of which may have left it out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from skelter._ragged import RaggedClips


def output_frames_of(transform: Any) -> int | None:
    """Return the frames that it resamples to, None if it keeps time as it is."""
    frames: int | None = getattr(transform, "output_frames", None)
    return frames


def is_joint_map(transform: Any) -> bool:
    """Whether it maps joint positions by matrices."""
    return bool(getattr(transform, "maps_joints", False))


def keeps_axes(transform: Any) -> bool:
    """Whether it is known to keep all axes but time."""
    return is_joint_map(transform) or bool(getattr(transform, "keeps_axes", False))


def reads_ragged(transform: Any) -> bool:
    """Whether it takes ragged clips."""
    return bool(getattr(transform, "reads_ragged", False))


def as_read_by(member: Any, x: Any) -> Any:
    """Pad ragged clips for a member that does not read them."""
    return x.padded() if isinstance(x, RaggedClips) and not reads_ragged(member) else x


def as_drawn_from(member: Any, x: Any) -> Any:
    """Return what a member draws from: of ragged clips for a joint map, their shape alone."""
    if isinstance(x, RaggedClips) and is_joint_map(member):
        return shape_alone(x)
    return as_read_by(member, x)


def shape_alone(x: Any, members: Sequence[Any] = ()) -> Tensor:
    """Return clips without values, of the shape that they have after members that keep axes."""
    frames = [output_frames_of(member) for member in members]
    T = next((count for count in reversed(frames) if count is not None), x.shape[-3])
    empty = torch.empty((), dtype=x.dtype, device=x.device)
    return empty.expand(*x.shape[:-3], T, *x.shape[-2:])


def counted(x: Any, num_frames: Tensor | None) -> Tensor | None:
    """Return the valid frames that were given, or those that ragged clips bring."""
    return x.num_frames if num_frames is None and isinstance(x, RaggedClips) else num_frames
