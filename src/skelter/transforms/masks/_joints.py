"""Joint masks: some joints are hidden in the whole clip, drawn in one way or another."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from skelter.transforms.kinds._amounts import count_of, share_or_count
from skelter.transforms.kinds._base import JointMatrices
from skelter.transforms.kinds._mask import Mask
from skelter.transforms.kinds._numbers import as_tensor, draw, identity, narrow, smallest
from skelter.typing import ClipShape


@dataclass(frozen=True, eq=False)
class JointMaskParams:
    """Draws of masks of whole joints: ``joints`` (..., V) bool, True where they are hidden."""

    joints: Tensor


class WholeJointMask(Mask[JointMaskParams]):
    """A mask of joints that are hidden in every frame and for all persons."""

    def keep(self, x: ClipShape, params: JointMaskParams) -> Tensor:
        """Return the joints that stay, bool (..., 1, 1, V, 1)."""
        return ~as_tensor(params.joints)[..., None, None, :, None]

    def as_joint_map(self) -> JointMatrices:
        """Return the map from shape and parameters to matrices, zero for hidden joints."""
        return _matrices


class JointMask(WholeJointMask):
    """Hide random joints, the same ones in all frames and for all persons.

    They are chosen without replacement, each with the same chance.

    Args:
        joints: How many: a share of the joints in (0, 1] as a float, rounded, or a count as an
            integer.

    Raises:
        TypeError: `joints` is not a number.
        ValueError: The share lies outside (0, 1]. In a call: the count exceeds the joints of a
            clip.

    References:
        Thoker, Doughty, Snoek, ACM MM 2021, which drops joints in one half of its jitters.

    Example:
        >>> (JointMask(3)(torch.ones(4, 3, 40, 17, 2)) == 0).all(1).all(1).all(-1).sum(-1)
        tensor([3, 3, 3, 3])
    """

    def __init__(self, joints: float = 0.2) -> None:
        super().__init__()
        self.joints = share_or_count("joints", joints)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> JointMaskParams:
        """Draw the joints of each clip."""
        V = x.shape[-2]
        count = count_of("joints", self.joints, V)
        (order,) = draw(x, generator, (V,))
        return JointMaskParams(smallest(order, count))

    def extra_repr(self) -> str:
        """Name the arguments."""
        return f"joints={self.joints}"


def mark_first(order: Tensor, count: Tensor) -> Tensor:
    """Mark the numbers of each row that come first in order, bool of the same shape.

    Args:
        order: Numbers of shape (..., n).
        count: How many of each row, integers that broadcast to (..., 1).
    """
    places = torch.arange(order.shape[-1], device=order.device).expand(order.shape)
    marks = torch.zeros_like(order, dtype=torch.bool)
    return marks.scatter(-1, order.argsort(-1), places < count)


def _matrices(x: ClipShape, params: JointMaskParams) -> Tensor:
    kept = 1 - narrow(params.joints)
    return kept[..., None, None] * identity(x.shape[-4], kept)
