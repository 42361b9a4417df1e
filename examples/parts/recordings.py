"""What the experiments train and test on: a store, its splits, and its normalisation."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from torch import nn

from skelter import data
from skelter import transforms as T
from skelter.data import SkeletonStore, splits, synthetic
from skelter.data.splits import Split, SplitRule
from skelter.layouts import COCO17, OPENPOSE18
from skelter.transforms import presets

Choice = Callable[[SkeletonStore, Any], list[SplitRule]]  # of what has the arguments below

PROTOCOLS: dict[str, Choice] = {
    "cross-subject": lambda store, args: [splits.cross_subject()],
    "cross-view": lambda store, args: [splits.cross_view()],
    "leave-one-subject-out": lambda store, args: [
        splits.leave_one_subject_out(int(subject))
        for subject in np.unique(store.subjects[store.subjects >= 0])
    ],
    "recorded": lambda store, args: [splits.recorded(*(args.lists or sides(store)))],
    "ntu60-xsub": lambda store, args: [splits.ntu60("xsub")],
    "ntu60-xview": lambda store, args: [splits.ntu60("xview")],
    "ntu120-xsub": lambda store, args: [splits.ntu120("xsub")],
    "ntu120-xset": lambda store, args: [splits.ntu120("xset")],
    "nw-ucla": lambda store, args: [splits.nw_ucla()],
    "pku-mmd": lambda store, args: [splits.pku_mmd(args.split_file)],
    "sbu": lambda store, args: [splits.sbu(fold) for fold in range(5)],
    "utd-mhad": lambda store, args: [splits.utd_mhad()],
}


class Fold(NamedTuple):
    """One split of the recordings; ``repeats`` are test clips that are training clips, too."""

    name: str
    split: Split
    repeats: np.ndarray


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what says which recordings, and which of them train."""
    parser.add_argument(
        "--data", type=Path, help="store directory or ragged .npz file (default: synthetic set)"
    )
    parser.add_argument(
        "--protocol",
        choices=PROTOCOLS,
        help="default: recorded where the source came with lists, cross-view where there are "
        "views, else cross-subject",
    )
    parser.add_argument(
        "--split-file", type=Path, help="for pku-mmd: such as Split/cross-subject.txt"
    )
    parser.add_argument(
        "--lists",
        nargs=2,
        metavar=("TRAIN", "TEST"),
        help="for recorded: such as xsub_train xsub_val (default: the only ones there are)",
    )


def load(path: Path | None) -> SkeletonStore:
    """Open what the command line names."""
    if path is None:
        return synthetic.generate()
    return SkeletonStore.open(path) if path.is_dir() else data.load_ragged(path)


def choose_splits(store: SkeletonStore, args: Any) -> list[tuple[str, Split]]:
    """Return the splits of the protocol by name.

    Args:
        store: What to split.
        args: Has ``protocol``, ``split_file`` and ``lists``.
    """
    name = args.protocol or default_protocol(store)
    if name == "pku-mmd" and args.split_file is None:
        raise SystemExit("--protocol pku-mmd: name a --split-file")
    return [(protocol.name, protocol(store)) for protocol in PROTOCOLS[name](store, args)]


def choose_folds(store: SkeletonStore, args: Any) -> list[Fold]:
    """Return the splits of the protocol, and warn of clips on both sides."""
    folds = []
    for name, split in choose_splits(store, args):
        found = splits.find_duplicates(store, split)
        print(f"{name}: {len(split.train)} clips train, {len(split.test)} test")
        if len(found):
            print(f"warning: {found}; the report has the figures without them, too")
        folds.append(Fold(name, split, found.test))
    return folds


def default_protocol(store: SkeletonStore) -> str:
    """Return what fits any store that knows views or subjects."""
    if len(sides(store)) == 2:
        return "recorded"
    return "cross-view" if len(set(store.views.tolist())) > 1 else "cross-subject"


def sides(store: SkeletonStore) -> list[str]:
    """Return the lists that the source of a store came with, those to train with first."""
    lists = [name for name in store.extra if name.endswith(("train", "val", "test"))]
    return sorted(lists, key=lambda name: not name.endswith("train"))


def coordinates_of(store: SkeletonStore) -> int | None:
    """Return how many channels are positions; in an image, a detector's score follows them."""
    return 2 if store.layout in (OPENPOSE18, COCO17) else None


def normalised(store: SkeletonStore) -> SkeletonStore:
    """Return a store with the paper's pre-normalisation, or what comes next to it."""
    if store.info.provenance.get("normalisation"):
        print("normalised when it was prepared")
        return store
    transform = normalisation(store)
    made = {**store.info.provenance, "normalisation": " ".join(repr(transform).split())}
    done = store.map(transform)
    return SkeletonStore(done.frames, done.index, replace(done.info, provenance=made))


def normalisation(store: SkeletonStore) -> nn.Module:
    """Return the paper's pre-normalisation; without a spine in space, size and place only."""
    coordinates = coordinates_of(store)
    if (
        coordinates is None
        and store.channels == 3
        and store.layout.spine
        and store.layout.shoulders
    ):
        return presets.isc_normalise(store.layout)
    print(f"poses of {store.layout.name} are brought to one size and place, not rotated")
    return T.Compose(
        [
            T.UnitScale(coordinates=coordinates),
            T.CentreOnJoint(store.layout, coordinates=coordinates),
        ]
    )
