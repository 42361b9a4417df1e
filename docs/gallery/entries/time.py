"""Frames that a clip shows."""

from gallery import pictures
from gallery.entry import Entry

ENTRIES = [
    Entry("TemporalCropResize(64, (0.3, 0.6), min_frames=16)", pictures.trace),
    Entry("CentreCropResize(64, 0.5)", pictures.trace),
]
