"""Recordings of an experiment: a store, its splits, its normalisation, and batches of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from torch import nn

from parts.advice import STORE, advise
from parts.command_line import refuse
from skelter import data
from skelter.data import SkeletonFormatError, SkeletonStore, splits, synthetic
from skelter.data.splits import Split, SplitRule
from skelter.transforms import presets
from skelter.typing import Batch

SPLITS: dict[str, Callable[[SkeletonStore, Recordings], list[SplitRule]]] = {
    "cross-subject": lambda store, config: [splits.cross_subject()],
    "cross-view": lambda store, config: [splits.cross_view()],
    "leave-one-subject-out": lambda store, config: [
        splits.leave_one_subject_out(int(subject))
        for subject in np.unique(store.subjects[store.subjects >= 0])
    ],
    "recorded": lambda store, config: [splits.recorded(*(config.lists or lists_of(store)))],
    "ntu60-xsub": lambda store, config: [splits.ntu60("xsub")],
    "ntu60-xview": lambda store, config: [splits.ntu60("xview")],
    "ntu120-xsub": lambda store, config: [splits.ntu120("xsub")],
    "ntu120-xset": lambda store, config: [splits.ntu120("xset")],
    "nw-ucla": lambda store, config: [splits.nw_ucla()],
    "pku-mmd": lambda store, config: [splits.pku_mmd(config.split_file)],
    "sbu": lambda store, config: [splits.sbu(fold) for fold in range(5)],
    "utd-mhad": lambda store, config: [splits.utd_mhad()],
}


@dataclass(frozen=True)
class Recordings:
    """The recordings, and the split that divides them."""

    data: Path | None = None
    """Store directory or ragged .npz file. None: a synthetic set."""

    split: Literal[*SPLITS] | None = None
    """The clips to train and to test on. None: the lists of the source, else views or subjects."""

    split_file: Path | None = None
    """For pku-mmd: such as Split/cross-subject.txt."""

    lists: tuple[str, str] | None = None
    """For recorded: the lists to train and to test on, such as xsub_train xsub_val."""

    def open(self) -> SkeletonStore:
        """Return the clips, or end with the reason why not."""
        try:
            if self.data is None:
                return synthetic.generate()
            if (self.data / STORE).exists():
                return SkeletonStore.open(self.data)
            if self.data.suffix.lower() != ".npz" or not self.data.is_file():
                refuse(f"--data {self.data}: {advise(self.data)}")
            return data.load_ragged(self.data)
        except (OSError, SkeletonFormatError) as error:
            hint = advise(self.data) if self.data.suffix.lower() == ".npz" else ""
            refuse(f"--data {self.data}: {error} If it is of another project, {hint}")


class Fold(NamedTuple):
    """One split of the recordings, and the test clips that repeat training clips."""

    name: str
    split: Split
    repeats: np.ndarray


def choose_splits(store: SkeletonStore, config: Recordings) -> list[tuple[str, Split]]:
    """Return the splits of a store by name, more than one where there are folds.

    Raises:
        ValueError: The split does not fit the store.
    """
    name = config.split or default_split(store)
    if name == "pku-mmd" and config.split_file is None:
        refuse("--split pku-mmd needs a --split-file, such as Split/cross-subject.txt.")
    return [(rule.name, rule(store)) for rule in SPLITS[name](store, config)]


def choose_folds(store: SkeletonStore, config: Recordings) -> list[Fold]:
    """Return the splits of a store, and warn of clips on both sides."""
    folds = []
    for name, split in choose_splits(store, config):
        found = splits.find_duplicates(store, split)
        print(f"{name}: {len(split.train)} clips train, {len(split.test)} test")
        if len(found):
            print(f"warning: {found}; the report has the figures without them, too")
        folds.append(Fold(name, split, found.test))
    return folds


def default_split(store: SkeletonStore) -> str:
    """Return the name of a split that fits any store with views or subjects."""
    if len(lists_of(store)) == 2:
        return "recorded"
    return "cross-view" if len(set(store.views.tolist())) > 1 else "cross-subject"


def lists_of(store: SkeletonStore) -> list[str]:
    """Return the lists that the source of a store came with, those to train with first."""
    lists = [name for name in store.extra if name.endswith(("train", "val", "test"))]
    return sorted(lists, key=lambda name: not name.endswith("train"))


def in_image(store: SkeletonStore) -> bool:
    """Return whether poses are of an image, without depth."""
    return min(store.channels, store.layout.dimensions) == 2


def normalised(store: SkeletonStore) -> SkeletonStore:
    """Return a store with the paper's pre-normalisation, or what comes next to it."""
    if store.info.provenance.get("normalisation"):
        print("normalised when it was prepared")
        return store
    name, transform = normalisation(store)
    return store.map(transform, name=name)


def normalisation(store: SkeletonStore) -> tuple[str, nn.Module]:
    """Return the paper's pre-normalisation. Without a spine in space, size and place only."""
    layout = store.layout
    if not in_image(store) and store.channels == 3 and layout.spine and layout.shoulders:
        return "isc_normalise", presets.isc_normalise(layout)
    print(f"poses of {layout.name} are brought to one size and place, not rotated")
    return "size and place", presets.size_and_place(layout)


@dataclass(frozen=True)
class Loader:
    """Batches of clips as a transform makes them, anew in every iteration.

    Args:
        store: Where the clips are.
        indices: Which of them.
        transform: A transform for `SkeletonStore.batch`. Padded clips if None.
        size: Clips of a batch.
        generator: Of the transform, and of the order if that is shuffled.
        shuffle: Whether every iteration has another order.
    """

    store: SkeletonStore
    indices: np.ndarray
    transform: Any = None
    size: int = 256
    generator: torch.Generator | None = None
    shuffle: bool = False

    def __iter__(self) -> Iterator[Batch]:
        """Yield clips or views, frames that were recorded, labels."""
        order = self.indices
        if self.shuffle:
            order = order[torch.randperm(len(order), generator=self.generator).numpy()]
        for start in range(0, len(order), self.size):
            chosen = order[start : start + self.size]
            yield self.store.batch(chosen, transform=self.transform, generator=self.generator)
