"""What one pass measured of one side of a row, read from the JSON of pytest-benchmark."""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Measurement:
    """One benchmark of one pass; `facts` are its `extra_info`."""

    pass_number: int
    seconds: tuple[float, ...]
    facts: dict[str, Any]

    @property
    def row(self):
        return self.facts["row"]

    @property
    def role(self):
        return self.facts["role"]

    @property
    def variant(self):
        return self.facts["variant"]

    @property
    def median(self):
        """Seconds of a call; for rows of memory, bytes."""
        return self.facts.get("bytes") or statistics.median(self.seconds)

    @property
    def per_item(self):
        """Seconds of an item of work; for rows of memory, bytes."""
        return self.median / self.facts.get("items", 1)

    def as_dict(self):
        return {"pass": self.pass_number, **self.facts, "seconds": list(self.seconds)}


def read(path, pass_number):
    """Return measurements in the order of the file, and what it says of the machine."""
    content = json.loads(path.read_text())
    found = [
        Measurement(pass_number, tuple(entry["stats"]["data"]), entry["extra_info"])
        for entry in content["benchmarks"]
        if "row" in entry["extra_info"]
    ]
    return found, content["machine_info"]
