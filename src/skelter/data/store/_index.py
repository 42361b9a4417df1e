"""The facts of a store beside its frames, and the checks of clips that enter it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from torch import Tensor

from skelter import _checks
from skelter._files import SkeletonFormatError, format_error
from skelter.data._clip import Clip
from skelter.layouts import SkeletonLayout, check_layout

Frames = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.int64]
Indices = Sequence[int] | IntArray | npt.NDArray[np.bool_] | Tensor | slice
"""What chooses clips: their numbers, a mask with one entry a clip, or a slice."""
Labels = Sequence[int] | IntArray | Tensor
ARRAYS = ("offsets", "labels", "subjects", "views", "names")
EXTRA = "extra_"  # before the names of further arrays in a file
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

    Raises:
        TypeError: The layout is not a `SkeletonLayout`, a name is not a string, or `fps` is not a
            number.
    """

    layout: SkeletonLayout
    label_names: tuple[str, ...] = ()
    fps: float | None = None
    name: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_layout(self.layout)
        names = self.label_names
        _checks.require(
            not isinstance(names, str) and all(isinstance(name, str) for name in names),
            "`label_names`",
            "be strings, one for each class",
            repr(names),
            error=TypeError,
        )
        object.__setattr__(self, "label_names", tuple(str(name) for name in names))
        rate = isinstance(self.fps, Real) and not isinstance(self.fps, bool)
        _checks.require(
            rate or self.fps is None,
            "`fps`",
            "be a number of frames a second, or None",
            repr(self.fps),
            error=TypeError,
        )


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

    def positions(self, indices: Indices) -> IntArray:
        """Return the clips that numbers, a slice or a mask choose, at least one, from 0."""
        chosen = _checks.indices("indices", indices, len(self))
        some = len(chosen) > 0
        _checks.require(
            some, "`indices`", f"choose one or more of {_checks.plural(len(self), 'clip')}", "none"
        )
        return chosen

    def fit(self, frames: int) -> ClipIndex:
        """Return the index as plain arrays, and refuse one that does not fit its frames."""
        offsets = _checks.integers("offsets", self.offsets)
        rising = offsets.ndim == 1 and len(offsets) > 1 and bool((np.diff(offsets) > 0).all())
        _checks.require(
            rising and offsets[0] == 0 and offsets[-1] == frames,
            "`offsets`",
            f"rise from 0 to the {_checks.plural(frames, 'frame')}, one entry more than clips",
            f"{offsets.tolist()[:5]} of shape {offsets.shape}",
        )
        arrays = self.arrays()
        for name in arrays.keys() - {"names"}:
            check = _checks.class_labels if name == "labels" else _checks.integers
            arrays[name] = check(name, arrays[name])
        names = arrays["names"] = np.asarray(self.names)
        text = names.dtype.kind == "U"
        _checks.require(text, "`names`", "be strings", names.dtype, error=TypeError)
        del arrays["offsets"]
        for name, array in arrays.items():
            _checks.require(
                array.shape == (len(offsets) - 1,),
                f"`{name}`",
                f"have shape ({len(offsets) - 1},), one entry a clip",
                array.shape,
            )
        return ClipIndex.from_arrays({"offsets": offsets, **arrays})

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
    sequences: Iterable[Clip | npt.ArrayLike], labels: Labels | None, info: StoreInfo
) -> Iterator[Clip]:
    """Check clips or arrays one by one, and yield them with joints (T, M, V, C) in float32."""
    _checks.one_array("sequences", sequences, info.layout)
    given = None if labels is None else _checks.class_labels("labels", labels).tolist()
    number = 0
    for number, sequence in enumerate(sequences, start=1):
        # As lists and tensors are taken for joints, the joints are checked as they are.
        clip = sequence if isinstance(sequence, Clip) else Clip(cast(Frames, sequence))
        if given is not None and number > len(given):
            break
        label = clip.label if given is None else given[number - 1]
        yield check_clip(replace(clip, label=label), clip.name or f"clip {number - 1}", info)
    if given is not None:
        found = "more sequences" if number > len(given) else _checks.plural(number, "sequence")
        _checks.require(
            number == len(given),
            "`labels`",
            "have one entry for each sequence",
            f"{_checks.plural(len(given), 'label')} for {found}",
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
            f"{name} has {_checks.plural(M, 'person')}",
            f"the first clip has {persons}",
            "",
            "Put a clip with all persons first, or give every array the same.",
        )
        _checks.require_match(
            channels == C,
            f"{name} has {_checks.plural(C, 'coordinate')}",
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
        whole = _checks.plural(frames, "frame")
        raise SkeletonFormatError(f"{path}: `offsets` must rise from 0 to the {whole}.")
    for name in arrays.keys() - {"offsets"}:
        if arrays[name].shape != (len(offsets) - 1,):
            raise SkeletonFormatError(
                f"{path}: `{name}` must have {len(offsets) - 1} entries, one a clip; got shape "
                f"{arrays[name].shape}."
            )
    wrong = arrays[labels][(arrays[labels] < -1) | (arrays[labels] > _checks.MOST_LABEL)]
    if wrong.size:
        raise format_error(path, "labels from 0, or -1 where they are unknown", int(wrong[0]))
