"""Which clips a run trains on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from parts import recordings
from parts.configuration import Pretraining
from parts.runs import refuse
from skelter.data import SkeletonFormatError, SkeletonStore, seeded


@dataclass(frozen=True)
class TrainingClips:
    """A normalised store, the clips to train on, and those held out to watch."""

    store: SkeletonStore
    protocol: str
    train: np.ndarray
    held_out: np.ndarray

    @property
    def description(self) -> dict[str, Any]:
        """What a resumed run has to find again."""
        digest = hashlib.sha256(self.train.tobytes())
        digest.update(np.ascontiguousarray(self.store.num_frames).tobytes())
        return {
            "store": repr(self.store),
            "layout": self.store.layout.name,
            "channels": self.store.channels,
            "persons": self.store.persons,
            "protocol": self.protocol,
            "clips": len(self.train),
            "digest": digest.hexdigest(),
        }

    def names(self, indices: np.ndarray) -> list[str]:
        """Return what clips are called."""
        return [f"{index}\t{self.store.names[index]}" for index in indices]


def training_clips(config: Pretraining) -> TrainingClips:
    """Open, split and normalise what the configuration names."""
    try:
        store = recordings.load(config.data)
    except (FileNotFoundError, SkeletonFormatError) as error:
        refuse(f"--data {config.data}: {error}")
    name, train = "all", np.arange(len(store))
    if config.protocol != "all":
        try:
            splits = recordings.choose_splits(store, config)
        except ValueError as error:
            refuse(f"{error} Or train on every clip: --protocol all.")
        if config.fold >= len(splits):
            refuse(f"--fold {config.fold}: there are {len(splits)}, from 0.")
        name, split = splits[config.fold]
        train = split.train
    held = round(config.monitor * len(train))
    order = torch.randperm(len(train), generator=seeded(config.seed, "held out")).numpy()
    return TrainingClips(
        recordings.normalised(store),
        name,
        train[np.sort(order[held:])],
        train[np.sort(order[:held])],
    )


class Loader:
    """Batches of clips as a transform makes them, anew in every iteration.

    Args:
        store: Where the clips are.
        indices: Which of them.
        transform: What `SkeletonStore.batch` applies; padded clips if None.
        size: Clips of a batch.
        generator: Of the transform, and of the order if that is shuffled.
        shuffle: Whether every iteration has another order.
    """

    def __init__(
        self,
        store: SkeletonStore,
        indices: np.ndarray,
        transform: Any = None,
        *,
        size: int = 256,
        generator: torch.Generator | None = None,
        shuffle: bool = False,
    ) -> None:
        self.store, self.indices, self.transform = store, indices, transform
        self.size, self.generator, self.shuffle = size, generator, shuffle

    def __iter__(self) -> Iterator[tuple[Any, torch.Tensor, torch.Tensor]]:
        """Yield clips or views, frames that were recorded, labels."""
        order = self.indices
        if self.shuffle:
            order = order[torch.randperm(len(order), generator=self.generator).numpy()]
        for start in range(0, len(order), self.size):
            yield self.store.batch(
                order[start : start + self.size],
                transform=self.transform,
                generator=self.generator,
            )
