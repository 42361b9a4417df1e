"""Base classes of the results: they print as a table row and convert to a dictionary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn


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


@dataclass(frozen=True, eq=False)
class TrainingResult(Result):
    """Result of a classifier that was trained, and tested after every epoch.

    Args:
        train: Training accuracy in the last epoch.
        labels_used: Training clips of an epoch, each with its label.
        curve: Test accuracy after each epoch, shape (epochs,).
        scores: Logits of the test clips after the last epoch, shape (N, classes). They are what
            `ensemble` adds.
    """

    train: float
    labels_used: int
    curve: Tensor
    scores: Tensor

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
