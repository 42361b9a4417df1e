"""Bones and postures."""

from gallery import clips, pictures
from gallery.entry import Entry

ENTRIES = [
    Entry("RescaleBones(layout, 0.4)", pictures.figures),
    Entry("ScaleLimbs(layout, (0.6, 1.5))", pictures.figures),
    Entry("SwapPosture(layout)", pictures.partners, clips.pair, seed=5),
    Entry("TransferBones(layout)", pictures.partners, clips.sizes),
    Entry("TransferLengths()", pictures.partners_of_bones, clips.bones),
    Entry("TransferPath(layout)", pictures.partners, clips.paths),
    Entry("TransferStatistics()", pictures.partners, clips.sizes),
    Entry("TransferMotion()", pictures.partners_of_motion, clips.motion),
]
