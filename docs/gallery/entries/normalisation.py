"""Steps before any view."""

from gallery import clips, pictures
from gallery.entry import Entry

ENTRIES = [
    Entry("CentreOnJoint(layout)", pictures.figures, clips.raw),
    Entry("CentreOnStart(layout)", pictures.figures, clips.raw),
    Entry("CentreEachPerson(layout)", pictures.figures, clips.raw_two),
    Entry("CentreWithTrajectory(layout)", pictures.figures, clips.raw),
    Entry('AlignSpine(layout, "y")', pictures.figures),
    Entry("AlignShoulders(layout)", pictures.figures),
    Entry("TurnShoulders(layout)", pictures.figures),
    Entry("UnitScale()", pictures.figures),
    Entry("MinMax()", pictures.resized, clips.raw),
    Entry("MeanRelative()", pictures.resized_trace),
    Entry("ResizeFrames(64)", pictures.trace),
    Entry("ResizeMotion(64)", pictures.resized_trace),
    Entry("FillFrames()", pictures.trace, clips.late),
    Entry("DropEmptyFrames()", pictures.trace, clips.late),
    Entry("DropShortPersons()", pictures.figures, clips.ghost),
    Entry("DropWidePersons(layout)", pictures.figures, clips.wide),
    Entry("SortByMotion(layout)", pictures.figures, clips.swapped),
    Entry("SortPersons()", pictures.figures, clips.ghost),
    Entry("DuplicatePerson()", pictures.figures, clips.alone),
    Entry("JoinPersons()", pictures.figures, clips.parted),
    Entry("UnitImage(layout=layout)", pictures.resized, clips.image),
    Entry("CompactPose(layout=layout)", pictures.resized, clips.image),
    Entry("DropUnsure(0.3, layout=layout)", pictures.figures, clips.unsure),
]
