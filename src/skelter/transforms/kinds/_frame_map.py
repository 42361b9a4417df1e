"""Frame maps: transforms that read output frames at positions of the time axis."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Generic, TypeVar, final

import torch
from torch import Tensor
from torch.nn import functional as F

from skelter import _checks
from skelter._ragged import RaggedClips
from skelter.transforms.kinds._base import FrameReader, FrameRows, Transform
from skelter.transforms.kinds._joint_map import forbid_own_transform
from skelter.transforms.kinds._numbers import (
    as_tensor,
    at_least,
    at_most,
    count_to,
    floor,
    is_whole,
    last_axis,
    narrow,
    wide,
)
from skelter.typing import ClipShape

ParamsT = TypeVar("ParamsT")


def read_frames(x: Tensor | RaggedClips, positions: Tensor) -> Tensor:
    """Return the frames at positions of the time axis, linearly between two frames.

    Args:
        x: Clips of shape (..., C, T, V, M), or ragged ones, of which nothing but the neighbours
            of every position is read.
        positions: Positions of the output frames within each clip, from 0 to T - 1, shape
            (..., T'). Integers pick whole frames. Between frames give float64: float32 cannot
            tell positions of long clips apart.

    Returns:
        Clips of shape (..., C, T', V, M).

    Raises:
        ValueError: The shapes do not match.

    Example:
        >>> x = torch.arange(4.0).reshape(1, 4, 1, 1)
        >>> read_frames(x, torch.tensor([3, 0, 0])).flatten()
        tensor([3., 0., 0.])
        >>> read_frames(x, torch.tensor([0.25, 2.5])).flatten()
        tensor([0.2500, 2.5000])
    """
    x = x if isinstance(x, RaggedClips) else _checks.clips(x)
    return read_rows(x, rows_at(x, positions))


class FrameMap(Transform[ParamsT], Generic[ParamsT]):
    """A transform that reads output frames at positions of the time axis.

    A new one implements `sample` and `positions`, and `output_frames` where all clips get the
    same number of frames. Where some output frames are to be zeros, such as padding, it also
    implements `present`, and `output_num_frames` where the number of valid frames changes. Of
    ragged clips nothing but the frames at these positions is read. Adjacent frame maps of a
    `Compose` become one where that is exact: where one of them picks whole frames.

    Example:
        >>> import torch
        >>> class Backwards(FrameMap):
        ...     def sample(self, x, *, num_frames=None, generator=None):
        ...         whole = torch.full(x.shape[:-4], x.shape[-3])
        ...         return whole if num_frames is None else num_frames
        ...
        ...     def positions(self, x, params):
        ...         time = torch.arange(x.shape[-3])
        ...         backwards = params[..., None] - 1 - time
        ...         return torch.where(backwards >= 0, backwards, time)  # padding stays
        >>> Backwards()(torch.arange(3.0).reshape(1, 3, 1, 1)).flatten()
        tensor([2., 1., 0.])
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        forbid_own_transform(cls, "FrameMap", "`positions`")

    @abstractmethod
    def positions(self, x: ClipShape, params: ParamsT) -> Tensor:
        """Return positions (..., T') within clips of a shape: integers, or float64 between frames.

        Like `sample`, it sees the shape of the clips and not their values.
        """

    def present(self, x: ClipShape, params: ParamsT) -> Tensor | None:
        """Return the output frames that are read, bool (..., T'). The others become zeros.

        None reads all of them. Positions of frames that are not read have to lie in the clip.
        """
        return None

    @final
    def transform(self, x: Tensor | RaggedClips, params: ParamsT) -> Tensor:
        """Read the frames at their positions, of ragged clips where they lie."""
        rows = self._rows(x, params)
        return read_rows(as_read_for(self.output_frames, x, rows), rows)

    apply_to = transform

    def as_frame_map(self) -> FrameReader:
        """Return the map from shape and parameters to the frames to read."""
        return self._rows

    def _rows(self, x: ClipShape, params: ParamsT) -> FrameRows:
        rows = rows_at(x, self.positions(x, params))
        present = self.present(x, params)
        if present is None or (not isinstance(present, Tensor) and present.all()):
            return rows
        return rows._replace(keep=as_tensor(present))


def rows_at(x: ClipShape, positions: Tensor) -> FrameRows:
    """Return the frames around positions (..., T') of clips."""
    # The padded shape of ragged clips differs every time: a compiler must not see it.
    batch = x.starts.shape if isinstance(x, RaggedClips) else x.shape[:-4]
    if positions.shape[:-1] != batch:
        raise ValueError(
            f"`positions` must have shape (..., T') with the batch axes {tuple(batch)} of `x`; got "
            f"{_checks.shape_of(positions)}. Sample them again for this batch."
        )
    if is_whole(positions):
        whole = as_tensor(positions)
        return FrameRows(whole, whole, None)
    first = floor(positions)
    share = narrow(positions - first)
    # Nothing is read behind the last frame.
    return FrameRows(as_tensor(first), as_tensor(first + (share > 0)), as_tensor(share))


def as_read_for(
    output_frames: int | None, x: Tensor | RaggedClips, rows: FrameRows
) -> Tensor | RaggedClips:
    """Return clips to read: padded ones where padding is blended in, as time is left as it is."""
    if isinstance(x, RaggedClips) and (output_frames is not None or rows.share is None):
        return x
    return _checks.clips(x)


def join_rows(before: FrameRows, after: FrameRows) -> FrameRows | None:
    """Return the frames that two maps read one after another. None if that is not exact."""
    if after.share is None:
        share = None if before.share is None else before.share.gather(-1, after.first)
        first, second = (frames.gather(-1, after.first) for frames in before[:2])
        keep = None if before.keep is None else before.keep.gather(-1, after.first)
        return FrameRows(first, second, share, _both(keep, after.keep))
    if before.share is None and before.keep is None:
        first, second = (before.first.gather(-1, frames) for frames in after[:2])
        return FrameRows(first, second, after.share, after.keep)
    return None


def _both(keep: Tensor | None, other: Tensor | None) -> Tensor | None:
    if keep is None or other is None:
        return other if keep is None else keep
    return keep & other


def read_rows(x: Tensor | RaggedClips, rows: FrameRows) -> Tensor:
    """Read frames of clips, padded or ragged."""
    if isinstance(x, RaggedClips) and rows.share is None:
        rows = _hold_within(x, rows)
    if rows.keep is None:
        return _read_all(x, rows)
    # What was read is new memory, and is multiplied in place: a second tensor of the size of the
    # clips takes several times as long. By the product of frames and mask, each mask has frames of
    # its own under torch.func.vmap, even if all read the same.
    read = _read_all(x, rows._replace(first=rows.first * rows.keep))
    return read.mul_(rows.keep[..., None, :, None, None].to(read.dtype))


def _hold_within(x: RaggedClips, rows: FrameRows) -> FrameRows:
    """Return whole frames held within ragged clips, those of padding not kept."""
    count = x.num_frames[:, None]
    frames = torch.minimum(rows.first, count - 1)
    return FrameRows(frames, frames, None, _both(rows.keep, rows.first < count))


def resize_positions(start: Tensor, length: Tensor, frames: int) -> Tensor:
    """Return where the centres of output frames lie in their clips, held inside the stretches.

    Output frame j lies at ``start + clamp((j + 0.5) * length / frames - 0.5, 0, length - 1)``.
    Within a stretch that is float32: half precision cannot tell 300 frames apart.

    Args:
        start: First frame of each stretch, integers (...).
        length: Frames of each stretch, integers (...).
        frames: Frames that it is resampled to.
    """
    step = narrow(count_to(frames, start) + 0.5)
    within = at_least(step * last_axis(narrow(length / frames)) - 0.5, 0.0)
    return wide(at_most(within, last_axis(narrow(length - 1)))) + last_axis(start)


def _read_all(x: Tensor | RaggedClips, rows: FrameRows) -> Tensor:
    if isinstance(x, RaggedClips):
        return x.clips_of(_blend(x.rows, x.starts[:, None], rows))
    *batch, C, T, V, M = x.shape
    if not batch:  # one clip: its frames are an axis
        return _blend_frames(x, rows)
    table = x.reshape(-1, V * M)  # a row is a clip, coordinate and frame
    start = torch.arange(0, len(table), T, device=x.device).view(*batch, C, 1)
    share = None if rows.share is None else rows.share.unsqueeze(-2)
    every = FrameRows(rows.first.unsqueeze(-2), rows.second.unsqueeze(-2), share)
    read = _blend(table, start, every).to(x.dtype)
    return read.view(*batch, C, rows.first.shape[-1], V, M)


def _blend_frames(x: Tensor, rows: FrameRows) -> Tensor:
    """Read frames of one clip."""
    first = x.index_select(1, rows.first)
    if rows.share is None:
        return first
    second, share = x.index_select(1, rows.second), rows.share.view(-1, 1, 1)
    if x.dtype == torch.float32:
        return torch.lerp(first, second, share)
    wide = torch.promote_types(x.dtype, torch.float32)
    return torch.lerp(first.to(wide), second.to(wide), share.to(wide)).to(x.dtype)


def _blend(table: Tensor, start: Tensor, rows: FrameRows) -> Tensor:
    """Return rows of a table for frames that count from a start, in float32 or wider.

    The start is of shape (..., 1), and the frames broadcast to (..., T'): the result is
    (..., T', W) for a table of width W.
    """
    if rows.share is None:
        return _pick(table, start + rows.first)
    if table.dtype in (torch.float32, torch.float64):
        index = start[..., None] + torch.stack([rows.first, rows.second], -1)
        weight = torch.stack([1 - rows.share, rows.share], -1).to(table.dtype)
        # One pass over memory: an embedding bag gathers, weighs and adds.
        mixed = F.embedding_bag(
            index.view(-1, 2), table, per_sample_weights=weight.expand(index.shape).reshape(-1, 2),
            mode="sum",
        )  # fmt: skip
        return mixed.view(*index.shape[:-1], table.shape[1])
    first, second = (_pick(table, start + frames) for frames in rows[:2])
    return torch.lerp(first, second, rows.share[..., None])


def _pick(table: Tensor, index: Tensor) -> Tensor:
    wide = torch.promote_types(table.dtype, torch.float32)
    picked = table.index_select(0, index.flatten()).to(wide)
    return picked.view(*index.shape, table.shape[1])
