"""How results print and convert."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor, nn


class Result:
    """What frozen result dataclasses share: a table row, and a dictionary of plain numbers."""

    number_format: ClassVar[str] = ".1%"
    """How the table row spells a number that is no count."""

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
