"""Counts of floating-point operations: those of the operators are those of their plain forms."""

from __future__ import annotations

import pytest
import torch
from encoders.test_battery import NAMES, case_of
from torch.utils.flop_counter import FlopCounterMode

from skelter._kernels import use_plain
from skelter.encoders import BiGRU


def count(encoder, x):
    """Return the operations of a forward pass, and those of a backward pass, too."""
    with FlopCounterMode(display=False) as counter:
        loss = encoder(x).sum()
        forward = counter.get_total_flops()
        loss.backward()
    return forward, counter.get_total_flops()


@pytest.mark.parametrize("wants_x", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_are_those_of_the_plain_form(name, wants_x):
    encoder, x = case_of(name)()
    x.requires_grad_(wants_x)
    fused = count(encoder, x)
    with use_plain():
        plain = count(encoder, x)
    assert fused[0] == plain[0] > 0
    # Attention computes the matrix of all pairs once more on its way back, which it did not keep.
    assert plain[1] <= fused[1] <= (1.2 if "Transformer" in name else 1) * plain[1]


def test_of_a_layer_by_hand():
    """Two units, each with a product of the input and one of the state at every frame."""
    encoder, x = BiGRU(6, 4, layers=1), torch.randn(5, 7, 6)
    assert count(encoder, x)[0] == 2 * 2 * 5 * 7 * 12 * (6 + 4)
