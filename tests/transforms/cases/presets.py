"""Chains of published methods."""

from __future__ import annotations

from skelter.layouts import KINECT20, NTU25, SBU15
from skelter.transforms import presets
from transforms.cases._case import Case

IN_SPACE = (NTU25, KINECT20, SBU15)

CASES = [
    Case("isc_view", lambda layout: presets.isc_view(frames=16, min_frames=4, layout=layout)),
    Case("isc_small_view", lambda layout: presets.isc_small_view(frames=16, layout=layout)),
    Case(
        "isc_normalise", presets.isc_normalise, dimensions=(3,), layouts=IN_SPACE, keeps_zeros=False
    ),
    Case("size_and_place", presets.size_and_place),
]
