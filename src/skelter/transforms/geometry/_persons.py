"""Two persons: exchanged, seen from the other one, and one of them alone."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.layouts import NTU25, SkeletonLayout, check_layout
from skelter.transforms.kinds._base import Deterministic
from skelter.transforms.kinds._mask import Mask
from skelter.transforms.kinds._numbers import as_tensor, uniform
from skelter.transforms.kinds._positions import presence
from skelter.typing import ClipShape

AXES = ("x", "y", "z")


def swap_persons(x: Tensor) -> Tensor:
    """Exchange persons 0 and 1 of clips in which both are there.

    A person is there if any of its values is not zero. Other clips are returned as they are.

    Args:
        x: Clips of shape (..., C, T, V, M).

    Returns:
        Clips of the same shape.

    Example:
        >>> swap_persons(torch.tensor([1.0, 2.0]).reshape(1, 1, 1, 2)).flatten()
        tensor([2., 1.])
        >>> swap_persons(torch.tensor([1.0, 0.0]).reshape(1, 1, 1, 2)).flatten()
        tensor([1., 0.])
    """
    x = _checks.clips(x)
    if x.shape[-1] < 2:
        return x.clone()
    return torch.where(_both_there(x), _exchanged(x), x)


def swap_viewpoint(x: Tensor, joint: int, up: int) -> Tensor:
    """Show a clip of two persons from the place of the other one.

    Persons 0 and 1 are exchanged. A joint of the new person 0 becomes the origin, frame by frame,
    where it is there. Then all are turned by half a turn about the vertical, which negates the
    other coordinates. Clips in which one of the two is not there are returned as they are, and
    missing joints stay zero. The joint itself is not missing in clips that are centred on it, which
    have it at zero in all frames of person 0.

    Args:
        x: Clips of shape (..., C, T, V, M), all of whose channels are positions.
        joint: Index of the joint that becomes the origin.
        up: The coordinate that points up or down, 0 for x.

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: `joint` or `up` is out of range.

    Example:
        >>> x = torch.tensor([[1.0, 3.0], [0.5, 2.0]]).reshape(2, 1, 1, 2)  # x, y of two points
        >>> swap_viewpoint(x, joint=0, up=1).flatten(1)
        tensor([[ 0.0000,  2.0000],
                [ 0.0000, -1.5000]])
    """
    x = _checks.clips(x)
    _checks.between("joint", joint, 0, x.shape[-2] - 1, "Joints count from 0.")
    _checks.between("up", up, 0, x.shape[-4] - 1, "Coordinates count from 0.")
    if x.shape[-1] < 2:
        return x.clone()
    signs = [1.0 if axis == up else -1.0 for axis in range(x.shape[-4])]
    sign = torch.tensor(signs, dtype=x.dtype, device=x.device).view(-1, 1, 1, 1)
    other = _exchanged(x)
    centred = (other - other[..., joint, None, 0, None]) * _exchanged(_presence_about(x, joint))
    # Zeros have a sign too: adding one takes it away.
    return torch.where(_both_there(x), centred * sign + 0.0, x)


class SwapPersons(Deterministic):
    """Exchange persons 0 and 1 of clips in which both are there, and leave the others alone.

    Encoders and losses see the order of persons, which means nothing. Apply it to half of the
    clips by ``RandomApply(SwapPersons(), 0.5)``. Further persons stay where they are.

    References:
        SkateFormer (Do, Kim, ECCV 2024).

    Example:
        >>> x = torch.randn(4, 3, 40, 25, 2)
        >>> torch.equal(SwapPersons()(x), x.flip(-1))
        True
    """

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Exchange the persons."""
        return swap_persons(x)


