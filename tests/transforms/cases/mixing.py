"""Mixers, which give more than clips: their own battery is in `test_mixing.py`."""

from __future__ import annotations

from skelter import transforms as T
from transforms.cases._case import Case

CASES: list[Case] = []


def regions(layout):
    return T.MixRegions(layout, blocks=(1, 3), block_frames=2)


def resized(layout):
    return T.ResizeMix(layout, blocks=(1, 3), block_frames=2)


MIXERS = [
    Case("MixAxes", lambda layout: T.MixAxes(layout=layout)),
    Case("MixInTime", lambda layout: T.MixInTime()),
    Case("MixOneOf", lambda layout: T.MixOneOf([regions(layout), resized(layout), T.Mixup()])),
    Case("MixRegions", regions),
    Case("Mixup", lambda layout: T.Mixup()),
    Case("ResizeMix", resized),
]
