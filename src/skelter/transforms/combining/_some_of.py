"""Some of several transforms, chosen for each clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from torch import Generator, Tensor

from skelter import _checks
from skelter._ragged import RaggedClips
from skelter.transforms.combining._choice import OneOfParams, RandomApply, keep_shape
from skelter.transforms.combining._compose import Compose, ComposeParams, Members, counts_of
from skelter.transforms.kinds._base import JointMatrices, Transform
from skelter.transforms.kinds._numbers import draw, floor, smallest
from skelter.typing import ClipShape


@dataclass(frozen=True, eq=False)
class SomeOfParams:
    """``chosen`` (..., members) bool, and the parameters of every member."""

    chosen: Tensor
    params: tuple[Any, ...]


class SomeOf(Transform[SomeOfParams]):
    """Apply a fixed number of several transforms, chosen for each clip, in their order.

    Every choice has the same chance. Every member draws for every clip, so that the draws of one
    clip do not depend on the choices of another.

    Args:
        transforms: At least one, all of which leave the shape of clips as it is.
        count: How many of them a clip gets, from 0 to all.

    Raises:
        TypeError: A member has no ``sample`` and ``transform``, or `count` is not an integer.
        ValueError: `count` is out of range, or a member changes the shape of clips.

    References:
        Lin et al., Actionlet-Dependent Contrastive Learning, CVPR 2023, draws subsets of seven
        augmentations.

    Example:
        >>> import torch
        >>> from skelter.transforms import JointJitter, Shear
        >>> SomeOf([Shear(), JointJitter()], 1)(torch.randn(4, 3, 64, 25, 2)).shape
        torch.Size([4, 3, 64, 25, 2])
    """

    def __init__(self, transforms: Sequence[Any], count: int) -> None:
        super().__init__()
        self.transforms = Members(transforms)
        for member in self.transforms:
            keep_shape(member, "`transforms` of SomeOf")
        _checks.integers("count", [count])
        _checks.between("count", count, 0, len(transforms), "A clip gets each of them once.")
        self.count = count
        # In a tuple, so that the members are registered once.
        self._gated = (Compose([RandomApply(member) for member in self.transforms]),)

    def output_num_frames(
        self, x: ClipShape, params: SomeOfParams, *, num_frames: Tensor | None = None
    ) -> Tensor | None:
        """Return the valid frames after the chosen members."""
        return self._gated[0].output_num_frames(x, _gates(params), num_frames=num_frames)

    def sample(
        self, x: ClipShape, *, num_frames: Tensor | None = None, generator: Generator | None = None
    ) -> SomeOfParams:
        """Draw the choice of each clip, and the parameters of every member."""
        (keys,) = draw(x, generator, (len(self.transforms),))
        chosen, num_frames = smallest(keys, self.count), counts_of(x, num_frames)
        drawn = []
        for number, gated in enumerate(self._gated[0].transforms):
            member = cast(RandomApply, gated)._members[0]
            own = member.sample(x, num_frames=num_frames, generator=generator)
            gate = _gate(chosen[..., number], own)
            num_frames = gated.output_num_frames(x, gate, num_frames=num_frames)
            drawn.append(own)
        return SomeOfParams(chosen, tuple(drawn))

    def transform(self, x: Tensor | RaggedClips, params: SomeOfParams) -> Tensor:
        """Apply the chosen members to each clip, padded or ragged."""
        return self._gated[0].transform(x, _gates(params))

    apply_to = transform

    def as_joint_map(self) -> JointMatrices | None:
        """Return the product of the chosen matrices, if all members are joint maps."""
        return self._matrices if self._gated[0].as_joint_map() is not None else None

    def _matrices(self, x: ClipShape, params: SomeOfParams) -> Tensor:
        return self._gated[0]._matrices(x, _gates(params))

    def extra_repr(self) -> str:
        """Name the number."""
        return f"count={self.count}"


def _gates(params: SomeOfParams) -> ComposeParams:
    """Return the choice as one of each member, or nothing."""
    chosen = enumerate(params.params)
    return ComposeParams(tuple(_gate(params.chosen[..., number], own) for number, own in chosen))


def _gate(chosen: Tensor, own: Any) -> OneOfParams:
    return OneOfParams(floor(~chosen), (own, None))
