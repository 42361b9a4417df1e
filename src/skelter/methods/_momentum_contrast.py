"""Momentum contrast of representations, which intra- and inter-skeleton contrast share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from skelter import _checks, distributed
from skelter.encoders import ProjectionHead
from skelter.losses import functional as losses
from skelter.memory import MemoryQueue
from skelter.momentum import MomentumEncoder
from skelter.typing import Representation

Pair = tuple[str, str]


class ContrastOutput(NamedTuple):
    """The result of one step, as a tuple that training frameworks know how to walk.

    Args:
        loss: The scalar to minimise, the weighted sum of `losses`. In training with several
            processes, its mean over the joined batch.
        losses: The loss of each pair (query, key) of representations, of this process's clips.
        logits: The logits of each pair, (N, 1 + K), detached. Column 0 is the positive.
    """

    loss: Tensor
    losses: dict[Pair, Tensor]
    logits: dict[Pair, Tensor]

    @property
    def metrics(self) -> dict[str, Tensor]:
        """Scalars to log, detached: ``accuracy``, and the loss of each pair by its names.

        The accuracy is the share of queries whose positive scores above all negatives, over all
        pairs.
        """
        hits = [(logits.argmax(1) == 0).float().mean() for logits in self.logits.values()]
        terms = {f"loss, {a} to {b}": loss.detach() for (a, b), loss in self.losses.items()}
        return {"accuracy": torch.stack(hits).mean(), **terms}


class MomentumContrast(nn.Module):
    """Momentum contrast between pairs of representations of the same clips.

    For a pair (a, b): the query is view 1 in representation a, the key view 2 in representation
    b, made by b's momentum encoder, and the negatives are earlier keys of b.

    Args:
        encoders: An encoder for each representation, by name.
        representations: A converter for each, by the same names.
        pairs: Weight of each ordered pair (query, key) of names in the loss.
        heads: A projection head for each. None: ``ProjectionHead(d, d, 128)``.
        queue_size: Rows of each queue.
        momentum: Of the key encoders.
        temperature: Of the loss.
        random_queue: Whether queues start full of random unit vectors, as the paper's. If not,
            they start empty, and `warm_up` has to fill them before the first step.
    """

    def __init__(
        self,
        encoders: Mapping[str, nn.Module],
        representations: Mapping[str, Representation],
        *,
        pairs: Mapping[Pair, float],
        heads: Mapping[str, nn.Module] | None = None,
        queue_size: int = 16384,
        momentum: float = 0.999,
        temperature: float = 0.07,
        random_queue: bool = True,
    ) -> None:
        super().__init__()
        _checks.positive("temperature", temperature, "The paper has 0.07.")
        if heads is None:
            heads = {name: _default_head(name, encoder) for name, encoder in encoders.items()}
        _checks.same_names(encoders=encoders, representations=representations, heads=heads)
        known = all(
            name in encoders and weight > 0 for pair, weight in pairs.items() for name in pair
        )
        _checks.require(
            known and len(pairs) > 0,
            "`pairs`",
            f"map (query, key) names out of {sorted(encoders)} to weights above 0, one at least",
            dict(pairs),
        )
        self.encoders = nn.ModuleDict(encoders)
        self.heads = nn.ModuleDict(heads)
        self.representations = nn.ModuleDict(
            {name: _as_module(converter) for name, converter in representations.items()}
        )
        self.pairs = dict(pairs)
        self.temperature = temperature
        self.key_encoders = MomentumEncoder(self.encoders, momentum)
        self.key_heads = MomentumEncoder(self.heads, momentum)
        dim = _embedding_dim(heads)
        self.queues = nn.ModuleDict({name: MemoryQueue(queue_size, dim) for name in encoders})
        if random_queue:
            for name in encoders:
                self._queue(name).fill_random()

    def forward(self, *views: Tensor) -> ContrastOutput:
        """Return the loss of two views (N, C, T, V, M) of the same clips.

        In training mode the key encoders follow first, and the keys are enqueued afterwards. In
        eval mode nothing changes.

        Raises:
            ValueError: There are not two views, they are empty or differ in their clips, or a
                queue is empty.
        """
        view1, view2 = _checks.same_batch(views, 2)
        if self.training:
            self.key_encoders.update(self.encoders)
            self.key_heads.update(self.heads)
        queries = {
            name: losses.unit(self.heads[name](encoder(self.representations[name](view1))))
            for name, encoder in self.encoders.items()
        }
        keys = self.keys(view2)
        terms, logits = {}, {}
        for a, b in self.pairs:
            terms[a, b], logits[a, b] = losses.queue_contrast(
                queries[a], keys[b], self._queue(b).rows(), self.temperature, normalize=False
            )
        loss = torch.stack([weight * terms[pair] for pair, weight in self.pairs.items()]).sum()
        if self.training:
            loss = distributed.joined_mean(loss, len(view1))
            self._enqueue(keys)
        return ContrastOutput(loss, terms, logits)

    @torch.no_grad()
    def keys(self, view: Tensor) -> dict[str, Tensor]:
        """Return the unit keys (N, D) of a view by the momentum encoders, without a gradient."""
        view = _checks.clip_batch(view, "view")
        heads = cast(nn.ModuleDict, self.key_heads.module)
        return {
            name: losses.unit(heads[name](encoder(self.representations[name](view))))
            for name, encoder in cast(nn.ModuleDict, self.key_encoders.module).items()
        }

    def warm_up(self, view: Tensor) -> bool:
        """Enqueue the keys of a view without a step, unless the queues are full.

        Queues that start empty need it before the first step, for one batch or more.

        Returns:
            Whether the queues are full now, so that no further batch is needed.
        """
        queues = [self._queue(name) for name in self.encoders]
        if any(len(queue) < queue.capacity for queue in queues):
            self._enqueue(self.keys(view))
        return all(len(queue) == queue.capacity for queue in queues)

    def _enqueue(self, keys: Mapping[str, Tensor]) -> None:
        for name, embeddings in keys.items():
            self._queue(name).enqueue(embeddings, gather=True)

    def _queue(self, name: str) -> MemoryQueue:
        return cast(MemoryQueue, self.queues[name])


class _Callable(nn.Module):
    """A plain function that stands among modules."""

    def __init__(self, function: Representation) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def _as_module(converter: Representation) -> nn.Module:
    return converter if isinstance(converter, nn.Module) else _Callable(converter)


def _default_head(name: str, encoder: nn.Module) -> ProjectionHead:
    dim = getattr(encoder, "feature_dim", None)
    _checks.require(
        isinstance(dim, int),
        f"encoder {name!r}",
        "have an integer `feature_dim`, the size of its features",
        f"{dim!r} of {type(encoder).__name__}",
        "Set it, or pass heads=... of your own.",
    )
    return ProjectionHead(cast(int, dim))


def _embedding_dim(heads: Mapping[str, nn.Module]) -> int:
    """Return the embedding size that all heads share."""
    dims = {name: getattr(head, "out_dim", None) for name, head in heads.items()}
    first = next(iter(dims.values()))
    _checks.require(
        isinstance(first, int) and all(dim == first for dim in dims.values()),
        "`heads`",
        "all have the same integer `out_dim`, the size of their embeddings, as queries of one "
        "meet keys of another",
        dims,
    )
    return cast(int, first)
