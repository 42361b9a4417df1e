"""A first-in-first-out queue of embeddings: the negatives of momentum contrast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from skelter import _checks, distributed

__all__ = ["MemoryQueue"]

UNKNOWN = -1


class MemoryQueue(nn.Module):
    """Keep the newest keys, up to a capacity.

    It starts empty. Any batch size fits: rows wrap around the end, and of a batch larger
    than the capacity the newest rows stay. All state is in buffers, so that it moves with
    ``.to``, is saved by ``state_dict``, and resumes exactly. Keys are kept in torch's default
    dtype, or in that of a later ``.to(dtype)``.

    Every row has a label beside it: a class, or the number of the clip that it comes from. It is
    -1 for rows that came without one, and in queues of older checkpoints.

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
        >>> queue.enqueue(torch.ones(1, 2), labels=[7])
        >>> queue.row_labels()
        tensor([-1,  7, -1, -1, -1])
    """

    features: Tensor
    labels: Tensor
    cursor: Tensor
    count: Tensor

    def __init__(self, capacity: int, dim: int) -> None:
        super().__init__()
        _checks.positive_int("capacity", capacity, "The paper has 16384.")
        _checks.positive_int("dim", dim)
        self.register_buffer("features", torch.zeros(capacity, dim))
        self.register_buffer("labels", torch.full((capacity,), UNKNOWN, dtype=torch.int64))
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
    def enqueue(
        self,
        keys: Tensor,
        *,
        gather: bool = False,
        labels: Tensor | Sequence[int] | None = None,
    ) -> None:
        """Take in the rows of a batch, in their order, in place of the oldest ones.

        Args:
            keys: Embeddings of shape (N, D), any N from 0. They are detached, and converted to
                the dtype and device of the queue.
            gather: Whether to take in the keys of all processes, in rank order, so that the queue
                stays the same on each. Every process must call it, all with labels or all without.
            labels: Integers (N,), such as classes or the numbers of the clips. None: -1, unknown.

        Raises:
            TypeError: The keys are not of a floating dtype, or the labels not integers.
            ValueError: They have another shape.
        """
        keys = _checks.floating("keys", keys)
        D = self.features.shape[1]
        _checks.require(
            keys.ndim == 2 and keys.shape[1] == D,
            "`keys`",
            f"have shape (N, D) with D={D}, the dim of this queue",
            _checks.shape_of(keys),
            "Build the queue with the out_dim of the projection head.",
        )
        if labels is not None:
            numbers = _checks.labels("labels", labels, keys).to(keys.device)
            numbers = distributed.all_gather(numbers) if gather else numbers
        keys = distributed.all_gather(keys) if gather else keys.detach()
        before = len(self)
        keys = keys[-self.capacity :].to(self.features)
        rows = (self.cursor + torch.arange(len(keys), device=keys.device)) % self.capacity
        self.features.index_copy_(0, rows, keys)
        if labels is None:
            self.labels.index_fill_(0, rows, UNKNOWN)
        else:
            self.labels.index_copy_(0, rows, numbers[-self.capacity :].to(self.labels))
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

    def row_labels(self) -> Tensor:
        """Return the labels of the filled rows, (len(queue),), in the order of `rows`.

        This is not a copy either. A row that came without a label has -1.
        """
        return self.labels[: len(self)]

    @torch.no_grad()
    def clear(self) -> None:
        """Empty the queue: it is again as it was built."""
        self.features.zero_()
        self.labels.fill_(UNKNOWN)
        self.cursor.zero_()
        self.count.zero_()
        self._known_count = 0

    @torch.no_grad()
    def fill_random(self, generator: Generator | None = None) -> None:
        """Fill every row with a random unit vector: how the paper starts.

        The vectors are drawn in float32, whatever the dtype of the queue, so that a seed gives
        the same ones.

        Args:
            generator: Source of randomness. None: the global generator.

        Raises:
            TypeError: The generator is not one of torch.
        """
        _checks.generator(generator)
        device = self.features.device if generator is None else generator.device
        shape = self.features.shape
        draws = torch.randn(shape, generator=generator, device=device, dtype=torch.float32)
        self.features.copy_(F.normalize(draws, dim=1))
        self.labels.fill_(UNKNOWN)
        self.cursor.zero_()
        self.count.fill_(self.capacity)
        self._known_count = self.capacity

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        # Older states have no labels.
        state_dict.setdefault(f"{prefix}labels", torch.full_like(self.labels, UNKNOWN))
        super()._load_from_state_dict(state_dict, prefix, *args)
        self._known_count = None

    def extra_repr(self) -> str:
        """Name the sizes."""
        return f"capacity={self.capacity}, dim={self.features.shape[1]}"
