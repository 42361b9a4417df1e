"""The path through space of another clip."""

from __future__ import annotations

import torch
from torch import Tensor

from skelter import _checks
from skelter.layouts import NTU25, SkeletonLayout, check_layout, map_positions
from skelter.transforms.bones._partner import FromPartner, PartnerParams, partners_in_time
from skelter.transforms.kinds._partners import same_clips
from skelter.transforms.kinds._positions import presence
from skelter.typing import ClipShape


def transfer_path(x: Tensor, other: Tensor, joint: int) -> Tensor:
    """Move bodies, frame by frame, so that a joint of each person is where that of others is.

    Frames in which a person has no such joint in either clip stay as they are, and missing joints
    stay zero.

    Args:
        x: Clips of shape (..., C, T, V, M), all of whose channels are positions.
        other: Clips of the same shape.
        joint: Index of the joint.

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: The shapes do not match, or `joint` is out of range.

    References:
        Do and Kim, SkateFormer, ECCV 2024, whose joint 1 takes over the path of the other body.

    Example:
        >>> x, other = torch.randn(2, 3, 8, 25, 2)
        >>> torch.allclose(transfer_path(x, other, 1)[:, :, 1], other[:, :, 1], atol=1e-5)
        True
    """
    x, other = same_clips(x, other)
    _checks.between("joint", joint, 0, x.shape[-2] - 1, "Joints count from 0.")
    return _move(x, other[..., joint, None, :], joint)


class TransferPath(FromPartner):
    """Let persons walk where those of another clip of the batch walk.

    In each frame the root of each person is moved to that of the same person in another clip, at
    the same share of its valid frames. See `functional.transfer_path`. It changes only
    clips whose root is not the origin.

    Args:
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on.
        root: Name or index of the joint that is moved, the layout's centre if None.

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: The layout has no such joint. In a call: clips have other joints, or there are
            fewer than 2 of them.

    References:
        Do and Kim, SkateFormer, ECCV 2024, which takes over bone lengths and path together.

    Example:
        >>> TransferPath()(torch.randn(8, 3, 40, 25, 2)).shape
        torch.Size([8, 3, 40, 25, 2])
    """

    def __init__(self, layout: SkeletonLayout = NTU25, *, root: int | str | None = None) -> None:
        super().__init__()
        self.layout = check_layout(layout)
        self.root = layout.centre if root is None else layout.index(root)

    def transform(self, x: Tensor, params: PartnerParams) -> Tensor:
        """Move the bodies."""
        x = _checks.clips(x)
        _checks.joints(x, self.layout)
        return map_positions(lambda points: self._follow(points, params), x, self.layout)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"layout={self.layout.name}, root={self.root}"

    def _check(self, x: ClipShape) -> None:
        _checks.joint_count("`x`", x.shape[-2], self.layout)

    def _follow(self, x: Tensor, params: PartnerParams) -> Tensor:
        return _move(x, partners_in_time(x[..., self.root, None, :], params), self.root)


def _move(x: Tensor, target: Tensor, joint: int) -> Tensor:
    """Move bodies so that a joint lies at targets (..., C, T, 1, M), where both are there."""
    place = x[..., joint, None, :]
    wide = torch.promote_types(x.dtype, torch.float32)
    both = presence(place) * presence(target)
    offset = (target.to(wide) - place.to(wide)) * both
    return torch.addcmul(x.to(wide), offset, presence(x).to(wide)).to(x.dtype)
