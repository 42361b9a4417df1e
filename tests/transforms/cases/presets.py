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
    Case(
        "crosclr_normalise",
        lambda layout: presets.crosclr_normalise(layout, frames=16),
        dimensions=(3,),
        layouts=IN_SPACE,
    ),
    Case("crosclr_motion", lambda layout: presets.crosclr_motion(layout, frames=16)),
    Case(
        "gltransformer_normalise",
        presets.gltransformer_normalise,
        dimensions=(3,),
        layouts=IN_SPACE,
    ),
    Case("ctrgcn_normalise", presets.ctrgcn_normalise),
    Case(
        "ctrgcn_normalise (duplicate)",
        lambda layout: presets.ctrgcn_normalise(layout, single="duplicate"),
        keeps_zeros=False,
    ),
    Case("ucla_normalise", presets.ucla_normalise),
    Case("pyskl_normalise_3d", presets.pyskl_normalise_3d, dimensions=(3,), layouts=IN_SPACE),
    Case(
        "pyskl_normalise_3d (no spine)",
        lambda layout: presets.pyskl_normalise_3d(layout, spine=False),
    ),
    Case("pyskl_normalise_2d", presets.pyskl_normalise_2d),
]
