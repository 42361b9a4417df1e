"""Published sizes: learned numbers as the originals have them, and any layout."""

from __future__ import annotations

import inspect

import pytest
import torch

from skelter.encoders import presets
from skelter.layouts import COCO17, KINECT20
from skelter.representations import ToSequence
from skelter.typing import Encoder

# Learned numbers without heads, of the originals where there are any.
NUMBERS = {
    "cmd": 44_998_956,
    "crosclr": 821_380,
    "ctrgcn": 1_431_252,
    "hico": 3_867_648,
    "hysp": 12_791_956,
    "isc_graph": 3_451_274,
    "isc_image": 519_424,
    "isc_sequence": 44_998_656,
    "mamp": 6_336_000,
    "mamp_decoder": 10_368_524 - 6_336_000,
    "skelemix": 821_380,
    "small_tcn": 69_784,
    "small_transformer": 107_160,
    "stgcn": 3_083_412,
    "umurl": 22_067_200,
    "usdrl": 27_713_536,
    "usdrl_dense": 57_137_368,
}


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_none_is_missing():
    assert sorted(NUMBERS) == presets.__all__


@pytest.mark.parametrize("name", NUMBERS)
def test_learned_numbers(name):
    with torch.device("meta"):
        assert count(getattr(presets, name)()) == NUMBERS[name]


@pytest.mark.parametrize(("units", "numbers"), [("gru", 3_077_120), ("lstm", 3_865_600)])
def test_learned_numbers_of_hico(units, numbers):
    assert count(presets.hico(units=units)) == numbers


def test_learned_numbers_of_other_settings():
    assert count(presets.ctrgcn(KINECT20, persons=1)) == 1_424_322
    decoder = presets.mamp_decoder(depth=3)
    assert count(presets.mamp()) + count(decoder) == 8_789_004


@pytest.mark.parametrize("name", sorted(NUMBERS.keys() - {"mamp_decoder", "cmd", "isc_sequence"}))
def test_any_layout(name):
    """Points of an image, of 17 joints and one person."""
    build = getattr(presets, name)
    takes = inspect.signature(build).parameters
    encoder = build(COCO17, persons=1) if "persons" in takes else build(COCO17)
    assert isinstance(encoder, Encoder)
    frames = getattr(encoder, "frames", 32)
    x = torch.randn(2, 2, frames, 17, 1)
    x = ToSequence()(x) if name.startswith("small") else x
    with torch.no_grad():
        assert encoder.eval()(x).shape == (2, encoder.feature_dim)
