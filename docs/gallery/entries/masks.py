"""What is hidden."""

from gallery import clips, pictures
from gallery.entry import Entry

ENTRIES = [
    Entry("JointJitter(0.3)", pictures.figures),
    Entry("AxisMask()", pictures.figures, seed=3),
    Entry("JointMask(0.3)", pictures.hidden),
    Entry("CentralityMask(layout)", pictures.hidden),
    Entry("NeighbourhoodMask(layout)", pictures.hidden),
    Entry("PartMask(layout, 2)", pictures.hidden),
    Entry("JointFrameMask()", pictures.hidden),
    Entry("JointChunkMask(0.3, chunk=8)", pictures.hidden),
    Entry("PartChunkMask(layout, chunk=8)", pictures.hidden),
    Entry("FrameMask(0.375, block=4)", pictures.hidden),
    Entry("FrameSpanMask(0.3)", pictures.hidden),
    Entry("CellMask(0.3)", pictures.hidden),
    Entry("ElementDropout(0.2)", pictures.figures),
    Entry("DropMovingFrames(20)", pictures.trace),
    Entry("FillMasked(PartMask(layout), -0.5, high=0.5)", pictures.figures),
    Entry("UniformTokenMask(0.8)", pictures.tokens, clips.blocks),
    Entry("MotionTokenMask(0.8)", pictures.tokens, clips.blocks),
    Entry("TubeTokenMask(layout, 0.6)", pictures.tokens, clips.blocks),
]
