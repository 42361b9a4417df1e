"""The description of a run in plain values, and what sets two runs apart."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch.optim import Optimizer

from skelter import __version__, checkpoints
from skelter.checkpoints import ClipFacts
from skelter.data import SkeletonStore
from skelter.training._config import TrainingConfig
from skelter.training._monitor import Clips
from skelter.typing import Method

# Facts that do not decide the weights, and the length of a run, which may grow.
FREE = {"versions", "description", "recompute", "label_names"}
LENGTH = ("epochs", "steps")


def describe_run(
    method: Method, clips: Clips, config: TrainingConfig, optimiser: Optimizer
) -> dict[str, Any]:
    """Describe a run in plain values."""
    store, digest = clips.store, hashlib.sha256(clips.train.tobytes())
    digest.update(np.ascontiguousarray(store.num_frames).tobytes())
    options = {
        name: value for name, value in optimiser.defaults.items() if type(value) in (int, float)
    }
    facts = describe_clips(store, frames_of_views(clips, config.seed))
    encoders, representations = method.encoders, method.representations
    return {
        "name": str(getattr(method, "name", type(method).__name__)),
        "encoders": list(encoders),
        "training": asdict(config),
        "optimiser": {"optimiser": type(optimiser).__name__, **options},
        "store": {
            "description": repr(store),
            "layout": store.layout.name,
            "channels": store.channels,
            "persons": store.persons,
            "normalisation": facts.normalisation,
            "digest": store.digest,
        },
        "clips": {"count": len(clips.train), "digest": digest.hexdigest()},
        **checkpoints.describe_encoders(encoders, representations, facts),
        "versions": {
            "skelter": __version__,
            "torch": str(torch.__version__),
            "python": platform.python_version(),
        },
    }


def describe_clips(store: SkeletonStore, frames: int | None) -> ClipFacts:
    """Return what `checkpoints.TrainedEncoder` has to know of the clips of a training.

    Args:
        store: The clips, normalised.
        frames: Frames of a view, None if views have those of their clips.

    Example:
        >>> from skelter.data import synthetic
        >>> from skelter.transforms import presets
        >>> store = synthetic.generate(clips_per_class=1)
        >>> store = store.map(presets.isc_normalise(store.layout), name="isc_normalise")
        >>> describe_clips(store, frames=32).normalisation
        'isc_normalise'
    """
    made = store.info.provenance
    steps = [made.get("normalisation"), "a function without a name" if made.get("unnamed") else ""]
    done = " and ".join(filter(None, steps))
    return ClipFacts(store.layout, store.channels, store.persons, frames, done, store.label_names)


def frames_of_views(clips: Clips, seed: int) -> int | None:
    """Return the frames of a first view, None where they are not those of every clip's."""
    lengths = clips.store.num_frames[clips.train]
    found = set()
    with torch.random.fork_rng(devices=[]):
        for number in (lengths.argmin(), lengths.argmax()):
            generator = clips.make_generator(seed, "frames")
            views, _, _ = clips.draw(clips.train[number : number + 1], generator)
            found.add(views[0].shape[-3] if views[0].ndim > 3 else None)
    return found.pop() if len(found) == 1 else None


def find_differences(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> list[str]:
    """Return what sets two runs apart, in words, but for their lengths.

    Facts that the first lacks, as it is of an earlier version, are passed over.
    """
    known = {name: ours[name] for name in theirs if name in ours}
    found = _differences(_without_length(theirs, theirs), _without_length(known, ours))
    return list(dict.fromkeys(found))


def _without_length(about: Mapping[str, Any], whole: Mapping[str, Any]) -> dict[str, Any]:
    """Return a description without the length, which a configuration may repeat."""
    training = whole["training"]
    kept = dict(about)
    for part in ("training", "configuration"):
        repeats = {
            name for name in LENGTH if about[part].get(name, training[name]) == training[name]
        }
        kept[part] = {name: value for name, value in about[part].items() if name not in repeats}
    return kept


def _differences(theirs: Any, ours: Any, name: str = "") -> Iterator[str]:
    if isinstance(theirs, Mapping) and isinstance(ours, Mapping):
        for key in dict.fromkeys([*theirs, *ours]):
            if key not in FREE:
                yield from _differences(theirs.get(key), ours.get(key), str(key))
    elif theirs != ours:
        yield f"{name} {_as_typed(theirs)}, not {_as_typed(ours)}"


def _as_typed(value: Any) -> str:
    """Return a value as one would type it."""
    return " ".join(map(str, value)) or "empty" if isinstance(value, list) else str(value)
