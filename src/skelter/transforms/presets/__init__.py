"""Transforms with the settings of published methods, by name."""

from skelter.transforms.presets._isc import (
    isc_normalise,
    isc_probe_view,
    isc_small_view,
    isc_test_view,
    isc_view,
    size_and_place,
)

__all__ = [
    "isc_normalise",
    "isc_probe_view",
    "isc_small_view",
    "isc_test_view",
    "isc_view",
    "size_and_place",
]