class SwapViewpoint(Deterministic):
    """Show clips of two persons from the place of the other one, and leave the others alone.

    Pre-normalised clips are centred on person 0, who looks one way. This exchanges the persons,
    centres on the new person 0 frame by frame, and turns all by half a turn about the vertical, as
    if the recording had begun with the other one. Apply it to half of the clips by
    ``RandomApply(SwapViewpoint(layout), 0.5)``. See `functional.swap_viewpoint`.

    Args:
        layout: The layout of the clips. Its `up` says which axis is the vertical. Channels after
            its `dimensions`, such as a detector's score, go with their person.
        joint: Name or index of the joint that becomes the origin, the layout's centre if None.

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: The layout has no such joint. In a call: the clips have other joints.

    Example:
        >>> x = SwapViewpoint(NTU25)(torch.randn(4, 3, 40, 25, 2))
        >>> x[:, :, :, NTU25.centre, 0].abs().sum()
        tensor(0.)
    """

    def __init__(self, layout: SkeletonLayout = NTU25, joint: int | str | None = None) -> None:
        super().__init__()
        self.layout = check_layout(layout)
        self.joint = layout.centre if joint is None else layout.index(joint)
        self.up = AXES.index(layout.up.removeprefix("-"))

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Show clips from the other place."""
        x = _checks.clips(x)
        _checks.joints(x, self.layout)
        size = _checks.positions(x, self.layout)
        positions, scores = x[..., :size, :, :, :], x[..., size:, :, :, :]
        shown = swap_viewpoint(positions, self.joint, self.up)
        if size == x.shape[-4]:
            return shown
        if x.shape[-1] > 1:  # scores go with their person, who is there by its positions
            scores = torch.where(_both_there(positions), _exchanged(scores), scores)
        return torch.cat([shown, scores], dim=-4)

    def extra_repr(self) -> str:
        """Name layout and joint."""
        return f"layout={self.layout.name}, joint={self.joint}"


@dataclass(frozen=True, eq=False)
class DropPersonParams:
    """Draws of `DropPerson`: ``order`` (..., M) in which persons are asked to leave."""

    order: Tensor


class DropPerson(Mask[DropPersonParams]):
    """Hide one of the persons of clips in which two or more are there.

    Each of those who are there is hidden with the same chance. Clips of one person are left alone.
    Apply it to half of the clips by ``RandomApply(DropPerson(), 0.5)``.

    References:
        SkateFormer (Do, Kim, ECCV 2024), where it is always the first person, as a bound is wrong.

    Example:
        >>> x = torch.ones(100, 3, 4, 25, 2)
        >>> there = DropPerson()(x).flatten(1, -2).any(1)
        >>> bool((there.sum(-1) == 1).all()), bool(there.any(0).all())
        (True, True)
    """

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> DropPersonParams:
        """Draw an order of the persons of each clip."""
        return DropPersonParams(uniform((*x.shape[:-4], x.shape[-1]), x, generator))

    def keep(self, x: Tensor | ClipShape, params: DropPersonParams) -> Tensor:
        """Return the persons that stay, bool (..., 1, 1, 1, M). It looks at who is there."""
        clips = _checks.clips(x)
        order = as_tensor(params.order)
        _checks.params(clips, order=(order, (clips.shape[-1],)))
        there = _there(clips)
        first = torch.where(there, order[..., None, None, None, :], 2.0).argmin(-1, keepdim=True)
        numbers = torch.arange(clips.shape[-1], device=clips.device)
        return (numbers != first) | (there.sum(-1, keepdim=True) < 2)


def _there(x: Tensor) -> Tensor:
    """Return which persons are there, bool (..., 1, 1, 1, M)."""
    # A sum is many times as fast as `any`, and it is zero for zeros alone.
    return (x.detach().abs().flatten(-4, -2).sum(-2) != 0)[..., None, None, None, :]


def _both_there(x: Tensor) -> Tensor:
    """Return whether persons 0 and 1 are there, bool (..., 1, 1, 1, 1)."""
    return _there(x)[..., :2].all(-1, keepdim=True)


def _presence_about(x: Tensor, joint: int) -> Tensor:
    """Return where joints are, as `presence`, in clips that may be centred on one of person 0."""
    there = presence(x)
    first = there[..., 0]  # ... 1 t v
    centred = (first[..., joint] == 0).all(-1)[..., None, None]
    is_centre = (torch.arange(x.shape[-2], device=x.device) == joint) & centred
    first = torch.where(is_centre, first.amax(-1, keepdim=True), first)
    return torch.cat([first.unsqueeze(-1), there[..., 1:]], dim=-1)


def _exchanged(x: Tensor) -> Tensor:
    """Return clips with persons 0 and 1 exchanged."""
    return torch.cat([x[..., 1:2], x[..., :1], x[..., 2:]], dim=-1)
