"""What enters a store: clips or arrays, checked one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from skelter import _checks
from skelter.data._clip import Clip
from skelter.data.store._index import StoreInfo


def prepared(
    sequences: Iterable[Clip | npt.ArrayLike], labels: Sequence[int] | None, info: StoreInfo
) -> Iterator[Clip]:
    """Check clips one by one, and give all of them the persons of the first."""
    persons = channels = 0
    known = None if labels is None else [int(label) for label in labels]
    count = 0
    for count, sequence in enumerate(sequences, start=1):
        clip = sequence if isinstance(sequence, Clip) else Clip(np.asarray(sequence))
        name = clip.name or f"clip {count - 1}"
        if known is not None and count > len(known):
            break
        label = clip.label if known is None else known[count - 1]
        joints = _checks.recording(name, clip.joints, info.layout)
        _checks.label(name, label, info.label_names)
        persons, channels = persons or joints.shape[1], channels or joints.shape[3]
        missing = persons - joints.shape[1]
        _checks.require_match(
            missing >= 0,
            f"{name} has {joints.shape[1]} persons",
            f"the first clip has {persons}",
            "",
            "Put a clip with all persons first, or give every array the same.",
        )
        _checks.require_match(
            joints.shape[3] == channels,
            f"{name} has {joints.shape[3]} coordinates",
            f"the first clip has {channels}",
            "",
            "Keep two- and three-dimensional recordings in stores of their own.",
        )
        joints = np.pad(joints, ((0, 0), (0, missing), (0, 0), (0, 0)))
        yield replace(clip, joints=joints, label=label)
    if known is not None:
        _checks.require(
            count == len(known),
            "`labels`",
            "have one entry for each sequence",
            f"{len(known)} labels for {'more' if count > len(known) else count} sequences",
        )
