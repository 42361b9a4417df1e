"""How results print and convert."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from torch import Tensor


class Result:
    """A frozen result: prints as a table row, converts to a dictionary of plain numbers."""

    def as_dict(self) -> dict[str, Any]:
        """Return everything but tensors, ready for JSON."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]  # subclasses are dataclasses
        return {name: value for name, value in values.items() if not isinstance(value, Tensor)}

    def __str__(self) -> str:
        cells = (
            f"{value:.1%}" if isinstance(value, float) and name != "seconds" else str(value)
            for name, value in self.as_dict().items()
        )
        return "| " + " | ".join(cells) + " |"
