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

VIEWS = [
    Case("crosclr_view", presets.crosclr_view, moves_joints=True),
    Case("aimclr_strong_view", presets.aimclr_strong_view, dimensions=(3,), moves_joints=True),
    Case("scdnet_view", presets.scdnet_view, dimensions=(3,)),
    Case("mamp_view", lambda layout: presets.mamp_view(layout=layout)),
    Case("stars_view", lambda layout: presets.stars_view()),
    Case("macdiff_view", lambda layout: presets.macdiff_view()),
    Case("gltransformer_view", presets.gltransformer_view),
    Case("ctrgcn_view", lambda layout: presets.ctrgcn_view(layout=layout)),
    Case("ucla_view", presets.ucla_view, dimensions=(3,)),
    Case("ucla_test_view", presets.ucla_test_view),
    Case("skateformer_view", presets.skateformer_view, dimensions=(3,), partners=True),
    Case("stgcnpp_view", lambda layout: presets.stgcnpp_view(layout=layout)),
    Case("stgcnpp_view (strong)", lambda layout: presets.stgcnpp_view(strong=True, layout=layout)),
    Case("dgstgcn_view", lambda layout: presets.dgstgcn_view(layout=layout)),
    Case("stgcn_kinetics_view", presets.stgcn_kinetics_view),
    Case("sgn_view", lambda layout: presets.sgn_view(layout=layout)),
]
CASES += VIEWS
