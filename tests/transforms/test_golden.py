"""Golden numbers of the field's transforms are of the inputs that tests make by a formula."""

from __future__ import annotations

import pytest
import torch
from reference.golden_transforms import INPUTS, arrays, given


@pytest.mark.parametrize("name", INPUTS)
def test_inputs(name, golden):
    assert torch.equal(given(name), torch.from_numpy(arrays(golden)[name]))


def test_every_input_is_here(golden):
    assert {name for name in arrays(golden) if name.startswith("in_")} == set(INPUTS)
