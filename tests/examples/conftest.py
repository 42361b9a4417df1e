"""What the tests of the examples share: their folder on the path, and a small set of recordings."""

from __future__ import annotations

from pathlib import Path

import pytest

from skelter import data
from skelter.layouts import KINECT20

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def on_path(monkeypatch):
    """Let the modules of the examples import each other, as Python does for a script."""
    monkeypatch.syspath_prepend(str(EXAMPLES))


@pytest.fixture(scope="session")
def recordings(tmp_path_factory):
    """Sixty clips of three actions in a ragged file."""
    path = tmp_path_factory.mktemp("data") / "small.npz"
    store = data.synthetic.generate(
        clips_per_class=20, layout=KINECT20, classes=["wave", "kick", "bow"]
    )
    data.write_ragged(path, store)
    return path
