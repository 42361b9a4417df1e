"""Figures of held-out clips while a method trains: does it learn, does it collapse?"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Generator, Tensor

from skelter import _checks, evaluation
from skelter.data import SkeletonStore, make_generator
from skelter.evaluation import FeatureSet
from skelter.training._errors import TrainingError
from skelter.transforms import presets
from skelter.typing import Method

IntArray = npt.NDArray[np.int64]
GALLERY, BATCH = 5000, 256  # training clips to retrieve from; clips a batch


class Clips(NamedTuple):
    """A store, the views that are drawn from it, and two groups of its clips."""

    store: SkeletonStore
    views: Callable[..., Any]
    train: IntArray
    held_out: IntArray

    def make_generator(self, *parts: int | str) -> Generator:
        """Return a generator where the store draws: on the device of its frames."""
        return make_generator(*parts, device=self.store.ragged(self.train[:1]).device)

    def labelled(self, indices: IntArray) -> IntArray:
        """Return those of some clips whose label is known."""
        return indices[self.store.labels[indices] >= 0]

    def draw(
        self, indices: IntArray, generator: Generator, transform: Callable[..., Any] | None = None
    ) -> tuple[tuple[Tensor, ...], Tensor, Tensor]:
        """Return views, or the output of another transform, with frame counts and labels."""
        drawn, num_frames, labels = self.store.batch(
            indices, transform=transform or self.views, generator=generator
        )
        return (drawn,) if isinstance(drawn, Tensor) else tuple(drawn), num_frames, labels


@dataclass(frozen=True)
class Monitor:
    """Look at the features of clips that are held out of training.

    For every encoder of a method it measures 1-NN accuracy, where clips have labels, and
    alignment, uniformity, effective rank and deviation, which show a collapse without labels.
    1-NN compares centres of clips, at as many frames as a view has, with at most 5000 of the
    training clips. Clips without a label, -1, are left out of it, on either side. Where that
    leaves none, it says so once, and there is no best checkpoint.

    Args:
        share: Share of the training clips that is held out, in [0, 1), or 0 to hold none out.
        every: Epochs between two looks. There is always one after the last epoch.

    Raises:
        ValueError: A number is out of range.

    Example:
        >>> train, held_out = Monitor(share=0.25).hold_out([2, 3, 5, 7], seed=0)
        >>> len(train), len(held_out)
        (3, 1)
    """

    share: float = 0.0
    every: int = 10

    def __post_init__(self) -> None:
        fits = 0 <= self.share < 1
        _checks.require(fits, "`share` of the monitor", "be from 0 and below 1", self.share)
        _checks.positive_int("every", self.every)

    def hold_out(self, indices: Sequence[int] | IntArray, seed: int) -> tuple[IntArray, IntArray]:
        """Return the indices to train on and those held out, as a function of the seed."""
        indices = _checks.integers("indices", indices)
        held = round(self.share * len(indices))
        order = torch.randperm(len(indices), generator=make_generator(seed, "held out")).numpy()
        return indices[np.sort(order[held:])], indices[np.sort(order[:held])]

    def due(self, epoch: int, epochs: int) -> bool:
        """Return whether to look after an epoch, counted from 1."""
        return epoch % self.every == 0 or epoch == epochs

    def warn(self, clips: Clips) -> None:
        """Warn of clips that do not let the monitor see what was asked for."""
        if self.share == 0:
            return
        if len(clips.held_out) < 2:
            warnings.warn(
                f"The monitor cannot look: it needs 2 clips, and {self.share} of them are "
                f"{len(clips.held_out)}. Hold out a larger share.",
                stacklevel=6,
            )
        elif not clips.labelled(clips.train).size or not clips.labelled(clips.held_out).size:
            warnings.warn(
                "The monitor measures no 1-NN accuracy, as no clip that is held out, or none that "
                "is trained on, has a label. There will be no best checkpoint.",
                stacklevel=6,
            )


def look(method: Method, clips: Clips, seed: int, device: torch.device) -> dict[str, float]:
    """Return the figures of each encoder, and the mean 1-NN accuracy over encoders as ``1-NN``.

    Draws are the same at every look.
    """
    views, _, _ = clips.draw(clips.held_out[:1], clips.make_generator(seed, "monitor", 0))
    centre = presets.isc_test_view(frames=views[0].shape[-3])
    labelled, queries = clips.labelled(clips.train), clips.labelled(clips.held_out)
    gallery = labelled[:: max(1, len(labelled) // GALLERY)]

    def features(name: str, indices: IntArray, transform: Any, draw: int = 0) -> FeatureSet:
        generator = clips.make_generator(seed, "monitor", draw)
        pieces = (indices[start : start + BATCH] for start in range(0, len(indices), BATCH))
        batches = (clips.draw(piece, generator, transform) for piece in pieces)
        try:
            return evaluation.extract_features(
                method.encoders[name],
                method.representations[name],
                ({"clips": views[0], "labels": labels} for views, _, labels in batches),
                device=device,
            )
        except ValueError as error:
            raise TrainingError(
                f"The monitor cannot look at encoder {name!r}: {error} The checkpoint before is "
                "whole."
            ) from error

    figures, accuracies = {}, []
    for name in method.encoders:
        if gallery.size and queries.size:
            train, test = features(name, gallery, centre), features(name, queries, centre)
            found = evaluation.knn(
                train.features, train.labels, test.features, test_labels=test.labels
            )
            accuracies.append(found.accuracy or 0.0)
            figures[f"1-NN, {name}"] = accuracies[-1]
        pair = [features(name, clips.held_out, None, draw).features for draw in (1, 2)]
        for what, value in evaluation.diagnose(*pair).as_dict().items():
            figures[f"{what.replace('_', ' ')}, {name}"] = value
    return figures | ({"1-NN": float(np.mean(accuracies))} if accuracies else {})
