"""Shared by all tests: no leaking seeds, deterministic hypothesis, and where golden files are."""

from __future__ import annotations

import builtins
import os
from pathlib import Path

import pytest
import torch
from hypothesis import settings

SHARED = Path(__file__).parents[2] / "shared"

settings.register_profile("ci", derandomize=True, deadline=None, max_examples=60)
settings.register_profile("dev", deadline=None, max_examples=30)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)
    vars(builtins).pop("_", None)  # the last value of a doctest, where one ran before


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)


@pytest.fixture
def clips() -> torch.Tensor:
    """A batch (4, 3, 20, 25, 2) without zeros."""
    return torch.randn(4, 3, 20, 25, 2) + 3.0


def _shared(folder: str) -> Path:
    path = SHARED / folder
    if not path.is_dir():
        pytest.skip(f"{path} is not there: numbers and recordings are kept outside the repository")
    return path


@pytest.fixture(scope="session")
def golden() -> Path:
    """The folder with numbers of the reference implementation."""
    return _shared("golden")


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder with real recordings."""
    return _shared("data")


DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")),
]


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> torch.device:
    return torch.device(request.param)
