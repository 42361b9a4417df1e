"""How results print and convert."""

from __future__ import annotations

from typing import Any

from torch import Tensor


class Result:
    """What frozen result dataclasses share: a table row, and a dictionary of plain numbers."""

    def as_dict(self) -> dict[str, Any]:
        """Return everything but tensors, ready for JSON."""
        return {name: value for name, value in vars(self).items() if not isinstance(value, Tensor)}

    def __str__(self) -> str:
        cells: list[Any] = []
        for value in self.as_dict().values():
            cells += value.values() if isinstance(value, dict) else [value]
        shown = (f"{cell:.1%}" if isinstance(cell, float) else str(cell) for cell in cells)
        return "| " + " | ".join(shown) + " |"
