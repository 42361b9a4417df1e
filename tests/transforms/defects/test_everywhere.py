"""Defects of the originals that concern every transform.

In this folder, a test is named by the number of a defect in the list of those that were found by
running 43 projects. Its docstring says what the original does.
"""

from __future__ import annotations

import random

import numpy as np
import torch

from skelter.layouts import NTU25
from transforms.test_battery import EVERY, seeded

LENGTHS = torch.tensor([20, 13, 1, 7])


@EVERY
def test_26_one_generator_is_enough(case, clips):
    """Two generators are in every chain, Python's and NumPy's: to seed one is not enough."""
    transform = case.build(NTU25)
    first = transform(clips, num_frames=LENGTHS, generator=seeded())
    states = random.getstate(), np.random.get_state()[1].copy()
    random.seed(7)
    np.random.seed(7)
    torch.manual_seed(7)
    assert torch.equal(transform(clips, num_frames=LENGTHS, generator=seeded()), first)
    random.setstate(states[0])


@EVERY
def test_01_clips_draw_for_themselves(case):
    """One draw is made for a whole batch: all of its clips are moved alike."""
    transform = case.build(NTU25)
    x = torch.randn(1, 3, 20, 25, 2, generator=seeded()).expand(64, -1, -1, -1, -1) + 3.0
    if case.partners:
        x = x * torch.linspace(1, 2, 64).view(-1, 1, 1, 1, 1)
    out = transform(x, generator=seeded())
    alone = transform(x[:2], generator=seeded(1)), transform(x[:2], generator=seeded(2))
    if torch.equal(*alone):
        return  # nothing is drawn
    distinct = len(torch.unique(out.flatten(1), dim=0))
    assert distinct > 1
