"""A first-in-first-out queue of embeddings: the negatives of momentum contrast."""

from __future__ import annotations

from typing import Any

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from skelter import _checks, distributed

__all__ = ["MemoryQueue"]


class MemoryQueue(nn.Module):
    """Keep the newest keys, up to a capacity.

    It starts empty. Any batch size fits: rows wrap around the end, and of a batch larger
    than the capacity the newest rows stay. All state is in buffers, so that it moves with
    ``.to``, is saved by ``state_dict``, and resumes exactly.

    Args:
        capacity: Most rows K that are kept. The paper has 16384.
        dim: Size D of an embedding.

    Raises:
        ValueError: A size is below 1.

    References:
        He et al., Momentum Contrast, CVPR 2020, section 3.2.

    Example:
        >>> queue = MemoryQueue(capacity=5, dim=2)
        >>> queue.enqueue(torch.ones(3, 2))
        >>> queue.enqueue(torch.zeros(3, 2))
        >>> len(queue), queue.snapshot().sum()
        (5, tensor(4.))
    """

    features: Tensor
    cursor: Tensor
    count: Tensor

    def __init__(self, capacity: int, dim: int) -> None:
        super().__init__()
        _checks.positive_int("capacity", capacity, "The paper has 16384.")
        _checks.positive_int("dim", dim)
        self.register_buffer("features", torch.zeros(capacity, dim))
        self.register_buffer("cursor", torch.zeros((), dtype=torch.int64))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))
        # The same number without asking a GPU for it. None after the buffers were loaded.
        self._known_count: int | None = 0

    @property
    def capacity(self) -> int:
        """The most rows that are kept, K."""
        return self.features.shape[0]

    def __len__(self) -> int:
        if self._known_count is None:
            self._known_count = int(self.count)
        return self._known_count

    @torch.no_grad()
    def enqueue(self, keys: Tensor, *, gather: bool = False) -> None:
        """Take in the rows of a batch, in their order, in place of the oldest ones.

        Args:
            keys: Embeddings of shape (N, D), any N from 0. They are detached, and converted to
                the dtype and device of the queue.
            gather: Whether to take in the keys of all processes, in rank order, so that the queue
                stays the same on each. Every process must call it.

        Raises:
            TypeError: The keys are not of a floating dtype.
            ValueError: They have another shape.
        """
        _checks.floating("keys", keys)
        D = self.features.shape[1]
        _checks.require(
            keys.ndim == 2 and keys.shape[1] == D,
            "`keys`",
            f"have shape (N, D) with D={D}, the dim of this queue",
            _checks.shape_of(keys),
            "Build the queue with the out_dim of the projection head.",
        )
        keys = distributed.all_gather(keys) if gather else keys.detach()
        before = len(self)
        keys = keys[-self.capacity :].to(self.features)
        rows = (self.cursor + torch.arange(len(keys), device=keys.device)) % self.capacity
        self.features.index_copy_(0, rows, keys)
        self.cursor.copy_((self.cursor + len(keys)) % self.capacity)
        self.count.copy_((self.count + len(keys)).clamp(max=self.capacity))
        self._known_count = min(before + len(keys), self.capacity)

    def rows(self) -> Tensor:
        """Return the filled rows, (len(queue), D), where they lie.

        This is not a copy: the rows change with the next `enqueue`. Use them at once, such as in
        `losses.functional.queue_contrast`. A loss that keeps them for its backward pass needs a
        `snapshot`.
        """
        return self.features[: len(self)]

    def snapshot(self) -> Tensor:
        """Return a copy of the filled rows, (len(queue), D), in the order they are stored in.

        It carries no gradient, and keys that are enqueued before ``backward`` do not change it.
        """
        return self.rows().clone()

    @torch.no_grad()
    def fill_random(self, generator: Generator | None = None) -> None:
        """Fill every row with a random unit vector: how the paper starts.

        Args:
            generator: Source of randomness. None: the global generator.
        """
        device = self.features.device if generator is None else generator.device
        draws = torch.randn(self.features.shape, generator=generator, device=device)
        self.features.copy_(F.normalize(draws, dim=1))
        self.cursor.zero_()
        self.count.fill_(self.capacity)
        self._known_count = self.capacity

    def _load_from_state_dict(self, *args: Any) -> None:
        super()._load_from_state_dict(*args)
        self._known_count = None

    def extra_repr(self) -> str:
        """Name the sizes."""
        return f"capacity={self.capacity}, dim={self.features.shape[1]}"
