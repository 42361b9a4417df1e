"""Transforms with the settings of published methods, by name."""

from skelter.transforms.presets._isc import (
    isc_normalise,
    isc_probe_view,
    isc_small_view,
    isc_test_view,
    isc_view,
    size_and_place,
)
from skelter.transforms.presets._normalisations import (
    NORMALISATIONS,
    compact_pose,
    crosclr_motion,
    crosclr_normalise,
    ctrgcn_normalise,
    find_normalisation,
    gltransformer_normalise,
    mean_relative,
    pyskl_normalise_2d,
    pyskl_normalise_3d,
    ucla_normalise,
)

__all__ = [
    "NORMALISATIONS",
    "compact_pose",
    "crosclr_motion",
    "crosclr_normalise",
    "ctrgcn_normalise",
    "find_normalisation",
    "gltransformer_normalise",
    "isc_normalise",
    "isc_probe_view",
    "isc_small_view",
    "isc_test_view",
    "isc_view",
    "mean_relative",
    "pyskl_normalise_2d",
    "pyskl_normalise_3d",
    "size_and_place",
    "ucla_normalise",
]
