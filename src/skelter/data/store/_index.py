"""The facts of a store beside its frames, and the checks of clips that enter it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skelter import _checks
from skelter._files import SkeletonFormatError, format_error
from skelter.data._clip import Clip
from skelter.layouts import SkeletonLayout

IntArray = npt.NDArray[np.int64]
ARRAYS = ("offsets", "labels", "subjects", "views", "names")
EXTRA = "extra_"  # before the names of further arrays in a file
MAX_LABEL = 2**31 - 1
NO_JOINTS = np.empty((0, 0, 0, 0), dtype=np.float32)


@dataclass(frozen=True)
class StoreInfo:
    """Facts that hold for all clips of a store.

    Args:
        layout: Their skeleton layout.
        label_names: The name of each class, possibly empty.
        fps: Frames a second, None if unknown.
        name: The name of the set in reports.
        provenance: How the store was made, as plain values ready for JSON: source format,
            normalisation, a digest of all that was chosen. Empty for stores made by hand.
    """

    layout: SkeletonLayout
    label_names: tuple[str, ...] = ()
    fps: float | None = None
    name: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class ClipIndex:
    """The place of each clip, and its facts. All arrays have one entry a clip.

    Args:
        offsets: First frame of each clip, and the end of the last: one entry more.
        labels: Class indices, -1 if unknown.
        subjects: Numbers of the performers, -1 if unknown.
        views: Numbers of the cameras, -1 if unknown.
        names: The names of the clips in reports.
        extra: Further integers by name, -1 if unknown.
    """

    offsets: IntArray
    labels: IntArray
    subjects: IntArray
    views: IntArray
    names: npt.NDArray[np.str_]
    extra: Mapping[str, IntArray] = field(default_factory=dict)

    @classmethod
    def collect(
        cls, clips: Iterable[Clip], keep: Callable[[npt.NDArray[np.floating]], None]
    ) -> ClipIndex:
        """Hand the joints of clips on, one clip at a time, and index their other facts.

        All clips are given the persons of the first.
        """
        known, lengths = [], []
        for clip in _match_first(clips):
            keep(clip.joints)
            lengths.append(len(clip.joints))
            known.append(replace(clip, joints=NO_JOINTS))
        _checks.require(len(known) > 0, "`sequences`", "hold at least one clip", "none")
        return cls.of(known, lengths)

    @classmethod
    def of(cls, clips: Sequence[Clip], lengths: Sequence[int]) -> ClipIndex:
        """Collect the index of clips with given numbers of frames."""
        further = sorted({name for clip in clips for name in clip.extra})
        return cls(
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            np.array([clip.label for clip in clips], np.int64),
            np.array([clip.subject for clip in clips], np.int64),
            np.array([clip.view for clip in clips], np.int64),
            np.array([clip.name for clip in clips], np.str_),
            {name: np.array([clip.extra.get(name, -1) for clip in clips]) for name in further},
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> ClipIndex:
        """Return the index that `arrays` came from."""
        named: dict[str, npt.NDArray[Any]] = {}
        extra: dict[str, IntArray] = {}
        for name, array in arrays.items():
            if name.startswith(EXTRA):
                extra[name.removeprefix(EXTRA)] = array.astype(np.int64)
            else:
                named[name] = array if name == "names" else array.astype(np.int64)
        return cls(**named, extra=extra)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays by name, as they stand in a file."""
        extra = {EXTRA + name: array for name, array in self.extra.items()}
        return {name: getattr(self, name) for name in ARRAYS} | extra

    def __len__(self) -> int:
        return len(self.labels)

    def positions(self, indices: Sequence[int] | IntArray) -> IntArray:
        """Return clip numbers, checked and counted from 0."""
        chosen = np.asarray(indices, dtype=np.int64)
        listed = chosen.ndim == 1 and chosen.size > 0
        _checks.require(listed, "`indices`", "be one or more clip numbers", f"shape {chosen.shape}")
        lowest, highest = int(chosen.min()), int(chosen.max())
        # As sequences do, raise an IndexError outside: it also ends iteration.
        _checks.require(
            -len(self) <= lowest and highest < len(self),
            "clip numbers",
            f"lie below {len(self)}, the number of clips in the store",
            lowest if lowest < -len(self) else highest,
            error=IndexError,
        )
        return chosen % len(self)

    def clip(self, position: int, joints: npt.NDArray[np.floating]) -> Clip:
        """Return a clip of some joints and of its facts."""
        return Clip(
            joints,
            int(self.labels[position]),
            int(self.subjects[position]),
            int(self.views[position]),
            str(self.names[position]),
            self.extra_of(position),
        )

    def clips(self, frames: npt.NDArray[np.floating]) -> Iterator[Clip]:
        """Yield all clips of frames (sum of T, M, V, C), their joints where they lie."""
        for position in range(len(self)):
            start, end = self.offsets[position : position + 2]
            yield self.clip(position, frames[start:end])

    def extra_of(self, position: int) -> dict[str, int]:
        """Return the further integers of one clip, as far as they are known."""
        values = {name: int(array[position]) for name, array in self.extra.items()}
        return {name: value for name, value in values.items() if value != -1}


