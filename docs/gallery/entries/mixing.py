"""Clips mixed with another of their batch."""

from gallery import clips, pictures
from gallery.entry import Entry

ENTRIES = [
    Entry("MixRegions(layout)", pictures.mixed, clips.pair),
    Entry("ResizeMix(layout)", pictures.mixed, clips.pair),
    Entry("Mixup()", pictures.mixed, clips.pair, seed=1),
    Entry("MixAxes()", pictures.mixed, clips.pair, seed=1),
    Entry("MixInTime()", pictures.mixed, clips.pair, seed=1),
    Entry("MixOneOf([MixRegions(layout), Mixup()])", pictures.mixed, clips.pair),
]
