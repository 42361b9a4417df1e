"""What is known of a published kind of weights: its names, its sizes, and its encoder."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from torch import Tensor, nn

from skelter import _checks
from skelter.checkpoints._weights import list_names
from skelter.layouts import NTU25, SkeletonLayout

NOTHING = r"(?!)"  # a pattern that no name fits


class Clips(NamedTuple):
    """The clips that an encoder reads, as far as its weights do not tell."""

    layout: SkeletonLayout = NTU25
    persons: int = 2
    frames: int = 64


class Weights(Mapping[str, Tensor]):
    """The tensors of one network by their published names, and what to call them in messages."""

    def __init__(self, tensors: Mapping[str, Tensor], what: str) -> None:
        self.tensors, self.what = tensors, what

    def __getitem__(self, name: str) -> Tensor:
        known = name in self.tensors
        _checks.require(
            known, self.what, f"have {name!r}", list_names(self.tensors), "Is it complete?"
        )
        return self.tensors[name]

    def __contains__(self, name: object) -> bool:
        return name in self.tensors

    def __iter__(self) -> Iterator[str]:
        return iter(self.tensors)

    def __len__(self) -> int:
        return len(self.tensors)

    def size(self, name: str, axis: int) -> int:
        """Return a size of a tensor."""
        shape = tuple(self[name].shape)
        fits = len(shape) > axis and shape[axis] > 0
        _checks.require(fits, f"{name!r} of {self.what}", f"have a size on axis {axis}", shape)
        return shape[axis]

    def count(self, pattern: str) -> int:
        """Return how many different numbers or names the group of a pattern has."""
        return len({found[1] for name in self.tensors if (found := re.match(pattern, name))})

    def find(self, pattern: str) -> list[str]:
        """Return the names that a pattern is found in."""
        return [name for name in self.tensors if re.search(pattern, name)]


@dataclass(frozen=True)
class Family:
    r"""A published kind of encoder weights.

    Args:
        name: What messages call it, such as ``"ST-GCN"``.
        mark: A pattern that is found in a name of such weights, and of no others.
        reads: The representation that the encoder reads: ``"sequence"``, ``"graph"`` or
            ``"image"``.
        build: Makes the encoder, with sizes from the shapes of the weights.
        names: Patterns in our names and what they are in the published ones, replaced one after
            another. In a replacement, ``*`` stands for the numbers of several convolutions that
            are one of ours. Their outputs are side by side. ``+`` stands for the numbers of
            several whose outputs are summed. Their inputs are side by side. ``{a,b}`` stands for
            the places of several layers that are one of ours, side by side.
        subsets: How many convolutions ``*`` and ``+`` stand for.
        heads: A pattern that fits the beginning of names that are not of the encoder, but of what
            follows it.
        constants: A pattern that fits the whole name of tensors that have nothing learned.
        frames: Frames of the crop that the published encoders read, None for whole clips.
        normalisation: What was done to recorded clips first: a name of
            `transforms.presets.find_normalisation`.
        copies: Patterns of names that are second names of a tensor, and the first name.
        prefix: What may stand before the names of the encoder, but not before those of heads.
        check: Refuses weights whose constants are not those of the encoder.
    """

    name: str
    mark: str
    reads: str
    build: Callable[[Weights, Clips], nn.Module]
    names: Mapping[str, str]
    subsets: int = 3
    heads: str = r"fc\."
    constants: str = NOTHING
    frames: int | None = 64
    normalisation: str = "isc_normalise"
    copies: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    check: Callable[[nn.Module, Weights], None] | None = None

    def fits(self, weights: Mapping[str, Tensor]) -> bool:
        """Tell whether weights are of this kind."""
        return any(re.search(self.mark, name) for name in weights)

    def without_prefix(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return weights by their names without the prefix of this family."""
        return {name.removeprefix(self.prefix): tensor for name, tensor in weights.items()}

    def of_encoder(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the learned tensors of the encoder, each once."""
        return {
            name: tensor
            for name, tensor in weights.items()
            if not re.match(self.heads, name)
            and not re.fullmatch(self.constants, name)
            and not any(re.match(copy, name) for copy in self.copies)
        }

    def published_name(self, name: str) -> str:
        """Return the published name of a tensor of ours."""
        for pattern, replacement in self.names.items():
            name = re.sub(pattern, replacement, name)
        return name
