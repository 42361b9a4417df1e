"""Every transform has a row in the table of speed, and both sides of each row still run."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import torch
from benchmarks.rows import PAIRS, ROWS

from skelter import transforms as T

# Chains and choices cost what their members do. The others do nothing, or hold what a user gives.
WITHOUT = {"CheckFinite", "Compose", "Deterministic", "Lambda", "OneOf", "RandomApply", "SomeOf"}


def test_every_transform_has_a_row():
    exported = {
        name
        for name, kind in vars(T).items()
        if inspect.isclass(kind)
        and issubclass(kind, (T.Transform, T.Mixer))
        and not inspect.isabstract(kind)
    }
    measured = {type(row.build()).__name__ for row in [*ROWS, *PAIRS]}
    assert exported - WITHOUT - measured == set(), "add rows in tests/benchmarks/baselines"


def test_names_are_unique():
    names = [row.name for row in [*ROWS, *PAIRS]]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_both_sides_give_the_same_shape(row):
    x = torch.randn(3, 160, 25, 2) + 3.0
    before = x.clone()
    ours = row.build()(x, num_frames=torch.tensor(150))
    theirs = row.numpy(x.numpy(), 150, np.random.default_rng(0))
    assert torch.equal(x, before), "the baseline changes its input"
    shapes = [np.shape(one) for one in theirs] if isinstance(theirs, tuple) else np.shape(theirs)
    found = [tuple(one.shape) for one in ours] if isinstance(ours, tuple) else tuple(ours.shape)
    assert shapes == found


@pytest.mark.parametrize("row", PAIRS, ids=lambda row: row.name)
def test_pairs_give_the_same_shape(row):
    x = torch.randn(2, 3, 80, 25, 2) + 3.0
    ours = row.build()(x)
    clips = ours.clips if hasattr(ours, "clips") else ours
    theirs = row.numpy(x[0].numpy(), x[1].numpy(), 80, np.random.default_rng(0))
    assert theirs.shape == tuple(clips.shape[1:])
