"""Base classes of the results: they print as a table row and convert to a dictionary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from skelter import _checks


class Result:
    """Base of frozen result dataclasses: a table row, and a dictionary of plain numbers."""

    number_format: ClassVar[str] = ".1%"
    """The format of fractions in the table row."""

    def as_dict(self) -> dict[str, Any]:
        """Return everything but tensors and modules, ready for JSON."""
        return {
            name: value
            for name, value in vars(self).items()
            if not isinstance(value, Tensor | nn.Module)
        }

    def __str__(self) -> str:
        cells: list[Any] = []
        for value in self.as_dict().values():
            cells += value.values() if isinstance(value, dict) else [value]
        shown = (
            format(cell, self.number_format) if isinstance(cell, float) else str(cell)
            for cell in cells
        )
        return "| " + " | ".join(shown) + " |"


class Scored(Result):
    """Base of results that have a score for every class.

    `scores` has shape (N, classes), the largest at the prediction. `labels` has shape (N,), or is
    None where the classes are unknown.
    """

    scores: Tensor
    labels: Tensor | None

    def top(self, k: int) -> float:
        """Return the share of clips whose class is among the k of highest score.

        Of equal scores, the class of the lower index comes first. A class of score -inf does not
        count.

        Args:
            k: From 1 to the number of classes.

        Raises:
            TypeError: `k` is not an integer.
            ValueError: `k` is out of range, or there are no labels to compare with.
        """
        _checks.positive_int("k", k)
        _checks.between("k", k, 1, self.scores.shape[1], "There are not more classes.")
        if self.labels is None:
            raise ValueError(
                "`top` must have labels to compare with; got None. Pass test_labels=... to `knn`."
            )
        scores = self._ranked()
        best = scores.sort(dim=1, descending=True, stable=True)
        hits = (best.indices == self.labels[:, None]) & (best.values > -torch.inf)
        return float(hits[:, :k].any(1).double().mean())

    def _ranked(self) -> Tensor:
        """Return the scores by which classes are ranked."""
        return self.scores


@dataclass(frozen=True, eq=False)
class TrainingResult(Scored):
    """Result of a classifier that was trained, and tested after every epoch.

    Args:
        train: Training accuracy in the last epoch.
        labels_used: Training clips of an epoch, each with its label.
        curve: Test accuracy after each epoch, shape (epochs,).
        scores: Logits of the test clips after the last epoch, shape (N, classes). They are what
            `ensemble` adds. ``top(5)`` is the share of clips whose class is among the five of
            highest score.
        labels: The classes of the test clips, shape (N,).
    """

    train: float
    labels_used: int
    curve: Tensor
    scores: Tensor
    labels: Tensor

    @property
    def last(self) -> float:
        """Test accuracy after the last epoch."""
        return float(self.curve[-1])

    @property
    def best(self) -> float:
        """The highest test accuracy of any epoch.

        Choosing by it looks at the test set: report `last`, or both.
        """
        return float(self.curve.max())

    @property
    def best_epoch(self) -> int:
        """The epoch of `best`, from 1."""
        return int(self.curve.argmax()) + 1

    @property
    def predictions(self) -> Tensor:
        """The class of each test clip after the last epoch, shape (N,)."""
        return self.scores.argmax(1)

    def as_dict(self) -> dict[str, Any]:
        """Return the accuracies and the number of labels, ready for JSON."""
        accuracies = {"last": self.last, "best": self.best, "best_epoch": self.best_epoch}
        return accuracies | super().as_dict()
