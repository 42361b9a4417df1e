"""Every defect that was found in the originals has a test that they would fail."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[2]


def test_every_number_has_a_test():
    """Of 26. That of the monitor, 25, is among the tests of training."""
    sources = [
        path.read_text()
        for folder in ("transforms", "training")
        for path in (TESTS / folder).rglob("test_*.py")
    ]
    found = {int(number) for text in sources for number in re.findall(r"def test_(\d\d)_", text)}
    assert found == set(range(1, 27))
