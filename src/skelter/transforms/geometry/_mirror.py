"""Mirrors of the body, and the exchange of its sides."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from skelter import _checks
from skelter.layouts import NTU25, SkeletonLayout, check_layout
from skelter.transforms.kinds._base import Deterministic
from skelter.transforms.kinds._positions import presence

AXES = ("x", "y", "z")


def mirror(
    x: Tensor, order: Sequence[int], axis: int | None = None, width: float | None = None
) -> Tensor:
    """Put joints into another order, and negate a coordinate or mirror it within an image.

    Channels after the positions, such as a detector's score, go with their joints.

    Args:
        x: Clips of shape (..., C, T, V, M).
        order: The joint that comes to each place, V numbers: ``layout.swap`` exchanges left and
            right, ``range(V)`` leaves them.
        axis: The coordinate that is negated, 0 for x. None negates nothing.
        width: The size of an image along that coordinate. Then a coordinate u becomes
            ``width - u`` where the joint is there.

    Returns:
        Clips of the same shape.

    Raises:
        ValueError: `order` does not have V numbers, `axis` is out of range, or `width` comes
            without an axis.

    References:
        Guo et al., AAAI 2022 (AimCLR): order alone. Duan et al., CVPR 2022 (pyskl): with a width.

    Example:
        >>> x = torch.arange(1.0, 4.0).reshape(1, 1, 3, 1)
        >>> mirror(x, [0, 2, 1], axis=0).flatten()
        tensor([-1., -3., -2.])
        >>> mirror(x, [0, 2, 1], axis=0, width=10).flatten()
        tensor([9., 7., 8.])
    """
    x = _checks.clips(x)
    C, V = x.shape[-4], x.shape[-2]
    _checks.require(
        len(order) == V, "`order`", f"have one entry for each of {V} joints", len(order)
    )
    _checks.require(
        axis is not None or width is None, "`width`", "come with an axis", width, "Pass axis=0."
    )
    # Joints and persons as one axis of V * M numbers: rows of M are slow to gather.
    M = x.shape[-1]
    places = [joint * M + person for joint in order for person in range(M)]
    table = x.reshape(-1, V * M)  # a row is a clip, coordinate and frame
    out = table.index_select(1, torch.tensor(places, device=x.device)).view(x.shape)
    if axis is None:
        return out
    _checks.between("axis", axis, 0, C - 1, "Coordinates count from 0.")
    there = None if width is None else presence(out[..., : max(axis + 1, min(C, 2)), :, :, :])
    plane = out.select(-4, axis).neg_()
    if there is not None:
        plane.add_(there.squeeze(-4), alpha=width or 0.0)
    return out


class Mirror(Deterministic):
    """Exchange left and right, and make a mirror image of the body if told so.

    To exchange the joints alone relabels them: every point stays in its place, and the left
    shoulder is where the right one was. With `negate` the body becomes its mirror image. With
    `width` it is mirrored within an image. Apply it to half of the clips by
    ``RandomApply(Mirror(layout), 0.5)``.

    Args:
        layout: The layout of the clips. Its `left_right` says which joints are exchanged. Channels
            after its `dimensions`, such as a detector's score, go with their joints.
        negate: The coordinate that is negated: ``"x"``, ``"y"`` or ``"z"``. None negates nothing.
        width: The width of the image. Then x becomes ``width - x`` of joints that are there.

    Raises:
        TypeError: `layout` is not a layout, or `width` not a number.
        ValueError: The layout does not name left and right joints, `negate` is not one of its
            axes, or `width` is not above 0 or comes with another axis than x. In a call: the clips
            have other joints, or too few coordinates.

    References:
        Guo et al., AAAI 2022 (AimCLR), "flip": joints alone. STARS and SLiM negate x. Duan et al.,
        CVPR 2022 (pyskl), "Flip": within an image.

    Example:
        >>> x = torch.randn(4, 3, 40, 25, 2)
        >>> twice = Mirror(NTU25, "x")(Mirror(NTU25, "x")(x))
        >>> torch.equal(twice, x)
        True
    """

    def __init__(
        self,
        layout: SkeletonLayout = NTU25,
        negate: str | None = None,
        *,
        width: float | None = None,
    ) -> None:
        super().__init__()
        self.layout = check_layout(layout)
        _checks.require(
            len(layout.left_right) > 0,
            f"layout {layout.name}",
            "name its left and right joints to be exchanged",
            "none",
            "Name them: SkeletonLayout(..., left_right=[(left, right), ...])",
        )
        _checks.choice("negate", negate, (None, *AXES[: layout.dimensions]))
        if width is not None:
            _checks.positive("width", width)
            _checks.require(
                negate in (None, "x"), "`negate`", "be 'x' where `width` is given", repr(negate)
            )
            negate = "x"
        self.negate, self.width = negate, width

    def transform(self, x: Tensor, params: None = None) -> Tensor:
        """Exchange the joints and mirror them."""
        x = _checks.clips(x)
        _checks.joints(x, self.layout)
        axis = None if self.negate is None else AXES.index(self.negate)
        size = _checks.positions(x, self.layout)
        _checks.require(
            axis is None or axis < size,
            "`x`",
            f"have the coordinate {self.negate} that Mirror negates",
            f"{size} coordinates in (..., C, T, V, M) = {_checks.shape_of(x)}",
        )
        return mirror(x, self.layout.swap, axis, self.width)

    def extra_repr(self) -> str:
        """Name the arguments."""
        width = "" if self.width is None else f", width={self.width}"
        return f"layout={self.layout.name}, negate={self.negate!r}{width}"
