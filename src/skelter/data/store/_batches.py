"""The order of clips in training, as a function of seed and epoch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Generator, Tensor

from skelter import _checks
from skelter.data.store._index import IntArray


def make_generator(*parts: int | str, device: torch.device | str = "cpu") -> Generator:
    """Make a random generator for a combination of numbers and words, another for every other.

    With ``make_generator(seed, "views", step, rank)`` the draws of a step do not depend on earlier
    draws, so that a run that is resumed at a step goes on as if it had never stopped.

    Args:
        *parts: Integers and words that the draws depend on.
        device: The device of the generator.

    Raises:
        TypeError: A part is of another kind.

    Example:
        >>> first, again = make_generator(0, "views", 7), make_generator(0, "views", 7)
        >>> bool(torch.rand(1, generator=first) == torch.rand(1, generator=again))
        True
    """
    plain = tuple(part if type(part) is str else _checks.whole("parts", part) for part in parts)
    digest = hashlib.blake2b(repr(plain).encode(), digest_size=8).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(digest, "little") >> 1)


class ShuffledBatches:
    """Batches of clips in a new order every epoch, shared among processes without overlap.

    Every process builds one with its own `rank`. A batch is shuffled and cut on each of them
    alike, and a process takes its stretch. Joined in rank order, the stretches are the batch that
    a single process would take. Nothing is remembered: an epoch can be asked for at any time.

    Args:
        indices: Numbers of clips, such as ``split.train`` or ``np.flatnonzero(mask)``.
        batch_size: Clips of a batch, over all processes.
        seed: The seed of the order.
        rank: Number of this process, from 0.
        world_size: The number of processes.
        drop_last: True to leave out clips that do not fill a batch. Otherwise the last batch is
            smaller, and left out only if it has fewer clips than there are processes. If all clips
            are fewer than a batch, they are one.

    Raises:
        TypeError: A number is not an integer.
        ValueError: A number is out of range, or there are fewer clips than processes.

    Example:
        >>> batches = ShuffledBatches(range(10), 4, seed=0)
        >>> len(batches), [len(batch) for batch in batches.epoch(0)]
        (2, [4, 4])
    """

    def __init__(
        self,
        indices: Sequence[int] | IntArray | Tensor,
        batch_size: int,
        *,
        seed: int = 0,
        rank: int = 0,
        world_size: int = 1,
        drop_last: bool = True,
    ) -> None:
        _checks.positive_int("batch_size", batch_size)
        _checks.positive_int("world_size", world_size)
        _checks.between("rank", _checks.whole("rank", rank), 0, world_size - 1)
        self.indices = _checks.integers("indices", indices)
        came = f"shape {self.indices.shape}"
        _checks.require(self.indices.ndim == 1, "`indices`", "have one axis", came)
        fewest = min(batch_size, len(self.indices))
        _checks.require(
            fewest >= world_size,
            "`indices` and `batch_size`",
            f"have a clip for each of {world_size} processes",
            f"{_checks.plural(len(self.indices), 'clip')} in batches of {batch_size}",
            "Use fewer processes.",
        )
        self.batch_size = fewest
        self.seed, self.rank, self.world_size = seed, rank, world_size
        count, rest = divmod(len(self.indices), self.batch_size)
        self._count = count + (not drop_last and rest >= world_size)

    def __len__(self) -> int:
        """Return the batches of an epoch, the same on every process."""
        return self._count

    def epoch(self, number: int, *, start: int = 0) -> Iterator[IntArray]:
        """Yield the clips of this process, batch by batch.

        Args:
            number: The number of the epoch, from 0.
            start: The batch to begin with.
        """
        generator = make_generator(self.seed, "order", number)
        order = self.indices[torch.randperm(len(self.indices), generator=generator).numpy()]
        for batch in range(start, len(self)):
            joined = order[batch * self.batch_size : (batch + 1) * self.batch_size]
            yield np.array_split(joined, self.world_size)[self.rank]
