"""Settings of published methods."""

from gallery import pictures
from gallery.entry import Entry

ENTRIES = [
    Entry("isc_view(min_frames=16, layout=layout)", pictures.trace),
]
