"""Frames in which nobody is there: how many follow the last that counts, and leaving them out."""

from __future__ import annotations

import torch
from torch import Tensor

from skelter import _checks
from skelter.transforms.kinds._base import Deterministic, FrameRows
from skelter.transforms.kinds._frame_map import read_rows
from skelter.transforms.kinds._positions import presence


def find_persons(x: Tensor) -> Tensor:
    """Return where a person has any joint, bool of shape (..., T, M)."""
    return presence(x).squeeze(-4).sum(-2) > 0


def find_frames(x: Tensor) -> Tensor:
    """Return where anybody is there, bool of shape (..., T)."""
    return presence(x).squeeze(-4).flatten(-2).sum(-1) > 0


def count_frames(x: Tensor) -> Tensor:
    """Count the frames of each clip up to the last in which anybody is there, at least 1.

    It gives the valid frames of clips whose number of frames depends on their values, such as
    those that `DropEmptyFrames` has packed to the front.

    Args:
        x: Clips of shape (..., C, T, V, M).

    Returns:
        int64 of shape (...).

    Example:
        >>> count_frames(torch.tensor([2.0, 0.0, 3.0, 0.0]).reshape(1, 4, 1, 1))
        tensor(3)
    """
    x = _checks.clips(x)
    there = find_frames(x)
    numbers = torch.arange(1, x.shape[-3] + 1, device=x.device)
    return torch.where(there, numbers, 1).amax(-1)


def pack_frames(x: Tensor, keep: Tensor) -> Tensor:
    """Move the frames that are kept to the front, in their order, and fill up with zeros.

    Args:
        x: Clips of shape (..., C, T, V, M).
        keep: True for the frames that stay, bool of shape (..., T).

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match.

    Example:
        >>> x = torch.tensor([0.0, 5.0, 6.0]).reshape(1, 3, 1, 1)
        >>> pack_frames(x, torch.tensor([False, True, True])).flatten()
        tensor([5., 6., 0.])
    """
    x = _checks.clips(x)
    _checks.params(x, keep=(keep, (x.shape[-3],)))
    order = _kept_first(keep)
    return read_rows(x, FrameRows(order, order, None, keep.gather(-1, order)))


def _kept_first(keep: Tensor) -> Tensor:
    """Return numbers of frames, int64 (..., T): those that are kept, then the others."""
    return torch.argsort(~keep, dim=-1, stable=True)


class DropEmptyFrames(Deterministic):
    """Leave out the frames in which nobody is there.

    The others move to the front in their order, and zeros fill up behind them. How many there are
    depends on the values: `functional.count_frames` counts them.

    Args:
        person: Leave out the frames in which this person is not there. None: those in which
            nobody is.

    Raises:
        TypeError: `person` is not an integer.
        ValueError: `person` is negative. In a call: the clips have fewer persons.

    References:
        Zhang et al., Semantics-Guided Neural Networks, CVPR 2020; Duan et al., PYSKL, 2022: steps
        of their preparation of NTU RGB+D.

    Example:
        >>> x = torch.tensor([0.0, 5.0, 0.0, 6.0]).reshape(1, 4, 1, 1)
        >>> DropEmptyFrames()(x).flatten()
        tensor([5., 6., 0., 0.])
    """

    def __init__(self, person: int | None = None) -> None:
        super().__init__()
        if person is not None:
            _checks.positive_int("person + 1", person + 1, "Persons count from 0.")
        self.person = person

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Pack the frames."""
        x = _checks.clips(x)
        if self.person is None:  # what is left out is zero, and need not be made so
            order = _kept_first(find_frames(x))
            return read_rows(x, FrameRows(order, order, None))
        _checks.between("person", self.person, 0, x.shape[-1] - 1, "Persons count from 0.")
        return pack_frames(x, find_persons(x)[..., self.person])

    def extra_repr(self) -> str:
        """Name the person."""
        return "" if self.person is None else f"person={self.person}"
