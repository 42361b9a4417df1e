"""Bones that become longer or shorter, each by itself."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.layouts import NTU25, SkeletonLayout
from skelter.transforms.bones._tree import Tree, scale_by_tree
from skelter.transforms.kinds._base import Transform
from skelter.transforms.kinds._numbers import normal, number_between, uniform
from skelter.typing import ClipShape


@dataclass(frozen=True, eq=False)
class BoneFactorParams:
    """``factors`` (..., T, V, M) of the bone that ends at each joint. T and M may be 1."""

    factors: Tensor


class RescaleBones(Transform[BoneFactorParams]):
    """Multiply the length of every bone by a factor of its own, and rebuild the body.

    One factor a bone and clip, the same in all frames and for all persons. By default it is
    exp(N(0, 0.1)), the same left and right: another person moves in the same way. The root stays
    where it is, and missing joints stay zero.

    Args:
        layout: The layout of the clips, with bones. Channels after its `dimensions`, such as a
            detector's score, are passed on.
        spread: A number s, from 0, for factors exp(N(0, s)), or a pair (low, high), from 0, for
            factors U(low, high). ActCLR has (0.0, 0.5), which shrinks every bone, on average to a
            quarter.
        symmetric: Bones that mirror each other have the same factor. ActCLR draws all of them
            independently.
        root: Name or index of the joint that the body is rebuilt from, the layout's centre if
            None. ActCLR takes joint 20 of NTU25.

    Raises:
        TypeError: `layout` is not a layout, or `spread` not a number or a pair.
        ValueError: The layout has no bones, no such joint, or no `left_right` pairs; or `spread`
            is out of range. In a call: the clips have other joints.

    References:
        Lin et al., Actionlet-Dependent Contrastive Learning, CVPR 2023: its augmentation
        "rescale".

    Example:
        >>> from skelter.transforms.functional import bone_lengths
        >>> x = torch.randn(4, 3, 40, 25, 2)
        >>> factors = bone_lengths(RescaleBones()(x)) / bone_lengths(x)
        >>> left, right = factors[..., 5, :], factors[..., 9, :]  # the upper arms
        >>> torch.allclose(left, right, rtol=1e-2)
        True
    """

    source: Tensor
    """For each joint the one whose draw its bone has, (V,)."""

    def __init__(
        self,
        layout: SkeletonLayout = NTU25,
        spread: float | tuple[float, float] = 0.1,
        *,
        symmetric: bool = True,
        root: int | str | None = None,
    ) -> None:
        super().__init__()
        self.tree = Tree(layout, root)
        _checks.require(
            not symmetric or len(layout.left_right) > 0,
            f"`layout` {layout.name}",
            "have pairs in `left_right` where left and right are alike",
            "none",
            "Name them, or pass symmetric=False.",
        )
        self.spread, self.symmetric = _spread(spread), symmetric
        self.register_buffer("source", _mirrored(self.tree, symmetric), persistent=False)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> BoneFactorParams:
        """Draw one factor a bone."""
        _checks.joint_count("`x`", x.shape[-2], self.tree.layout)
        shape = (*x.shape[:-4], 1, len(self.source), 1)
        if isinstance(self.spread, tuple):
            factors = number_between(uniform(shape, x, generator), self.spread)
        else:
            factors = (self.spread * normal(shape, x, generator)).exp()
        return BoneFactorParams(factors.index_select(-2, self.source.to(factors.device)))

    def transform(self, x: Tensor, params: BoneFactorParams) -> Tensor:
        """Rebuild the bodies."""
        return scale_by_tree(x, params.factors, self.tree)

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"spread={self.spread}, symmetric={self.symmetric}"


def _spread(spread: float | tuple[float, float]) -> float | tuple[float, float]:
    """Return a deviation from 0, or a pair (low, high) from 0."""
    if isinstance(spread, (tuple, list)):
        return _checks.number_range("spread", spread, 0)
    _checks.between("spread", spread, 0.0, float("inf"), "Or give a pair (low, high).")
    return spread


def _mirrored(tree: Tree, symmetric: bool) -> Tensor:
    """Return for each joint the first whose bone is its own or mirrors it."""
    swap = tree.layout.swap if symmetric else range(tree.layout.num_joints)
    first: dict[frozenset[int], int] = {}
    source = []
    for joint, parent in enumerate(tree.parents):
        mirror = first.get(frozenset((swap[joint], swap[parent])), joint)
        first[frozenset((joint, parent))] = mirror
        source.append(mirror)
    return torch.tensor(source)