def check_clips(
    sequences: Iterable[Clip | npt.ArrayLike], labels: Sequence[int] | None, info: StoreInfo
) -> Iterator[Clip]:
    """Check clips or arrays one by one, and yield them with joints (T, M, V, C) in float32."""
    given = None if labels is None else [int(label) for label in labels]
    count = 0
    for count, sequence in enumerate(sequences, start=1):
        clip = sequence if isinstance(sequence, Clip) else Clip(np.asarray(sequence))
        if given is not None and count > len(given):
            break
        label = clip.label if given is None else given[count - 1]
        yield check_clip(replace(clip, label=label), clip.name or f"clip {count - 1}", info)
    if given is not None:
        _checks.require(
            count == len(given),
            "`labels`",
            "have one entry for each sequence",
            f"{len(given)} labels for {'more' if count > len(given) else count} sequences",
        )


def check_clip(clip: Clip, name: str, info: StoreInfo) -> Clip:
    """Return a clip that fits the layout and the classes of a store, its joints in float32."""
    joints = _checks.recording(name, clip.joints, info.layout)
    _checks.label(name, clip.label, info.label_names)
    return replace(clip, joints=joints)


def _match_first(clips: Iterable[Clip]) -> Iterator[Clip]:
    """Give all clips the persons of the first, and refuse other coordinates."""
    persons = channels = 0
    for number, clip in enumerate(clips):
        name, (M, _, C) = clip.name or f"clip {number}", clip.joints.shape[1:]
        persons, channels = persons or M, channels or C
        _checks.require_match(
            persons >= M,
            f"{name} has {M} persons",
            f"the first clip has {persons}",
            "",
            "Put a clip with all persons first, or give every array the same.",
        )
        _checks.require_match(
            channels == C,
            f"{name} has {C} coordinates",
            f"the first clip has {channels}",
            "",
            "Keep two- and three-dimensional recordings in stores of their own.",
        )
        if persons > M:
            padding = ((0, 0), (0, persons - M), (0, 0), (0, 0))
            clip = replace(clip, joints=np.pad(clip.joints, padding))
        yield clip


def check_index(
    path: Path, frames: int, arrays: Mapping[str, npt.NDArray[Any]], labels: str
) -> None:
    """Refuse arrays of a file that do not belong to the same clips, or labels out of range.

    Args:
        path: The file.
        frames: The number of all frames.
        arrays: ``offsets``, and arrays with one entry a clip.
        labels: The name of the array of class indices.

    Raises:
        SkeletonFormatError: An array is wrong.
    """
    offsets = arrays["offsets"].astype(np.int64)
    rising = len(offsets) > 1 and bool((np.diff(offsets) > 0).all())
    if not rising or offsets[0] != 0 or offsets[-1] != frames:
        raise SkeletonFormatError(f"{path}: `offsets` must rise from 0 to the {frames} frames.")
    for name in arrays.keys() - {"offsets"}:
        if arrays[name].shape != (len(offsets) - 1,):
            raise SkeletonFormatError(
                f"{path}: `{name}` must have {len(offsets) - 1} entries, one a clip; got shape "
                f"{arrays[name].shape}."
            )
    wrong = arrays[labels][(arrays[labels] < -1) | (arrays[labels] > MAX_LABEL)]
    if wrong.size:
        raise format_error(path, "labels from 0, or -1 where they are unknown", int(wrong[0]))
