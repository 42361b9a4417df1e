"""Lengths of bones taken over from another clip."""

from __future__ import annotations

import torch
from torch import Tensor

from skelter import _checks
from skelter._precision import outside_autocast
from skelter.layouts import NTU25, SkeletonLayout, check_layout, map_positions
from skelter.transforms.bones._partner import (
    FromPartner,
    PartnerParams,
    partners_in_time,
)
from skelter.transforms.bones._tree import Tree, sum_of_squares
from skelter.transforms.kinds._partners import same_clips
from skelter.transforms.kinds._positions import say_layout
from skelter.typing import ClipShape

SOFT = 1e-5
"""Added to squared lengths, as ActCLR has it, so that short bones do not explode."""


@outside_autocast
def transfer_bones(
    x: Tensor, other: Tensor, layout: SkeletonLayout = NTU25, *, root: int | str | None = None
) -> Tensor:
    """Give bodies the bone lengths of other bodies, frame by frame, and rebuild them from a root.

    Every bone is multiplied by ``sqrt((l'^2 + 1e-5) / (l^2 + 1e-5))``, with l its length and l'
    that of the other. The root stays where it is. A bone that is missing in either body stays as
    it is, and so does a body whose other is absent.

    Args:
        x: Clips of shape (..., C, T, V, M).
        other: Clips of the same shape.
        layout: The layout of the clips. Channels after its `dimensions` are passed on.
        root: Name or index of the joint that stays where it is, the layout's centre if None.

    Returns:
        Clips of the same shape.

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: The shapes do not match, or the layout has no bones or no such joint.

    References:
        Lin et al., Actionlet-Dependent Contrastive Learning, CVPR 2023: the joint stream, from
        joint 20. Do and Kim, SkateFormer, ECCV 2024, takes (l' + 1e-5) / (l + 1e-5) from joint 1,
        which `bone_lengths` and `scale_bones` give. Its path of joint 1 is that of `transfer_path`.

    Example:
        >>> x = torch.randn(3, 8, 25, 2)
        >>> torch.allclose(transfer_bones(x, x), x)
        True
    """
    x, other = same_clips(x, other)
    tree = Tree(layout, root)
    _checks.joints(x, tree.layout)
    count = _checks.positions(x, tree.layout)
    theirs = tree.take_apart(other[..., :count, :, :, :]).squares()
    return map_positions(lambda points: _with_lengths(points, theirs, tree), x, tree.layout)


def transfer_lengths(x: Tensor, other: Tensor) -> Tensor:
    """Give vectors the lengths of other vectors: the bone streams of two clips.

    Every vector is multiplied by ``sqrt((l'^2 + 1e-5) / (l^2 + 1e-5))``. One whose other is zero
    stays as it is.

    Args:
        x: Vectors of shape (..., C, T, V, M), such as bones.
        other: Vectors of the same shape.

    Returns:
        Vectors of the same shape.

    Raises:
        ValueError: The shapes do not match.

    References:
        Lin et al., Actionlet-Dependent Contrastive Learning, CVPR 2023: the bone stream.

    Example:
        >>> bones, other = torch.randn(2, 3, 8, 25, 2)
        >>> torch.allclose(transfer_lengths(bones, other).norm(dim=0), other.norm(dim=0), rtol=0.1)
        True
    """
    x, other = same_clips(x, other)
    wide = torch.promote_types(x.dtype, torch.float32)
    own, theirs = (sum_of_squares(vectors.to(wide)) for vectors in (x, other))
    return (x * _ratio(own, theirs)).to(x.dtype)


class TransferBones(FromPartner):
    """Give bodies the bone lengths of another clip of the batch, and rebuild them.

    See `functional.transfer_bones`. The lengths are those of the frame of the partner at the same
    share of its valid frames. The body keeps its own path. Persons whose partner is absent, and
    bones that are missing in either, are left alone.

    Args:
        layout: The layout of the clips, with bones. Channels after its `dimensions`, such as a
            detector's score, are passed on.
        root: Name or index of the joint that stays where it is, the layout's centre if None.

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: The layout has no bones or no such joint. In a call: clips have other joints,
            or there are fewer than 2 of them.

    References:
        Lin et al., Actionlet-Dependent Contrastive Learning, CVPR 2023; Do and Kim, SkateFormer,
        ECCV 2024, which takes partners of the same class, and their path, too (`TransferPath`).

    Example:
        >>> TransferBones()(torch.randn(8, 3, 40, 25, 2)).shape
        torch.Size([8, 3, 40, 25, 2])
    """

    def __init__(self, layout: SkeletonLayout = NTU25, *, root: int | str | None = None) -> None:
        super().__init__()
        self.tree = Tree(layout, root)

    @outside_autocast
    def transform(self, x: Tensor, params: PartnerParams) -> Tensor:
        """Rebuild the bodies with the lengths of their partners."""
        x = _checks.clips(x)
        _checks.joints(x, self.tree.layout)
        return map_positions(lambda points: self._rebuild(points, params), x, self.tree.layout)

    def _check(self, x: ClipShape) -> None:
        _checks.joint_count("`x`", x.shape[-2], self.tree.layout)

    def _rebuild(self, x: Tensor, params: PartnerParams) -> Tensor:
        bones = self.tree.take_apart(x)
        own = bones.squares()
        theirs = partners_in_time(own.unsqueeze(-4), params).squeeze(-4)
        return self.tree.rebuild(x, bones, _ratio(own, theirs))


class TransferLengths(FromPartner):
    """Give bones the lengths of another clip's bones, for clips that are bone streams.

    See `functional.transfer_lengths`. The lengths are those of the frame of the partner at the
    same share of its valid frames.

    Args:
        layout: The layout of the clips. Channels after its `dimensions`, such as a detector's
            score, are passed on. None takes all of 2 or 3 channels for vectors.

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: In a call: there are fewer than 2 clips, or they have other than 2 or 3
            channels without a layout.

    References:
        Lin et al., Actionlet-Dependent Contrastive Learning, CVPR 2023: the bone stream.

    Example:
        >>> TransferLengths()(torch.randn(8, 3, 40, 25, 2)).shape
        torch.Size([8, 3, 40, 25, 2])
    """

    def __init__(self, *, layout: SkeletonLayout | None = None) -> None:
        super().__init__()
        self.layout = None if layout is None else check_layout(layout)

    def transform(self, x: Tensor, params: PartnerParams) -> Tensor:
        """Multiply the vectors."""
        return map_positions(lambda vectors: _lengths_of_partners(vectors, params), x, self.layout)

    def extra_repr(self) -> str:
        """Name the layout."""
        return say_layout(self.layout).removeprefix(", ")

    def _check(self, x: ClipShape) -> None:
        _checks.positions(x, self.layout)


def _lengths_of_partners(x: Tensor, params: PartnerParams) -> Tensor:
    own = sum_of_squares(x.to(torch.promote_types(x.dtype, torch.float32)))
    return (x * _ratio(own, partners_in_time(own, params))).to(x.dtype)


def _with_lengths(x: Tensor, squares: Tensor, tree: Tree) -> Tensor:
    bones = tree.take_apart(x)
    return tree.rebuild(x, bones, _ratio(bones.squares(), squares))


def _ratio(own: Tensor, theirs: Tensor) -> Tensor:
    """Return factors from squared lengths to others, 1 where one of them is zero."""
    return torch.where((own > 0) & (theirs > 0), ((theirs + SOFT) / (own + SOFT)).sqrt(), 1.0)
