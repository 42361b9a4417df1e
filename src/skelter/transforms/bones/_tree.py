"""Bodies as trees of bones: taken apart at their joints, and rebuilt with other bones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from skelter import _checks
from skelter._precision import outside_autocast
from skelter.layouts import NTU25, SkeletonLayout, check_layout, map_positions
from skelter.transforms.kinds._numbers import as_tensor
from skelter.transforms.kinds._positions import presence


def scale_bones(
    x: Tensor, factors: Tensor, layout: SkeletonLayout = NTU25, *, root: int | str | None = None
) -> Tensor:
    """Multiply the bones of bodies by factors, and rebuild the bodies from a root.

    With b the bone from joint p to the next joint v as seen from the root, and f its factor,
    ``x'[v] = x'[p] + f b``. The root stays where it is. A bone of which one end is missing stays
    as it is: what hangs on it moves as the rest does. Missing joints stay zero.

    Args:
        x: Clips of shape (..., C, T, V, M).
        factors: A factor for the bone that ends at each joint, shape (..., T, V, M). T and M may
            be 1: the same for all frames, for all persons.
        layout: The layout of the clips. Channels after its `dimensions` are passed on.
        root: Name or index of the joint that stays where it is, the layout's centre if None.
            Where the layout has several trees, the others keep their own roots.

    Returns:
        Clips of the same shape.

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: The shapes do not match, or the layout has no bones or no such joint.

    References:
        Lin et al., Actionlet-Dependent Contrastive Learning, CVPR 2023: its augmentation
        "rescale", from joint 20 of NTU25.

    Example:
        >>> x = torch.randn(3, 8, 25, 2)
        >>> y = scale_bones(x, torch.full((1, 25, 1), 2.0))
        >>> centre = x[:, :, [NTU25.centre]]
        >>> torch.allclose(y, centre + 2 * (x - centre), atol=1e-5)
        True
    """
    return scale_by_tree(x, factors, Tree(layout, root))


@outside_autocast
def bone_lengths(
    x: Tensor, layout: SkeletonLayout = NTU25, *, root: int | str | None = None
) -> Tensor:
    """Return the length of the bone that ends at each joint, as seen from a root.

    Args:
        x: Clips of shape (..., C, T, V, M).
        layout: The layout of the clips, whose first `dimensions` channels are positions.
        root: Name or index of a joint, the layout's centre if None.

    Returns:
        Lengths of shape (..., T, V, M), in float32 or wider. Roots, and bones of which one end is
        missing, have length 0.

    Raises:
        TypeError: `layout` is not a layout.
        ValueError: The clips have other joints, or the layout has no bones or no such joint.

    Example:
        >>> x = torch.arange(3.0).reshape(1, 1, 3, 1).repeat(2, 1, 1, 1)  # on a diagonal
        >>> arm = SkeletonLayout("arm", ["a", "b", "c"], parents=[-1, 0, 1], dimensions=2)
        >>> bone_lengths(x + 1, arm).flatten()
        tensor([0.0000, 1.4142, 1.4142])
    """
    x, tree = _checks.clips(x), Tree(layout, root)
    _checks.joints(x, tree.layout)
    squares = tree.take_apart(x[..., : _checks.positions(x, tree.layout), :, :, :]).squares()
    return torch.where(squares > 0, squares, 1.0).sqrt() * (squares > 0)


class Bones(NamedTuple):
    """The bones and joints of a body.

    Args:
        vectors: The bone that ends at each joint, (..., C, T, V, M).
        whole: 1 where both of its ends are there, (..., 1, T, V, M).
        joints: 1 where a joint is there, (..., 1, T, V, M).
    """

    vectors: Tensor
    whole: Tensor
    joints: Tensor

    def squares(self) -> Tensor:
        """Return the squared lengths of whole bones, (..., T, V, M)."""
        return sum_of_squares(self.vectors).mul_(self.whole).squeeze(-4)


class Tree(nn.Module):
    """The bones of a layout as seen from a root.

    Args:
        layout: A layout with bones.
        root: Name or index of the joint that they are seen from, the layout's centre if None.
    """

    step: Tensor
    """1 in row p and column v if the bone that ends at joint v starts at joint p, (V, V)."""

    way: Tensor
    """1 in row k and column v if the bone that ends at joint k leads to joint v, (V, V)."""

    def __init__(self, layout: SkeletonLayout, root: int | str | None) -> None:
        super().__init__()
        self.layout = check_layout(layout)
        _checks.require(
            len(layout.bones) > 0,
            f"`layout` {layout.name}",
            "have bones",
            "joints without parents",
            "Give each joint its parent: SkeletonLayout(name, joints, parents=...)",
        )
        self.root = layout.centre if root is None else layout.index(root)
        self.parents = _seen_from(self.root, layout.parents)
        step, way = _matrices(self.parents)
        self.register_buffer("step", step, persistent=False)
        self.register_buffer("way", way, persistent=False)

    def take_apart(self, x: Tensor) -> Bones:
        """Return the bones of positions (..., C, T, V, M), in float32 or wider."""
        x = x.to(torch.promote_types(x.dtype, torch.float32))
        there = presence(x)
        for joint, parent in enumerate(self.parents):
            if parent == joint:  # one that is zero all the time is the origin, and not missing
                seen = there[..., joint, :]
                seen += 1 - seen.amax(-2, keepdim=True)
        step = _of_persons(self.step, x.shape[-1], x)
        present = there.flatten(-2)
        vectors = x.flatten(-2) @ (torch.eye(len(step), dtype=x.dtype, device=x.device) - step)
        whole = (present @ step).mul_(present)
        return Bones(vectors.view(x.shape), whole.view(there.shape), there)

    def rebuild(self, x: Tensor, bones: Bones, factors: Tensor) -> Tensor:
        """Return positions with bones multiplied by factors (..., T or 1, V, M or 1)."""
        more = bones.whole * (factors.to(bones.whole.dtype) - 1).unsqueeze(-4)
        longer = (bones.vectors * more).flatten(-2)
        way = _of_persons(self.way, x.shape[-1], longer)
        # A joint moves by all that the bones on the way to it have become longer.
        rows = x.to(longer.dtype).reshape(-1, len(way))
        moved = torch.addmm(rows, longer.view(-1, len(way)), way).view(x.shape)
        return moved.mul_(bones.joints).to(x.dtype)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"layout={self.layout.name}, root={self.root}"


@outside_autocast
def scale_by_tree(x: Tensor, factors: Tensor, tree: Tree) -> Tensor:
    """Multiply the bones of a tree by factors (..., T or 1, V, M or 1), and rebuild the body."""
    x, factors = _checks.clips(x), as_tensor(factors)
    _checks.joints(x, tree.layout)
    T, V, M = x.shape[-3:]
    frames = 1 if factors.shape[-3:-2] == (1,) else T
    persons = 1 if factors.shape[-1:] == (1,) else M
    _checks.params(x, factors=(factors, (frames, V, persons)))
    return map_positions(
        lambda points: tree.rebuild(points, tree.take_apart(points), factors), x, tree.layout
    )


def sum_of_squares(x: Tensor) -> Tensor:
    """Return the squared lengths of vectors (..., C, T, V, M) as (..., 1, T, V, M)."""
    first, *others = x.unbind(-4)
    total = first.square()
    for plane in others:
        total = total.addcmul_(plane, plane)
    return total.unsqueeze(-4)


def _of_persons(matrix: Tensor, persons: int, like: Tensor) -> Tensor:
    """Return a matrix of joints as one of joints and persons, (V * M, V * M)."""
    matrix = matrix.to(like.device, like.dtype)
    return torch.kron(matrix, torch.eye(persons, device=like.device, dtype=like.dtype))


def _seen_from(root: int, parents: Sequence[int]) -> tuple[int, ...]:
    """Return parents in a tree that hangs on a root. Roots are their own parents."""
    turned = [joint if parent < 0 else parent for joint, parent in enumerate(parents)]
    below, joint = root, root
    while joint >= 0:
        turned[joint], below, joint = below, joint, parents[joint]
    return tuple(turned)


def _matrices(parents: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Return which joint each bone starts at, and which bones lead to each joint."""
    step, way = torch.zeros(2, len(parents), len(parents))
    for joint, parent in enumerate(parents):
        step[parent, joint] = 1
        way[joint, joint], above = 1, parent
        while way[above, joint] == 0:
            way[above, joint], above = 1, parents[above]
    return step, way
