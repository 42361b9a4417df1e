"""What a loader gives: clips, how many frames of each were recorded, and labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from torch import Tensor

from skelter import _checks
from skelter.typing import Batch, Batches

Unpack = Callable[[Any], tuple[Any, Any, Any]]

SAY_SO = "If those are labels, say so: unpack=lambda b: (b[0], None, b[1])"


def read_batches(
    name: str, batches: Batches, unpack: Unpack | None, hint: str = ""
) -> Iterator[tuple[Tensor, Tensor | None, Tensor]]:
    """Yield clips (N, ...), counts of frames (N,) or None, and labels (N,), and at least once."""
    empty = True
    for batch in batches:
        yield _read(name, batch, unpack)
        empty = False
    _checks.require(not empty, f"`{name}`", "give at least one batch", "none", hint)


def one_each(name: str, rows: Tensor, labels: Tensor) -> Tensor:
    """Return rows, one for each label."""
    expected = f"have one row for each of {len(labels)} clips"
    _checks.require(len(rows) == len(labels), f"`{name}`", expected, _checks.shape_of(rows))
    return rows


def _read(name: str, batch: Any, unpack: Unpack | None) -> tuple[Tensor, Tensor | None, Tensor]:
    given, num_frames, labels = _parts(name, batch, unpack)
    clips = _checks.not_empty(_checks.floating("clips", _checks.padded(given)), "clips")
    if num_frames is not None:
        # A store's batch counts recorded frames, also where a transform has cropped them.
        recorded = unpack is None and isinstance(batch, Batch)
        most = None if recorded or clips.ndim < 4 else clips.shape[-3]
        num_frames = _counts(num_frames, clips, most)
    return clips, num_frames, _checks.labels("labels", labels, clips)


def _parts(name: str, batch: Any, unpack: Unpack | None) -> tuple[Any, Any, Any]:
    """Return the parts of a batch by what the batch itself or the caller says, not by their place.

    Clips, labels and an index are a triple, too.
    """
    if unpack is not None:
        parts = unpack(batch)
        three = isinstance(parts, (tuple, list)) and len(parts) == 3
        expected = "return clips, num_frames or None, and labels"
        _checks.require(three, "`unpack`", expected, _describe(parts), error=TypeError)
        clips, num_frames, labels = parts
        return clips, num_frames, labels
    if isinstance(batch, Batch):
        return batch
    if isinstance(batch, Mapping) and {"clips", "labels"} <= set(batch):
        return batch["clips"], batch.get("num_frames"), batch["labels"]
    raise TypeError(
        f"A batch of `{name}` must be a skelter.typing.Batch, as data.collate and "
        "SkeletonStore.batch return it, or a mapping with `clips`, `labels` and, where frames are "
        f"padded, `num_frames`; got {_describe(batch)}. Say what it holds: of clips and labels, "
        "unpack=lambda b: (b[0], None, b[1]); of clips, num_frames and labels, unpack=tuple"
    )


def _counts(num_frames: Any, clips: Tensor, most: int | None) -> Tensor:
    """Return counts of frames where the clips are: one each, from 1 to their frames."""
    counts = _checks.integers("num_frames", num_frames)
    expected = f"have shape ({len(clips)},), one count a clip of `clips` {_checks.shape_of(clips)}"
    _checks.require(counts.shape == (len(clips),), "`num_frames`", expected, counts.shape, SAY_SO)
    wrong = counts[(counts < 1) | (counts > (most or counts.max()))]
    expected = f"lie between 1 and T={most}" if most else "be at least 1"
    _checks.require(wrong.size == 0, "`num_frames`", expected, wrong[:1].tolist(), SAY_SO)
    return _checks.tensor("num_frames", counts).to(clips.device)


def _describe(x: Any) -> str:
    """Return the kind of an object, and those of its members."""
    kind = type(x).__name__
    if isinstance(x, Mapping):
        return f"{kind} of {', '.join(map(repr, x))}"
    if isinstance(x, (tuple, list)):
        shapes = (tuple(m.shape) if hasattr(m, "shape") else type(m).__name__ for m in x)
        return f"{kind} of {len(x)}: {', '.join(map(str, shapes))}"
    return f"{kind} of shape {tuple(x.shape)}" if hasattr(x, "shape") else kind
